"""A circuit with open parameters as a program that takes numbers later.

Owns: the parameters' places in the program, their numbers, and the chain rule from places to parameters.
Knows nothing of: running.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core import Parameter, QuantumCircuit
from coratrix.core.errors import CircuitError
from coratrix.core.parameters import ParameterExpression
from coratrix.sim import _engine
from coratrix.sim.program import write

_SLOPES: Mapping[str, Any] = {
    "sin": lambda a: math.cos(a),
    "cos": lambda a: -math.sin(a),
    "tan": lambda a: 1 / math.cos(a) ** 2,
    "arcsin": lambda a: 1 / math.sqrt(1 - a * a),
    "arccos": lambda a: -1 / math.sqrt(1 - a * a),
    "arctan": lambda a: 1 / (1 + a * a),
    "exp": math.exp,
    "log": lambda a: 1 / a,
    "sqrt": lambda a: 0.5 / math.sqrt(a),
}


class ParametricProgram:
    """Written once; `bound` puts numbers in."""

    def __init__(self, circuit: QuantumCircuit) -> None:
        self._circuit = circuit
        self._written = write(circuit)
        self._matrices = self._written.matrix_pool()

    def numbers(self, values: Mapping[Any, float]) -> list[float]:
        """The program's parameters under these values."""
        return [_number(param, values) for param in self._written.params]

    def bound(self, values: Mapping[Any, float]) -> _engine.Program:
        """The program under these values."""
        circuit, written = self._circuit, self._written
        return _engine.Program(
            circuit.num_qubits, circuit.num_clbits, written.words, self.numbers(values), self._matrices
        )

    def chain(self, values: Mapping[Any, float], slopes: npt.NDArray[np.float64]) -> dict[str, float]:
        """Derivatives by place in the program, turned into derivatives by parameter."""
        total = {parameter.name: 0.0 for parameter in sorted(self._circuit.parameters, key=lambda p: p.name)}
        for param, slope in zip(self._written.params, slopes, strict=True):
            if isinstance(param, ParameterExpression):
                for name, inner in derivatives(param, values).items():
                    total[name] += float(slope) * inner
        return total


def derivatives(expression: ParameterExpression, values: Mapping[Any, float]) -> dict[str, float]:
    """The derivative of an expression by each of its parameters, by name: the chain rule down its tree."""
    if isinstance(expression, Parameter):
        return {expression.name: 1.0}
    parts = expression.operands
    numbers = [_number(part, values) for part in parts]
    weights = _weights(expression.operation, numbers)
    out: dict[str, float] = {}
    for part, weight in zip(parts, weights, strict=True):
        if isinstance(part, ParameterExpression) and weight != 0:
            for name, slope in derivatives(part, values).items():
                out[name] = out.get(name, 0.0) + weight * slope
    return out


def _weights(operation: str, x: list[float]) -> tuple[float, ...]:
    """The derivative of an operation by each operand."""
    if operation in ("add", "sub"):
        return (1.0, 1.0 if operation == "add" else -1.0)
    if operation == "mul":
        return (x[1], x[0])
    if operation == "div":
        return (1 / x[1], -x[0] / x[1] ** 2)
    if operation == "neg":
        return (-1.0,)
    if operation == "pow":
        by_base = x[1] * x[0] ** (x[1] - 1) if x[1] != 0 else 0.0
        return (by_base, x[0] ** x[1] * math.log(x[0]) if x[0] > 0 else 0.0)
    return (float(_SLOPES[operation](x[0])),)


def _number(param: Any, values: Mapping[Any, float]) -> float:
    if not isinstance(param, ParameterExpression):
        return float(param)
    bound = param.bind(values)
    if isinstance(bound, ParameterExpression):
        missing = ", ".join(sorted(p.name for p in bound.parameters))
        raise CircuitError(f"parameters without a value: {missing}")
    return float(bound)
