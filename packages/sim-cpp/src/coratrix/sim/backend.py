"""The simulator as a backend.

Owns: `SimulatorBackend`: from a circuit to counts, states and expectation values.
Knows nothing of: how the engine works, and how a circuit is checked and made ready (`preparing`). No numerics here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from coratrix.backend.errors import BackendError, ConfigurationError
from coratrix.backend.interface import DEFAULT_SHOTS, failed_result
from coratrix.backend.options import RunOptions, parse_options
from coratrix.core import ExecutionResult, PauliSum
from coratrix.core.interop import adopt
from coratrix.core.noise import NoiseModel
from coratrix.core.result import Counts
from coratrix.sim import _engine, variational
from coratrix.sim.joint_readout import misread
from coratrix.sim.parametric import Values, as_sets
from coratrix.sim.preparing import Chosen, Preparing
from coratrix.sim.runs import Run, is_open, is_silent, make_run, seed_of

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
