"""Angles between our parameter expressions and Qiskit's.

Owns: `AngleWriter` (ours to Qiskit's) and `AngleReader` (Qiskit's to ours). Pure.
Knows nothing of: gates, circuits.
"""

from __future__ import annotations

import ast
import math
import random
from typing import Any

from coratrix.core import Parameter, ParameterExpression
from coratrix.core.errors import CircuitExportError, CircuitImportError

_OURS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "div",
    ast.Pow: "pow",
}
# as Qiskit prints them -> our name
_FUNCTIONS = {
    "sin": "sin",
    "cos": "cos",
    "tan": "tan",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "exp": "exp",
    "log": "log",
    "sqrt": "sqrt",
}


class AngleWriter:
    """Writes our expressions for Qiskit; one object per circuit, so that equal names are one parameter."""

    def __init__(self) -> None:
        self._parameters: dict[str, Any] = {}

    def __call__(self, angle: float | ParameterExpression) -> Any:
        if not isinstance(angle, ParameterExpression):
            return float(angle)
        if isinstance(angle, Parameter):
            return self._parameter(angle.name)
        operands = [self(operand) for operand in angle.operands]
        return _qiskit_operation(angle.operation, operands)

    def _parameter(self, name: str) -> Any:
        from qiskit.circuit import Parameter as QiskitParameter

        if name not in self._parameters:
            self._parameters[name] = QiskitParameter(name)
        return self._parameters[name]


def _qiskit_operation(name: str, operands: list[Any]) -> Any:
    if name == "neg":
        return -operands[0]
    if name == "sqrt":
        return operands[0] ** 0.5
    if len(operands) == 1:
        return getattr(operands[0], name)()
    left, right = operands
    operations = {
        "add": lambda: left + right,
        "sub": lambda: left - right,
        "mul": lambda: left * right,
        "div": lambda: left / right,
        "pow": lambda: left**right,
    }
    if name not in operations:
        raise CircuitExportError(f"Qiskit has no {name!r} in parameter expressions")
    return operations[name]()


class AngleReader:
    """Reads Qiskit's angles.

    Qiskit publishes no walk over an expression but its text, so that text is parsed, with plain names in
    place of the parameters' own, and what was read is compared with Qiskit's numbers at random points.
    """

    def __call__(self, angle: Any) -> float | ParameterExpression:
        if not hasattr(angle, "parameters"):
            return _real(angle)
        if not angle.parameters:
            return _real(angle.numeric())
        parameters = sorted(angle.parameters, key=lambda parameter: str(parameter.name))
        if len(parameters) == 1 and angle == parameters[0]:
            return Parameter(parameters[0].name)
        return _checked(_parsed(angle, parameters), angle, parameters)


def _real(value: Any) -> float:
    number = complex(value)
    if number.imag:
        raise CircuitImportError(f"an angle of {value!r} is not real")
    return number.real


def _parsed(angle: Any, parameters: list[Any]) -> ParameterExpression:
    from qiskit.circuit import Parameter as QiskitParameter

    names = {f"p{k}_": parameter.name for k, parameter in enumerate(parameters)}
    renamed = angle.subs({p: QiskitParameter(plain) for p, plain in zip(parameters, names, strict=True)})
    try:
        tree = ast.parse(str(renamed), mode="eval").body
    except (SyntaxError, RecursionError) as exc:
        raise CircuitImportError(f"the angle {angle} cannot be read") from exc
    read: ParameterExpression = _node(tree, names, str(angle))
    return read


def _node(node: ast.expr, names: dict[str, str], text: str) -> Any:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name) if name in names:
            return Parameter(names[name])
        case ast.Name(id="pi"):
            return math.pi
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            inner = _node(operand, names, text)
            return -inner
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OURS:
            sides = (_node(left, names, text), _node(right, names, text))
            return _combined(_OURS[type(op)], sides)
        case ast.Call(func=ast.Name(id="conj"), args=[argument]):
            return _node(argument, names, text)  # all our parameters are real
        case ast.Call(func=ast.Name(id=function), args=[argument]) if function in _FUNCTIONS:
            return _combined(_FUNCTIONS[function], (_node(argument, names, text),))
    raise CircuitImportError(f"the angle {text} uses {ast.unparse(node)}, which our expressions do not have")


def _combined(operation: str, operands: tuple[Any, ...]) -> Any:
    tree = ParameterExpression(operation, operands)
    return tree if tree.parameters else tree.bind({})


def _checked(read: ParameterExpression, angle: Any, parameters: list[Any]) -> ParameterExpression:
    """``read``, unless its values differ from Qiskit's."""
    rng = random.Random(len(parameters))
    for _ in range(3):
        values = {parameter: rng.uniform(0.2, 0.9) for parameter in parameters}
        theirs = angle.bind(values).numeric()
        ours = read.bind({parameter.name: value for parameter, value in values.items()})
        if not math.isclose(float(ours), complex(theirs).real, rel_tol=1e-12, abs_tol=1e-12):
            raise CircuitImportError(f"the angle {angle} reads {ours} where Qiskit has {theirs}")
    return read
