"""Cirq's circuits as ours.

Owns: the walk over operations; qubits, registers and conditions. Knows nothing of: devices and services.
Qubits are numbered in Cirq's own order (sorted), so that state vectors and counts agree. Each measurement key
becomes a register of its name; a circuit that Coratrix converted gets its registers back.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitError, CircuitImportError
from coratrix.core.operations import ChannelOp, Condition, Delay, IfElse, Instruction, Measure, Reset
from coratrix.core.parameters import ParameterLike

from .gates_from_cirq import gates_of
from .measurement_keys import Layout, bit_keys, clbit_of_key

if TYPE_CHECKING:
    import cirq

_MAX_CONDITION_BITS = 12


@dataclass(frozen=True, kw_only=True)
class Imported:
    """A circuit of ours, with the flat bits of each of Cirq's keys in the order of its qubits."""

    circuit: QuantumCircuit
    bits_of_key: dict[str, tuple[int, ...]]


def from_cirq(circuit: cirq.AbstractCircuit) -> Imported:
    """``circuit`` as ours, with the same unitary, phase included.

    Raises:
        CircuitImportError: naming the operation that Coratrix cannot carry.
    """
    try:
        return _Reader(circuit).read()
    except CircuitImportError:
        raise
    except CircuitError as exc:
        raise CircuitImportError(str(exc)) from exc


class _Reader:
    """One conversion."""

    def __init__(self, circuit: cirq.AbstractCircuit) -> None:
        self._source = _unrolled(circuit)
        self._layout = Layout.read(circuit)
        self._qubits = self._ordered_qubits()
        self._bits: dict[str, tuple[int, ...]] = {}
        self._phase: ParameterLike = 0.0
        self._circuit = QuantumCircuit(max(1, len(self._qubits)))

    def read(self) -> Imported:
        self._declare_registers()
        for operation in self._source.all_operations():
            for instruction in self._instructions(operation):
                self._circuit.append(instruction)
        self._circuit.global_phase = self._phase
        return Imported(circuit=self._circuit, bits_of_key=self._bits)

    # --- qubits and bits ------------------------------------------------------------------------------------

    def _ordered_qubits(self) -> dict[cirq.Qid, int]:
        import cirq

        qubits = sorted(self._source.all_qubits())
        line = cirq.LineQubit.range(self._layout.num_qubits) if self._layout else []
        if self._layout and set(qubits) <= set(line):
            qubits = list(line)
        return {qubit: index for index, qubit in enumerate(qubits)}

    def _declare_registers(self) -> None:
        measured = self._measured_keys()
        ours = bit_keys(self._layout.registers) if self._layout else []
        if self._layout and all(clbit_of_key(key, ours) is not None for key in measured):
            for name, size in self._layout.registers:
                self._circuit.add_register(name, size)
            self._bits = {key: (_known(clbit_of_key(key, ours)),) for key in measured}
            return
        for key, size in measured.items():
            self._bits[key] = self._circuit.add_register(key, size).bits

    def _measured_keys(self) -> dict[str, int]:
        import cirq

        sizes: dict[str, int] = {}
        for operation in self._source.all_operations():
            for key in sorted(map(str, cirq.measurement_key_objs(operation))):
                if key in sizes:
                    raise CircuitImportError(
                        f"key {key!r} is measured more than once, and Cirq would keep every outcome; "
                        "give each measurement a key of its own"
                    )
                sizes[key] = len(operation.qubits)
        return sizes

    # --- operations -----------------------------------------------------------------------------------------

    def _instructions(self, operation: cirq.Operation) -> Sequence[Instruction]:
        import cirq

        plain = operation.untagged
        if isinstance(plain, cirq.ClassicallyControlledOperation):
            return self._conditional(plain)
        gate, qubits = plain.gate, tuple(self._qubits[qubit] for qubit in plain.qubits)
        if cirq.is_measurement(plain):
            return self._measurement(plain, qubits)
        if isinstance(gate, cirq.ResetChannel):
            return [Instruction(Reset(), qubits)]
        if isinstance(gate, cirq.WaitGate):
            return self._wait(gate, qubits)
        if not _is_pure(plain):
            return [Instruction(ChannelOp(_channel(plain)), qubits)]
        return self._gates(plain, qubits)

    def _gates(self, operation: cirq.Operation, qubits: tuple[int, ...]) -> list[Instruction]:
        listed = gates_of(operation)
        if listed.phase:
            self._phase = self._phase + listed.phase
        return [Instruction(gate, tuple(qubits[k] for k in positions)) for gate, positions in listed.gates]

    def _measurement(self, operation: cirq.Operation, qubits: tuple[int, ...]) -> list[Instruction]:
        import cirq

        from coratrix.core.gate import standard

        gate = operation.gate
        if isinstance(gate, cirq.PauliMeasurementGate):
            return self._decomposed(operation)
        if not isinstance(gate, cirq.MeasurementGate):
            raise CircuitImportError(f"{operation} measures in a way that Coratrix does not have")
        if gate.confusion_map:
            raise CircuitImportError(
                f"{operation} has a confusion map; put the readout error into a noise model"
            )
        flips = [
            Instruction(standard("x"), (qubit,))
            for qubit, flip in zip(qubits, gate.full_invert_mask(), strict=True)
            if flip
        ]
        reads = [
            Instruction(Measure(), (qubit,), (clbit,))
            for qubit, clbit in zip(qubits, self._bits[str(gate.mkey)], strict=True)
        ]
        return [*flips, *reads, *flips]

    def _decomposed(self, operation: cirq.Operation) -> list[Instruction]:
        import cirq

        parts = cirq.decompose_once(operation)
        return [instruction for part in parts for instruction in self._instructions(part)]

    def _wait(self, gate: Any, qubits: tuple[int, ...]) -> list[Instruction]:
        import cirq

        if cirq.is_parameterized(gate):
            raise CircuitImportError(f"{gate} waits for a time that has no number yet")
        duration_s = float(gate.duration.total_picos()) * 1e-12
        return [Instruction(Delay(duration_s), (qubit,)) for qubit in qubits]

    def _conditional(self, operation: cirq.ClassicallyControlledOperation) -> list[Instruction]:
        import cirq

        inner = operation.without_classical_controls()
        phase = self._phase
        body = tuple(self._instructions(inner))
        self._phase = phase  # a phase of one branch cannot be seen
        conditions = [self._condition(claim) for claim in operation.classical_controls]
        for condition in conditions:
            branch = IfElse(condition, body)
            body = (Instruction(branch, branch.qubits, branch.clbits),)
        return list(body) if cirq.num_qubits(inner) else []

    def _condition(self, claim: cirq.Condition) -> Condition:
        """Any of Cirq's conditions, by asking it for every reading of its bits."""
        import cirq

        keys = sorted(claim.keys, key=str)
        unknown = [str(key) for key in keys if str(key) not in self._bits]
        if unknown:
            raise CircuitImportError(
                f"the condition {claim} reads {', '.join(unknown)}, which nothing measures"
            )
        clbits = [clbit for key in keys for clbit in self._bits[str(key)]]
        if len(clbits) > _MAX_CONDITION_BITS:
            raise CircuitImportError(f"the condition {claim} reads more than {_MAX_CONDITION_BITS} bits")
        values = []
        for bits in itertools.product((0, 1), repeat=len(clbits)):
            store, rest = cirq.ClassicalDataDictionaryStore(), list(bits)
            for key in keys:
                size = len(self._bits[str(key)])
                store.record_measurement(key, rest[:size], cirq.LineQubit.range(size))
                rest = rest[size:]
            if claim.resolve(store):
                values.append(sum(bit << place for place, bit in enumerate(bits)))
        return Condition(clbits, values)


def _unrolled(circuit: cirq.AbstractCircuit) -> cirq.AbstractCircuit:
    import cirq

    if not any(
        isinstance(operation.untagged, cirq.CircuitOperation) for operation in circuit.all_operations()
    ):
        return circuit
    try:
        return cirq.unroll_circuit_op(circuit, deep=True, tags_to_check=None)
    except ValueError as exc:
        raise CircuitImportError(f"a subcircuit cannot be unrolled: {exc}") from exc


def _is_pure(operation: cirq.Operation) -> bool:
    """Whether the operation is a gate and not a channel; a symbolic one is a gate."""
    import cirq

    return cirq.is_parameterized(operation) or cirq.has_unitary(operation) or not cirq.has_kraus(operation)


def _channel(operation: cirq.Operation) -> Any:
    import cirq

    from coratrix.core.noise import kraus

    return kraus(cirq.kraus(operation))


def _known(clbit: int | None) -> int:
    assert clbit is not None
    return clbit
