"""Where a readout error on several qubits at once can act.

Owns: the check that a joint confusion matrix has a meaning for a circuit. Knows nothing of: one-qubit errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.readout import ReadoutError
from coratrix.core.operations import IfElse, Instruction, Measure, WhileLoop, bodies

if TYPE_CHECKING:
    from coratrix.core.circuit import QuantumCircuit

Place = tuple[tuple[int, ...], npt.NDArray[np.float64]]


def joint_readout(circuit: QuantumCircuit, key: str, error: ReadoutError) -> Place | None:
    """The bits that a joint error on the qubits of ``key`` changes, or ``None`` if none of them is
    measured."""
    qubits = tuple(int(word) for word in key.split())
    what = f"readout_errors[{key!r}] is a joint error on qubits {list(qubits)}"
    found: dict[int, int] = {}
    for instruction in circuit.instructions:
        if reason := _trouble(instruction, qubits, found):
            raise InvalidNoiseError(
                f"{what}, but the circuit {reason}; give one-qubit readout errors instead"
            )
        if isinstance(instruction.operation, Measure) and instruction.qubits[0] in qubits:
            found[instruction.qubits[0]] = instruction.clbits[0]
    if not found:
        return None
    if missing := [q for q in qubits if q not in found]:
        raise InvalidNoiseError(
            f"{what}, but the circuit does not measure {missing}; "
            "measure all of them or give one-qubit readout errors instead"
        )
    return tuple(found[q] for q in qubits), error.matrix()


def _trouble(instruction: Instruction, qubits: tuple[int, ...], found: dict[int, int]) -> str | None:
    operation = instruction.operation
    if isinstance(operation, Measure) and instruction.qubits[0] in found:
        return f"measures qubit {instruction.qubits[0]} twice"
    if set(instruction.clbits) & set(found.values()):
        return f"uses bit {instruction.clbits} again in {operation.name}"
    if isinstance(operation, IfElse | WhileLoop) and _measures(instruction, qubits):
        return f"measures one of them inside {operation.name}"
    return None


def _measures(instruction: Instruction, qubits: tuple[int, ...]) -> bool:
    if isinstance(instruction.operation, Measure):
        return instruction.qubits[0] in qubits
    return any(_measures(inner, qubits) for body in bodies(instruction.operation) for inner in body)
