"""The one object a user holds: named backends, and running, choosing and comparing on them.

Owns: `BackendManager`, the names and the default. Leans on: registry (classes), config_file,
selection, comparison, the job store. Knows nothing of: any vendor.
"""

from __future__ import annotations

import difflib
import logging
import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from coratrix.backend import config_file, registry
from coratrix.backend.budget import Budget
from coratrix.backend.config_file import LoadReport
from coratrix.backend.configuration import BackendConfiguration, BackendType
from coratrix.backend.errors import (
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendUnavailableError,
    ConfigurationError,
)
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface
from coratrix.backend.jobs import Job, JobRecord, JobState
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.store import JobStore, open_store
from coratrix.backend.survey import BackendDescriptor, survey
from coratrix.core.interop import adopt
from coratrix.core.result import ExecutionResult

if TYPE_CHECKING:
    from coratrix.backend.comparison import Comparison
    from coratrix.backend.selection import Policy, Selection

log = logging.getLogger(__name__)

DEFAULT_VARIABLE = "CORATRIX_DEFAULT_BACKEND"
AUTO = "auto"


class BackendManager:
    """Backends by name. Thread-safe; the order of registration is kept.

    A file named by ``CORATRIX_BACKEND_CONFIG`` is loaded at once; its problems are logged and kept in
    `load_report`.

    Args:
        store: where job records are looked up; by default `open_store()` when it is first needed.
    """

    def __init__(self, *, store: JobStore | None = None) -> None:
        self._lock = threading.RLock()
        self._configs: dict[str, BackendConfiguration] = {}
        self._backends: dict[str, BackendInterface] = {}
        self._order: list[str] = []
        self._errors: dict[str, str] = {}
        self._default: str | None = None
        self._store = store
        self._budgets: list[Budget] = []
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
                registry.backend_class(backend.provider)
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
                config = self._configs[chosen]
                self._backends[chosen] = registry.backend_class(config.provider)(config)
            return self._backends[chosen]

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

    # running ---------------------------------------------------------------------------------

    def execute(
        self,
        circuit: Any,
        shots: int = DEFAULT_SHOTS,
        *,
        backend: str | None = None,
        fallback: Sequence[str] = (),
        policy: Policy | str = "balanced",
        **options: Any,
    ) -> ExecutionResult:
        """Run ``circuit`` on one backend and wait.

        Args:
            backend: a name; None for the default; ``"auto"`` for the best by ``policy``.
            fallback: names tried in turn when the one before could not be reached or takes no work.
                ``result.metadata["fallback_from"]`` then lists what failed and why.
        """
        names = self._candidates(circuit, shots, backend, fallback, policy, options)
        failed: dict[str, str] = {}
        for name in names[:-1]:
            try:
                return _marked(self._run(name, circuit, shots, options), failed)
            except (BackendConnectionError, BackendUnavailableError) as exc:
                if exc.outcome_unknown:  # it may be running: never run it a second time elsewhere
                    raise
                log.warning("%s failed, falling back: %s", name, exc)
                failed[name] = str(exc)
        return _marked(self._run(names[-1], circuit, shots, options), failed)

    def _candidates(
        self,
        circuit: Any,
        shots: int,
        backend: str | None,
        fallback: Sequence[str],
        policy: Policy | str,
        options: Mapping[str, Any],
    ) -> list[str]:
        if backend == AUTO:
            chosen = self.select(circuit, shots, policy=policy, max_cost=options.get("max_cost"))
            return [candidate.name for candidate in chosen.ranked()]
        return [self._known(name) for name in (backend or self.default_backend, *fallback)]

    def _run(self, name: str, circuit: Any, shots: int, options: Mapping[str, Any]) -> ExecutionResult:
        backend = self.get_backend(name)
        self._check_budgets(name, backend, circuit, shots)
        return backend.execute(circuit, shots, **options)

    def submit(
        self, circuit: Any, shots: int = DEFAULT_SHOTS, *, backend: str | None = None, **options: Any
    ) -> Job:
        """Start ``circuit`` and return its job at once."""
        name = self._candidates(circuit, shots, backend, (), "balanced", options)[0]
        chosen = self.get_backend(name)
        self._check_budgets(name, chosen, circuit, shots)
        return chosen.submit(circuit, shots, **options)

    def select(
        self,
        circuit: Any,
        shots: int = DEFAULT_SHOTS,
        *,
        policy: Policy | str = "balanced",
        backends: Iterable[str] | None = None,
        max_cost: float | None = None,
    ) -> Selection:
        """Rank the backends for ``circuit``, each rank and each refusal with its reasons."""
        from coratrix.backend.selection import select

        candidates = {name: self.get_backend(name) for name in backends or self._order}
        return select(adopt(circuit), shots, candidates, policy=policy, max_cost=max_cost)

    def compare(
        self,
        circuit: Any,
        shots: int = DEFAULT_SHOTS,
        *,
        backends: Iterable[str] | None = None,
        reference: str | None = None,
        **options: Any,
    ) -> Comparison:
        """Run ``circuit`` on several backends; a failure is a row like any other."""
        from coratrix.backend.comparison import compare

        candidates = {name: self.get_backend(name) for name in backends or self._order}
        return compare(adopt(circuit), shots, candidates, reference=reference, options=options)

    def twin(self, name: str, **connection_params: Any) -> BackendInterface:
        """A local simulator with the map, gates and noise that the backend ``name`` reports now."""
        from coratrix.backend.twin import make_twin

        return make_twin(self.get_backend(name), connection_params)

    # jobs ------------------------------------------------------------------------------------

    @property
    def store(self) -> JobStore:
        """Where job records are."""
        if self._store is None:
            self._store = open_store()
        return self._store

    def jobs(
        self,
        *,
        backend: str | None = None,
        state: JobState | str | None = None,
        unfinished: bool = False,
        tag: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[JobRecord]:
        """Records of jobs, newest first, sent from this process or any other."""
        wanted = None if state is None else JobState(state)
        return self.store.list(
            backend=backend, state=wanted, unfinished=unfinished, tag=tag, limit=limit, offset=offset
        )

    def job(self, job_id: str) -> Job:
        """The handle of a job by our id or the vendor's, whichever process sent it.

        Its backend is the one registered under the recorded name, else one made from the record.
        """
        record = self.store.get(job_id)
        return self._backend_of(record).attach(record)

    def _backend_of(self, record: JobRecord) -> JobBackend:
        if record.backend in self:
            backend = self.get_backend(record.backend)
        else:
            config = BackendConfiguration.from_dict(record.config)
            made: Any = registry.backend_class(config.provider)
            backend = made(config, store=self.store)
        if not isinstance(backend, JobBackend):
            raise ConfigurationError(f"backend {record.backend!r} has no jobs that outlive a process")
        return backend

    # money -----------------------------------------------------------------------------------

    def add_budget(self, budget: Budget) -> None:
        """Refuse, from now on, what would exceed ``budget`` with what the job store has counted."""
        self._budgets.append(budget)

    def _check_budgets(self, name: str, backend: BackendInterface, circuit: Any, shots: int) -> None:
        if self._budgets and isinstance(backend, JobBackend):
            cost = backend.estimate_cost([adopt(circuit)], shots)
            for budget in self._budgets:
                budget.check(cost, name, self.store)

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

    def __repr__(self) -> str:
        return f"<BackendManager {', '.join(self._order) or 'empty'}>"


def _marked(result: ExecutionResult, failed: Mapping[str, str]) -> ExecutionResult:
    if not failed:
        return result
    return replace(result, metadata={**result.metadata, "fallback_from": dict(failed)})
