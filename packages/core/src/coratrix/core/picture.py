"""Draws a circuit as a picture, PNG or SVG, with matplotlib.

Owns: `save`. What stands on which qubit, and what stands side by side, is decided by coratrix.core.drawing.
Knows nothing of: backends, results, windows. matplotlib is imported when a picture is asked for, and its
global state is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from coratrix.core.drawing import MAX_DRAWN, layers, marks
from coratrix.core.errors import CircuitExportError
from coratrix.core.operations import Instruction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from coratrix.core.circuit import QuantumCircuit

FORMATS: Final = (".png", ".svg")
MAX_ROWS: Final = 400
"""More wires than this, over all folded lines, are no picture that a person looks at."""

_LETTER: Final = 0.13  # width of a letter; the distance of two wires is 1
_PAGE: Final = 14.0  # columns are folded at this width
_INCH: Final = 0.55  # of one unit


def save(circuit: QuantumCircuit, path: str | Path) -> None:
    """Write the drawing of ``circuit`` to a ``.png`` or ``.svg`` file; text in an SVG stays text.

    Raises:
        ImportError: matplotlib is not installed; ``pip install 'coratrix-core[plot]'``.
        CircuitExportError: another ending, or a circuit that is too large for a picture.
    """
    target = Path(path)
    if target.suffix.lower() not in FORMATS:
        raise CircuitExportError(f"cannot draw into {target.name!r}; the endings are {' and '.join(FORMATS)}")
    try:
        import matplotlib
    except ImportError as exc:
        raise ImportError("pictures need matplotlib: pip install 'coratrix-core[plot]'") from exc
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "coratrix"}):
        metadata = {"Date": None} if target.suffix.lower() == ".svg" else None  # the same file every time
        _figure(circuit).savefig(target, dpi=150, metadata=metadata)


def _figure(circuit: QuantumCircuit) -> Figure:
    from matplotlib.figure import Figure

    if len(circuit) > MAX_DRAWN:
        raise CircuitExportError(f"{len(circuit)} instructions; a picture holds at most {MAX_DRAWN}")
    lines = list(_folded(layers(circuit.instructions)))
    height = circuit.num_qubits + len(circuit.registers) + 1
    if len(lines) * height > MAX_ROWS:
        raise CircuitExportError(f"the picture would have {len(lines) * height} rows; at most {MAX_ROWS}")
    width = max(sum(map(_width, line)) for line in lines)
    names = [f"q{qubit}" for qubit in range(circuit.num_qubits)] + [each.name for each in circuit.registers]
    margin = 0.5 + 0.16 * max(map(len, names))
    figure = Figure(figsize=((margin + width + 0.4) * _INCH, (len(lines) * height + 0.1) * _INCH))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(-margin, width + 0.4), ylim=(len(lines) * height - 0.5, -0.6))
    axes.axis("off")
    for number, line in enumerate(lines):
        _Line(circuit, axes, names, number * height).draw(line)
    if circuit.global_phase != 0:
        axes.text(-margin + 0.2, -0.35, f"global phase: {circuit.global_phase}", size=7, va="center")
    return figure


def _folded(columns: Sequence[list[Instruction]]) -> Iterator[list[list[Instruction]]]:
    line: list[list[Instruction]] = []
    for column in columns:
        if line and sum(map(_width, line)) + _width(column) > _PAGE:
            yield line
            line = []
        line.append(column)
    yield line


def _width(column: list[Instruction]) -> float:
    longest = max((len(mark) for each in column for mark in marks(each)), default=1)
    return max(1.0, 0.4 + _LETTER * longest)


class _Line:
    """One line of the folded drawing: the wires, and columns from left to right."""

    def __init__(self, circuit: QuantumCircuit, axes: Axes, names: Sequence[str], top: int) -> None:
        self.circuit = circuit
        self.axes = axes
        self.names = names
        self.top = top

    def draw(self, columns: Sequence[list[Instruction]]) -> None:
        end = sum(map(_width, columns)) + 0.2
        for row, name in enumerate(self.names):
            is_register = row >= self.circuit.num_qubits
            style: dict[str, Any] = {"lw": 2.5, "color": "0.6"} if is_register else {"lw": 1, "color": "k"}
            self.axes.plot([0, end], [self.top + row] * 2, zorder=1, **style)
            self.text(-0.15, row, name, ha="right")
        x = 0.1
        for column in columns:
            for instruction in column:
                self.place(instruction, x + _width(column) / 2)
            x += _width(column)

    def place(self, instruction: Instruction, x: float) -> None:
        qubits, rows = instruction.qubits, self.rows_of_bits(instruction)
        if len(qubits) + len(rows) > 1 and "░" not in marks(instruction):
            span = [self.top + min((*qubits, *rows)), self.top + max((*qubits, *rows))]
            self.axes.plot([x, x], span, color="k", lw=1, zorder=2, ls=":" if rows else "-")
        for qubit, mark in zip(qubits, marks(instruction), strict=True):
            self.mark(x, qubit, mark)
        for row, bits in rows.items():
            self.axes.plot([x], [self.top + row], "v", color="k", ms=5, zorder=4)
            self.text(x, row + 0.35, bits, size=7)

    def rows_of_bits(self, instruction: Instruction) -> dict[int, str]:
        """The rows of the registers that an instruction touches, each with the numbers of its bits."""
        found = {}
        for row, register in enumerate(self.circuit.registers, self.circuit.num_qubits):
            bits = [str(bit - register.offset) for bit in instruction.clbits if bit in register.bits]
            if bits:
                found[row] = ",".join(bits[:4]) + ("…" if len(bits) > 4 else "")
        return found

    def mark(self, x: float, row: int, mark: str) -> None:
        y = self.top + row
        if mark in ("●", "○"):
            face = "k" if mark == "●" else "w"
            self.axes.plot([x], [y], "o", color="k", mfc=face, ms=7, zorder=4)
        elif mark == "⊕":
            self.axes.plot([x], [y], "o", color="k", mfc="w", ms=14, zorder=4)
            self.axes.plot([x], [y], "+", color="k", ms=14, zorder=5)
        elif mark == "×":
            self.axes.plot([x], [y], "x", color="k", ms=9, zorder=4)
        elif mark == "░":
            self.axes.plot([x, x], [y - 0.45, y + 0.45], color="0.5", lw=3, ls="--", zorder=3)
        else:
            shown = mark[1:-1] if mark.startswith("[") else mark
            self.text(x, row, shown, bbox={"boxstyle": "square,pad=0.35", "fc": "w", "ec": "k"})

    def text(
        self, x: float, row: float, words: str, *, ha: str = "center", size: int = 9, **box: Any
    ) -> None:
        plain = words.replace("$", r"\$")  # matplotlib would read formulas into it
        self.axes.text(x, self.top + row, plain, ha=ha, va="center", size=size, zorder=6, **box)
