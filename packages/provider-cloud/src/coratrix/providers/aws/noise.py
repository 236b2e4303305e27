"""Noise channels as Braket's noise pragmas.

Owns: the pragma of one channel, and readout errors as channels before the measurement.
Knows nothing of: where in a circuit noise acts (`NoiseModel.applied_to` says), the SDK. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError
from coratrix.core.noise import Channel, NoiseModel
from coratrix.core.operations import ChannelOp, Instruction, Measure, bodies
from coratrix.providers.aws.dialect import Dialect, matrix_text, number_text

MAX_KRAUS_QUBITS = 2  # Braket's own limit

SILENT = "#pragma braket noise bit_flip(0.0) "
"""Noise of no strength: the local density-matrix simulator warns of a program that has none."""


def channel_text(channel: Channel, places: Sequence[str], dialect: Dialect) -> str:
    """The pragma for ``channel``: by Braket's own name where it has the channel, else by Kraus operators.

    Raises:
        CircuitExportError: neither is accepted.
    """
    found = named(channel)
    targets = ", ".join(places)
    if found is not None and found[0] in dialect.noise:
        name, numbers = found
        return f"#pragma braket noise {name}({', '.join(map(number_text, numbers))}) {targets}"
    if "kraus" in dialect.noise and channel.num_qubits <= MAX_KRAUS_QUBITS:
        operators = ", ".join(matrix_text(operator) for operator in channel.kraus())
        return f"#pragma braket noise kraus({operators}) {targets}"
    raise CircuitExportError(
        f"noise channel {channel.name!r} on {channel.num_qubits} qubits cannot be written for this device; "
        f"it takes {', '.join(sorted(dialect.noise)) or 'no noise'}, on at most {MAX_KRAUS_QUBITS} qubits"
    )


def can_write(channel: Channel, dialect: Dialect) -> bool:
    """Whether `channel_text` can write ``channel``."""
    found = named(channel)
    by_name = found is not None and found[0] in dialect.noise
    return by_name or ("kraus" in dialect.noise and channel.num_qubits <= MAX_KRAUS_QUBITS)


def named(channel: Channel) -> tuple[str, tuple[float, ...]] | None:
    """Braket's name and parameters, where its range of them allows."""
    p: Mapping[str, Any] = channel.params
    if channel.name == "depolarizing" and channel.num_qubits <= 2:
        size = 4**channel.num_qubits
        total = p["p"] * (size - 1) / size  # Braket's parameter is the total error probability
        name = "depolarizing" if channel.num_qubits == 1 else "two_qubit_depolarizing"
        return (name, (total,)) if total <= (size - 1) / size else None
    if channel.name in ("bit_flip", "phase_flip"):
        return (channel.name, (p["p"],)) if p["p"] <= 0.5 else None
    if channel.name == "amplitude_damping":
        return "amplitude_damping", (p["gamma"],)
    if channel.name == "phase_damping":
        return "phase_damping", (p["lam"],)
    if channel.name == "generalized_amplitude_damping":
        return "generalized_amplitude_damping", (p["gamma"], 1 - p["excited_population"])
    if channel.name == "pauli" and channel.num_qubits == 1:
        return "pauli_channel", tuple(p["probabilities"].get(label, 0.0) for label in "XYZ")
    return None


def with_noise(circuit: QuantumCircuit, model: NoiseModel) -> QuantumCircuit:
    """``circuit`` with the model's channels written in, its readout errors as channels before measuring.

    A final measurement cannot tell a wrong report from a wrong state, so ρ → Σ A[i][j] |j⟩⟨i|ρ|i⟩⟨j| before
    it is the readout error A exactly.

    Raises:
        CircuitExportError: a readout error on a qubit that is measured more than once or in mid-circuit.
    """
    joint = {tuple(bits): matrix for bits, matrix in model.correlated_readout(circuit)}
    noisy = model.applied_to(circuit)
    errors = [*_single_readout(noisy, model, {bit for bits in joint for bit in bits}), *joint.items()]
    if not errors:
        return noisy
    source = _measured_once(noisy)
    before = [
        Instruction(ChannelOp(_readout_channel(matrix)), tuple(source[bit] for bit in bits))
        for bits, matrix in errors
    ]
    at = min(k for k, one in enumerate(noisy.instructions) if isinstance(one.operation, Measure))
    twin = QuantumCircuit(noisy.num_qubits, noisy.name, registers=noisy.registers)
    gates_last = [one for one in noisy.instructions[at:] if not isinstance(one.operation, Measure)]
    measures = [one for one in noisy.instructions if isinstance(one.operation, Measure)]
    for instruction in (*noisy.instructions[:at], *gates_last, *before, *measures):
        twin.append(instruction)
    return twin


def _single_readout(
    circuit: QuantumCircuit, model: NoiseModel, taken: set[int]
) -> list[tuple[tuple[int, ...], npt.NDArray[np.float64]]]:
    """((bit,), matrix) for each measurement with an error of its own."""
    found = []
    for one in circuit.instructions:
        if isinstance(one.operation, Measure) and one.clbits[0] not in taken:
            matrix = model.readout(one.qubits[0])
            if matrix is not None:
                found.append((one.clbits, matrix))
    return found


def _measured_once(circuit: QuantumCircuit) -> dict[int, int]:
    """Classical bit to qubit, for a circuit that measures each qubit once, and at the end."""
    source: dict[int, int] = {}
    measured: set[int] = set()
    for one in circuit.instructions:
        if measured.intersection(one.qubits) or bodies(one.operation):
            raise CircuitExportError(
                "readout errors cannot be written for Braket where the circuit goes on after a measurement; "
                "give a noise model without them"
            )
        if isinstance(one.operation, Measure):
            source[one.clbits[0]] = one.qubits[0]
            measured.update(one.qubits)
    return source


def _readout_channel(matrix: npt.NDArray[np.float64]) -> Channel:
    """The Kraus map √A[i][j]·|j⟩⟨i| of a confusion matrix (rows true, columns reported)."""
    size = len(matrix)
    operators = []
    for true in range(size):
        for reported in range(size):
            if matrix[true, reported] > 0:
                operator = np.zeros((size, size))
                operator[reported, true] = np.sqrt(matrix[true, reported])
                operators.append(operator)
    return Channel.from_kraus(operators)
