"""Owns the writing of OpenQASM 2, and the refusal of what it cannot say.

The version has no global phase, which nothing can observe: it is noted in a comment.
"""

from __future__ import annotations

from typing import Final

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate
from coratrix.core.operations import Barrier, Condition, IfElse, Instruction, Measure, Reset
from coratrix.core.qasm.definitions import BODIES, euler_angles, number
from coratrix.core.qasm.library import QELIB1
from coratrix.core.qasm.names import RESERVED_2, Names

_MAX_VALUES: Final = 64
_BODIES: Final = {name: body for name, body in BODIES.items() if name not in QELIB1}


def write(circuit: QuantumCircuit) -> str:
    """The circuit as OpenQASM 2.

    Raises:
        CircuitExportError: it has loops, delays, noise, open parameters, conditions on single bits of larger
            registers, else branches, or gates that only version 3 can say.
    """
    if circuit.parameters:
        names = ", ".join(sorted(parameter.name for parameter in circuit.parameters))
        raise CircuitExportError(f"OpenQASM 2 has no parameters: bind {names} first, or write version 3")
    return _Writer2(circuit).text()


class _Writer2:
    def __init__(self, circuit: QuantumCircuit) -> None:
        self.circuit = circuit
        self.names = Names(RESERVED_2 | frozenset(QELIB1) | frozenset(_BODIES), r"[a-z]\w*")
        self.qubits = self.names.free("q")
        self.registers = {r.name: self.names.free(r.name, "c_") for r in circuit.registers}
        self.bits = [f"{self.registers[r.name]}[{k}]" for r in circuit.registers for k in range(r.size)]
        self.definitions: dict[str, str] = {}
        self.phase = 0.0

    def text(self) -> str:
        body = [line for instruction in self.circuit for line in self.statement(instruction)]
        phase = float(self.circuit.global_phase) + self.phase
        head = ["OPENQASM 2.0;", 'include "qelib1.inc";', *self.definitions.values()]
        if phase:
            head.insert(0, f"// global phase {phase!r}: version 2 cannot say it, and nothing can observe it")
        head.append(f"qreg {self.qubits}[{self.circuit.num_qubits}];")
        head += [f"creg {self.registers[r.name]}[{r.size}];" for r in self.circuit.registers]
        return "\n".join([*head, *body, ""])

    def statement(self, instruction: Instruction) -> list[str]:
        operation = instruction.operation
        qubits = [f"{self.qubits}[{qubit}]" for qubit in instruction.qubits]
        if isinstance(operation, Gate):
            return self.gate(operation, qubits)
        if isinstance(operation, Measure):
            return [f"measure {qubits[0]} -> {self.bits[instruction.clbits[0]]};"]
        if isinstance(operation, Reset | Barrier):
            return [f"{operation.name} {', '.join(qubits)};"]
        if isinstance(operation, IfElse):
            return self.branch(operation)
        raise CircuitExportError(f"OpenQASM 2 has no {operation.name}; write version 3")

    # Conditionals

    def branch(self, operation: IfElse) -> list[str]:
        """One ``if`` for each operation and each value: none of them changes the register."""
        name, values = self._values(operation.condition)
        if operation.else_body:
            raise CircuitExportError("OpenQASM 2 has no else; write version 3")
        touched = {bit for inner in operation.then_body for bit in inner.clbits}
        if len(operation.then_body) * len(values) > 1 and touched & set(operation.condition.clbits):
            raise CircuitExportError("OpenQASM 2 cannot keep a condition on bits measured under it")
        lines = []
        for value in values:
            for inner in operation.then_body:
                if isinstance(inner.operation, IfElse):
                    raise CircuitExportError("OpenQASM 2 has no nested conditions; write version 3")
                if isinstance(inner.operation, Barrier):
                    raise CircuitExportError("OpenQASM 2 has no barrier under a condition; write version 3")
                lines += [f"if ({name} == {value}) {line}" for line in self.statement(inner)]
        return lines

    def _values(self, condition: Condition) -> tuple[str, list[int]]:
        register = next((r for r in self.circuit.registers if r.bits == condition.clbits), None)
        if register is None:
            raise CircuitExportError("OpenQASM 2 conditions read one whole register; write version 3")
        if condition.negated and register.size > 16:
            raise CircuitExportError("OpenQASM 2 has no '!=', and the register is large; write version 3")
        everything = range(2**register.size) if condition.negated else ()
        values = sorted(set(everything) - condition.values if condition.negated else condition.values)
        if len(values) > _MAX_VALUES:
            raise CircuitExportError(f"OpenQASM 2 needs {len(values)} ifs for one condition; write 3")
        return self.registers[register.name], values

    # Gates

    def gate(self, gate: Gate, qubits: list[str]) -> list[str]:
        if isinstance(gate, StandardGate):
            return [f"{self.named(gate)} {', '.join(qubits)};"]
        if isinstance(gate, UnitaryGate) and gate.num_qubits == 1:
            theta, phi, lam, gamma = euler_angles(gate.matrix())
            self.phase += gamma
            return [f"u3({number(theta)}, {number(phi)}, {number(lam)}) {qubits[0]};"]
        if isinstance(gate, ControlledGate):
            return self.controlled(gate, qubits)
        raise CircuitExportError(f"OpenQASM 2 cannot say {gate.label}; write version 3")

    def controlled(self, gate: ControlledGate, qubits: list[str]) -> list[str]:
        """Open controls between two X; then a named gate, or cu for one control on one qubit."""
        closed = gate.base.controlled(gate.num_controls)
        flips = [f"x {q};" for q, bit in zip(qubits, gate.ctrl_bits, strict=False) if bit == "0"]
        if isinstance(closed, StandardGate):
            return [*flips, *self.gate(closed, qubits), *flips]
        if gate.num_qubits != 2:
            raise CircuitExportError(f"OpenQASM 2 cannot say {gate.label}; write version 3")
        angles = ", ".join(map(number, euler_angles(gate.base.matrix())))
        return [*flips, f"cu({angles}) {', '.join(qubits)};", *flips]

    def named(self, gate: StandardGate) -> str:
        name = gate.name
        if name not in QELIB1 and name not in self.definitions:
            params, qubits, body = _BODIES[name]
            signature = f"{name}({params})" if params else name
            self.definitions[name] = f"gate {signature} {qubits} {{ {body} }}"
        params = ", ".join(number(param) for param in gate.params)
        return f"{name}({params})" if params else name
