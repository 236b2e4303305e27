"""Clifford circuits with Pauli noise by stabilizers, and how a method is picked.

`test_stabilizer_stim` holds the method against Stim.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coratrix.backend import BackendConfiguration, CircuitValidationError
from coratrix.core import GATES, Condition, QuantumCircuit, condition_equals, gate
from coratrix.core.gate import UnitaryGate
from coratrix.core.noise import NoiseModel, amplitude_damping, depolarizing, pauli, phase_damping
from coratrix.sim import SimulatorBackend, _engine, methods
from coratrix.sim.program import encode
from coratrix.testing import reference
from coratrix.testing.statistics import assert_counts_match

CLIFFORDS = [name for name, row in GATES.items() if row.is_clifford and row.num_qubits <= 2]


def simulator(kind: str = "stabilizer", **params: Any) -> SimulatorBackend:
    return SimulatorBackend(
        BackendConfiguration("sim", "simulator", {"simulator_type": kind, "seed": 5, **params})
    )


def random_clifford(num_qubits: int, seed: int, gates: int = 25) -> QuantumCircuit:
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits)
    for _ in range(gates):
        name = CLIFFORDS[rng.integers(len(CLIFFORDS))]
        qubits = rng.permutation(num_qubits)[: GATES[name].num_qubits]
        circuit.add_gate(gate(name), [int(q) for q in qubits])
    return circuit


@pytest.mark.parametrize("seed", range(12))
def test_random_clifford_circuits_with_noise_follow_the_textbook(seed: int) -> None:
    circuit = random_clifford(4, seed)
    circuit.rx(np.pi / 2, 1).channel(pauli({"XYZ": 0.1, "ZIX": 0.2}), 3, 0, 2)
    circuit.add_gate(
        UnitaryGate(np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])), [2, 1]
    )
    circuit.add_register("out", 4)
    circuit.measure([0, 1, 2, 3], [2, 0, 3, 1])
    noise = NoiseModel(
        depolarizing_error=0.03,
        bit_flip_error=0.02,
        gate_errors={"cx": [pauli({"XI": 0.1, "ZY": 0.05})]},
        readout_errors={"0": [[0.9, 0.1], [0.3, 0.7]], "1": 0.2},
    )

    result = simulator().execute(circuit, 20_000, noise_model=noise)

    assert result.metadata["method"] == "stabilizer"
    assert_counts_match(result.counts, reference.outcome_probabilities(circuit, noise))


def test_teleportation_by_pauli_feed_forward() -> None:
    circuit = QuantumCircuit(3, num_clbits=3).h(0).s(0).h(1).cx(1, 2).cx(0, 1).h(0)
    circuit.measure([0, 1], [0, 1])
    circuit.if_test(condition_equals(1, 1), lambda body: body.x(2))
    circuit.if_test(condition_equals(0, 1), lambda body: body.z(2))
    circuit.sdg(2).h(2).measure(2, 2)
    noise = NoiseModel(readout_error=0.1)

    counts = simulator().execute(circuit, 10_000).counts
    noisy = simulator().execute(circuit, 20_000, noise_model=noise).counts

    assert {key[2] for key in counts} == {"0"}
    assert_counts_match(noisy, reference.outcome_probabilities(circuit, noise))


def test_resets_and_measurements_in_the_middle() -> None:
    circuit = QuantumCircuit(2, num_clbits=3).h(0).cx(0, 1).measure(0, 0).reset(0).x(0).cx(0, 1)
    circuit.measure([0, 1], [1, 2])

    counts = simulator().execute(circuit, 5000).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit))


def test_two_thousand_qubits() -> None:
    circuit = QuantumCircuit(2000).h(0)
    for qubit in range(1999):
        circuit.cx(qubit, qubit + 1)

    result = simulator("auto").execute(circuit, 50, noise_model={"gate_errors": {"h": 0.1}})

    assert result.metadata["method"] == "stabilizer"
    assert set(result.counts) == {"0" * 2000, "1" * 2000}


def test_a_pauli_channel_is_one_however_it_is_written() -> None:
    """Phase damping has Kraus operators that are no Pauli strings."""
    circuit = QuantumCircuit(2).h(0).cx(0, 1).channel(phase_damping(0.3), 1).cx(0, 1).h(0)

    counts = simulator().execute(circuit, 20_000).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit.measured_whole()))


@pytest.mark.parametrize("negated", [False, True])
def test_conditions_on_several_bits_and_else_branches(negated: bool) -> None:
    """The third bit is read badly and unevenly, and what follows depends on the reading."""
    circuit = QuantumCircuit(4, num_clbits=5).h(0).h(1).h(2)
    circuit.measure([0, 1, 2], [0, 1, 2])
    several = Condition(clbits=(2, 0, 1), values=frozenset({1, 2, 7}), negated=negated)
    circuit.if_test(several, lambda body: body.x(3).z(0), lambda body: body.y(0))
    circuit.measure([3, 0], [2, 0])  # what was decided by is overwritten
    circuit.if_test(condition_equals(2, 0), lambda body: body.x(1), lambda body: body.x(3))
    circuit.measure([3, 1], [3, 4])
    noise = NoiseModel(readout_errors={"2": [[0.9, 0.1], [0.3, 0.7]], "3": [[0.8, 0.2], [0.05, 0.95]]})

    counts = simulator().execute(circuit, 40_000, noise_model=noise).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit, noise))


def test_counts_depend_on_the_seed_and_not_on_threads() -> None:
    circuit = random_clifford(40, 3, gates=400)
    noise = {"depolarizing_error": 0.01, "readout_errors": {"1": [[0.9, 0.1], [0.3, 0.7]]}}

    one, two, four = (
        simulator(num_threads=threads).execute(circuit, 30_000, noise_model=noise).counts
        for threads in (1, 2, 4)
    )
    other = simulator(seed=6).execute(circuit, 30_000, noise_model=noise).counts

    assert one == two == four
    assert one != other


def test_few_coins_and_many_shots_are_split_fairly() -> None:
    circuit = random_clifford(6, 1).h(0).h(5)

    counts = simulator().execute(circuit, 2_000_000).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit.measured_whole()))
    assert sum(counts.values()) == 2_000_000


def test_a_program_wider_than_any_state_is_no_state() -> None:
    program = encode(QuantumCircuit(100).t(99).measure_all())

    with pytest.raises(ValueError, match="at most 48 qubits, the program has 100"):
        _engine.run(program, 10, 1, _engine.Settings())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.barrier().t(0), "t is no Clifford gate"),
        (lambda c: c.ry(0.3, 1), "ry.* is no Clifford gate"),
        (lambda c: c.channel(amplitude_damping(0.1), 0), "amplitude_damping is no Pauli channel"),
        (
            lambda c: c.measure(0, 0).if_test(condition_equals(0, 1), lambda b: b.h(1)),
            "if_else does h under a condition; only x, y and z can be",
        ),
        (
            lambda c: c.while_loop(condition_equals(0, 1), lambda b: b.x(0), max_iterations=2),
            "while_loop repeats until",
        ),
    ],
)
def test_what_stabilizers_cannot_follow_is_refused_by_name(change: Any, words: str) -> None:
    circuit = QuantumCircuit(2, num_clbits=1)
    change(circuit)

    for ask in (simulator().execute, simulator().explain, simulator().sample):
        with pytest.raises(CircuitValidationError, match=words):
            ask(circuit)


@pytest.mark.parametrize(
    ("num_qubits", "channel", "shots", "method"),
    [
        (4, amplitude_damping(0.1), 100, "density_matrix"),
        (12, amplitude_damping(0.1), 100, "trajectories"),
        (12, amplitude_damping(0.1), 100_000, "density_matrix"),
        (12, depolarizing(0.1), 100, "stabilizer"),
        (4, depolarizing(0.1), 0, "density_matrix"),
        (4, None, 0, "statevector"),
        (4, None, 100, "stabilizer"),
        (200, None, 100, "stabilizer"),
    ],
)
def test_auto_picks_a_method_and_says_why(num_qubits: int, channel: Any, shots: int, method: str) -> None:
    circuit = QuantumCircuit(num_qubits).h(0)
    if channel is not None:
        circuit.channel(channel, 0)

    chosen = methods.choose("auto", circuit, shots, lambda: encode(circuit))

    assert chosen.name == method
    assert str(num_qubits) in chosen.reason or method == "statevector"


def test_auto_can_be_overruled() -> None:
    circuit = QuantumCircuit(3).h(0).cx(0, 2)
    noise = {"depolarizing_error": 0.1}
    kinds = ("density_matrix", "trajectories", "stabilizer")

    found = [simulator(kind).execute(circuit, 20_000, noise_model=noise) for kind in kinds]

    assert [result.metadata["method"] for result in found] == list(kinds)
    for result in found:
        assert_counts_match(
            result.counts, reference.outcome_probabilities(circuit.measured_whole(), NoiseModel.of(noise))
        )
        largest = max(result.standard_error.values())
        assert result.metadata["standard_error"] == pytest.approx(largest)


def test_a_clifford_circuit_is_counted_without_a_state_by_default() -> None:
    circuit = random_clifford(5, 9).h(0).measured_whole()
    wider = QuantumCircuit(5, num_clbits=5).h(0).cx(0, 3).measure(3, 3).h(3).measure([0, 3], [0, 1])

    for each in (circuit, wider):
        fast = simulator("statevector").execute(each, 20_000)
        plain = simulator("statevector").execute(each, 20_000, optimization_level=0)

        assert (fast.metadata["method"], plain.metadata["method"]) == ("stabilizer", "statevector")
        assert "counts need no state" in fast.metadata["method_reason"]
        assert_counts_match(fast.counts, reference.outcome_probabilities(each))
        assert_counts_match(plain.counts, reference.outcome_probabilities(each))


def test_what_is_no_clifford_circuit_keeps_its_state() -> None:
    circuit = QuantumCircuit(3).h(0).cx(0, 2).t(2).h(2)

    result = simulator("statevector").execute(circuit, 20_000)

    assert result.metadata["method"] == "statevector"
    assert_counts_match(result.counts, reference.outcome_probabilities(circuit.measured_whole()))


def test_a_batch_mixes_methods() -> None:
    circuits = [
        QuantumCircuit(2).h(0).cx(0, 1),
        QuantumCircuit(2).ry(0.3, 0).cx(0, 1),
        QuantumCircuit(70).x(69),
    ]
    backend = SimulatorBackend(BackendConfiguration("sim", "simulator", {"simulator_type": "auto"}))

    results = backend.execute_batch(circuits, 500, seed=4)
    alone = backend.execute(circuits[0], 500, seed=4)

    assert [result.metadata["method"] for result in results] == ["stabilizer", "statevector", "stabilizer"]
    assert results[0].counts == alone.counts
    assert results[2].counts == {"0" * 69 + "1": 500}


def test_the_plan_names_coins_and_errors() -> None:
    circuit = QuantumCircuit(3).h(0).cx(0, 1).channel(depolarizing(0.1), 1).measure_all()

    words = simulator().explain(circuit)

    assert "of 3 bits 1 are fair coins" in words
    assert "1 places of errors" in words
