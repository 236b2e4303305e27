"""A circuit as Stim's text.

Owns: how gates, channels, measurements and feed-forward are written, and which record is which classical bit.
Knows nothing of: sampling. Stim is imported when first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from coratrix.core import QuantumCircuit
from coratrix.core.gate import Gate, StandardGate
from coratrix.core.noise import Channel
from coratrix.core.operations import ChannelOp, Condition, IfElse, Instruction, Measure, Reset
from coratrix.sim.program import Readout

if TYPE_CHECKING:
    import stim

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


class NotStabilizer(Exception):
    """What Stim cannot do in this circuit."""


def feed_forward(operation: IfElse) -> list[tuple[str, int]]:
    """The Paulis of a conditional, each with its qubit."""
    if bit_of(operation.condition) is None or operation.else_body:
        raise NotStabilizer("a condition other than 'one bit is set'")
    paulis = []
    for inner in operation.then_body:
        name = inner.operation.name
        if name not in ("x", "y", "z", "id", "barrier"):
            raise NotStabilizer(f"{name} under a condition; only x, y and z can be")
        if name in ("x", "y", "z"):
            paulis.append((name.upper(), inner.qubits[0]))
    return paulis


def bit_of(condition: Condition) -> int | None:
    """The clbit whose being set is the condition."""
    holds = {value for value in range(2) if (value in condition.values) != condition.negated}
    return condition.clbits[0] if len(condition.clbits) == 1 and holds == {1} else None


class StimProgram:
    """A circuit for Stim, and where its measurement records end up.

    Attributes:
        num_records: how many measurements there are.
        last_record: classical bit to the record that it holds in the end.
        uneven: readout errors that Stim does not have, by record.
    """

    def __init__(self, circuit: QuantumCircuit, readout: Readout) -> None:
        self.num_records = 0
        self.last_record: dict[int, int] = {}
        self.uneven: dict[int, npt.NDArray[np.float64]] = {}
        self._readout = readout
        self._lines: list[str] = []
        self._channels: dict[int, str | list[tuple[str, float]]] = {}
        for instruction in circuit.instructions:
            self._write(instruction)

    def circuit(self) -> stim.Circuit:
        """The program as Stim's own object."""
        import stim

        return stim.Circuit("\n".join(self._lines))

    def _write(self, instruction: Instruction) -> None:
        operation, qubits = instruction.operation, instruction.qubits
        if isinstance(operation, Gate):
            self._gate(operation, qubits)
        elif isinstance(operation, ChannelOp):
            self._channel(operation.channel, qubits)
        elif isinstance(operation, Measure):
            self._measure(qubits[0], instruction.clbits[0])
        elif isinstance(operation, Reset):
            self._lines.append(f"R {qubits[0]}")
        elif isinstance(operation, IfElse):
            self._conditional(operation)

    def _gate(self, gate: Gate, qubits: tuple[int, ...]) -> None:
        if isinstance(gate, StandardGate) and gate.name in NAMES:
            self._lines.append(f"{NAMES[gate.name]} {' '.join(map(str, qubits))}")
            return
        import stim

        tableau = stim.Tableau.from_unitary_matrix(gate.matrix(), endian="big")
        for step in tableau.to_circuit("elimination"):
            places = [str(qubits[target.value]) for target in step.targets_copy()]
            self._lines.append(f"{step.name} {' '.join(places)}")

    def _channel(self, channel: Channel, qubits: tuple[int, ...]) -> None:
        known = self._channels.get(id(channel))  # the circuit keeps its channels alive
        if known is None:
            known = self._channels[id(channel)] = _noise_words(channel)
        if isinstance(known, str):
            self._lines += [f"{known} {' '.join(map(str, qubits))}"] if known else []
            return
        left = 1.0
        for place, (label, p) in enumerate(known):
            targets = " ".join(f"{c}{q}" for c, q in zip(label, qubits, strict=True) if c != "I")
            name = "ELSE_CORRELATED_ERROR" if place else "CORRELATED_ERROR"
            self._lines.append(f"{name}({min(1.0, p / left) if left > 0 else 0.0!r}) {targets}")
            left -= p

    def _measure(self, qubit: int, clbit: int) -> None:
        matrix = self._readout.get(qubit)
        if matrix is None or matrix[0, 1] == matrix[1, 0]:
            self._lines.append(f"M {qubit}" if matrix is None else f"M({float(matrix[0, 1])!r}) {qubit}")
        else:
            self._lines.append(f"M {qubit}")
            self.uneven[self.num_records] = matrix
        self.last_record[clbit] = self.num_records
        self.num_records += 1

    def _conditional(self, operation: IfElse) -> None:
        clbit = bit_of(operation.condition)
        record = self.last_record.get(-1 if clbit is None else clbit)
        if record is None:
            return  # the bit is still 0
        if record in self.uneven:
            raise NotStabilizer(
                f"a conditional reads bit {clbit}, whose readout error flips 0 and 1 with different probabilities"
            )
        for pauli, qubit in feed_forward(operation):
            self._lines.append(f"C{pauli} rec[{record - self.num_records}] {qubit}")


def _noise_words(channel: Channel) -> str | list[tuple[str, float]]:
    """Stim's name for a Pauli channel with its numbers, or labels and probabilities where it has none."""
    n = channel.num_qubits
    found = channel.pauli_probabilities() or {}
    errors = {label: p for label, p in sorted(found.items()) if p > 0 and label != "I" * n}
    if not errors:
        return ""
    if n > 2:
        return list(errors.items())
    total = sum(errors.values())
    if len(errors) == 4**n - 1 and max(errors.values()) - min(errors.values()) < 1e-15:
        return f"DEPOLARIZE{n}({total!r})"
    if n == 1 and len(errors) == 1:
        return f"{next(iter(errors))}_ERROR({total!r})"
    labels = _PAULIS if n == 1 else [a + b for a in _PAULIS for b in _PAULIS]
    return f"PAULI_CHANNEL_{n}({', '.join(repr(errors.get(label, 0.0)) for label in labels[1:])})"
