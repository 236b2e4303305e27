"""Owns the writing of OpenQASM 3.

What the standard library lacks is written with modifiers (``ctrl @ s``) or defined in the text; a while
loop's bound goes into the annotation ``@coratrix.max_iterations``. Name and metadata are not written.
"""

from __future__ import annotations

import itertools
from typing import Final

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate
from coratrix.core.gate_table import Matrix
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Condition,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Reset,
    WhileLoop,
)
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike
from coratrix.core.qasm.definitions import BODIES, euler_angles, number, two_level
from coratrix.core.qasm.library import STDGATES
from coratrix.core.qasm.names import RESERVED_3, Names

_MODIFIED: Final = {
    "sxdg": "inv @ sx", "cs": "ctrl @ s", "csdg": "ctrl @ sdg", "csx": "ctrl @ sx", "ccz": "ctrl(2) @ z",
    "c3x": "ctrl(3) @ x", "c4x": "ctrl(4) @ x", "u": "U",
}  # fmt: skip
_TAKEN: Final = RESERVED_3 | frozenset(STDGATES) | frozenset(BODIES)
_MAX_UNITARY_QUBITS: Final = 6


def write(circuit: QuantumCircuit) -> str:
    """The circuit as OpenQASM 3.

    Raises:
        CircuitExportError: it has a noise channel, or a unitary of more than 6 qubits.
    """
    return _Writer3(circuit).text()


class _Writer3:
    def __init__(self, circuit: QuantumCircuit) -> None:
        self.circuit = circuit
        self.names = Names(_TAKEN)
        self.parameters = {p: Parameter(self.names.free(p.name)) for p in _sorted(circuit)}
        self.qubits = self.names.free("q")
        self.registers = {r.name: self.names.free(r.name, "c_") for r in circuit.registers}
        self.bits = [f"{self.registers[r.name]}[{k}]" for r in circuit.registers for k in range(r.size)]
        self.definitions: dict[str, str] = {}
        self.unitaries: dict[UnitaryGate, str] = {}

    def text(self) -> str:
        body = [line for instruction in self.circuit for line in self.statement(instruction)]
        if self.circuit.global_phase != 0:
            body.insert(0, f"gphase({self.angle(self.circuit.global_phase)});")
        head = ["OPENQASM 3.0;", 'include "stdgates.inc";']
        head += [f"input float {parameter};" for parameter in self.parameters.values()]
        head += self.definitions.values()
        head.append(f"qubit[{self.circuit.num_qubits}] {self.qubits};")
        head += [f"bit[{r.size}] {self.registers[r.name]};" for r in self.circuit.registers]
        return "\n".join([*head, *body, ""])

    def statement(self, instruction: Instruction) -> list[str]:
        operation = instruction.operation
        qubits = self.listed(instruction.qubits)
        if isinstance(operation, Gate):
            return [f"{self.call(operation)} {qubits};"]
        if isinstance(operation, Measure):
            return [f"{self.bits[instruction.clbits[0]]} = measure {qubits};"]
        if isinstance(operation, Reset | Barrier):
            return [f"{operation.name} {qubits};"]
        if isinstance(operation, Delay):
            return [f"delay[{float(operation.duration_s)!r}s] {qubits};"]
        if isinstance(operation, ChannelOp):
            raise CircuitExportError(
                f"OpenQASM has no noise channels; the circuit has {operation.channel.name} on {qubits}"
            )
        return self.flow(operation)

    def listed(self, qubits: tuple[int, ...]) -> str:
        return ", ".join(f"{self.qubits}[{qubit}]" for qubit in qubits)

    # Control flow

    def flow(self, operation: IfElse | WhileLoop) -> list[str]:
        claim = self.condition(operation.condition)
        if isinstance(operation, WhileLoop):
            head = [f"@coratrix.max_iterations {operation.max_iterations}", f"while ({claim}) {{"]
            return [*head, *self.indented(operation.body), "}"]
        lines = [f"if ({claim}) {{", *self.indented(operation.then_body)]
        if operation.else_body:
            lines += ["} else {", *self.indented(operation.else_body)]
        return [*lines, "}"]

    def indented(self, body: tuple[Instruction, ...]) -> list[str]:
        return [f"  {line}" for instruction in body for line in self.statement(instruction)]

    def condition(self, condition: Condition) -> str:
        """A claim that reads back as the same claim."""
        subject = self.subject(condition.clbits)
        values = sorted(condition.values)
        if not values:
            first = self.bits[condition.clbits[0]]
            never = f"{first} == 0 && {first} == 1"
            return f"!({never})" if condition.negated else never
        if subject is not None and len(values) == 1:
            return f"{subject} {'!=' if condition.negated else '=='} {values[0]}"
        claims = [f"{subject} == {v}" if subject else self.reading(condition.clbits, v) for v in values]
        either = claims[0] if len(claims) == 1 else " || ".join(f"({claim})" for claim in claims)
        return f"!({either})" if condition.negated else either

    def subject(self, clbits: tuple[int, ...]) -> str | None:
        """The name of one bit or of a whole register."""
        if len(clbits) == 1:
            return self.bits[clbits[0]]
        return next((self.registers[r.name] for r in self.circuit.registers if r.bits == clbits), None)

    def reading(self, clbits: tuple[int, ...], value: int) -> str:
        return " && ".join(f"{self.bits[bit]} == {value >> k & 1}" for k, bit in enumerate(clbits))

    # Gates

    def angle(self, value: ParameterLike) -> str:
        if isinstance(value, ParameterExpression):
            value = _renamed(value, self.parameters)
        return number(value)

    def call(self, gate: Gate) -> str:
        """A gate's name with modifiers and parameters."""
        if isinstance(gate, ControlledGate):
            runs = [(bit, len(list(run))) for bit, run in itertools.groupby(gate.ctrl_bits)]
            return " @ ".join([*(_control(bit, count) for bit, count in runs), self.call(gate.base)])
        if isinstance(gate, UnitaryGate):
            return self.unitary(gate)
        assert isinstance(gate, StandardGate)
        name = _MODIFIED.get(gate.name, gate.name)
        if name == gate.name and name not in STDGATES and name not in self.definitions:
            params, qubits, body = BODIES[name]
            self.definitions[name] = f"gate {name}{f'({params})' if params else ''} {qubits} {{ {body} }}"
        params = ", ".join(self.angle(param) for param in gate.params)
        return f"{name}({params})" if params else name

    def unitary(self, gate: UnitaryGate) -> str:
        """The name of a definition with exactly this matrix."""
        if gate not in self.unitaries:
            if gate.num_qubits > _MAX_UNITARY_QUBITS:
                raise CircuitExportError(
                    f"a unitary of {gate.num_qubits} qubits is too long; at most {_MAX_UNITARY_QUBITS} qubits"
                )
            name = self.names.free(gate.given_label or "unitary", "unitary_")
            qubits = [f"a{k}" for k in range(gate.num_qubits)]
            body = " ".join(unitary_body(gate.matrix(), qubits))
            self.definitions[name] = f"gate {name} {', '.join(qubits)} {{ {body} }}"
            self.unitaries[gate] = name
        return self.unitaries[gate]


def unitary_body(matrix: Matrix, qubits: list[str]) -> list[str]:
    """Statements of a gate's body with exactly this matrix: each two-level factor as a controlled U."""
    if len(qubits) == 1:
        theta, phi, lam, gamma = map(number, euler_angles(matrix))
        return [f"gphase({gamma});", f"U({theta}, {phi}, {lam}) {qubits[0]};"]
    lines: list[str] = []
    for low, high, factor in two_level(matrix):
        lines += _two_level_lines(low, high, factor, qubits)
    return lines


def _two_level_lines(low: int, high: int, factor: Matrix, qubits: list[str]) -> list[str]:
    """A 2×2 unitary on basis states ``low`` and ``high``; bit k of a state is ``qubits[-1-k]``."""
    n = len(qubits)
    differing = [k for k in range(n) if (low ^ high) >> k & 1]
    target, others = differing[0], differing[1:]
    line = {k: qubits[n - 1 - k] for k in range(n)}
    # CX from the target brings the two states to differ in the target's bit alone
    bridge = [f"cx {line[target]}, {line[k]};" for k in others]
    for k in others:
        if low >> target & 1:
            low ^= 1 << k
    if low >> target & 1:  # the target reads 1 in the first state: exchange the rows
        factor = factor[::-1, ::-1]
    controls = [k for k in reversed(range(n)) if k != target]
    reads = ["ctrl" if low >> k & 1 else "negctrl" for k in controls]
    theta, phi, lam, gamma = map(number, euler_angles(factor))
    named = ", ".join(line[k] for k in controls)
    core = [
        f"{' @ '.join(reads)} @ gphase({gamma}) {named};",
        f"{' @ '.join(reads)} @ U({theta}, {phi}, {lam}) {named}, {line[target]};",
    ]
    return [*bridge, *core, *reversed(bridge)]


def _control(bit: str, count: int) -> str:
    word = "ctrl" if bit == "1" else "negctrl"
    return word if count == 1 else f"{word}({count})"


def _sorted(circuit: QuantumCircuit) -> list[Parameter]:
    return sorted(circuit.parameters, key=lambda parameter: parameter.name)


def _renamed(value: ParameterExpression, names: dict[Parameter, Parameter]) -> ParameterExpression:
    """The expression with the written names, which differ where ours are not legal."""
    if isinstance(value, Parameter):
        return names[value]
    operands = (_renamed(v, names) if isinstance(v, ParameterExpression) else v for v in value.operands)
    return ParameterExpression(value.operation, tuple(operands))
