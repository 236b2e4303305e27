"""The engine's exact answers against the textbook."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.backend import BackendConfiguration
from coratrix.core import GATES, PauliSum, QuantumCircuit, gate
from coratrix.core.gate import UnitaryGate
from coratrix.core.operations import ChannelOp
from coratrix.sim import SimulatorBackend, _engine
from coratrix.sim.program import encode
from coratrix.testing import reference, strategies

SETS = _engine.instruction_sets()


PLANNED = _engine.Settings(direct=False)


def simulator(**params: Any) -> SimulatorBackend:
    return SimulatorBackend(BackendConfiguration("sim", "simulator", params))


def spread(num_qubits: int) -> QuantumCircuit:
    """A state whose amplitudes all differ, so that no permutation of qubits goes unseen."""
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.u(0.4 + 0.3 * qubit, 0.2 * qubit, 0.9 - 0.4 * qubit, qubit)
    for qubit in range(num_qubits - 1):
        circuit.cx(qubit, qubit + 1)
    return circuit


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_on_every_placement_agrees_with_the_textbook(name: str) -> None:
    spec = GATES[name]
    num_qubits = max(4, spec.num_qubits)
    angles = [0.3 + 0.5 * k for k in range(spec.num_params)]
    start = reference.final_state(spread(num_qubits))
    sim = simulator()

    for qubits in itertools.permutations(range(num_qubits), spec.num_qubits):
        circuit = spread(num_qubits).add_gate(gate(name, *angles), qubits)
        wanted = reference.apply(gate(name, *angles).matrix(), qubits, start.reshape([2] * num_qubits))
        assert_allclose(sim.statevector(circuit), wanted.reshape(-1), atol=1e-12)
        assert_allclose(_engine.state(encode(circuit), PLANNED), wanted.reshape(-1), atol=1e-12)


@given(circuit=strategies.circuits(max_qubits=6, with_unitaries=True))
@settings(max_examples=150, deadline=None)
def test_random_circuits_agree_with_the_textbook(circuit: QuantumCircuit) -> None:
    wanted = reference.final_state(circuit)

    assert_allclose(simulator().statevector(circuit), wanted, atol=1e-12)
    assert_allclose(_engine.state(encode(circuit), PLANNED), wanted, atol=1e-12)


@given(circuit=strategies.circuits(max_qubits=9, with_unitaries=True), data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_way_of_running_gives_the_same_state(circuit: QuantumCircuit, data: st.DataObject) -> None:
    wanted = reference.final_state(circuit)
    program = encode(circuit)

    for name, single, merge in itertools.product(SETS, (False, True), (False, True)):
        tile_bits = data.draw(st.sampled_from([0, 4, 6]))
        chosen = _engine.Settings(single, False, 2, name, tile_bits, merge, data.draw(st.booleans()))
        state = _engine.state(program, chosen)
        assert_allclose(state, wanted, atol=1e-5 if single else 1e-12)


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5])
def test_unitaries_of_many_qubits_and_controls(num_qubits: int) -> None:
    rng = np.random.default_rng(num_qubits)
    size = 2**num_qubits
    matrix = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]
    wide = UnitaryGate(matrix).controlled(2, "01")
    circuit = spread(num_qubits + 3).add_gate(wide, range(num_qubits + 1, -1, -1))

    assert_allclose(simulator().statevector(circuit), reference.final_state(circuit), atol=1e-12)


@given(circuit=strategies.circuits(max_qubits=4), noise=strategies.noise_models())
@settings(max_examples=60, deadline=None)
def test_the_density_matrix_agrees_with_the_textbook(circuit: QuantumCircuit, noise: Any) -> None:
    wanted = reference.density_matrix(circuit, noise)
    found = simulator(simulator_type="density_matrix").density_matrix(circuit, noise_model=noise)
    planned = _engine.state(
        encode(noise.applied_to(circuit)), _engine.Settings(density=True, direct=False, pauli=False)
    )

    assert_allclose(found, wanted, atol=1e-12)
    assert_allclose(planned, wanted, atol=1e-12)


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_explicit_channels_and_resets_are_exact(data: st.DataObject) -> None:
    circuit = spread(3)
    for num_qubits, qubits in ((1, (2,)), (2, (2, 0))):
        channel = data.draw(strategies.channels(num_qubits))
        circuit.channel(channel, *qubits)
        assert isinstance(circuit.instructions[-1].operation, ChannelOp)
    circuit.reset(1).h(1).cx(1, 2)

    assert_allclose(simulator().density_matrix(circuit), reference.density_matrix(circuit), atol=1e-12)


@given(circuit=strategies.circuits(min_qubits=3, max_qubits=7), data=st.data())
@settings(max_examples=60, deadline=None)
def test_expectation_values_agree_with_the_textbook(circuit: QuantumCircuit, data: st.DataObject) -> None:
    observable = data.draw(strategies.pauli_sums(circuit.num_qubits))
    state = reference.final_state(circuit)
    wanted = np.vdot(state, observable.matrix() @ state).real

    assert simulator().expectation(circuit, observable) == pytest.approx(wanted, abs=1e-11)
    assert simulator(precision="single").expectation(circuit, observable) == pytest.approx(wanted, abs=2e-4)


def test_many_terms_with_one_x_mask_are_transformed_together() -> None:
    rng = np.random.default_rng(5)
    circuit = spread(11)
    labels = {"".join(rng.choice(list("IZ"), 11)) for _ in range(60)}
    labels |= {"XY" + "".join(rng.choice(list("IZ"), 9)) for _ in range(60)}
    observable = PauliSum({label: float(rng.normal()) for label in labels})
    state = reference.final_state(circuit)
    masks = observable.masks()
    index = np.arange(2**11, dtype=np.uint64)
    wanted = sum(
        c
        * 1j ** bin(int(x & z)).count("1")
        * np.vdot(state[index ^ x], (1 - 2.0 * (np.bitwise_count(index & z) % 2)) * state)
        for x, z, c in zip(*masks, strict=True)
    ).real

    assert simulator().expectation(circuit, observable) == pytest.approx(wanted, abs=1e-11)


def test_threads_do_not_change_a_bit() -> None:
    circuit = spread(18)
    states = [simulator(num_threads=threads).statevector(circuit) for threads in (1, 2)]

    assert np.array_equal(states[0], states[1])


def test_a_state_keeps_its_memory_when_others_are_made() -> None:
    sim = simulator()
    first = sim.statevector(QuantumCircuit(16).x(0))
    for _ in range(3):
        sim.statevector(QuantumCircuit(16).x(1))

    assert first[1 << 15] == 1
