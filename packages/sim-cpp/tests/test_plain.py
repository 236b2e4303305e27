"""The short way for plain circuits gives what the longer way gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from coratrix.backend import BackendConfiguration
from coratrix.backend.errors import CircuitValidationError, InsufficientMemoryError, UnknownOptionError
from coratrix.core import ExecutionResult, Parameter, QuantumCircuit
from coratrix.core.noise import NoiseModel, depolarizing
from coratrix.sim import SimulatorBackend, _engine, plain
from coratrix.testing import reference, strategies
from coratrix.testing.statistics import assert_counts_match

KINDS = sorted(plain.KINDS)


def simulator(**params: Any) -> SimulatorBackend:
    return SimulatorBackend(BackendConfiguration("sim", "simulator", {"seed": 5, **params}))


def timeless(result: ExecutionResult) -> ExecutionResult:
    return replace(result, execution_time=None)


def the_longer_way(backend: SimulatorBackend, circuit: QuantumCircuit, shots: int) -> ExecutionResult:
    """An option besides the seed, even one that changes nothing, leads there."""
    return backend.execute(circuit, shots, noise_model=NoiseModel())


def ghz(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n).h(0)
    for qubit in range(n - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


CIRCUITS = {
    "unmeasured": QuantumCircuit(3).ry(0.3, 0).cx(0, 1).rx(1.1, 2),
    "measured": QuantumCircuit(2).ry(0.3, 0).cx(0, 1).measure_all(),
    "some qubits into other bits": QuantumCircuit(3, num_clbits=4).ry(0.4, 0).cx(0, 2).measure([2, 0], [0, 3]),
    "registers": QuantumCircuit(2, registers=[("a", 1), ("b", 2)]).u(1, 2, 3, 0).cx(0, 1).measure([1, 0], [0, 2]),
    "measured inside": QuantumCircuit(2, num_clbits=3).ry(1, 0).measure(0, 0).cx(0, 1).h(0).measure([0, 1], [1, 2]),
    "a reset": QuantumCircuit(1, num_clbits=2).ry(1, 0).measure(0, 0).reset(0).ry(0.5, 0).measure(0, 1),
    "a matrix": QuantumCircuit(1).unitary(np.array([[0.6, 0.8], [0.8, -0.6]]), [0]),
    "Clifford": ghz(3),
    "wide and Clifford": ghz(20),
    "too wide": ghz(70),
    "a barrier": QuantumCircuit(2).ry(0.3, 0).barrier().cx(0, 1),
    "a phase": QuantumCircuit(1, global_phase=0.4).ry(0.3, 0),
    "bits but no measurement": QuantumCircuit(2, num_clbits=2).ry(0.3, 0),
    "a channel": QuantumCircuit(1).ry(0.3, 0).channel(depolarizing(0.2), 0),
    "a condition": QuantumCircuit(2, num_clbits=2).h(0).measure(0, 0).ch(0, 1).measure(1, 1),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("circuit", CIRCUITS.values(), ids=CIRCUITS)
def test_a_result_is_that_of_the_longer_way_to_the_bit(kind: str, circuit: QuantumCircuit) -> None:
    if kind != "auto" and circuit.num_qubits > 30:
        pytest.skip("needs a state")
    backend = simulator(simulator_type=kind)

    short = backend.execute(circuit, 700)

    assert timeless(short) == timeless(the_longer_way(backend, circuit, 700))
    assert timeless(backend.execute_batch([circuit], 700)[0]) == timeless(short)
    assert backend.get_performance_metrics().succeeded == 3


@pytest.mark.parametrize("circuit", CIRCUITS.values(), ids=CIRCUITS)
def test_arrays_say_what_counts_say(circuit: QuantumCircuit) -> None:
    backend = simulator(simulator_type="auto")

    words, seen = backend.sample(circuit, 300, seed=8)

    width = circuit.measured_whole().num_clbits
    bits = np.unpackbits(words.view(np.uint8), axis=1, count=width, bitorder="little")
    keys = ["".join(map(str, row)) for row in bits]
    assert dict(zip(keys, seen.tolist(), strict=True)) == backend.execute(circuit, 300, seed=8).counts


@given(circuit=strategies.circuits(max_qubits=4, with_unitaries=True))
@settings(max_examples=40, deadline=None)
def test_states_and_counts_follow_the_textbook(circuit: QuantumCircuit) -> None:
    backend = simulator()

    state, counts = backend.statevector(circuit), backend.execute(circuit, 20_000).counts

    np.testing.assert_allclose(state, reference.final_state(circuit), atol=1e-12)
    assert_counts_match(counts, reference.outcome_probabilities(circuit.measured_whole()))


def test_seeds_are_those_of_the_longer_way() -> None:
    circuits = [QuantumCircuit(2).ry(0.2 + k, 0).cx(0, 1) for k in range(5)]
    backend = simulator()

    results = backend.execute_batch(circuits, [10, 20, 30, 40, 50], seed=3)

    longer = backend.execute_batch(circuits, [10, 20, 30, 40, 50], seed=3, noise_model=NoiseModel())
    assert [timeless(each) for each in results] == [timeless(each) for each in longer]
    assert backend.execute(circuits[0], 10, seed=3).counts == results[0].counts
    assert len({each.metadata["seed"] for each in simulator(seed=None).execute_batch(circuits, 9)}) == 5


def test_one_circuit_that_is_not_plain_takes_the_batch_along_the_longer_way() -> None:
    circuits = [CIRCUITS["unmeasured"], CIRCUITS["a channel"], CIRCUITS["Clifford"], QuantumCircuit(60).t(0)]

    results = simulator().execute_batch(circuits, 300)

    assert [each.success for each in results] == [True, True, True, False]
    assert timeless(results[0]) == timeless(simulator().execute(circuits[0], 300))


def test_noise_and_twins_and_density_matrices_do_not_take_it() -> None:
    noisy = simulator(noise_model={"depolarizing_error": 0.2}, simulator_type="density_matrix")

    counts = noisy.execute(QuantumCircuit(1).x(0), 1000).counts

    assert set(counts) == {"0", "1"}
    with pytest.raises(Exception, match="no statevector"):
        noisy.statevector(QuantumCircuit(1).x(0))
    assert simulator(simulator_type="density_matrix").execute(ghz(2)).metadata["method"] == "density_matrix"


def test_refusals_are_those_of_the_longer_way() -> None:
    backend = simulator(max_qubits=3, simulator_type="statevector")

    with pytest.raises(UnknownOptionError):
        backend.execute(ghz(2), 10, sede=4)
    with pytest.raises(CircuitValidationError, match="shots"):
        backend.execute(ghz(2), 0)
    with pytest.raises((CircuitValidationError, InsufficientMemoryError)):
        backend.execute(ghz(4), 10)
    with pytest.raises(ValueError, match="theta"):
        backend.execute(QuantumCircuit(1).rx(Parameter("theta"), 0), 10)
    with pytest.raises(TypeError, match="theta"):
        backend.statevector(QuantumCircuit(1).rx(Parameter("theta"), 0))
    with pytest.raises(ValueError, match="single"):
        backend.statevector(QuantumCircuit(1).h(0).measure_all())


def test_readings_are_text_of_any_width() -> None:
    for n in (1, 8, 9, 10, 11, 63, 64, 65, 200):
        circuit = QuantumCircuit(n)
        wanted = "".join("1" if qubit % 3 == 1 or qubit % 7 == 0 else "0" for qubit in range(n))
        for qubit in (q for q in range(n) if wanted[q] == "1"):
            circuit.x(qubit)

        assert simulator(simulator_type="auto").execute(circuit, 5).counts == {wanted: 5}


def test_the_engine_says_where_a_list_is_not_plain() -> None:
    entries = CIRCUITS["a barrier"].entries

    assert plain.HEADS.run((entries, 2, 2, True), 10, 1, _engine.Settings(), 16) is None
    assert plain.HEADS.run_batch([(entries, 2, 2, True)], [10], [1], _engine.Settings(), 16) is None
    assert plain.HEADS.state(entries, 2, _engine.Settings()) is None
    wide = CIRCUITS["unmeasured"].entries
    assert plain.HEADS.run((wide, 3, 3, True), 10, 1, _engine.Settings(), 2) is None
    with pytest.raises(ValueError, match="differ in number"):
        plain.HEADS.run_batch([], [10], [1], _engine.Settings(), 16)
