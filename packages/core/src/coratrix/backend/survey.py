"""What this installation could run on: every provider we know or find, and what each still needs.

Owns: `BackendDescriptor` and the survey behind `discover_backends` and ``coratrix doctor``.
Imports no provider and no SDK: it reads the metadata of installed distributions only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from coratrix.backend import registry

READY, NEEDS_INSTALL, NEEDS_SDK = "ready", "needs_install", "needs_sdk"


@dataclass(frozen=True, kw_only=True)
class Sdk:
    """The vendor's distribution behind a provider, and the newest version our tests have passed with."""

    distribution: str
    tested_up_to: str


SDKS: dict[str, Sdk] = {
    "ibm": Sdk(distribution="qiskit-ibm-runtime", tested_up_to="0.51.0"),
    "aws": Sdk(distribution="amazon-braket-sdk", tested_up_to="1.127.5"),
    "azure": Sdk(distribution="azure-quantum", tested_up_to="3.13.0"),
    "google": Sdk(distribution="cirq-google", tested_up_to="1.7.0"),
    "rigetti": Sdk(distribution="pyquil", tested_up_to="4.22.0"),
}


class BackendDescriptor(str):
    """A provider's key that also knows its class, its state and what to do next."""

    class_name: str
    state: str
    hint: str
    version: str | None
    sdk_version: str | None

    def __new__(cls, provider: str, **facts: Any) -> Self:
        self = super().__new__(cls, provider)
        for name, value in facts.items():
            setattr(self, name, value)
        return self

    @property
    def is_ready(self) -> bool:
        """Whether its package and its SDK are installed; says nothing of credentials."""
        return self.state == READY


def survey() -> list[BackendDescriptor]:
    """Every provider that is installed or known to us, in a fixed order."""
    keys = [*registry.KNOWN, *(key for key in registry.installed() if key not in registry.KNOWN)]
    return [_describe(key) for key in keys]


def _describe(key: str) -> BackendDescriptor:
    point = registry.installed().get(key)
    known = registry.KNOWN.get(key)
    sdk = SDKS.get(key)
    sdk_version = version_of(sdk.distribution) if sdk else None
    if point is None:
        state, hint = NEEDS_INSTALL, f"pip install '{known.requirement}'" if known else ""
    elif sdk is not None and sdk_version is None:
        state, hint = NEEDS_SDK, f"pip install '{known.requirement}'" if known else ""
    else:
        state, hint = READY, ""
    return BackendDescriptor(
        key,
        class_name=point.attr if point else (known.class_name if known else ""),
        state=state,
        hint=hint,
        version=version_of(point.dist.name) if point and point.dist else None,
        sdk_version=sdk_version,
    )


def version_of(distribution: str) -> str | None:
    """The installed version of a distribution; None when it is not installed."""
    from importlib import metadata  # here: its import is slow

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
