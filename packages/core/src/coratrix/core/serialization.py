"""Owns the JSON form of circuits and gates, and its schema version.

    {"schema_version": 1, "name": …, "num_qubits": 2, "registers": [["c", 2]], "global_phase": 0.0,
     "metadata": {}, "instructions": [{"op": "rx", "params": [0.3], "qubits": [0]}, …]}

A parameter is ``{"parameter": name}``, an expression ``{"expression": [operation, operand, …]}``, a complex
number a pair. Reading checks everything, since the text may come from anywhere.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from coratrix.core.errors import CircuitError, CoratrixError
from coratrix.core.gate import ControlledGate, Gate, UnitaryGate, standard
from coratrix.core.gate_table import GATES
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Condition,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Operation,
    Reset,
    WhileLoop,
)
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike

if TYPE_CHECKING:
    from coratrix.core.circuit import QuantumCircuit

SCHEMA_VERSION: Final = 1


def dumps(circuit: QuantumCircuit) -> str:
    """The circuit as JSON text."""
    return json.dumps(circuit_to_dict(circuit), allow_nan=False, separators=(",", ":"))


def loads(text: str) -> QuantumCircuit:
    """The circuit of a JSON text.

    Raises:
        CircuitError: the text is not JSON, or not a circuit that makes sense.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise CircuitError(f"this is not the JSON text of a circuit: {exc}") from exc
    return circuit_from_dict(data)


def canonical(circuit: QuantumCircuit) -> str:
    """One text for all equal circuits: what equality looks at, keys sorted, no spaces."""
    data = circuit_to_dict(circuit)
    del data["name"], data["metadata"]
    return json.dumps(data, sort_keys=True, allow_nan=False, separators=(",", ":"))


def circuit_to_dict(circuit: QuantumCircuit) -> dict[str, Any]:
    """The circuit as JSON types."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": circuit.name,
        "num_qubits": circuit.num_qubits,
        "registers": [[register.name, register.size] for register in circuit.registers],
        "global_phase": _param_to_json(circuit.global_phase),
        "metadata": dict(circuit.metadata),
        "instructions": [_instruction_to_dict(instruction) for instruction in circuit],
    }


def circuit_from_dict(data: Mapping[str, Any]) -> QuantumCircuit:
    """The circuit of JSON types, everything checked."""
    from coratrix.core.circuit import QuantumCircuit

    version = data.get("schema_version") if isinstance(data, Mapping) else None
    if version != SCHEMA_VERSION:
        raise CircuitError(f"the circuit's schema_version is {version!r}; this reads {SCHEMA_VERSION}")
    try:
        circuit = QuantumCircuit(
            data["num_qubits"],
            data["name"],
            registers=[(name, size) for name, size in data["registers"]],
            global_phase=_param_from_json(data["global_phase"]),
            metadata=data["metadata"],
        )
        for item in data["instructions"]:
            circuit.append(_instruction_from_dict(item))
    except CoratrixError:
        raise
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError) as exc:
        raise CircuitError(f"the JSON of this circuit is broken: {type(exc).__name__}: {exc}") from exc
    return circuit


def _instruction_to_dict(instruction: Instruction) -> dict[str, Any]:
    data = _operation_to_dict(instruction.operation)
    data["qubits"] = list(instruction.qubits)
    if instruction.clbits:
        data["clbits"] = list(instruction.clbits)
    return data


def _instruction_from_dict(data: Mapping[str, Any]) -> Instruction:
    return Instruction(_operation_from_dict(data), tuple(data["qubits"]), tuple(data.get("clbits", ())))


def _operation_to_dict(operation: Operation) -> dict[str, Any]:
    if isinstance(operation, Gate):
        return _gate_to_dict(operation)
    data: dict[str, Any] = {"op": operation.name}
    if isinstance(operation, Delay):
        data["duration_s"] = operation.duration_s
    elif isinstance(operation, ChannelOp):
        from coratrix.core.noise import channel_to_dict

        data["channel"] = channel_to_dict(operation.channel)
    elif isinstance(operation, IfElse):
        data |= {
            "condition": _condition_to_dict(operation.condition),
            "then": [_instruction_to_dict(each) for each in operation.then_body],
            "else": [_instruction_to_dict(each) for each in operation.else_body],
        }
    elif isinstance(operation, WhileLoop):
        data |= {
            "condition": _condition_to_dict(operation.condition),
            "body": [_instruction_to_dict(each) for each in operation.body],
            "max_iterations": operation.max_iterations,
        }
    return data


def _operation_from_dict(data: Mapping[str, Any]) -> Operation:
    name = data["op"]
    if name in GATES or name in ("unitary", "controlled"):
        return _gate_from_dict(data)
    if name in _SIMPLE:
        return _SIMPLE[name]
    if name == "barrier":
        return Barrier(len(data["qubits"]))
    if name == "delay":
        return Delay(data["duration_s"])
    if name == "channel":
        from coratrix.core.noise import channel_from_dict

        return ChannelOp(channel_from_dict(data["channel"]))
    if name == "if_else":
        return IfElse(_condition_from_dict(data["condition"]), _body(data["then"]), _body(data["else"]))
    if name == "while_loop":
        return WhileLoop(_condition_from_dict(data["condition"]), _body(data["body"]), data["max_iterations"])
    raise CircuitError(f"the JSON of this circuit names an unknown operation, {name!r}")


_SIMPLE: Final[Mapping[str, Operation]] = {"measure": Measure(), "reset": Reset()}


def _body(items: list[Any]) -> tuple[Instruction, ...]:
    return tuple(_instruction_from_dict(item) for item in items)


def _gate_to_dict(gate: Gate) -> dict[str, Any]:
    data: dict[str, Any] = {"op": gate.name}
    if isinstance(gate, UnitaryGate):
        data["matrix"] = [[[z.real + 0.0, z.imag + 0.0] for z in row] for row in gate.matrix().tolist()]
        if gate.given_label:
            data["label"] = gate.given_label
    elif isinstance(gate, ControlledGate):
        data |= {"base": _gate_to_dict(gate.base), "ctrl_state": gate.ctrl_bits}
    elif gate.params:
        data["params"] = [_param_to_json(param) for param in gate.params]
    return data


def _gate_from_dict(data: Mapping[str, Any]) -> Gate:
    name = data["op"]
    if name == "unitary":
        rows = [[complex(re, im) for re, im in row] for row in data["matrix"]]
        return UnitaryGate(np.array(rows), data.get("label"))
    if name == "controlled":
        return ControlledGate(_gate_from_dict(data["base"]), len(data["ctrl_state"]), data["ctrl_state"])
    if name not in GATES:
        raise CircuitError(f"the JSON of this circuit names an unknown gate, {name!r}")
    return standard(name, *(_param_from_json(param) for param in data.get("params", ())))


def _condition_to_dict(condition: Condition) -> dict[str, Any]:
    return {
        "clbits": list(condition.clbits),
        "values": sorted(condition.values),
        "negated": condition.negated,
    }


def _condition_from_dict(data: Mapping[str, Any]) -> Condition:
    return Condition(data["clbits"], data["values"], data["negated"])


def _param_to_json(param: Any) -> Any:
    if isinstance(param, Parameter):
        return {"parameter": param.name}
    if isinstance(param, ParameterExpression):
        return {"expression": [param.operation, *(_param_to_json(arg) for arg in param.operands)]}
    return param


def _param_from_json(data: Any) -> ParameterLike:
    if not isinstance(data, Mapping):
        return data  # type: ignore[no-any-return]  # the gate checks that it is a finite number
    if "parameter" in data:
        return Parameter(data["parameter"])
    operation, *operands = data["expression"]
    return ParameterExpression(operation, tuple(_param_from_json(each) for each in operands))
