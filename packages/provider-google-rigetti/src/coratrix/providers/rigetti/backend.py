"""Rigetti for Coratrix: the QVM, and quantum processors through QCS.

Owns: `RigettiBackend`, the wiring of this package's parts. Knows nothing of: protocols.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from coratrix.backend.client import Outcome, Submission, VendorClient
from coratrix.backend.clock import Deadline
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import ConfigurationError
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.resilience import Resilience
from coratrix.backend.status import QueueInfo
from coratrix.backend.validation import ValidationIssue
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.noise import NoiseModel
from coratrix.core.operations import Delay

from . import parameters as params
from .door import require_pyquil
from .instruction_set import calibration
from .normalise import counts_of_columns, outcome
from .qpu_client import QpuClient
from .quil import run_text
from .qvm_client import QvmClient, QvmProgram
from .settings import load

QVM_NUMBERS: Final = Resilience(first_poll_s=0.005, longest_poll_s=0.25)
"""A run in this house is looked after more often than a job in a queue."""


class RigettiBackend(JobBackend):
    """The QVM (``device: "qvm"``) or a quantum processor of Rigetti's.

    >>> BackendConfiguration("rigetti", "hardware", {"provider": "rigetti", "device": "qvm"})
    """

    account_parameters = ("profile",)

    def __init__(self, config: BackendConfiguration, **parts: Any) -> None:
        self.parameters = params.parse(config.name, config.connection_params)
        if self.parameters.is_qvm and parts.get("resilience") is None:
            parts["resilience"] = QVM_NUMBERS
        super().__init__(config, **parts)

    def _connect(self) -> VendorClient:
        require_pyquil()
        addresses, configuration = load(self.parameters)
        if self.parameters.is_qvm:
            return QvmClient(self.parameters, addresses)
        return QpuClient(self.parameters, addresses, configuration)

    def _sdk_distributions(self) -> tuple[str, ...]:
        return ("coratrix-provider-google-rigetti", "pyquil", "qcs-sdk-python")

    def _refused_options(self) -> Mapping[str, str]:
        refused = {"optimization_level": "quilc has one level"}
        if not self.parameters.is_qvm:
            refused["seed"] = "a processor's outcomes cannot be repeated"
            refused["noise_model"] = "a processor has its own noise"
        return refused

    def _own_issues(self, circuit: QuantumCircuit) -> Iterator[ValidationIssue]:
        if self.parameters.is_qvm:
            return
        for index, instruction in enumerate(circuit.instructions):
            if isinstance(instruction.operation, Delay):
                yield ValidationIssue(
                    code="unsupported_operation",
                    message="delay is not carried by quilc",
                    hint="leave it out",
                    gate_index=index,
                    qubits=instruction.qubits,
                )

    def get_queue_info(self) -> QueueInfo:
        """As last heard; asking costs no request, so nothing older is kept."""
        self._kept.pop("queue", None)
        return super().get_queue_info()

    # programs ----------------------------------------------------------------------------------

    def _convert(self, circuits: Sequence[QuantumCircuit], shots: int, options: Any) -> Submission:
        (circuit,) = circuits
        decoding = {
            "num_bits": circuit.num_clbits,
            "layout": [[register.name, register.size] for register in circuit.registers],
            "shots": int(shots),
        }
        if self.parameters.is_qvm:
            return self._for_qvm(circuit, decoding, options)
        return self._for_processor(circuit, decoding, int(shots), options)

    def _for_qvm(self, circuit: QuantumCircuit, decoding: dict[str, Any], options: Any) -> Submission:
        client = self._as(QvmClient)
        engine = self.call("finding a QVM", client.engine, self._deadline(options))
        quil = self._noisy_text(circuit, options.noise_model)
        metadata = {**engine.as_metadata(), "noise": self._noise_in_words(options.noise_model)}
        program = QvmProgram(quil=quil, engine=engine, num_bits=circuit.num_clbits)
        return Submission(program=program, decoding=decoding, metadata=metadata)

    def _for_processor(
        self, circuit: QuantumCircuit, decoding: dict[str, Any], shots: int, options: Any
    ) -> Submission:
        """Compiled and translated before anything is recorded: this queues nothing and may be repeated."""
        client = self._as(QpuClient)
        compiled = self.call(
            "compiling",
            lambda own: client.compile(run_text(circuit), shots, own),
            self._deadline(options),
            bound_s=self.numbers.submit_timeout_s,
        )
        return Submission(
            program=compiled,
            decoding={**decoding, "ro_sources": dict(compiled.ro_sources)},
            metadata={"engine": "qpu", "device": self.parameters.device, **compiled.metadata},
        )

    def _as(self, kind: type[Any]) -> Any:
        """The client, which has more to it than `VendorClient`; a stand-in of a test may be any."""
        client = self.client
        if not hasattr(client, "engine" if kind is QvmClient else "compile"):
            raise ConfigurationError(f"{self.name}: {type(client).__name__} is no {kind.__name__}")
        return client

    def _deadline(self, options: Any) -> Deadline:
        return Deadline.after(options.timeout, self.clock)

    def _noisy_text(self, circuit: QuantumCircuit, noise_model: Any) -> str:
        if noise_model is None:
            return run_text(circuit)
        model = NoiseModel.of(noise_model)
        if self.parameters.gate_noise or self.parameters.measurement_noise:
            raise ConfigurationError(
                f"{self.name}: a QVM applies gate_noise and measurement_noise, or a noise model, not both"
            )
        if model.correlated_readout(circuit):
            raise ConfigurationError(f"{self.name}: a QVM has no read-out errors that several qubits share")
        return run_text(model.applied_to(circuit), model.readout)

    def _noise_in_words(self, noise_model: Any) -> Any:
        given = {
            "gate_noise": self.parameters.gate_noise,
            "measurement_noise": self.parameters.measurement_noise,
        }
        said = {name: list(weights) for name, weights in given.items() if weights is not None}
        return "noise model" if noise_model is not None else said or None

    # results -----------------------------------------------------------------------------------

    def normalise(self, raw: Any, decoding: Mapping[str, Any]) -> list[Outcome]:
        if "counts" in raw:
            return [outcome(raw["counts"], decoding, {})]
        counts = counts_of_columns(raw["columns"], decoding, int(decoding["shots"]))
        return [outcome(counts, decoding, {})]

    def get_calibration(self) -> DeviceCalibration | None:
        """The processor's fidelities of today; None for the QVM."""
        if self.parameters.is_qvm:
            return None
        deadline = Deadline.after(self.numbers.request_timeout_s, self.clock)
        device = self.call("asking for the calibration", self._as(QpuClient).device, deadline)
        return replace(calibration(device), name=self.parameters.device)
