"""What can be said of a backend from outside: is it up, how long is its queue.

Owns: `BackendStatus`, `StatusReport`, `QueueInfo`. Unknown is None, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class BackendStatus(StrEnum):
    """Whether a backend takes work now."""

    ONLINE = "online"
    OFFLINE = "offline"
    BUSY = "busy"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"
    UNAUTHORIZED = "unauthorized"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class StatusReport:
    """A status with its reason.

    Attributes:
        status: the word itself.
        message: the provider's own words, or why we could not ask.
        as_of: seconds since the epoch when this was true.
        next_available: seconds since the epoch when it should take work again, if known.
    """

    status: BackendStatus
    message: str = ""
    as_of: float | None = None
    next_available: float | None = None


@dataclass(frozen=True, kw_only=True)
class QueueInfo:
    """How long a job would wait; each figure is None where nobody knows it.

    Attributes:
        length: jobs before a new one.
        estimated_wait_time: seconds until a new job would start.
        priority: the provider's word for our place, e.g. ``"normal"``.
        is_lower_bound: ``length`` is "at least".
        source: who said so: ``"provider"``, ``"local"`` or ``"history"``; None when nothing is known.
        as_of: seconds since the epoch.
    """

    length: int | None = None
    estimated_wait_time: float | None = None
    priority: str | None = None
    is_lower_bound: bool = False
    source: str | None = None
    as_of: float | None = None
