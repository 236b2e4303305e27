"""One circuit made ready for an engine: its noise written into it, its method picked.

Owns: `Run` and how it is made. Knows nothing of: options, engines, results.
"""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, replace
from typing import Final

from coratrix.backend.interface import seed_at
from coratrix.core import QuantumCircuit
from coratrix.core.noise import NoiseModel
from coratrix.core.operations import Barrier, ChannelOp, IfElse, Reset, WhileLoop
from coratrix.core.transforms import moved, walk
from coratrix.sim import _engine
from coratrix.sim.methods import Method, choose, without_state
from coratrix.sim.program import Readout, encode
from coratrix.sim.twin import Twin

SILENCE: Final = NoiseModel()
"""The model without noise."""


class _Encoded:
    """A circuit's program, made when it is first asked for."""

    __slots__ = ("_made", "_of")

    def __init__(self, circuit: QuantumCircuit, readout: Readout) -> None:
        self._of = (circuit, readout)
        self._made: _engine.Program | None = None

    def __call__(self) -> _engine.Program:
        if self._made is None:
            self._made = encode(*self._of)
        return self._made


@dataclass(frozen=True, kw_only=True)
class Run:
    """What an engine needs, and what its counts mean.

    Attributes:
        circuit: as the caller gave it; its registers are those of the result.
        written: in the device's gates and on its qubits if there is one.
        noisy: every channel written into that, perhaps on fewer qubits.
        program: gives the engine's program for ``noisy``, its readings going wrong as the model says; made once.
        level: the option ``optimization_level``: 0 applies every gate by itself, as written.
    """

    circuit: QuantumCircuit
    written: QuantumCircuit
    noisy: QuantumCircuit
    program: _Encoded
    model: NoiseModel
    method: Method
    shots: int = 0
    seed: int = 0
    level: int | None = None

    @property
    def is_small(self) -> bool:
        """Whether it is small enough to share the machine's threads with other circuits of a batch."""
        n = self.noisy.num_qubits
        if self.method.name == "stabilizer":
            return self.noisy.num_clbits <= 64
        return (2 * n if self.method.is_density else n) <= 18

    def recognised(self) -> Run:
        """By stabilizers where these draw the same counts; as it is where every gate is to be applied."""
        if self.level == 0 or self.method.name != "statevector":
            return self
        method = without_state(self.method, self.noisy, self.program())
        return self if method is self.method else replace(self, method=method)


def largest_standard_error(most: int, shots: int) -> float:
    """The largest of √(p(1−p)/N) over the readings; `ExecutionResult.standard_error` has each.

    It is that of the most frequent reading: a rarer one is further from one half, on its side or the other.
    """
    return math.sqrt(most * (shots - most) / shots) / shots


def seed_of(given: int | None, default: int | None, place: int) -> int:
    """Every circuit of a batch has its own seed; a given one makes the batch repeat itself."""
    seed = given if given is not None else default
    if seed is None:
        return secrets.randbits(63)
    return seed_at(seed, place)


def is_silent(model: NoiseModel) -> bool:
    """Whether the model has no noise in it; at once where it is SILENCE."""
    return model is SILENCE or model.is_silent


def is_open(circuit: QuantumCircuit) -> bool:
    """Whether a circuit has channels or resets, after which no pure state describes it."""
    kinds = ChannelOp | Reset | IfElse | WhileLoop
    return any(isinstance(each.operation, kinds) for each in circuit.special_instructions)


def make_run(
    circuit: QuantumCircuit,
    model: NoiseModel,
    kind: str,
    *,
    twin: Twin | None = None,
    shots: int = 0,
    seed: int = 0,
    level: int | None = None,
    narrow: bool = False,
) -> Run:
    """The run of ``circuit`` under ``model`` by the method that ``kind`` (a ``simulator_type``) leads to.

    Args:
        narrow: leave out qubits that nothing acts on; for counts, which do not show them.
    """
    written = circuit if twin is None else twin.written_natively(circuit)
    noisy, readout = (written, {}) if is_silent(model) else _with_noise(written, model)
    if narrow:
        noisy, readout = _without_idle_qubits(noisy, readout)

    program = _Encoded(noisy, readout)
    method = choose(kind, noisy, shots, program)
    return Run(
        circuit=circuit,
        written=written,
        noisy=noisy,
        program=program,
        model=model,
        method=method,
        shots=shots,
        seed=seed,
        level=level,
    )


def _with_noise(circuit: QuantumCircuit, model: NoiseModel) -> tuple[QuantumCircuit, Readout]:
    matrices = {qubit: model.readout(qubit) for qubit in range(circuit.num_qubits)}
    readout = {qubit: matrix for qubit, matrix in matrices.items() if matrix is not None}
    return model.applied_to(circuit), readout


def _without_idle_qubits(circuit: QuantumCircuit, readout: Readout) -> tuple[QuantumCircuit, Readout]:
    """The circuit on the qubits that it uses, renumbered in their order."""
    used = sorted(
        {
            q
            for each in walk(circuit.instructions)
            if not isinstance(each.operation, Barrier)
            for q in each.qubits
        }
    )
    if len(used) in (0, circuit.num_qubits):
        return circuit, readout
    place = {qubit: index for index, qubit in enumerate(used)}
    narrow = QuantumCircuit(
        len(used), circuit.name, registers=circuit.registers, global_phase=circuit.global_phase
    )
    positions = [place.get(qubit, -1) for qubit in range(circuit.num_qubits)]
    clbits = range(circuit.num_clbits)
    for instruction in circuit.instructions:
        if not isinstance(instruction.operation, Barrier):
            narrow.append(moved(instruction, positions, clbits))
    return narrow, {place[qubit]: matrix for qubit, matrix in readout.items() if qubit in place}
