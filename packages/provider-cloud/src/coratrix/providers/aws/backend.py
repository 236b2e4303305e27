"""Amazon Braket as a Coratrix backend.

Owns: `BraketBackend` and `BraketOptions`: how the parts of this package are put together.
Knows nothing of: the SDK (client.py, local.py), the text of programs (program.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from coratrix.backend.client import Outcome, Submission, VendorClient
from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.cost import FREE, CostEstimate
from coratrix.backend.errors import CircuitValidationError, ConfigurationError, JobNotFoundError
from coratrix.backend.jobs import JobRecord, JobState, new_job_id
from coratrix.backend.options import RunOptions
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.resilience import Resilience
from coratrix.backend.store import JobStore, MemoryJobStore
from coratrix.backend.validation import ValidationIssue
from coratrix.backend.vendor_job import VendorJob
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError, InvalidNoiseError
from coratrix.core.noise import NoiseModel
from coratrix.providers.aws.devices import region_of_task
from coratrix.providers.aws.dialect import Dialect, dialect_of
from coratrix.providers.aws.limits import operation_problem
from coratrix.providers.aws.noise import with_noise
from coratrix.providers.aws.normalise import RawCounts, outcome
from coratrix.providers.aws.parameters import parse_parameters
from coratrix.providers.aws.program import decoding_of, write_program

LOCAL_PATIENCE = Resilience(first_poll_s=0.002, longest_poll_s=0.1)
_NO_NOISE = "only DM1 and the local simulator braket_dm apply a noise model"
_NO_SEED = "only the local simulators repeat themselves; AWS has no seed"
_NO_LEVEL = "Braket compiles on its side and takes no level"


@dataclass(frozen=True, kw_only=True)
class BraketOptions(RunOptions):
    """Options of one execution on Braket.

    Attributes:
        physical_qubits: the device's own number for each qubit of the circuit; nothing is rewired then.
        reservation_arn: of a Braket Direct reservation.
    """

    physical_qubits: tuple[int, ...] = ()
    reservation_arn: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "physical_qubits", tuple(int(q) for q in self.physical_qubits))
        if len(set(self.physical_qubits)) != len(self.physical_qubits):
            raise ConfigurationError(f"option physical_qubits names a qubit twice: {self.physical_qubits}")


class BraketBackend(JobBackend):
    """A device of Amazon Braket, or a simulator of its SDK.

    The configuration's ``connection_params`` are those of `BraketParameters`, ``device`` first of all.
    """

    options_type: ClassVar[type[RunOptions]] = BraketOptions
    account_parameters = ("profile", "region")

    def __init__(
        self,
        config: BackendConfiguration,
        *,
        client: VendorClient | None = None,
        store: JobStore | None = None,
        clock: Clock = SYSTEM_CLOCK,
        resilience: Resilience | None = None,
    ) -> None:
        self.parameters = parse_parameters(config.connection_params, backend=config.name)
        self.device = self.parameters.target
        if self.device.is_local:  # its jobs end with this process, so no other needs to find them
            store, resilience = store or MemoryJobStore(), resilience or LOCAL_PATIENCE
        super().__init__(config, client=client, store=store, clock=clock, resilience=resilience)

    def _connect(self) -> VendorClient:
        if self.device.is_local:
            from coratrix.providers.aws.local import LocalClient

            return LocalClient(self.device)
        from coratrix.providers.aws.client import BraketClient

        return BraketClient(self.parameters, clock=self.clock, numbers=self.numbers)

    def _sdk_distributions(self) -> tuple[str, ...]:
        return ("coratrix-provider-cloud", "amazon-braket-sdk", "boto3")

    def _refused_options(self) -> Mapping[str, str]:
        refused = {"optimization_level": _NO_LEVEL}
        if self.device.name not in ("DM1", "braket_dm"):
            refused["noise_model"] = _NO_NOISE
        if self.device.is_local:
            refused |= dict.fromkeys(("physical_qubits", "reservation_arn"), "a local simulator has neither")
        else:
            refused["seed"] = _NO_SEED
        return refused

    # circuits --------------------------------------------------------------------------------

    @property
    def _dialect(self) -> Dialect:
        action = self.get_capabilities().extra["openqasm_action"]
        return dialect_of(action, is_dynamic=self.device.is_local)

    def _own_issues(self, circuit: QuantumCircuit) -> Iterable[ValidationIssue]:
        dialect = self._dialect
        for index, instruction in enumerate(circuit.instructions):
            problem = operation_problem(instruction.operation, dialect, is_qpu=self.device.is_qpu)
            if problem:
                yield ValidationIssue(
                    code="unsupported_operation", message=problem, gate_index=index, qubits=instruction.qubits
                )

    def _convert(self, circuits: Sequence[QuantumCircuit], shots: int, options: BraketOptions) -> Submission:
        (circuit,) = circuits
        places = self._places(circuit, options)
        dialect = self._dialect
        try:
            noisy = circuit
            if options.noise_model is not None:
                noisy = with_noise(circuit, NoiseModel.of(options.noise_model))
            program = write_program(
                noisy,
                dialect,
                places=places,
                exact=options.seed is not None,
                silent_noise=self.device.is_local and bool(dialect.noise),
            )
        except (CircuitExportError, InvalidNoiseError) as exc:
            raise self._unfit(str(exc)) from exc
        decoding = decoding_of(program, circuit)
        if options.seed is not None:
            decoding |= {"seed": int(options.seed), "shots": int(shots)}
        return Submission(program=program, decoding=decoding, metadata=self._said(circuit, options))

    def _places(self, circuit: QuantumCircuit, options: BraketOptions) -> tuple[int, ...] | None:
        places = options.physical_qubits
        if places and len(places) != circuit.num_qubits:
            raise self._unfit(f"physical_qubits names {len(places)} qubits, it has {circuit.num_qubits}")
        return places or None

    def _unfit(self, why: str) -> CircuitValidationError:
        return CircuitValidationError(f"{self.name} cannot run this circuit: {why}", backend=self.name)

    def _said(self, circuit: QuantumCircuit, options: BraketOptions) -> dict[str, Any]:
        said: dict[str, Any] = {"device": self.device.name}
        if options.seed is not None:
            said["seed"] = int(options.seed)
        if options.noise_model is not None:
            said["noise_model_applied"] = True
        left_out = {one.name for one in circuit.instructions} & {"barrier", "delay"}
        if self._dialect.has_barrier:
            left_out.discard("barrier")
        if left_out:
            said["not_sent"] = sorted(left_out)
        return said

    def normalise(self, raw: RawCounts, decoding: Mapping[str, Any]) -> list[Outcome]:
        return [outcome(raw, decoding)]

    # cost, calibration, jobs -----------------------------------------------------------------

    def estimate_cost(self, circuits: Sequence[QuantumCircuit], shots: int) -> CostEstimate:
        return FREE if self.device.is_local else super().estimate_cost(circuits, shots)

    def get_calibration(self) -> DeviceCalibration | None:
        if not self.device.is_qpu:
            return None
        client: Any = self.client
        record: DeviceCalibration | None = self._remembered(
            "calibration", lambda own: client.calibration(deadline=own), 3600.0
        )
        return record

    def job(self, job_id: str) -> VendorJob:
        """The job of our id or of a task's ARN; a task that is not in the store is attached."""
        try:
            return super().job(job_id)
        except JobNotFoundError:
            if self.device.is_local or region_of_task(job_id) is None:
                raise
        return self._attach_task(job_id)

    def _attach_task(self, arn: str) -> VendorJob:
        """A task that was not sent through this job store; its bits are the columns of its result."""
        client: Any = self.client
        deadline = Deadline.after(self.numbers.request_timeout_s, self.clock)
        task = self.call(f"attaching {arn}", lambda own: client.task(arn), deadline)
        now = self.clock.time()
        record = JobRecord(
            id=new_job_id(),
            backend=self.name,
            state=JobState.QUEUED,
            config=self.config.to_dict(),
            vendor_job_id=arn,
            created_at=now,
            updated_at=now,
            shots=int(task["shots"]),
            metadata={"attached": True},
        )
        self.store.add(record)
        return self.attach(record)
