"""Owns the values that OpenQASM 3 programs compute with while they are read.

Numbers are plain Python. What depends on measured bits is kept as a function of those bits: a Condition for a
truth value, a Table for anything else. Knows nothing of the syntax tree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from coratrix.core.operations import Condition
from coratrix.core.parameters import ParameterExpression
from coratrix.core.qasm.builder import Refused

_MAX_TABLE_BITS: Final = 12


@dataclass(frozen=True, slots=True)
class Bits:
    """Classical bits as they are at run time, bit 0 first, which is the least significant of a number."""

    clbits: tuple[int, ...]
    is_register: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """A number that depends on bits: ``values[k]`` where the bits, first least significant, read ``k``."""

    clbits: tuple[int, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Qubits:
    """Qubits by their circuit-wide numbers; ``is_register`` tells ``q`` of size 1 from ``q[0]``."""

    numbers: tuple[int, ...]
    is_register: bool


@dataclass(frozen=True, slots=True)
class Duration:
    """A time in seconds."""

    seconds: float


Dynamic: TypeAlias = "Bits | Table | Condition"


def is_dynamic(value: Any) -> bool:
    """Whether a value depends on measured bits."""
    return isinstance(value, Bits | Table | Condition)


def truth(value: Any) -> bool | Condition:
    """The value as a truth value: at once, or as a condition on bits."""
    if isinstance(value, Condition):
        return value
    if isinstance(value, Bits):
        if len(value.clbits) == 1:
            return Condition(value.clbits, (1,))
        return Condition(value.clbits, (0,), negated=True)
    if isinstance(value, Table):
        return Condition(value.clbits, (k for k, each in enumerate(value.values) if each))
    if isinstance(value, bool | int | float):
        return bool(value)
    raise Refused(f"{kind_of(value)} is neither true nor false")


def kind_of(value: Any) -> str:
    """What to call a value in a message."""
    names = {Bits: "a bit register", Table: "a value that depends on measured bits", Qubits: "a qubit",
             Condition: "a truth value that depends on measured bits", Duration: "a duration",
             ParameterExpression: "an input parameter"}  # fmt: skip
    return next((name for kind, name in names.items() if isinstance(value, kind)), repr(value))


def as_table(value: Any) -> Table:
    """A dynamic value as a table over its bits."""
    if isinstance(value, Table):
        return value
    clbits = value.clbits
    if len(clbits) > _MAX_TABLE_BITS:
        raise Refused(f"arithmetic on {len(clbits)} measured bits; at most {_MAX_TABLE_BITS} can be carried")
    if isinstance(value, Bits):
        return Table(clbits, tuple(range(2 ** len(clbits))))
    return Table(clbits, tuple((k in value.values) is not value.negated for k in range(2 ** len(clbits))))


def mapped(rule: Callable[..., Any], *operands: Any) -> Any:
    """The rule applied where some operands are dynamic: for every reading of their bits."""
    tables = [as_table(value) if is_dynamic(value) else None for value in operands]
    clbits = tuple(dict.fromkeys(bit for table in tables if table for bit in table.clbits))
    if len(clbits) > _MAX_TABLE_BITS:
        raise Refused(f"arithmetic on {len(clbits)} measured bits; at most {_MAX_TABLE_BITS} can be carried")
    values = []
    for reading in range(2 ** len(clbits)):
        bit = {clbit: reading >> k & 1 for k, clbit in enumerate(clbits)}
        values.append(rule(*(
            value if table is None else table.values[sum(bit[b] << k for k, b in enumerate(table.clbits))]
            for value, table in zip(operands, tables, strict=True)
        )))  # fmt: skip
    if all(isinstance(value, bool) for value in values):
        return Condition(clbits, (k for k, value in enumerate(values) if value))
    return Table(clbits, tuple(values))


def binary(sign: str, left: Any, right: Any) -> Any:
    """``left sign right`` for any two values."""
    if sign in ("&&", "||"):
        return _logical(sign, truth(left), truth(right))
    if sign in ("==", "!=") and (simple := _bits_against_number(sign, left, right)) is not None:
        return simple
    if is_dynamic(left) or is_dynamic(right):
        if sign in "&|^" and all(isinstance(side, Condition) or _is_bit(side) for side in (left, right)):
            one, two = truth(left), truth(right)
            assert isinstance(one, Condition)
            assert isinstance(two, Condition)
            return {"&": one & two, "|": one | two, "^": one ^ two}[sign]
        return mapped(lambda a, b: _static(sign, a, b), left, right)
    return _static(sign, left, right)


def unary(sign: str, value: Any) -> Any:
    """``sign value`` for any value."""
    if sign == "!":
        claim = truth(value)
        return not claim if isinstance(claim, bool) else ~claim
    if sign == "~":
        if isinstance(value, Condition) or _is_bit(value):
            claim = truth(value)
            assert isinstance(claim, Condition)
            return ~claim
        if isinstance(value, Bits):
            mask = 2 ** len(value.clbits) - 1
            return mapped(lambda a: a ^ mask, value)
        return mapped(lambda a: ~a, value) if is_dynamic(value) else ~_whole(value, sign)
    if is_dynamic(value):
        return mapped(lambda a: -a, value)
    if isinstance(value, Duration):
        return Duration(-value.seconds)
    return -_number(value, sign)


def _is_bit(value: Any) -> bool:
    return isinstance(value, Bits) and len(value.clbits) == 1


def _logical(sign: str, left: bool | Condition, right: bool | Condition) -> bool | Condition:
    for one, other in ((left, right), (right, left)):
        if isinstance(one, bool):
            decides = one is (sign == "||")
            return one if decides else other
    assert isinstance(left, Condition)
    assert isinstance(right, Condition)
    return left & right if sign == "&&" else left | right


def _bits_against_number(sign: str, left: Any, right: Any) -> bool | Condition | None:
    """``c == 5`` of any width, without a table."""
    for bits, number in ((left, right), (right, left)):
        if isinstance(bits, Bits) and isinstance(number, int):
            if not 0 <= number < 1 << len(bits.clbits):
                return sign == "!="
            return Condition(bits.clbits, (int(number),), negated=sign == "!=")
        if isinstance(bits, Condition) and isinstance(number, bool):
            return bits if number is (sign == "==") else ~bits
    return None


def _number(value: Any, sign: str) -> Any:
    if isinstance(value, bool | int | float | ParameterExpression):
        return value
    raise Refused(f"{sign!r} does not work on {kind_of(value)}")


def _whole(value: Any, sign: str) -> int:
    if isinstance(value, bool | int):
        return int(value)
    raise Refused(f"{sign!r} works on whole numbers; got {kind_of(value)}")


def _static(sign: str, left: Any, right: Any) -> Any:
    if isinstance(left, Duration) or isinstance(right, Duration):
        return _duration(sign, left, right)
    if sign in _ON_WHOLE:
        a, b = _whole(left, sign), _whole(right, sign)
        if sign in ("<<", ">>") and not 0 <= b <= 4096:
            raise Refused(f"a shift by {b}")
        if sign == "%" and b == 0:
            raise Refused("division by zero")
        result: Any = _ON_WHOLE[sign](a, b)
        is_claim = isinstance(left, bool) and isinstance(right, bool) and sign in "&|^"
        return bool(result) if is_claim else result
    a, b = _number(left, sign), _number(right, sign)
    if sign in _COMPARE:
        if isinstance(a, ParameterExpression) or isinstance(b, ParameterExpression):
            raise Refused("a comparison with an input parameter; give its value in inputs=")
        return bool(_COMPARE[sign](a, b))
    return _arithmetic(sign, a, b)


def _arithmetic(sign: str, a: Any, b: Any) -> Any:
    if sign == "/":
        if not isinstance(b, ParameterExpression) and b == 0:
            raise Refused("division by zero")
        if isinstance(a, int) and isinstance(b, int) and a % b == 0:
            return a // b
        return a / b
    if sign == "**":
        whole = isinstance(a, int) and isinstance(b, int)
        if whole and (b < 0 or (abs(a) > 1 and b * a.bit_length() > 4096)):
            a = float(a)
        return a**b
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b}[sign]()


def _duration(sign: str, left: Any, right: Any) -> Any:
    a = left.seconds if isinstance(left, Duration) else left
    b = right.seconds if isinstance(right, Duration) else right
    both = isinstance(left, Duration) and isinstance(right, Duration)
    if both and sign in _COMPARE:
        return _COMPARE[sign](a, b)
    if sign == "/" and b != 0:
        return a / b if both else Duration(a / b) if isinstance(left, Duration) else _no_duration(sign)
    if (sign in "+-" and both) or (sign == "*" and not both):
        return Duration(_arithmetic(sign, a, b))
    return _no_duration(sign)


def _no_duration(sign: str) -> Any:
    raise Refused(f"{sign!r} does not work on these durations")


_ON_WHOLE: Final[Mapping[str, Callable[[int, int], int]]] = {
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b,
    ">>": lambda a, b: a >> b,
    "%": lambda a, b: a % b,
}
_COMPARE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _symbolic(name: str, plain: Callable[[float], float]) -> Callable[[Any], Any]:
    """A function that also works on input parameters."""

    def apply(value: Any) -> Any:
        if isinstance(value, ParameterExpression):
            return ParameterExpression(name, (value,))
        return plain(value)

    return apply


FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    **{name: _symbolic(name, getattr(math, name)) for name in ("sin", "cos", "tan", "exp", "log", "sqrt")},
    "arcsin": _symbolic("arcsin", math.asin),
    "arccos": _symbolic("arccos", math.acos),
    "arctan": _symbolic("arctan", math.atan),
    "ceiling": math.ceil,
    "floor": math.floor,
    "mod": lambda a, b: _static("%", a, b) if isinstance(a, int) and isinstance(b, int) else math.fmod(a, b),
    "pow": lambda a, b: _arithmetic("**", a, b),
    "popcount": lambda a: _whole(a, "popcount").bit_count(),
}
