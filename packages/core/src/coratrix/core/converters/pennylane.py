"""Turns PennyLane tapes into ours and ours into PennyLane's.

Owns: names of operators, wires, measurement values. Goes operator by operator, since PennyLane's own OpenQASM
export leaves the global phase out. Knows nothing of devices and backends.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError, CircuitImportError, CoratrixError
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate, standard
from coratrix.core.operations import Barrier, Condition, Instruction, Measure

_GATES: Final = {
    "Identity": "id", "PauliX": "x", "PauliY": "y", "PauliZ": "z", "Hadamard": "h", "S": "s", "T": "t",
    "SX": "sx", "PhaseShift": "p", "U1": "p", "U3": "u", "RX": "rx", "RY": "ry", "RZ": "rz", "CNOT": "cx",
    "CY": "cy", "CZ": "cz", "CH": "ch", "ControlledPhaseShift": "cp", "CPhase": "cp", "CRX": "crx",
    "CRY": "cry", "CRZ": "crz", "SWAP": "swap", "ISWAP": "iswap", "ECR": "ecr", "IsingXX": "rxx",
    "IsingYY": "ryy", "IsingZZ": "rzz", "Toffoli": "ccx", "CCZ": "ccz", "CSWAP": "cswap",
}  # fmt: skip
_OURS: Final = {ours: theirs for theirs, ours in _GATES.items() if theirs not in ("U1", "CPhase")}
_COUNTED: Final = ("CountsMP", "SampleMP", "ProbabilityMP")
_AS_THEY_ARE: Final = ("U2", "Barrier", "GlobalPhase", "MidMeasure", "MidMeasureMP", "Conditional")
_ADJOINTS: Final = ("Adjoint", "AdjointOperation")
_MAX_MATRIX_WIRES: Final = 3
_MAX_DEPTH: Final = 50


def from_foreign(tape: Any) -> QuantumCircuit:
    """Our circuit for a PennyLane tape (a ``QuantumScript``).

    Wires that are whole numbers keep them; others are numbered in the order of the tape. Measurements in
    mid-circuit get one register of one bit each, ``m0``, ``m1``, …; ``counts``, ``sample`` and ``probs`` of
    wires become measurements into a register ``meas`` at the end.

    Raises:
        CircuitImportError: the tape measures observables, postselects, or has operators that are not carried.
    """
    return _Reader(tape).circuit


class _Reader:
    def __init__(self, tape: Any) -> None:
        self.wires = _numbers(tape.wires)
        self.bits: dict[Any, int] = {}
        self.circuit = QuantumCircuit(max(self.wires.values(), default=0) + 1, "tape")
        for operator in tape.operations:
            for instruction in self.instructions(operator):
                self.circuit.append(instruction)
        self.finish(tape.measurements)

    def on(self, operator: Any) -> tuple[int, ...]:
        return tuple(self.wires[wire] for wire in operator.wires)

    def instructions(self, operator: Any, depth: int = 0) -> list[Instruction]:
        name = type(operator).__name__
        if name in ("MidMeasure", "MidMeasureMP"):
            return self.mid_measure(operator)
        if name == "Conditional":
            return self.conditional(operator)
        if name == "Barrier":
            wires = self.on(operator) or tuple(range(self.circuit.num_qubits))
            return [Instruction(Barrier(len(wires)), wires)]
        if name == "GlobalPhase":
            self.circuit.global_phase = self.circuit.global_phase - float(operator.parameters[0])
            return []
        if name == "Identity":
            return [Instruction(standard("id"), (qubit,)) for qubit in self.on(operator)]
        if hasattr(operator, "kraus_matrices"):
            return [_channel(operator, self.on(operator))]
        gate = _gate(operator)
        if gate is not None:
            return [Instruction(gate, self.on(operator))]
        if not operator.has_decomposition or depth > _MAX_DEPTH:
            raise CircuitImportError(f"PennyLane's {operator.name} has no matrix and no decomposition")
        return [each for part in operator.decomposition() for each in self.instructions(part, depth + 1)]

    def mid_measure(self, operator: Any) -> list[Instruction]:
        if operator.postselect is not None:
            raise CircuitImportError("a tape that postselects is not carried: no backend promises outcomes")
        bit = self.circuit.add_register(f"m{len(self.bits)}", 1)[0]
        self.bits[_identity(operator)] = bit
        qubits = self.on(operator)
        after = QuantumCircuit(self.circuit.num_qubits, registers=self.circuit.registers)
        after.measure(qubits[0], bit)
        if operator.reset:
            after.reset(qubits[0])
        return list(after)

    def conditional(self, operator: Any) -> list[Instruction]:
        value = operator.meas_val
        bits = [self.bits[_identity(measurement)] for measurement in value.measurements]
        # PennyLane's first measurement is the most significant in its own order; ours is the least
        values = []
        for reading in range(2 ** len(bits)):
            outcomes = tuple(reading >> k & 1 for k in range(len(bits)))
            if bool(value.processing_fn(*outcomes)):
                values.append(reading)
        phase = self.circuit.global_phase
        body = self.instructions(operator.base)
        self.circuit.global_phase = phase  # inside a branch nothing can observe it
        holder = QuantumCircuit(self.circuit.num_qubits, registers=self.circuit.registers)
        inner = holder.copy()
        for instruction in body:
            inner.append(instruction)
        return list(holder.if_test(Condition(bits, values), inner))

    def finish(self, measurements: Iterable[Any]) -> None:
        measured: list[int] = []
        for measurement in measurements:
            kind = type(measurement).__name__
            if kind not in _COUNTED or measurement.obs is not None:
                raise CircuitImportError(
                    f"the tape ends in {kind}, which is no measurement of wires; end it in counts()"
                )
            if getattr(measurement, "mv", None) is not None:
                continue  # the values of mid-circuit measurements are in their registers already
            wires = [self.wires[wire] for wire in measurement.wires] or list(range(self.circuit.num_qubits))
            measured += [wire for wire in wires if wire not in measured]
        if measured:
            self.circuit.measure(measured, self.circuit.add_register("meas", len(measured)))


def is_carried(operator: Any) -> bool:
    """Whether an operator becomes an instruction as it is, without PennyLane's decomposition of it."""
    name, base = type(operator).__name__, getattr(operator, "base", None)
    if name in _GATES or name in _AS_THEY_ARE or hasattr(operator, "kraus_matrices"):
        return True
    if base is not None and (hasattr(operator, "control_values") or name in _ADJOINTS):
        return is_carried(base) and not hasattr(base, "kraus_matrices")
    return bool(operator.has_matrix) and len(operator.wires) <= _MAX_MATRIX_WIRES


def _numbers(wires: Iterable[Hashable]) -> dict[Hashable, int]:
    labels = list(wires)
    if all(isinstance(label, int) and label >= 0 for label in labels):
        return {label: int(label) for label in labels}  # type: ignore[call-overload]
    return {label: k for k, label in enumerate(labels)}


def _identity(measurement: Any) -> Any:
    """What tells one mid-circuit measurement from another: releases differ in the attribute's name."""
    return getattr(measurement, "meas_uid", None) or getattr(measurement, "id", None) or id(measurement)


def _channel(operator: Any, qubits: tuple[int, ...]) -> Instruction:
    from coratrix.core.noise import Channel
    from coratrix.core.operations import ChannelOp

    return Instruction(ChannelOp(Channel.from_kraus(operator.kraus_matrices())), qubits)


def _gate(operator: Any) -> Gate | None:
    """The gate for an operator, or None where its decomposition is to be used."""
    name = type(operator).__name__
    base = getattr(operator, "base", None)
    try:
        if name in _GATES:
            return standard(_GATES[name], *map(float, operator.parameters))
        if name == "U2":
            return standard("u", math.pi / 2, *map(float, operator.parameters))
        if base is not None and hasattr(operator, "control_values"):
            inner = _gate(base)
            states = "".join("1" if value else "0" for value in operator.control_values)
            return None if inner is None else inner.controlled(len(states), states)
        if base is not None and name in _ADJOINTS:
            inner = _gate(base)
            return None if inner is None else inner.inverse()
        is_small = len(operator.wires) <= _MAX_MATRIX_WIRES
        if operator.has_matrix and (is_small or not operator.has_decomposition):
            return UnitaryGate(operator.matrix(), operator.name)
    except CoratrixError:
        raise
    except (TypeError, ValueError) as exc:
        raise CircuitImportError(f"PennyLane's {operator.name} needs plain numbers: {exc}") from exc
    return None


def to_foreign(circuit: QuantumCircuit) -> Any:
    """A PennyLane tape for our circuit of gates, barriers and final measurements.

    Measured qubits become ``counts`` of those wires, in the order of the classical bits.

    Raises:
        CircuitExportError: it has open parameters, mid-circuit measurement, reset, delays or control flow.
    """
    import pennylane as qml  # type: ignore[import-untyped,import-not-found,unused-ignore]

    if circuit.parameters:
        names = ", ".join(sorted(parameter.name for parameter in circuit.parameters))
        raise CircuitExportError(f"a tape has numbers only: bind {names} first")
    operators = [qml.GlobalPhase(-float(circuit.global_phase))] if circuit.global_phase != 0 else []
    measured: dict[int, int] = {}
    for instruction in circuit:
        operation, qubits, clbits = instruction
        if isinstance(operation, Measure):
            measured[clbits[0]] = qubits[0]
        elif set(qubits) & set(measured.values()) and not isinstance(operation, Barrier):
            raise CircuitExportError("a tape from here has its measurements at the end; this circuit goes on")
        else:
            operators.append(_operator(operation, qubits, qml))
    wires = [measured[bit] for bit in sorted(measured)]
    if len(set(wires)) != len(wires):
        raise CircuitExportError("a qubit is measured twice; a tape from here measures each once")
    return qml.tape.QuantumScript(operators, [qml.counts(wires=wires)] if wires else [])


def _operator(operation: Any, qubits: tuple[int, ...], qml: Any) -> Any:
    if isinstance(operation, Barrier):
        return qml.Barrier(wires=list(qubits))
    if isinstance(operation, ControlledGate):
        count = operation.num_controls
        base = _operator(operation.base, qubits[count:], qml)
        values = [bit == "1" for bit in operation.ctrl_bits]
        return qml.ctrl(base, control=list(qubits[:count]), control_values=values)
    if isinstance(operation, StandardGate):
        return _named(operation, qubits, qml)
    if isinstance(operation, UnitaryGate):
        return qml.QubitUnitary(operation.matrix(), wires=list(qubits))
    raise CircuitExportError(f"a tape from here cannot carry {operation.name}")


def _named(gate: StandardGate, qubits: tuple[int, ...], qml: Any) -> Any:
    wires = list(qubits)
    if gate.name in _OURS:
        return getattr(qml, _OURS[gate.name])(*gate.params, wires=wires)
    daggers: Mapping[str, str] = {"sdg": "S", "tdg": "T", "sxdg": "SX"}
    if gate.name in daggers:
        return qml.adjoint(getattr(qml, daggers[gate.name])(wires=wires))
    if gate.spec.base:
        inner = standard(gate.spec.base, *gate.params)
        return _operator(ControlledGate(inner, gate.spec.num_controls), qubits, qml)
    return qml.QubitUnitary(gate.matrix(), wires=wires)
