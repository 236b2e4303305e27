"""What we write means to Microsoft's qdk what it means to us: exact states, global phase included."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qdk.openqasm import ProgramType, import_openqasm
from qdk.qsharp import dump_machine, init

from coratrix.core import GATES, QuantumCircuit, UnitaryGate, condition_equals, gate
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import Gate
from coratrix.core.operations import Condition
from coratrix.providers.azure.openqasm import problem_of, write
from coratrix.providers.azure.qir import compile_qir
from coratrix.testing.reference import final_state


def state_in_qdk(circuit: QuantumCircuit) -> Any:
    """Amplitudes as qdk computes them from our text; its order of qubits is ours."""
    init()
    import_openqasm(write(circuit).source, name="prog", program_type=ProgramType.Fragments)
    return np.array(dump_machine().as_dense_state())


def lopsided(gates: Iterator[Gate], num_qubits: int) -> QuantumCircuit:
    """Gates on falling qubits, each between rotations that tell every qubit and every phase apart."""
    circuit = QuantumCircuit(num_qubits)
    for number, one in enumerate(gates):
        for qubit in range(num_qubits):
            circuit.ry(0.5 + 0.6 * qubit + 0.1 * number, qubit).rz(0.2 + 0.3 * qubit, qubit)
        circuit.add_gate(one, list(range(num_qubits - one.num_qubits, num_qubits))[::-1])
    return circuit


def named(name: str, scale: float) -> Gate:
    return gate(name, *(scale * (0.3 + 0.4 * k) for k in range(GATES[name].num_params)))


@pytest.mark.parametrize("scale", [1.0, -1.0, 7.3, -9.5])
def test_every_gate_means_the_same_to_qdk(scale: float) -> None:
    """Negative angles and those past 2π too, which qdk takes modulo 2π."""
    names = [name for name in GATES if scale == 1.0 or GATES[name].num_params]
    circuit = lopsided((named(name, scale) for name in names), 5)

    np.testing.assert_allclose(state_in_qdk(circuit), final_state(circuit), atol=1e-12)


@pytest.mark.parametrize("scale", [1.0, -9.5])
def test_every_gate_under_a_control_means_the_same_to_qdk(scale: float) -> None:
    """A control makes a gate's own phase visible: here qdk's csx, U and turned rotations would differ."""
    names = [name for name in GATES if scale == 1.0 or GATES[name].num_params]
    gates = (
        named(name, scale).controlled(1, state)
        for name, state in zip(names, itertools.cycle("01"), strict=False)
    )
    circuit = lopsided(gates, 6)

    np.testing.assert_allclose(state_in_qdk(circuit), final_state(circuit), atol=1e-12)


@pytest.mark.parametrize("turns", [-2, -1, 0, 1, 2, 3])
@pytest.mark.parametrize("beside", [-1e-9, -4e-16, -1e-17, 0.0, 4e-16, 1e-9])
def test_angles_beside_a_full_turn_keep_their_sign(turns: int, beside: float) -> None:
    """An angle just below 2π is rounded to 0 by qdk."""
    circuit = lopsided(iter([gate("ry", 2 * np.pi * turns + beside).controlled()]), 2)

    np.testing.assert_allclose(state_in_qdk(circuit), final_state(circuit), atol=1e-12)


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 4])
def test_any_matrix_is_decomposed_exactly(num_qubits: int) -> None:
    rng = np.random.default_rng(num_qubits)
    gaussian = rng.normal(size=(2, 2**num_qubits, 2**num_qubits))
    unitary = UnitaryGate(np.linalg.qr(gaussian[0] + 1j * gaussian[1])[0])
    permutation = UnitaryGate(np.eye(2**num_qubits)[rng.permutation(2**num_qubits)])
    circuit = lopsided(iter([unitary, permutation, unitary.controlled(1, "0")]), num_qubits + 1)

    np.testing.assert_allclose(state_in_qdk(circuit), final_state(circuit), atol=1e-12)


@pytest.mark.parametrize("profile", ["Base", "Adaptive_RIF"])
@pytest.mark.parametrize("state", ["01", "10", "00", "0110"])
def test_controls_on_0_and_1_compile_in_any_order(state: str, profile: str) -> None:
    """qdk's compiler panics on some orders, and what runs a program in memory does not show it."""
    num_qubits = len(state) + 1
    circuit = QuantumCircuit(num_qubits)
    for qubit in range(num_qubits):
        circuit.ry(0.5 + 0.6 * qubit, qubit)
    under = gate("u", 0.3, 0.2, 0.1).controlled(len(state), state)
    circuit.add_gate(under, list(range(num_qubits))[::-1]).measure_all()

    program = compile_qir(write(circuit).source, profile=profile)

    assert program.num_qubits >= num_qubits


def test_only_measured_bits_are_declared_in_the_order_of_the_circuit() -> None:
    circuit = QuantumCircuit(3, num_clbits=6).x(0)
    circuit.measure(0, 4).measure(2, 1)

    written = write(circuit)

    assert written.clbits == (1, 4)
    assert "bit[2] m;" in written.source
    assert "m[1] = measure q[0];" in written.source
    assert "m[0] = measure q[2];" in written.source


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (condition_equals(0, 1), "if ((m[0])) {"),
        (condition_equals(0, 0), "if ((!m[0])) {"),
        (Condition((0, 2), {1}), "if ((m[0] && !m[1])) {"),
        (Condition((0, 2), {1, 2}, negated=True), "if (!((m[0] && !m[1]) || (!m[0] && m[1]))) {"),
        (Condition((0, 1), {1}), "if ((m[0])) {"),  # bit 1 is never measured and reads 0
    ],
)
def test_a_condition_reads_the_measured_bits(condition: Condition, text: str) -> None:
    circuit = QuantumCircuit(3, num_clbits=3).measure(0, 0).measure(2, 2)
    circuit.add_gate(gate("x"), [1], condition=condition)

    assert text in write(circuit).source


@pytest.mark.parametrize(("values", "flips"), [({0}, True), ({1}, False)])
def test_a_condition_on_bits_that_are_never_measured_is_decided_at_once(
    values: set[int], flips: bool
) -> None:
    circuit = QuantumCircuit(2, num_clbits=2).measure(0, 0)
    circuit.add_gate(gate("x"), [1], condition=Condition((1,), values))

    source = write(circuit).source

    assert "if" not in source
    assert ("x q[1];" in source) is flips


def test_barriers_and_delays_are_left_out_and_named() -> None:
    circuit = QuantumCircuit(2).h(0).barrier().delay(1e-6, 0).measure_all()

    assert write(circuit).left_out == ("barrier", "delay")


def test_a_wide_matrix_is_refused_with_the_limit() -> None:
    circuit = QuantumCircuit(7).unitary(np.eye(128), range(7))

    assert "up to 6" in str(problem_of(circuit.instructions[0].operation))
    with pytest.raises(CircuitExportError, match="7 qubits"):
        write(circuit)


def test_a_measurement_inside_a_conditional_is_refused() -> None:
    circuit = QuantumCircuit(2, num_clbits=2).measure(0, 0)
    circuit.if_test(condition_equals(0, 1), lambda body: body.measure(1, 1))

    assert "conditional" in str(problem_of(circuit.instructions[-1].operation))
    with pytest.raises(CircuitExportError, match="conditional"):
        write(circuit)


def test_a_loop_is_refused() -> None:
    circuit = QuantumCircuit(1, num_clbits=1).measure(0, 0)
    circuit.while_loop(condition_equals(0, 1), lambda body: body.x(0), 3)

    with pytest.raises(CircuitExportError, match="while_loop"):
        write(circuit)
