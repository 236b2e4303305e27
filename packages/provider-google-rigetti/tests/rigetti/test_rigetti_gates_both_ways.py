"""Every gate of the table to Quil and back, its unitary compared with pyquil's own."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyquil import Program
from pyquil.simulation.matrices import QUANTUM_GATES
from pyquil.simulation.tools import program_unitary

from coratrix.core import GATES, QuantumCircuit, gate
from coratrix.core.errors import CircuitImportError
from coratrix.core.gate import UnitaryGate
from coratrix.providers.rigetti.convert import from_foreign, from_text, to_foreign
from coratrix.testing import reference


def of_pyquil(program: Program, num_qubits: int) -> np.ndarray:
    """pyquil's unitary in our bit order: its qubit 0 is the least significant bit."""
    bare = Program([i for i in program.instructions if type(i).__name__ == "Gate"])
    unitary = program_unitary(bare, num_qubits)
    turned = [int(format(index, f"0{num_qubits}b")[::-1], 2) for index in range(2**num_qubits)]
    return unitary[np.ix_(turned, turned)]


def lopsided(name: str, qubits: tuple[int, ...], num_qubits: int) -> QuantumCircuit:
    spec = GATES[name]
    angles = [0.3 + 0.7 * k for k in range(spec.num_params)]
    return QuantumCircuit(num_qubits).add_gate(gate(name, *angles), qubits)


@pytest.mark.parametrize("name", GATES)
def test_a_gate_has_pyquils_unitary(name: str) -> None:
    width = max(3, GATES[name].num_qubits)
    for qubits in itertools.permutations(range(width), GATES[name].num_qubits):
        circuit = lopsided(name, qubits, width)

        unitary = of_pyquil(to_foreign(circuit), width)

        np.testing.assert_allclose(unitary, reference.unitary(circuit), atol=1e-12)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("ctrl_state", ["1", "0"])
def test_a_gate_under_a_control_keeps_its_phase(name: str, ctrl_state: str) -> None:
    width = GATES[name].num_qubits + 1
    if width > 4:
        pytest.skip("covered by the smaller ones; pyquil's matrices get large")
    inner = lopsided(name, tuple(range(width - 1)), width - 1).instructions[0].operation
    qubits = tuple(reversed(range(width)))
    circuit = QuantumCircuit(width).add_gate(inner.controlled(1, ctrl_state), qubits)

    unitary = of_pyquil(to_foreign(circuit), width)

    np.testing.assert_allclose(unitary, reference.unitary(circuit), atol=1e-12)


@pytest.mark.parametrize("name", GATES)
def test_a_gate_comes_back(name: str) -> None:
    width = GATES[name].num_qubits + 1
    circuit = lopsided(name, tuple(reversed(range(1, width))), width)

    again = from_foreign(to_foreign(circuit))

    assert again.num_qubits == circuit.num_qubits
    np.testing.assert_allclose(reference.unitary(again), reference.unitary(circuit), atol=1e-12)


@pytest.mark.parametrize("name", sorted(QUANTUM_GATES))
def test_every_gate_that_pyquil_knows_is_read(name: str) -> None:
    known = QUANTUM_GATES[name]
    angles: list[float] = []
    while callable(known):
        angles.append(0.4 + 0.9 * len(angles))
        try:
            known = QUANTUM_GATES[name](*angles)
        except TypeError:
            continue
    matrix = np.asarray(known, dtype=complex)
    width = len(matrix).bit_length() - 1
    params = f"({', '.join(map(repr, angles))})" if angles else ""
    text = f"{name}{params} {' '.join(map(str, range(width)))}\n"

    if not np.allclose(matrix.conj().T @ matrix, np.eye(len(matrix))):
        with pytest.raises(CircuitImportError, match="not unitary"):  # pyquil's own matrix is wrong (BARENCO)
            from_text(text)
        return
    np.testing.assert_allclose(reference.unitary(from_text(text)), matrix, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "DAGGER S 0",
        "CONTROLLED H 2 0",
        "CONTROLLED DAGGER T 0 1",
        "CONTROLLED CONTROLLED RX(0.7) 2 0 1",
        "FORKED RX(0.3, 1.1) 1 0",
        "FORKED FORKED RY(0.1, 0.5, 0.9, 1.3) 2 0 1",
        "CONTROLLED FORKED PHASE(0.3, 1.1) 0 1 2",
        "DAGGER CONTROLLED ISWAP 2 0 1",
    ],
)
def test_modifiers_mean_what_pyquil_says(text: str) -> None:
    program = Program(text)
    width = max(program.get_qubit_indices()) + 1

    circuit = from_foreign(program)

    np.testing.assert_allclose(reference.unitary(circuit), of_pyquil(program, width), atol=1e-12)


def test_a_matrix_travels_as_a_defgate() -> None:
    rng = np.random.default_rng(5)
    matrix, _ = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))
    circuit = QuantumCircuit(3).add_gate(UnitaryGate(matrix, label="mine"), (2, 0))

    program = to_foreign(circuit)
    again = from_foreign(program)

    assert [definition.name for definition in program.defined_gates] == ["mine"]
    np.testing.assert_array_equal(program.defined_gates[0].matrix.astype(complex), matrix)
    assert again.instructions == circuit.instructions


@pytest.mark.parametrize("label", ["X", "RX", "0", "MEASURE", "pi", "a b", "é", "-", "I'"])
def test_a_label_that_quil_cannot_carry_is_changed_and_not_mistaken_for_a_gate(label: str) -> None:
    matrix = np.diag([1, 1j, -1, np.exp(0.3j)])
    circuit = QuantumCircuit(2).add_gate(UnitaryGate(matrix, label=label), (1, 0))

    again = from_foreign(to_foreign(circuit))

    np.testing.assert_allclose(reference.unitary(again), reference.unitary(circuit), atol=1e-15)


def test_defgates_with_parameters_and_permutations_are_read() -> None:
    text = (
        "DEFGATE TURN(%a, %b):\n    cos(%a), -sin(%a)\n    sin(%a)*cis(%b), cos(%a)*cis(%b)\n"
        "DEFGATE ROUND AS PERMUTATION:\n    1, 2, 3, 0\n"
        "TURN(0.4, 1.1) 1\nROUND 0 1\nDAGGER TURN(0.2, 0.5) 0\n"
    )
    turn = lambda a, b: np.diag([1, np.exp(1j * b)]) @ [[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]  # noqa: E731
    one = np.eye(2)
    permuted = np.zeros((4, 4))
    permuted[range(4), [1, 2, 3, 0]] = 1  # quilc's gate-matrix: row k, column p(k)

    found = reference.unitary(from_text(text))

    expected = np.kron(turn(0.2, 0.5).conj().T, one) @ permuted @ np.kron(one, turn(0.4, 1.1))
    np.testing.assert_allclose(found, expected, atol=1e-12)


names = st.sampled_from([name for name, spec in GATES.items() if spec.num_qubits <= 3])


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_circuits_come_back_with_their_unitary(data: st.DataObject) -> None:
    circuit = QuantumCircuit(4, global_phase=data.draw(st.floats(-3, 3)))
    for name in data.draw(st.lists(names, min_size=1, max_size=12)):
        qubits = data.draw(st.permutations(range(4)))[: GATES[name].num_qubits]
        angles = data.draw(st.lists(st.floats(-7, 7), min_size=5, max_size=5))[: GATES[name].num_params]
        circuit.add_gate(gate(name, *angles), qubits)

    program = to_foreign(circuit)

    np.testing.assert_allclose(of_pyquil(program, 4), reference.unitary(circuit), atol=1e-11)
    np.testing.assert_allclose(
        reference.unitary(from_foreign(program)), reference.unitary(circuit), atol=1e-11
    )
