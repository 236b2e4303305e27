"""Owns the call of the OpenQASM 3 parser and the places in its trees.

The parser comes from the package ``openqasm3``. Its complaints become CircuitImportError here, and nothing of
it is printed. Knows nothing of what trees mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import openqasm3.parser
from antlr4 import CommonTokenStream, InputStream  # type: ignore[import-untyped,import-not-found,unused-ignore]
from antlr4.error.ErrorListener import ErrorListener  # type: ignore[import-untyped,import-not-found,unused-ignore]
from antlr4.error.Errors import (  # type: ignore[import-untyped,import-not-found,unused-ignore]
    ParseCancellationException,
    RecognitionException,
)
from antlr4.error.ErrorStrategy import BailErrorStrategy  # type: ignore[import-untyped,import-not-found,unused-ignore]

from coratrix.core.qasm.scan import Source


@dataclass(frozen=True, slots=True)
class Place:
    """Where the text of a tree begins."""

    source: Source
    start: int

    def offset(self, node: Any) -> int:
        """The offset of a tree's node in the source; that of the statement where the node does not know."""
        span = getattr(node, "span", None)
        return self.start if span is None else self.at(span.start_line, span.start_column)

    def at(self, line: int, column: int) -> int:
        """The offset of a line, from 1, and a column, from 0, of the tree's text."""
        position = self.start
        for _ in range(line - 1):
            position = self.source.text.index("\n", position) + 1
        return position + column


class _Complaint(Exception):
    def __init__(self, line: int, column: int, message: str) -> None:
        self.line, self.column, self.message = line, column, message


class _Listener(ErrorListener):  # type: ignore[misc]  # the runtime has no types
    def syntaxError(
        self, recognizer: Any, offendingSymbol: Any, line: int, column: int, msg: str, e: Any
    ) -> None:
        raise _Complaint(line, column, msg)


def parsed(source: Source, start: int, end: int) -> list[Any]:
    """The statements in a stretch of text, as trees."""
    place = Place(source, start)
    grammar: Any = openqasm3.parser  # its lexer and parser carry no types
    lexer = grammar.qasm3Lexer(InputStream(source.text[start:end]))
    lexer.removeErrorListeners()
    lexer.addErrorListener(_Listener())
    parser = grammar.qasm3Parser(CommonTokenStream(lexer))
    parser.removeErrorListeners()
    parser._errHandler = BailErrorStrategy()
    try:
        tree = parser.program()
        return list(grammar.QASMNodeVisitor().visitProgram(tree).statements)
    except _Complaint as exc:
        source.refuse(f"this cannot be read: {exc.message}", place.at(exc.line, exc.column), exc)
    except (RecognitionException, ParseCancellationException) as exc:
        token = _offending(exc)
        if token is None:
            source.refuse("this statement cannot be read", start, exc)
        found = "the end of the statement" if token.type == -1 else repr(token.text)
        source.refuse(f"{found} does not belong here", place.at(token.line, token.column), exc)
    except grammar.QASM3ParsingError as exc:
        source.refuse(_without_place(str(exc)), start, exc)
    except RecursionError as exc:
        source.refuse("this statement nests too deeply", start, exc)


def _offending(exc: BaseException) -> Any:
    inner = exc.args[0] if exc.args and isinstance(exc.args[0], RecognitionException) else exc
    return getattr(inner, "offendingToken", None)


def _without_place(message: str) -> str:
    """The parser's message without its own "L1:C4: ", which counts from the wrong line."""
    head, colon, rest = message.partition(": ")
    is_placed = colon and head.startswith("L") and head[1:2].isdigit()
    return rest if is_placed else message or "this cannot be read"
