"""Our circuits as Cirq's.

Owns: the walk over instructions, moments, keys and conditions. Knows nothing of: devices and services.
A barrier becomes a boundary between moments. What Cirq cannot carry is refused by name.
"""

from __future__ import annotations

import cmath
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitError
from coratrix.core.gate import Gate
from coratrix.core.operations import Barrier, ChannelOp, Condition, Delay, IfElse, Instruction, Measure, Reset
from coratrix.core.parameters import ParameterExpression

from .gates_to_cirq import operations
from .measurement_keys import KeySequence, Layout
from .symbols import to_sympy

if TYPE_CHECKING:
    import cirq


def to_cirq(
    circuit: QuantumCircuit, *, barrier: Callable[[cirq.Qid], cirq.Operation] | None = None
) -> cirq.Circuit:
    """``circuit`` on ``LineQubit`` 0, 1, …, with the same unitary, phase included.

    Args:
        barrier: makes what stands for a barrier on each of its qubits; by default nothing does, and a
            barrier is only the boundary between two moments.

    Raises:
        CircuitError: it has a while loop, or a measurement or a channel inside a condition.
    """
    return _Writer(circuit, barrier).written()


class _Writer:
    """One conversion: the moments so far, and how far each qubit and key has come."""

    def __init__(self, circuit: QuantumCircuit, barrier: Callable[[cirq.Qid], cirq.Operation] | None) -> None:
        import cirq

        self._circuit = circuit
        self._barrier = barrier
        self._qubits = cirq.LineQubit.range(circuit.num_qubits)
        self._keys = KeySequence(circuit)
        self._moments: list[list[cirq.Operation]] = []
        self._reached: dict[object, int] = {}

    def written(self) -> cirq.Circuit:
        import cirq

        self._write_phase()
        for index, instruction in enumerate(self._circuit):
            self._write(instruction, f"instruction {index}", ())
        layout = Layout.of(self._circuit)
        return cirq.Circuit((cirq.Moment(moment) for moment in self._moments), tags=[layout.to_tag()])

    def _write_phase(self) -> None:
        import cirq
        import sympy  # type: ignore[import-untyped]

        phase = self._circuit.global_phase
        if isinstance(phase, ParameterExpression):
            self._place(cirq.global_phase_operation(sympy.exp(sympy.I * to_sympy(phase))))
        elif phase:
            self._place(cirq.global_phase_operation(cmath.exp(1j * phase)))

    def _write(self, instruction: Instruction, where: str, conditions: tuple[cirq.Condition, ...]) -> None:
        operation, qubits = instruction.operation, [self._qubits[qubit] for qubit in instruction.qubits]
        if isinstance(operation, Barrier):
            self._align(qubits)
        elif isinstance(operation, IfElse):
            self._write_branches(operation, where, conditions)
        else:
            for written in self._operations(instruction, qubits, where, bool(conditions)):
                self._place(written.with_classical_controls(*conditions) if conditions else written)

    def _operations(
        self, instruction: Instruction, qubits: Sequence[cirq.Qid], where: str, is_conditional: bool
    ) -> Iterable[cirq.Operation]:
        import cirq

        operation = instruction.operation
        if isinstance(operation, Gate):
            return operations(operation, qubits)
        if isinstance(operation, Reset):
            return [cirq.reset(qubits[0])]
        if isinstance(operation, Delay):
            return [cirq.wait(qubits[0], nanos=operation.duration_s * 1e9)]
        if is_conditional:
            raise CircuitError(f"{where}: Cirq cannot carry {operation.name!r} inside a condition")
        if isinstance(operation, Measure):
            return [cirq.measure(qubits[0], key=self._keys.next_key(instruction.clbits[0]))]
        if isinstance(operation, ChannelOp):
            return [cirq.KrausChannel(operation.channel.kraus()).on(*qubits)]
        raise CircuitError(f"{where}: Cirq cannot carry {operation.name!r}")

    def _write_branches(self, branch: IfElse, where: str, outer: tuple[cirq.Condition, ...]) -> None:
        for condition, body in ((branch.condition, branch.then_body), (~branch.condition, branch.else_body)):
            claim = self._claim(condition)
            if claim is False:
                continue
            inner = outer if claim is True else (*outer, claim)
            for index, instruction in enumerate(body):
                self._write(instruction, f"{where}, body instruction {index}", inner)

    def _claim(self, condition: Condition) -> Any:
        """The condition on Cirq's keys; True or False where the bits it reads are not yet measured."""
        import cirq
        import sympy

        keys = [self._keys.latest(clbit) for clbit in condition.clbits]
        if keys == [keys[0]] and keys[0] is not None and _asks_for_one(condition):
            return cirq.KeyCondition(cirq.MeasurementKey(keys[0]))
        number = sum(
            (sympy.Symbol(key) * 2**place for place, key in enumerate(keys) if key), sympy.Integer(0)
        )
        claim = sympy.Or(*(sympy.Eq(number, value) for value in sorted(condition.values)))
        claim = sympy.Not(claim) if condition.negated else claim
        return bool(claim) if claim in (sympy.true, sympy.false) else cirq.SympyCondition(claim)

    def _align(self, qubits: Sequence[cirq.Qid]) -> None:
        furthest = max(self._reached.get(qubit, 0) for qubit in qubits)
        self._reached.update(dict.fromkeys(qubits, furthest))
        if self._barrier is not None:
            for qubit in qubits:
                self._place(self._barrier(qubit))

    def _place(self, operation: cirq.Operation) -> None:
        """Put ``operation`` into the first moment after all that it depends on."""
        import cirq

        wires = [*operation.qubits, *cirq.measurement_key_objs(operation), *cirq.control_keys(operation)]
        moment = max((self._reached.get(wire, 0) for wire in wires), default=0)
        while len(self._moments) <= moment:
            self._moments.append([])
        self._moments[moment].append(operation)
        self._reached.update(dict.fromkeys(wires, moment + 1))


def _asks_for_one(condition: Condition) -> bool:
    """Whether it asks a single bit to read 1."""
    return condition.values == ({0} if condition.negated else {1})
