"""Owns symbolic angles: ``Parameter`` and the small tree of arithmetic on it.

A parameter is known by its name alone. Knows nothing of gates and circuits.
"""

from __future__ import annotations

import cmath
import math
import numbers
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias, cast

from coratrix.core.errors import CircuitError

ParameterLike: TypeAlias = "float | ParameterExpression"
"""What an angle may be: a number, or an expression of parameters."""

_MAX_DEPTH: Final = 150
"""Deeper expressions are refused, so that no walk over one can exhaust the interpreter's stack."""

_BINARY: Final[Mapping[str, tuple[str, int, Callable[[float, float], float]]]] = {
    "add": ("+", 1, lambda a, b: a + b),
    "sub": ("-", 1, lambda a, b: a - b),
    "mul": ("*", 2, lambda a, b: a * b),
    "div": ("/", 2, lambda a, b: a / b),
    "pow": ("**", 4, lambda a, b: a**b),
}
_FUNCTIONS: Final[Mapping[str, Callable[[float], float]]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "arcsin": math.asin,
    "arccos": math.acos,
    "arctan": math.atan,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
}


class ParameterExpression:
    """Arithmetic on parameters, kept as a tree until every parameter has a value.

    Frozen and hashable; two expressions are equal when they were built alike (``a + b != b + a``).
    """

    __slots__ = ("_args", "_depth", "_hash", "_op", "parameters")

    _op: str
    _args: tuple[Any, ...]
    _depth: int
    _hash: int
    parameters: frozenset[Parameter]
    """The parameters that still stand in this expression."""

    def __init__(self, op: str, args: tuple[Any, ...]) -> None:
        if op not in _BINARY and op not in _FUNCTIONS and op != "neg":
            raise CircuitError(f"no arithmetic operation {op!r}; there are {_names()}")
        if len(args) != (2 if op in _BINARY else 1):
            raise CircuitError(f"{op!r} got {len(args)} operands")
        inner = [arg for arg in args if isinstance(arg, ParameterExpression)]
        self._fill(op, args, frozenset().union(*(arg.parameters for arg in inner)))
        object.__setattr__(self, "_depth", 1 + max((arg._depth for arg in inner), default=0))
        if self._depth > _MAX_DEPTH:
            raise CircuitError(f"an expression nests deeper than {_MAX_DEPTH} operations; bind some first")

    def _fill(self, op: str, args: tuple[Any, ...], parameters: frozenset[Parameter]) -> None:
        object.__setattr__(self, "_op", op)
        object.__setattr__(self, "_args", args)
        object.__setattr__(self, "_hash", hash((op, args)))
        object.__setattr__(self, "parameters", parameters)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} cannot be changed")

    @property
    def operation(self) -> str:
        """The name of the operation at the root of the tree."""
        return self._op

    @property
    def operands(self) -> tuple[Any, ...]:
        """What the root's operation acts on: numbers and expressions."""
        return self._args

    def bind(self, values: Mapping[Any, float]) -> ParameterLike:
        """Put numbers in place of parameters, named by ``Parameter`` or by string; others stay."""
        if not self.parameters:
            return self._evaluate(self._args)
        return self._evaluate(tuple(_bound(arg, values) for arg in self._args))

    def _evaluate(self, args: tuple[Any, ...]) -> ParameterLike:
        if any(isinstance(arg, ParameterExpression) for arg in args):
            return ParameterExpression(self._op, args)
        try:
            return _finite(_compute(self._op, args), self)
        except (ArithmeticError, ValueError, TypeError) as exc:
            raise CircuitError(f"{self} has no value at {', '.join(map(repr, args))}: {exc}") from exc

    def __add__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("add", self, other)

    def __radd__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("add", other, self)

    def __sub__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("sub", self, other)

    def __rsub__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("sub", other, self)

    def __mul__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("mul", self, other)

    def __rmul__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("mul", other, self)

    def __truediv__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("div", self, other)

    def __rtruediv__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("div", other, self)

    def __pow__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("pow", self, other)

    def __rpow__(self, other: ParameterLike) -> ParameterExpression:
        return _combine("pow", other, self)

    def __neg__(self) -> ParameterExpression:
        if self._op == "neg" and isinstance(self._args[0], ParameterExpression):
            return self._args[0]
        return ParameterExpression("neg", (self,))

    def __pos__(self) -> ParameterExpression:
        return self

    def sin(self) -> ParameterExpression:
        return ParameterExpression("sin", (self,))

    def cos(self) -> ParameterExpression:
        return ParameterExpression("cos", (self,))

    def tan(self) -> ParameterExpression:
        return ParameterExpression("tan", (self,))

    def exp(self) -> ParameterExpression:
        return ParameterExpression("exp", (self,))

    def log(self) -> ParameterExpression:
        return ParameterExpression("log", (self,))

    def sqrt(self) -> ParameterExpression:
        return ParameterExpression("sqrt", (self,))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ParameterExpression):
            return NotImplemented
        return self is other or (
            self._hash == other._hash and self._op == other._op and self._args == other._args
        )

    def __hash__(self) -> int:
        return self._hash

    def __float__(self) -> float:
        if self.parameters:
            raise TypeError(f"{self} has no number yet: bind {', '.join(sorted(map(str, self.parameters)))}")
        return cast(float, self.bind({}))

    def __reduce__(self) -> tuple[Any, ...]:
        return ParameterExpression, (self._op, self._args)

    def __str__(self) -> str:
        return _text(self, 0)

    def __repr__(self) -> str:
        return f"ParameterExpression({_text(self, 0)})"


class Parameter(ParameterExpression):
    """A named angle whose number comes later, by ``circuit.bind({"theta": 0.3})``."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        if not isinstance(name, str) or not name.strip():
            raise CircuitError(f"a parameter's name is a text that is not empty; got {name!r}")
        self._fill("parameter", (name,), frozenset())
        object.__setattr__(self, "parameters", frozenset((self,)))
        object.__setattr__(self, "_depth", 1)

    @property
    def name(self) -> str:
        return str(self._args[0])

    def bind(self, values: Mapping[Any, float]) -> ParameterLike:
        value = values.get(self, values.get(self.name, self))
        return value if isinstance(value, ParameterExpression) else _finite(value, self)

    def __reduce__(self) -> tuple[Any, ...]:
        return Parameter, (self.name,)

    def __repr__(self) -> str:
        return f"Parameter({self.name!r})"


def angle(value: Any, *, what: str = "an angle") -> ParameterLike:
    """``value`` as a gate keeps it: a finite float, or an expression that still has parameters.

    Raises:
        CircuitError: it is NaN, infinite, or no real number.
    """
    if isinstance(value, float):  # numpy's too
        return _finite(value, what)
    if isinstance(value, ParameterExpression):
        return value if value.parameters else value.bind({})
    if isinstance(value, str | bytes | bool) or (
        isinstance(value, numbers.Complex) and not isinstance(value, numbers.Real)
    ):
        raise CircuitError(f"{what} is a real number or a Parameter; got {value!r}")
    try:
        return _finite(float(value), what)
    except (TypeError, ValueError, OverflowError) as exc:
        raise CircuitError(f"{what} is a finite real number or a Parameter; got {value!r}") from exc


def named_values(values: Mapping[Any, Any]) -> dict[str, float]:
    """The mapping by parameter name, each number checked; what ``bind`` of gates and circuits takes."""
    named: dict[str, float] = {}
    for key, value in values.items():
        name = key.name if isinstance(key, Parameter) else key
        if not isinstance(name, str):
            raise CircuitError(f"parameters are bound by Parameter or by name; got {key!r}")
        number = angle(value, what=f"the value of {name}")
        if isinstance(number, ParameterExpression):
            raise CircuitError(f"{name} is bound to a number; got the expression {number}")
        named[name] = number
    return named


def _combine(op: str, left: Any, right: Any) -> ParameterExpression:
    for side in (left, right):
        if not isinstance(side, ParameterExpression | numbers.Real):
            return cast(ParameterExpression, NotImplemented)
    return ParameterExpression(op, (_operand(left), _operand(right)))


def _operand(side: Any) -> ParameterLike:
    return side if isinstance(side, ParameterExpression) else _finite(float(side), "a number")


def _bound(arg: Any, values: Mapping[Any, float]) -> Any:
    return arg.bind(values) if isinstance(arg, ParameterExpression) else arg


def _compute(op: str, args: tuple[Any, ...]) -> Any:
    if op == "neg":
        return -args[0]
    return _BINARY[op][2](*args) if op in _BINARY else _FUNCTIONS[op](*args)


def _finite(value: Any, what: object) -> float:
    if isinstance(value, complex) or not cmath.isfinite(value):
        raise CircuitError(f"{what} must be a finite real number; got {value!r}")
    return float(value) + 0.0  # −0.0 becomes 0.0, so that equal circuits have equal digests


def _names() -> str:
    return ", ".join((*_BINARY, "neg", *_FUNCTIONS))


def _text(node: Any, outer: int) -> str:
    if not isinstance(node, ParameterExpression):
        return f"({node!r})" if node < 0 and outer else repr(node)
    if isinstance(node, Parameter):
        return node.name
    op, args = node.operation, node.operands
    if op in _FUNCTIONS:
        return f"{op}({_text(args[0], 0)})"
    if op == "neg":
        return _wrapped(f"-{_text(args[0], 3)}", 3, outer)
    sign, strength, _ = _BINARY[op]
    tight = strength + 1
    left, right = (tight, strength) if op == "pow" else (strength, tight)
    glue = sign if op == "pow" else f" {sign} " if strength == 1 else sign
    return _wrapped(f"{_text(args[0], left)}{glue}{_text(args[1], right)}", strength, outer)


def _wrapped(text: str, strength: int, outer: int) -> str:
    return f"({text})" if strength < outer else text
