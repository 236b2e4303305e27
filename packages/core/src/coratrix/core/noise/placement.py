"""A circuit with its noise written into it.

Owns: the walk that puts channels after gates and on waiting qubits. Knows nothing of: what the channels are.

Time. Each operation starts as soon as all its qubits are free. A qubit that is free earlier waits; its idle
noise acts just before the operation. A barrier makes its qubits wait for one another; a conditional or a loop
starts when all the qubits in it are free, and is taken to last as long as its longest branch, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.entries import entry_of
from coratrix.core.noise.gate_noise import Placed
from coratrix.core.operations import ChannelOp, IfElse, Instruction, WhileLoop

if TYPE_CHECKING:
    from coratrix.core.noise.model import NoiseModel


def with_channels(circuit: QuantumCircuit, model: NoiseModel) -> QuantumCircuit:
    """The same circuit with the model's channels as instructions."""
    noisy = QuantumCircuit(
        circuit.num_qubits,
        circuit.name,
        registers=circuit.registers,
        global_phase=circuit.global_phase,
        metadata=circuit.metadata,
    )
    # checked already: the circuit's by the circuit, the channels' by the model
    return noisy._add(*map(entry_of, _Walk(model).over(circuit.instructions)))


class _Walk:
    """Goes through instructions in order, keeping the time at which each qubit is free if waiting is noisy."""

    def __init__(self, model: NoiseModel) -> None:
        self._model = model
        self._free_at: dict[int, float] = {}
        self._keeps_time = bool(model.idle)

    def over(self, instructions: Iterable[Instruction]) -> list[Instruction]:
        noisy: list[Instruction] = []
        for instruction in instructions:
            if self._keeps_time:
                noisy += _instructions(self._wait_for_partners(instruction.qubits))
            noisy.append(self._inside(instruction))
            noisy += _instructions(self._model.channels_after(instruction))
        return noisy

    def _wait_for_partners(self, qubits: tuple[int, ...]) -> list[Placed]:
        start = max((self._free_at.get(q, 0.0) for q in qubits), default=0.0)
        waits = [(q, start - self._free_at.get(q, 0.0)) for q in qubits]
        self._free_at.update(dict.fromkeys(qubits, start))
        return [placed for q, wait in waits for placed in self._model.waiting(q, wait)]

    def _inside(self, instruction: Instruction) -> Instruction:
        """The instruction with noise in its bodies, after moving its qubits' clocks to its end."""
        operation = instruction.operation
        if isinstance(operation, IfElse):
            then_body, then_end = self._branch(operation.then_body)
            else_body, else_end = self._branch(operation.else_body)
            self._finish(instruction.qubits, max(then_end, else_end))
            return instruction._replace(
                operation=replace(operation, then_body=then_body, else_body=else_body)
            )
        if isinstance(operation, WhileLoop):
            body, end = self._branch(operation.body)
            self._finish(instruction.qubits, end)
            return instruction._replace(operation=replace(operation, body=body))
        if self._keeps_time:
            start = max((self._free_at[q] for q in instruction.qubits), default=0.0)
            self._finish(instruction.qubits, start + self._model.duration(instruction))
        return instruction

    def _branch(self, body: tuple[Instruction, ...]) -> tuple[tuple[Instruction, ...], float]:
        inner = _Walk(self._model)
        inner._free_at = dict(self._free_at)
        return tuple(inner.over(body)), max(inner._free_at.values(), default=0.0)

    def _finish(self, qubits: tuple[int, ...], end: float) -> None:
        self._free_at.update(dict.fromkeys(qubits, end))


def _instructions(placed: Iterable[Placed]) -> list[Instruction]:
    return [Instruction(ChannelOp(channel), qubits) for channel, qubits in placed]
