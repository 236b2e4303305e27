"""A Quil program as the few kinds of steps that a machine walks through.

Owns: reading the text (by pyquil's parser), matrices of gates, Kraus pragmas, targets of jumps.
Knows nothing of: states and sampling (machine.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from coratrix.core.errors import CircuitImportError

if TYPE_CHECKING:
    from pyquil import Program

Matrix: TypeAlias = NDArray[np.complex128]


@dataclass(frozen=True, slots=True)
class Apply:
    """A unitary on axes of the state; ``ends`` are the axes of the gate of Quil that is complete with it."""

    matrix: Matrix
    axes: tuple[int, ...]
    ends: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Noise:
    """Kraus operators on axes of the state."""

    kraus: tuple[Matrix, ...]
    axes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class MeasureStep:
    axis: int
    bit: int


@dataclass(frozen=True, slots=True)
class ResetStep:
    axis: int


@dataclass(frozen=True, slots=True)
class Branch:
    """Goes to ``target`` where ``bit`` reads ``value``; ``bit`` None: always."""

    target: int
    bit: int | None = None
    value: int = 1


Step: TypeAlias = "Apply | Noise | MeasureStep | ResetStep | Branch"


@dataclass(frozen=True, kw_only=True)
class StepProgram:
    """What a machine runs.

    Attributes:
        qubits: Quil's numbers of the qubits in use, in the order of the state's axes.
        num_bits: size of the region ``ro``.
        misreads: p(read 1 | true 0), p(read 1 | true 1) per axis, where a pragma gives them.
    """

    steps: tuple[Step, ...]
    qubits: tuple[int, ...]
    num_bits: int
    misreads: dict[int, tuple[float, float]]


def read(quil: str) -> StepProgram:
    """The steps of a program that measures into ``ro`` and has its parameters bound."""
    from pyquil import Program

    program = Program(quil)
    return _Reading(program).result()


class _Reading:
    def __init__(self, program: Program) -> None:
        from .foreign_gates import Definitions
        from .from_quil import kraus_operators

        self.program = program
        self.instructions: list[Any] = list(program.instructions)
        self.pragmas = [i for i in self.instructions if type(i).__name__ == "Pragma"]
        self.qubits = tuple(sorted(program.get_qubit_indices()))
        self.axis = {qubit: axis for axis, qubit in enumerate(self.qubits)}
        self.definitions = Definitions({d.name: d for d in program.defined_gates})
        self.kraus = kraus_operators(self.pragmas)

    def result(self) -> StepProgram:
        steps: list[Any] = []
        labels: dict[str, int] = {}
        for instruction in self.instructions:
            if type(instruction).__name__ == "JumpTarget":
                labels[_name(instruction.label)] = len(steps)
            else:
                steps += self._steps(instruction)
        return StepProgram(
            steps=tuple(_landed(step, labels, len(steps)) for step in steps),
            qubits=self.qubits,
            num_bits=sum(d.memory_size for d in self.program.declarations.values() if d.memory_type == "BIT"),
            misreads=self._misreads(),
        )

    def _steps(self, instruction: Any) -> list[Any]:
        kind = type(instruction).__name__
        if kind in ("Declare", "Pragma", "Nop"):
            return []
        if kind == "Gate":
            return self._gate(instruction)
        if kind == "Measurement":
            (qubit,) = instruction.get_qubit_indices()
            return [MeasureStep(self.axis[qubit], int(instruction.classical_reg.offset))]
        if kind == "ResetQubit":
            (qubit,) = instruction.get_qubit_indices()
            return [ResetStep(self.axis[qubit])]
        if kind == "Halt":
            return [_Jump(None)]
        if kind == "Jump":
            return [_Jump(_name(instruction.target))]
        if kind in ("JumpWhen", "JumpUnless"):
            bit = int(instruction.condition.offset)
            return [_Jump(_name(instruction.target), bit, int(kind == "JumpWhen"))]
        raise CircuitImportError(f"this machine does not run {instruction.out()!r}")

    def _gate(self, gate: Any) -> list[Any]:
        from .foreign_gates import gates

        qubits = tuple(int(qubit) for qubit in gate.get_qubit_indices())
        kraus = None if gate.modifiers else self.kraus.get((gate.name, qubits))
        if kraus is not None:
            return [Noise(tuple(kraus), self._axes(qubits))]
        placed = gates(gate, qubits, self.definitions, _unbound)
        steps = [Apply(ours.matrix(), self._axes(places)) for ours, places in placed]
        return [*steps[:-1], replace(steps[-1], ends=self._axes(qubits))]

    def _axes(self, qubits: Sequence[int]) -> tuple[int, ...]:
        return tuple(self.axis[qubit] for qubit in qubits)

    def _misreads(self) -> dict[int, tuple[float, float]]:
        from .from_quil import confusion

        found = {}
        for pragma in self.pragmas:
            if pragma.command == "READOUT-POVM":
                qubit, matrix = confusion(pragma)
                if qubit in self.axis:
                    found[self.axis[qubit]] = (float(matrix[0, 1]), float(matrix[1, 1]))
        return found


@dataclass(frozen=True, slots=True)
class _Jump:
    """A jump to a label that may not have been read yet; None is the end."""

    label: str | None
    bit: int | None = None
    value: int = 1


def _landed(step: Any, labels: dict[str, int], end: int) -> Step:
    if not isinstance(step, _Jump):
        return step  # type: ignore[no-any-return]
    if step.label is not None and step.label not in labels:
        raise CircuitImportError(f"a jump goes to the label {step.label!r}, which does not exist")
    return Branch(end if step.label is None else labels[step.label], step.bit, step.value)


def _name(label: Any) -> str:
    return str(getattr(label, "name", label))


def _unbound(reference: Any) -> float:
    raise CircuitImportError(f"{reference} has no number")
