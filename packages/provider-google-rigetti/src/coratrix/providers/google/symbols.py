"""Angles that have no number yet: our expressions as SymPy's, which Cirq uses, and back.

Owns: both directions of that translation. Knows nothing of: gates and circuits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import TYPE_CHECKING, Any

from coratrix.core.errors import CircuitImportError
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike

if TYPE_CHECKING:
    import cirq

_SYMPY_FUNCTIONS = {"arcsin": "asin", "arccos": "acos", "arctan": "atan"}
"""Functions that SymPy calls otherwise than we do."""

_OUR_FUNCTIONS: dict[str, str] = {
    **{name: name for name in ("sin", "cos", "tan", "exp", "log")},
    **{theirs: ours for ours, theirs in _SYMPY_FUNCTIONS.items()},
}


def to_sympy(value: ParameterLike) -> cirq.TParamVal:
    """A number as it is, an expression as SymPy's."""
    if not isinstance(value, ParameterExpression):
        return value
    import sympy  # type: ignore[import-untyped]

    if isinstance(value, Parameter):
        return sympy.Symbol(value.name)
    operands = [to_sympy(operand) for operand in value.operands]
    name = value.operation
    if name == "neg":
        return -operands[0]
    if name in _ARITHMETIC:
        return _ARITHMETIC[name](*operands)
    return getattr(sympy, _SYMPY_FUNCTIONS.get(name, name))(*operands)


_ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
}


def half_turns(angle: ParameterLike) -> cirq.TParamVal:
    """An angle in radians in Cirq's unit of π; π stays exact in a symbolic one."""
    if not isinstance(angle, ParameterExpression):
        return angle / math.pi
    import sympy

    return to_sympy(angle) / sympy.pi


def radians(exponent: Any) -> ParameterLike:
    """An angle in Cirq's unit of π in radians."""
    if isinstance(exponent, Real):
        return float(exponent) * math.pi
    import sympy

    return from_sympy(sympy.sympify(exponent) * sympy.pi)


def from_sympy(value: Any) -> ParameterLike:
    """A number or SymPy expression as ours.

    Raises:
        CircuitImportError: it holds a function that our expressions do not have, or is not real.
    """
    import sympy

    tree = sympy.sympify(value)
    if tree.is_number:
        return _number(tree)
    if isinstance(tree, sympy.Symbol):
        return Parameter(tree.name)
    operands = [from_sympy(operand) for operand in tree.args]
    if isinstance(tree, sympy.Add):
        return _folded(operands, _ARITHMETIC["add"])
    if isinstance(tree, sympy.Mul):
        return _folded(operands, _ARITHMETIC["mul"])
    if isinstance(tree, sympy.Pow):
        return _ARITHMETIC["pow"](*operands)  # type: ignore[no-any-return]
    if (name := _OUR_FUNCTIONS.get(type(tree).__name__)) and len(operands) == 1:
        return ParameterExpression(name, tuple(operands))
    raise CircuitImportError(
        f"the expression {tree} uses {type(tree).__name__}, which Coratrix does not have"
    )


def _folded(operands: list[ParameterLike], combine: Callable[[Any, Any], Any]) -> ParameterLike:
    total: Any = operands[0]
    for operand in operands[1:]:
        total = combine(total, operand)
    return total  # type: ignore[no-any-return]


def _number(tree: Any) -> float:
    number = complex(tree)
    if number.imag or not math.isfinite(number.real):
        raise CircuitImportError(f"an angle is a finite real number; got {tree}")
    return number.real
