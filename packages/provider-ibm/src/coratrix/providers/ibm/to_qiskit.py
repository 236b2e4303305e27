"""Our circuits as Qiskit's.

Owns: `to_qiskit`. Pure; a gate keeps its name and its qubits, only matrices change their bit order.
Knows nothing of: targets, jobs, credentials.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from coratrix.core import QuantumCircuit
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Reset,
    WhileLoop,
)
from coratrix.providers.ibm import conditions
from coratrix.providers.ibm.angles import AngleWriter

LOOP_BOUND = "max_iterations="  # Qiskit's loops have no bound; ours travels in the label


def to_qiskit(circuit: QuantumCircuit, *, register_names: Sequence[str] | None = None) -> Any:
    """``circuit`` as a `qiskit.QuantumCircuit` on one quantum register.

    Args:
        register_names: other names for the classical registers, in their order.

    Raises:
        CircuitExportError: an operation has no counterpart.
    """
    from qiskit import ClassicalRegister, QuantumRegister
    from qiskit import QuantumCircuit as Theirs

    names = register_names or [register.name for register in circuit.registers]
    sizes = [register.size for register in circuit.registers]
    bits = [ClassicalRegister(size, name) for size, name in zip(sizes, names, strict=True)]
    qubits = QuantumRegister(circuit.num_qubits, "q" if "q" not in names else "qubits")
    theirs = Theirs(qubits, *bits, name=circuit.name)
    theirs.metadata = dict(circuit.metadata)
    angle = AngleWriter()
    theirs.global_phase = angle(circuit.global_phase)
    _Writer(circuit, theirs, angle).write(circuit.instructions)
    return theirs


class _Writer:
    """Appends our instructions to one Qiskit circuit."""

    def __init__(self, circuit: QuantumCircuit, theirs: Any, angle: AngleWriter) -> None:
        self._circuit, self._theirs, self._angle = circuit, theirs, angle

    def write(self, instructions: Iterable[Instruction]) -> None:
        for instruction in instructions:
            self._one(instruction)

    def _one(self, instruction: Instruction) -> None:
        operation, qubits, clbits = instruction
        match operation:
            case Gate():
                self._theirs.append(*_placed(operation, qubits, self._angle), copy=False)
            case Measure():
                self._theirs.measure(qubits[0], clbits[0])
            case Reset():
                self._theirs.reset(qubits[0])
            case Barrier():
                self._theirs.barrier(*qubits)
            case Delay():
                self._theirs.delay(operation.duration_s, qubits[0], "s")
            case ChannelOp():
                self._theirs.append(_kraus(operation.channel), qubits[::-1])
            case IfElse():
                self._if_else(operation)
            case WhileLoop():
                self._while_loop(operation)
            case _:
                raise CircuitExportError(f"Qiskit has no counterpart of {instruction.name!r}")

    def _if_else(self, operation: IfElse) -> None:
        condition = conditions.to_qiskit(operation.condition, self._circuit, self._theirs)
        with self._theirs.if_test(condition) as otherwise:
            self.write(operation.then_body)
        if operation.else_body:
            with otherwise:
                self.write(operation.else_body)

    def _while_loop(self, operation: WhileLoop) -> None:
        condition = conditions.to_qiskit(operation.condition, self._circuit, self._theirs)
        label = f"{LOOP_BOUND}{operation.max_iterations}"
        with self._theirs.while_loop(condition, label=label):
            self.write(operation.body)


def _placed(gate: Gate, qubits: tuple[int, ...], angle: AngleWriter) -> tuple[Any, tuple[int, ...]]:
    """Qiskit's gate and the order of qubits in which it means the same."""
    num_controls = gate.num_controls if isinstance(gate, ControlledGate) else 0
    base = gate.base if isinstance(gate, ControlledGate) else gate
    if isinstance(base, UnitaryGate):  # its first qubit is our most, their least significant
        qubits = (*qubits[:num_controls], *reversed(qubits[num_controls:]))
    return _gate(gate, angle), qubits


def _gate(gate: Gate, angle: AngleWriter) -> Any:
    match gate:
        case StandardGate():
            return standard_classes()[gate.name](*(angle(param) for param in gate.params))
        case UnitaryGate():
            from qiskit.circuit.library import UnitaryGate as Theirs

            return Theirs(gate.matrix(), label=gate.given_label, check_input=False)
        case ControlledGate():
            their_state = gate.ctrl_bits[::-1]  # their first control is the rightmost character
            base = _gate(gate.base, angle)
            return base.control(gate.num_controls, ctrl_state=their_state, annotated=True)
        case _:
            raise CircuitExportError(f"Qiskit has no counterpart of gate {gate.name!r}")


@cache
def standard_classes() -> dict[str, Any]:
    """Qiskit's class for each row of our table, by our name."""
    from qiskit.circuit import library
    from qiskit.circuit.library import get_standard_gate_name_mapping

    from coratrix.core.gate_table import GATES

    known = get_standard_gate_name_mapping()
    longer = {"c3x": library.C3XGate, "c4x": library.C4XGate}
    return {name: longer.get(name) or known[name].base_class for name in GATES}


def _kraus(channel: Any) -> Any:
    from qiskit.quantum_info import Kraus

    return Kraus(list(channel.kraus())).to_instruction()
