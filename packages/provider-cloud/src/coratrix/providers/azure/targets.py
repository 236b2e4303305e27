"""What is known of a target: its state and limits, as the service reports them and the public pages add.

Owns: `capabilities_of`, `status_of`, `queue_of`, `snapshot_of`: the service's words as our values. Pure.
Knows nothing of: the network, programs.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot
from coratrix.backend.errors import BackendResponseError, ConfigurationError
from coratrix.backend.jobs import JobState
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.providers.azure.native import NATIVE
from coratrix.providers.azure.qir import PROFILES

_MAX_SHOTS = {"ionq.qpu.": 10_000, "rigetti.qpu.": 10_000}
_STATES = {
    "Waiting": JobState.QUEUED,
    "Queued": JobState.QUEUED,
    "Executing": JobState.RUNNING,
    "Finishing": JobState.RUNNING,
    "CancellationRequested": JobState.RUNNING,
    "Cancelling": JobState.RUNNING,
    "Succeeded": JobState.SUCCEEDED,
    "Completed": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Cancelled": JobState.CANCELLED,
}
_AVAILABILITY = {
    "Available": BackendStatus.ONLINE,
    "Degraded": BackendStatus.ONLINE,
    "Unavailable": BackendStatus.OFFLINE,
}


def choose(statuses: Mapping[str, Any], wanted: str | None) -> Any:
    """The status of one target out of those of the workspace, or an error that names them."""
    found = {name.lower(): status for name, status in statuses.items()}.get((wanted or "").lower())
    if found is None:
        missing = "no target is chosen" if wanted is None else f"the workspace has no target {wanted!r}"
        names = ", ".join(sorted(statuses)) or "none; add a provider to it in the portal"
        raise ConfigurationError(
            missing, hint=f"Give `target` in connection_params; the workspace has: {names}"
        )
    return found


def profile_of(name: str, reported: str | None) -> str:
    """The profile of QIR that a target runs: what it reports, else what Azure's SDK takes for it."""
    if reported:
        profile = reported.replace(" ", "_")
        if profile not in PROFILES:
            raise ConfigurationError(
                f"target {name!r} runs QIR of profile {reported!r}, which is not known here"
            )
        return profile
    if name.lower().startswith("quantinuum."):
        return "Adaptive_RI" if ".h2-" in name.lower() else "Adaptive_RIF"
    return "Base"


def capabilities_of(status: Any) -> BackendCapabilities:
    """What a target of the service can do."""
    name = str(status.id)
    profile = profile_of(name, status.target_profile)
    shots = next((most for start, most in _MAX_SHOTS.items() if name.lower().startswith(start)), None)
    formats = ["qir", *(["native"] if name.partition(".")[0].lower() in NATIVE else [])]
    return BackendCapabilities(
        max_qubits=status.num_qubits,
        max_shots=shots,
        supports_mid_circuit_measurement=True,
        supports_reset=True,
        supports_conditionals=profile != "Base",
        supports_cancel=True,
        extra={
            "target": name,
            "target_profile": profile,
            "input_formats": formats,
            "mid_circuit_measurement": "deferred to the end" if profile == "Base" else "on the device",
        },
    )


def status_of(status: Any) -> StatusReport:
    """Whether a target takes work; a degraded one does."""
    said = _word(status.current_availability)
    page = f", see {status.status_page}" if status.status_page else ""
    return StatusReport(
        status=_AVAILABILITY.get(said, BackendStatus.UNKNOWN), message=f"{status.id} is {said.lower()}{page}"
    )


def queue_of(status: Any) -> QueueInfo:
    """How long a job waits on average; Azure does not tell how many there are."""
    seconds = status.average_queue_time
    if seconds is None:
        return QueueInfo()
    return QueueInfo(estimated_wait_time=float(seconds), priority="standard", source="provider")


def snapshot_of(details: Any) -> JobSnapshot:
    """Where a job stands, with the reason in the provider's own words."""
    said = _word(details.status)
    state = _STATES.get(said)
    if state is None:
        raise BackendResponseError(f"Azure reports job {details.id} as {said!r}, a state that is not known")
    error, cost = details.error_data, details.cost_estimate
    return JobSnapshot(
        state=state,
        error=_reason(error) if error is not None else None,
        error_code=error.code if error is not None else None,
        queue_time=_seconds(details.creation_time, details.begin_execution_time),
        execution_time=_seconds(details.begin_execution_time, details.end_execution_time),
        cost=cost.estimated_total if cost is not None else None,
        currency=cost.currency_code if cost is not None else None,
    )


def _reason(error: Any) -> str:
    """Message and details of an error, the innermost code too."""
    parts = [str(error.message)]
    parts += [str(part.message) for part in error.details or () if getattr(part, "message", None)]
    inner = error.innererror
    while inner is not None:
        parts += [str(inner.code)] if inner.code else []
        inner = inner.innererror
    return "; ".join(parts)


def _word(value: Any) -> str:
    return str(getattr(value, "value", value))


def _seconds(start: datetime.datetime | None, end: datetime.datetime | None) -> float | None:
    if start is None or end is None:
        return None
    return max(0.0, (end - start).total_seconds())
