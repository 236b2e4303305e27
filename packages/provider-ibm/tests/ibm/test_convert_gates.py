"""Every gate in both directions: the unitary is Qiskit's own to 1e-12, on lopsided qubits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from qiskit import QuantumCircuit as Theirs
from qiskit.circuit import AnnotatedOperation, ControlModifier, InverseModifier, PowerModifier, library
from qiskit.circuit import Gate as TheirGate
from qiskit.circuit.library import get_standard_gate_name_mapping
from qiskit.quantum_info import Operator, random_unitary

from coratrix.core import QuantumCircuit
from coratrix.core.gate import Gate, StandardGate, UnitaryGate
from coratrix.core.gate_table import GATES
from coratrix.providers.ibm.convert import from_foreign, to_foreign

ANGLES = (0.37, -1.13, 2.71, 0.59)
Matrix = npt.NDArray[np.complex128]


def our_unitary(circuit: QuantumCircuit) -> Matrix:
    """Textbook: each gate's matrix on its axes of the identity; our bit order."""
    n = circuit.num_qubits
    state = np.eye(2**n, dtype=complex).reshape((2,) * n + (2**n,))
    for instruction in circuit:
        gate, qubits = instruction.operation, instruction.qubits
        if not isinstance(gate, Gate):
            continue
        tensor = gate.matrix().reshape((2,) * (2 * len(qubits)))
        state = np.tensordot(tensor, state, axes=(range(len(qubits), 2 * len(qubits)), qubits))
        state = np.moveaxis(state, range(len(qubits)), qubits)
    phase = np.exp(1j * float(circuit.global_phase))
    return np.asarray(phase * state.reshape(2**n, 2**n))


def their_unitary(circuit: Any) -> Matrix:
    return np.asarray(Operator(circuit.reverse_bits()).data)


def standard_gates() -> list[StandardGate]:
    return [StandardGate(name, *ANGLES[: spec.num_params]) for name, spec in GATES.items()]


def lopsided(num_qubits: int) -> tuple[int, ...]:
    """Qubits out of order and with gaps, on a circuit of `num_qubits` + 1."""
    return tuple(
        (2 * k + 1) % (num_qubits + 1) if num_qubits % 2 == 0 else num_qubits - k for k in range(num_qubits)
    )


@pytest.mark.parametrize("gate", standard_gates(), ids=lambda gate: gate.name)
def test_a_gate_of_ours_is_the_same_unitary_in_qiskit(gate: StandardGate) -> None:
    circuit = QuantumCircuit(gate.num_qubits + 1, global_phase=0.4)
    circuit.add_gate(gate, lopsided(gate.num_qubits))

    theirs = to_foreign(circuit)

    np.testing.assert_allclose(their_unitary(theirs), our_unitary(circuit), atol=1e-12)
    assert from_foreign(theirs) == circuit


def their_gates() -> list[Any]:
    known = get_standard_gate_name_mapping()
    gates = [
        known[name] for name in sorted(known) if isinstance(known[name], TheirGate) and name != "global_phase"
    ]
    fixed = [gate.base_class(*ANGLES[: len(gate.params)]) if gate.params else gate for gate in gates]
    more = [
        library.C3XGate(), library.C4XGate(), library.MCXGate(3), library.RVGate(0.3, 0.5, -0.2),
        library.MCPhaseGate(0.7, 3), library.PauliGate("XYZ"), library.PermutationGate([2, 0, 1]),
        library.CXGate(ctrl_state=0), library.CCXGate(ctrl_state=1), library.CUGate(*ANGLES, ctrl_state=0),
        library.CRYGate(0.7, ctrl_state=0), library.HGate().control(3, ctrl_state=2, annotated=False),
        library.UnitaryGate(random_unitary(4, seed=3)).control(2, ctrl_state=1, annotated=False),
        library.DiagonalGate(list(np.exp(1j * np.array([0.1, 0.2, 0.3, -0.4])))),
        AnnotatedOperation(library.RXGate(0.3), [ControlModifier(2, 1), InverseModifier()]),
        AnnotatedOperation(library.SGate(), [PowerModifier(0.5)]),
        AnnotatedOperation(library.RXGate(9.1), [PowerModifier(3), ControlModifier(1)]),
        AnnotatedOperation(library.RXGate(9.1), [PowerModifier(0.5), ControlModifier(1)]),
    ]  # fmt: skip
    return [*fixed, *more]


@pytest.mark.parametrize("gate", their_gates(), ids=lambda gate: f"{gate.name}-{type(gate).__name__}")
def test_a_gate_of_qiskits_is_the_same_unitary_here(gate: Any) -> None:
    theirs = Theirs(gate.num_qubits + 1, global_phase=-0.2)
    theirs.append(gate, lopsided(gate.num_qubits))

    ours = from_foreign(theirs)

    np.testing.assert_allclose(our_unitary(ours), their_unitary(theirs), atol=1e-12)


@pytest.mark.parametrize("num_qubits", [1, 2, 3])
def test_a_matrix_keeps_its_meaning(num_qubits: int) -> None:
    matrix = np.asarray(random_unitary(2**num_qubits, seed=num_qubits).data)
    circuit = QuantumCircuit(4).add_gate(UnitaryGate(matrix, label="mine"), lopsided(num_qubits))

    theirs = to_foreign(circuit)

    np.testing.assert_allclose(their_unitary(theirs), our_unitary(circuit), atol=1e-12)
    assert from_foreign(theirs) == circuit
    assert theirs.data[0].operation.label == "mine"


@pytest.mark.parametrize("state", ["000", "100", "011"])
def test_controls_of_our_own_keep_their_state(state: str) -> None:
    base = UnitaryGate(np.asarray(random_unitary(4, seed=11).data))
    circuit = QuantumCircuit(6).add_gate(base.controlled(3, state), (5, 0, 3, 1, 4))
    circuit.add_gate(StandardGate("rx", 0.3).controlled(3, state), (2, 5, 1, 0))

    theirs = to_foreign(circuit)

    np.testing.assert_allclose(their_unitary(theirs), our_unitary(circuit), atol=1e-11)
    assert from_foreign(theirs) == circuit


def test_a_random_circuit_of_qiskit_survives_the_round_trip() -> None:
    from qiskit.circuit.random import random_circuit

    for seed in range(12):
        theirs = random_circuit(4, 6, max_operands=4, seed=seed)

        ours = from_foreign(theirs)

        np.testing.assert_allclose(our_unitary(ours), their_unitary(theirs), atol=1e-12)
        np.testing.assert_allclose(their_unitary(to_foreign(ours)), their_unitary(theirs), atol=1e-12)


def test_composite_gates_are_opened_with_their_phase() -> None:
    inner = Theirs(2, global_phase=0.3)
    inner.cx(0, 1)
    inner.append(library.GlobalPhaseGate(0.25), [])
    outer = Theirs(3)
    outer.append(inner.to_gate(label="mine"), [2, 0])
    outer.append(inner.to_gate(), [1, 2])

    ours = from_foreign(outer)

    np.testing.assert_allclose(our_unitary(ours), their_unitary(outer), atol=1e-12)
    assert math.isclose(float(ours.global_phase) % (2 * math.pi), 2 * 0.55)
