"""The one seam between us and a vendor: what a client must do, and the values that cross it.

Owns: `VendorClient`, `JobSnapshot`, `Submission`, `Outcome`. Knows nothing of: any SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.clock import Deadline
from coratrix.backend.jobs import JobState
from coratrix.backend.status import QueueInfo, StatusReport


@dataclass(frozen=True, kw_only=True)
class Submission:
    """One or several circuits, ready to be sent.

    Attributes:
        program: the vendor's program; only the provider looks inside.
        decoding: JSON data that turns the raw result into counts, kept in the job record.
        metadata: JSON data about the conversion for `ExecutionResult.metadata`.
    """

    program: Any
    decoding: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class JobSnapshot:
    """What the vendor says of a job now; unknown is None.

    Attributes:
        queue_position: jobs before this one.
        queue_time, execution_time: seconds, as the vendor measured them.
        cost, currency: what the run cost, where the vendor says.
    """

    state: JobState
    error: str | None = None
    error_code: str | None = None
    queue_position: int | None = None
    queue_time: float | None = None
    execution_time: float | None = None
    cost: float | None = None
    currency: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One circuit's counts in our bit order, or why there are none."""

    counts: Mapping[str, int] = field(default_factory=dict)
    layout: tuple[tuple[str, int], ...] = ()
    error: str | None = None
    error_code: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


class VendorClient(Protocol):
    """The only object that talks to an SDK; every exception it lets out is a `BackendError`.

    Each call is given a deadline and should hand it to the SDK's own timeouts; a call that hangs
    all the same is given up by the caller. Errors say ``retryable`` and ``retry_after``, and on
    `submit` also ``outcome_unknown`` when the vendor may have accepted the job.
    """

    @property
    def submits_once(self) -> bool:
        """Whether a second `submit` with the same key cannot make a second job.

        True where the vendor takes an idempotency key or our own job id; it may then be repeated freely.
        """

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        """Send a job marked with ``key`` and return the vendor's id."""

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        """The vendor's id of the job marked with ``key``; None when the vendor has none."""

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        """Where the job stands."""

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> Any:
        """The raw result of a job that succeeded."""

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        """Ask for the job to be stopped; False when it is too late."""

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        """What the device can do."""

    def status(self, *, deadline: Deadline) -> StatusReport:
        """Whether the device takes work now."""

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        """How long a job would wait."""

    def close(self) -> None:
        """Release connections."""
