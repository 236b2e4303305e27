"""Conditions on classical bits between ours (a set of values of some bits) and Qiskit's.

Owns: both directions, and the evaluation of Qiskit's classical expressions. Pure.
Knows nothing of: gates, bodies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitImportError
from coratrix.core.operations import Condition

MAX_TABLE_BITS = 16


def to_qiskit(condition: Condition, circuit: QuantumCircuit, target: Any) -> Any:
    """Qiskit's form: ``(register, value)`` or ``(bit, value)`` where that says it, else an expression.

    Args:
        circuit: ours, for its registers.
        target: the Qiskit circuit whose bits are meant.
    """
    values = sorted(condition.values)
    if len(condition.clbits) == 1 and len(values) == 1:
        return target.clbits[condition.clbits[0]], bool(values[0]) is not condition.negated
    register = next((r for r in circuit.registers if r.bits == condition.clbits), None)
    if register is not None and len(values) == 1 and not condition.negated:
        return target.cregs[circuit.registers.index(register)], values[0]
    return _expression(condition, values, target)


def _expression(condition: Condition, values: list[int], target: Any) -> Any:
    """An or of ands of bits."""
    from qiskit.circuit.classical import expr, types

    bits = [target.clbits[bit] for bit in condition.clbits]
    claim: Any = expr.Value(False, types.Bool())
    for number, value in enumerate(values):
        reading: Any = None
        for place, bit in enumerate(bits):
            one = expr.lift(bit) if value >> place & 1 else expr.logic_not(expr.lift(bit))
            reading = one if reading is None else expr.logic_and(reading, one)
        claim = reading if number == 0 else expr.logic_or(claim, reading)
    return expr.logic_not(claim) if condition.negated else claim


def from_qiskit(condition: Any, places: Mapping[Any, int]) -> Condition:
    """Our form of a Qiskit condition; ``places`` gives each of its bits our flat number."""
    from qiskit.circuit import ClassicalRegister, Clbit

    if isinstance(condition, tuple):
        what, value = condition
        bits = [what] if isinstance(what, Clbit) else list(what)
        return Condition([places[bit] for bit in bits], [int(value)])
    if isinstance(condition, (Clbit, ClassicalRegister)):
        raise CircuitImportError("a bare bit or register is no condition")
    return table(condition, places, lambda value: bool(value))


def table(expression: Any, places: Mapping[Any, int], holds: Callable[[int], bool]) -> Condition:
    """The readings of the bits in ``expression`` for which its value satisfies ``holds``."""
    bits = _bits_of(expression)
    if len(bits) > MAX_TABLE_BITS:
        raise CircuitImportError(
            f"a condition reads {len(bits)} bits; at most {MAX_TABLE_BITS} can be carried"
        )
    if not bits:
        raise CircuitImportError("a condition that reads no classical bit cannot be carried")
    values = [
        value
        for value in range(2 ** len(bits))
        if holds(_value(expression, {bit: value >> place & 1 for place, bit in enumerate(bits)}))
    ]
    return Condition([places[bit] for bit in bits], values)


def _bits_of(expression: Any) -> list[Any]:
    """The classical bits that an expression reads, each once."""
    from qiskit.circuit import ClassicalRegister, Clbit
    from qiskit.circuit.classical import expr

    found: dict[Any, None] = {}
    for variable in expr.iter_vars(expression):
        if isinstance(variable.var, Clbit):
            found[variable.var] = None
        elif isinstance(variable.var, ClassicalRegister):
            found.update(dict.fromkeys(variable.var))
        else:
            raise CircuitImportError(f"the classical variable {variable.name!r} cannot be carried")
    return list(found)


def _value(node: Any, bits: Mapping[Any, int]) -> int:
    """The value of a classical expression where the bits read so."""
    from qiskit.circuit import Clbit
    from qiskit.circuit.classical import expr

    if isinstance(node, expr.Value):
        return int(node.value)
    if isinstance(node, expr.Var):
        if isinstance(node.var, Clbit):
            return bits[node.var]
        return sum(bits[bit] << place for place, bit in enumerate(node.var))
    if isinstance(node, expr.Cast):
        return _truncated(_value(node.operand, bits), node.type)
    if isinstance(node, expr.Unary):
        return _unary(node, _value(node.operand, bits))
    if isinstance(node, expr.Binary):
        return _binary(node, _value(node.left, bits), _value(node.right, bits))
    if isinstance(node, expr.Index):
        return _value(node.target, bits) >> _value(node.index, bits) & 1
    raise CircuitImportError(f"a condition with {type(node).__name__} cannot be carried")


def _truncated(value: int, kind: Any) -> int:
    width = getattr(kind, "width", None)
    return int(bool(value)) if width is None else value & ((1 << width) - 1)


def _unary(node: Any, operand: int) -> int:
    if node.op.name == "LOGIC_NOT":
        return int(not operand)
    if node.op.name == "BIT_NOT":
        return _truncated(~operand, node.type) if hasattr(node.type, "width") else int(not operand)
    raise CircuitImportError(f"a condition with {node.op.name} cannot be carried")


_BINARY: dict[str, Callable[[int, int], int]] = {
    "BIT_AND": lambda a, b: a & b,
    "BIT_OR": lambda a, b: a | b,
    "BIT_XOR": lambda a, b: a ^ b,
    "LOGIC_AND": lambda a, b: int(bool(a) and bool(b)),
    "LOGIC_OR": lambda a, b: int(bool(a) or bool(b)),
    "EQUAL": lambda a, b: int(a == b),
    "NOT_EQUAL": lambda a, b: int(a != b),
    "LESS": lambda a, b: int(a < b),
    "LESS_EQUAL": lambda a, b: int(a <= b),
    "GREATER": lambda a, b: int(a > b),
    "GREATER_EQUAL": lambda a, b: int(a >= b),
    "SHIFT_LEFT": lambda a, b: a << b,
    "SHIFT_RIGHT": lambda a, b: a >> b,
    "ADD": lambda a, b: a + b,
    "SUB": lambda a, b: a - b,
    "MUL": lambda a, b: a * b,
}


def _binary(node: Any, left: int, right: int) -> int:
    operation = _BINARY.get(node.op.name)
    if operation is None:
        raise CircuitImportError(f"a condition with {node.op.name} cannot be carried")
    return _truncated(operation(left, right), node.type)
