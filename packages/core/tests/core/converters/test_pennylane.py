"""PennyLane tapes in and out, each operator against PennyLane's own matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coratrix.core import (
    GATES,
    ChannelOp,
    CircuitExportError,
    CircuitImportError,
    Parameter,
    QuantumCircuit,
    UnitaryGate,
    XGate,
    gate,
)
from coratrix.core.converters.pennylane import from_foreign, to_foreign
from coratrix.core.interop import adopt

qml = pytest.importorskip("pennylane")
Dense = Callable[[QuantumCircuit], Any]
ANGLES = (0.3, -1.1, 2.7, 0.45)


def tape_of(build: Callable[[], Any]) -> Any:
    """The tape that a quantum function records."""
    with qml.queuing.AnnotatedQueue() as queue:
        build()
    return qml.tape.QuantumScript.from_queue(queue)


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_goes_out_and_back_with_pennylanes_matrix(name: str, unitary_of: Dense) -> None:
    spec = GATES[name]
    circuit = QuantumCircuit(5, global_phase=0.7)
    circuit.h(0).add_gate(gate(name, *ANGLES[: spec.num_params]), (3, 0, 4, 1, 2)[: spec.num_qubits])

    tape = to_foreign(circuit)
    back = from_foreign(tape.copy(operations=[*tape.operations, qml.Identity(4)]))

    assert_allclose(qml.matrix(tape, wire_order=range(5)), unitary_of(circuit), atol=1e-12)
    assert_allclose(unitary_of(back), unitary_of(circuit), atol=1e-12)


@pytest.mark.parametrize(
    "one",
    [XGate().controlled(3, "010"), gate("rx", 0.3).controlled(2, "01"), gate("swap").controlled(1, "0"),
     UnitaryGate(gate("iswap").matrix()).controlled(), UnitaryGate(gate("u", 0.1, 0.2, 0.3).matrix() * 1j)],
    ids=lambda one: one.label,
)  # fmt: skip
def test_controls_and_unitaries_go_out_and_back(one: Any, unitary_of: Dense) -> None:
    circuit = QuantumCircuit(5).h(0, 4).add_gate(one, (3, 0, 4, 1, 2)[: one.num_qubits])

    tape = to_foreign(circuit)

    assert_allclose(qml.matrix(tape, wire_order=range(5)), unitary_of(circuit), atol=1e-12)
    assert_allclose(unitary_of(from_foreign(tape)), unitary_of(circuit), atol=1e-12)


def test_operators_of_pennylane_alone_are_carried(unitary_of: Dense) -> None:
    def build() -> None:
        qml.Rot(0.1, 0.2, 0.3, wires=1)
        qml.U2(0.1, 0.2, wires=0)
        qml.adjoint(qml.T(2))
        qml.adjoint(qml.RX(0.3, wires=1))
        qml.SISWAP(wires=[3, 1])
        qml.PSWAP(0.4, wires=[0, 2])
        qml.CRot(0.1, 0.2, 0.3, wires=[2, 0])
        qml.MultiControlledX(wires=[3, 1, 0, 2], control_values=[1, 0, 1])
        qml.ctrl(qml.Rot(0.1, 0.2, 0.3, wires=1), control=[3], control_values=[0])
        qml.pow(qml.RX(0.3, wires=0), 0.5)
        qml.GlobalPhase(0.4)
        qml.QFT(wires=[2, 0, 3, 1])
        qml.PauliRot(0.3, "XYZ", wires=[2, 0, 1])
        qml.IsingXY(0.3, wires=[3, 2])

    tape = tape_of(build)

    expected = qml.matrix(tape, wire_order=range(4))
    assert_allclose(unitary_of(adopt(tape)), expected, atol=1e-12)


def test_wires_of_any_name_are_numbered() -> None:
    tape = tape_of(lambda: (qml.PauliX("b"), qml.CNOT(["b", "a"])))

    assert from_foreign(tape) == QuantumCircuit(2).x(0).cx(0, 1)
    assert from_foreign(tape_of(lambda: qml.CNOT([3, 1]))) == QuantumCircuit(4).cx(3, 1)


def test_measurements_of_wires_are_carried() -> None:
    tape = tape_of(lambda: (qml.PauliX(2), qml.counts(wires=[2, 0])))

    ours = from_foreign(tape)

    assert ours == QuantumCircuit(3, registers=[("meas", 2)]).x(2).measure([2, 0], [0, 1])
    assert from_foreign(to_foreign(ours)) == ours
    whole = from_foreign(tape_of(lambda: (qml.CNOT([1, 0]), qml.sample())))
    assert whole == QuantumCircuit(2, registers=[("meas", 2)]).cx(1, 0).measure([0, 1], [0, 1])


def test_mid_circuit_measurements_and_conditions_are_carried() -> None:
    def build() -> None:
        qml.Hadamard(0)
        first = qml.measure(0, reset=True)
        qml.Hadamard(1)
        second = qml.measure(1)
        qml.cond(first & (second == 0), qml.RX)(0.3, wires=2)
        qml.counts(wires=[2])

    ours = from_foreign(tape_of(build))

    expected = QuantumCircuit(3, registers=[("m0", 1), ("m1", 1), ("meas", 1)])
    expected.h(0).measure(0, 0).reset(0).h(1).measure(1, 1)
    operation = ours.instructions[5].operation
    for bits in ((0, 0), (1, 0), (0, 1), (1, 1)):
        assert operation.condition.holds(bits) == (bits == (1, 0))  # type: ignore[union-attr]
    assert ours.instructions[:5] == expected.instructions
    assert operation.then_body == QuantumCircuit(3).rx(0.3, 2).instructions  # type: ignore[union-attr]
    assert ours.registers == expected.registers


def test_noise_is_carried() -> None:
    noise = pytest.importorskip("coratrix.core.noise")
    ours = from_foreign(tape_of(lambda: qml.AmplitudeDamping(0.3, wires=0)))

    operation = ours.instructions[0].operation
    assert isinstance(operation, ChannelOp)
    assert_allclose(
        operation.channel.superoperator(), noise.amplitude_damping(0.3).superoperator(), atol=1e-12
    )


def test_what_cannot_be_carried_is_refused_by_name() -> None:
    with pytest.raises(CircuitImportError, match="ExpectationMP"):
        from_foreign(tape_of(lambda: (qml.PauliX(0), qml.expval(qml.PauliZ(0)))))
    with pytest.raises(CircuitImportError, match="postselects"):
        from_foreign(tape_of(lambda: qml.measure(0, postselect=1)))
    with pytest.raises(CircuitExportError, match="bind theta"):
        to_foreign(QuantumCircuit(1).rx(Parameter("theta"), 0))
    with pytest.raises(CircuitExportError, match="measurements at the end"):
        to_foreign(QuantumCircuit(1, num_clbits=1).measure(0, 0).x(0))
    with pytest.raises(CircuitExportError, match="reset"):
        to_foreign(QuantumCircuit(1).reset(0))


def test_a_strange_object_is_refused_with_what_is_known() -> None:
    with pytest.raises(CircuitImportError, match=r"builtins\.int is not a circuit"):
        adopt(7)


def test_a_matrix_of_a_random_unitary_survives(unitary_of: Dense) -> None:
    rng = np.random.default_rng(3)
    matrix = np.linalg.qr(rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8)))[0]

    tape = tape_of(lambda: qml.QubitUnitary(matrix, wires=[2, 0, 1]))

    assert_allclose(unitary_of(from_foreign(tape)), qml.matrix(tape, wire_order=range(3)), atol=1e-12)
