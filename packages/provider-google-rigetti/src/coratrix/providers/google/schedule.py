"""What the service says of a processor's health, schedule and queue, in our words.

Owns: `TimeSlot`, `status_of`, `queue_of`. Pure; knows nothing of: the network, jobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport


@dataclass(frozen=True, kw_only=True)
class TimeSlot:
    """A stretch of a processor's time.

    Attributes:
        kind: ``"maintenance"``, ``"open_swim"``, ``"reservation"`` or ``"unallocated"``.
        starts_at, ends_at: seconds since the epoch; None where the service leaves it open.
        project: for whom it is reserved.
        title: of a maintenance.
    """

    kind: str
    starts_at: float | None = None
    ends_at: float | None = None
    project: str | None = None
    title: str | None = None


def time_slots(messages: Iterable[Any]) -> tuple[TimeSlot, ...]:
    """The service's slots, by their start."""
    slots = [_time_slot(message) for message in messages]
    return tuple(sorted(slots, key=lambda slot: slot.starts_at or 0.0))


def _time_slot(message: Any) -> TimeSlot:
    return TimeSlot(
        kind=message.time_slot_type.name.lower(),
        starts_at=_epoch(message, "start_time"),
        ends_at=_epoch(message, "end_time"),
        project=message.reservation_config.project_id or None,
        title=message.maintenance_config.title or None,
    )


def status_of(processor: Any, *, project: str, now: float) -> StatusReport:
    """Health first, then what the processor's time belongs to now."""
    health = processor.health.name
    recovery = _epoch(processor, "expected_recovery_time")
    if health != "OK":
        known = health in ("DOWN", "INACTIVE", "UNAVAILABLE")
        return StatusReport(
            status=BackendStatus.OFFLINE if known else BackendStatus.UNKNOWN,
            message=f"the processor's health is {health}",
            as_of=now,
            next_available=recovery,
        )
    slot = _time_slot(processor.active_time_slot) if "active_time_slot" in processor else None
    return _status_in(slot, project=project, now=now)


def _status_in(slot: TimeSlot | None, *, project: str, now: float) -> StatusReport:
    if slot is None:
        return StatusReport(status=BackendStatus.ONLINE, message="health OK", as_of=now)
    until = f" until {datetime.fromtimestamp(slot.ends_at, UTC):%Y-%m-%d %H:%M} UTC" if slot.ends_at else ""
    if slot.kind == "maintenance":
        return StatusReport(
            status=BackendStatus.MAINTENANCE,
            message=f"maintenance{until}: {slot.title or 'no title'}",
            as_of=now,
            next_available=slot.ends_at,
        )
    if slot.kind == "reservation" and slot.project != project:
        owner = f"project {slot.project}" if slot.project else "another project"
        return StatusReport(
            status=BackendStatus.BUSY,
            message=f"reserved for {owner}{until}",
            as_of=now,
            next_available=slot.ends_at,
        )
    ours = f"reserved for project {project}" if slot.kind == "reservation" else slot.kind.replace("_", " ")
    return StatusReport(status=BackendStatus.ONLINE, message=f"health OK, {ours}{until}", as_of=now)


def queue_of(processor: Any, *, now: float) -> QueueInfo:
    """The number of jobs that are active on the processor, the only figure that there is."""
    if "activity_stats" not in processor:
        return QueueInfo()
    length = int(processor.activity_stats.active_jobs_count)
    return QueueInfo(length=length, source="provider", as_of=now)


def _epoch(message: Any, field: str) -> float | None:
    return float(getattr(message, field).timestamp()) if field in message else None
