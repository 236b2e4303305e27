"""Clifford circuits with Pauli noise: which they are.

Owns: the limits of the stabilizer method, and what a circuit has that it cannot follow, in the circuit's own words.
Knows nothing of: how it works; that is the engine's (`stabilizer_program.hpp` says what it takes).
"""

from __future__ import annotations

from typing import Final

from coratrix.backend.errors import CircuitValidationError
from coratrix.core import QuantumCircuit
from coratrix.core.gate import Gate
from coratrix.core.operations import Barrier, ChannelOp, Delay, Instruction
from coratrix.sim import _engine

MAX_QUBITS: Final = 100_000

RECOGNISED_CLBITS: Final = 10_000
"""Up to so many classical bits a Clifford circuit is simulated by stabilizers unasked: its tables stay small."""


def obstacle(circuit: QuantumCircuit, program: _engine.Program) -> str | None:
    """Why a circuit, of which ``program`` is the encoded form, is none for stabilizers; None when it is one."""
    found = _engine.stabilizer_obstacle(program)
    if found is None:
        return None
    place, words = found
    return f"{_name(_written(circuit)[place])} {words}"


def require(circuit: QuantumCircuit, program: _engine.Program, *, backend: str) -> None:
    """Refuse what stabilizers cannot follow.

    Raises:
        CircuitValidationError: naming the first obstacle.
    """
    if reason := obstacle(circuit, program):
        raise CircuitValidationError(
            f"{backend} simulates by stabilizers, and {reason}",
            hint="simulator_type 'auto' picks a method that can",
            backend=backend,
        )


def _written(circuit: QuantumCircuit) -> list[Instruction]:
    """The instructions that are in a program, one for one."""
    return [each for each in circuit.instructions if not isinstance(each.operation, Barrier | Delay)]


def _name(instruction: Instruction) -> str:
    operation = instruction.operation
    if isinstance(operation, Gate):
        return operation.label
    return operation.channel.name if isinstance(operation, ChannelOp) else operation.name
