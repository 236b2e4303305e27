"""Conditions and operations as values."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coratrix.core import (
    Barrier,
    CircuitError,
    ClassicalRegister,
    Condition,
    Delay,
    IfElse,
    Instruction,
    WhileLoop,
    XGate,
    condition_equals,
)

READINGS = list(itertools.product((0, 1), repeat=4))


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    bits = draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True))
    values = draw(st.sets(st.integers(0, 2 ** len(bits) - 1)))
    return Condition(bits, values, draw(st.booleans()))


@given(conditions(), conditions())
def test_conditions_combine_as_their_claims_do(one: Condition, two: Condition) -> None:
    for bits in READINGS:
        assert (one & two).holds(bits) == (one.holds(bits) and two.holds(bits))
        assert (one | two).holds(bits) == (one.holds(bits) or two.holds(bits))
        assert (one ^ two).holds(bits) == (one.holds(bits) != two.holds(bits))
        assert (~one).holds(bits) != one.holds(bits)


def test_a_registers_bit_0_is_the_least_significant() -> None:
    register = ClassicalRegister("c", 3, offset=1)

    condition = condition_equals(register, 1)

    assert condition.clbits == (1, 2, 3)
    assert condition.holds([0, 1, 0, 0])
    assert not condition.holds([0, 0, 0, 1])
    assert condition_equals(2, 1).holds([0, 0, 1, 0])


def test_a_register_turns_its_index_into_the_circuits() -> None:
    register = ClassicalRegister("c", 3, offset=4)

    assert (register[0], register[-1], register[1:], len(register)) == (4, 6, (5, 6), 3)
    with pytest.raises(IndexError, match="3 bits; none is 3"):
        register[3]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Condition((), (0,)),
        lambda: Condition((0, 0), (0,)),
        lambda: Condition((0,), (2,)),
        lambda: Condition((0,), (-1,)),
        lambda: Delay(-1.0),
        lambda: Delay(float("nan")),
        lambda: Barrier(0),
        lambda: WhileLoop(Condition((0,), (1,)), (), 0),
        lambda: ClassicalRegister("", 1),
        lambda: ClassicalRegister("c", 0),
        lambda: condition_equals(range(20), 1) & condition_equals(20, 1),
    ],
)
def test_nonsense_is_refused(make: object) -> None:
    with pytest.raises(CircuitError):
        make()  # type: ignore[operator]


def test_control_flow_knows_what_it_touches() -> None:
    operation = IfElse(Condition((3, 1), (2,)), (Instruction(XGate(), (4,)),), (Instruction(XGate(), (0,)),))

    assert (operation.qubits, operation.clbits) == ((0, 4), (1, 3))
