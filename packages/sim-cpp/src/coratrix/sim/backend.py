"""The simulator as a backend.

Owns: `SimulatorBackend`: from a circuit to counts, states and expectation values.
Knows nothing of: how the engine works. No numerics here.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import BackendError, ConfigurationError, InsufficientMemoryError
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface, failed_result, shots_of_each
from coratrix.backend.options import RunOptions, parse_options
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.validation import ValidationIssue
from coratrix.core import GATES, ExecutionResult, PauliSum, QuantumCircuit
from coratrix.core.errors import CircuitError, InvalidNoiseError
from coratrix.core.interop import adopt
from coratrix.core.noise import NoiseModel
from coratrix.core.operations import ChannelOp, IfElse, Instruction, Reset, WhileLoop
from coratrix.sim import _engine, memory, variational
from coratrix.sim.joint_readout import misread
from coratrix.sim.parameters import SimulatorParameters
from coratrix.sim.program import encode

MAX_SHOTS: Final = 100_000_000
_AUTO_DENSITY_QUBITS: Final = 10
"""Up to this width ``auto`` follows the density matrix of a noisy circuit."""


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One circuit, ready for the engine."""

    circuit: QuantumCircuit
    model: NoiseModel
    density: bool
    shots: int = 0
    seed: int = 0
    level: int | None = None
    """The option ``optimization_level``: 0 applies every gate by itself, as written."""


class SimulatorBackend(BackendInterface):
    """Runs circuits on this machine; ``connection_params`` are those of `SimulatorParameters`."""

    def __init__(self, config: BackendConfiguration) -> None:
        super().__init__(config)
        self.parameters = SimulatorParameters.parse(config.connection_params, backend=config.name)
        density = self.parameters.simulator_type == "density_matrix"
        single = self.parameters.precision == "single"
        fit = memory.qubits_that_fit(_engine.available_bytes(), density=density, single=single)
        self._max_qubits = self.parameters.max_qubits or fit

    # running -------------------------------------------------------------------------------

    def execute(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> ExecutionResult:
        """Counts of ``shots`` repetitions; a circuit with no measurement is measured whole.

        Raises:
            CircuitValidationError: the circuit cannot run here; every reason is named.
            InsufficientMemoryError: its state does not fit; the bytes are named.
            UnknownOptionError: an option that the simulator does not have.
        """
        started = time.perf_counter()
        run = self._prepare(circuit, shots, options)
        try:
            counts = _engine.run(
                self._program(run), run.shots, run.seed, self._settings(run.density, run.level)
            )
        except _engine.OutOfMemory as exc:
            raise self._out_of_memory(run, exc) from exc
        return self._result(run, counts, time.perf_counter() - started)

    def execute_batch(
        self, circuits: Iterable[Any], shots: int | Sequence[int] = DEFAULT_SHOTS, **options: Any
    ) -> list[ExecutionResult]:
        """Many circuits in one call of the engine, in parallel; one failure never loses the others."""
        listed = list(circuits)
        started = time.perf_counter()
        prepared: list[_Run | BackendError] = []
        for place, (circuit, count) in enumerate(zip(listed, shots_of_each(shots, len(listed)), strict=True)):
            prepared.append(self._prepare_item(circuit, count, options, place))
        small = [run for run in prepared if isinstance(run, _Run) and _is_small(run)]
        together = self._run_together(small)
        share = (time.perf_counter() - started) / max(len(small), 1)
        return [self._batch_result(item, together, share) for item in prepared]

    def _prepare_item(
        self, circuit: Any, shots: int, options: dict[str, Any], place: int
    ) -> _Run | BackendError:
        try:
            return self._prepare(circuit, shots, options, place)
        except BackendError as exc:
            return exc

    def _run_together(self, runs: list[_Run]) -> dict[int, dict[str, int]]:
        """Counts by the identity of the run; one engine call per method of simulation."""
        counts: dict[int, dict[str, int]] = {}
        for density in (False, True):
            chosen = [run for run in runs if run.density is density]
            if not chosen:
                continue
            programs = [self._program(run) for run in chosen]
            shots, seeds = [run.shots for run in chosen], [run.seed for run in chosen]
            found = _engine.run_batch(programs, shots, seeds, self._settings(density, chosen[0].level))
            counts |= {id(run): result for run, result in zip(chosen, found, strict=True)}
        return counts

    def _batch_result(
        self, item: _Run | BackendError, together: dict[int, dict[str, int]], share: float
    ) -> ExecutionResult:
        if isinstance(item, BackendError):
            return failed_result(item, self.name)
        if id(item) in together:
            return self._result(item, together[id(item)], share)
        return self._execute_item(
            item.circuit,
            item.shots,
            {"seed": item.seed, "noise_model": item.model, "optimization_level": item.level},
        )

    def _prepare(self, circuit: Any, shots: int, options: dict[str, Any], place: int = 0) -> _Run:
        chosen = parse_options(RunOptions, options, backend=self.name)
        try:
            ours = adopt(circuit)
        except CircuitError:
            ours = circuit  # validate() says what it is instead
        model = self._noise_of(chosen.noise_model)
        self._refuse_gpu()
        if isinstance(ours, QuantumCircuit):
            self._refuse_too_large(ours, model)
        self.validate(ours, shots).raise_for_issues(self.name)
        self._refuse_unsupported_noise(model)
        whole = ours.measured_whole()
        return _Run(
            circuit=whole,
            model=model,
            density=self._uses_density(whole, model),
            shots=int(shots),
            seed=self._seed_of(chosen.seed, place),
            level=chosen.optimization_level,
        )

    def _result(self, run: _Run, counts: dict[str, int], seconds: float) -> ExecutionResult:
        joint = [] if run.model.is_silent else run.model.correlated_readout(run.circuit)
        if joint:
            counts = misread(counts, joint, run.seed)
        self._metrics.success(seconds, shots=run.shots)
        return ExecutionResult(
            success=True,
            counts=counts,
            execution_time=seconds,
            backend=self.name,
            shots=run.shots,
            metadata={
                "seed": run.seed,
                "method": "density_matrix" if run.density else "statevector",
                "precision": self.parameters.precision,
            },
            layout=tuple((register.name, register.size) for register in run.circuit.registers),
        )

    # exact answers ---------------------------------------------------------------------------

    def statevector(self, circuit: Any) -> npt.NDArray[Any]:
        """The ``(2**n,)`` amplitudes after a circuit of gates; qubit 0 is the most significant bit.

        Raises:
            CircuitValidationError: it measures, resets or branches and so has no single state.
        """
        ours = _circuit(circuit)
        model = NoiseModel() if self.parameters.noise_model is None else self.parameters.noise_model
        if not model.is_silent:
            raise ConfigurationError("a noisy circuit has no statevector", hint="Ask for density_matrix()")
        return self._state(_Run(circuit=ours, model=model, density=False))

    def density_matrix(self, circuit: Any, *, noise_model: Any = None) -> npt.NDArray[Any]:
        """The ``(2**n, 2**n)`` state after gates, channels and resets, noise included exactly."""
        return self._state(_Run(circuit=_circuit(circuit), model=self._noise_of(noise_model), density=True))

    def probabilities(self, circuit: Any, *, noise_model: Any = None) -> npt.NDArray[np.float64]:
        """The exact ``(2**n,)`` probabilities of the basis states after the circuit; readout errors apart."""
        ours, model = _circuit(circuit), self._noise_of(noise_model)
        if self._needs_density(ours, model):
            diagonal = self._state(_Run(circuit=ours, model=model, density=True)).diagonal()
            return np.asarray(diagonal.real, dtype=np.float64)
        amplitudes = self._state(_Run(circuit=ours, model=model, density=False))
        return np.asarray(amplitudes.real**2 + amplitudes.imag**2, dtype=np.float64)

    def expectation(self, circuit: Any, observable: PauliSum, *, noise_model: Any = None) -> float:
        """The exact expectation value of a Pauli sum after the circuit, noise included."""
        ours, model = _circuit(circuit), self._noise_of(noise_model)
        density = self._needs_density(ours, model)
        run = _Run(circuit=ours, model=model, density=density)
        self._check_width(ours, density)
        x, z, coefficients = observable.padded(ours.num_qubits).masks()
        value = _engine.expectation(self._program(run), x, z, coefficients, self._settings(density))
        return float(value.real)

    def gradient(
        self, circuit: Any, observable: PauliSum, values: Mapping[Any, float] | None = None
    ) -> tuple[float, dict[str, float]]:
        """The expectation value and its derivative by each of the circuit's parameters, by name.

        The adjoint method: the cost is that of some runs, however many parameters there are, and the memory
        that of two states. ``values`` gives the parameters' numbers.
        """
        settings = self._settings(False)
        return variational.gradient(
            _circuit(circuit), observable, values or {}, settings, single=self._single
        )

    def sweep(
        self, circuit: Any, observable: PauliSum, values: Iterable[Mapping[Any, float]]
    ) -> npt.NDArray[np.float64]:
        """Expectation values for many sets of parameters: one call, in parallel over the sets."""
        settings = self._settings(False)
        return variational.sweep(_circuit(circuit), observable, values, settings, single=self._single)

    def sample(
        self, circuit: Any, shots: int = DEFAULT_SHOTS, *, seed: int | None = None
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Readings and how often each was seen, as arrays: no text is made, which matters for millions.

        Bit i of a row (64 bits to a word) is classical bit i.
        """
        run = self._prepare(circuit, shots, {"seed": seed})
        return _engine.run_arrays(self._program(run), run.shots, run.seed, self._settings(run.density))

    def explain(self, circuit: Any) -> str:
        """The plan for a circuit: stages, passes, bytes and operations, in words."""
        ours = _circuit(circuit)
        run = _Run(
            circuit=ours, model=self._noise_of(None), density=self._uses_density(ours, self._noise_of(None))
        )
        return _engine.explain(self._program(run), self._settings(run.density))

    def _state(self, run: _Run) -> npt.NDArray[Any]:
        self._check_width(run.circuit, run.density)
        try:
            return _engine.state(self._program(run), self._settings(run.density))
        except _engine.OutOfMemory as exc:
            raise self._out_of_memory(run, exc) from exc
        except ValueError as exc:
            raise CircuitError(str(exc)) from exc

    # facts -----------------------------------------------------------------------------------

    def _get_capabilities(self) -> BackendCapabilities:
        return BackendCapabilities(
            max_qubits=self._max_qubits,
            max_shots=MAX_SHOTS,
            supports_noise=self.parameters.supports_noise,
            available_gates=tuple(sorted([*GATES, "unitary", "controlled"])),
            max_circuits_per_job=None,
            supports_mid_circuit_measurement=True,
            supports_reset=True,
            supports_conditionals=True,
            supports_loops=True,
            supports_seed=True,
            supports_statevector=True,
            supports_cancel=False,
            is_local=True,
        )

    def _own_issues(self, circuit: QuantumCircuit) -> Iterable[ValidationIssue]:
        if self.parameters.use_gpu:
            return (ValidationIssue(code="no_gpu", message="this build has no GPU", hint="remove use_gpu"),)
        if circuit.num_qubits <= self._max_qubits:
            return ()
        density = self.parameters.simulator_type == "density_matrix"
        refused = memory.refusal(circuit.num_qubits, density=density, single=self._single)
        return () if refused is None else (ValidationIssue(code="memory", message=refused.message),)

    def get_status_report(self) -> StatusReport:
        """Online, being this process; offline where a GPU is asked for that is not there."""
        try:
            self._refuse_gpu()
        except ConfigurationError as exc:
            return StatusReport(status=BackendStatus.OFFLINE, message=str(exc))
        return StatusReport(status=BackendStatus.ONLINE)

    def get_queue_info(self) -> QueueInfo:
        """Nothing waits: a run starts when it is asked for."""
        return QueueInfo(length=0, source="this process")

    # choices -----------------------------------------------------------------------------------

    @property
    def _single(self) -> bool:
        return self.parameters.precision == "single"

    def _settings(self, density: bool, level: int | None = None) -> _engine.Settings:
        p = self.parameters
        return _engine.Settings(self._single, density, p.num_threads, p.instruction_set, merge=level != 0)

    def _program(self, run: _Run) -> _engine.Program:
        if run.model.is_silent:
            return encode(run.circuit)
        noisy = run.model.applied_to(run.circuit)
        matrices = {qubit: run.model.readout(qubit) for qubit in range(run.circuit.num_qubits)}
        return encode(noisy, {qubit: m for qubit, m in matrices.items() if m is not None})

    def _noise_of(self, given: Any) -> NoiseModel:
        """The model of this run, else the backend's, else none."""
        try:
            model = NoiseModel.of(given)
        except InvalidNoiseError as exc:
            raise ConfigurationError(f"noise_model: {exc}", backend=self.name) from exc
        return (self.parameters.noise_model or model) if given is None else model

    def _refuse_gpu(self) -> None:
        """A configuration that asks for a GPU can be made anywhere; a run on a GPU that is not there cannot."""
        if self.parameters.use_gpu:
            raise ConfigurationError(
                "use_gpu is true, but this build of coratrix-sim-cpp has no GPU kernels",
                hint="Remove use_gpu to run on the CPU",
                backend=self.name,
            )

    def _refuse_unsupported_noise(self, model: NoiseModel) -> None:
        if not self.parameters.supports_noise and not model.is_silent:
            raise ConfigurationError(
                f"{self.name} was configured with supports_noise false and cannot apply a noise model",
                hint="Set supports_noise to true or leave the noise model out",
            )

    def _uses_density(self, circuit: QuantumCircuit, model: NoiseModel) -> bool:
        kind = self.parameters.simulator_type
        if kind != "auto":
            return kind == "density_matrix"
        return circuit.num_qubits <= _AUTO_DENSITY_QUBITS and not model.is_silent

    def _needs_density(self, circuit: QuantumCircuit, model: NoiseModel) -> bool:
        """Whether an exact answer needs the density matrix."""
        chosen = self.parameters.simulator_type == "density_matrix"
        return chosen or not model.is_silent or _is_open(circuit.instructions)

    def _seed_of(self, given: int | None, place: int) -> int:
        """Every circuit of a batch has its own seed; a given one makes the batch repeat itself."""
        seed = given if given is not None else self.parameters.seed
        if seed is None:
            return secrets.randbits(63)
        return (int(seed) + 0x9E3779B97F4A7C15 * place) % 2**64

    def _refuse_too_large(self, circuit: QuantumCircuit, model: NoiseModel) -> None:
        if self.parameters.max_qubits is None or circuit.num_qubits <= self.parameters.max_qubits:
            self._check_width(circuit, self._uses_density(circuit, model))

    def _check_width(self, circuit: QuantumCircuit, density: bool) -> None:
        refused = memory.refusal(circuit.num_qubits, density=density, single=self._single)
        if refused is not None:
            raise refused

    def _out_of_memory(self, run: _Run, exc: Exception) -> InsufficientMemoryError:
        refused = memory.refusal(run.circuit.num_qubits, density=run.density, single=self._single)
        needed, available = exc.args
        return refused or InsufficientMemoryError(
            f"the run needs {needed} more bytes, {available} are available", backend=self.name
        )


def _circuit(circuit: Any) -> QuantumCircuit:
    return circuit if isinstance(circuit, QuantumCircuit) else adopt(circuit)


def _is_small(run: _Run) -> bool:
    """Small enough to share the machine's threads with other circuits of a batch."""
    return (2 * run.circuit.num_qubits if run.density else run.circuit.num_qubits) <= 18


def _is_open(instructions: Iterable[Instruction]) -> bool:
    """Whether the circuit has channels or resets, after which no pure state describes it."""
    return any(isinstance(i.operation, ChannelOp | Reset | IfElse | WhileLoop) for i in instructions)
