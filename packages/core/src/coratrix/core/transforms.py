"""Owns what is done to instructions one by one: move, invert, bind; and the longest path through them.

Knows instructions and their bodies; nothing of the circuit class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from coratrix.core.errors import CircuitError
from coratrix.core.gate import Gate
from coratrix.core.operations import (
    Barrier,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Operation,
    WhileLoop,
    bodies,
)
from coratrix.core.parameters import Parameter


def moved(instruction: Instruction, qubits: Sequence[int], clbits: Sequence[int]) -> Instruction:
    """The instruction on other qubits and bits: qubit ``k`` becomes ``qubits[k]``."""
    operation = instruction.operation
    if isinstance(operation, IfElse | WhileLoop):
        condition = operation.condition.moved(clbits)
        inner = _with_bodies(operation, lambda each: moved(each, qubits, clbits))
        return _placed(replace(inner, condition=condition))
    return Instruction(
        operation,
        tuple(qubits[qubit] for qubit in instruction.qubits),
        tuple(clbits[clbit] for clbit in instruction.clbits),
    )


def inverted(instruction: Instruction, position: int) -> Instruction:
    """The instruction that undoes this one, which stands at ``position`` of its circuit."""
    operation = instruction.operation
    if isinstance(operation, Gate):
        return instruction._replace(operation=operation.inverse())
    if isinstance(operation, Barrier | Delay):
        return instruction
    raise CircuitError(f"instruction {position}, {operation.name}, has no inverse")


def bound(instruction: Instruction, values: Mapping[Any, float]) -> Instruction:
    """The instruction with numbers in place of parameters."""
    operation = instruction.operation
    if isinstance(operation, Gate):
        if not operation.params:
            return instruction
        return instruction._replace(operation=operation.bind(values))
    if isinstance(operation, IfElse | WhileLoop):
        return instruction._replace(operation=_with_bodies(operation, lambda each: bound(each, values)))
    return instruction


def longest_path(instructions: Iterable[Instruction]) -> int:
    """The number of operations on the longest chain that shares qubits or bits, barriers not counted."""
    level: dict[tuple[str, int], int] = {}
    for operation, qubits, clbits in instructions:
        wires = [("q", qubit) for qubit in qubits] + [("c", clbit) for clbit in clbits]
        step = 0 if isinstance(operation, Barrier) else 1
        reached = step + max((level.get(wire, 0) for wire in wires), default=0)
        level.update(dict.fromkeys(wires, reached))
    return max(level.values(), default=0)


def walk(instructions: Iterable[Instruction]) -> Iterator[Instruction]:
    """Every instruction, those of bodies after the one that holds them."""
    for instruction in instructions:
        yield instruction
        for body in bodies(instruction.operation):
            yield from walk(body)


def measure_something(instructions: Iterable[Instruction]) -> bool:
    """Whether one of them, or of those in their bodies, is a measurement."""
    for instruction in instructions:
        operation = instruction.operation
        if isinstance(operation, Measure) or any(map(measure_something, bodies(operation))):
            return True
    return False


def open_parameters(instructions: Iterable[Instruction]) -> frozenset[Parameter]:
    """The parameters of all gates that still have no number."""
    found: set[Parameter] = set()
    for instruction in instructions:
        operation = instruction.operation
        if type(operation) is Measure:  # most are, and `Gate` is slow to say no
            continue
        if isinstance(operation, Gate):
            if operation.params:
                found |= operation.parameters
        else:
            for body in bodies(operation):
                found |= open_parameters(body)
    return frozenset(found)


def _with_bodies(operation: IfElse | WhileLoop, change: Any) -> IfElse | WhileLoop:
    if isinstance(operation, IfElse):
        return replace(
            operation,
            then_body=tuple(change(each) for each in operation.then_body),
            else_body=tuple(change(each) for each in operation.else_body),
        )
    return replace(operation, body=tuple(change(each) for each in operation.body))


def _placed(operation: Operation) -> Instruction:
    assert isinstance(operation, IfElse | WhileLoop)
    return Instruction(operation, operation.qubits, operation.clbits)
