"""What a user writes down to have a backend: its name, its kind and how to reach it.

Owns: `BackendType`, `BackendConfiguration`. Knows nothing of: any vendor's parameters, which
each provider validates itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from coratrix.backend import secrets
from coratrix.backend.errors import ConfigurationError


class BackendType(StrEnum):
    """Where a backend's circuits run."""

    SIMULATOR = "simulator"
    HARDWARE = "hardware"
    CLOUD = "cloud"

    @classmethod
    def parse(cls, value: BackendType | str) -> BackendType:
        try:
            return cls(value.lower() if isinstance(value, str) else value)
        except (ValueError, AttributeError):
            allowed = ", ".join(repr(kind.value) for kind in cls)
            raise ConfigurationError(f"backend_type is {value!r}; it must be one of {allowed}") from None


@dataclass(frozen=True)
class BackendConfiguration:
    """A backend's name, kind and parameters; equal by value, and safe to print and to pickle.

    Attributes:
        name: what the user calls it.
        backend_type: a `BackendType`, or its value as a string.
        connection_params: the provider's parameters. ``provider`` names the provider where the
            kind alone does not; secrets become `Secret` on the way in.
    """

    name: str
    backend_type: BackendType
    connection_params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ConfigurationError(f"a backend's name must be a non-empty string, not {self.name!r}")
        if not isinstance(self.connection_params, Mapping):
            kind = type(self.connection_params).__name__
            raise ConfigurationError(f"connection_params of {self.name!r} must be a mapping, not {kind}")
        object.__setattr__(self, "backend_type", BackendType.parse(self.backend_type))
        params = MappingProxyType(secrets.guard(self.connection_params))
        object.__setattr__(self, "connection_params", params)

    @property
    def provider(self) -> str:
        """Key of the entry point that makes this backend: ``provider``, else ``"simulator"``."""
        named = self.connection_params.get("provider")
        if named is not None:
            return str(named)
        if self.backend_type is BackendType.SIMULATOR:
            return "simulator"
        raise ConfigurationError(
            f"{self.name!r} is {self.backend_type.value} and names no provider",
            hint="Add 'provider' to its connection_params, e.g. 'ibm', 'aws', 'azure', 'google' or 'rigetti'",
        )

    def to_dict(self) -> dict[str, Any]:
        """The entry of a configuration file; secrets are masked unless they are references."""
        return {
            "name": self.name,
            "type": self.backend_type.value,
            "connection_params": secrets.masked(self.connection_params),
        }

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> BackendConfiguration:
        """The inverse of `to_dict`; ``backend_type`` is accepted for ``type``."""
        kind = entry.get("type", entry.get("backend_type"))
        return cls(entry.get("name", ""), kind, entry.get("connection_params", {}))

    def __hash__(self) -> int:
        return hash((self.name, self.backend_type))

    def __reduce__(self) -> tuple[Any, ...]:
        return (BackendConfiguration, (self.name, self.backend_type, dict(self.connection_params)))
