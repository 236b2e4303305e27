"""Writes a circuit as the engine's flat buffer, in one pass.

Owns: the layout of the words (the engine's header `program.hpp` states it) and where each gate's controls,
parameters and matrices go. Knows nothing of: running.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from coratrix.core import QuantumCircuit
from coratrix.core.entries import Entry, entry_of, instruction_of
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
from coratrix.core.parameters import ParameterExpression
from coratrix.sim import _engine

_OPCODES = _engine.opcodes()
_MEASURE, _RESET, _CHANNEL = _OPCODES["measure"], _OPCODES["reset"], _OPCODES["channel"]
_IF, _WHILE, _UNITARY = _OPCODES["if_else"], _OPCODES["while_loop"], _OPCODES["unitary"]

Head: TypeAlias = tuple[int, int, int, int, int]
Readout = Mapping[int, npt.NDArray[np.float64]]
"""Confusion matrices by qubit, rows true states."""


def _gates() -> dict[str | type, Head]:
    """(opcode, controls, control state, qubits, parameters) of every gate of the table."""
    heads: dict[str | type, Head] = {}
    for name, row in GATES.items():
        base, controls = (row.base, row.num_controls) if row.base else (name, 0)
        if name == "cu":  # controls e^{iγ}U, which no uncontrolled row of the table is
            base, controls = "phased_u", 1
        heads[name] = (_OPCODES[base], controls, 2**controls - 1, row.num_qubits, row.num_params)
    return heads


_GATES = _gates()
_ALWAYS = {**_GATES, "unitary": (_UNITARY, 0, 0, 0, 0), Reset: (_RESET, 0, 0, 1, 0)}
_HEADS_UNDER_READOUT_ERRORS = _engine.Heads(_ALWAYS)
HEADS = _engine.Heads({**_ALWAYS, Measure: (_MEASURE, 0, 0, 1, 0)})


def encode(circuit: QuantumCircuit, readout: Readout | None = None) -> _engine.Program:
    """The circuit as a program; every parameter must have a number."""
    if not readout and circuit.global_phase == 0:
        program = HEADS.program(circuit.entries, circuit.num_qubits, circuit.num_clbits)
        if program is not None:
            return program
    writer = write(circuit, readout)
    for expression in writer.open.values():
        float(expression)  # says which parameter has none
    return writer.buffer.program(circuit.num_qubits, circuit.num_clbits)


def write(circuit: QuantumCircuit, readout: Readout | None = None) -> Writer:
    """The circuit's words, parameters (expressions where they have no number yet) and matrices."""
    writer = Writer(readout or {})
    writer.body(circuit.entries)
    if circuit.global_phase != 0:
        writer.gate_words(_OPCODES["global_phase"], 0, 0, (), (circuit.global_phase,))
    return writer


class Writer:
    """The buffer while it grows: plain entries by the engine itself, the others one by one.

    Attributes:
        buffer: what has been written.
        open: the parameters without a number, by their place among all.
    """

    def __init__(self, readout: Readout) -> None:
        self.buffer = _engine.ProgramBuffer(_HEADS_UNDER_READOUT_ERRORS if readout else HEADS)
        self.open: dict[int, ParameterExpression] = {}
        self._readout = readout
        self._channels: dict[int, tuple[int, int]] = {}

    @property
    def words(self) -> list[int]:
        return self.buffer.words

    @property
    def params(self) -> list[Any]:
        """Numbers, and expressions where there is none yet."""
        params: list[Any] = self.buffer.params
        for place, expression in self.open.items():
            params[place] = expression
        return params

    def matrix_pool(self) -> npt.NDArray[np.complex128]:
        return self.buffer.matrices

    def body(self, entries: Sequence[Entry]) -> None:
        at = self.buffer.extend(entries, 0)
        while at < len(entries):
            self._other(instruction_of(entries[at]))
            at = self.buffer.extend(entries, at + 1)

    def gate_words(
        self, opcode: int, controls: int, state: int, qubits: tuple[int, ...], params: tuple[Any, ...]
    ) -> None:
        is_open = [isinstance(param, ParameterExpression) for param in params]
        numbers = [math.nan if no_number else param for param, no_number in zip(params, is_open, strict=True)]
        place = self.buffer.add_params(numbers)
        self.open |= {place + k: params[k] for k, no_number in enumerate(is_open) if no_number}
        self.buffer.put((opcode, controls, state, len(qubits), *qubits, place))

    def _other(self, instruction: Instruction) -> None:
        operation, qubits, clbits = instruction
        if isinstance(operation, Gate):
            self._gate(operation, qubits, 0, 0)
        elif isinstance(operation, Measure):
            matrix = self._readout.get(qubits[0])
            place = -1 if matrix is None else self.buffer.add_matrix(matrix)
            self.buffer.put((_MEASURE, qubits[0], clbits[0], place))
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
            opcode, own, own_state, _, _ = _GATES[gate.name]
            self.gate_words(opcode, controls + own, state << own | own_state, qubits, gate.params)
        elif isinstance(gate, UnitaryGate) or gate.num_qubits <= 10:
            place = self.buffer.add_matrix(gate.matrix())
            self.buffer.put((_UNITARY, controls, state, len(qubits), *qubits, place))
        else:
            raise TypeError(f"the simulator does not know the gate {gate!r}")

    def _channel(self, operation: ChannelOp, qubits: tuple[int, ...]) -> None:
        channel = operation.channel
        known = self._channels.get(id(channel))  # the circuit keeps its channels alive
        if known is None:
            kraus = channel.drawn_kraus()
            known = self._channels[id(channel)] = (len(kraus), self.buffer.add_matrix(np.stack(kraus)))
        self.buffer.put((_CHANNEL, known[0], len(qubits), *qubits, known[1]))

    def _condition(self, opcode: int, condition: Condition) -> None:
        clbits, values = condition.clbits, sorted(condition.values)
        self.buffer.put((opcode, len(clbits), *clbits, len(values), *values, int(condition.negated)))

    def _block(self, instructions: Sequence[Instruction], length_at: int) -> None:
        """A nested body; how long it is goes where ``length_at`` says."""
        start = len(self.buffer)
        self.body([entry_of(instruction) for instruction in instructions])
        self.buffer.patch(length_at, len(self.buffer) - start)

    def _if(self, operation: IfElse) -> None:
        self._condition(_IF, operation.condition)
        lengths = len(self.buffer)
        self.buffer.put((0, 0))
        self._block(operation.then_body, lengths)
        self._block(operation.else_body, lengths + 1)

    def _while(self, operation: WhileLoop) -> None:
        self._condition(_WHILE, operation.condition)
        self.buffer.put((operation.max_iterations, 0))
        self._block(operation.body, len(self.buffer) - 1)
