"""What is in a circuit besides gates: registers, conditions, loops, angles; and refusals by name."""

from __future__ import annotations

import math
from typing import Any

import pytest
from qiskit import ClassicalRegister as TheirRegister
from qiskit import QuantumCircuit as Theirs
from qiskit import QuantumRegister
from qiskit.circuit import Clbit, Qubit, library
from qiskit.circuit import Parameter as TheirParameter
from qiskit.circuit.classical import expr, types

from coratrix.core import Parameter, QuantumCircuit
from coratrix.core.errors import CircuitImportError
from coratrix.core.interop import adopt
from coratrix.core.noise import amplitude_damping, depolarizing
from coratrix.core.operations import Condition, IfElse, WhileLoop, condition_equals
from coratrix.providers.ibm.convert import from_foreign, to_foreign


def test_the_entry_point_adopts_a_qiskit_circuit() -> None:
    theirs = Theirs(2, 1, name="theirs", metadata={"lot": 3})
    theirs.h(1)
    theirs.measure(1, 0)

    ours = adopt(theirs)

    assert ours == QuantumCircuit(2, num_clbits=1).h(1).measure(1, 0)
    assert (ours.name, ours.metadata) == ("theirs", {"lot": 3})


def test_registers_keep_their_order_and_names() -> None:
    ours = QuantumCircuit(3, registers=[("beta", 2), ("alpha", 1)])
    ours.x(0).measure(0, ours.register("alpha")[0]).measure(2, ours.register("beta")[1])

    theirs = to_foreign(ours)

    assert [(register.name, register.size) for register in theirs.cregs] == [("beta", 2), ("alpha", 1)]
    assert theirs.find_bit(theirs.data[1].clbits[0]).registers == [(theirs.cregs[1], 0)]
    assert from_foreign(theirs) == ours


def test_bits_outside_of_registers_are_kept() -> None:
    theirs = Theirs([Qubit(), Qubit()], [Clbit()], TheirRegister(1, "c"))
    theirs.measure(0, 0)

    ours = from_foreign(theirs)

    assert [(register.name, register.size) for register in ours.registers] == [("c", 1), ("loose", 1)]
    assert ours.instructions[0].clbits == (1,)


def conditional(condition: Condition) -> QuantumCircuit:
    ours = QuantumCircuit(3, registers=[("a", 2), ("b", 2)]).h(0).h(1)
    ours.measure([0, 1, 2], [0, 1, 3])
    return ours.if_test(condition, lambda then: then.x(2), lambda other: other.h(2).measure(2, 2))


@pytest.mark.parametrize(
    "condition",
    [
        Condition([1], [1]),
        Condition([1], [0]),
        Condition([3], [1], negated=True),
        Condition([0, 1], [2]),
        Condition([0, 1], [2], negated=True),
        Condition([1, 0], [2]),
        Condition([0, 1, 3], [1, 4, 6]),
        Condition([3, 0], [0, 3], negated=True),
    ],
    ids=str,
)
def test_a_condition_holds_for_the_same_readings(condition: Condition) -> None:
    ours = conditional(condition)

    back = from_foreign(to_foreign(ours))

    found = back.instructions[-1].operation
    assert isinstance(found, IfElse)
    for reading in range(16):
        bits = [reading >> k & 1 for k in range(4)]
        assert found.condition.holds(bits) == condition.holds(bits), bits
    original = ours.instructions[-1].operation
    assert isinstance(original, IfElse)
    assert (found.then_body, found.else_body) == (original.then_body, original.else_body)


def test_qiskits_classical_expressions_are_read() -> None:
    theirs = Theirs(QuantumRegister(2, "q"), TheirRegister(3, "a"), TheirRegister(1, "b"))
    a, b = theirs.cregs
    claim = expr.logic_or(expr.less(a, 3), expr.logic_and(b[0], expr.equal(expr.bit_xor(a, 5), 1)))
    with theirs.if_test(claim):
        theirs.x(1)

    found = from_foreign(theirs).instructions[0].operation

    assert isinstance(found, IfElse)
    for reading in range(16):
        value, flag = reading & 7, reading >> 3
        wanted = value < 3 or (flag and (value ^ 5) == 1)
        assert found.condition.holds([reading >> k & 1 for k in range(4)]) == bool(wanted)


def test_a_switch_becomes_a_chain_of_ifs() -> None:
    theirs = Theirs(QuantumRegister(2, "q"), TheirRegister(2, "c"))
    with theirs.switch(theirs.cregs[0]) as case:
        with case(0, 3):
            theirs.x(0)
        with case(2):
            theirs.y(1)
        with case(case.DEFAULT):
            theirs.z(0)

    ours = from_foreign(theirs)

    def choice(instructions: Any, bits: list[int]) -> list[str]:
        names = []
        for instruction in instructions:
            operation = instruction.operation
            if isinstance(operation, IfElse):
                taken = operation.then_body if operation.condition.holds(bits) else operation.else_body
                names += choice(taken, bits)
            else:
                names.append(operation.name)
        return names

    readings = [choice(ours.instructions, [value & 1, value >> 1]) for value in range(4)]
    assert readings == [["x"], ["z"], ["y"], ["x"]]


def test_a_for_loop_is_written_out() -> None:
    theirs = Theirs(1, global_phase=0.1)
    angle = TheirParameter("k")
    with theirs.for_loop([1, 2, 5], angle):
        theirs.rx(angle * 0.5, 0)

    ours = from_foreign(theirs)

    assert [instruction.operation.params for instruction in ours] == [(0.5,), (1.0,), (2.5,)]


def test_a_while_loop_keeps_its_bound() -> None:
    ours = QuantumCircuit(2, num_clbits=1)
    ours.while_loop(condition_equals(0, 0), lambda body: body.h(1).measure(1, 0), max_iterations=7)

    back = from_foreign(to_foreign(ours))

    assert back == ours
    assert isinstance(back.instructions[0].operation, WhileLoop)


def test_delays_are_read_in_every_unit_of_time() -> None:
    theirs = Theirs(1)
    for duration, unit in ((2.0, "us"), (30.0, "ns"), (1.0, "ms"), (5.0, "ps"), (0.5, "s")):
        theirs.delay(duration, 0, unit)

    seconds = [instruction.operation.duration_s for instruction in from_foreign(theirs)]

    assert seconds == pytest.approx([2e-6, 3e-8, 1e-3, 5e-12, 0.5], rel=1e-12)


def test_noise_channels_travel_as_kraus_operators() -> None:
    ours = QuantumCircuit(3).h(0).channel(amplitude_damping(0.3), 2).channel(depolarizing(0.1, 2), 2, 0)

    back = from_foreign(to_foreign(ours))

    for ours_op, back_op in zip(ours.instructions[1:], back.instructions[1:], strict=True):
        assert ours_op.qubits == back_op.qubits
        assert ours_op.operation.channel.is_close(back_op.operation.channel)


def test_parameters_keep_their_arithmetic() -> None:
    a, b = Parameter("a"), Parameter("θ[0]")
    angle = -((a - b / 3) ** 2) + (a * b + 1).sin() / 7 - b.exp().log().sqrt()
    ours = QuantumCircuit(1, global_phase=a * 2).rx(angle, 0).rz(a, 0)

    back = from_foreign(to_foreign(ours))

    assert {parameter.name for parameter in back.parameters} == {"a", "θ[0]"}
    for values in ({"a": 0.3, "θ[0]": 0.8}, {"a": -1.2, "θ[0]": 2.4}):
        assert math.isclose(
            back.bind(values).instructions[0].operation.params[0],
            ours.bind(values).instructions[0].operation.params[0],
            rel_tol=1e-12,
        )
        assert math.isclose(back.bind(values).global_phase, 2 * values["a"], rel_tol=1e-12)


def a_variable() -> Theirs:
    theirs = Theirs(1)
    theirs.add_var("v", expr.lift(0, types.Uint(4)))
    return theirs


def a_break() -> Theirs:
    theirs = Theirs(1, 1)
    with theirs.for_loop(range(3)):
        theirs.x(0)
        with theirs.if_test((theirs.clbits[0], True)):
            theirs.break_loop()
    return theirs


def an_absolute_value() -> Theirs:
    theirs = Theirs(1)
    theirs.rx(abs(TheirParameter("a")), 0)
    return theirs


def an_opaque_instruction() -> Theirs:
    from qiskit.circuit import Instruction

    theirs = Theirs(1)
    theirs.append(Instruction("opaque_thing", 1, 0, []), [0])
    return theirs


def a_delay_in_dt() -> Theirs:
    theirs = Theirs(1)
    theirs.delay(100, 0, "dt")
    return theirs


def shared_bits() -> Theirs:
    first = TheirRegister(2, "a")
    return Theirs(QuantumRegister(1), first, TheirRegister(name="b", bits=[first[0]]))


def no_qubits() -> Theirs:
    return Theirs(0, 1)


@pytest.mark.parametrize(
    ("make", "named"),
    [
        (a_variable, "classical variables"),
        (a_break, "break_loop"),
        (an_absolute_value, "abs"),
        (an_opaque_instruction, "opaque_thing"),
        (a_delay_in_dt, "dt"),
        (shared_bits, "'b'"),
        (no_qubits, "no qubits"),
    ],
)
def test_what_cannot_be_carried_is_refused_by_name(make: Any, named: str) -> None:
    with pytest.raises(CircuitImportError, match=named):
        from_foreign(make())


def test_a_gate_of_qiskit_is_not_a_circuit() -> None:
    with pytest.raises(CircuitImportError, match="not a circuit"):
        from_foreign(library.HGate())


def test_a_classical_register_may_be_named_like_their_qubits() -> None:
    ours = QuantumCircuit(1, registers=[("q", 1)]).measure(0, 0)

    assert from_foreign(to_foreign(ours)) == ours
