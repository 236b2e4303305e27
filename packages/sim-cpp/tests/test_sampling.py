"""Counts: measurement, feed-forward, noise by trajectories, seeds and threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from coratrix.backend import BackendConfiguration, BackendManager
from coratrix.core import QuantumCircuit, condition_equals
from coratrix.core.noise import NoiseModel
from coratrix.sim import SimulatorBackend
from coratrix.testing import reference, strategies
from coratrix.testing.statistics import assert_counts_match

SHOTS = 20_000


def simulator(**params: Any) -> SimulatorBackend:
    return SimulatorBackend(BackendConfiguration("sim", "simulator", {"seed": 5, **params}))


@given(circuit=strategies.circuits(max_qubits=4, with_unitaries=True, with_feedforward=True, with_reset=True))
@settings(max_examples=40, deadline=None)
def test_counts_follow_the_textbook(circuit: QuantumCircuit) -> None:
    counts = simulator().execute(circuit, SHOTS).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit))


@pytest.mark.parametrize("kind", ["statevector", "density_matrix"])
@given(noise=strategies.noise_models(max_qubits=3))
@settings(max_examples=20, deadline=None)
def test_noise_follows_the_textbook(kind: str, noise: NoiseModel) -> None:
    circuit = QuantumCircuit(3, num_clbits=3).h(0).cx(0, 1).ry(0.8, 2).cx(1, 2)
    circuit.measure([0, 1, 2], [2, 0, 1])
    counts = simulator(simulator_type=kind).execute(circuit, 5000, noise_model=noise).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit, noise))


@pytest.mark.parametrize("kind", ["statevector", "density_matrix"])
def test_teleportation_by_feed_forward(kind: str) -> None:
    circuit = QuantumCircuit(3, num_clbits=3).ry(0.9, 0).h(1).cx(1, 2).cx(0, 1).h(0)
    circuit.measure([0, 1], [0, 1])
    circuit.if_test(condition_equals(1, 1), lambda body: body.x(2))
    circuit.if_test(condition_equals(0, 1), lambda body: body.z(2))
    circuit.ry(-0.9, 2).measure(2, 2)

    counts = simulator(simulator_type=kind).execute(circuit, 4000).counts

    assert {key[2] for key in counts} == {"0"}
    assert_counts_match(counts, {f"{a}{b}0": 0.25 for a in "01" for b in "01"})


def test_a_loop_repeats_until_its_bit_is_set() -> None:
    circuit = QuantumCircuit(2, num_clbits=2)
    circuit.while_loop(
        condition_equals(0, 0), lambda body: body.reset(0).ry(0.7, 0).measure(0, 0).x(1), max_iterations=3
    ).measure(1, 1)

    counts = simulator().execute(circuit, SHOTS).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit))


def test_a_qubit_measured_twice_reads_the_same() -> None:
    circuit = QuantumCircuit(2, num_clbits=3).h(0).measure(0, 0).measure(0, 2).cx(0, 1).measure(1, 1)

    counts = simulator().execute(circuit, 1000).counts

    assert set(counts) == {"000", "111"}


def test_readout_errors_flip_bits_and_not_states() -> None:
    noise = NoiseModel(readout_errors={"0": [[0.9, 0.1], [0.3, 0.7]], "1 2": np.full((4, 4), 0.25).tolist()})
    circuit = QuantumCircuit(3, num_clbits=4).x(0).measure(0, 0).measure(0, 1).measure([1, 2], [2, 3])

    counts = simulator().execute(circuit, SHOTS, noise_model=noise).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit, noise))


def test_more_than_64_classical_bits() -> None:
    circuit = QuantumCircuit(2, num_clbits=70).x(1)
    for bit in range(70):
        circuit.measure(bit % 2, bit)

    counts = simulator().execute(circuit, 10).counts

    assert counts == {"01" * 35: 10}


def test_the_same_seed_gives_the_same_counts_on_any_number_of_threads() -> None:
    circuit = QuantumCircuit(17)
    for qubit in range(17):
        circuit.ry(0.1 + 0.15 * qubit, qubit)
    runs = [simulator(num_threads=threads).execute(circuit, 3000, seed=9).counts for threads in (1, 2, 2)]
    other = simulator().execute(circuit, 3000, seed=10).counts

    assert runs[0] == runs[1] == runs[2] != other


def test_a_batch_gives_what_single_runs_give_with_their_own_seeds() -> None:
    circuits = [QuantumCircuit(2).ry(0.2 * k, 0).cx(0, 1) for k in range(20)]

    results = simulator().execute_batch(circuits, 2000)

    for circuit, result in zip(circuits, results, strict=True):
        assert_counts_match(result.counts, reference.outcome_probabilities(circuit))
    assert len({result.metadata["seed"] for result in results}) == 20
    again = simulator(seed=int(results[3].metadata["seed"])).execute(circuits[3], 2000)
    assert again.counts == results[3].counts


def test_a_million_shots_as_arrays() -> None:
    circuit = QuantumCircuit(12)
    for qubit in range(12):
        circuit.ry(0.3 + 0.2 * qubit, qubit)

    keys, counts = simulator().sample(circuit, 1_000_000, seed=2)

    probabilities = simulator().probabilities(circuit)
    index = [int(format(int(key), "012b")[::-1], 2) for key in keys[:, 0]]
    expected = 1_000_000 * probabilities[index]
    assert counts.sum() == 1_000_000
    assert np.all(np.abs(counts - expected) < 6 * np.sqrt(expected + 1) + 1)


@pytest.mark.parametrize("options", [{"seed": 11}, {}], ids=["given", "configured"])
def test_no_two_circuits_of_a_managers_batch_share_a_seed(options: dict[str, int]) -> None:
    manager = BackendManager()
    manager.register_backend("sim", simulator())
    circuits = [QuantumCircuit(3).h(0).rx(0.7, 1).ry(1.1, 2).measure_all() for _ in range(130)]

    first, again = (manager.batch(circuits, 500, backends=["sim"], **options).run() for _ in range(2))

    assert len({result.metadata["seed"] for result in first}) == 130
    assert [dict(result.counts) for result in first] == [dict(result.counts) for result in again]
