"""Our circuit as a Braket program: OpenQASM 3 in the dialect of one device.

Owns: the program's text, the order of its measurements, and what decodes its results.
Knows nothing of: the SDK, options, credentials. Pure.

One register ``b`` holds all bits. Where all measurement is final each qubit is measured once, in the order
of the bits it serves, so that no device's order of columns is open. Otherwise (local simulators only)
measurements stand where the circuit has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from coratrix.core.bits import register_bits
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.decompose import reduce
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import Gate
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Condition,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Reset,
    bodies,
)
from coratrix.providers.aws.dialect import Dialect
from coratrix.providers.aws.noise import SILENT, channel_text


@dataclass(frozen=True, kw_only=True)
class BraketProgram:
    """A program's text with what decodes its results.

    Attributes:
        source: OpenQASM 3 in Braket's dialect.
        columns: for each column of the result, the classical bits that it fills.
        qubits: for each column, the qubit it was measured on; None where the program is dynamic.
        is_exact: it asks for probabilities in place of measurements.
    """

    source: str
    columns: tuple[tuple[int, ...], ...]
    qubits: tuple[int, ...] | None
    is_exact: bool = False


def write_program(
    circuit: QuantumCircuit,
    dialect: Dialect,
    *,
    places: Sequence[int] | None = None,
    exact: bool = False,
    silent_noise: bool = False,
) -> BraketProgram:
    """``circuit``, which measures something, as a program.

    Args:
        places: the device's own number for each qubit; the program then names physical qubits.
        exact: ask for the probabilities of the measured qubits.
        silent_noise: add noise of no strength where the circuit has none.

    Raises:
        CircuitExportError: something cannot be written in this dialect.
    """
    names = [f"${places[q]}" if places else f"q[{q}]" for q in range(circuit.num_qubits)]
    dynamic = is_dynamic(circuit)
    if dynamic:
        _refuse_dynamic(dialect, exact=exact)
    columns, qubits = (
        (_bits_written(circuit.instructions), None) if dynamic else _final_measurements(circuit, dialect)
    )
    body = list(_body(circuit, _Writer(dialect, names), final_only=not dynamic))
    if qubits is not None:
        body += _readout(names, qubits, exact=exact)
    if silent_noise and not any(line.startswith("#pragma braket noise") for line in body):
        body.insert(0, SILENT + names[0])
    if dialect.needs_all_qubits:
        body[:0] = [f"i {names[q]};" for q in _unused(circuit)]
    num_bits = circuit.num_clbits if dynamic else len(columns)
    return BraketProgram(
        source="\n".join([*_head(num_bits, circuit, names, dynamic, exact), *body]) + "\n",
        columns=columns,
        qubits=None if qubits is None else tuple(places[q] if places else q for q in qubits),
        is_exact=exact,
    )


def _refuse_dynamic(dialect: Dialect, *, exact: bool) -> None:
    if exact:
        raise CircuitExportError(
            "it goes on after a measurement or resets a qubit, so it has no single distribution to sample "
            "from: leave out `seed`"
        )
    if not dialect.is_dynamic:
        raise CircuitExportError("this device measures at the end only and neither resets nor branches")


def _body(circuit: QuantumCircuit, writer: _Writer, *, final_only: bool) -> Iterator[str]:
    """All statements, or all but measurements (which follow) and resets (of qubits that are 0 anyway)."""
    for one in circuit.instructions:
        if not (final_only and isinstance(one.operation, Measure | Reset)):
            yield from writer.lines(one)


def _head(
    num_bits: int, circuit: QuantumCircuit, names: Sequence[str], dynamic: bool, exact: bool
) -> Iterator[str]:
    yield "OPENQASM 3.0;"
    if not exact:  # a condition on a bit that was never given a value is an error to the simulators
        start = f' = "{"0" * num_bits}"' if dynamic else ""
        yield f"bit[{num_bits}] b{start};"
    if not names[0].startswith("$"):
        yield f"qubit[{circuit.num_qubits}] q;"


def _readout(names: Sequence[str], qubits: Sequence[int], *, exact: bool) -> list[str]:
    if exact:  # in rising order: Braket's simulators (SDK 1.41) mix up the columns of some others
        return [f"#pragma braket result probability {', '.join(names[q] for q in sorted(qubits))}"]
    return [f"b[{k}] = measure {names[q]};" for k, q in enumerate(qubits)]


class _Writer:
    """Writes instructions one by one."""

    def __init__(self, dialect: Dialect, names: Sequence[str]) -> None:
        self._dialect, self._names = dialect, names

    def lines(self, instruction: Instruction) -> Iterator[str]:
        operation = instruction.operation
        places = [self._names[q] for q in instruction.qubits]
        if isinstance(operation, Gate):
            yield from self._gate(operation, instruction.qubits)
        elif isinstance(operation, Measure):
            yield f"b[{instruction.clbits[0]}] = measure {places[0]};"
        elif isinstance(operation, Reset):
            yield f"reset {places[0]};"
        elif isinstance(operation, Barrier):
            if self._dialect.has_barrier:
                yield f"barrier {', '.join(places)};"
        elif isinstance(operation, ChannelOp):
            yield channel_text(operation.channel, places, self._dialect)
        elif isinstance(operation, IfElse):
            yield from self._branch(operation)
        elif not isinstance(operation, Delay):  # to wait changes nothing where no noise was asked for
            raise CircuitExportError(f"{operation.name} cannot be written for Braket")

    def _gate(self, gate: Gate, qubits: tuple[int, ...]) -> Iterator[str]:
        for step, on in reduce(gate, qubits, self._dialect.fits):
            if on:  # a phase of the whole state is not seen by any measurement
                yield self._dialect.text(step, [self._names[q] for q in on])

    def _branch(self, operation: IfElse) -> Iterator[str]:
        inner = _Writer(self._dialect.without_pragmas(), self._names)
        yield f"if ({condition_text(operation.condition)}) {{"
        for one in operation.then_body:
            yield from inner.lines(one)
        if operation.else_body:
            yield "} else {"
            for one in operation.else_body:
                yield from inner.lines(one)
        yield "}"


def condition_text(condition: Condition) -> str:
    """A condition as an OpenQASM expression over single bits."""
    width = len(condition.clbits)
    negated, values = condition.negated, sorted(condition.values)
    if len(values) > 2**width // 2:  # the shorter of the two lists
        negated, values = not negated, sorted(set(range(2**width)) - set(values))
    claims = [
        "(" + " && ".join(
            f"b[{bit}] == {value}"
            for bit, value in zip(condition.clbits, register_bits(number, width), strict=True)
        ) + ")"
        for number in values
    ]  # fmt: skip
    if not claims:
        return "true" if negated else "false"
    text = " || ".join(claims)
    return f"!({text})" if negated else text


# measurements ---------------------------------------------------------------------------------


def is_dynamic(circuit: QuantumCircuit) -> bool:
    """Whether anything happens to a measured qubit, or depends on a bit, or a used qubit is reset."""
    measured: set[int] = set()
    used: set[int] = set()
    for one in circuit.instructions:
        if bodies(one.operation):
            return True
        if isinstance(one.operation, Reset) and one.qubits[0] in used | measured:
            return True
        if isinstance(one.operation, Measure):
            measured.update(one.qubits)
        elif not isinstance(one.operation, Barrier | Delay | Reset):
            if measured.intersection(one.qubits):
                return True
            used.update(one.qubits)
    return False


def _final_measurements(
    circuit: QuantumCircuit, dialect: Dialect
) -> tuple[tuple[tuple[int, ...], ...], tuple[int, ...]]:
    """The bits of each column and the qubit of each, in the order of the lowest bit."""
    source = {
        one.clbits[0]: one.qubits[0] for one in circuit.instructions if isinstance(one.operation, Measure)
    }
    bits: dict[int, list[int]] = {}
    for bit in sorted(source):  # a bit that is written twice keeps the last qubit
        bits.setdefault(source[bit], []).append(bit)
    if dialect.measures_all:
        for qubit in range(circuit.num_qubits):
            bits.setdefault(qubit, [])
    return tuple(tuple(each) for each in bits.values()), tuple(bits)


def _bits_written(instructions: Sequence[Instruction]) -> tuple[tuple[int, ...], ...]:
    """A column for each bit that any measurement writes, in rising order: the simulators' own."""

    def walk(block: Sequence[Instruction]) -> Iterator[int]:
        for one in block:
            if isinstance(one.operation, Measure):
                yield one.clbits[0]
            for body in bodies(one.operation):
                yield from walk(body)

    return tuple((bit,) for bit in sorted(set(walk(instructions))))


def _unused(circuit: QuantumCircuit) -> list[int]:
    used = {q for one in circuit.instructions for q in one.qubits}
    return [q for q in range(circuit.num_qubits) if q not in used]


def decoding_of(program: BraketProgram, circuit: QuantumCircuit) -> dict[str, Any]:
    """What `normalise` needs, as JSON data for the job record."""
    return {
        "columns": [list(bits) for bits in program.columns],
        "qubits": None if program.qubits is None else list(program.qubits),
        "num_bits": circuit.num_clbits,
        "layout": [[register.name, register.size] for register in circuit.registers],
    }
