"""Every gate, both ways: the matrix is the other side's own to 1e-12, global phase included."""

from __future__ import annotations

from collections.abc import Iterator

import cirq
import cirq_google
import numpy as np
import pytest
import sympy
from numpy.testing import assert_allclose

from coratrix.core import GATES, QuantumCircuit, UnitaryGate, gate
from coratrix.core.errors import CircuitImportError
from coratrix.core.gate import ControlledGate, Gate
from coratrix.core.parameters import Parameter
from coratrix.providers.google.convert import from_foreign, to_foreign
from coratrix.testing import reference

ANGLES = (0.37, -1.9, 2.6, 0.83)


def embedded(placed: Gate) -> QuantumCircuit:
    """The gate on qubits out of order among one more, so that a wrong order or size shows."""
    qubits = [(2 * k + 1) % (placed.num_qubits + 1) for k in range(placed.num_qubits)]
    if len(set(qubits)) < len(qubits):
        qubits = list(range(placed.num_qubits, 0, -1))
    return QuantumCircuit(placed.num_qubits + 1).add_gate(placed, qubits)


def our_gates() -> Iterator[Gate]:
    for name, spec in GATES.items():
        row = gate(name, *ANGLES[: spec.num_params])
        yield row
        yield row.controlled(1, "0")
    yield UnitaryGate(cirq.testing.random_unitary(4, random_state=5), label="mine")
    yield ControlledGate(gate("u", 0.3, 0.5, 0.7), 2, 1)


@pytest.mark.parametrize("placed", list(our_gates()), ids=lambda placed: f"{placed.name}-{placed.num_qubits}")
def test_our_gate_is_the_same_matrix_in_cirq_and_back(placed: Gate) -> None:
    ours = embedded(placed)

    theirs = to_foreign(ours)
    back = from_foreign(theirs)

    order = cirq.LineQubit.range(ours.num_qubits)
    assert_allclose(theirs.unitary(order, order), reference.unitary(ours), atol=1e-12)
    assert_allclose(reference.unitary(back), reference.unitary(ours), atol=1e-12)


CIRQ_GATES: tuple[cirq.Gate, ...] = (
    *(power**exponent for power in (cirq.X, cirq.Y, cirq.Z, cirq.H, cirq.CZ, cirq.CX, cirq.SWAP,
                                    cirq.ISWAP, cirq.XX, cirq.YY, cirq.ZZ, cirq.CCX, cirq.CCZ)
      for exponent in (1, 0.5, -0.5, 0.25, 0.3, 1.7, 3, -1)),
    *(family(exponent=0.3, global_shift=0.4) for family in (
        cirq.XPowGate, cirq.YPowGate, cirq.ZPowGate, cirq.HPowGate, cirq.CZPowGate, cirq.CXPowGate,
        cirq.ISwapPowGate, cirq.SwapPowGate, cirq.XXPowGate)),
    cirq.rx(0.3), cirq.ry(0.3), cirq.rz(0.3), cirq.I, cirq.IdentityGate(2),
    cirq.PhasedXPowGate(phase_exponent=0.3, exponent=0.7), cirq.CSWAP,
    cirq.PhasedXPowGate(phase_exponent=0.3, exponent=0.7, global_shift=0.2),
    cirq.PhasedXZGate(x_exponent=0.3, z_exponent=0.4, axis_phase_exponent=0.6),
    cirq.PhasedISwapPowGate(phase_exponent=0.3, exponent=0.4), cirq.FSimGate(0.3, 0.4),
    cirq.PhasedFSimGate(0.3, 0.4, 0.5, 0.6, 0.7),
    cirq.MatrixGate(cirq.testing.random_unitary(8, random_state=3)),
    cirq.MatrixGate(cirq.testing.random_unitary(16, random_state=3)), cirq.ms(0.3), cirq.cphase(0.3),
    cirq.DiagonalGate([0.1, 0.2, 0.3, 0.4]), cirq.ThreeQubitDiagonalGate([0.1 * k for k in range(8)]),
    cirq.QubitPermutationGate([2, 0, 1]), cirq.qft(*cirq.LineQubit.range(4)).gate,
    cirq.qft(*cirq.LineQubit.range(2)).gate, cirq.SingleQubitCliffordGate.X_sqrt, cirq.BooleanHamiltonianGate(
        ["a", "b", "c", "d"], ["a & b | c ^ d"], 0.3),
    cirq.givens(0.3), cirq.riswap(0.3), cirq.ParallelGate(cirq.T, 3), cirq.PauliInteractionGate(
        cirq.X, True, cirq.Y, False, exponent=0.3),
    cirq_google.SYC, cirq.DensePauliString("XYZ"), cirq.PauliStringPhasorGate(
        cirq.DensePauliString("XYZ"), exponent_neg=0.3),
    cirq.ControlledGate(cirq.X**0.3, control_values=[0]), cirq.ControlledGate(cirq.Y**0.3, num_controls=2),
    cirq.ControlledGate(cirq.Y**0.3, control_values=[1, 0]), cirq.ControlledGate(cirq.ISWAP**0.3),
    cirq.ControlledGate(cirq.X, control_values=cirq.SumOfProducts([[0, 1], [1, 0]])),
    cirq.ControlledGate(cirq.X, control_values=[(0, 1)]), cirq.ControlledGate(cirq.T, num_controls=4),
    cirq.ControlledGate(cirq.PhasedXZGate(x_exponent=0.3, z_exponent=0.4, axis_phase_exponent=0.6)),
    cirq.ControlledGate(cirq.GlobalPhaseGate(1j)),
)  # fmt: skip


@pytest.mark.parametrize("theirs", CIRQ_GATES, ids=repr)
def test_cirqs_gate_is_the_same_matrix_here(theirs: cirq.Gate) -> None:
    qubits = cirq.LineQubit.range(theirs.num_qubits() + 1)
    circuit = cirq.Circuit(theirs.on(*qubits[1:][::-1]), cirq.T(qubits[0]))

    assert_allclose(reference.unitary(from_foreign(circuit)), circuit.unitary(qubits), atol=1e-12)


SYMBOL = sympy.Symbol("a")
SYMBOLIC: tuple[cirq.Gate, ...] = (
    *(power**(SYMBOL / 2 + 0.1) for power in (cirq.X, cirq.Y, cirq.Z, cirq.H, cirq.CZ, cirq.CX,
                                              cirq.SWAP, cirq.ISWAP, cirq.CCX, cirq.CCZ)),
    *(ising(exponent=SYMBOL, global_shift=-0.5) for ising in (
        cirq.XXPowGate, cirq.YYPowGate, cirq.ZZPowGate)),
    cirq.rx(SYMBOL), cirq.ry(2 * SYMBOL), cirq.rz(-SYMBOL), cirq.FSimGate(SYMBOL, SYMBOL**2),
    cirq.PhasedXPowGate(phase_exponent=SYMBOL, exponent=0.7 + sympy.sin(SYMBOL)),
    cirq.PhasedXZGate(x_exponent=SYMBOL, z_exponent=1 / SYMBOL, axis_phase_exponent=sympy.sqrt(SYMBOL)),
    cirq.ControlledGate(cirq.Y**SYMBOL, control_values=[0]),
)  # fmt: skip


@pytest.mark.parametrize("theirs", SYMBOLIC, ids=repr)
def test_a_parameter_survives_the_way_here_and_back(theirs: cirq.Gate) -> None:
    qubits = cirq.LineQubit.range(theirs.num_qubits())
    circuit = cirq.Circuit(theirs.on(*qubits))
    value = 0.62
    expected = cirq.resolve_parameters(circuit, {"a": value}).unitary(qubits)

    ours = from_foreign(circuit)
    back = to_foreign(ours)

    assert ours.parameters == {Parameter("a")}
    assert_allclose(reference.unitary(ours.bind({"a": value})), expected, atol=1e-12)
    assert cirq.parameter_names(back) == {"a"}
    assert_allclose(cirq.resolve_parameters(back, {"a": value}).unitary(qubits), expected, atol=1e-12)


@pytest.mark.parametrize("name", [name for name, spec in GATES.items() if spec.num_params])
def test_a_parameter_of_ours_survives_the_way_there(name: str) -> None:
    symbols = [Parameter(f"p{k}") for k in range(GATES[name].num_params)]
    ours = QuantumCircuit(GATES[name].num_qubits)
    ours.add_gate(gate(name, *(symbol / 3 - 0.2 for symbol in symbols)), range(ours.num_qubits))
    values = {symbol.name: value for symbol, value in zip(symbols, ANGLES, strict=False)}

    theirs = cirq.resolve_parameters(to_foreign(ours), values)

    order = cirq.LineQubit.range(ours.num_qubits)
    assert_allclose(theirs.unitary(order, order), reference.unitary(ours.bind(values)), atol=1e-12)


@pytest.mark.parametrize("phase", [0.4, Parameter("g") * 2])
def test_a_global_phase_survives_the_way_there(phase: float | Parameter) -> None:
    ours = QuantumCircuit(1, global_phase=phase).h(0)

    theirs = cirq.resolve_parameters(to_foreign(ours), {"g": 0.2})

    assert_allclose(theirs.unitary(), np.exp(0.4j) * cirq.unitary(cirq.H), atol=1e-12)


@pytest.mark.parametrize(
    ("circuit", "complaint"),
    [
        (cirq.Circuit(cirq.IdentityGate(qid_shape=(3,))(cirq.LineQid(0, 3))), "not two levels"),
        (cirq.Circuit(cirq.X(cirq.q(0)) ** sympy.Function("f")(SYMBOL)), "uses f"),
        (cirq.Circuit(cirq.global_phase_operation(sympy.exp(sympy.I * SYMBOL))), "global phase"),
        (cirq.Circuit(cirq_google.InternalGate("secret", "module", 1)(cirq.q(0))), "secret"),
    ],
    ids=["qutrit", "function", "phase", "internal"],
)
def test_what_cannot_be_carried_is_refused_by_name(circuit: cirq.Circuit, complaint: str) -> None:
    with pytest.raises(CircuitImportError, match=complaint):
        from_foreign(circuit)
