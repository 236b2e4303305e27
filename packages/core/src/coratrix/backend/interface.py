"""What every backend promises.

Owns: `BackendInterface`: one abstract method, `execute`, and honest defaults for the rest.
Knows nothing of: any vendor, the job store, the manager.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.cost import FREE, CostEstimate, estimate
from coratrix.backend.errors import BackendError, CircuitValidationError, ConfigurationError
from coratrix.backend.jobs import Job, JobRecord, LocalJob
from coratrix.backend.metrics import MetricsRecorder, PerformanceMetrics
from coratrix.backend.progress import Progress, reporting
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.validation import ValidationIssue, ValidationReport, validate
from coratrix.core.interop import adopt
from coratrix.core.result import ExecutionResult

if TYPE_CHECKING:
    from coratrix.backend.store import JobDesk, JobStore
    from coratrix.core.calibration import DeviceCalibration
    from coratrix.core.circuit import QuantumCircuit

DEFAULT_SHOTS = 1000
_SEED_STRIDE = 0x9E3779B97F4A7C15


def seed_at(seed: int, place: int) -> int:
    """The seed of the circuit at ``place`` of a batch with that seed, modulo 2⁶⁴; of the first it is the batch's own.

    Where a simulator runs some of a batch in one call, it gives each of these its seed by the same rule: so a
    circuit's seed does not depend on how the batch is cut.
    """
    return (int(seed) + _SEED_STRIDE * place) % 2**64


class BackendInterface(ABC):
    """A place where circuits run.

    A subclass implements `execute` and, to be useful, `_get_capabilities`. Constructing a backend
    touches no network and imports no vendor's SDK.

    Attributes:
        config: the configuration it was made from.
        name: the configuration's name.
    """

    def __init__(self, config: BackendConfiguration) -> None:
        self.config = config
        self.name = config.name
        self._metrics = MetricsRecorder()
        self._last = threading.local()

    # running -------------------------------------------------------------------------------

    @abstractmethod
    def execute(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> ExecutionResult:
        """Run ``circuit`` and wait for its result.

        Args:
            circuit: a `QuantumCircuit`, or a circuit of another framework that a converter knows.
            shots: repetitions, 1 or more.
            **options: see `RunOptions`; unknown names are refused.

        Raises:
            BackendError: nothing was run, or it is not known whether it was. A run that the backend
                reports as failed is *returned*, with ``success=False``.
        """

    def submit(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> Job:
        """Start ``circuit`` and return its `Job` at once."""
        return LocalJob(lambda: self.execute(circuit, shots, **options), backend=self.name)

    def submit_batch(self, circuits: Iterable[Any], shots: int = DEFAULT_SHOTS, **options: Any) -> Job:
        """Send several circuits as one job, where a job can carry them."""
        raise self._no_jobs()

    def attach(self, record: JobRecord) -> Job:
        """The handle of a job that was found in a store; its backend is this one."""
        raise self._no_jobs()

    def job_desk(self) -> JobDesk | None:
        """Where its jobs are recorded and how many may fly, for a batch; None where none outlive the process."""
        return None

    def use_store(self, store: JobStore) -> None:  # noqa: B027  most backends record nothing
        """Put job records there, where it records any and has no store of its own."""

    def _no_jobs(self) -> ConfigurationError:
        return ConfigurationError(
            f"backend {self.name!r} has no jobs that outlive a process", backend=self.name
        )

    async def submit_async(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> Job:
        """`submit` without blocking the running event loop."""
        import asyncio  # here: it costs a third of this package's import

        return await asyncio.to_thread(self.submit, circuit, shots, **options)

    def execute_batch(
        self,
        circuits: Iterable[Any],
        shots: int | Sequence[int] = DEFAULT_SHOTS,
        *,
        progress: Progress | bool | None = None,
        **options: Any,
    ) -> list[ExecutionResult]:
        """Run several circuits; the results are in their order, and one failure never loses the others.

        Args:
            shots: for all circuits, or one number for each.
            progress: True for a bar, or a function that is called with ``(done, total)``.
        """
        listed = list(circuits)
        results: dict[int, ExecutionResult] = {}
        with reporting(progress, len(listed)) as tell:
            for step in self._batch_steps(listed, shots_of_each(shots, len(listed)), options):
                results.update(step)
                tell(len(results))
        return [results[index] for index in range(len(listed))]

    def _execute_item(self, circuit: Any, shots: int, options: dict[str, Any]) -> ExecutionResult:
        """One circuit of a batch; what `execute` raises becomes a failed result."""
        try:
            return self.execute(circuit, shots, **options)
        except BackendError as exc:
            return failed_result(exc, self.name)

    async def execute_batch_async(
        self, circuits: Iterable[Any], shots: int | Sequence[int] = DEFAULT_SHOTS, **options: Any
    ) -> AsyncIterator[ExecutionResult]:
        """Results of `circuits`, in order, each as soon as it and all before it are there."""
        import asyncio

        listed = list(circuits)
        steps = self._batch_steps(listed, shots_of_each(shots, len(listed)), options)
        there: dict[int, ExecutionResult] = {}
        for index in range(len(listed)):
            while index not in there:
                step = await asyncio.to_thread(next, steps, None)
                if step is None:
                    return
                there.update(step)
            yield there.pop(index)

    def _batch_steps(
        self, circuits: Sequence[Any], shots: Sequence[int], options: dict[str, Any]
    ) -> Iterator[dict[int, ExecutionResult]]:
        """Work through a batch, yielding the results that are there by the circuits' numbers; a hook for
        backends that run several circuits better than one after the other."""
        for index, (circuit, count) in enumerate(zip(circuits, shots, strict=True)):
            yield {index: self._execute_item(circuit, count, options)}

    # what it can do ------------------------------------------------------------------------

    def get_capabilities(self) -> BackendCapabilities:
        """What this backend can do."""
        return self._get_capabilities()

    def _get_capabilities(self) -> BackendCapabilities:
        return BackendCapabilities()

    def validate(self, circuit: Any, shots: object = None) -> ValidationReport:
        """All reasons why ``circuit`` cannot run here; the report is true when there are none."""
        try:
            ours = adopt(circuit)
        except ValueError as exc:  # not a circuit: one issue like any other
            return ValidationReport((ValidationIssue(code="not_a_circuit", message=str(exc)),))
        return validate(ours, self.get_capabilities(), shots, self._own_issues(ours))

    def _own_issues(self, circuit: QuantumCircuit) -> Iterable[ValidationIssue]:
        """Issues that capabilities cannot express; a hook for subclasses."""
        return ()

    def validate_circuit(self, circuit: Any) -> bool:
        """Whether ``circuit`` can run here; `get_validation_errors` says why not."""
        self._last.report = self.validate(circuit)
        return bool(self._last.report)

    def get_validation_errors(self) -> list[str]:
        """The errors of this thread's last `validate_circuit`, as sentences; empty when it was valid."""
        report = getattr(self._last, "report", None)
        return [] if report is None else report.errors

    def estimate_cost(self, circuits: Sequence[QuantumCircuit], shots: int) -> CostEstimate:
        """What running ``circuits`` would cost, before it is sent."""
        can = self.get_capabilities()
        if can.is_local:
            return FREE
        return estimate(can.price, shots=int(shots), tasks=len(circuits))

    # how it is -----------------------------------------------------------------------------

    def get_status(self) -> BackendStatus:
        """Whether it takes work now; never raises."""
        return self.get_status_report().status

    def get_status_report(self) -> StatusReport:
        """The status with its reason; never raises."""
        return StatusReport(status=BackendStatus.UNKNOWN)

    def get_queue_info(self) -> QueueInfo:
        """How long a job would wait; every unknown figure is None."""
        return QueueInfo()

    def get_performance_metrics(self) -> PerformanceMetrics:
        """Rates and times of the executions that this object has finished."""
        return self._metrics.snapshot()

    def get_calibration(self) -> DeviceCalibration | None:
        """The device's present errors and times; None where there is no device or it does not say."""
        return None

    # its life ------------------------------------------------------------------------------

    def refresh(self) -> None:  # noqa: B027  most backends remember nothing
        """Forget what was remembered of capabilities, status and queue, so that it is asked again."""

    def close(self) -> None:  # noqa: B027  most backends hold nothing to release
        """Release connections; the backend may be used again and then reconnects."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r}>"


def shots_of_each(shots: int | Sequence[int], count: int) -> list[int]:
    """One number of shots per circuit."""
    if isinstance(shots, Sequence):
        if len(shots) != count:
            raise CircuitValidationError(f"{count} circuits and {len(shots)} numbers of shots")
        return list(shots)
    return [shots] * count


def failed_result(error: BackendError, backend: str) -> ExecutionResult:
    """``error`` as the result of one circuit of a batch."""
    return ExecutionResult(
        success=False, error=str(error), error_code=error.code, backend=backend, job_id=error.job_id
    )
