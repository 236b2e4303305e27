"""Clifford circuits with Pauli noise, by Stim.

Owns: what Stim cannot do, and counts from its samples. Knows nothing of: other methods; how a circuit is written
for Stim (`stim_program`). Stim is imported when first needed; it is the extra ``[stabilizer]``.

Feed-forward is X, Y or Z (or a gate that is one of them) on condition that one measured bit is set. A readout
error that flips 0 and 1 alike is Stim's own; any other is applied to the finished bits, which no later operation
may have read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from coratrix.core import QuantumCircuit
from coratrix.core.gate import Gate, StandardGate
from coratrix.core.operations import Barrier, ChannelOp, Delay, IfElse, Instruction, Measure, Reset
from coratrix.sim.program import Readout
from coratrix.sim.stim_program import NAMES, NotStabilizer, StimProgram, feed_forward

if TYPE_CHECKING:
    import stim

MAX_QUBITS: Final = 100_000
MAX_MATRIX_QUBITS: Final = 4

_CHUNK_BITS: Final = 1 << 27


def is_installed() -> bool:
    """Whether Stim is there, without importing it."""
    try:
        return find_spec("stim") is not None
    except ValueError:  # sys.modules holds a None for it
        return False


def obstacle(circuit: QuantumCircuit) -> str | None:
    """Why this circuit, its noise written into it, is none for Stim; None when it is one."""
    if not is_installed():
        return "stim is not installed (pip install 'coratrix-sim-cpp[stabilizer]')"
    try:
        for instruction in circuit.instructions:
            _check(instruction)
    except NotStabilizer as exc:
        return str(exc)
    return None


def _check(instruction: Instruction) -> None:
    operation = instruction.operation
    if isinstance(operation, Gate):
        if not _is_clifford(operation):
            raise NotStabilizer(f"{operation.label} is no Clifford gate")
    elif isinstance(operation, ChannelOp):
        if operation.channel.pauli_probabilities() is None:
            raise NotStabilizer(f"{operation.channel.name} is no Pauli channel")
    elif isinstance(operation, IfElse):
        feed_forward(operation)
    elif not isinstance(operation, Measure | Reset | Barrier | Delay):
        raise NotStabilizer(f"{operation.name} cannot be written for Stim")


def _is_clifford(gate: Gate) -> bool:
    if isinstance(gate, StandardGate) and gate.name in NAMES:
        return True
    return gate.num_qubits <= MAX_MATRIX_QUBITS and not gate.parameters and gate.is_clifford


def sample(circuit: QuantumCircuit, readout: Readout, shots: int, seed: int) -> dict[str, int]:
    """Counts of a circuit for which `obstacle` is None.

    Raises:
        NotStabilizer: a conditional reads a bit whose readout error is uneven.
    """
    program = StimProgram(circuit, readout)
    sampler = program.circuit().compile_sampler(seed=seed % 2**64)
    random = np.random.default_rng([seed % 2**64, 0x57AB])
    counts: Counter[bytes] = Counter()
    width = circuit.num_clbits
    chunk = max(1, _CHUNK_BITS // max(width, program.num_records, 1))
    for start in range(0, shots, chunk):
        rows = _packed(sampler, program, width, min(chunk, shots - start), random)
        size = rows.shape[1]
        buffer = rows.tobytes()
        counts.update(buffer[at : at + size] for at in range(0, len(buffer), size))
    return _as_text(counts, width)


def _packed(
    sampler: stim.CompiledMeasurementSampler,
    program: StimProgram,
    width: int,
    shots: int,
    random: np.random.Generator,
) -> npt.NDArray[np.uint8]:
    """One row per shot, bit k of it being classical bit k; never of no bytes."""
    order = [program.last_record.get(clbit, -1) for clbit in range(width)]
    if order == list(range(program.num_records)) and width and not program.uneven:
        return np.asarray(sampler.sample(shots, bit_packed=True))
    records = np.asarray(sampler.sample(shots))
    for record, matrix in program.uneven.items():
        p_one = np.where(records[:, record], matrix[1, 1], matrix[0, 1])
        records[:, record] = random.random(shots) < p_one
    unread = np.zeros((shots, 1), dtype=bool)  # index -1: a bit that nothing wrote
    bits = np.concatenate([records, unread], axis=1)[:, order or [-1]]
    return np.packbits(bits, axis=1, bitorder="little")


def _as_text(counts: Mapping[bytes, int], width: int) -> dict[str, int]:
    rows = sorted(counts)
    packed = np.frombuffer(b"".join(rows), dtype=np.uint8).reshape(len(rows), -1)
    text = (np.unpackbits(packed, axis=1, bitorder="little")[:, :width] + ord("0")).tobytes().decode()
    return {text[k * width : (k + 1) * width]: counts[row] for k, row in enumerate(rows)}
