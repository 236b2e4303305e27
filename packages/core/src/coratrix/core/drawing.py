"""Owns the text drawing of a circuit.

One row a qubit, with a row between for the lines that join the qubits of one gate, and one row a classical
register at the foot. Knows nothing of backends or colours.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from coratrix.core.gate import ControlledGate, Gate, StandardGate
from coratrix.core.operations import Barrier, ChannelOp, Delay, IfElse, Instruction, Measure, Reset, WhileLoop

if TYPE_CHECKING:
    from coratrix.core.circuit import QuantumCircuit

MAX_DRAWN: Final = 2000
"""More instructions than this are not drawn; the drawing says how many are left out."""

_TARGETS: Final = {"x": "⊕", "z": "●"}


def draw(circuit: QuantumCircuit, width: int = 100) -> str:
    """The circuit as text, folded at ``width`` characters."""
    names = [f"q{qubit}: " for qubit in range(circuit.num_qubits)]
    foot = [f"{register.name}: " for register in circuit.registers]
    margin = max(map(len, names + foot))
    shown = circuit.instructions[:MAX_DRAWN]
    columns = [_column(circuit, layer) for layer in layers(shown)]
    blocks = [
        _block(circuit, names, foot, margin, chunk) for chunk in _chunks(columns, max(width - margin - 1, 20))
    ]
    if len(circuit) > len(shown):
        blocks.append(f"… and {len(circuit) - len(shown)} more instructions")
    if circuit.global_phase != 0:
        blocks.insert(0, f"global phase: {circuit.global_phase}")
    return "\n\n".join(blocks)


def draw_html(circuit: QuantumCircuit) -> str:
    """The drawing as HTML for a notebook."""
    return f'<pre style="line-height:1.2;white-space:pre">{html.escape(draw(circuit))}</pre>'


def layers(instructions: Iterable[Instruction]) -> list[list[Instruction]]:
    """Instructions side by side where their spans of rows do not overlap, else one after the other."""
    layers: list[list[Instruction]] = []
    free: dict[int, int] = {}
    bits_free = 0
    for instruction in instructions:
        rows = range(min(instruction.qubits, default=0), max(instruction.qubits, default=0) + 1)
        uses_bits = bool(instruction.clbits)
        if uses_bits:  # a line runs down to the foot
            rows = range(rows.start, 1_000_000)
        at = max((level for row, level in free.items() if row in rows), default=0)
        at = max(at, bits_free) if uses_bits or rows.stop > 999_999 else at
        if uses_bits:
            bits_free = at + 1
        for row in instruction.qubits if not uses_bits else (*instruction.qubits, *_below(free, rows.start)):
            free[row] = at + 1
        for row in range(rows.start, min(rows.stop, max(instruction.qubits, default=0) + 1)):
            free[row] = at + 1
        while len(layers) <= at:
            layers.append([])
        layers[at].append(instruction)
    return layers


def _below(free: dict[int, int], start: int) -> Iterator[int]:
    return (row for row in list(free) if row >= start)


def _column(circuit: QuantumCircuit, layer: list[Instruction]) -> list[str]:
    """One layer as text rows of equal width: 2n−1 qubit rows, then one a register."""
    height = 2 * circuit.num_qubits - 1
    cells = ["─" if row % 2 == 0 else " " for row in range(height)] + ["═"] * len(circuit.registers)
    for instruction in layer:
        _place(circuit, cells, instruction, height)
    wide = max(map(len, cells))
    fill = ["─" if row % 2 == 0 else " " for row in range(height)] + ["═"] * len(circuit.registers)
    return [_centred(cell, wide, pad) + pad for cell, pad in zip(cells, fill, strict=True)]


def _place(circuit: QuantumCircuit, cells: list[str], instruction: Instruction, height: int) -> None:
    qubits = instruction.qubits
    top, bottom = 2 * min(qubits, default=0), 2 * max(qubits, default=0)
    last = height if instruction.clbits else bottom
    joint = "║" if instruction.clbits and len(qubits) == 1 else "│"
    for row in range(top + 1, last):
        cells[row] = ("┼" if joint == "│" else "╫") if row % 2 == 0 else joint
    for qubit, mark in zip(qubits, marks(instruction), strict=True):
        cells[2 * qubit] = mark
    for row, register in enumerate(circuit.registers):
        touched = [bit - register.offset for bit in instruction.clbits if bit in register.bits]
        if touched:
            cells[height + row] = ",".join(map(str, touched[:4])) + ("…" if len(touched) > 4 else "")
        elif instruction.clbits and max(instruction.clbits) >= register.offset + register.size:
            cells[height + row] = "╬"


def marks(instruction: Instruction) -> list[str]:
    """What stands on each qubit of an instruction."""
    operation, count = instruction.operation, len(instruction.qubits)
    if isinstance(operation, Gate):
        return _gate_marks(operation)
    if isinstance(operation, Barrier):
        return ["░"] * count
    if isinstance(operation, Measure | Reset):
        return ["M" if isinstance(operation, Measure) else "|0⟩"]
    if isinstance(operation, Delay):
        return [f"[{operation.duration_s:g} s]"]
    if isinstance(operation, ChannelOp):
        return [f"~{operation.channel.name}~"] * count
    return [_flow_mark(operation)] * count


def _flow_mark(operation: IfElse | WhileLoop) -> str:
    condition = operation.condition
    values = ",".join(map(str, sorted(condition.values)[:4])) + ("…" if len(condition.values) > 4 else "")
    sign = "≠" if condition.negated else "="
    if isinstance(operation, WhileLoop):
        return f"[while {sign}{values}: {_names(operation.body)}]"
    otherwise = f" else {_names(operation.else_body)}" if operation.else_body else ""
    return f"[if {sign}{values}: {_names(operation.then_body)}{otherwise}]"


def _names(body: tuple[Instruction, ...]) -> str:
    shown = [each.operation.label if isinstance(each.operation, Gate) else each.name for each in body[:3]]
    return " ".join(shown) + (" …" if len(body) > 3 else "")


def _gate_marks(gate: Gate) -> list[str]:
    if isinstance(gate, ControlledGate):
        return ["●" if bit == "1" else "○" for bit in gate.ctrl_bits] + _gate_marks(gate.base)
    if isinstance(gate, StandardGate):
        if gate.name == "swap":
            return ["×", "×"]
        if gate.spec.base:
            base = StandardGate(gate.spec.base, *gate.params)
            controls = ["●"] * gate.spec.num_controls
            return controls + ([_TARGETS[base.name]] if base.name in _TARGETS else _gate_marks(base))
    label = gate.label if len(gate.label) <= 24 else f"{gate.label[:23]}…"
    shown = f"[{label[:1].upper()}{label[1:]}]"
    return [shown] if gate.num_qubits == 1 else [f"{shown[:-1]}:{place}]" for place in range(gate.num_qubits)]


def _chunks(columns: list[list[str]], width: int) -> Iterator[list[list[str]]]:
    chunk: list[list[str]] = []
    used = 0
    for column in columns:
        if chunk and used + len(column[0]) > width:
            yield chunk
            chunk, used = [], 0
        chunk.append(column)
        used += len(column[0])
    if chunk or not columns:
        yield chunk


def _block(
    circuit: QuantumCircuit, names: list[str], foot: list[str], margin: int, columns: list[list[str]]
) -> str:
    height = 2 * circuit.num_qubits - 1
    lines = []
    for row in range(height + len(foot)):
        is_wire = row % 2 == 0 or row >= height
        head = (names[row // 2] if row < height else foot[row - height]) if is_wire else ""
        lead = ("─" if row < height else "═") if is_wire else " "
        lines.append((head.rjust(margin) + lead + "".join(column[row] for column in columns)).rstrip())
    return "\n".join(line for line in lines if line.strip())


def _centred(cell: str, width: int, pad: str) -> str:
    left = (width - len(cell)) // 2
    return pad * left + cell + pad * (width - len(cell) - left)
