"""Clifford circuits with Pauli noise, by Stim.

Owns: the translation into a Stim circuit, what Stim cannot do, and counts from its samples.
Knows nothing of: other methods. Stim is imported when first needed; it is the extra ``[stabilizer]``.

Feed-forward is X, Y or Z (or a gate that is one of them) on condition that one measured bit is set. A readout
error that flips 0 and 1 alike is Stim's own; any other is applied to the finished bits, which no later operation
may have read.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from coratrix.core import QuantumCircuit
from coratrix.core.gate import Gate, StandardGate
from coratrix.core.noise import Channel
from coratrix.core.operations import Barrier, ChannelOp, Condition, Delay, IfElse, Instruction, Measure, Reset

if TYPE_CHECKING:
    import stim

Readout = Mapping[int, npt.NDArray[np.float64]]
MAX_QUBITS: Final = 100_000
MAX_MATRIX_QUBITS: Final = 4

NAMES: Final = {
    "id": "I",
    "x": "X",
    "y": "Y",
    "z": "Z",
    "h": "H",
    "s": "S",
    "sdg": "S_DAG",
    "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG",
    "cx": "CX",
    "cy": "CY",
    "cz": "CZ",
    "swap": "SWAP",
    "iswap": "ISWAP",
}
_PAULIS: Final = "IXYZ"
_CHUNK_BITS: Final = 1 << 27


class NotStabilizer(Exception):
    """What Stim cannot do in this circuit."""


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
        _feed_forward(operation)
    elif not isinstance(operation, Measure | Reset | Barrier | Delay):
        raise NotStabilizer(f"{operation.name} cannot be written for Stim")


def _is_clifford(gate: Gate) -> bool:
    if isinstance(gate, StandardGate) and gate.name in NAMES:
        return True
    return gate.num_qubits <= MAX_MATRIX_QUBITS and not gate.parameters and gate.is_clifford


def _feed_forward(operation: IfElse) -> list[tuple[str, int]]:
    """The Paulis of a conditional, each with its qubit."""
    if _bit_of(operation.condition) is None or operation.else_body:
        raise NotStabilizer("a condition other than 'one bit is set'")
    paulis = []
    for inner in operation.then_body:
        name = inner.operation.name
        if name not in ("x", "y", "z", "id", "barrier"):
            raise NotStabilizer(f"{name} under a condition; only x, y and z can be")
        if name in ("x", "y", "z"):
            paulis.append((name.upper(), inner.qubits[0]))
    return paulis


def _bit_of(condition: Condition) -> int | None:
    """The clbit whose being set is the condition."""
    holds = {value for value in range(2) if (value in condition.values) != condition.negated}
    return condition.clbits[0] if len(condition.clbits) == 1 and holds == {1} else None


def sample(circuit: QuantumCircuit, readout: Readout, shots: int, seed: int) -> dict[str, int]:
    """Counts of a circuit for which `obstacle` is None.

    Raises:
        NotStabilizer: a conditional reads a bit whose readout error is uneven.
    """
    writer = _Writer(circuit, readout)
    sampler = writer.circuit.compile_sampler(seed=seed % 2**64)
    random = np.random.default_rng([seed % 2**64, 0x57AB])
    counts: dict[bytes, int] = {}
    width = max(circuit.num_clbits, 1)
    chunk = max(1, min(shots, _CHUNK_BITS // max(width, writer.num_records, 1)))
    for start in range(0, shots, chunk):
        records = sampler.sample(min(chunk, shots - start))
        writer.misread(records, random)
        bits = np.zeros((len(records), width), dtype=bool)
        for clbit, record in writer.last_record.items():
            bits[:, clbit] = records[:, record]
        _tally(bits, counts)
    as_text = {
        row: "".join(map(str, np.unpackbits(np.frombuffer(row, np.uint8), count=width))) for row in counts
    }
    return {as_text[row][: circuit.num_clbits]: count for row, count in sorted(counts.items())}


def _tally(bits: npt.NDArray[np.bool_], counts: dict[bytes, int]) -> None:
    packed = np.ascontiguousarray(np.packbits(bits, axis=1))
    rows = packed.view(np.dtype((np.void, packed.shape[1]))).ravel()
    for row, count in zip(*np.unique(rows, return_counts=True), strict=True):
        key = row.tobytes()
        counts[key] = counts.get(key, 0) + int(count)


class _Writer:
    """A Stim circuit, and where its measurement records end up."""

    def __init__(self, circuit: QuantumCircuit, readout: Readout) -> None:
        import stim

        self._stim = stim
        self._readout = readout
        self.circuit: stim.Circuit = stim.Circuit()
        self.num_records = 0
        self.last_record: dict[int, int] = {}
        self._uneven: dict[int, npt.NDArray[np.float64]] = {}
        for instruction in circuit.instructions:
            self._write(instruction)

    def misread(self, records: npt.NDArray[np.bool_], random: np.random.Generator) -> None:
        """Apply the readout errors that Stim does not have, in place."""
        for record, matrix in self._uneven.items():
            true = records[:, record]
            p_one = np.where(true, matrix[1, 1], matrix[0, 1])
            records[:, record] = random.random(len(true)) < p_one

    def _write(self, instruction: Instruction) -> None:
        operation, qubits = instruction.operation, instruction.qubits
        if isinstance(operation, Gate):
            self._gate(operation, qubits)
        elif isinstance(operation, ChannelOp):
            self._channel(operation.channel, qubits)
        elif isinstance(operation, Measure):
            self._measure(qubits[0], instruction.clbits[0])
        elif isinstance(operation, Reset):
            self.circuit.append("R", qubits)
        elif isinstance(operation, IfElse):
            self._conditional(operation)

    def _gate(self, gate: Gate, qubits: tuple[int, ...]) -> None:
        if isinstance(gate, StandardGate) and gate.name in NAMES:
            self.circuit.append(NAMES[gate.name], qubits)
            return
        tableau = self._stim.Tableau.from_unitary_matrix(gate.matrix(), endian="big")
        for step in tableau.to_circuit("elimination"):
            places = [qubits[target.value] for target in step.targets_copy()]
            self.circuit.append(step.name, places)

    def _channel(self, channel: Channel, qubits: tuple[int, ...]) -> None:
        probabilities = dict(channel.pauli_probabilities() or {})
        probabilities.pop("I" * len(qubits), None)
        if not any(probabilities.values()):
            return
        if len(qubits) <= 2:
            labels = _PAULIS if len(qubits) == 1 else [a + b for a in _PAULIS for b in _PAULIS]
            errors = [max(probabilities.get(label, 0.0), 0.0) for label in labels[1:]]
            self.circuit.append(f"PAULI_CHANNEL_{len(qubits)}", qubits, errors)
            return
        left = 1.0
        for place, (label, p) in enumerate(sorted(probabilities.items())):
            targets = [
                getattr(self._stim, f"target_{c.lower()}")(q)
                for c, q in zip(label, qubits, strict=True)
                if c != "I"
            ]
            name = "ELSE_CORRELATED_ERROR" if place else "CORRELATED_ERROR"
            self.circuit.append(name, targets, min(1.0, p / left) if left > 0 else 0.0)
            left -= p

    def _measure(self, qubit: int, clbit: int) -> None:
        matrix = self._readout.get(qubit)
        if matrix is None or matrix[0, 1] == matrix[1, 0]:
            self.circuit.append("M", qubit, [] if matrix is None else float(matrix[0, 1]))
        else:
            self.circuit.append("M", qubit)
            self._uneven[self.num_records] = matrix
        self.last_record[clbit] = self.num_records
        self.num_records += 1

    def _conditional(self, operation: IfElse) -> None:
        clbit = _bit_of(operation.condition)
        assert clbit is not None
        record = self.last_record.get(clbit)
        if record is None:
            return  # the bit is still 0
        if record in self._uneven:
            raise NotStabilizer(
                f"a conditional reads bit {clbit}, whose readout error flips 0 and 1 with different probabilities"
            )
        for pauli, qubit in _feed_forward(operation):
            target: Any = self._stim.target_rec(record - self.num_records)
            self.circuit.append(f"C{pauli}", [target, qubit])
