"""A circuit as the text of a Quil program.

Owns: declarations, measurement, conditionals, noise pragmas, and their order in the text.
Knows nothing of: pyquil (the text needs none of it), and where the program will run.

Quil keeps no order of declarations and declares no qubits; where that would lose something, two pragmas
say it: ``PRAGMA CORATRIX-REGISTERS zeta alpha`` and ``PRAGMA CORATRIX-QUBITS 5``. Machines skip them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import Gate, UnitaryGate
from coratrix.core.noise import Channel
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Condition,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Reset,
    WhileLoop,
)
from coratrix.core.parameters import ParameterExpression, ParameterLike

from . import expressions
from .quil_gates import Statement, product

MEMORY = "ro"
"""The one region into which a program that is to be run measures all its bits."""


def foreign_text(circuit: QuantumCircuit) -> str:
    """All of ``circuit``: registers under their names, barriers, delays, the global phase.

    Raises:
        CircuitExportError: Quil cannot carry something; it is named.
    """
    writer = _Writer(circuit, keeps_all=True)
    return writer.text()


def run_text(circuit: QuantumCircuit, readout: Callable[[int], Any] = lambda qubit: None) -> str:
    """What a machine must do for the counts of ``circuit``: all bits in ``ro``, no timing, no phase.

    Args:
        readout: the 2 × 2 confusion matrix of a qubit (rows true states), or None.
    """
    writer = _Writer(circuit, keeps_all=False)
    return writer.text(readout)


@dataclass
class _Writer:
    """One pass over a circuit."""

    circuit: QuantumCircuit
    keeps_all: bool
    phase: ParameterLike = 0.0
    body: list[str] = field(default_factory=list)
    definitions: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)
    pragmas: list[str] = field(default_factory=list)
    used_qubits: set[int] = field(default_factory=set)
    _labels: Iterator[int] = field(default_factory=itertools.count)
    _unitaries: dict[UnitaryGate, str] = field(default_factory=dict)
    _channels: dict[tuple[Channel, tuple[int, ...]], str] = field(default_factory=dict)

    def text(self, readout: Callable[[int], Any] = lambda qubit: None) -> str:
        bits = self._bits()
        self._write(self.circuit.instructions, bits)
        if self.keeps_all:
            self._write_phase()
        self._write_readout(readout)
        definitions = [_defgate(name, matrix) for name, matrix in self.definitions.items()]
        lines = [*self._declarations(), *definitions, *self._layout_pragmas(), *self.pragmas, *self.body]
        return "\n".join(lines) + "\n"

    # declarations ----------------------------------------------------------------------------

    def _bits(self) -> list[str]:
        """How each classical bit is written."""
        if not self.keeps_all:
            return [f"{MEMORY}[{bit}]" for bit in range(self.circuit.num_clbits)]
        names = [register.name for register in self.circuit.registers]
        for name in names:
            if expressions.element(name, "a register") != (name, 0):
                raise CircuitExportError(f"a register is named {name!r}; in Quil brackets are for its bits")
        return [
            f"{register.name}[{at}]" for register in self.circuit.registers for at in range(register.size)
        ]

    def _declarations(self) -> Iterator[str]:
        if self.keeps_all:
            yield from (f"DECLARE {r.name} BIT[{r.size}]" for r in self.circuit.registers)
        elif self.circuit.num_clbits:
            yield f"DECLARE {MEMORY} BIT[{self.circuit.num_clbits}]"
        for region, size in sorted(self._parameter_regions().items()):
            yield f"DECLARE {region} REAL[{size}]"

    def _parameter_regions(self) -> dict[str, int]:
        taken = {register.name for register in self.circuit.registers} if self.keeps_all else {MEMORY}
        sizes: dict[str, int] = {}
        spelled: dict[tuple[str, int], str] = {}
        for parameter in sorted(self.circuit.parameters, key=str):
            region, index = expressions.element(parameter.name, "a parameter")
            other = spelled.setdefault((region, index), parameter.name)
            if region in taken or other != parameter.name:
                raise CircuitExportError(
                    f"parameter {parameter.name!r} and {other!r} or a register share a name"
                )
            sizes[region] = max(sizes.get(region, 0), index + 1)
        return sizes

    def _layout_pragmas(self) -> Iterator[str]:
        if not self.keeps_all:
            return
        if len(self.circuit.registers) > 1:
            yield f"PRAGMA CORATRIX-REGISTERS {' '.join(r.name for r in self.circuit.registers)}"
        if max(self.used_qubits, default=-1) != self.circuit.num_qubits - 1:
            yield f"PRAGMA CORATRIX-QUBITS {self.circuit.num_qubits}"

    def _write_phase(self) -> None:
        """A factor exp(iγ) on the whole state, as RZ(−2γ) and PHASE(2γ) on qubit 0."""
        phase = self.phase + self.circuit.global_phase
        if isinstance(phase, ParameterExpression) or phase != 0.0:
            turns = Statement("RZ", (0,), (-2.0 * phase,)), Statement("PHASE", (0,), (2.0 * phase,))
            self.body[:0] = map(str, turns)  # first, since nothing may follow a measurement on a processor
            self.used_qubits.add(0)

    def _write_readout(self, readout: Callable[[int], Any]) -> None:
        """``READOUT-POVM`` lists p(0|0) p(0|1) p(1|0) p(1|1), which is our matrix by columns."""
        for qubit in sorted(self.used_qubits):
            matrix = readout(qubit)
            if matrix is not None:
                entries = " ".join(repr(float(value)) for value in np.asarray(matrix).T.reshape(-1))
                self.pragmas.append(f'PRAGMA READOUT-POVM {qubit} "({entries})"')

    # instructions ----------------------------------------------------------------------------

    def _write(self, instructions: Iterable[Instruction], bits: Sequence[str]) -> None:
        for instruction in instructions:
            self._write_one(instruction, bits)

    def _write_one(self, instruction: Instruction, bits: Sequence[str]) -> None:
        operation, qubits = instruction.operation, instruction.qubits
        self.used_qubits.update(qubits)
        if isinstance(operation, Gate):
            self._write_gate(operation, qubits)
        elif isinstance(operation, Measure):
            self.body.append(f"MEASURE {qubits[0]} {bits[instruction.clbits[0]]}")
        elif isinstance(operation, Reset):
            self.body.append(f"RESET {qubits[0]}")
        elif isinstance(operation, ChannelOp):
            self.body.append(str(Statement(self._noise(operation.channel, qubits), qubits)))
        elif isinstance(operation, IfElse):
            self._write_branches(operation, bits)
        elif isinstance(operation, WhileLoop):
            raise CircuitExportError("Quil's loops have no bound, so while_loop cannot be carried; unroll it")
        elif self.keeps_all:
            self.body.append(_timing(operation, qubits))

    def _write_gate(self, gate: Gate, qubits: tuple[int, ...]) -> None:
        statements, phase = product(gate, qubits, self._name)
        self.body += map(str, statements)
        self.phase = self.phase + phase

    def _write_branches(self, operation: IfElse, bits: Sequence[str]) -> None:
        """Jumps on one bit after the other: a row of tests per value, then the two bodies.

        The phase of a body is that of one history among others and is not kept: nothing can observe it.
        """
        mark = next(self._labels)
        then, otherwise, end = (f"{word}{mark}" for word in ("then", "else", "end"))
        met, failed = (otherwise, then) if operation.condition.negated else (then, otherwise)
        phase = self.phase
        self.body += _tests(operation.condition, bits, mark, met, failed)
        self.body.append(f"LABEL @{then}")
        self._write(operation.then_body, bits)
        self.body += [f"JUMP @{end}", f"LABEL @{otherwise}"]
        self._write(operation.else_body, bits)
        self.body.append(f"LABEL @{end}")
        self.phase = phase

    # definitions -----------------------------------------------------------------------------

    def _name(self, gate: UnitaryGate) -> str:
        if gate not in self._unitaries:
            name = _free_name(gate.given_label or "U", self.definitions)
            self.definitions[name] = gate.matrix()
            self._unitaries[gate] = name
        return self._unitaries[gate]

    def _noise(self, channel: Channel, qubits: tuple[int, ...]) -> str:
        """A gate that does nothing, which the machine replaces by the channel's Kraus operators."""
        key = (channel, qubits)
        if key not in self._channels:
            name = _free_name("NOISE", self.definitions)
            self.definitions[name] = np.eye(2 ** len(qubits), dtype=complex)
            self._channels[key] = name
            where = " ".join(map(str, qubits))
            self.pragmas += [f'PRAGMA ADD-KRAUS {name} {where} "({_entries(k)})"' for k in channel.kraus()]
        return self._channels[key]


def _timing(operation: Any, qubits: tuple[int, ...]) -> str:
    where = " ".join(map(str, qubits))
    if isinstance(operation, Barrier):
        return f"FENCE {where}"
    if isinstance(operation, Delay):
        return f"DELAY {where} {operation.duration_s!r}"
    raise CircuitExportError(f"operation {operation.name!r} has no counterpart in Quil")


def _tests(condition: Condition, bits: Sequence[str], mark: int, met: str, failed: str) -> Iterator[str]:
    """Jump to ``met`` where the bits make one of the values, else to ``failed``."""
    for value in sorted(condition.values):
        following = f"test{mark}x{value}"
        for place, bit in enumerate(condition.clbits):
            jump = "JUMP-UNLESS" if value >> place & 1 else "JUMP-WHEN"
            yield f"{jump} @{following} {bits[bit]}"
        yield f"JUMP @{met}"
        yield f"LABEL @{following}"
    yield f"JUMP @{failed}"


def _free_name(wish: str, taken: Iterable[str]) -> str:
    """``wish`` as a gate's name in Quil, numbered if that is taken or a gate of Quil's own."""
    known = {*taken, *_QUIL_GATES}
    base = re.sub(r"[^A-Za-z0-9_]", "_", wish)
    base = base if re.match(r"[A-Za-z]", base) else f"U{base}"
    base = base.rstrip("_") or "U"
    names = itertools.chain((base,), (f"{base}{n}" for n in itertools.count(1)))
    return next(name for name in names if name not in known and _is_free_word(name))


def _is_free_word(name: str) -> bool:
    try:
        return bool(expressions.element(name, "a gate"))
    except CircuitExportError:
        return False


_QUIL_GATES = frozenset(
    "I X Y Z H S T RX RY RZ PHASE CNOT CZ CPHASE CPHASE00 CPHASE01 CPHASE10 SWAP ISWAP SQISW PSWAP XY CCNOT "  # noqa: SIM905
    "CSWAP FSIM PHASEDFSIM BARENCO CAN RXX RYY RZZ U".split()
)


def _defgate(name: str, matrix: np.ndarray[Any, Any]) -> str:
    rows = (f"    {', '.join(_number(entry) for entry in row)}" for row in matrix)
    return "\n".join((f"DEFGATE {name}:", *rows))


def _entries(matrix: np.ndarray[Any, Any]) -> str:
    return " ".join(_number(entry) for entry in matrix.reshape(-1))


def _number(value: complex) -> str:
    value = complex(value)
    sign = "-" if value.imag < 0 or str(value.imag).startswith("-") else "+"
    return repr(value.real) if value.imag == 0 else f"{value.real!r}{sign}{abs(value.imag)!r}i"
