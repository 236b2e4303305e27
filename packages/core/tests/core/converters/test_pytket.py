"""pytket circuits in and out, each gate against pytket's own unitary."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coratrix.core import (
    GATES,
    CircuitExportError,
    CircuitImportError,
    Condition,
    Parameter,
    QuantumCircuit,
    UnitaryGate,
    XGate,
    gate,
)
from coratrix.core.converters.pytket import from_foreign, to_foreign
from coratrix.core.interop import adopt

pytket = pytest.importorskip("pytket")
circuit_module = pytest.importorskip("pytket.circuit")
Dense = Callable[[QuantumCircuit], Any]
ANGLES = (0.3, -1.1, 2.7, 0.45)


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_goes_out_and_back_with_pytkets_unitary(name: str, unitary_of: Dense) -> None:
    spec = GATES[name]
    circuit = QuantumCircuit(5, global_phase=0.7)
    circuit.h(0).add_gate(gate(name, *ANGLES[: spec.num_params]), (3, 0, 4, 1, 2)[: spec.num_qubits])

    theirs = to_foreign(circuit)
    back = from_foreign(theirs)

    assert_allclose(theirs.get_unitary(), unitary_of(circuit), atol=1e-12)
    assert_allclose(unitary_of(back), unitary_of(circuit), atol=1e-12)


@pytest.mark.parametrize(
    "one",
    [XGate().controlled(3, "010"), gate("rx", 0.3).controlled(2, "01"), gate("swap").controlled(1, "0"),
     UnitaryGate(gate("iswap").matrix()).controlled(), UnitaryGate(gate("u", 0.1, 0.2, 0.3).matrix() * 1j)],
    ids=lambda one: one.label,
)  # fmt: skip
def test_controls_and_unitaries_go_out_and_back(one: Any, unitary_of: Dense) -> None:
    circuit = QuantumCircuit(5).h(0).add_gate(one, (3, 0, 4, 1, 2)[: one.num_qubits])

    theirs = to_foreign(circuit)

    assert_allclose(theirs.get_unitary(), unitary_of(circuit), atol=1e-12)
    assert_allclose(unitary_of(from_foreign(theirs)), unitary_of(circuit), atol=1e-12)


def test_gates_of_pytket_alone_are_carried(unitary_of: Dense) -> None:
    op_type = circuit_module.OpType
    theirs = pytket.Circuit(4).V(1).Vdg(2).TK1(0.1, 0.2, 0.3, 3).PhasedX(0.4, 0.5, 0).CV(2, 0).U2(0.1, 0.2, 1)
    theirs.CU3(0.1, 0.2, 0.3, 3, 1).add_gate(op_type.TK2, [0.1, 0.2, 0.3], [2, 1])
    theirs.add_gate(op_type.CnX, [3, 1, 0, 2]).add_gate(op_type.BRIDGE, [2, 0, 3]).add_phase(0.3)
    inner = pytket.Circuit(2).H(0).CX(0, 1).add_phase(0.2)
    theirs.add_circbox(circuit_module.CircBox(inner), [3, 1])

    assert_allclose(unitary_of(adopt(theirs)), theirs.get_unitary(), atol=1e-12)


def test_registers_measurements_and_conditions_are_carried() -> None:
    theirs = pytket.Circuit(2)
    b, a = theirs.add_c_register("b", 2), theirs.add_c_register("a", 1)
    theirs.X(1).Measure(theirs.qubits[1], b[1]).Reset(0).add_barrier([0, 1])
    theirs.CX(0, 1, condition_bits=[b[0], b[1]], condition_value=2).Measure(theirs.qubits[0], a[0])

    ours = adopt(theirs)

    expected = QuantumCircuit(2, registers=[("a", 1), ("b", 2)])  # pytket sorts registers by name
    expected.x(1).measure(1, 2).reset(0).barrier(0, 1)
    expected.if_test(Condition((1, 2), (2,)), lambda body: body.cx(0, 1)).measure(0, 0)
    assert set(ours) == set(expected)  # pytket reorders operations that do not touch
    assert ours.registers == expected.registers
    assert from_foreign(to_foreign(ours)) == ours


def test_else_branches_become_the_other_values() -> None:
    circuit = QuantumCircuit(1, num_clbits=1)
    circuit.if_test(Condition((0,), (1,)), lambda body: body.x(0), lambda body: body.z(0))

    conditions = [(c.op.value, c.op.op.type.name) for c in to_foreign(circuit).get_commands()]

    assert conditions == [(1, "X"), (0, "Z")]


def test_parameters_are_symbols(unitary_of: Dense) -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(2, global_phase=theta / 3)
    circuit.rx(2 * theta - theta.sin(), 0).crz(theta**2 + 0.5, 1, 0)

    back = from_foreign(to_foreign(circuit))

    assert back.parameters == {theta}
    assert_allclose(
        unitary_of(back.bind({"theta": 0.7})), unitary_of(circuit.bind({"theta": 0.7})), atol=1e-12
    )


def test_what_cannot_be_carried_is_refused_by_name() -> None:
    theirs = pytket.Circuit(1, 2).add_c_setbits([True], [1])
    with pytest.raises(CircuitImportError, match="SetBits"):
        from_foreign(theirs)
    with pytest.raises(CircuitExportError, match="delay"):
        to_foreign(QuantumCircuit(1).delay(1e-6, 0))
    with pytest.raises(CircuitExportError, match="while_loop"):
        to_foreign(QuantumCircuit(1, num_clbits=1).while_loop(Condition((0,), (1,)), lambda b: b.x(0), 3))
    with pytest.raises(CircuitExportError, match="4 qubits"):
        to_foreign(QuantumCircuit(4).unitary(np.eye(16), range(4)))
