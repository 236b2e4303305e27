"""Owns the reading of OpenQASM 2, all of it, without a parser from elsewhere: the grammar is small.

Angles are real numbers, ``^`` is a power, and global phases do not exist. Knows nothing of OpenQASM 3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from coratrix.core.errors import CircuitError
from coratrix.core.operations import Barrier, Condition, IfElse
from coratrix.core.parameters import ParameterLike
from coratrix.core.qasm.builder import Builder, Refused, joined, refuse
from coratrix.core.qasm.constants import FUNCTIONS, Formula, FormulaParser
from coratrix.core.qasm.files import Includes
from coratrix.core.qasm.library import BUILTIN_2, INCLUDES, Definition, Expansion, recognised
from coratrix.core.qasm.scan import Source, Token

_KEYWORDS: Final = frozenset(set(FUNCTIONS) - {"asin", "acos", "atan"}) | {
    "OPENQASM", "include", "qreg", "creg", "gate", "opaque", "measure", "reset", "barrier", "if", "pi",
    "U", "CX",
}  # fmt: skip
_FIRST_LIBRARY: Final = {
    "u3", "u2", "u1", "cx", "id", "u0", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "rx", "ry", "rz",
    "cz", "cy", "ch", "ccx", "crz", "cu1", "cu3",
}  # fmt: skip


class Reader2:
    """Reads statements into a builder, one after the other."""

    def __init__(self, builder: Builder, includes: Includes, progress: Callable[[int, int], None]) -> None:
        self.builder, self.includes, self.progress = builder, includes, progress
        builder.gates.update(BUILTIN_2)
        builder.is_version_2 = True

    def read(self, source: Source, at: int = 0) -> None:
        """All statements from an offset on."""
        text, read_flat = source.text, self.builder.read_flat
        count = 0
        while True:
            count += 1
            if not count % 2000:
                self.progress(at, len(text))
            after = read_flat(source, at)
            if after is not None:
                at = after
                continue
            at = source.skip_blank(at)
            if at >= len(text):
                return
            end = source.statement_end(at)
            _Statement(self, source, at, end).run()
            at = end


@dataclass(frozen=True, slots=True)
class _Call:
    """One line of a gate's body."""

    name: str
    formulas: tuple[Formula, ...]
    qubits: tuple[int, ...]
    at: int


class _Statement:
    """One statement, as words with a position."""

    def __init__(self, reader: Reader2, source: Source, start: int, end: int) -> None:
        self.reader, self.builder, self.source = reader, reader.builder, source
        self.tokens = list(source.tokens(start, end))
        self.position = 0

    def run(self) -> None:
        first = self.tokens[0]
        kinds: Mapping[str, Callable[[], None]] = {
            "OPENQASM": self._header, "include": self._include, "qreg": self._register,
            "creg": self._register, "gate": self._gate, "opaque": self._opaque, "if": self._if,
        }  # fmt: skip
        try:
            if kind := kinds.get(first.text):
                self.position = 1
                kind()
            else:
                self._operation()
        except (Refused, CircuitError) as exc:
            refuse(self.source, first.at, exc)
        if self.position != len(self.tokens):
            self._unexpected("the end of the statement")

    # Words

    def _peek(self) -> str:
        return self.tokens[self.position].text if self.position < len(self.tokens) else ""

    def _take(self) -> Token:
        if self.position >= len(self.tokens):
            self._unexpected("more")
        self.position += 1
        return self.tokens[self.position - 1]

    def _expect(self, text: str) -> None:
        if self._peek() != text:
            self._unexpected(repr(text))
        self.position += 1

    def _unexpected(self, wanted: str) -> NoReturn:
        at = self.tokens[min(self.position, len(self.tokens) - 1)].at
        self.source.refuse(f"expected {wanted}, found {self._peek()!r}", at)

    def _name(self) -> Token:
        token = self._take()
        if token.kind != "name" or token.text in _KEYWORDS - {"U", "CX"}:
            self.position -= 1
            self._unexpected("a name")
        return token

    def _whole_number(self) -> int:
        token = self._take()
        if not token.text.isdecimal() or len(token.text) > 18:
            self.position -= 1
            self._unexpected("a whole number")
        return int(token.text)

    # Statements

    def _header(self) -> None:
        self.source.refuse("OPENQASM stands once, before everything else", self.tokens[0].at)

    def _include(self) -> None:
        token = self._take()
        if token.kind != "string":
            self.position -= 1
            self._unexpected("a file name in quotes")
        self._expect(";")
        filename = token.text[1:-1]
        if filename in INCLUDES:
            for definition in INCLUDES[filename].values():
                if definition.name not in BUILTIN_2:
                    self.builder.define(definition)
            self.builder.replaceable |= set(INCLUDES[filename]) - _FIRST_LIBRARY
            return
        inner = self.reader.includes.enter(filename, self.source, token.at)
        self.reader.read(inner)
        self.reader.includes.leave()

    def _register(self) -> None:
        kind, name = self.tokens[0].text, self._name().text
        self._expect("[")
        size = self._whole_number()
        self._expect("]")
        self._expect(";")
        (self.builder.declare_qubits if kind == "qreg" else self.builder.declare_bits)(name, size)

    def _names(self) -> list[str]:
        names = [self._name().text]
        while self._peek() == ",":
            self.position += 1
            names.append(self._name().text)
        if len(set(names)) != len(names):
            raise Refused(f"a name stands twice in {', '.join(names)}")
        return names

    def _signature(self) -> tuple[str, list[str], list[str]]:
        name, params = self._name().text, []
        if self._peek() == "(":
            self.position += 1
            params = [] if self._peek() == ")" else self._names()
            self._expect(")")
        return name, params, self._names()

    def _opaque(self) -> None:
        name, params, qubits = self._signature()
        self._expect(";")

        def expand(_: tuple[ParameterLike, ...]) -> Expansion:
            raise Refused(f"{name} is opaque: the text does not say what it does, so it cannot be run")

        self.builder.define(Definition(name, len(params), len(qubits), expand))

    def _gate(self) -> None:
        name, params, qubits = self._signature()
        self._expect("{")
        places = {qubit: k for k, qubit in enumerate(qubits)}
        calls: list[_Call] = []
        while self._peek() != "}":
            calls.append(self._body_call(params, places))
        self._expect("}")
        builder, source = self.builder, self.source
        depth = 1 + max((builder.gates[c.name].depth for c in calls if c.name != "barrier"), default=0)

        def expand(values: tuple[ParameterLike, ...]) -> Expansion:
            named = dict(zip(params, values, strict=True))
            return joined(len(qubits), _expanded(builder, source, calls, named))  # type: ignore[arg-type]

        definition = Definition(name, len(params), len(qubits), expand, depth)
        builder.define(recognised(definition) if depth <= 20 and len(calls) < 200 else definition)

    def _body_call(self, params: Sequence[str], places: Mapping[str, int]) -> _Call:
        token = self._take()
        if token.text == "barrier":
            qubits = tuple(self._place(places) for _ in self._listed())
            self._expect(";")
            return _Call("barrier", (), qubits, token.at)
        try:
            definition = self.builder.gate(token.text)
        except Refused as exc:
            refuse(self.source, token.at, exc)
        formulas = self._formulas(params)
        qubits = tuple(self._place(places) for _ in self._listed())
        self._expect(";")
        if (len(formulas), len(qubits)) != (definition.num_params, definition.num_qubits):
            self.source.refuse(
                f"{token.text} takes {definition.num_params} parameters and {definition.num_qubits} qubits; "
                f"got {len(formulas)} and {len(qubits)}", token.at)  # fmt: skip
        if len(set(qubits)) != len(qubits):
            self.source.refuse(f"{token.text} gets the same qubit twice", token.at)
        return _Call(token.text, formulas, qubits, token.at)

    def _listed(self) -> Iterator[None]:
        """Yields before each item of a list that commas separate."""
        yield
        while self._peek() == ",":
            self.position += 1
            yield

    def _place(self, places: Mapping[str, int]) -> int:
        token = self._name()
        if token.text not in places:
            self.source.refuse(f"{token.text!r} is not a qubit of this gate", token.at)
        return places[token.text]

    def _formulas(self, names: Sequence[str]) -> tuple[Formula, ...]:
        if self._peek() != "(":
            return ()
        self.position += 1
        formulas: list[Formula] = []
        while self._peek() != ")":
            if formulas:
                self._expect(",")
            parser = FormulaParser(self.source, self.tokens, names, self.position)
            formulas.append(parser.parse())
            self.position = parser.position
        self._expect(")")
        return tuple(formulas)

    def _operation(self) -> None:
        token = self._take()
        if token.text == "measure":
            qubits = self._argument(self.builder.qubits)
            self._expect("->")
            clbits = self._argument(self.builder.bits)
            self._expect(";")
            self.builder.measure(_listed(qubits), _listed(clbits))
        elif token.text in ("reset", "barrier"):
            arguments = [self._argument(self.builder.qubits) for _ in self._listed()]
            self._expect(";")
            flat = [qubit for argument in arguments for qubit in _listed(argument)]
            (self.builder.reset if token.text == "reset" else self.builder.barrier)(flat)
        elif token.kind != "name":
            self.position -= 1
            self._unexpected("a statement")
        else:
            self.builder.gate(token.text)
            values = tuple(float(formula({})) for formula in self._formulas(()))
            operands = [self._argument(self.builder.qubits) for _ in self._listed()]
            self._expect(";")
            self.builder.call(self.builder.expansion(token.text, values), token.text, operands)

    def _argument(self, registers: Mapping[str, tuple[int, ...]]) -> tuple[int, ...] | int:
        token = self._name()
        register = registers.get(token.text)
        if register is None:
            kind = "quantum" if registers is self.builder.qubits else "classical"
            self.source.refuse(f"no {kind} register is named {token.text!r}", token.at)
        if self._peek() != "[":
            return register
        self.position += 1
        index = self._whole_number()
        self._expect("]")
        if index >= len(register):
            self.source.refuse(f"{token.text!r} has {len(register)} elements, not {index}", token.at)
        return register[index]

    def _if(self) -> None:
        self._expect("(")
        token = self._take()
        register = self.builder.bits.get(token.text)
        if register is None:
            self.source.refuse(f"no classical register is named {token.text!r}", token.at)
        self._expect("==")
        value = self._whole_number()
        self._expect(")")
        if value >= 1 << len(register):
            self.source.refuse(f"{token.text!r} has {len(register)} bits and is never {value}", token.at)
        if self._peek() in _KEYWORDS - {"measure", "reset", "barrier", "U", "CX"}:
            self._unexpected("an operation")
        with self.builder.body() as body:
            self._operation()
        operation = IfElse(Condition(register, (value,)), tuple(body))
        self.builder.emit(operation, operation.qubits, operation.clbits)


def _listed(argument: tuple[int, ...] | int) -> tuple[int, ...]:
    return (argument,) if isinstance(argument, int) else argument


def _expanded(
    builder: Builder, source: Source, calls: Sequence[_Call], named: Mapping[str, float]
) -> Iterator[tuple[Expansion, tuple[int, ...]]]:
    for call in calls:
        if call.name == "barrier":
            barrier = Barrier(len(call.qubits))
            yield Expansion(len(call.qubits), ((barrier, tuple(range(len(call.qubits)))),)), call.qubits
            continue
        try:
            params = tuple(float(formula(named)) for formula in call.formulas)
            yield builder.expansion(call.name, params), call.qubits
        except (Refused, CircuitError) as exc:
            refuse(source, call.at, exc)
