"""Owns the entry, the short form in which a circuit keeps its instructions.

A gate of the table whose parameters are numbers, or a gate given by its matrix, is a plain tuple

    (name, qubit, …, parameter, …)      ("u", 3, 0.1, 0.2, 0.3)      ("unitary", 0, 2, UnitaryGate(…))

which costs a fraction of an Instruction to make, to keep and to read. All else (measurements, open parameters,
controls that the table has no name for, control flow) is the Instruction itself. Every instruction has exactly one
form, so entries are equal where instructions are. Knows nothing of the circuit class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from coratrix.core.gate import Gate, StandardGate, UnitaryGate, with_numbers
from coratrix.core.gate_table import GATES
from coratrix.core.operations import Instruction
from coratrix.core.parameters import ParameterExpression
from coratrix.core.transforms import moved

Entry: TypeAlias = tuple[Any, ...]
"""A plain tuple as above, or an Instruction, which is a tuple too: ``type(entry) is tuple`` tells them apart."""


def entry_of(instruction: Instruction) -> Entry:
    """The entry for an instruction whose qubits are whole numbers in a tuple."""
    operation, qubits, _ = instruction
    return gate_entry(operation, qubits, instruction) if isinstance(operation, Gate) else instruction


def gate_entry(gate: Gate, qubits: tuple[int, ...], instruction: Instruction | None = None) -> Entry:
    """The entry for a gate on qubits; ``instruction`` says the same, where there is one already."""
    if type(gate) is StandardGate:
        if not any(isinstance(param, ParameterExpression) for param in gate.params):
            return (gate.name, *qubits, *gate.params)
    elif type(gate) is UnitaryGate:
        return ("unitary", *qubits, gate)
    return instruction or Instruction(gate, qubits)


def instruction_of(entry: Entry) -> Instruction:
    """The instruction that an entry stands for."""
    if isinstance(entry, Instruction):
        return entry
    name, qubits, params = _parts(entry)
    return Instruction(params[0] if name == "unitary" else with_numbers(name, params), qubits)


def moved_entry(entry: Entry, qubits: Sequence[int], clbits: Sequence[int]) -> Entry:
    """The entry on other qubits and bits: qubit ``k`` becomes ``qubits[k]``."""
    if isinstance(entry, Instruction):
        return moved(entry, qubits, clbits)
    name, places, params = _parts(entry)
    return (name, *[qubits[place] for place in places], *params)


def _parts(entry: Entry) -> tuple[str, tuple[int, ...], tuple[Any, ...]]:
    name = entry[0]
    end = len(entry) - 1 if name == "unitary" else 1 + GATES[name].num_qubits
    return name, entry[1:end], entry[end:]
