"""Turns pytket circuits into ours and ours into pytket's.

Owns: names of gates and boxes, half turns, symbols, conditions. Goes gate by gate, since pytket's own
OpenQASM export leaves the global phase out. Knows nothing of backends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError, CircuitImportError
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate, standard
from coratrix.core.operations import (
    Barrier,
    Condition,
    IfElse,
    Instruction,
    Measure,
    Reset,
)
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike

_GATES: Final = {
    "noop": "id", "X": "x", "Y": "y", "Z": "z", "H": "h", "S": "s", "Sdg": "sdg", "T": "t", "Tdg": "tdg",
    "SX": "sx", "SXdg": "sxdg", "U1": "p", "U3": "u", "Rx": "rx", "Ry": "ry", "Rz": "rz", "CX": "cx", "CY":
    "cy", "CZ": "cz", "CH": "ch", "CS": "cs", "CSdg": "csdg", "CSX": "csx", "CU1": "cp", "CRx": "crx",
    "CRy": "cry", "CRz": "crz", "SWAP": "swap", "ISWAPMax": "iswap", "ECR": "ecr", "XXPhase": "rxx",
    "YYPhase": "ryy", "ZZPhase": "rzz", "CCX": "ccx", "CSWAP": "cswap",
}  # fmt: skip
"""pytket's gates that are rows of our table, angles apart: theirs are half turns."""

_OURS: Final = {ours: theirs for theirs, ours in _GATES.items()}
_SYMPY: Final = {"asin": "arcsin", "acos": "arccos", "atan": "arctan"}
_MAX_UNITARY: Final = 6


def from_foreign(circuit: Any) -> QuantumCircuit:
    """Our circuit for a ``pytket.Circuit``; registers keep pytket's order, which is that of their names.

    Raises:
        CircuitImportError: it has classical arithmetic or another operation that is not carried.
    """
    registers: dict[str, int] = {}
    for bit in circuit.bits:
        if len(bit.index) != 1:
            raise CircuitImportError(f"the bit {bit} has more than one index")
        registers[bit.reg_name] = max(registers.get(bit.reg_name, 0), bit.index[0] + 1)
    ours = QuantumCircuit(
        max(1, circuit.n_qubits),
        circuit.name or "circuit",
        registers=registers.items(),
        global_phase=_angle(circuit.phase),
    )
    qubits = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    bits = {bit: ours.register(bit.reg_name)[bit.index[0]] for bit in circuit.bits}
    for command in circuit.get_commands():
        for instruction in _instructions(command.op, command.args, qubits, bits, ours):
            ours.append(instruction)
    return ours


def to_foreign(circuit: QuantumCircuit) -> Any:
    """A ``pytket.Circuit`` for our circuit; parameters become sympy symbols.

    Raises:
        CircuitExportError: it has loops, delays, noise, or conditions that pytket cannot say.
    """
    from pytket.circuit import Circuit

    theirs = Circuit(circuit.num_qubits, name=circuit.name)
    for register in circuit.registers:
        theirs.add_c_register(register.name, register.size)
    bits = [bit for register in circuit.registers for bit in theirs.get_c_register(register.name)]
    theirs.add_phase(_half_turns(circuit.global_phase))
    for instruction in circuit:
        _add(theirs, instruction, bits, {})
    return theirs


# From pytket


def _instructions(
    op: Any, args: Any, qubits: Any, bits: Any, circuit: QuantumCircuit
) -> Iterator[Instruction]:
    kind = op.type.name
    on = tuple(qubits[arg] for arg in args if arg in qubits)
    into = tuple(bits[arg] for arg in args if arg in bits)
    if kind == "Conditional":
        condition = Condition(tuple(bits[arg] for arg in args[: op.width]), (op.value,))
        body = tuple(_instructions(op.op, args[op.width :], qubits, bits, circuit))
        operation = IfElse(condition, body)
        yield Instruction(operation, operation.qubits, operation.clbits)
    elif kind == "Measure":
        yield Instruction(Measure(), on, into)
    elif kind == "Reset":
        yield Instruction(Reset(), on)
    elif kind == "Barrier":
        if on:
            yield Instruction(Barrier(len(on)), on)
    elif into:
        raise CircuitImportError(f"pytket's {kind} computes with bits, which a circuit does not")
    elif kind == "Phase":
        circuit.global_phase = circuit.global_phase + _angle(op.params[0])
    elif kind == "CircBox":
        inner = from_foreign(op.get_circuit())
        circuit.global_phase = circuit.global_phase + inner.global_phase
        yield from (Instruction(each.operation, tuple(on[q] for q in each.qubits)) for each in inner)
    else:
        yield Instruction(_gate(op, kind, len(on)), on)


def _gate(op: Any, kind: str, num_qubits: int) -> Gate:
    if kind in _GATES:
        return standard(_GATES[kind], *(_angle(param) for param in op.params))
    if kind == "U2":
        return standard("u", math.pi / 2, *(_angle(param) for param in op.params))
    if kind == "CU3":
        return standard("cu", *(_angle(param) for param in op.params), 0.0)
    if kind == "CnX" and num_qubits > 1:
        return standard("x").controlled(num_qubits - 1)
    if num_qubits > _MAX_UNITARY:
        raise CircuitImportError(f"pytket's {kind} on {num_qubits} qubits is not carried; decompose it first")
    try:
        matrix = op.get_unitary()
    except Exception as exc:  # pytket raises plain RuntimeError and its own kinds
        raise CircuitImportError(f"pytket's {kind} is not carried: {exc}") from exc
    return UnitaryGate(matrix, kind)


def _angle(half_turns: Any) -> ParameterLike:
    """Half turns, a number or a sympy expression, in radians."""
    value = _expression(half_turns)
    return value * math.pi


def _expression(value: Any) -> ParameterLike:
    if isinstance(value, int | float):
        return float(value)
    if not getattr(value, "free_symbols", None):
        return float(value)
    name = type(value).__name__
    if name == "Symbol":
        return Parameter(value.name)
    inner = [_expression(arg) for arg in value.args]
    if name in ("Add", "Mul"):
        total = inner[0]
        for part in inner[1:]:
            total = total + part if name == "Add" else total * part
        return total
    if name == "Pow":
        return inner[0] ** inner[1]
    try:
        return ParameterExpression(_SYMPY.get(name, name), tuple(inner))
    except ValueError as exc:
        raise CircuitImportError(f"the angle {value} has a function that is not carried: {exc}") from exc


# To pytket


def _add(theirs: Any, instruction: Instruction, bits: list[Any], condition: dict[str, Any]) -> None:
    operation, qubits, clbits = instruction
    if isinstance(operation, Gate):
        _add_gate(theirs, operation, list(qubits), condition)
    elif isinstance(operation, Measure):
        theirs.Measure(theirs.qubits[qubits[0]], bits[clbits[0]], **condition)
    elif isinstance(operation, Reset):
        theirs.Reset(qubits[0], **condition)
    elif isinstance(operation, Barrier) and not condition:
        theirs.add_barrier(list(qubits))
    elif isinstance(operation, IfElse) and not condition:
        _add_branch(theirs, operation, bits)
    else:
        where = " under a condition" if condition else ""
        raise CircuitExportError(f"pytket cannot carry {operation.name}{where}")


def _add_branch(theirs: Any, operation: IfElse, bits: list[Any]) -> None:
    condition = operation.condition
    clbits, values, negated = condition.clbits, condition.values, condition.negated
    written = {bit for each in (*operation.then_body, *operation.else_body) for bit in each.clbits}
    if written & set(clbits):
        raise CircuitExportError("pytket cannot keep a condition on bits that are measured under it")
    everything = set(range(2 ** len(clbits))) if len(clbits) <= 6 else None
    if everything is None and (negated or operation.else_body):
        raise CircuitExportError("pytket compares bits with one value; this condition needs too many")
    holds = (everything or set()) - values if negated else set(values)
    fails = (everything or set()) - holds
    for chosen, body in ((holds, operation.then_body), (fails, operation.else_body)):
        for value in sorted(chosen):
            given = {"condition_bits": [bits[bit] for bit in clbits], "condition_value": value}
            for each in body:
                _add(theirs, each, bits, given)


def _add_gate(theirs: Any, gate: Gate, qubits: list[int], condition: dict[str, Any]) -> None:
    from pytket.circuit import OpType

    if isinstance(gate, StandardGate) and gate.name in _OURS:
        params = [_half_turns(param) for param in gate.params]
        theirs.add_gate(getattr(OpType, _OURS[gate.name]), params, qubits, **condition)
    elif isinstance(gate, StandardGate) and gate.name == "rzx":
        for name, on in (("h", qubits[1:]), ("rzz", qubits), ("h", qubits[1:])):
            _add_gate(theirs, standard(name, *gate.params[: name == "rzz"]), on, condition)
    elif isinstance(gate, StandardGate) and gate.name == "cu":
        theta, phi, lam, gamma = gate.params
        _add_gate(theirs, standard("p", gamma), qubits[:1], condition)
        theirs.add_gate(OpType.CU3, [_half_turns(p) for p in (theta, phi, lam)], qubits, **condition)
    else:
        _add_box(theirs, gate, qubits, condition)


def _add_box(theirs: Any, gate: Gate, qubits: list[int], condition: dict[str, Any]) -> None:
    from pytket.circuit import Op, OpType, QControlBox, Unitary1qBox, Unitary2qBox, Unitary3qBox

    if isinstance(gate, StandardGate) and gate.spec.base and gate.name not in _OURS:
        gate = ControlledGate(standard(gate.spec.base, *gate.params), gate.spec.num_controls)
    if isinstance(gate, ControlledGate):
        base = gate.base
        if isinstance(base, StandardGate) and base.name in _OURS:
            inner = Op.create(getattr(OpType, _OURS[base.name]), [_half_turns(p) for p in base.params])
        else:
            inner = _box(base, Unitary1qBox, Unitary2qBox, Unitary3qBox)
        box = QControlBox(inner, gate.num_controls, [bit == "1" for bit in gate.ctrl_bits])
    else:
        box = _box(gate, Unitary1qBox, Unitary2qBox, Unitary3qBox)
    theirs.add_gate(box, qubits, **condition)


def _box(gate: Gate, *kinds: Any) -> Any:
    if gate.num_qubits > len(kinds):
        raise CircuitExportError(f"pytket has no box for {gate.label} of {gate.num_qubits} qubits")
    return kinds[gate.num_qubits - 1](gate.matrix())


def _half_turns(param: ParameterLike) -> Any:
    if not isinstance(param, ParameterExpression):
        return param / math.pi
    import sympy  # type: ignore[import-untyped,import-not-found,unused-ignore]

    return _sympy(param, sympy) / sympy.Float(math.pi)


def _sympy(value: Any, sympy: Any) -> Any:
    if isinstance(value, Parameter):
        return sympy.Symbol(value.name)
    if not isinstance(value, ParameterExpression):
        return sympy.Float(value)
    args = [_sympy(operand, sympy) for operand in value.operands]
    signs = {"add": "__add__", "sub": "__sub__", "mul": "__mul__", "div": "__truediv__", "pow": "__pow__"}
    if value.operation == "neg":
        return -args[0]
    if value.operation in signs:
        return getattr(args[0], signs[value.operation])(args[1])
    back = {ours: theirs for theirs, ours in _SYMPY.items()}
    return getattr(sympy, back.get(value.operation, value.operation))(args[0])
