"""How well a backend has done so far, counted in constant memory.

Owns: `PerformanceMetrics` (a snapshot), `MetricsRecorder` (thread-safe counters), and `metrics_of`, the
same from recorded jobs. Knows nothing of: clocks or stores; it is told durations.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from coratrix.backend.jobs import JobRecord, JobState

WINDOW = 1024  # durations kept for percentiles


@dataclass(frozen=True, kw_only=True)
class PerformanceMetrics:
    """Finished executions; averages and rates are None when there is nothing to average.

    A backend's own figures count its executions in this process, percentiles over the last `WINDOW`. A
    store's count all recorded jobs, and of times only those that the provider measured.

    Attributes:
        avg_execution_time: mean seconds of successful executions.
        p50_execution_time: median of the same; p95 their 95th percentile.
        avg_queue_time: mean seconds in the provider's queue, where it says; p50 and p95 likewise.
        shots: of successful executions.
        retries: requests sent again; None from a store, which does not record them.
        success_rate: succeeded / (succeeded + failed).
        error_rate: failed / (succeeded + failed).
    """

    total: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    shots: int = 0
    retries: int | None = 0
    avg_execution_time: float | None = None
    p50_execution_time: float | None = None
    p95_execution_time: float | None = None
    avg_queue_time: float | None = None
    p50_queue_time: float | None = None
    p95_queue_time: float | None = None
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
            self._recent_queue: deque[float] = deque(maxlen=WINDOW)
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
                self._recent_queue.append(queue_time)

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
            recent, recent_queue = sorted(self._recent), sorted(self._recent_queue)
            return PerformanceMetrics(
                total=decided + self._cancelled,
                succeeded=self._succeeded,
                failed=self._failed,
                cancelled=self._cancelled,
                shots=self._shots,
                retries=self._retries,
                avg_execution_time=ratio(self._time_sum, self._succeeded),
                p50_execution_time=percentile(recent, 0.5),
                p95_execution_time=percentile(recent, 0.95),
                avg_queue_time=ratio(self._queue_sum, self._queue_count),
                p50_queue_time=percentile(recent_queue, 0.5),
                p95_queue_time=percentile(recent_queue, 0.95),
                success_rate=ratio(self._succeeded, decided),
                error_rate=ratio(self._failed, decided),
                last_error=self._last_error,
            )


def metrics_of(records: Iterable[JobRecord]) -> PerformanceMetrics:
    """The figures of recorded jobs, whichever process ran them; each job counts once."""
    listed = sorted(records, key=lambda record: (record.updated_at, record.created_at))
    good, bad, stopped = (
        [record for record in listed if record.state is state]
        for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
    )
    times = sorted(r.execution_time for r in good if r.execution_time is not None)
    waits = sorted(r.queue_time for r in good if r.queue_time is not None)
    return PerformanceMetrics(
        total=len(good) + len(bad) + len(stopped),
        succeeded=len(good),
        failed=len(bad),
        cancelled=len(stopped),
        shots=sum(record.shots * record.num_circuits for record in good),
        retries=None,
        avg_execution_time=ratio(sum(times), len(times)),
        p50_execution_time=percentile(times, 0.5),
        p95_execution_time=percentile(times, 0.95),
        avg_queue_time=ratio(sum(waits), len(waits)),
        p50_queue_time=percentile(waits, 0.5),
        p95_queue_time=percentile(waits, 0.95),
        success_rate=ratio(len(good), len(good) + len(bad)),
        error_rate=ratio(len(bad), len(good) + len(bad)),
        last_error=bad[-1].error if bad else None,
    )


def percentile(ordered: Sequence[float], fraction: float) -> float | None:
    """The smallest value that at least ``fraction`` of ``ordered`` do not exceed; None of nothing."""
    return ordered[rank_of(fraction, len(ordered))] if ordered else None


def rank_of(fraction: float, count: int) -> int:
    """The index of that value among ``count`` ordered ones."""
    return max(0, math.ceil(fraction * count) - 1)


def ratio(total: float, count: int) -> float | None:
    """``total / count``; None of nothing."""
    return total / count if count else None
