"""The density matrix in the Pauli basis: against the textbook, and against the complex one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.backend import BackendConfiguration
from coratrix.core import GATES, QuantumCircuit, gate
from coratrix.core.noise import NoiseModel, amplitude_damping, depolarizing, thermal_relaxation
from coratrix.sim import SimulatorBackend, _engine
from coratrix.sim.program import encode
from coratrix.testing import reference, strategies
from coratrix.testing.statistics import assert_counts_match

SETS = _engine.instruction_sets()


def simulator(**params: Any) -> SimulatorBackend:
    return SimulatorBackend(
        BackendConfiguration("sim", "simulator", {"simulator_type": "density_matrix", **params})
    )


def spread(num_qubits: int) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.u(0.4 + 0.3 * qubit, 0.2 * qubit, 0.9 - 0.4 * qubit, qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1).channel(thermal_relaxation(1.0, 0.7, 0.1), qubit)
    return circuit


def noisy(num_qubits: int, seed: int, gates: int = 40) -> QuantumCircuit:
    """Random gates and channels on random qubits."""
    rng = np.random.default_rng(seed)
    names = [name for name, row in GATES.items() if row.num_qubits <= min(4, num_qubits)]
    circuit = spread(num_qubits)
    for _ in range(gates):
        name = names[rng.integers(len(names))]
        qubits = [int(q) for q in rng.permutation(num_qubits)[: GATES[name].num_qubits]]
        circuit.add_gate(gate(name, *rng.uniform(-3, 3, GATES[name].num_params)), qubits)
        circuit.channel(amplitude_damping(0.05), qubits[0])
        if len(qubits) == 2:
            circuit.channel(depolarizing(0.1, 2), *qubits)
    return circuit


@pytest.mark.parametrize("name", [name for name, row in GATES.items() if row.num_qubits <= 4])
@pytest.mark.parametrize("num_qubits", [4, 5])
def test_every_gate_agrees_with_the_textbook(name: str, num_qubits: int) -> None:
    spec = GATES[name]
    rng = np.random.default_rng(len(name))
    circuit = spread(num_qubits)
    for _ in range(3):
        qubits = [int(q) for q in rng.permutation(num_qubits)[: spec.num_qubits]]
        circuit.add_gate(gate(name, *rng.uniform(-3, 3, spec.num_params)), qubits)

    assert_allclose(simulator().density_matrix(circuit), reference.density_matrix(circuit), atol=1e-12)


@given(data=st.data(), num_qubits=st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_random_circuits_with_any_channels_agree_with_the_textbook(
    data: st.DataObject, num_qubits: int
) -> None:
    circuit = spread(num_qubits)
    for width in (1, 2, 1):
        if width <= num_qubits:
            qubits = data.draw(st.permutations(range(num_qubits)))[:width]
            circuit.channel(data.draw(strategies.channels(width)), *qubits)
            circuit.h(qubits[0]).reset(qubits[-1]) if width == 2 else circuit.t(qubits[0])

    wanted = reference.density_matrix(circuit)
    assert_allclose(simulator().density_matrix(circuit), wanted, atol=1e-12)
    assert_allclose(simulator().probabilities(circuit), wanted.diagonal().real, atol=1e-12)


@pytest.mark.parametrize("num_qubits", [6, 7, 8, 9])
def test_tiles_agree_with_the_complex_density_matrix(num_qubits: int) -> None:
    program = encode(noisy(num_qubits, seed=num_qubits))
    wanted = _engine.state(program, _engine.Settings(density=True, pauli=False))

    for name in SETS:
        for threads in (1, 2):
            chosen = _engine.Settings(density=True, threads=threads, instruction_set=name)
            assert_allclose(_engine.state(program, chosen), wanted, atol=1e-12)


def test_wide_gates_fall_back_to_the_complex_density_matrix() -> None:
    circuit = spread(5).add_gate(gate("x").controlled(4, "0101"), [4, 2, 0, 1, 3])

    assert_allclose(simulator().density_matrix(circuit), reference.density_matrix(circuit), atol=1e-12)


@given(data=st.data(), noise=strategies.noise_models())
@settings(max_examples=30, deadline=None)
def test_expectation_values_agree_with_the_textbook(data: st.DataObject, noise: NoiseModel) -> None:
    circuit = spread(4)
    observable = data.draw(strategies.pauli_sums(4))

    value = simulator().expectation(circuit, observable, noise_model=noise)

    assert value == pytest.approx(reference.expectation(circuit, observable, noise), abs=1e-12)


def test_single_precision_gives_the_matrix_in_single_precision() -> None:
    circuit = noisy(4, seed=3)

    rho = simulator(precision="single").density_matrix(circuit)

    assert rho.dtype == np.complex64
    assert_allclose(rho, reference.density_matrix(circuit), atol=1e-6)


def test_measurement_in_the_middle_goes_on_from_the_pauli_basis() -> None:
    circuit = noisy(3, seed=1, gates=6)
    circuit.add_register("c", 4)
    circuit.measure(1, 0).cx(1, 2).channel(depolarizing(0.2), 2).measure([0, 1, 2], [1, 2, 3])

    counts = simulator(seed=3).execute(circuit, 20_000).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit))


def test_threads_do_not_change_a_count() -> None:
    circuit = noisy(9, seed=2)
    counts = [simulator(num_threads=threads).execute(circuit, 5000, seed=4).counts for threads in (1, 2, 4)]

    assert counts[0] == counts[1] == counts[2]


def test_explain_tells_what_is_done_in_the_pauli_basis() -> None:
    text = simulator(noise_model={"depolarizing_error": 0.01}).explain(
        QuantumCircuit(9).h(0).cx(0, 1).cx(3, 8)
    )

    assert "density matrix of 9 qubits in the Pauli basis: 4^9 real numbers, 2097152 bytes" in text
    assert "6 gates, channels and resets in 2 passes" in text
    assert "stage 1:" in text
    assert "precision" not in text  # nothing of a plan for complex amplitudes
