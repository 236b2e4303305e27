"""The only file that talks to Google's Quantum Engine, through the client that cirq-google ships.

Owns: `EngineClient`, names of resources. Knows nothing of: our circuits, the job store.

Of cirq-google's own engine classes none is used: their stream reopens without a pause when it is refused,
their retries wait for hours, and their errors lose the status. The generated client below them has none of
this: each call has a deadline and one try, and `coratrix.backend` does the retrying.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Clock, Deadline
from coratrix.backend.errors import (
    BackendError,
    BackendResponseError,
    ConfigurationError,
    JobNotFoundError,
)
from coratrix.backend.jobs import JobState
from coratrix.backend.status import QueueInfo, StatusReport
from coratrix.core.calibration import DeviceCalibration

from .credentials import load_credentials
from .parameters import GoogleParameters
from .schedule import TimeSlot, queue_of, status_of, time_slots
from .sdk import sdk
from .vendor_errors import vendor_errors

if TYPE_CHECKING:
    import cirq_google
    from cirq_google.cloud import quantum

_STATES = {
    "READY": JobState.QUEUED,
    "RUNNING": JobState.RUNNING,
    "CANCELLING": JobState.RUNNING,
    "CANCELLED": JobState.CANCELLED,
    "SUCCESS": JobState.SUCCEEDED,
    "FAILURE": JobState.FAILED,
}


@dataclass(frozen=True, kw_only=True)
class EngineProgram:
    """What is sent: a serialised circuit, and how often to run it."""

    code: Any
    run_context: Any
    priority: int | None = None
    description: str = ""


class EngineClient:
    """A processor of Google's service, for one project."""

    submits_once = True  # the job is created under our own id, and an id is taken once

    def __init__(self, parameters: GoogleParameters, *, clock: Clock) -> None:
        self._parameters = parameters
        self._clock = clock
        self._opening = threading.RLock()
        self._maybe_sent: set[str] = set()

    # jobs ------------------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        """Create program and job under ``key``; what exists already was created by an earlier try.

        A program alone runs nothing, so an error leaves the outcome open only where a job was asked for,
        now or in an earlier try, and no clear answer came.
        """
        was_open = key in self._maybe_sent
        try:
            self._create_program(key, submission.program, deadline)
        except BackendError as exc:
            exc.outcome_unknown = was_open
            raise
        self._maybe_sent.add(key)
        try:
            name = self._create_job(key, submission.program, deadline)
        except BackendError as exc:
            exc.outcome_unknown |= was_open
            if not exc.outcome_unknown:
                self._maybe_sent.discard(key)
            raise
        self._maybe_sent.discard(key)
        return name

    def _create_program(self, key: str, program: EngineProgram, deadline: Deadline) -> None:
        quantum = sdk()
        request = quantum.CreateQuantumProgramRequest(
            parent=self._project_name,
            quantum_program=quantum.QuantumProgram(name=self._program_name(key), code=program.code),
        )
        self._once_only(f"creating program {key}", self._service.create_quantum_program, request, deadline)

    def _create_job(self, key: str, program: EngineProgram, deadline: Deadline) -> str:
        quantum = sdk()
        name = self._job_name(key)
        job = quantum.QuantumJob(
            name=name,
            description=program.description,
            run_context=program.run_context,
            scheduling_config=quantum.SchedulingConfig(processor_selector=self._selector()),
        )
        if program.priority is not None:
            job.scheduling_config.priority = program.priority
        request = quantum.CreateQuantumJobRequest(parent=self._program_name(key), quantum_job=job)
        self._once_only(f"creating job {key}", self._service.create_quantum_job, request, deadline)
        return name

    def _once_only(self, doing: str, create: Any, request: Any, deadline: Deadline) -> None:
        from google.api_core.exceptions import AlreadyExists

        # What exists already was made by an earlier try whose answer was lost.
        with vendor_errors(doing), suppress(AlreadyExists):
            create(request, timeout=_seconds(deadline))

    def _selector(self) -> Any:
        quantum = sdk()
        given = self._parameters
        config = quantum.DeviceConfigSelector(config_alias=given.device_config_name)
        if given.run_name:
            config.run_name = given.run_name
        if given.snapshot_id:
            config.snapshot_id = given.snapshot_id
        return quantum.SchedulingConfig.ProcessorSelector(
            processor=self._processor_name, device_config_selector=config
        )

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        name = self._job_name(key)
        try:
            self._job(name, deadline)
        except JobNotFoundError:
            return None
        return name

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        job = self._job(vendor_job_id, deadline)
        status = job.execution_status
        state = _STATES.get(status.state.name)
        if state is None:
            raise BackendResponseError(f"job {vendor_job_id} is in the unknown state {status.state.name}")
        failure = status.failure if state is JobState.FAILED else None
        code = failure.error_code.name if failure else None
        return JobSnapshot(
            state=state,
            error=f"{code}: {failure.error_message}" if failure else None,
            error_code=code.lower() if code else None,
            **_times(job),
            metadata=_facts(status),
        )

    def _job(self, name: str, deadline: Deadline) -> Any:
        request = sdk().GetQuantumJobRequest(name=name)
        with vendor_errors(f"asking for job {name}"):
            return _answered(self._service.get_quantum_job(request, timeout=_seconds(deadline)))

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> dict[str, list[int]]:
        """The column of bits of each key, one bit per shot."""
        request = sdk().GetQuantumResultRequest(parent=vendor_job_id)
        try:
            with vendor_errors(f"fetching the result of {vendor_job_id}"):
                result = _answered(self._service.get_quantum_result(request, timeout=_seconds(deadline)))
        except JobNotFoundError as exc:
            raise BackendResponseError(f"job {vendor_job_id} succeeded and its result is not there") from exc
        except ValueError as exc:  # FAILED_PRECONDITION: the result is not ready
            raise BackendResponseError(str(exc), retryable=True) from exc
        return columns_of(result.result)

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        request = sdk().CancelQuantumJobRequest(name=vendor_job_id)
        try:
            with vendor_errors(f"cancelling {vendor_job_id}"):
                self._service.cancel_quantum_job(request, timeout=_seconds(deadline))
        except ValueError:  # FAILED_PRECONDITION: it has ended
            return False
        return True

    # the processor ---------------------------------------------------------------------------

    def processor(self, deadline: Deadline) -> Any:
        """What the service says of the processor."""
        request = sdk().GetQuantumProcessorRequest(name=self._processor_name)
        try:
            with vendor_errors(f"asking for processor {self._parameters.device}"):
                return _answered(self._service.get_quantum_processor(request, timeout=_seconds(deadline)))
        except JobNotFoundError as exc:
            raise ConfigurationError(
                f"project {self.project!r} has no processor {self._parameters.device!r}",
                hint="Check 'device' and 'project'; offline there is device 'simulator'",
            ) from exc

    def device(self, deadline: Deadline) -> cirq_google.GridDevice:
        """The processor's qubits, pairs and gates."""
        import cirq_google
        from cirq_google.api import v2

        packed = self.processor(deadline).device_spec
        specification = v2.device_pb2.DeviceSpecification()
        if not packed.Unpack(specification):
            raise BackendResponseError(f"processor {self._parameters.device!r} publishes no specification")
        return cirq_google.GridDevice.from_proto(specification)

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        from .capabilities import capabilities_of

        return capabilities_of(self.device(deadline), as_of=self._clock.time())

    def calibration(self, deadline: Deadline) -> DeviceCalibration | None:
        """The current calibration; None where the processor has none."""
        import cirq_google
        from cirq_google.api import v2

        from .calibration import calibration_record

        request = sdk().GetQuantumCalibrationRequest(name=f"{self._processor_name}/calibrations/current")
        try:
            with vendor_errors(f"asking for the calibration of {self._parameters.device}"):
                answer = _answered(self._service.get_quantum_calibration(request, timeout=_seconds(deadline)))
        except JobNotFoundError:
            return None
        metrics = v2.metrics_pb2.MetricsSnapshot()
        if not answer.data.Unpack(metrics):
            raise BackendResponseError(f"the calibration of {self._parameters.device!r} cannot be read")
        return calibration_record(
            cirq_google.Calibration(metrics), self.device(deadline), name=self._parameters.device
        )

    def status(self, *, deadline: Deadline) -> StatusReport:
        return status_of(self.processor(deadline), project=self.project, now=self._clock.time())

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        return queue_of(self.processor(deadline), now=self._clock.time())

    def schedule(self, deadline: Deadline) -> tuple[TimeSlot, ...]:
        """The processor's time slots from now on: maintenance, reservations, open time."""
        now = int(self._clock.time())
        request = sdk().ListQuantumTimeSlotsRequest(parent=self._processor_name, filter=f"end_time > {now}")
        with vendor_errors(f"asking for the schedule of {self._parameters.device}"):
            return time_slots(self._service.list_quantum_time_slots(request, timeout=_seconds(deadline)))

    # the connection --------------------------------------------------------------------------

    @property
    def project(self) -> str:
        """The project given, else that of the credentials."""
        found = self._parameters.project or self._credentials[1]
        if not found:
            raise ConfigurationError(
                "no Google Cloud project is given, and the credentials name none",
                hint="Add 'project' to connection_params",
            )
        return found

    @property
    def _project_name(self) -> str:
        return f"projects/{self.project}"

    @property
    def _processor_name(self) -> str:
        return f"{self._project_name}/processors/{self._parameters.device}"

    def _program_name(self, key: str) -> str:
        return f"{self._project_name}/programs/{key}"

    def _job_name(self, key: str) -> str:
        return f"{self._program_name(key)}/jobs/{key}"

    @cached_property
    def _credentials(self) -> tuple[Any, str | None]:
        return load_credentials(self._parameters)

    @property
    def _service(self) -> quantum.QuantumEngineServiceClient:
        with self._opening:
            if self._opened is None:
                self._opened = sdk().QuantumEngineServiceClient(
                    credentials=self._credentials[0],
                    client_options={"api_endpoint": self._parameters.endpoint},
                )
            return self._opened

    _opened: quantum.QuantumEngineServiceClient | None = None

    def close(self) -> None:
        with self._opening:
            if self._opened is not None:
                transport: Any = self._opened.transport
                transport.close()
                self._opened = None


def columns_of(packed: Any) -> dict[str, list[int]]:
    """The bits of each key of a packed ``cirq.google.api.v2.Result``.

    Raises:
        BackendResponseError: it is something else, or cannot be read.
    """
    from cirq_google.api import v2

    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    message = v2.result_pb2.Result()
    try:
        if not packed.Unpack(message):
            raise BackendResponseError(f"the result is a {packed.type_url!r}, which cannot be read")
        ((result,),) = v2.results_from_proto(message)
    except (DecodeError, ValueError) as exc:
        raise BackendResponseError(f"the result cannot be read: {exc}") from exc
    return {key: bits[:, 0].astype(int).tolist() for key, bits in result.measurements.items()}


def _answered(answer: Any) -> Any:
    """The answer itself; the SDK gives None where it could not read one."""
    if answer is None:
        raise BackendResponseError("the service's answer cannot be read", outcome_unknown=True)
    return answer


def _seconds(deadline: Deadline) -> float | None:
    left = deadline.left()
    return None if left == float("inf") else max(left, 0.001)


def _times(job: Any) -> dict[str, Any]:
    """Seconds in the queue and on the processor, where the service says both ends."""
    timing = job.execution_status.timing
    if "started_time" not in timing:
        return {}
    times: dict[str, Any] = {}
    if "create_time" in job:
        times["queue_time"] = max(0.0, (timing.started_time - job.create_time).total_seconds())
    if "completed_time" in timing:
        times["execution_time"] = (timing.completed_time - timing.started_time).total_seconds()
    return times


def _facts(status: Any) -> dict[str, str]:
    named = {"processor": status.processor_name, "calibration": status.calibration_name}
    return {what: name.rpartition("/")[2] for what, name in named.items() if name}
