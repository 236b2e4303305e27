"""Our channels beside those of Qiskit Aer, Cirq and Braket: every documented conversion, to 1e-10."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from coratrix.core.noise import (
    Channel,
    ReadoutError,
    amplitude_damping,
    bit_flip,
    bit_phase_flip,
    depolarizing,
    depolarizing_from_error_probability,
    generalized_amplitude_damping,
    kraus,
    pauli,
    phase_amplitude_damping,
    phase_damping,
    phase_flip,
    reset_error,
    thermal_relaxation,
)
from coratrix.core.noise.representations import kraus_to_superoperator

ROTATION = np.array([[math.cos(0.3), -1j * math.sin(0.3)], [-1j * math.sin(0.3), math.cos(0.3)]])
LOPSIDED = kraus([math.sqrt(0.9) * np.eye(4), math.sqrt(0.1) * np.kron(ROTATION, [[0, 1], [1, 0]])])
EXCHANGED = np.eye(4)[[0, 2, 1, 3]]


def same(ours: Channel, operators: Sequence[np.ndarray]) -> bool:
    theirs = kraus_to_superoperator([np.asarray(k, dtype=complex) for k in operators])
    return bool(np.abs(ours.superoperator() - theirs).max() < 1e-10)


# Qiskit Aer: the same parameters; two-qubit matrices with the first qubit least significant


def aer_matrix(error: Any, num_qubits: int = 1) -> np.ndarray:
    info = pytest.importorskip("qiskit.quantum_info")
    operators = info.Kraus(error.to_quantumchannel()).data
    if num_qubits == 2:
        operators = [EXCHANGED @ k @ EXCHANGED for k in operators]
    return kraus_to_superoperator(operators)


AER_PAIRS = {
    "depolarizing 1q": (depolarizing(0.12), lambda n: n.depolarizing_error(0.12, 1), 1),
    "depolarizing 2q": (depolarizing(0.12, 2), lambda n: n.depolarizing_error(0.12, 2), 2),
    "depolarizing beyond 1": (depolarizing(1.3), lambda n: n.depolarizing_error(1.3, 1), 1),
    "amplitude damping": (amplitude_damping(0.2), lambda n: n.amplitude_damping_error(0.2), 1),
    "generalized amplitude damping": (
        generalized_amplitude_damping(0.2, 0.3),
        lambda n: n.amplitude_damping_error(0.2, 0.3),
        1,
    ),
    "phase damping": (phase_damping(0.3), lambda n: n.phase_damping_error(0.3), 1),
    "phase and amplitude damping": (
        phase_amplitude_damping(0.1, 0.2, 0.3),
        lambda n: n.phase_amplitude_damping_error(0.1, 0.2, 0.3),
        1,
    ),
    "thermal relaxation, t2 < t1": (
        thermal_relaxation(50.0, 30.0, 2.0, 0.1),
        lambda n: n.thermal_relaxation_error(50.0, 30.0, 2.0, 0.1),
        1,
    ),
    "thermal relaxation, t2 > t1": (
        thermal_relaxation(50.0, 90.0, 2.0, 0.1),
        lambda n: n.thermal_relaxation_error(50.0, 90.0, 2.0, 0.1),
        1,
    ),
    "reset": (reset_error(0.1, 0.25), lambda n: n.reset_error(0.1, 0.25), 1),
    "bit flip": (bit_flip(0.1), lambda n: n.pauli_error([("X", 0.1), ("I", 0.9)]), 1),
    "phase flip": (phase_flip(0.1), lambda n: n.pauli_error([("Z", 0.1), ("I", 0.9)]), 1),
    "bit-phase flip": (bit_phase_flip(0.1), lambda n: n.pauli_error([("Y", 0.1), ("I", 0.9)]), 1),
    "pauli, labels mirrored": (
        pauli({"XI": 0.1, "YZ": 0.25}),
        lambda n: n.pauli_error([("IX", 0.1), ("ZY", 0.25), ("II", 0.65)]),
        2,
    ),
    "kraus, qubits exchanged": (
        LOPSIDED,
        lambda n: n.kraus_error([EXCHANGED @ k @ EXCHANGED for k in LOPSIDED.kraus()]),
        2,
    ),
    "coherent": (Channel.from_unitary(ROTATION), lambda n: n.coherent_unitary_error(ROTATION), 1),
}


@pytest.mark.parametrize("name", AER_PAIRS)
def test_aer_has_the_same_channel(name: str) -> None:
    aer_noise = pytest.importorskip("qiskit_aer.noise")
    ours, make, num_qubits = AER_PAIRS[name]

    theirs = aer_matrix(make(aer_noise), num_qubits)

    assert np.abs(ours.superoperator() - theirs).max() < 1e-10


def test_qiskits_five_forms_are_ours() -> None:
    info = pytest.importorskip("qiskit.quantum_info")
    ours = amplitude_damping(0.3).then(Channel.from_unitary(ROTATION))
    theirs = info.Kraus(list(ours.kraus()))

    assert np.allclose(ours.superoperator(), info.SuperOp(theirs).data, atol=1e-12)
    assert np.allclose(ours.choi(), info.Choi(theirs).data, atol=1e-12)
    assert np.allclose(ours.chi(), info.Chi(theirs).data, atol=1e-12)
    assert np.allclose(ours.ptm(), info.PTM(theirs).data, atol=1e-12)
    assert ours.average_gate_fidelity() == pytest.approx(info.average_gate_fidelity(theirs), abs=1e-12)
    assert ours.process_fidelity(ROTATION) == pytest.approx(
        info.process_fidelity(theirs, info.Operator(ROTATION)), abs=1e-12
    )


def test_qiskits_two_qubit_forms_are_ours_with_the_qubits_exchanged() -> None:
    info = pytest.importorskip("qiskit.quantum_info")
    theirs = info.Kraus([EXCHANGED @ k @ EXCHANGED for k in LOPSIDED.kraus()])
    swapped = LOPSIDED.expand(2, (1, 0))

    assert np.allclose(swapped.superoperator(), info.SuperOp(theirs).data, atol=1e-12)
    assert np.allclose(swapped.chi(), info.Chi(theirs).data, atol=1e-12)
    assert np.allclose(swapped.ptm(), info.PTM(theirs).data, atol=1e-12)


def test_aers_readout_rows_are_true_states() -> None:
    aer_noise = pytest.importorskip("qiskit_aer.noise")
    rows = [[0.9, 0.1], [0.3, 0.7]]

    assert np.allclose(ReadoutError(rows).matrix(), aer_noise.ReadoutError(rows).probabilities)


# Cirq: depolarizing by total error probability; the downward weight of generalized damping

CIRQ_PAIRS = {
    "depolarize 1q": (depolarizing(0.3 * 4 / 3), lambda c: c.depolarize(0.3)),
    "depolarize 2q": (depolarizing(0.3 * 16 / 15, 2), lambda c: c.depolarize(0.3, 2)),
    "depolarize by our second door": (
        depolarizing_from_error_probability(0.3, 2),
        lambda c: c.depolarize(0.3, 2),
    ),
    "amplitude damp": (amplitude_damping(0.2), lambda c: c.amplitude_damp(0.2)),
    "generalized amplitude damp": (
        generalized_amplitude_damping(0.2, 0.3),
        lambda c: c.generalized_amplitude_damp(0.7, 0.2),
    ),
    "phase damp": (phase_damping(0.3), lambda c: c.phase_damp(0.3)),
    "bit flip": (bit_flip(0.1), lambda c: c.bit_flip(0.1)),
    "phase flip": (phase_flip(0.1), lambda c: c.phase_flip(0.1)),
    "bit-phase flip": (bit_phase_flip(0.1), lambda c: c.asymmetric_depolarize(0, 0.1, 0)),
    "asymmetric depolarize, labels alike": (
        pauli({"XI": 0.1, "YZ": 0.25}),
        lambda c: c.asymmetric_depolarize(error_probabilities={"II": 0.65, "XI": 0.1, "YZ": 0.25}),
    ),
    "reset": (reset_error(1.0), lambda c: c.ResetChannel()),
}


@pytest.mark.parametrize("name", CIRQ_PAIRS)
def test_cirq_has_the_same_channel(name: str) -> None:
    cirq = pytest.importorskip("cirq")
    ours, make = CIRQ_PAIRS[name]

    assert same(ours, cirq.kraus(make(cirq)))


def test_cirq_stacks_rows_where_we_stack_columns() -> None:
    cirq = pytest.importorskip("cirq")
    ours = amplitude_damping(0.3).then(Channel.from_unitary(ROTATION))

    theirs = cirq.kraus_to_superoperator(ours.kraus())

    exchange = np.eye(4)[[0, 2, 1, 3]]
    assert np.allclose(exchange @ ours.superoperator() @ exchange, theirs, atol=1e-12)
    assert np.allclose(ours.choi(), cirq.kraus_to_choi([k.T for k in ours.kraus()]), atol=1e-12)


# Braket: as Cirq

BRAKET_PAIRS = {
    "Depolarizing": (depolarizing(0.3 * 4 / 3), lambda n: n.Depolarizing(0.3)),
    "TwoQubitDepolarizing": (depolarizing(0.3 * 16 / 15, 2), lambda n: n.TwoQubitDepolarizing(0.3)),
    "AmplitudeDamping": (amplitude_damping(0.2), lambda n: n.AmplitudeDamping(0.2)),
    "GeneralizedAmplitudeDamping": (
        generalized_amplitude_damping(0.2, 0.3),
        lambda n: n.GeneralizedAmplitudeDamping(0.2, 0.7),
    ),
    "PhaseDamping": (phase_damping(0.3), lambda n: n.PhaseDamping(0.3)),
    "BitFlip": (bit_flip(0.1), lambda n: n.BitFlip(0.1)),
    "PhaseFlip": (phase_flip(0.1), lambda n: n.PhaseFlip(0.1)),
    "PauliChannel": (pauli({"X": 0.1, "Y": 0.2, "Z": 0.05}), lambda n: n.PauliChannel(0.1, 0.2, 0.05)),
    "TwoQubitPauliChannel": (
        pauli({"XI": 0.1, "YZ": 0.25}),
        lambda n: n.TwoQubitPauliChannel({"XI": 0.1, "YZ": 0.25}),
    ),
    "TwoQubitDephasing": (
        pauli({"IZ": 0.1, "ZI": 0.1, "ZZ": 0.1}),
        lambda n: n.TwoQubitDephasing(0.3),
    ),
    "Kraus": (LOPSIDED, lambda n: n.Kraus(list(LOPSIDED.kraus()))),
}


@pytest.mark.parametrize("name", BRAKET_PAIRS)
def test_braket_has_the_same_channel(name: str) -> None:
    circuits = pytest.importorskip("braket.circuits")
    ours, make = BRAKET_PAIRS[name]

    assert same(ours, make(circuits.Noise).to_matrix())
