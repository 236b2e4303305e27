"""A circuit with open parameters as a program that takes numbers later.

Owns: the parameters' places in the program, their numbers for one or many sets of values, and the chain rule from
places to parameters. Knows nothing of: running.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import is_
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from coratrix.core import Gate, Parameter, QuantumCircuit
from coratrix.core.errors import CircuitError
from coratrix.core.parameters import ParameterExpression
from coratrix.sim import _engine
from coratrix.sim.program import write

Column: TypeAlias = npt.NDArray[np.float64]
"""One number per set of values."""

Values: TypeAlias = "Iterable[Mapping[Any, float]] | Mapping[Any, Sequence[float] | Column]"
"""Sets of values: a list of mappings, or one mapping of columns of equal length."""

_OPERATIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "pow": np.power,
    "neg": np.negative,
    **{
        name: getattr(np, name)
        for name in ("sin", "cos", "tan", "arcsin", "arccos", "arctan", "exp", "log", "sqrt")
    },
}

_SLOPES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "sin": lambda a: np.cos(a),
    "cos": lambda a: -np.sin(a),
    "tan": lambda a: 1 / np.cos(a) ** 2,
    "arcsin": lambda a: 1 / np.sqrt(1 - a * a),
    "arccos": lambda a: -1 / np.sqrt(1 - a * a),
    "arctan": lambda a: 1 / (1 + a * a),
    "exp": np.exp,
    "log": lambda a: 1 / a,
    "sqrt": lambda a: 0.5 / np.sqrt(a),
}


class ParametricProgram:
    """Written once; numbers for all sets of values are worked out together, one column per parameter."""

    def __init__(self, circuit: QuantumCircuit) -> None:
        written = write(circuit)
        self._words, self._params, self._matrices = written.words, written.params, written.matrix_pool()
        self._names = sorted(parameter.name for parameter in circuit.parameters)
        self._width = (circuit.num_qubits, circuit.num_clbits)

    def table(self, values: Values) -> npt.NDArray[np.float64]:
        """``(sets, places)``: what stands at each place of the program under each set of values.

        Raises:
            CircuitError: a parameter has no value, or an expression none under one of the sets.
        """
        count, columns = self._columns(values)
        out = np.empty((count, len(self._params)))
        for place, param in enumerate(self._params):
            out[:, place] = _numbers(param, columns)
        if not np.isfinite(out).all():
            raise self._no_value(out)
        return out

    def program(self, row: Sequence[float] | Column) -> _engine.Program:
        """The program with these numbers at its places."""
        return _engine.Program(*self._width, self._words, list(row), self._matrices)

    def chain(self, values: Mapping[Any, float], slopes: npt.NDArray[np.float64]) -> dict[str, float]:
        """Derivatives by place in the program, turned into derivatives by parameter."""
        _, columns = self._columns([values])
        total = dict.fromkeys(self._names, 0.0)
        for param, slope in zip(self._params, slopes, strict=True):
            if isinstance(param, Parameter):
                total[param.name] += float(slope)
            elif isinstance(param, ParameterExpression):
                for name, inner in derivatives(param, columns).items():
                    total[name] += float(slope * inner[0])
        return total

    def _columns(self, values: Values) -> tuple[int, dict[str, Column]]:
        """How many sets there are, and each parameter's numbers."""
        if isinstance(values, Mapping):
            return _from_columns(self._names, values)
        return _from_sets(self._names, list(values))

    def _no_value(self, table: npt.NDArray[np.float64]) -> CircuitError:
        row, place = np.argwhere(~np.isfinite(table))[0]
        return CircuitError(f"{self._params[place]} has no finite value under set {row} of the values")


_written: deque[tuple[QuantumCircuit, ParametricProgram]] = deque(maxlen=4)
"""The latest programs, each with a copy of its circuit as it was."""


def program_of(circuit: QuantumCircuit) -> ParametricProgram:
    """The circuit's program; in a loop over values the one that was written at the first of them."""
    for known, program in tuple(_written):
        if _same_gates(known, circuit):
            return program
    program = ParametricProgram(circuit)
    operations = [each.operation for each in circuit.special_instructions]
    if all(isinstance(each, Gate) for each in operations):  # none with a body, which may change
        _written.append((circuit.copy(), program))
    return program


def _same_gates(known: QuantumCircuit, circuit: QuantumCircuit) -> bool:
    """Whether they hold the very same entries, which never change; equal ones are not looked for."""
    return (
        len(known.entries) == len(circuit.entries)
        and known.num_qubits == circuit.num_qubits
        and known.num_clbits == circuit.num_clbits
        and known.global_phase is circuit.global_phase
        and all(map(is_, known.entries, circuit.entries))
    )


def as_sets(values: Values) -> list[Mapping[Any, float]]:
    """Sets of values one by one, however they were given."""
    if not isinstance(values, Mapping):
        return list(values)
    columns = _equally_long(values)
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _from_columns(names: list[str], values: Mapping[Any, Any]) -> tuple[int, dict[str, Column]]:
    columns = _equally_long(values)
    _require(names, columns)
    return len(next(iter(columns.values()))), columns


def _equally_long(values: Mapping[Any, Any]) -> dict[str, Column]:
    columns = {name: np.asarray(column, dtype=np.float64) for name, column in _by_name(values).items()}
    shapes = {column.shape for column in columns.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise CircuitError(f"columns of values have one length; got the shapes {sorted(map(str, shapes))}")
    return columns


def _from_sets(names: list[str], sets: list[Mapping[Any, float]]) -> tuple[int, dict[str, Column]]:
    if sets and all(
        list(each) == list(sets[0]) for each in sets
    ):  # the usual case, without a look-up per number
        table = np.array([list(each.values()) for each in sets], dtype=np.float64).reshape(len(sets), -1)
        columns = dict(zip(_by_name(sets[0]), table.T, strict=True))
        _require(names, columns)
        return len(sets), columns
    named = [_by_name(each) for each in sets]
    for each in named:
        _require(names, each)
    return len(sets), {name: np.array([each[name] for each in named], dtype=np.float64) for name in names}


def _by_name(values: Mapping[Any, Any]) -> dict[str, Any]:
    """A `Parameter` stands for its name, as it does for ``bind``."""
    return {key.name if isinstance(key, Parameter) else key: value for key, value in values.items()}


def _require(names: list[str], given: Mapping[str, Any]) -> None:
    if not given.keys() >= set(names):
        missing = ", ".join(name for name in names if name not in given)
        raise CircuitError(f"parameters without a value: {missing}")


def derivatives(expression: ParameterExpression, columns: Mapping[str, Column]) -> dict[str, Column]:
    """The derivative of an expression by each of its parameters, by name: the chain rule down its tree."""
    if isinstance(expression, Parameter):
        return {expression.name: np.ones_like(columns[expression.name])}
    parts = expression.operands
    out: dict[str, Column] = {}
    for place, part in enumerate(parts):
        if isinstance(part, ParameterExpression):
            with np.errstate(all="ignore"):
                weight = _weight(expression.operation, place, [_numbers(each, columns) for each in parts])
            for name, slope in derivatives(part, columns).items():
                out[name] = out.get(name, 0.0) + weight * slope
    return out


def _weight(operation: str, place: int, x: list[Any]) -> Any:
    """The derivative of an operation by its operand number ``place``."""
    if operation == "add" or (operation == "sub" and place == 0):
        return 1.0
    if operation in ("sub", "neg"):
        return -1.0
    if operation == "mul":
        return x[1 - place]
    if operation == "div":
        return 1 / x[1] if place == 0 else -x[0] / x[1] ** 2
    if operation == "pow" and place == 0:
        return np.where(x[1] == 0, 0.0, x[1] * np.power(x[0], x[1] - 1))
    if operation == "pow":
        return np.where(np.asarray(x[0]) > 0, np.power(x[0], x[1]) * np.log(x[0]), 0.0)
    return _SLOPES[operation](x[0])


def _numbers(param: Any, columns: Mapping[str, Column]) -> Any:
    """A parameter's column, or the one number of what has none."""
    if not isinstance(param, ParameterExpression):
        return float(param)
    if isinstance(param, Parameter):
        return columns[param.name]
    with np.errstate(all="ignore"):  # what has no finite value is refused by name
        return _OPERATIONS[param.operation](*(_numbers(each, columns) for each in param.operands))
