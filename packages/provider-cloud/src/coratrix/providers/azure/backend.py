"""Azure Quantum as a Coratrix backend.

Owns: `AzureBackend` and `AzureOptions`: how the parts of this package are put together.
Knows nothing of: the SDK (client.py), qdk (qir.py, simulator.py), programs' texts (openqasm.py, native.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from coratrix.backend.client import Outcome, Submission, VendorClient
from coratrix.backend.clock import SYSTEM_CLOCK, Clock
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.cost import FREE, CostEstimate
from coratrix.backend.errors import CircuitValidationError, ConfigurationError
from coratrix.backend.options import RunOptions
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.resilience import Resilience
from coratrix.backend.store import JobStore, MemoryJobStore
from coratrix.backend.validation import ValidationIssue
from coratrix.core.circuit import QuantumCircuit
from coratrix.providers.azure.convert import INPUT_FORMATS, QIR, AzureProgram, convert, decoding_of
from coratrix.providers.azure.normalise import outcome
from coratrix.providers.azure.openqasm import problem_of
from coratrix.providers.azure.parameters import parse_parameters

LOCAL_PATIENCE = Resilience(first_poll_s=0.002, longest_poll_s=0.1)
PRIORITIES = ("Standard", "High")
_MAX_SEED = 2**32 - 1
_NO_NOISE = "neither Azure's targets nor qdk take our noise models; see SimulatorBackend"
_NO_SEED = "Azure's targets take no seed; the target 'local' does"
_NO_LEVEL = "qdk and the provider compile, and neither takes a level"
_ONLY_REMOTE = "a local run has none"


@dataclass(frozen=True, kw_only=True)
class AzureOptions(RunOptions):
    """Options of one execution on Azure Quantum.

    Attributes:
        input_format: ``"qir"`` for every target, or ``"native"`` for the provider's own format.
        priority: ``"Standard"`` or ``"High"``, where the workspace has it.
        job_name: what the portal shows; by default our id of the job.
    """

    input_format: str = QIR
    priority: str | None = None
    job_name: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        _one_of("input_format", self.input_format, INPUT_FORMATS)
        _one_of("priority", self.priority, (None, *PRIORITIES))
        if self.seed is not None and not 0 <= int(self.seed) <= _MAX_SEED:
            raise ConfigurationError(f"option seed is {self.seed}; qdk takes 0 to {_MAX_SEED}")


def _one_of(name: str, value: object, allowed: Sequence[object]) -> None:
    if value not in allowed:
        named = ", ".join(repr(word) for word in allowed if word is not None)
        raise ConfigurationError(f"option {name} is {value!r}; it must be one of {named}")


class AzureBackend(JobBackend):
    """A target of an Azure Quantum workspace, or the simulator of Microsoft's qdk.

    The configuration's ``connection_params`` are those of `AzureParameters`, ``target`` first of all.
    """

    options_type: ClassVar[type[RunOptions]] = AzureOptions
    account_parameters = ("subscription_id", "workspace", "resource_id")

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
        if self.parameters.is_local:  # its jobs end with this process, so no other needs to find them
            store, resilience = store or MemoryJobStore(), resilience or LOCAL_PATIENCE
        super().__init__(config, client=client, store=store, clock=clock, resilience=resilience)

    def _connect(self) -> VendorClient:
        if self.parameters.is_local:
            from coratrix.providers.azure.simulator import LocalClient

            return LocalClient()
        from coratrix.providers.azure.client import AzureClient

        return AzureClient(self.parameters)

    def _sdk_distributions(self) -> tuple[str, ...]:
        return ("coratrix-provider-cloud", "azure-quantum", "qdk")

    def _refused_options(self) -> Mapping[str, str]:
        refused = {"optimization_level": _NO_LEVEL, "noise_model": _NO_NOISE}
        if self.parameters.is_local:
            return refused | dict.fromkeys(("priority", "job_name"), _ONLY_REMOTE)
        return refused | {"seed": _NO_SEED}

    # circuits --------------------------------------------------------------------------------

    def _own_issues(self, circuit: QuantumCircuit) -> Iterable[ValidationIssue]:
        for index, instruction in enumerate(circuit.instructions):
            problem = problem_of(instruction.operation)
            if problem:
                yield ValidationIssue(
                    code="unsupported_operation", message=problem, gate_index=index, qubits=instruction.qubits
                )

    def _convert(self, circuits: Sequence[QuantumCircuit], shots: int, options: AzureOptions) -> Submission:
        (circuit,) = circuits
        can = self.get_capabilities()
        if options.input_format not in can.extra["input_formats"]:
            raise CircuitValidationError(
                f"{self.name}: {self.parameters.target} has no format of its own", backend=self.name
            )
        program = convert(
            circuit,
            provider=self.parameters.provider_id,
            profile=can.extra["target_profile"],
            input_format=options.input_format,
        )
        self._check_size(program, can.max_qubits)
        return Submission(
            program=program,
            decoding=decoding_of(program, circuit, shots),
            metadata=_said(program, options, can.extra),
        )

    def _check_size(self, program: AzureProgram, most: int | None) -> None:
        """Qubits that defer measurements, or that split gates with many controls, count too."""
        if most is not None and program.num_qubits > most:
            raise CircuitValidationError(
                f"{self.name}: compiled, the circuit needs {program.num_qubits} qubits, {most} are there",
                backend=self.name,
                hint="Measure at the end only, and use gates with fewer controls",
            )

    def normalise(self, raw: Mapping[str, Any], decoding: Mapping[str, Any]) -> list[Outcome]:
        return [outcome(raw, decoding)]

    def estimate_cost(self, circuits: Sequence[QuantumCircuit], shots: int) -> CostEstimate:
        return FREE if self.parameters.is_local else super().estimate_cost(circuits, shots)


def _said(program: AzureProgram, options: AzureOptions, extra: Mapping[str, Any]) -> dict[str, Any]:
    said: dict[str, Any] = {"target": extra["target"], "input_format": program.input_format}
    if program.input_format == "qir.v1":
        said["target_profile"] = extra["target_profile"]
    if options.seed is not None:
        said["seed"] = int(options.seed)
    if program.left_out:
        said["not_sent"] = list(program.left_out)
    return said
