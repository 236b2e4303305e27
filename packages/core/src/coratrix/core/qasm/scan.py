"""Owns OpenQASM text as a sequence of statements with places, before anything is understood.

Finds where each statement ends, bounds nesting and length, and turns an offset into line and column. The same
for OpenQASM 2 and 3. Knows nothing of gates and circuits.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, NamedTuple, NoReturn

from coratrix.core.errors import CircuitImportError

MAX_CHARACTERS: Final = 200_000_000
MAX_NESTING: Final = 100
MAX_TOKENS: Final = 5_000
"""Brackets deeper, or statements longer (bodies apart), than this are refused: no parser is to drown."""

BLANK: Final = r"(?>(?:\s+|//[^\n]*|/\*.*?\*/)*)"
_BLANK: Final = re.compile(BLANK, re.DOTALL)
_TOKEN: Final = re.compile(
    BLANK
    + r"""(?:
      (?P<number>(?:0[xXbBoO][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
                 (?:ns|us|µs|ms|dt|s|im)?)
    | (?P<string>"[^"\n]*"|'[^'\n]*')
    | (?P<name>[^\W\d]\w*|\$\d+)
    | (?P<sign>->|\*\*=|<<=|>>=|\*\*|\+\+|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%^&|~]=
                |[-+*/%^&|~!<>=@;,:.(){}\[\]\#])
    )""",
    re.DOTALL | re.VERBOSE,
)
_PRAGMA: Final = re.compile(r"(?:\#?pragma\b|@)[^\n]*")
_LITERAL_BEFORE: Final = frozenset({"in", "=", ",", "{", "[", "("})
_OPEN, _CLOSE = frozenset("([{"), {")": "(", "]": "[", "}": "{"}


class Token(NamedTuple):
    """A word of the text and its offset."""

    kind: str
    text: str
    at: int


@dataclass(frozen=True, eq=False)
class Source:
    """A text, and the name that errors give it."""

    text: str
    name: str | None = None

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, at: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1."""
        line = bisect_right(self._line_starts, at)
        return line, at - self._line_starts[line - 1] + 1

    def refuse(self, message: str, at: int, cause: BaseException | None = None) -> NoReturn:
        """Raise CircuitImportError with the place of an offset."""
        line, column = self.place(min(at, len(self.text)))
        raise CircuitImportError(message, line=line, column=column, source=self.name) from cause

    def skip_blank(self, at: int) -> int:
        """The offset after white space and comments."""
        match = _BLANK.match(self.text, at)
        end = match.end() if match else at
        if self.text.startswith("/*", end):
            self.refuse("this comment is never closed", end)
        return end

    def tokens(self, at: int, end: int | None = None) -> Iterator[Token]:
        """The words from an offset on."""
        stop = len(self.text) if end is None else end
        while True:
            match = _TOKEN.match(self.text, at, stop)
            if match is None or match.lastgroup is None:
                at = self.skip_blank(at)
                if at >= stop:
                    return
                self.refuse(f"{self.text[at]!r} has no meaning here", at)
            at = match.end()
            yield Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup))

    def statement_end(self, start: int) -> int:  # noqa: RET503 - refuse() never returns
        """The offset after the statement that begins at ``start``, its bodies and branches included."""
        while match := _PRAGMA.match(self.text, start):
            if not match[0].startswith("@"):
                return match.end()
            start = self.skip_blank(match.end())  # an annotation belongs to the statement after it
        brackets: list[tuple[str, bool, int]] = []
        before, count, begin = "", 0, start
        for kind, text, at in self.tokens(start):
            count += 1
            if kind == "sign":
                if text in _OPEN:
                    is_literal = text == "{" and before in _LITERAL_BEFORE
                    brackets.append((text, is_literal, at))
                    if len(brackets) > MAX_NESTING:
                        self.refuse(f"brackets nest deeper than {MAX_NESTING}", at)
                elif text in _CLOSE:
                    if not brackets or brackets[-1][0] != _CLOSE[text]:
                        self.refuse(f"{text!r} closes nothing that is open", at)
                    is_literal = brackets.pop()[1]
                    if text == "}" and not brackets and not is_literal and not self._goes_on(at + 1):
                        return at + 1
                elif text == ";" and not brackets and not self._goes_on(at + 1):
                    return at + 1
                if text in ";{}":
                    count = 0
            if count > MAX_TOKENS:
                self.refuse(f"a statement of more than {MAX_TOKENS} words", begin)
            before = text
        if brackets:
            self.refuse(f"the text ends while {brackets[-1][0]!r} is open", brackets[-1][2])
        self.refuse("the text ends inside this statement; is a ';' missing?", begin)

    def _goes_on(self, at: int) -> bool:
        following = self.skip_blank(at)
        return re.compile(r"else\b").match(self.text, following) is not None
