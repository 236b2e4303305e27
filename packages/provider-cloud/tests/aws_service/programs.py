"""Whether a device accepts an OpenQASM program, by the device's own capabilities.

Owns: `check_program`. It reads the syntax tree of AWS's own parser, so nothing of Coratrix is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from braket.default_simulator.openqasm.parser import openqasm_ast as ast
from braket.default_simulator.openqasm.parser.openqasm_parser import parse
from braket.ir.openqasm import Program

from aws_service.devices import Device


def check_program(program: Program, device: Device) -> None:
    """Raise ValueError with the reason if ``device`` would refuse ``program``."""
    tree = parse(program.source)
    for statement in _statements(tree.statements):
        _check_statement(statement, device)
    measured: set[str] = set()
    for statement in tree.statements:
        _check_order(statement, measured)
    width = sum(_size(s) for s in tree.statements if isinstance(s, ast.QubitDeclaration))
    if width > device.properties["paradigm"]["qubitCount"]:
        raise ValueError(f"{width} qubits, the device has {device.properties['paradigm']['qubitCount']}")


def _statements(block: list[Any]) -> Iterator[Any]:
    for statement in block:
        yield statement
        if isinstance(statement, ast.Box):
            yield from _statements(statement.body)


def _check_statement(statement: Any, device: Device) -> None:
    action = device.action
    if isinstance(statement, (ast.BranchingStatement, ast.WhileLoop, ast.ForInLoop, ast.QuantumReset)):
        raise ValueError(f"{type(statement).__name__} is not supported by {device.name}")
    if isinstance(statement, ast.QuantumGate):
        name = statement.name.name
        if name.lower() not in {operation.lower() for operation in action["supportedOperations"]}:
            raise ValueError(f"gate {name} is not supported by {device.name}")
    if isinstance(statement, ast.QuantumPhase) and "GPhase" not in action["supportedOperations"]:
        raise ValueError(f"gphase is not supported by {device.name}")
    for modifier in getattr(statement, "modifiers", None) or ():
        if modifier.modifier.name not in {one["name"] for one in action["supportedModifiers"]}:
            raise ValueError(f"modifier {modifier.modifier.name} is not supported by {device.name}")
    if isinstance(statement, ast.Pragma):
        _check_pragma(statement.command, action, device.name)


def _check_pragma(command: str, action: dict[str, Any], name: str) -> None:
    words = command.removeprefix("braket ").split()
    if words[0].startswith("verbatim"):
        pragma = "verbatim"
    elif words[0].startswith("unitary"):
        pragma = "braket_unitary_matrix"
    elif words[0] == "noise":
        pragma = f"braket_noise_{words[1].partition('(')[0]}"
    else:
        pragma = f"braket_result_type_{words[1].partition('(')[0]}"
    if pragma not in action["supportedPragmas"]:
        raise ValueError(f"pragma {pragma} is not supported by {name}")


def _check_order(statement: Any, measured: set[str]) -> None:
    """No gate and no second measurement on a qubit that was measured."""
    if isinstance(statement, ast.QuantumMeasurementStatement):
        qubits = [_text(statement.measure.qubit)]
    elif isinstance(statement, ast.QuantumGate):
        qubits = [_text(qubit) for qubit in statement.qubits]
    else:
        return
    if again := measured.intersection(qubits):
        raise ValueError(
            f"{sorted(again)} used after its measurement: mid-circuit measurement is not supported"
        )
    if isinstance(statement, ast.QuantumMeasurementStatement):
        measured.update(qubits)


def _text(qubit: Any) -> str:
    if isinstance(qubit, ast.IndexedIdentifier):
        return f"{qubit.name.name}[{qubit.indices[0][0].value}]"
    return str(qubit.name)


def _size(declaration: ast.QubitDeclaration) -> int:
    return 1 if declaration.size is None else int(declaration.size.value)
