"""Writes a circuit as the engine's flat buffer, in one pass.

Owns: the layout of the words (the engine's header `program.hpp` states it) and where each gate's controls,
parameters and matrices go. Knows nothing of: running.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core import QuantumCircuit
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate
from coratrix.core.gate_table import GATES
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
from coratrix.sim import _engine

_OPCODES = _engine.opcodes()
_MEASURE, _RESET, _CHANNEL = _OPCODES["measure"], _OPCODES["reset"], _OPCODES["channel"]
_IF, _WHILE, _UNITARY = _OPCODES["if_else"], _OPCODES["while_loop"], _OPCODES["unitary"]

Readout = Mapping[int, npt.NDArray[np.float64]]
"""Confusion matrices by qubit, rows true states."""


def _heads() -> dict[str, tuple[int, int, int, int]]:
    """(opcode, controls, control state, qubits) of every gate of the table."""
    heads = {}
    for name, row in GATES.items():
        base, controls = (row.base, row.num_controls) if row.base else (name, 0)
        if name == "cu":  # controls e^{iγ}U, which no uncontrolled row of the table is
            base, controls = "phased_u", 1
        heads[name] = (_OPCODES[base], controls, 2**controls - 1, row.num_qubits)
    return heads


_HEADS = _heads()


def encode(circuit: QuantumCircuit, readout: Readout | None = None) -> _engine.Program:
    """The circuit as a program; every parameter must have a number."""
    writer = write(circuit, readout)
    return _engine.Program(
        circuit.num_qubits, circuit.num_clbits, writer.words, writer.params, writer.matrix_pool()
    )


def write(circuit: QuantumCircuit, readout: Readout | None = None) -> Writer:
    """The circuit's words, parameters (expressions where they have no number yet) and matrices."""
    writer = Writer(readout or {})
    writer.body(circuit.instructions)
    if circuit.global_phase != 0:
        writer.gate_words(_OPCODES["global_phase"], 0, 0, (), (circuit.global_phase,))
    return writer


class Writer:
    """The buffer while it grows."""

    def __init__(self, readout: Readout) -> None:
        self.words: list[int] = []
        self.params: list[Any] = []
        self._matrices: list[npt.NDArray[np.complex128]] = []
        self._pool_size = 0
        self._readout = readout
        self._channels: dict[int, tuple[int, int]] = {}

    def matrix_pool(self) -> npt.NDArray[np.complex128]:
        if not self._matrices:
            return np.empty(0, dtype=complex)
        return np.concatenate([matrix.ravel() for matrix in self._matrices])

    def body(self, instructions: Iterable[Instruction]) -> None:
        words, params, heads = self.words, self.params, _HEADS
        for operation, qubits, clbits in instructions:
            if type(operation) is StandardGate:
                words.extend(heads[operation.name])
                words.extend(qubits)
                words.append(len(params))
                params.extend(operation.params)
            elif type(operation) is Measure:
                matrix = self._readout.get(qubits[0])
                words.extend((_MEASURE, qubits[0], clbits[0], -1 if matrix is None else self._matrix(matrix)))
            else:
                self._other(operation, qubits)

    def gate_words(
        self, opcode: int, controls: int, state: int, qubits: tuple[int, ...], params: tuple[Any, ...]
    ) -> None:
        self.words += (opcode, controls, state, len(qubits), *qubits, len(self.params))
        self.params += params

    def _other(self, operation: Any, qubits: tuple[int, ...]) -> None:
        if isinstance(operation, Gate):
            self._gate(operation, qubits, 0, 0)
        elif isinstance(operation, Reset):
            self.words += (_RESET, qubits[0])
        elif isinstance(operation, ChannelOp):
            self._channel(operation, qubits)
        elif isinstance(operation, IfElse):
            self._if(operation)
        elif isinstance(operation, WhileLoop):
            self._while(operation)
        elif not isinstance(operation, Barrier | Delay):
            raise TypeError(f"the simulator does not know the operation {operation!r}")

    def _gate(self, gate: Gate, qubits: tuple[int, ...], controls: int, state: int) -> None:
        """A gate under ``controls`` further controls, which are the first of ``qubits``."""
        if isinstance(gate, ControlledGate):
            inner = gate.num_controls
            self._gate(gate.base, qubits, controls + inner, state << inner | gate.ctrl_state)
        elif isinstance(gate, StandardGate):
            opcode, own, own_state, _ = _HEADS[gate.name]
            self.gate_words(opcode, controls + own, state << own | own_state, qubits, gate.params)
        elif isinstance(gate, UnitaryGate) or gate.num_qubits <= 10:
            place = self._matrix(gate.matrix())
            self.words += (_UNITARY, controls, state, len(qubits), *qubits, place)
        else:
            raise TypeError(f"the simulator does not know the gate {gate!r}")

    def _matrix(self, matrix: npt.NDArray[Any]) -> int:
        place = self._pool_size
        self._matrices.append(np.asarray(matrix, dtype=complex))
        self._pool_size += matrix.size
        return place

    def _channel(self, operation: ChannelOp, qubits: tuple[int, ...]) -> None:
        channel = operation.channel
        known = self._channels.get(id(channel))  # the circuit keeps its channels alive
        if known is None:
            kraus = channel.kraus()
            known = self._channels[id(channel)] = (len(kraus), self._matrix(np.stack(kraus)))
        self.words += (_CHANNEL, known[0], len(qubits), *qubits, known[1])

    def _condition(self, condition: Condition) -> None:
        values = sorted(condition.values)
        self.words += (len(condition.clbits), *condition.clbits, len(values), *values, int(condition.negated))

    def _block(self, instructions: Iterable[Instruction]) -> list[int]:
        """The words of a nested body; parameters and matrices go to the common pools."""
        outer, self.words = self.words, []
        self.body(instructions)
        inner, self.words = self.words, outer
        return inner

    def _if(self, operation: IfElse) -> None:
        self.words.append(_IF)
        self._condition(operation.condition)
        then_words, else_words = self._block(operation.then_body), self._block(operation.else_body)
        self.words += (len(then_words), len(else_words), *then_words, *else_words)

    def _while(self, operation: WhileLoop) -> None:
        self.words.append(_WHILE)
        self._condition(operation.condition)
        block = self._block(operation.body)
        self.words += (operation.max_iterations, len(block), *block)
