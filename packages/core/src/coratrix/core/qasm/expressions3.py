"""Owns the names and expressions of OpenQASM 3 while a text is read, and gates defined in it.

An expression has a value at once, or depends on measured bits (values3.py). Knows nothing of statements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from openqasm3 import ast

from coratrix.core.errors import CircuitError
from coratrix.core.operations import Condition
from coratrix.core.parameters import ParameterExpression, ParameterLike, angle
from coratrix.core.qasm.builder import Builder, Refused
from coratrix.core.qasm.constants import CONSTANTS
from coratrix.core.qasm.parse3 import Place
from coratrix.core.qasm.scan import Source
from coratrix.core.qasm.values3 import (
    FUNCTIONS,
    Bits,
    Duration,
    Qubits,
    Table,
    binary,
    is_dynamic,
    kind_of,
    mapped,
    truth,
    unary,
)

_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0}
_MAX_BITS: Final = 4096


class Symbol:
    """A name's value; what depends on measured bits remembers how often they had been written."""

    __slots__ = ("body_depth", "is_constant", "loop_depth", "type", "value", "writes")

    def __init__(self, type_: Any, is_constant: bool, body_depth: int, loop_depth: int) -> None:
        self.type, self.is_constant = type_, is_constant
        self.body_depth, self.loop_depth = body_depth, loop_depth
        self.value: Any = None
        self.writes: tuple[int, ...] = ()

    def store(self, value: Any, builder: Builder) -> None:
        self.value = value
        self.writes = _writes(value, builder)


def _writes(value: Any, builder: Builder) -> tuple[int, ...]:
    return tuple(builder.writes.get(bit, 0) for bit in value.clbits) if is_dynamic(value) else ()


class Evaluator:
    """Names in scopes, and the values of expressions."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.scopes: list[dict[str, Symbol]] = [{}]
        self.subroutines: dict[str, tuple[Any, Place]] = {}
        self.place = Place(Source(""), 0)
        self.loop_depth = 0

    # Names

    def declare(self, name: str, value: Any, *, type_: Any = None, is_constant: bool = False) -> None:
        """A name in the innermost scope."""
        if name in self.scopes[-1]:
            raise Refused(f"{name!r} is declared already")
        symbol = Symbol(type_, is_constant, self.builder.body_depth, self.loop_depth)
        symbol.store(value, self.builder)
        self.scopes[-1][name] = symbol

    def symbol(self, name: str) -> Symbol:
        """The innermost meaning of a name."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        if name.startswith("$"):
            return self._physical(name)
        raise Refused(f"nothing is named {name!r}")

    def _physical(self, name: str) -> Symbol:
        number = int(name[1:][:9])
        if "$" not in self.builder.qubits and self.builder.num_qubits:
            raise Refused(f"{name}: a program has physical qubits or declared ones, not both")
        have = self.builder.qubits.pop("$", ())
        self.builder.num_qubits = 0
        self.builder.declare_qubits("$", max(len(have), number + 1))
        symbol = Symbol(None, True, 0, 0)
        symbol.value = Qubits((number,), False)
        return symbol

    def read_symbol(self, name: str) -> Any:
        """The value of a variable, refused where the bits that it came from have been written since."""
        symbol = self.symbol(name)
        value = symbol.value
        if value is None:
            raise Refused(f"{name!r} has no value yet")
        if isinstance(value, Bits) and symbol.type is None:
            return value  # the register itself, as it is at run time
        if is_dynamic(value) and (
            symbol.writes != _writes(value, self.builder) or symbol.loop_depth != self.loop_depth
        ):
            raise Refused(f"{name!r} was computed from bits that may have been measured again since")
        return value

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Names declared meanwhile are forgotten afterwards."""
        self.scopes.append({})
        try:
            yield
        finally:
            self.scopes.pop()

    @contextmanager
    def isolated(self) -> Iterator[None]:
        """Only constants of the outermost level are seen meanwhile, as in a subroutine."""
        outer = self.scopes
        visible = {name: symbol for name, symbol in outer[0].items() if symbol.is_constant}
        self.scopes = [visible, {}]
        try:
            yield
        finally:
            self.scopes = outer

    @contextmanager
    def loop_body(self) -> Iterator[None]:
        """Variables of outside that depend on measured bits are not read meanwhile."""
        self.loop_depth += 1
        try:
            yield
        finally:
            self.loop_depth -= 1

    # Values

    def value(self, node: Any) -> Any:
        """The value of an expression."""
        rule = _RULES.get(type(node))
        if rule is None:
            raise Refused(f"{type(node).__name__} cannot be carried by a circuit")
        return rule(self, node)

    def whole(self, node: Any) -> int:
        """The value of an expression that must be a whole number now."""
        value = self.value(node)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if not isinstance(value, int):
            raise Refused(f"a whole number is needed here; got {kind_of(value)}")
        return int(value)

    def angle(self, node: Any) -> ParameterLike:
        """The value of an expression that must be an angle now."""
        value = self.value(node)
        if is_dynamic(value):
            raise Refused("a gate's angle depends on measured bits; branch on them with if instead")
        if isinstance(value, Duration | Qubits):
            raise Refused(f"an angle is a number; got {kind_of(value)}")
        return angle(float(value) if isinstance(value, bool | int) else value)

    def _identifier(self, node: Any) -> Any:
        for scope in reversed(self.scopes):
            if node.name in scope:
                return self.read_symbol(node.name)
        return CONSTANTS[node.name] if node.name in CONSTANTS else self.read_symbol(node.name)

    def _binary(self, node: Any) -> Any:
        return binary(node.op.name, self.value(node.lhs), self.value(node.rhs))

    def _unary(self, node: Any) -> Any:
        return unary(node.op.name, self.value(node.expression))

    def _index(self, node: Any) -> Any:
        value = self.value(node.collection)
        return self._indexed(value, [node.index])

    def _indexed_identifier(self, node: Any) -> Any:
        return self._indexed(self.read_symbol(node.name.name), node.indices)

    def _indexed(self, value: Any, indices: list[Any]) -> Any:
        for index in indices:
            parts = index.values if isinstance(index, ast.DiscreteSet) else index
            is_set = isinstance(index, ast.DiscreteSet)
            if not is_set and len(parts) != 1:
                raise Refused("registers have one index")
            value = self._selected(value, parts, is_set)
        return value

    def _selected(self, value: Any, parts: list[Any], is_set: bool) -> Any:
        items = elements(value) if isinstance(value, Qubits | Bits) else None
        if items is None:
            if is_dynamic(value) or isinstance(value, int):
                return binary("&", binary(">>", value, self.whole(parts[0])), 1)
            raise Refused(f"{kind_of(value)} cannot be indexed")
        numbers = value.numbers if isinstance(value, Qubits) else value.clbits
        if is_set:
            chosen = tuple(_at(numbers, self.whole(part)) for part in parts)
        elif isinstance(parts[0], ast.RangeDefinition):
            chosen = self._slice(numbers, parts[0])
        else:
            chosen = (_at(numbers, self.whole(parts[0])),)
            return Qubits(chosen, False) if isinstance(value, Qubits) else Bits(chosen, False)
        return Qubits(chosen, True) if isinstance(value, Qubits) else Bits(chosen)

    def _slice(self, numbers: tuple[int, ...], node: Any) -> tuple[int, ...]:
        step = 1 if node.step is None else self.whole(node.step)
        if step == 0:
            raise Refused("a slice has a step that is not 0")
        size = len(numbers)
        first, last = (0, size - 1) if step > 0 else (size - 1, 0)
        first = first if node.start is None else self.whole(node.start)
        last = last if node.end is None else self.whole(node.end)
        first, last = (k + size if k < 0 else k for k in (first, last))
        wanted = range(first, last + (1 if step > 0 else -1), step)
        if not wanted:
            raise Refused("this slice is empty")
        _at(numbers, wanted[0])
        _at(numbers, wanted[-1])
        return tuple(numbers[k] for k in wanted)

    def _concatenation(self, node: Any) -> Any:
        left, right = self.value(node.lhs), self.value(node.rhs)
        if isinstance(left, Qubits) and isinstance(right, Qubits):
            return Qubits(left.numbers + right.numbers, True)
        if isinstance(left, Bits) and isinstance(right, Bits):
            return Bits(left.clbits + right.clbits)
        raise Refused("++ joins qubits with qubits, or bits with bits")

    def _function(self, node: Any) -> Any:
        name = node.name.name
        if name in self.subroutines:
            raise Refused(f"the result of {name} is used inside an expression; assign it to a variable first")
        arguments = [self.value(argument) for argument in node.arguments]
        if name not in FUNCTIONS:
            raise Refused(f"nothing is named {name!r}")
        if any(is_dynamic(argument) for argument in arguments):
            return mapped(FUNCTIONS[name], *arguments)
        if any(isinstance(argument, Duration | Qubits) for argument in arguments):
            raise Refused(f"{name} works on numbers")
        return FUNCTIONS[name](*arguments)

    def _sizeof(self, node: Any) -> int:
        value = self.value(node.target)
        if not isinstance(value, Qubits | Bits):
            raise Refused(f"sizeof works on registers; got {kind_of(value)}")
        return len(elements(value))

    def _cast(self, node: Any) -> Any:
        return self.converted(node.type, self.value(node.argument))

    def _duration(self, node: Any) -> Duration:
        unit = node.unit.name
        if unit not in _SECONDS:
            raise Refused("dt is a length that only a device knows; write the time in ns, us, ms or s")
        return Duration(node.value * _SECONDS[unit] if unit != "s" else float(node.value))

    def _bitstring(self, node: Any) -> int:
        if node.width > _MAX_BITS:
            raise Refused(f"a bit string of {node.width} bits")
        return int(node.value)

    def converted(self, kind: Any, value: Any) -> Any:
        """The value as a declared type holds it."""
        rule = _CONVERSIONS.get(type(kind))
        if kind is None:
            return value
        if rule is None:
            raise Refused(f"{type(kind).__name__} cannot be carried by a circuit")
        if isinstance(value, Qubits) or (isinstance(value, Duration) != isinstance(kind, ast.DurationType)):
            raise Refused(f"{kind_of(value)} is no {type(kind).__name__.removesuffix('Type').lower()}")
        size = getattr(kind, "size", None)
        width = None if size is None else self.whole(size)
        if width is not None and not 1 <= width <= _MAX_BITS:
            raise Refused(f"a type of {width} bits")
        return rule(value, width)


def elements(value: Any) -> list[Any]:
    """The elements of a register, each by itself."""
    if isinstance(value, Qubits):
        return [Qubits((number,), False) for number in value.numbers]
    if isinstance(value, Bits):
        return [Bits((clbit,), False) for clbit in value.clbits]
    raise Refused(f"{kind_of(value)} has no elements to go through")


def _at(numbers: tuple[int, ...], index: int) -> int:
    if not -len(numbers) <= index < len(numbers):
        raise Refused(f"index {index} is outside a register of {len(numbers)}")
    return numbers[index]


def _to_whole(value: Any, width: int | None, *, signed: bool) -> Any:
    if isinstance(value, Bits) and not signed and (width is None or len(value.clbits) <= width):
        return value
    if is_dynamic(value):
        return mapped(lambda each: _wrapped(int(each), width, signed), value)
    if isinstance(value, ParameterExpression):
        raise Refused("a whole number is made of an input parameter; give its value in inputs=")
    if not math.isfinite(value):
        raise CircuitError(f"{value} is no whole number")
    return _wrapped(int(value), width, signed)


def _wrapped(value: int, width: int | None, signed: bool) -> int:
    if width is None:
        return value
    value %= 1 << width
    return value - (1 << width) if signed and value >> (width - 1) else value


def _to_float(value: Any, _width: int | None) -> Any:
    if is_dynamic(value):
        return mapped(float, value)
    return value if isinstance(value, ParameterExpression) else float(angle(value + 0.0))


def _to_bool(value: Any, _width: int | None) -> bool | Condition:
    return truth(value)


def _to_bits(value: Any, width: int | None) -> Any:
    """A bit type holds the register itself, or a constant pattern."""
    if isinstance(value, Bits):
        if len(value.clbits) != (width or 1):
            raise Refused(f"{len(value.clbits)} bits do not fit into {width or 1}")
        return value
    if isinstance(value, Table | Condition):
        return value
    return _to_whole(value, width or 1, signed=False)


_RULES: Final[Mapping[type, Callable[[Evaluator, Any], Any]]] = {
    ast.Identifier: Evaluator._identifier,
    ast.IntegerLiteral: lambda _, node: node.value,
    ast.FloatLiteral: lambda _, node: float(node.value),
    ast.BooleanLiteral: lambda _, node: bool(node.value),
    ast.BitstringLiteral: Evaluator._bitstring,
    ast.DurationLiteral: Evaluator._duration,
    ast.BinaryExpression: Evaluator._binary,
    ast.UnaryExpression: Evaluator._unary,
    ast.IndexExpression: Evaluator._index,
    ast.IndexedIdentifier: Evaluator._indexed_identifier,
    ast.Concatenation: Evaluator._concatenation,
    ast.FunctionCall: Evaluator._function,
    ast.SizeOf: Evaluator._sizeof,
    ast.Cast: Evaluator._cast,
}

_CONVERSIONS: Final[Mapping[type, Callable[[Any, int | None], Any]]] = {
    ast.IntType: lambda value, width: _to_whole(value, width, signed=True),
    ast.UintType: lambda value, width: _to_whole(value, width, signed=False),
    ast.FloatType: _to_float,
    ast.AngleType: _to_float,
    ast.BoolType: _to_bool,
    ast.BitType: _to_bits,
    ast.DurationType: lambda value, _width: value,
}
