"""Owns the checks of qubits, classical bits and whole instructions against the size of a circuit.

What passes comes back as plain tuples of int; what does not raises CircuitError, saying what was asked and
what there is. Knows nothing of the circuit class.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import index as as_index
from typing import Any

from coratrix.core.errors import CircuitError
from coratrix.core.operations import IfElse, Instruction, WhileLoop, bodies


def checked_instruction(instruction: Instruction, num_qubits: int, num_clbits: int) -> Instruction:
    """The instruction with whole numbers; refused if its qubits, bits or bodies do not fit."""
    operation, qubits, clbits = instruction
    checked = Instruction(
        operation,
        checked_qubits(qubits, operation.num_qubits, operation, num_qubits),
        checked_clbits(clbits, num_clbits),
    )
    if len(clbits) != operation.num_clbits:
        raise CircuitError(f"{operation.name} has {operation.num_clbits} bits; got {len(clbits)}")
    if isinstance(operation, IfElse | WhileLoop) and (
        qubits != operation.qubits or clbits != operation.clbits
    ):
        raise CircuitError(f"the qubits and bits of {operation.name} are those of its bodies")
    for body in bodies(operation):
        for inner in body:
            checked_instruction(inner, num_qubits, num_clbits)
    return checked


def checked_qubits(qubits: Iterable[int], wanted: int, operation: Any, num_qubits: int) -> tuple[int, ...]:
    """The qubits that an operation gets, in range, different, and as many as it wants."""
    try:
        found = tuple([as_index(qubit) for qubit in qubits])
    except TypeError:
        raise CircuitError(f"{operation.name} takes qubit numbers; got {qubits!r}") from None
    if len(found) != wanted:
        raise CircuitError(f"{operation.name} acts on {wanted} qubits; got {len(found)}: {list(found)}")
    for qubit in found:
        if not 0 <= qubit < num_qubits:
            raise CircuitError(
                f"{operation.name} on qubit {qubit}: the circuit has qubits 0 to {num_qubits - 1}"
            )
    if wanted > 1 and len(set(found)) != wanted:
        raise CircuitError(f"{operation.name} on qubits {list(found)}: a qubit is repeated")
    return found


def are_plain_qubits(qubits: tuple[Any, ...], wanted: int, num_qubits: int) -> bool:
    """Whether one qubit or two, as wanted, need no second look; noisy circuits ask this once per gate."""
    if len(qubits) != wanted or not 1 <= wanted <= 2:
        return False
    first, last = qubits[0], qubits[-1]
    if type(first) is not int or type(last) is not int:
        return False
    return 0 <= first < num_qubits and 0 <= last < num_qubits and (wanted == 1 or first != last)


def checked_clbits(clbits: Iterable[int], num_clbits: int) -> tuple[int, ...]:
    """Classical bits, in range and different."""
    found = tuple([as_index(clbit) for clbit in clbits])
    for clbit in found:
        if not 0 <= clbit < num_clbits:
            has = f"bits 0 to {num_clbits - 1}" if num_clbits else "no classical bits"
            raise CircuitError(f"there is no bit {clbit}: the circuit has {has}; see add_register")
    if len(set(found)) != len(found):
        raise CircuitError(f"classical bits {list(found)}: a bit is repeated")
    return found
