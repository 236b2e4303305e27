"""Every gate of the table, both ways, against Braket's own unitary."""

from __future__ import annotations

import numpy as np
import pytest
from braket.circuits import Circuit, Instruction, gates
from braket.devices import LocalSimulator
from numpy.testing import assert_allclose

from coratrix.core import GATES, QuantumCircuit, UnitaryGate, gate
from coratrix.providers.aws.convert import from_foreign, to_foreign
from coratrix.providers.aws.foreign_gates import CLASSES
from coratrix.testing.reference import unitary

EXACT = {"atol": 1e-12, "rtol": 0}


def angles_for(name: str) -> list[float]:
    return [0.3 + 0.4 * k for k in range(GATES[name].num_params)]


def lopsided(name: str) -> QuantumCircuit:
    """The gate on its qubits in falling order, with one qubit to spare, between rotations."""
    size = GATES[name].num_qubits
    circuit = QuantumCircuit(size + 1, global_phase=0.37)
    for qubit in range(size + 1):
        circuit.ry(0.4 + 0.5 * qubit, qubit)
    return circuit.add_gate(gate(name, *angles_for(name)), list(range(size, 0, -1)))


def simulated(theirs: Circuit) -> np.ndarray:
    """The unitary column by column from Braket's simulator.

    `Circuit.to_unitary` of SDK 1.127.5 reads a control state of several qubits backwards, unlike its own
    simulator and its own OpenQASM, so it cannot judge controls that read differently.
    """
    num_qubits, columns = theirs.qubit_count, []
    for index in range(2**num_qubits):
        prepared = Circuit()
        for qubit in range(num_qubits):
            prepared.x(qubit) if index >> (num_qubits - 1 - qubit) & 1 else prepared.i(qubit)
        result = LocalSimulator().run(prepared.add_circuit(theirs).state_vector(), shots=0).result()
        columns.append(result.values[0])
    return np.array(columns).T


def random_unitary(num_qubits: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    size = 2**num_qubits
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


@pytest.mark.parametrize("name", GATES)
def test_our_gate_has_brakets_unitary(name: str) -> None:
    circuit = lopsided(name)

    theirs = to_foreign(circuit)

    assert_allclose(theirs.to_unitary(), unitary(circuit), **EXACT)


@pytest.mark.parametrize("name", GATES)
def test_our_gate_comes_back(name: str) -> None:
    circuit = lopsided(name)

    back = from_foreign(to_foreign(circuit))

    assert_allclose(unitary(back), unitary(circuit), **EXACT)
    if name in CLASSES:
        assert back == circuit


@pytest.mark.parametrize("state", ["1", "0", "10", "01", "011"])
@pytest.mark.parametrize("base", ["h", "rx", "u", "swap", "rzz", "x"])
def test_controls_of_any_state_have_brakets_unitary(base: str, state: str) -> None:
    controlled = gate(base, *angles_for(base)).controlled(len(state), state)
    circuit = QuantumCircuit(controlled.num_qubits)
    circuit.add_gate(controlled, list(reversed(range(controlled.num_qubits))))

    theirs = to_foreign(circuit)

    assert_allclose(simulated(theirs), unitary(circuit), **EXACT)
    assert_allclose(unitary(from_foreign(theirs)), unitary(circuit), **EXACT)


@pytest.mark.parametrize("num_qubits", [1, 2, 3])
def test_a_matrix_is_carried_with_its_label(num_qubits: int) -> None:
    circuit = QuantumCircuit(num_qubits)
    circuit.add_gate(
        UnitaryGate(random_unitary(num_qubits, 5), label="mine"), list(reversed(range(num_qubits)))
    )

    theirs = to_foreign(circuit)
    back = from_foreign(theirs)

    assert_allclose(theirs.to_unitary(), unitary(circuit), **EXACT)
    assert back == circuit
    assert back.instructions[0].operation.label == "mine"


def test_a_controlled_matrix_is_carried() -> None:
    circuit = QuantumCircuit(3).add_gate(UnitaryGate(random_unitary(2, 6)).controlled(1, "0"), [2, 0, 1])

    theirs = to_foreign(circuit)

    assert_allclose(theirs.to_unitary(), unitary(circuit), **EXACT)


ONLY_BRAKETS = {
    "GPi": gates.GPi(0.7),
    "GPi2": gates.GPi2(0.7),
    "PRx": gates.PRx(0.7, 0.4),
    "MS": gates.MS(0.3, 0.5, 0.7),
    "XY": gates.XY(0.7),
    "PSwap": gates.PSwap(0.7),
    "CPhaseShift00": gates.CPhaseShift00(0.7),
    "CPhaseShift01": gates.CPhaseShift01(0.7),
    "CPhaseShift10": gates.CPhaseShift10(0.7),
}


@pytest.mark.parametrize("name", ONLY_BRAKETS)
@pytest.mark.parametrize(
    ("control", "state", "power"), [((), "", 1), ((2,), "0", 1), ((2,), "1", 2), ((), "", 0.3)]
)
def test_a_gate_that_only_braket_has_is_carried(name: str, control: tuple, state: str, power: float) -> None:
    operator = ONLY_BRAKETS[name]
    target = [1] if operator.qubit_count == 1 else [1, 0]
    theirs = Circuit().h(0).t(1).i(2)
    theirs.add_instruction(Instruction(operator, target, control=control, control_state=state, power=power))

    ours = from_foreign(theirs)

    assert_allclose(unitary(ours), theirs.to_unitary(), **EXACT)


def test_every_gate_class_of_braket_is_known() -> None:
    classes = {
        name
        for name, item in vars(gates).items()
        if isinstance(item, type) and item.__module__ == gates.__name__
    }

    assert classes - {"GPhase", "Unitary", "PulseGate"} == set(CLASSES.values()) | set(ONLY_BRAKETS)


@pytest.mark.parametrize("power", [2, -1, 3, 0.5, -0.25, 1.7])
@pytest.mark.parametrize(
    "operator", [gates.S(), gates.X(), gates.H(), gates.Rx(7.0), gates.U(0.3, 0.5, 0.7), gates.V()]
)
def test_powers_are_brakets_own(operator: gates.Gate, power: float) -> None:
    theirs = Circuit().add_instruction(Instruction(operator, 0, power=power))

    ours = from_foreign(theirs)

    assert_allclose(unitary(ours), theirs.to_unitary(), **EXACT)


@pytest.mark.parametrize("state", ["1", "0", "01", "10", "011"])
def test_a_controlled_global_phase_is_a_phase_of_the_controls(state: str) -> None:
    theirs = Circuit().i(0).i(1).i(2)
    theirs.add_instruction(
        Instruction(gates.GPhase(0.6), [], control=list(range(len(state))), control_state=state)
    )
    readings = [format(index, "03b").startswith(state) for index in range(8)]

    ours = from_foreign(theirs)

    assert_allclose(unitary(ours), np.diag(np.where(readings, np.exp(0.6j), 1)), **EXACT)
