"""Symbolic angles."""

from __future__ import annotations

import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coratrix.core import CircuitError, Parameter, ParameterExpression

a, b = Parameter("a"), Parameter("b")


@given(st.floats(0.1, 5), st.floats(0.1, 5))
def test_an_expression_computes_what_python_computes(x: float, y: float) -> None:
    expression = (2 * a - b / 3) ** 2 + (-a).sin() * b.sqrt() + 1 / a + b.log() - a.exp() + 2**b + a.cos()
    expected = (2 * x - y / 3) ** 2 + math.sin(-x) * math.sqrt(y) + 1 / x + math.log(y)
    expected += -math.exp(x) + 2**y + math.cos(x)

    assert expression.bind({a: x, "b": y}) == pytest.approx(expected, rel=1e-12)


@given(st.floats(0.5, 2), st.floats(0.5, 2))
def test_the_text_of_an_expression_means_the_expression(x: float, y: float) -> None:
    expression = -(a - (b - 1)) / (a * (2 / b)) ** (a - 3) - (-a) ** 2 + 2 ** (a**b)

    assert eval(str(expression), {"a": x, "b": y}) == pytest.approx(expression.bind({a: x, b: y}), rel=1e-9)


def test_binding_in_steps_is_binding_at_once() -> None:
    expression = a * b + a
    half = expression.bind({a: 2.0})

    assert isinstance(half, ParameterExpression)
    assert half.parameters == {b}
    assert half.bind({b: 3.0}) == expression.bind({a: 2.0, b: 3.0}) == 8.0


def test_a_parameter_is_its_name() -> None:
    assert Parameter("a") == a
    assert hash(Parameter("a")) == hash(a)
    assert a != b
    assert a + b == Parameter("a") + Parameter("b")
    assert pickle.loads(pickle.dumps(a + 2 * b)) == a + 2 * b
    assert (-a).__neg__() is a


def test_what_has_no_number_is_refused() -> None:
    with pytest.raises(CircuitError, match="has no value"):
        (1 / a).bind({a: 0.0})
    with pytest.raises(CircuitError, match="finite"):
        a.bind({a: math.nan})
    with pytest.raises(CircuitError, match="finite real"):
        (a**0.5).bind({a: -1.0})
    with pytest.raises(TypeError, match="bind a"):
        float(a)
    with pytest.raises(CircuitError, match="not empty"):
        Parameter(" ")
    with pytest.raises(TypeError):
        a + "b"  # type: ignore[operator]


def test_a_very_deep_expression_is_refused_rather_than_a_crash_later() -> None:
    with pytest.raises(CircuitError, match="nests deeper"):
        sum((a for _ in range(1000)), start=b)
