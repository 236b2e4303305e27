"""Owns arithmetic on numbers as OpenQASM writes it: ``-3*pi/4``, ``sin(theta/2)^2``.

One parser for the flat statements of both versions and for all of OpenQASM 2, where ``^`` is a power. It
gives a function of the named values, so that a gate's body is parsed once. Knows nothing of gates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from coratrix.core.errors import CircuitImportError
from coratrix.core.qasm.scan import Source, Token

Formula: TypeAlias = Callable[[Mapping[str, float]], float]

CONSTANTS: Final[Mapping[str, float]] = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
}
FUNCTIONS: Final[Mapping[str, Callable[[float], float]]] = {
    "sin": math.sin,
    "cos": math.cos,
    "tan": math.tan,
    "asin": math.asin,
    "acos": math.acos,
    "atan": math.atan,
    "exp": math.exp,
    "ln": math.log,
    "sqrt": math.sqrt,
}
_MAX_DEPTH: Final = 100
_SIMPLE: Final = re.compile(r"(-?)(?:(\d{1,15})\*)?pi(?:/(\d{1,15}))?|-?\d+\.?\d*(?:[eE][+-]?\d+)?")


def simple_number(text: str) -> float | None:
    """The value of ``0.3``, ``-pi/2`` or ``3*pi/4``, and None for anything that needs the parser."""
    match = _SIMPLE.fullmatch(text)
    if match is None:
        return None
    if not text.endswith(("i",)) and "pi" not in text:
        value = float(text)
        return value if math.isfinite(value) else None
    sign, factor, divisor = match.groups()
    if divisor is not None and not int(divisor):
        return None
    value = math.pi if factor is None else int(factor) * math.pi
    value = value if divisor is None else value / int(divisor)
    return -value if sign else value


class FormulaParser:
    """Parses one expression from a list of words, by precedence; what it reads it moves past.

    Args:
        source: where the words come from, for errors.
        tokens: the words; ``position`` is the next one.
        names: the names that may stand in the expression besides the constants.
    """

    def __init__(
        self, source: Source, tokens: Sequence[Token], names: Sequence[str], position: int = 0
    ) -> None:
        self.source, self.tokens, self.names, self.position = source, tokens, names, position
        self._depth = 0

    def parse(self) -> Formula:
        """The expression up to the first word that does not belong to it."""
        return self._sum()

    def _peek(self) -> str:
        return self.tokens[self.position].text if self.position < len(self.tokens) else ""

    def _at(self) -> int:
        last = self.tokens[min(self.position, len(self.tokens) - 1)] if self.tokens else Token("", "", 0)
        return last.at

    def _sum(self) -> Formula:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self.source.refuse(f"an expression nests deeper than {_MAX_DEPTH}", self._at())
        terms = [("+", self._product(), 0)]
        while self._peek() in ("+", "-"):
            sign, at = self._peek(), self._at()
            self.position += 1
            terms.append((sign, self._product(), at))
        self._depth -= 1
        return terms[0][1] if len(terms) == 1 else self._chain(terms)

    def _product(self) -> Formula:
        factors = [("*", self._signed(), 0)]
        while self._peek() in ("*", "/"):
            sign, at = self._peek(), self._at()
            self.position += 1
            factors.append((sign, self._signed(), at))
        return factors[0][1] if len(factors) == 1 else self._chain(factors)

    def _signed(self) -> Formula:
        negative = False
        while self._peek() in ("-", "+"):
            negative ^= self._peek() == "-"
            self.position += 1
        inner = self._power()
        return (lambda values: -inner(values)) if negative else inner

    def _power(self) -> Formula:
        base = self._atom()
        if self._peek() not in ("^", "**"):
            return base
        at = self._at()
        self.position += 1
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self.source.refuse(f"an expression nests deeper than {_MAX_DEPTH}", at)
        exponent = self._signed()
        self._depth -= 1
        return self._guarded(lambda values: base(values) ** exponent(values), at)

    def _atom(self) -> Formula:  # noqa: RET503 - refuse() never returns
        if self.position >= len(self.tokens):
            self.source.refuse("a number is missing here", self._at())
        kind, text, at = self.tokens[self.position]
        self.position += 1
        if kind == "number":
            return self._number(text, at)
        if text == "(":
            inner = self._sum()
            self._expect(")")
            return inner
        if text in self.names:
            return lambda values: values[text]
        if text in CONSTANTS:
            constant = CONSTANTS[text]
            return lambda _: constant
        if text in FUNCTIONS:
            return self._function(FUNCTIONS[text], at)
        self.source.refuse(f"{text!r} is no number; names here are {', '.join([*self.names, 'pi'])}", at)

    def _function(self, function: Callable[[float], float], at: int) -> Formula:
        self._expect("(")
        inner = self._sum()
        self._expect(")")
        return self._guarded(lambda values: function(inner(values)), at)

    def _number(self, text: str, at: int) -> Formula:
        try:
            value = float(text)  # whole numbers too: 9^9^9^9 is to overflow at once, not to grow
        except ValueError:
            self.source.refuse(f"{text!r} is no number", at)
        if not math.isfinite(value):
            self.source.refuse(f"{text!r} is too large", at)
        return lambda _: value

    def _expect(self, sign: str) -> None:
        if self._peek() != sign:
            self.source.refuse(f"expected {sign!r}, found {self._peek()!r}", self._at())
        self.position += 1

    def _chain(self, parts: list[tuple[str, Formula, int]]) -> Formula:
        """Operators of one strength, from left to right."""

        def value(values: Mapping[str, float]) -> float:
            total = parts[0][1](values)
            for sign, part, at in parts[1:]:
                operand = part(values)
                if sign == "/" and operand == 0:
                    self.source.refuse("division by zero", at)
                total = _APPLY[sign](total, operand)
            return total

        return value

    def _guarded(self, formula: Formula, at: int) -> Formula:
        def value(values: Mapping[str, float]) -> float:
            try:
                result: Any = formula(values)
            except CircuitImportError:
                raise
            except (ArithmeticError, ValueError) as exc:
                self.source.refuse(f"this has no value: {exc}", at, exc)
            if isinstance(result, complex) or not math.isfinite(result):
                self.source.refuse("this has no finite real value", at)
            return float(result)

        return value


_APPLY: Final[Mapping[str, Callable[[float, float], float]]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
