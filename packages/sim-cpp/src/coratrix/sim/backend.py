"""The simulator as a backend.

Owns: `SimulatorBackend`: from a circuit to counts, states and expectation values.
Knows nothing of: how the engine works. No numerics here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import (
    BackendError,
    ConfigurationError,
    InsufficientMemoryError,
)
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface, failed_result, shots_of_each
from coratrix.backend.options import RunOptions, parse_options
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.validation import ValidationIssue
from coratrix.core import GATES, ExecutionResult, PauliSum, QuantumCircuit
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.errors import CircuitError, InvalidNoiseError
from coratrix.core.interop import adopt
from coratrix.core.noise import NoiseModel
from coratrix.sim import _engine, memory, stabilizer, variational
from coratrix.sim.joint_readout import misread
from coratrix.sim.parameters import SimulatorParameters
from coratrix.sim.runs import Run, is_open, make_run, seed_of
from coratrix.sim.twin import Twin

MAX_SHOTS: Final = 10_000_000
_EVERY_GATE: Final = tuple(sorted([*GATES, "unitary", "controlled"]))


class SimulatorBackend(BackendInterface):
    """Runs circuits on this machine; ``connection_params`` are those of `SimulatorParameters`."""

    def __init__(self, config: BackendConfiguration) -> None:
        super().__init__(config)
        self.parameters = SimulatorParameters.parse(config.connection_params, backend=config.name)
        record = self.parameters.calibration
        self._twin = None if record is None else Twin(record)
        self._max_qubits = self.parameters.max_qubits or self._widest()

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
        return self._result(run, self._counts(run), time.perf_counter() - started)

    def _counts(self, run: Run) -> dict[str, int]:
        try:
            return _engine.run(run.program(), run.shots, run.seed, self._settings_of(run))
        except _engine.OutOfMemory as exc:
            raise self._out_of_memory(run, exc) from exc

    def execute_batch(
        self, circuits: Iterable[Any], shots: int | Sequence[int] = DEFAULT_SHOTS, **options: Any
    ) -> list[ExecutionResult]:
        """Many circuits in one call of the engine, in parallel; one failure never loses the others."""
        listed = list(circuits)
        started = time.perf_counter()
        prepared: list[Run | BackendError] = []
        for place, (circuit, count) in enumerate(zip(listed, shots_of_each(shots, len(listed)), strict=True)):
            prepared.append(self._prepare_item(circuit, count, options, place))
        small = [run for run in prepared if isinstance(run, Run) and run.is_small]
        together = self._run_together(small)
        share = (time.perf_counter() - started) / max(len(small), 1)
        return [self._batch_result(item, together, share) for item in prepared]

    def _prepare_item(
        self, circuit: Any, shots: int, options: dict[str, Any], place: int
    ) -> Run | BackendError:
        try:
            return self._prepare(circuit, shots, options, place)
        except BackendError as exc:
            return exc

    def _run_together(self, runs: list[Run]) -> dict[int, dict[str, int]]:
        """Counts by the identity of the run; one engine call per method of simulation."""
        counts: dict[int, dict[str, int]] = {}
        for method in sorted({run.method.name for run in runs}):
            chosen = [run for run in runs if run.method.name == method]
            programs = [run.program() for run in chosen]
            shots, seeds = [run.shots for run in chosen], [run.seed for run in chosen]
            found = _engine.run_batch(programs, shots, seeds, self._settings_of(chosen[0]))
            counts |= {id(run): result for run, result in zip(chosen, found, strict=True)}
        return counts

    def _batch_result(
        self, item: Run | BackendError, together: dict[int, dict[str, int]], share: float
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

    def _prepare(self, circuit: Any, shots: int, options: dict[str, Any], place: int = 0) -> Run:
        chosen = parse_options(RunOptions, options, backend=self.name)
        try:
            ours = adopt(circuit)
        except CircuitError:
            ours = circuit  # validate() says what it is instead
        model = self._noise_of(chosen.noise_model)
        self._refuse_gpu()
        self._refuse_unsupported_noise(model)
        early = self._twin is not None or not self._is_within_limits(ours)
        if early:
            self.validate(ours, shots).raise_for_issues(self.name)
        run = make_run(
            ours.measured_whole(),
            model,
            self.parameters.simulator_type,
            twin=self._twin,
            shots=shots,
            seed=seed_of(chosen.seed, self.parameters.seed, place),
            level=chosen.optimization_level,
            narrow=self._twin is not None,
        )
        self._refuse_too_large(run)
        self._refuse_obstacle(run)
        if not early:
            self.validate(ours, shots).raise_for_issues(self.name)
        return run.recognised()

    def _is_within_limits(self, circuit: Any) -> bool:
        """Whether a refusal for want of memory, which names the bytes, comes before one for the width."""
        if self.parameters.simulator_type in ("auto", "stabilizer"):
            return False  # the method, and so the memory, is only known when the gates are known to be right
        limit = self.parameters.max_qubits
        return isinstance(circuit, QuantumCircuit) and (limit is None or circuit.num_qubits <= limit)

    def _result(self, run: Run, counts: dict[str, int], seconds: float) -> ExecutionResult:
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
                "method": run.method.name,
                "method_reason": run.method.reason,
                "standard_error": run.largest_standard_error(counts),
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
        model = self._noise_of(None)
        if not model.is_silent:
            raise ConfigurationError("a noisy circuit has no statevector", hint="Ask for density_matrix()")
        return self._state(self._exact(circuit, model, density=False))

    def density_matrix(self, circuit: Any, *, noise_model: Any = None) -> npt.NDArray[Any]:
        """The ``(2**n, 2**n)`` state after gates, channels and resets, noise included exactly."""
        return self._state(self._exact(circuit, self._noise_of(noise_model), density=True))

    def probabilities(self, circuit: Any, *, noise_model: Any = None) -> npt.NDArray[np.float64]:
        """The exact ``(2**n,)`` probabilities of the basis states after the circuit; readout errors apart."""
        run = self._exact(circuit, self._noise_of(noise_model))
        self._check_width(run.noisy, run.method.is_density)
        with self._engine_errors(run):
            return _engine.probabilities(run.program(), self._settings(run.method.is_density))

    def expectation(self, circuit: Any, observable: PauliSum, *, noise_model: Any = None) -> float:
        """The exact expectation value of a Pauli sum after the circuit, noise included."""
        run = self._exact(circuit, self._noise_of(noise_model))
        self._check_width(run.noisy, run.method.is_density)
        x, z, coefficients = observable.padded(run.noisy.num_qubits).masks()
        with self._engine_errors(run):
            settings = self._settings(run.method.is_density)
            return float(_engine.expectation(run.program(), x, z, coefficients, settings).real)

    def gradient(
        self, circuit: Any, observable: PauliSum, values: Mapping[Any, float] | None = None
    ) -> tuple[float, dict[str, float]]:
        """The expectation value and its derivative by each of the circuit's parameters, by name.

        The adjoint method: the cost is that of some runs, however many parameters there are, and the memory
        that of two states. ``values`` gives the parameters' numbers.
        """
        settings = self._settings(False)
        return variational.gradient(adopt(circuit), observable, values or {}, settings, single=self._single)

    def sweep(
        self, circuit: Any, observable: PauliSum, values: Iterable[Mapping[Any, float]]
    ) -> npt.NDArray[np.float64]:
        """Expectation values for many sets of parameters: one call, in parallel over the sets."""
        settings = self._settings(False)
        return variational.sweep(adopt(circuit), observable, values, settings, single=self._single)

    def sample(
        self, circuit: Any, shots: int = DEFAULT_SHOTS, *, seed: int | None = None
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Readings and how often each was seen, as arrays: no text is made, which matters for millions.

        Bit i of a row (64 bits to a word) is classical bit i.
        """
        run = self._prepare(circuit, shots, {"seed": seed})
        return _engine.run_arrays(run.program(), run.shots, run.seed, self._settings_of(run))

    def explain(self, circuit: Any) -> str:
        """The plan for a circuit: stages, passes, bytes and operations, in words."""
        kind = self.parameters.simulator_type
        run = make_run(adopt(circuit), self._noise_of(None), kind, twin=self._twin)
        self._refuse_obstacle(run)
        return _engine.explain(run.program(), self._settings_of(run))

    def _exact(self, circuit: Any, model: NoiseModel, *, density: bool | None = None) -> Run:
        """A run whose answer is exact: on the density matrix where no pure state describes the circuit."""
        ours = adopt(circuit)
        if self._twin is not None:
            self.validate(ours).raise_for_issues(self.name)
        if density is None:
            chosen = self.parameters.simulator_type == "density_matrix"
            density = chosen or not model.is_silent or is_open(ours.instructions)
        return make_run(ours, model, "density_matrix" if density else "statevector", twin=self._twin)

    def _state(self, run: Run) -> npt.NDArray[Any]:
        self._check_width(run.noisy, run.method.is_density)
        with self._engine_errors(run):
            return _engine.state(run.program(), self._settings(run.method.is_density))

    @contextmanager
    def _engine_errors(self, run: Run) -> Iterator[None]:
        try:
            yield
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
            available_gates=_EVERY_GATE if self._twin is None else self._twin.available_gates,
            native_gates=None if self._record is None else self._record.native_gates,
            coupling_map=None if self._record is None else self._record.coupling_map or None,
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
        if self._twin is not None:
            return self._twin.issues(circuit)
        if circuit.num_qubits <= self._max_qubits:
            return ()
        density = self.parameters.simulator_type == "density_matrix"
        refused = memory.refusal(circuit.num_qubits, density=density, single=self._single)
        return () if refused is None else (ValidationIssue(code="memory", message=refused.message),)

    def get_calibration(self) -> DeviceCalibration | None:
        """The record that makes this simulator a twin; None where it is none."""
        return self._record

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
    def _record(self) -> DeviceCalibration | None:
        return self.parameters.calibration

    def _widest(self) -> int:
        """The widest circuit that could run, its gates permitting."""
        if self._record is not None:
            return self._record.num_qubits
        kind = self.parameters.simulator_type
        if kind in ("auto", "stabilizer"):
            return stabilizer.MAX_QUBITS
        density = kind == "density_matrix"
        return memory.qubits_that_fit(_engine.available_bytes(), density=density, single=self._single)

    @property
    def _single(self) -> bool:
        return self.parameters.precision == "single"

    def _settings(self, density: bool, **kind: bool) -> _engine.Settings:
        p = self.parameters
        return _engine.Settings(self._single, density, p.num_threads, p.instruction_set, **kind)

    def _settings_of(self, run: Run) -> _engine.Settings:
        by_stabilizers = run.method.name == "stabilizer"
        return self._settings(run.method.is_density, merge=run.level != 0, stabilizer=by_stabilizers)

    def _noise_of(self, given: Any) -> NoiseModel:
        """The model of this run, else the backend's, else none."""
        try:
            model = NoiseModel.of(given)
        except InvalidNoiseError as exc:
            raise ConfigurationError(f"noise_model: {exc}", backend=self.name) from exc
        if given is not None:
            return model
        device = NoiseModel() if self._twin is None else self._twin.noise_model
        return self.parameters.noise_model or device

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

    def _refuse_too_large(self, run: Run) -> None:
        if run.method.name != "stabilizer":
            self._check_width(run.noisy, run.method.is_density)

    def _refuse_obstacle(self, run: Run) -> None:
        if self.parameters.simulator_type == "stabilizer":
            stabilizer.require(run.noisy, run.program(), backend=self.name)

    def _check_width(self, circuit: QuantumCircuit, density: bool) -> None:
        refused = memory.refusal(circuit.num_qubits, density=density, single=self._single)
        if refused is not None:
            raise refused

    def _out_of_memory(self, run: Run, exc: Exception) -> InsufficientMemoryError:
        n, method = run.noisy.num_qubits, run.method
        is_state = method.name != "stabilizer"
        refused = memory.refusal(n, density=method.is_density, single=self._single) if is_state else None
        needed, available = exc.args
        return refused or InsufficientMemoryError(
            f"the run needs {needed} more bytes, {available} are available", backend=self.name
        )
