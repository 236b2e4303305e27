"""Values as JSON for another process: configurations, results, reports and errors, there and back.

Owns: the two directions of each, so that they cannot drift apart. Knows nothing of: processes or pipes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from coratrix.backend import errors
from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import BackendError
from coratrix.backend.secrets import Secret
from coratrix.backend.validation import ValidationIssue, ValidationReport
from coratrix.core.errors import CoratrixError

PARTS_OF_ERROR = (
    "code",
    "retryable",
    "retry_after",
    "outcome_unknown",
    "backend",
    "job_id",
    "hint",
    "provider_message",
)


def configuration_to_wire(config: BackendConfiguration) -> dict[str, Any]:
    """With its secrets revealed: for a pipe between two processes of one user, never for a file."""
    return {
        "name": config.name,
        "type": config.backend_type.value,
        "connection_params": _revealed(config.connection_params),
    }


def _revealed(params: Mapping[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, Secret):
            return value.reveal()
        return _revealed(value) if isinstance(value, Mapping) else value

    return {key: plain(value) for key, value in params.items() if key != "python"}


def error_to_wire(error: Exception) -> dict[str, Any]:
    """An error of ours with all it knows; any other as a plain `BackendError`."""
    if not isinstance(error, BackendError):
        message = str(error) if isinstance(error, CoratrixError) else f"{type(error).__name__}: {error}"
        return {"kind": "BackendError", "message": message}
    parts = {name: getattr(error, name) for name in PARTS_OF_ERROR}
    return {"kind": type(error).__name__, "message": error.message, **parts}


def error_from_wire(data: Mapping[str, Any]) -> BackendError:
    """The inverse of `error_to_wire`; an unknown kind becomes a `BackendError`."""
    kind = getattr(errors, data["kind"], BackendError)
    parts = {name: data[name] for name in PARTS_OF_ERROR if name in data}
    made: BackendError = kind(data["message"], **parts)
    return made


def report_to_wire(report: ValidationReport) -> list[dict[str, Any]]:
    return [asdict(issue) for issue in report.issues]


def report_from_wire(data: list[dict[str, Any]]) -> ValidationReport:
    return ValidationReport(
        tuple(ValidationIssue(**{**issue, "qubits": tuple(issue["qubits"])}) for issue in data)
    )


def capabilities_from_wire(data: Mapping[str, Any]) -> BackendCapabilities:
    """Lists become tuples again; fields of another version of core are left out."""
    known = {f.name for f in fields(BackendCapabilities)}
    plain: dict[str, Any] = {
        name: tuple(v) if isinstance(v, list) else v for name, v in data.items() if name in known
    }
    if plain.get("coupling_map") is not None:
        plain["coupling_map"] = tuple(tuple(pair) for pair in plain["coupling_map"])
    return BackendCapabilities(**plain)
