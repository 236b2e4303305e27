"""Named backends: registering, finding, building at first use, and which one is the default.

Owns: `BackendDirectory`. Leans on: registry (classes), config_file, survey. Knows nothing of: running.
"""

from __future__ import annotations

import difflib
import logging
import os
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from coratrix.backend import config_file, registry
from coratrix.backend.config_file import LoadReport
from coratrix.backend.configuration import BackendConfiguration, BackendType
from coratrix.backend.errors import BackendError, BackendNotFoundError, ConfigurationError
from coratrix.backend.interface import BackendInterface
from coratrix.backend.survey import BackendDescriptor, survey

log = logging.getLogger(__name__)

DEFAULT_VARIABLE = "CORATRIX_DEFAULT_BACKEND"
AUTO = "auto"


class BackendDirectory:
    """Backends by name. Thread-safe; the order of registration is kept.

    A file named by ``CORATRIX_BACKEND_CONFIG`` is loaded at once; its problems are logged and kept in
    `load_report`.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._configs: dict[str, BackendConfiguration] = {}
        self._backends: dict[str, BackendInterface] = {}
        self._order: list[str] = []
        self._errors: dict[str, str] = {}
        self._default: str | None = None
        self.load_report = LoadReport()
        if os.environ.get(config_file.CONFIG_VARIABLE):
            self.load_backends_from_config()

    # names -----------------------------------------------------------------------------------

    def register_backend(
        self,
        name: str,
        backend: BackendInterface | BackendConfiguration,
        *,
        replace: bool = False,
        strict: bool = False,
    ) -> bool:
        """Make a backend, or the configuration of one, known as ``name``.

        A configuration is checked now (its provider must be installed) and built at first use.

        Returns:
            Whether ``name`` can be used now; if not, `registration_error` says why.

        Raises:
            TypeError: ``backend`` is neither; with ``strict``, BackendError instead of False.
        """
        if not isinstance(backend, (BackendInterface, BackendConfiguration)):
            raise TypeError(
                f"register_backend({name!r}, …) takes a backend or a BackendConfiguration, "
                f"not {type(backend).__name__}"
            )
        try:
            self._register(name, backend, replace)
        except BackendError as exc:
            if strict:
                raise
            self._errors[name] = str(exc)
            log.warning("backend %r is not registered: %s", name, exc)
            return False
        self._errors.pop(name, None)
        return True

    def _register(self, name: str, backend: BackendInterface | BackendConfiguration, replacing: bool) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ConfigurationError(f"a backend's name must be a non-empty string, not {name!r}")
        if name == AUTO:
            raise ConfigurationError(f"{AUTO!r} is kept for automatic choice", hint="Use another name")
        with self._lock:
            if name in self._order and not replacing:
                raise ConfigurationError(
                    f"a backend named {name!r} is there already", hint="Use another name, or replace=True"
                )
            if isinstance(backend, BackendConfiguration):
                backend_maker(backend)
                self._configs[name] = backend
                self._backends.pop(name, None)
            else:
                self._configs.pop(name, None)
                self._backends[name] = backend
            if name not in self._order:
                self._order.append(name)

    def registration_error(self, name: str) -> str | None:
        """Why the last registration under ``name`` failed; None when it did not."""
        return self._errors.get(name)

    def unregister_backend(self, name: str) -> None:
        """Forget a backend and close it."""
        with self._lock:
            self._known(name)
            self._order.remove(name)
            self._configs.pop(name, None)
            backend = self._backends.pop(name, None)
        if backend is not None:
            backend.close()

    def list_backends(self) -> list[str]:
        """Names in the order of registration."""
        return list(self._order)

    def get_backend(self, name: str | None = None) -> BackendInterface:
        """The backend called ``name``, or the default one.

        Raises:
            BackendNotFoundError: there is none; the message suggests what is.
        """
        with self._lock:
            chosen = self._known(name or self.default_backend)
            if chosen not in self._backends:
                self._backends[chosen] = self._build(self._configs[chosen])
            return self._backends[chosen]

    def _build(self, config: BackendConfiguration) -> BackendInterface:
        return backend_maker(config)(config)

    def _known(self, name: str) -> str:
        if name in self._order:
            return name
        close = difflib.get_close_matches(name, self._order, n=1)
        meant = f" (did you mean {close[0]!r}?)" if close else ""
        registered = ", ".join(self._order) or "none"
        raise BackendNotFoundError(f"no backend named {name!r}{meant}; registered: {registered}")

    @property
    def default_backend(self) -> str:
        """The name that is used when none is given: the one set, else ``CORATRIX_DEFAULT_BACKEND``, else the
        configuration file's, else the first."""
        chosen = self._default or os.environ.get(DEFAULT_VARIABLE) or self.load_report.default
        if chosen:
            return chosen
        if not self._order:
            raise BackendNotFoundError(
                "no backend is registered",
                hint="Call register_backend, discover_backends or load_backends_from_config",
            )
        return self._order[0]

    @default_backend.setter
    def default_backend(self, name: str) -> None:
        self._default = self._known(name)

    def __contains__(self, name: object) -> bool:
        return name in self._order

    def __len__(self) -> int:
        return len(self._order)

    def __iter__(self) -> Iterator[str]:
        return iter(self.list_backends())

    # finding ---------------------------------------------------------------------------------

    def discover_backends(self, *, register: bool = True) -> list[BackendDescriptor]:
        """Providers whose package and SDK are installed, found without importing any.

        With ``register``, the local simulator is registered as ``local_simulator`` if it is not yet:
        it alone needs no account and costs nothing. `survey.survey` lists also what is missing.
        """
        found = [descriptor for descriptor in survey() if descriptor.is_ready]
        if register and "simulator" in found and "local_simulator" not in self:
            self.register_backend(
                "local_simulator", BackendConfiguration("local_simulator", BackendType.SIMULATOR)
            )
        return found

    def load_backends_from_config(
        self, path: str | os.PathLike[str] | None = None, *, strict: bool = False
    ) -> LoadReport:
        """Register the backends of a JSON or TOML file, by default of ``CORATRIX_BACKEND_CONFIG``.

        Names that are registered already are replaced. A bad entry does not hide the others: the
        report lists it; with ``strict`` any problem raises.
        """
        chosen = config_file.config_path(path)
        content = config_file.read(chosen)
        problems = list(content.problems)
        names = []
        for config in content.configurations:
            if self.register_backend(config.name, config, replace=True):
                names.append(config.name)
            else:
                message = self._errors[config.name]
                problems.append(
                    config_file.ConfigProblem(
                        file=str(chosen), path=f"$.backends.{config.name}", message=message
                    )
                )
        self.load_report = LoadReport(names=tuple(names), problems=tuple(problems), default=content.default)
        for problem in problems:
            log.warning("%s", problem)
        if strict and problems:
            raise ConfigurationError("; ".join(self.load_report.errors))
        return self.load_report

    # its life --------------------------------------------------------------------------------

    def close(self) -> None:
        """Close every backend that was built."""
        for backend in list(self._backends.values()):
            backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def backend_maker(config: BackendConfiguration) -> Callable[[BackendConfiguration], BackendInterface]:
    """What makes the backend of a configuration: its provider's class, here or in another environment."""
    if "python" in config.connection_params:
        from coratrix.backend.isolated import IsolatedBackend

        return IsolatedBackend
    return registry.backend_class(config.provider)
