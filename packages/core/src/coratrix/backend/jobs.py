"""What a submitted execution is: a handle, a state, and a record that outlives the process.

Owns: `JobState`, `JobRecord`, `Job`, and `LocalJob` for backends that run in this process.
Knows nothing of: where records are kept (store.py) or how a vendor is asked (pipeline.py).
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from coratrix.backend.errors import BackendError, BackendTimeoutError, ConfigurationError
from coratrix.core.result import ExecutionResult


class JobState(StrEnum):
    """Where a job stands.

    INTENT is written before anything is sent; UNKNOWN means sent, and the answer was lost.
    """

    INTENT = "intent"
    UNKNOWN = "unknown"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @classmethod
    def parse(cls, value: JobState | str) -> JobState:
        try:
            return cls(value)
        except ValueError:
            allowed = ", ".join(state.value for state in cls)
            raise ConfigurationError(f"no state {value!r}; states: {allowed}") from None

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


def new_job_id() -> str:
    """A fresh id, which is also the key that makes a submission recognisable at the vendor.

    A random UUID (RFC 4122, version 4) in hex, as some vendors want one; `uuid` takes four times as long.
    """
    drawn = int.from_bytes(os.urandom(16))
    return f"crx-{drawn & _RANDOM_BITS | _VERSION_4:032x}"


_RANDOM_BITS = ~(0xF << 76 | 0x3 << 62)
_VERSION_4 = 0x4 << 76 | 0x2 << 62


@dataclass(frozen=True, kw_only=True)
class JobRecord:
    """All that is needed to find a job again and to decode its result, in this process or another.

    Attributes:
        id: ours, made before sending; the idempotency key or tag at the vendor.
        backend: the backend's registered name.
        config: its configuration without secrets.
        vendor_job_id: the vendor's id; None until the vendor answered.
        decoding: what turns the vendor's raw result into counts (registers, read-out maps).
        circuits: one entry each: name, digest (sha256) and source as OpenQASM 3 or our JSON.
        options: the options of the execution, as data.
        versions: of our packages and the vendor's SDK.
        results: one result each, as data, once there.
    """

    id: str
    backend: str
    state: JobState = JobState.INTENT
    config: Mapping[str, Any] = field(default_factory=dict)
    vendor_job_id: str | None = None
    created_at: float = 0.0
    updated_at: float = 0.0
    shots: int = 0
    num_circuits: int = 1
    circuits: tuple[Mapping[str, Any], ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    decoding: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    error: str | None = None
    error_code: str | None = None
    cost: float | None = None
    currency: str | None = None
    queue_time: float | None = None
    execution_time: float | None = None
    results: tuple[Mapping[str, Any], ...] | None = None

    def changed(self, changes: Mapping[str, Any]) -> JobRecord:
        """`dataclasses.replace` at a tenth of its cost: this happens at each step of each job."""
        made = object.__new__(JobRecord)
        values = made.__dict__
        values.update(self.__dict__)
        values.update(changes)
        return made


@dataclass(frozen=True, kw_only=True)
class JobMetrics:
    """What one job took, as far as it is known now; None is unknown.

    Attributes:
        queue_time, execution_time: seconds, as the vendor measured them.
        total_time: seconds from the submission to the last change that was recorded.
        cost, currency: what it cost, else what was estimated before it was sent.
    """

    state: JobState
    shots: int | None = None
    num_circuits: int = 1
    queue_time: float | None = None
    execution_time: float | None = None
    total_time: float | None = None
    cost: float | None = None
    currency: str | None = None


class Job(ABC):
    """The handle of one submission, of one circuit or of several that travel together.

    Attributes:
        outlives_process: whether another process can go on with it by its id.
    """

    id: str
    backend_name: str
    num_circuits: int = 1
    outlives_process: bool = False

    @property
    def vendor_job_id(self) -> str | None:
        """The vendor's id, once known; None for what runs in this process."""
        return None

    @property
    @abstractmethod
    def metrics(self) -> JobMetrics:
        """What the job took, as far as it is known; asks no service, which `status` does."""

    @abstractmethod
    def status(self) -> JobState:
        """Ask where the job stands now."""

    @abstractmethod
    def results(self, timeout: float | None = None) -> list[ExecutionResult]:
        """Wait and return one result per circuit, in order.

        Raises:
            BackendTimeoutError: ``timeout`` seconds passed first; the job may still be running.
        """

    @abstractmethod
    def cancel(self) -> bool:
        """Ask for the job to be stopped; whether it will be."""

    def result(self, timeout: float | None = None) -> ExecutionResult:
        """Wait and return the result of the (first) circuit; see `results`."""
        return self.results(timeout)[0]

    async def result_async(self, timeout: float | None = None) -> ExecutionResult:
        """`result` without blocking the running event loop."""
        import asyncio  # here: it costs a third of this package's import

        return await asyncio.to_thread(self.result, timeout)

    def __await__(self) -> Generator[Any, None, ExecutionResult]:
        return self.result_async().__await__()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} on {self.backend_name!r}>"


class LocalJob(Job):
    """An execution on a thread of this process; it dies with it."""

    def __init__(self, run: Callable[[], ExecutionResult], *, backend: str) -> None:
        self.id = new_job_id()
        self.backend_name = backend
        self._future: Future[ExecutionResult] = _threads().submit(run)

    def status(self) -> JobState:
        if self._future.cancelled():
            return JobState.CANCELLED
        if not self._future.done():
            return JobState.RUNNING if self._future.running() else JobState.QUEUED
        if self._future.exception() is not None or not self._future.result().success:
            return JobState.FAILED
        return JobState.SUCCEEDED

    @property
    def metrics(self) -> JobMetrics:
        state = self.status()
        if not state.is_final or self._future.cancelled() or self._future.exception() is not None:
            return JobMetrics(state=state)
        result = self._future.result()
        return JobMetrics(
            state=state,
            shots=result.shots,
            queue_time=result.queue_time,
            execution_time=result.execution_time,
        )

    def results(self, timeout: float | None = None) -> list[ExecutionResult]:
        try:
            return [self._future.result(timeout)]
        except CancelledError:
            return [cancelled_result(self.id, self.backend_name)]
        except FutureTimeoutError as exc:
            if isinstance(exc, BackendError):  # the run's own error, which is a TimeoutError too
                raise
            raise BackendTimeoutError(
                f"job {self.id} has no result after {timeout:g} s",
                job=self,
                job_id=self.id,
                hint="It is still running: call job.result() again",
            ) from exc

    def cancel(self) -> bool:
        return self._future.cancel()


def cancelled_result(job_id: str, backend: str) -> ExecutionResult:
    """What is returned for a job that was cancelled: a job's end is a result, not an exception."""
    return ExecutionResult(
        success=False,
        error=f"the job was cancelled; manager.resubmit({job_id!r}) sends its circuit again, as a new job",
        error_code="cancelled",
        job_id=job_id,
        backend=backend,
    )


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="coratrix-job")
