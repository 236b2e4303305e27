"""How well a backend has done so far, counted in constant memory.

Owns: `PerformanceMetrics` (a snapshot) and `MetricsRecorder` (thread-safe counters).
`metrics_of` the same from recorded jobs. Knows nothing of: clocks or stores; it is told durations.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from coratrix.backend.jobs import JobRecord, JobState

WINDOW = 1024  # durations kept for percentiles


@dataclass(frozen=True, kw_only=True)
class PerformanceMetrics:
    """Finished executions; averages and rates are None when there is nothing to average.

    Attributes:
        avg_execution_time: mean seconds of successful executions.
        p50_execution_time: median seconds over the last executions.
        p95_execution_time: 95th percentile of the same.
        avg_queue_time: mean seconds in the provider's queue, where it says.
        success_rate: succeeded / (succeeded + failed).
        error_rate: failed / (succeeded + failed).
    """

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    shots: int = 0
    retries: int = 0
    avg_execution_time: float | None = None
    p50_execution_time: float | None = None
    p95_execution_time: float | None = None
    avg_queue_time: float | None = None
    success_rate: float | None = None
    error_rate: float | None = None
    last_error: str | None = None


class MetricsRecorder:
    """Counts executions as they end."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._succeeded = self._failed = self._cancelled = self._shots = self._retries = 0
            self._time_sum = self._queue_sum = 0.0
            self._queue_count = 0
            self._recent: deque[float] = deque(maxlen=WINDOW)
            self._last_error: str | None = None

    def success(self, execution_time: float, *, shots: int = 0, queue_time: float | None = None) -> None:
        """An execution ended well after ``execution_time`` seconds."""
        with self._lock:
            self._succeeded += 1
            self._shots += shots
            self._time_sum += execution_time
            self._recent.append(execution_time)
            if queue_time is not None:
                self._queue_sum += queue_time
                self._queue_count += 1

    def failure(self, error: str) -> None:
        """An execution ended in ``error``."""
        with self._lock:
            self._failed += 1
            self._last_error = error

    def cancellation(self) -> None:
        """An execution was cancelled; it counts neither as success nor as failure."""
        with self._lock:
            self._cancelled += 1

    def retry(self) -> None:
        """A request was sent again."""
        with self._lock:
            self._retries += 1

    def snapshot(self) -> PerformanceMetrics:
        """The figures as they stand."""
        with self._lock:
            decided = self._succeeded + self._failed
            recent = sorted(self._recent)
            return PerformanceMetrics(
                total=decided + self._cancelled,
                succeeded=self._succeeded,
                failed=self._failed,
                cancelled=self._cancelled,
                shots=self._shots,
                retries=self._retries,
                avg_execution_time=_ratio(self._time_sum, self._succeeded),
                p50_execution_time=percentile(recent, 0.5),
                p95_execution_time=percentile(recent, 0.95),
                avg_queue_time=_ratio(self._queue_sum, self._queue_count),
                success_rate=_ratio(self._succeeded, decided),
                error_rate=_ratio(self._failed, decided),
                last_error=self._last_error,
            )


def metrics_of(records: Iterable[JobRecord]) -> PerformanceMetrics:
    """The figures of recorded jobs, whichever process ran them; each job counts once."""
    recorder = MetricsRecorder()
    for record in records:
        if record.state is JobState.SUCCEEDED and record.execution_time is not None:
            recorder.success(record.execution_time, shots=record.shots, queue_time=record.queue_time)
        elif record.state is JobState.FAILED:
            recorder.failure(record.error or "failed")
        elif record.state is JobState.CANCELLED:
            recorder.cancellation()
    return recorder.snapshot()


def percentile(ordered: list[float], fraction: float) -> float | None:
    """The smallest value that at least ``fraction`` of ``ordered`` do not exceed; None of nothing."""
    if not ordered:
        return None
    rank = max(0, -int(-fraction * len(ordered) // 1) - 1)
    return ordered[rank]


def _ratio(total: float, count: int) -> float | None:
    return total / count if count else None
