"""Which operations a device's dialect can never express, found before anything is written.

Owns: `operation_problem`. Knows nothing of: circuits, the SDK. Pure, and cheap: nothing is synthesised.
"""

from __future__ import annotations

from coratrix.core.decompose import MAX_SYNTHESIS_QUBITS
from coratrix.core.gate import ControlledGate, Gate, UnitaryGate, standard
from coratrix.core.operations import ChannelOp, Delay, IfElse, Operation
from coratrix.providers.aws.dialect import Dialect
from coratrix.providers.aws.noise import can_write

MAX_CONTROLLED_QUBITS = 8  # under controls that the device does not have, gates multiply


def operation_problem(operation: Operation, dialect: Dialect, *, is_qpu: bool) -> str:
    """Why ``operation`` cannot be written; empty when it can."""
    if isinstance(operation, Gate):
        return _gate_problem(operation, dialect)
    if isinstance(operation, Delay) and is_qpu:
        return "a delay cannot be asked of a QPU at Braket"
    if isinstance(operation, ChannelOp) and dialect.noise and not can_write(operation.channel, dialect):
        return f"noise channel {operation.channel.name!r} on {operation.num_qubits} qubits cannot be written"
    if isinstance(operation, IfElse):
        inner = dialect.without_pragmas()
        for one in (*operation.then_body, *operation.else_body):
            if isinstance(one.operation, ChannelOp):
                return "Braket does not take noise inside a conditional"
            if problem := operation_problem(one.operation, inner, is_qpu=is_qpu):
                return f"inside a conditional: {problem}"
    return ""


def _gate_problem(gate: Gate, dialect: Dialect) -> str:
    if dialect.fits(gate):
        return ""
    if isinstance(gate, UnitaryGate):
        limit = MAX_SYNTHESIS_QUBITS
    elif isinstance(gate, ControlledGate):
        limit = MAX_CONTROLLED_QUBITS
    else:
        limit = gate.num_qubits
    if gate.num_qubits > limit:
        return f"gate {gate.label!r} on {gate.num_qubits} qubits cannot be decomposed, only up to {limit}"
    basis = all(dialect.fits(standard(name, 0.1)) for name in ("rz", "ry"))
    entangling = dialect.fits(standard("cx")) or dialect.fits(standard("cz"))
    needs_two = gate.num_qubits > 1
    return "" if basis and (entangling or not needs_two) else f"gate {gate.label!r} cannot be written"
