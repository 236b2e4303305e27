"""Owns the circuit that is being read: registers, gate definitions, and the instructions so far.

Both versions of the language build through it: names are looked up here, calls are checked, broadcast and
expanded here, and limits are kept here. It also reads flat statements (``rz(pi/4) q[3];``) by pattern, which
is how a text of 10⁵ lines loads in about a second. Knows nothing of the languages' other statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NoReturn

from coratrix.core.circuit import MAX_CLBITS, MAX_QUBITS, QuantumCircuit
from coratrix.core.entries import entry_of
from coratrix.core.errors import CircuitError, CircuitImportError
from coratrix.core.operations import Barrier, Instruction, Measure, Operation, Reset
from coratrix.core.parameters import ParameterLike
from coratrix.core.qasm.constants import FormulaParser, simple_number
from coratrix.core.qasm.library import MAX_DEPTH, MAX_GROWN, MAX_STEPS, Definition, Expansion, Step
from coratrix.core.qasm.scan import BLANK, Source

_ELEMENT: Final = r"(?:[^\W\d]\w*\[\d{1,9}\]|\$\d{1,9})"
_FLAT: Final = re.compile(
    rf"{BLANK}(?P<name>[^\W\d]\w*)[ \t]*(?:\((?P<params>[^;{{}}\"]{{0,2000}}?)\))?\s*"
    rf"(?P<operands>(?<![\w.$]){_ELEMENT}(?:\s*,\s*{_ELEMENT})*)\s*;",
    re.DOTALL,
)
_MEASURE_ARROW: Final = re.compile(rf"{BLANK}measure\s+({_ELEMENT})\s*->\s*({_ELEMENT})\s*;", re.DOTALL)
_MEASURE_ASSIGN: Final = re.compile(rf"{BLANK}({_ELEMENT})\s*=\s*measure\s+({_ELEMENT})\s*;", re.DOTALL)
_PAIR: Final = re.compile(r"(\$|\w+)\[?(\d+)\]?")
_FULL_LANGUAGE: Final = re.compile(r"\^|(?<![\w.])(?!(?:pi|π|tau|τ)\b)[^\W\d]")
_MEASURE: Final = Measure()
_RESET: Final = Reset()


class Refused(Exception):
    """A claim about the text that does not hold; whoever knows the place turns it into CircuitImportError."""


class _NotFlat(Exception):
    """A register that the pattern's reader does not know; the full reader may, as an alias or a number."""


class Builder:
    """Collects what a text says into one circuit.

    Attributes:
        gates: the definitions in force, by name.
        qubits: circuit-wide numbers of each quantum register.
        bits: circuit-wide numbers of each classical register.
        out: where instructions go; swapped while the body of a conditional is read.
        writes: how often each classical bit has been written so far.
        replaceable: library gates that a text may define itself, since older libraries lack them.
    """

    def __init__(self) -> None:
        self.gates: dict[str, Definition] = {}
        self.qubits: dict[str, tuple[int, ...]] = {}
        self.bits: dict[str, tuple[int, ...]] = {}
        self.registers: list[tuple[str, int]] = []
        self.num_qubits = 0
        self.num_clbits = 0
        self.out: list[Instruction] = []
        self.writes: dict[int, int] = {}
        self.phase: ParameterLike = 0.0
        self.body_depth = 0
        self.is_version_2 = False
        self.replaceable: set[str] = set()
        self._grown = 0
        self._expansions: dict[tuple[Any, ...], Expansion] = {}
        self._operands: dict[str, tuple[int, ...]] = {}

    # Declarations

    def declare_qubits(self, name: str, size: int) -> tuple[int, ...]:
        """A quantum register after the present ones."""
        self._check_name(name)
        if not 1 <= size <= MAX_QUBITS - self.num_qubits:
            raise Refused(f"register {name!r} of {size} qubits: a circuit has 1 to {MAX_QUBITS} qubits")
        self.qubits[name] = tuple(range(self.num_qubits, self.num_qubits + size))
        self.num_qubits += size
        return self.qubits[name]

    def declare_bits(self, name: str, size: int) -> tuple[int, ...]:
        """A classical register after the present ones."""
        self._check_name(name)
        self.bits[name] = self.hidden_bits(name, size)
        return self.bits[name]

    def hidden_bits(self, wish: str, size: int) -> tuple[int, ...]:
        """A classical register that no top-level name leads to; its own name is made unique."""
        if not 1 <= size <= MAX_CLBITS - self.num_clbits:
            raise Refused(f"register {wish!r} of {size} bits: a circuit has 1 to {MAX_CLBITS} bits")
        taken = {name for name, _ in self.registers}
        name = next(n for n in (wish, *(f"{wish}_{k}" for k in range(len(taken) + 1))) if n not in taken)
        self.registers.append((name, size))
        bits = tuple(range(self.num_clbits, self.num_clbits + size))
        self.num_clbits += size
        return bits

    def define(self, definition: Definition) -> None:
        """A gate; its name may not be taken."""
        if definition.name in self.replaceable:
            self.replaceable.remove(definition.name)
            del self.gates[definition.name]
        self._check_name(definition.name)
        if definition.depth > MAX_DEPTH:
            raise Refused(f"gate {definition.name!r} stands on more than {MAX_DEPTH} definitions")
        self.gates[definition.name] = definition

    def _check_name(self, name: str) -> None:
        for kind, names in (("quantum register", self.qubits), ("classical register", self.bits),
                            ("gate", self.gates)):  # fmt: skip
            if name in names:
                raise Refused(f"{name!r} is declared already, as a {kind}")

    # Operations

    def gate(self, name: str) -> Definition:
        """The definition of this name."""
        try:
            return self.gates[name]
        except KeyError:
            hint = "; include its library, or define it first (a gate cannot call itself)"
            raise Refused(f"no gate is named {name!r}{hint}") from None

    def expansion(self, name: str, params: tuple[ParameterLike, ...]) -> Expansion:
        """What a call does, made once for each set of parameters."""
        key = (name, params)
        found = self._expansions.get(key)
        if found is None:
            definition = self.gate(name)
            if len(params) != definition.num_params:
                raise Refused(f"{name} takes {definition.num_params} parameters; got {len(params)}")
            found = definition.expand(params)
            if len(self._expansions) < 100_000:
                self._expansions[key] = found
        return found

    def call(self, expansion: Expansion, name: str, operands: Sequence[tuple[int, ...] | int]) -> None:
        """Emit an expansion on qubits; whole registers of one size are gone through side by side."""
        if len(operands) != expansion.num_qubits:
            raise Refused(f"{name} acts on {expansion.num_qubits} qubits; got {len(operands)}")
        for qubits in broadcast(name, operands):
            self.place(expansion, name, qubits)

    def place(self, expansion: Expansion, name: str, qubits: tuple[int, ...]) -> None:
        """Emit an expansion on one set of qubits."""
        if len(set(qubits)) != len(qubits):
            raise Refused(f"{name} gets the same qubit twice")
        self.grow(len(expansion.steps))
        for operation, local in expansion.steps:
            self.out.append(Instruction(operation, tuple([qubits[k] for k in local])))
        if not self.body_depth and expansion.phase != 0:
            self.phase = expansion.phase if self.phase == 0 else self.phase + expansion.phase

    def emit(self, operation: Operation, qubits: tuple[int, ...], clbits: tuple[int, ...] = ()) -> None:
        """Emit one instruction, its qubits known to be in range."""
        if len(set(qubits)) != len(qubits):
            raise Refused(f"{operation.name} gets the same qubit twice")
        self.grow(1)
        self.out.append(Instruction(operation, qubits, clbits))
        for clbit in clbits:
            self.writes[clbit] = self.writes.get(clbit, 0) + 1

    def measure(self, qubits: Sequence[int], clbits: Sequence[int]) -> None:
        """Measure qubits into bits, one for one."""
        if len(qubits) != len(clbits):
            raise Refused(f"{len(qubits)} qubits cannot be measured into {len(clbits)} bits")
        if len(set(qubits)) != len(qubits):
            raise Refused("a qubit is measured twice in one statement")
        for qubit, clbit in zip(qubits, clbits, strict=True):
            self.emit(_MEASURE, (qubit,), (clbit,))

    def reset(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            self.emit(_RESET, (qubit,))

    def barrier(self, qubits: Sequence[int]) -> None:
        distinct = tuple(dict.fromkeys(qubits))
        if len(distinct) != len(qubits):
            raise Refused("barrier gets the same qubit twice")
        self.emit(Barrier(len(distinct)), distinct)

    def grow(self, count: int) -> None:
        """Count instructions that calls and loops make; refuse more than the limit."""
        self._grown += count
        if self._grown > MAX_GROWN:
            raise Refused(f"the circuit unfolds to more than {MAX_GROWN} instructions")

    @contextmanager
    def body(self) -> Iterator[list[Instruction]]:
        """Instructions go to the yielded list meanwhile; global phases, which nothing sees there, nowhere."""
        outer, self.out = self.out, []
        self.body_depth += 1
        try:
            yield self.out
        finally:
            self.out = outer
            self.body_depth -= 1

    def finish(self, name: str) -> QuantumCircuit:
        """The circuit."""
        if not self.num_qubits:
            raise Refused("the text declares no qubit")
        circuit = QuantumCircuit(self.num_qubits, name, registers=self.registers, global_phase=self.phase)
        return circuit._add(*map(entry_of, self.out))  # each was checked when it was emitted

    # Flat statements

    def read_flat(self, source: Source, at: int) -> int | None:
        """Read a flat statement at an offset and return the offset after it; None if it is not flat."""
        match = _FLAT.match(source.text, at)
        if match is None:
            return self._read_measure(source, at)
        name = match["name"]
        if name not in self.gates and name not in ("reset", "barrier"):
            return None
        try:
            qubits = self._flat_operands(match["operands"])
            if name in self.gates:
                self._flat_call(source, match, name, qubits)
            elif match["params"] is not None:
                return None
            else:
                (self.reset if name == "reset" else self.barrier)(qubits)
        except _NotFlat:
            return None
        except (Refused, CircuitError) as exc:
            refuse(source, match.start("name"), exc)
        return match.end()

    def _flat_call(self, source: Source, match: re.Match[str], name: str, qubits: tuple[int, ...]) -> None:
        text = match["params"]
        key = (name, text)
        expansion = self._expansions.get(key)
        if expansion is None:
            if text and not self.is_version_2 and _FULL_LANGUAGE.search(text):
                raise _NotFlat
            params = () if not text else _flat_params(source, text, match.start("params"))
            expansion = self.expansion(name, params)
            if len(self._expansions) < 100_000:
                self._expansions[key] = expansion
        if len(qubits) != expansion.num_qubits:
            raise Refused(f"{name} acts on {expansion.num_qubits} qubits; got {len(qubits)}")
        if len(expansion.steps) == 1 and len(qubits) == 1 and expansion.phase == 0:
            self.out.append(Instruction(expansion.steps[0][0], qubits))
        else:
            self.place(expansion, name, qubits)

    def _flat_operands(self, text: str) -> tuple[int, ...]:
        found = self._operands.get(text)
        if found is None:
            found = tuple([self._element(self.qubits, name, int(k)) for name, k in _PAIR.findall(text)])
            if len(self._operands) < 100_000:
                self._operands[text] = found
        return found

    def _element(self, registers: dict[str, tuple[int, ...]], name: str, index: int) -> int:
        register = registers.get(name)
        if register is None:
            raise _NotFlat
        if index >= len(register):
            if name == "$":
                raise _NotFlat
            raise Refused(f"{name}[{index}] does not exist: {name!r} has {len(register)} elements")
        return register[index]

    def _read_measure(self, source: Source, at: int) -> int | None:
        text = source.text
        if match := _MEASURE_ARROW.match(text, at):
            qubit, bit = match[1], match[2]
        elif match := _MEASURE_ASSIGN.match(text, at):
            bit, qubit = match[1], match[2]
        else:
            return None
        try:
            clbit = self._element(self.bits, *_split(bit))
            self.measure(self._flat_operands(qubit), (clbit,))
        except _NotFlat:
            return None
        except Refused as exc:
            refuse(source, match.start(1), exc)
        return match.end()


def _split(element: str) -> tuple[str, int]:
    name, _, index = element.partition("[")
    return name, int(index[:-1])


def _flat_params(source: Source, text: str, at: int) -> tuple[float, ...]:
    """The numbers of a flat call; each is usually too simple to need the parser."""
    simple = [simple_number(part.strip()) for part in text.split(",")]
    if None not in simple:
        return tuple(value for value in simple if value is not None)
    tokens = list(source.tokens(at, at + len(text)))
    parser = FormulaParser(source, tokens, ())
    values = [parser.parse()({})]
    while parser.position < len(tokens) and tokens[parser.position].text == ",":
        parser.position += 1
        values.append(parser.parse()({}))
    if parser.position < len(tokens):
        source.refuse(f"{tokens[parser.position].text!r} does not belong here", tokens[parser.position].at)
    return tuple(float(value) for value in values)


def broadcast(name: str, operands: Sequence[tuple[int, ...] | int]) -> Iterator[tuple[int, ...]]:
    """One set of qubits a call: registers advance together, single qubits stay."""
    sizes = {len(operand) for operand in operands if isinstance(operand, tuple)}
    if len(sizes) > 1:
        raise Refused(f"{name} gets registers of different sizes: {', '.join(map(str, sorted(sizes)))}")
    for k in range(sizes.pop() if sizes else 1):
        yield tuple([operand[k] if isinstance(operand, tuple) else operand for operand in operands])


def refuse(source: Source, at: int, exc: Exception) -> NoReturn:
    """Raise what was found wrong as CircuitImportError with its place."""
    if isinstance(exc, CircuitImportError):
        raise exc
    source.refuse(str(exc), at, None if isinstance(exc, Refused) else exc)


def joined(num_qubits: int, parts: Iterator[tuple[Expansion, tuple[int, ...]]]) -> Expansion:
    """The expansion of a body: its calls one after the other, on the body's own qubits."""
    steps: list[Step] = []
    phase: ParameterLike = 0.0
    for expansion, qubits in parts:
        steps.extend((op, tuple([qubits[k] for k in local])) for op, local in expansion.steps)
        if expansion.phase != 0:
            phase = expansion.phase if phase == 0 else phase + expansion.phase
        if len(steps) > MAX_STEPS:
            raise Refused(f"a gate unfolds to more than {MAX_STEPS} instructions")
    return Expansion(num_qubits, tuple(steps), phase)
