"""Angles with names: our `ParameterExpression` and Braket's `FreeParameterExpression`, both ways.

Owns: the walk over SymPy's tree, and which names Braket takes. Knows nothing of: gates, circuits.
"""

from __future__ import annotations

import re
from functools import reduce
from typing import Any

from coratrix.core.errors import CircuitError, CircuitExportError, CircuitImportError
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike

_FUNCTIONS = {
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "exp": "exp",
    "log": "log",
}


def to_braket(value: ParameterLike) -> Any:
    """A float, or Braket's expression of free parameters."""
    if not isinstance(value, ParameterExpression):
        return float(value)
    from braket.parametric import FreeParameter, FreeParameterExpression

    free = {parameter.name: _free(parameter.name, FreeParameter) for parameter in value.parameters}
    if isinstance(value, Parameter):
        return free[value.name]
    try:
        return FreeParameterExpression(str(value))
    except (ValueError, TypeError) as exc:
        raise CircuitExportError(f"Braket cannot write the angle {value}: {exc}") from exc


def _free(name: str, kind: Any) -> Any:
    try:
        if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            return kind(name)
    except ValueError:  # reserved: Braket calls its qubits q and its bits b
        pass
    raise CircuitExportError(f"Braket takes no parameter named {name!r}; rename it")


def from_braket(value: Any) -> ParameterLike:
    """A float, or our expression."""
    expression = getattr(value, "expression", value)
    try:
        return _read(expression)
    except (TypeError, CircuitError) as exc:
        raise CircuitImportError(f"the angle {value} cannot be read: {exc}") from exc


def _read(node: Any) -> ParameterLike:
    if not hasattr(node, "free_symbols") or not node.free_symbols:
        return float(node)
    if node.is_Symbol:
        return Parameter(str(node))
    args = [_read(arg) for arg in node.args]
    if node.is_Add:
        return reduce(lambda a, b: a + b, args)
    if node.is_Mul:
        return reduce(lambda a, b: a * b, args)
    if node.is_Pow:
        base, exponent = args
        return base.sqrt() if exponent == 0.5 and isinstance(base, ParameterExpression) else base**exponent
    name = _FUNCTIONS.get(type(node).__name__)
    if name is None:
        raise CircuitImportError(f"the angle {node} uses {type(node).__name__}, which Coratrix does not have")
    return ParameterExpression(name, tuple(args))
