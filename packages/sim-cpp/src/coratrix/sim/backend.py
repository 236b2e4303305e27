"""The simulator as a backend.

Owns: `SimulatorBackend`: from a circuit to counts, states and expectation values.
Knows nothing of: how the engine works. No numerics here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import (
    BackendError,
    ConfigurationError,
    InsufficientMemoryError,
)
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface, failed_result
from coratrix.backend.options import RunOptions, parse_options
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.validation import ValidationIssue
from coratrix.core import ExecutionResult, PauliSum, QuantumCircuit
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.errors import CircuitError
from coratrix.core.interop import adopt
from coratrix.core.noise import NoiseModel
from coratrix.core.result import Counts
from coratrix.sim import _engine, memory, stabilizer, variational
from coratrix.sim.abilities import MAX_SHOTS, capabilities
from coratrix.sim.joint_readout import misread
from coratrix.sim.parameters import SimulatorParameters, noise_model_of
from coratrix.sim.parametric import Values, as_sets
from coratrix.sim.runs import SILENCE, Run, is_open, is_silent, make_run, seed_of
from coratrix.sim.twin import Twin

Chosen: TypeAlias = tuple[RunOptions, NoiseModel]
_NO_OPTIONS: Final = RunOptions()
_BY_HAND: Final = "Ask for expectation() at shifted parameters, or make a simulator without noise"


class SimulatorBackend(BackendInterface):
    """Runs circuits on this machine; ``connection_params`` are those of `SimulatorParameters`."""

    def __init__(self, config: BackendConfiguration) -> None:
        super().__init__(config)
        self.parameters = SimulatorParameters.parse(config.connection_params, backend=config.name)
        record = self.parameters.calibration
        self._twin = None if record is None else Twin(record, routing=self.parameters.routing)
        self._own_noise = self.parameters.noise_model or (self._twin.noise_model if self._twin else SILENCE)
        self._made_settings: dict[tuple[bool, bool, bool], _engine.Settings] = {}
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

    def _batch_steps(
        self, circuits: Sequence[Any], shots: Sequence[int], options: dict[str, Any]
    ) -> Iterator[dict[int, ExecutionResult]]:
        """Small circuits in one call of the engine, in parallel; the others one after the other."""
        started = time.perf_counter()
        try:
            chosen = self._chosen(options)
        except BackendError as exc:
            yield {place: failed_result(exc, self.name) for place in range(len(circuits))}
            return
        pairs = zip(circuits, shots, strict=True)
        prepared = [self._prepare_item(*pair, chosen, place) for place, pair in enumerate(pairs)]
        small = [run for run in prepared if isinstance(run, Run) and run.is_small]
        together = self._run_together(small)
        share = (time.perf_counter() - started) / max(len(small), 1)
        yield {
            place: self._result(item, together[id(item)], share)
            for place, item in enumerate(prepared)
            if isinstance(item, Run) and id(item) in together
        }
        for place, item in enumerate(prepared):
            if id(item) not in together:
                yield {place: self._alone(item)}

    def execute_sweep(
        self, circuit: Any, values: Values, shots: int = DEFAULT_SHOTS, **options: Any
    ) -> list[ExecutionResult]:
        """Counts of one circuit for many sets of parameters: the same as `execute_batch` of the circuits bound.

        ``values`` is a list of mappings from parameters (or names) to numbers, or one mapping to columns of equal
        length. Without noise the circuit is written once and all sets are one call of the engine.
        """
        ours, sets = adopt(circuit), as_sets(values)
        if not sets:
            return []
        started = time.perf_counter()
        first = self._prepare(ours.bind(sets[0]), shots, options)
        if first.method.name != "statevector" or not first.model.is_silent or self._twin is not None:
            return self.execute_batch([ours.bind(each) for each in sets], shots, **options)
        given = parse_options(RunOptions, options, backend=self.name).seed
        seeds = [first.seed, *(seed_of(given, self.parameters.seed, place) for place in range(1, len(sets)))]
        with self._engine_errors(first):
            found = variational.sweep_counts(
                ours.measured_whole(), sets, shots, seeds, self._settings_of(first)
            )
        share = (time.perf_counter() - started) / len(sets)
        return [
            self._result(replace(first, seed=seed), counts, share)
            for seed, counts in zip(seeds, found, strict=True)
        ]

    def _prepare_item(self, circuit: Any, shots: int, chosen: Chosen, place: int) -> Run | BackendError:
        try:
            return self._prepare_chosen(circuit, shots, chosen, place)
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

    def _alone(self, item: Run | BackendError) -> ExecutionResult:
        """What was refused, and circuits too wide to share a call with others."""
        if isinstance(item, BackendError):
            return failed_result(item, self.name)
        return self._execute_item(
            item.circuit,
            item.shots,
            {"seed": item.seed, "noise_model": item.model, "optimization_level": item.level},
        )

    def _chosen(self, options: dict[str, Any]) -> Chosen:
        """What one call asks for besides its circuits, and its noise."""
        chosen = parse_options(RunOptions, options, backend=self.name) if options else _NO_OPTIONS
        model = self._noise_of(chosen.noise_model)
        self._refuse_gpu()
        self._refuse_unsupported_noise(model)
        return chosen, model

    def _prepare(self, circuit: Any, shots: int, options: dict[str, Any]) -> Run:
        return self._prepare_chosen(circuit, shots, self._chosen(options), 0)

    def _prepare_chosen(self, circuit: Any, shots: int, chosen: Chosen, place: int) -> Run:
        options, model = chosen
        try:
            ours = adopt(circuit)
        except CircuitError:
            ours = circuit  # validate() says what it is instead
        early = self._twin is not None or not self._is_within_limits(ours)
        if early:
            self.validate(ours, shots).raise_for_issues(self.name)
        run = make_run(
            ours.measured_whole(),
            model,
            self.parameters.simulator_type,
            twin=self._twin,
            shots=shots,
            seed=seed_of(options.seed, self.parameters.seed, place),
            level=options.optimization_level,
            narrow=self._twin is not None,
        )
        self._refuse_too_large(run)
        self._refuse_obstacle(run)
        if not early and not self._is_plainly_valid(ours, shots):
            self.validate(ours, shots).raise_for_issues(self.name)
        return run.recognised()

    def _is_plainly_valid(self, circuit: QuantumCircuit, shots: Any) -> bool:
        """Whether `validate` has nothing to find, seen without a walk: every gate and every operation runs here."""
        few = type(shots) is int and 1 <= shots <= MAX_SHOTS and circuit.num_qubits <= self._max_qubits
        return few and self.parameters.supports_noise and not circuit.parameters

    def _is_within_limits(self, circuit: Any) -> bool:
        """Whether a refusal for want of memory, which names the bytes, comes before one for the width."""
        if self.parameters.simulator_type in ("auto", "stabilizer"):
            return False  # the method, and so the memory, is only known when the gates are known to be right
        limit = self.parameters.max_qubits
        return isinstance(circuit, QuantumCircuit) and (limit is None or circuit.num_qubits <= limit)

    def _result(self, run: Run, counts: dict[str, int], seconds: float) -> ExecutionResult:
        joint = [] if is_silent(run.model) else run.model.correlated_readout(run.written)
        if joint:
            counts = misread(counts, joint, run.seed)
        self._metrics.success(seconds, shots=run.shots)
        return ExecutionResult(
            success=True,
            counts=Counts(counts),
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
            layout=tuple([(register.name, register.size) for register in run.circuit.registers]),
        )

    # exact answers ---------------------------------------------------------------------------

    def statevector(self, circuit: Any) -> npt.NDArray[Any]:
        """The ``(2**n,)`` amplitudes after a circuit of gates; qubit 0 is the most significant bit.

        Raises:
            CircuitValidationError: it measures, resets or branches and so has no single state.
        """
        model = self._refuse_noise("a noisy circuit has no statevector", hint="Ask for density_matrix()")
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
        self._refuse_noise("gradient() is of pure states and would leave the noise model out", hint=_BY_HAND)
        settings = self._settings(False)
        return variational.gradient(adopt(circuit), observable, values or {}, settings, single=self._single)

    def sweep(self, circuit: Any, observable: PauliSum, values: Values) -> npt.NDArray[np.float64]:
        """Expectation values for many sets of parameters: one call, in parallel over the sets.

        ``values`` is a list of mappings from parameters (or names) to numbers, or one mapping to columns of equal
        length.
        """
        self._refuse_noise("sweep() is of pure states and would leave the noise model out", hint=_BY_HAND)
        settings = self._settings(False)
        return variational.sweep(adopt(circuit), observable, values, settings, single=self._single)

    def sample(
        self, circuit: Any, shots: int = DEFAULT_SHOTS, *, seed: int | None = None
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
        """Readings and how often each was seen, as arrays: no text is made, which matters for millions.

        Bit i of a row (64 bits to a word) is classical bit i.
        """
        run = self._prepare(circuit, shots, {"seed": seed})
        if not run.model.is_silent and run.model.correlated_readout(run.written):
            raise ConfigurationError(
                "sample() does not apply joint readout errors", hint="execute() does", backend=self.name
            )
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
            density = chosen or not is_silent(model) or is_open(ours)
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
        return capabilities(self.parameters, self._max_qubits, self._twin)

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

    def _settings(self, density: bool, *, merge: bool = True, stabilizer: bool = False) -> _engine.Settings:
        key = (density, merge, stabilizer)
        if (made := self._made_settings.get(key)) is None:
            p = self.parameters
            made = self._made_settings[key] = _engine.Settings(
                self._single, density, p.num_threads, p.instruction_set, merge=merge, stabilizer=stabilizer
            )
        return made

    def _settings_of(self, run: Run) -> _engine.Settings:
        by_stabilizers = run.method.name == "stabilizer"
        return self._settings(run.method.is_density, merge=run.level != 0, stabilizer=by_stabilizers)

    def _noise_of(self, given: Any) -> NoiseModel:
        """The model of this run, else the backend's, else none."""
        if given is None:
            return self._own_noise
        return noise_model_of(given, self.name)

    def _refuse_gpu(self) -> None:
        """A configuration that asks for a GPU can be made anywhere; a run on a GPU that is not there cannot."""
        if self.parameters.use_gpu:
            raise ConfigurationError(
                "use_gpu is true, but this build of coratrix-sim-cpp has no GPU kernels",
                hint="Remove use_gpu to run on the CPU",
                backend=self.name,
            )

    def _refuse_noise(self, message: str, *, hint: str) -> NoiseModel:
        model = self._noise_of(None)
        if not is_silent(model):
            raise ConfigurationError(message, hint=hint, backend=self.name)
        return model

    def _refuse_unsupported_noise(self, model: NoiseModel) -> None:
        if not self.parameters.supports_noise and not is_silent(model):
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
