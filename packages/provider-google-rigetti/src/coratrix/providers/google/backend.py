"""Google Quantum AI as a Coratrix backend: its service, or a virtual processor in this process.

Owns: `GoogleBackend`, `GoogleOptions`: how the parts of this package are put together.
Knows nothing of: the SDK (client.py, virtual_processor.py), gates (compiling.py).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from coratrix.backend.client import Outcome, Submission, VendorClient
from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.cost import FREE, UNKNOWN_COST, CostEstimate
from coratrix.backend.errors import CircuitValidationError, ConfigurationError, InsufficientMemoryError
from coratrix.backend.options import RunOptions
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.resilience import Resilience
from coratrix.backend.store import JobStore, MemoryJobStore
from coratrix.backend.validation import ValidationIssue, validate
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitError

from .compiling import Compiled, choose_gateset, compile_for, problems
from .normalise import decoding_of, outcome
from .parameters import parse_parameters
from .schedule import TimeSlot
from .sdk import sdk

T = TypeVar("T")

OFFLINE_PATIENCE = Resilience(first_poll_s=0.002, longest_poll_s=0.1)
DEFAULT_LEVEL = 2
_KEPT_CIRCUITS = 128
_NO_NOISE_MODEL = "a virtual processor has its own noise; 'noise': 'none' in connection_params turns it off"
_NO_SEED = "a processor does not repeat itself; only device 'simulator' takes a seed"


@dataclass(frozen=True, kw_only=True)
class GoogleOptions(RunOptions):
    """Options of one execution at Google.

    Attributes:
        priority: 0 to 999, handed to the service as it is, where the project may choose one.
    """

    priority: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.priority is not None and not (type(self.priority) is int and 0 <= self.priority < 1000):
            raise ConfigurationError(f"option priority is {self.priority!r}; it must be 0 to 999")


class GoogleBackend(JobBackend):
    """A processor of Google's service, or with ``device: "simulator"`` a virtual one in this process.

    The configuration's ``connection_params`` are those of `GoogleParameters`. Circuits are decomposed,
    routed and rewritten in the processor's own gates here, and checked against its specification before
    anything is sent.
    """

    options_type: ClassVar[type[RunOptions]] = GoogleOptions
    account_parameters = ("project", "quota_project", "service_account_file")

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
        if self.parameters.is_offline:  # its jobs end with this process, so no other needs to find them
            store, resilience = store or MemoryJobStore(), resilience or OFFLINE_PATIENCE
        super().__init__(config, client=client, store=store, clock=clock, resilience=resilience)
        self._compiling = threading.Lock()
        self._compiled: OrderedDict[tuple[str, int], Compiled] = OrderedDict()

    def _connect(self) -> VendorClient:
        sdk()  # importing it takes seconds, which are no slow answer of a service
        if self.parameters.is_offline:
            from .virtual_processor import VirtualProcessor

            return VirtualProcessor(self.parameters)
        from .client import EngineClient

        return EngineClient(self.parameters, clock=self.clock)

    def _sdk_distributions(self) -> tuple[str, ...]:
        distributions = ("coratrix-provider-google-rigetti", "cirq-google", "cirq-core")
        return (*distributions, "qsimcirq") if self.parameters.is_offline else distributions

    def _refused_options(self) -> Mapping[str, str]:
        if self.parameters.is_offline:
            return {"noise_model": _NO_NOISE_MODEL, "priority": "nothing queues on this machine"}
        return {"noise_model": "a processor has the noise that it has", "seed": _NO_SEED}

    # circuits --------------------------------------------------------------------------------

    def _own_issues(self, circuit: QuantumCircuit) -> Iterable[ValidationIssue]:
        """What stands against the circuit once it is compiled; asked only if nothing did before."""
        if not validate(circuit, self.get_capabilities()):
            return
        try:
            compiled = self._compile(circuit.measured_whole(), DEFAULT_LEVEL)
        except CircuitValidationError as exc:
            yield ValidationIssue(code="not_compiled", message=str(exc))
            return
        yield from problems(compiled.circuit, self._device())
        yield from self._memory_issues(compiled)

    def _memory_issues(self, compiled: Compiled) -> Iterable[ValidationIssue]:
        client: Any = self.client
        try:
            if self.parameters.is_offline:
                client.check_memory(len(compiled.circuit.all_qubits()))
        except InsufficientMemoryError as exc:
            yield ValidationIssue(code="memory", message=exc.message, hint=exc.hint or "")

    def _device(self) -> Any:
        client: Any = self.client
        return self._remembered("the device", lambda own: client.device(own), 3600.0)

    def _compile(self, circuit: QuantumCircuit, level: int) -> Compiled:
        key = (circuit.digest(), level)
        with self._compiling:
            if key not in self._compiled:
                self._compiled[key] = self._compile_anew(circuit, level)
                if len(self._compiled) > _KEPT_CIRCUITS:
                    self._compiled.popitem(last=False)
            return self._compiled[key]

    def _compile_anew(self, circuit: QuantumCircuit, level: int) -> Compiled:
        device = self._device()
        try:
            gateset = choose_gateset(device, self.parameters.gateset)
        except ValueError as exc:
            raise ConfigurationError(f"connection_params of {self.name!r}: {exc}") from exc
        try:
            return compile_for(circuit, device, gateset=gateset, level=level)
        except (CircuitError, ValueError) as exc:
            raise CircuitValidationError(
                f"the circuit cannot be placed on {self.parameters.device!r}: {exc}", backend=self.name
            ) from exc

    def _convert(self, circuits: Sequence[QuantumCircuit], shots: int, options: GoogleOptions) -> Submission:
        (circuit,) = circuits
        level = DEFAULT_LEVEL if options.optimization_level is None else options.optimization_level
        compiled = self._compile(circuit, level)
        client: Any = self.client
        if self.parameters.is_offline:
            from .virtual_processor import VirtualProgram

            program: Any = VirtualProgram(circuit=compiled.circuit, seed=options.seed)
            facts = {**compiled.facts, **client.facts(), "seed": options.seed}
        else:
            from .engine_program import engine_program

            program = engine_program(compiled.circuit, shots, options)
            facts = {**compiled.facts, "processor": self.parameters.device}
        decoding = {**decoding_of(circuit), "shots": int(shots)}
        return Submission(program=program, decoding=decoding, metadata=facts)

    def normalise(self, raw: Mapping[str, Sequence[int]], decoding: Mapping[str, Any]) -> list[Outcome]:
        return [outcome(raw, decoding, shots=decoding["shots"])]

    # cost, calibration, schedule -------------------------------------------------------------

    def estimate_cost(self, circuits: Sequence[QuantumCircuit], shots: int) -> CostEstimate:
        return FREE if self.parameters.is_offline else UNKNOWN_COST

    def get_calibration(self) -> DeviceCalibration | None:
        client: Any = self.client
        record: DeviceCalibration | None = self._remembered(
            "the calibration", lambda own: client.calibration(own), 3600.0
        )
        return record

    def get_schedule(self) -> tuple[TimeSlot, ...]:
        """The processor's time slots from now on: maintenance, reservations, open time.

        Raises:
            ConfigurationError: a virtual processor has no schedule.
        """
        if self.parameters.is_offline:
            raise ConfigurationError(f"{self.name!r} runs on this machine, which has no schedule")
        client: Any = self.client
        deadline = Deadline.after(self.numbers.request_timeout_s, self.clock)
        slots: tuple[TimeSlot, ...] = self.call(
            "asking for the schedule", lambda own: client.schedule(own), deadline
        )
        return slots
