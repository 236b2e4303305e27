"""The simulator as a backend.

Owns: `SimulatorBackend`: from a circuit to counts, states and expectation values.
Knows nothing of: how the engine works, and how a circuit is checked and made ready (`preparing`). No numerics here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coratrix.backend.errors import BackendError, ConfigurationError
from coratrix.backend.interface import DEFAULT_SHOTS, failed_result
from coratrix.backend.options import RunOptions, parse_options
from coratrix.core import ExecutionResult, PauliSum, QuantumCircuit
from coratrix.core.frozen_dict import FrozenDict
from coratrix.core.interop import adopt
from coratrix.core.noise import NoiseModel
from coratrix.core.result import Counts
from coratrix.sim import _engine, variational
from coratrix.sim.joint_readout import Joint, misread
from coratrix.sim.methods import Method, noiseless
from coratrix.sim.parametric import Values, as_sets
from coratrix.sim.plain import layout_of, plain_batch, plain_form, plain_run, plain_state
from coratrix.sim.preparing import Chosen, Preparing
from coratrix.sim.runs import Run, is_open, is_silent, largest_standard_error, make_run, seed_of

_BY_HAND: Final = "Ask for expectation() at shifted parameters, or make a simulator without noise"


class SimulatorBackend(Preparing):
    """Runs circuits on this machine; ``connection_params`` are those of `SimulatorParameters`."""

    def execute(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> ExecutionResult:
        """Counts of ``shots`` repetitions; a circuit with no measurement is measured whole.

        Raises:
            CircuitValidationError: the circuit cannot run here; every reason is named.
            InsufficientMemoryError: its state does not fit; the bytes are named.
            UnknownOptionError: an option that the simulator does not have.
        """
        started = time.perf_counter()
        if (seed := self._plain_seed(options)) is not None:
            found = self._plainly(circuit, shots, seed)
            if found is not None:
                return self._plain_result(found, circuit, shots, seed, time.perf_counter() - started)
        run = self._prepare(circuit, shots, options)
        return self._result(run, self._readings(run), time.perf_counter() - started)

    def _plainly(self, circuit: Any, shots: Any, seed: int) -> _engine.Readings | None:
        form = plain_form(circuit, shots, self._max_qubits)
        try:
            return None if form is None else plain_run(form, shots, seed, self._plain_settings)
        except _engine.OutOfMemory:
            return None  # the longer way says what was asked and what is there

    def _plain_result(
        self, found: _engine.Readings, circuit: QuantumCircuit, shots: int, seed: int, seconds: float
    ) -> ExecutionResult:
        """The same as `_result`, of what was run without a `Run`."""
        kind, width = self.parameters.simulator_type, circuit.num_qubits
        self._metrics.success(seconds, shots=shots)

        def method() -> Method:
            return noiseless(kind, width, found.by_stabilizers)

        return self._success(found, method, shots, seed, seconds, layout_of(circuit))

    def _readings(self, run: Run) -> _engine.Readings:
        try:
            return _engine.run(run.program(), run.shots, run.seed, self._settings_of(run))
        except _engine.OutOfMemory as exc:
            raise self._out_of_memory(run, exc) from exc

    def _batch_steps(
        self, circuits: Sequence[Any], shots: Sequence[int], options: dict[str, Any]
    ) -> Iterator[dict[int, ExecutionResult]]:
        """Small circuits in one call of the engine, in parallel; the others one after the other."""
        started = time.perf_counter()
        if (found := self._plain_batch(circuits, shots, options)) is not None:
            share = (time.perf_counter() - started) / max(len(circuits), 1)
            whole = zip(found[0], circuits, shots, found[1], strict=True)
            yield {place: self._plain_result(*each, share) for place, each in enumerate(whole)}
            return
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

    def _plain_batch(
        self, circuits: Sequence[Any], shots: Sequence[int], options: dict[str, Any]
    ) -> tuple[list[_engine.Readings], list[int]] | None:
        """Readings and seeds of a batch of plain circuits."""
        if (first := self._plain_seed(options)) is None or not circuits:
            return None
        given, default = options.get("seed"), self.parameters.seed
        seeds = [first, *[seed_of(given, default, place) for place in range(1, len(circuits))]]
        try:
            found = plain_batch(circuits, shots, seeds, self._plain_settings, self._max_qubits)
        except _engine.OutOfMemory:
            return None
        return None if found is None else (found, seeds)

    def execute_sweep(
        self, circuit: Any, values: Values, shots: int = DEFAULT_SHOTS, **options: Any
    ) -> list[ExecutionResult]:
        """Counts of one circuit for many sets of parameters: the same as `execute_batch` of the circuits bound.

        ``values`` is a list of mappings from parameters (or names) to numbers, or one mapping to columns of equal
        length. Without noise the circuit is written once and all sets are one call of the engine. (Where a set
        makes every gate Clifford, `execute_batch` may draw the same distribution without a state.)
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
            self._result(replace(first, seed=seed), readings, share)
            for seed, readings in zip(seeds, found, strict=True)
        ]

    def _prepare_item(self, circuit: Any, shots: int, chosen: Chosen, place: int) -> Run | BackendError:
        try:
            return self._prepare_chosen(circuit, shots, chosen, place)
        except BackendError as exc:
            return exc

    def _run_together(self, runs: list[Run]) -> dict[int, _engine.Readings]:
        """Readings by the identity of the run; one engine call per method of simulation."""
        readings: dict[int, _engine.Readings] = {}
        for method in sorted({run.method.name for run in runs}):
            chosen = [run for run in runs if run.method.name == method]
            programs = [run.program() for run in chosen]
            shots, seeds = [run.shots for run in chosen], [run.seed for run in chosen]
            found = _engine.run_batch(programs, shots, seeds, self._settings_of(chosen[0]))
            readings |= {id(run): result for run, result in zip(chosen, found, strict=True)}
        return readings

    def _alone(self, item: Run | BackendError) -> ExecutionResult:
        """What was refused, and circuits too wide to share a call with others."""
        if isinstance(item, BackendError):
            return failed_result(item, self.name)
        return self._execute_item(
            item.circuit,
            item.shots,
            {"seed": item.seed, "noise_model": item.model, "optimization_level": item.level},
        )

    def _result(self, run: Run, readings: _engine.Readings, seconds: float) -> ExecutionResult:
        self._metrics.success(seconds, shots=run.shots)
        layout = layout_of(run.circuit)
        made = self._success(readings, lambda: run.method, run.shots, run.seed, seconds, layout)
        joint = [] if is_silent(run.model) else run.model.correlated_readout(run.written)
        return self._misread(made, joint, run) if joint else made

    def _success(
        self,
        readings: _engine.Readings,
        method: Callable[[], Method],
        shots: int,
        seed: int,
        seconds: float,
        layout: tuple[tuple[str, int], ...],
    ) -> ExecutionResult:
        precision = self.parameters.precision

        def metadata() -> FrozenDict[str, Any]:  # few programs look at these
            chosen = method()
            return FrozenDict(
                seed=seed,
                method=chosen.name,
                method_reason=chosen.reason,
                standard_error=largest_standard_error(readings.most, shots),
                precision=precision,
            )

        return ExecutionResult.of_readings(
            readings,
            execution_time=seconds,
            backend=self.name,
            shots=shots,
            metadata=metadata,
            layout=layout,
        )

    def _misread(self, result: ExecutionResult, joint: Sequence[Joint], run: Run) -> ExecutionResult:
        counts = misread(result.counts, joint, run.seed)
        error = largest_standard_error(max(counts.values()), run.shots)
        return replace(result, counts=Counts(counts), metadata={**result.metadata, "standard_error": error})

    # exact answers ---------------------------------------------------------------------------

    def statevector(self, circuit: Any) -> npt.NDArray[Any]:
        """The ``(2**n,)`` amplitudes after a circuit of gates; qubit 0 is the most significant bit.

        Raises:
            CircuitValidationError: it measures, resets or branches and so has no single state.
        """
        if self._takes_plain and (state := plain_state(circuit, self._plain_settings)) is not None:
            return state
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
        options = {"seed": seed}
        if (known := self._plain_seed(options)) is not None:
            found = self._plainly(circuit, shots, known)
            if found is not None:
                return found.arrays()
        run = self._prepare(circuit, shots, options)
        if not run.model.is_silent and run.model.correlated_readout(run.written):
            raise ConfigurationError(
                "sample() does not apply joint readout errors", hint="execute() does", backend=self.name
            )
        return self._readings(run).arrays()

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
