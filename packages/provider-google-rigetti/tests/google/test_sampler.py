"""Any backend as Cirq's sampler: Cirq's own tests of samplers, collectors and observables pass on it."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import cirq
import numpy as np
import pytest
import sympy
from cirq.work.observable_measurement import RepetitionsStoppingCriteria, measure_observables

from coratrix.backend import (
    BackendCapabilities,
    BackendConfiguration,
    BackendInterface,
    CircuitValidationError,
)
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitImportError
from coratrix.core.interop import adopt
from coratrix.core.result import ExecutionResult
from coratrix.providers.google import as_cirq
from coratrix.testing import reference


class TextbookBackend(BackendInterface):
    """A backend without a vendor: exact probabilities, sampled."""

    def __init__(self) -> None:
        super().__init__(BackendConfiguration("textbook", "simulator", {}))
        self._random = np.random.default_rng(20)

    def _get_capabilities(self) -> BackendCapabilities:
        return BackendCapabilities(max_qubits=8, supports_mid_circuit_measurement=True, supports_reset=True,
                                   supports_conditionals=True, supports_noise=True)  # fmt: skip

    def execute(self, circuit: Any, shots: int = 1000, **options: Any) -> ExecutionResult:
        ours: QuantumCircuit = adopt(circuit)
        self.validate(ours, shots).raise_for_issues(self.name)
        probabilities = reference.outcome_probabilities(ours)
        weights = np.array(list(probabilities.values()))
        drawn = self._random.multinomial(shots, weights / weights.sum())
        counts = {key: int(n) for key, n in zip(probabilities, drawn, strict=True) if n}
        return ExecutionResult(success=True, counts=counts, shots=shots, backend=self.name)


def own_tests(module: str, *left_out: str) -> list[Any]:
    """Cirq's tests in ``module`` that ask a simulator for samples."""
    found = vars(importlib.import_module(module))
    names = [name for name in found if name.startswith("test_") and name not in left_out]
    return [pytest.param(found[name], id=name) for name in names]


CIRQS_OWN = [
    *own_tests("cirq.work.sampler_test"),
    *own_tests("cirq.work.collector_test"),
    *own_tests("cirq.work.pauli_sum_collector_test"),
]


@pytest.mark.parametrize("test", CIRQS_OWN)
def test_cirqs_own_tests_pass(test: Callable[[], None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cirq, "Simulator", lambda **_: as_cirq(TextbookBackend()))

    test()


def test_cirqs_measurement_of_observables_runs_on_it() -> None:
    """Three observables of one lopsided state, grouped, rotated and averaged by Cirq."""
    a, b = cirq.LineQubit.range(2)
    circuit = cirq.Circuit(cirq.ry(0.9)(a), cirq.rx(-0.6)(b))
    observables = {1 * cirq.X(a): np.sin(0.9), 1 * cirq.Z(a): np.cos(0.9), 1 * cirq.Y(b): np.sin(0.6)}

    found = measure_observables(
        circuit,
        list(observables),
        as_cirq(TextbookBackend()),
        stopping_criteria=RepetitionsStoppingCriteria(10_000),
    )

    assert len(found) == 3
    for result in found:
        expected = observables[result.setting.observable * 1]
        assert abs(result.mean - expected) < 5 * np.sqrt((1 - expected**2) / 10_000)


def test_cirqs_experiments_run_on_it() -> None:
    sampler = as_cirq(TextbookBackend())
    a, b = cirq.GridQubit.rect(1, 2)
    circuit = cirq.Circuit(cirq.ry(0.9)(a), cirq.CNOT(a, b), cirq.T(b))

    tomography = cirq.experiments.state_tomography(sampler, [a, b], circuit, repetitions=5000)
    readout = cirq.experiments.estimate_single_qubit_readout_errors(sampler, qubits=[a, b], repetitions=200)
    decay = cirq.experiments.t1_decay(
        sampler, qubit=a, num_points=3, max_delay=cirq.Duration(micros=1), repetitions=50
    )

    state = circuit.final_state_vector()
    overlap = np.real(state.conj() @ tomography.data @ state)
    assert abs(overlap - 1) < 5 / np.sqrt(5000)  # a mean of Pauli averages, each of variance 1/5000 at most
    assert readout.zero_state_errors == readout.one_state_errors == {a: 0.0, b: 0.0}
    assert decay.data["false_count"].tolist() == [0, 0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_it_agrees_with_cirqs_simulator(seed: int) -> None:
    """Random circuits with two keys, measured in the middle and fed forward."""
    qubits = cirq.LineQubit.range(4)
    first = cirq.testing.random_circuit(qubits, n_moments=6, op_density=0.8, random_state=seed)
    program = cirq.Circuit(
        first, cirq.measure(qubits[2], qubits[0], key="m"),
        cirq.X(qubits[3]).with_classical_controls(sympy.Symbol("m") > 1),
        cirq.measure(*qubits[::-1], key="all"),
    )  # fmt: skip
    shots = 3000

    ours = as_cirq(TextbookBackend()).run(program, repetitions=shots)
    theirs = cirq.Simulator(seed=5).run(program, repetitions=shots)

    found = ours.multi_measurement_histogram(keys=["m", "all"])
    wanted = theirs.multi_measurement_histogram(keys=["m", "all"])
    for key in found | wanted:
        p = (found[key] + wanted[key]) / (2 * shots)
        assert abs(found[key] - wanted[key]) <= 5 * np.sqrt(2 * shots * p * (1 - p)) + 1e-9


class CountingBackend(TextbookBackend):
    """Remembers the sizes of its batches."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def execute_batch(self, circuits: Any, *arguments: Any, **options: Any) -> list[ExecutionResult]:
        self.batches.append(len(circuits))
        return super().execute_batch(circuits, *arguments, **options)


def test_a_sweep_is_one_batch() -> None:
    qubit, angle = cirq.q(0), sympy.Symbol("t")
    program = cirq.Circuit(cirq.X(qubit) ** angle, cirq.measure(qubit, key="m"))
    backend = CountingBackend()

    results = as_cirq(backend).run_sweep(program, cirq.Linspace("t", 0, 1, 2), repetitions=50)

    assert backend.batches == [2]
    assert [result.histogram(key="m") for result in results] == [{0: 50}, {1: 50}]
    assert [result.params["t"] for result in results] == [0, 1]


def test_the_rows_are_shuffled_by_the_seed() -> None:
    qubit = cirq.q(0)
    program = cirq.Circuit(cirq.H(qubit), cirq.measure(qubit, key="m"))

    rows = as_cirq(TextbookBackend()).run(program, repetitions=400).measurements["m"][:, 0]

    assert 100 < np.count_nonzero(np.diff(rows)) < 300


def test_no_repetitions_are_no_rows() -> None:
    program = cirq.Circuit(cirq.measure(*cirq.LineQubit.range(2), key="m"))

    assert as_cirq(TextbookBackend()).run(program, repetitions=0).measurements["m"].shape == (0, 2)


def test_errors_keep_their_names() -> None:
    sampler = as_cirq(TextbookBackend())
    qubit = cirq.q(0)

    with pytest.raises(ValueError, match="no measurements"):
        sampler.run(cirq.Circuit(cirq.X(qubit)))
    with pytest.raises(CircuitValidationError, match="9 qubits"):
        sampler.run(cirq.Circuit(cirq.measure(*cirq.LineQubit.range(9), key="m")))
    with pytest.raises(CircuitImportError, match="more than once"):
        sampler.run(cirq.Circuit(cirq.measure(qubit, key="m"), cirq.measure(qubit, key="m")))
