"""Which backends the installed packages offer, read without importing any of them.

Owns: entry points of group ``coratrix.backends`` and the table of packages we know by name.
Knows nothing of: configurations, instances, the manager.
"""

from __future__ import annotations

import difflib
import logging
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from coratrix.backend.errors import ConfigurationError, ProviderNotInstalledError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from coratrix.backend.interface import BackendInterface

log = logging.getLogger(__name__)

GROUP = "coratrix.backends"


@dataclass(frozen=True, kw_only=True)
class KnownProvider:
    """A provider of ours: the class it has and what to install for it."""

    class_name: str
    requirement: str


KNOWN: dict[str, KnownProvider] = {
    "simulator": KnownProvider(class_name="SimulatorBackend", requirement="coratrix-sim-cpp"),
    "ibm": KnownProvider(class_name="IBMBackend", requirement="coratrix-provider-ibm"),
    "aws": KnownProvider(class_name="BraketBackend", requirement="coratrix-provider-cloud[aws]"),
    "azure": KnownProvider(class_name="AzureBackend", requirement="coratrix-provider-cloud[azure]"),
    "google": KnownProvider(
        class_name="GoogleBackend", requirement="coratrix-provider-google-rigetti[google]"
    ),
    "rigetti": KnownProvider(
        class_name="RigettiBackend", requirement="coratrix-provider-google-rigetti[rigetti]"
    ),
}


@cache
def installed() -> dict[str, EntryPoint]:
    """Entry points by provider key; of two with one key the first by distribution name wins."""
    from importlib.metadata import entry_points  # here: its import is slow

    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=GROUP), key=_origin):
        if point.name in found:
            log.warning(
                "provider %r comes from %s and from %s; the first is used",
                point.name,
                _origin(found[point.name]),
                _origin(point),
            )
        else:
            found[point.name] = point
    return found


def _origin(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value


def installed_class_names() -> list[str]:
    """Names of backend classes that `backend_class_named` can resolve."""
    return [point.attr for point in installed().values()]


def backend_class(provider: str) -> type[BackendInterface]:
    """The backend class of a provider key.

    Raises:
        ProviderNotInstalledError: its package is missing, or cannot be imported.
        ConfigurationError: nobody knows such a provider.
    """
    if provider in installed():
        found: type[BackendInterface] = _load(installed()[provider])
        return found
    if provider in KNOWN:
        raise _not_installed(KNOWN[provider])
    known = sorted({*installed(), *KNOWN})
    close = difflib.get_close_matches(provider, known, n=1)
    meant = f"did you mean {close[0]!r}? " if close else ""
    raise ConfigurationError(f"no provider {provider!r}; {meant}known: {', '.join(known)}")


def backend_class_named(name: str) -> Any:
    """The backend class called ``name``, for ``from coratrix.backend import name``.

    Raises:
        ProviderNotInstalledError: it is one of ours and its package is missing.
        AttributeError: there is no such class.
    """
    for point in installed().values():
        if point.attr == name:
            return _load(point)
    for known in KNOWN.values():
        if known.class_name == name:
            raise _not_installed(known)
    raise AttributeError(f"module 'coratrix.backend' has no attribute {name!r}")


def _load(point: EntryPoint) -> Any:
    try:
        return point.load()
    except Exception as exc:  # a broken plugin may raise anything
        raise ProviderNotInstalledError(
            f"provider {point.name!r} of {_origin(point)} cannot be imported: {exc}",
            hint=f"Reinstall it: pip install --force-reinstall '{_origin(point)}'",
        ) from exc


def _not_installed(known: KnownProvider) -> ProviderNotInstalledError:
    return ProviderNotInstalledError(
        f"{known.class_name} is in another package", hint=f"pip install '{known.requirement}'"
    )
