"""Clifford circuits with Pauli noise by Stim, and how ``auto`` picks a method."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("stim", reason="the extra [stabilizer] is not installed")

from coratrix.backend import BackendConfiguration, CircuitValidationError
from coratrix.core import GATES, QuantumCircuit, condition_equals, gate
from coratrix.core.gate import UnitaryGate
from coratrix.core.noise import NoiseModel, amplitude_damping, depolarizing, pauli
from coratrix.sim import SimulatorBackend, methods
from coratrix.testing import reference
from coratrix.testing.statistics import assert_counts_match

CLIFFORDS = [name for name, row in GATES.items() if row.is_clifford and row.num_qubits <= 2]


def simulator(kind: str = "stabilizer", **params: Any) -> SimulatorBackend:
    return SimulatorBackend(
        BackendConfiguration("sim", "simulator", {"simulator_type": kind, "seed": 5, **params})
    )


def random_clifford(num_qubits: int, seed: int, gates: int = 25) -> QuantumCircuit:
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits)
    for _ in range(gates):
        name = CLIFFORDS[rng.integers(len(CLIFFORDS))]
        qubits = rng.permutation(num_qubits)[: GATES[name].num_qubits]
        circuit.add_gate(gate(name), [int(q) for q in qubits])
    return circuit


@pytest.mark.parametrize("seed", range(12))
def test_random_clifford_circuits_with_noise_follow_the_textbook(seed: int) -> None:
    circuit = random_clifford(4, seed)
    circuit.rx(np.pi / 2, 1).channel(pauli({"XYZ": 0.1, "ZIX": 0.2}), 3, 0, 2)
    circuit.add_gate(
        UnitaryGate(np.array([[1, 0, 0, 0], [0, 0, 1j, 0], [0, 1j, 0, 0], [0, 0, 0, 1]])), [2, 1]
    )
    circuit.add_register("out", 4)
    circuit.measure([0, 1, 2, 3], [2, 0, 3, 1])
    noise = NoiseModel(
        depolarizing_error=0.03,
        bit_flip_error=0.02,
        gate_errors={"cx": [pauli({"XI": 0.1, "ZY": 0.05})]},
        readout_errors={"0": [[0.9, 0.1], [0.3, 0.7]], "1": 0.2},
    )

    result = simulator().execute(circuit, 20_000, noise_model=noise)

    assert result.metadata["method"] == "stabilizer"
    assert_counts_match(result.counts, reference.outcome_probabilities(circuit, noise))


def test_teleportation_by_pauli_feed_forward() -> None:
    circuit = QuantumCircuit(3, num_clbits=3).h(0).s(0).h(1).cx(1, 2).cx(0, 1).h(0)
    circuit.measure([0, 1], [0, 1])
    circuit.if_test(condition_equals(1, 1), lambda body: body.x(2))
    circuit.if_test(condition_equals(0, 1), lambda body: body.z(2))
    circuit.sdg(2).h(2).measure(2, 2)
    noise = NoiseModel(readout_error=0.1)

    counts = simulator().execute(circuit, 10_000).counts
    noisy = simulator().execute(circuit, 20_000, noise_model=noise).counts

    assert {key[2] for key in counts} == {"0"}
    assert_counts_match(noisy, reference.outcome_probabilities(circuit, noise))


def test_resets_and_measurements_in_the_middle() -> None:
    circuit = QuantumCircuit(2, num_clbits=3).h(0).cx(0, 1).measure(0, 0).reset(0).x(0).cx(0, 1)
    circuit.measure([0, 1], [1, 2])

    counts = simulator().execute(circuit, 5000).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit))


def test_two_thousand_qubits() -> None:
    circuit = QuantumCircuit(2000).h(0)
    for qubit in range(1999):
        circuit.cx(qubit, qubit + 1)

    result = simulator("auto").execute(circuit, 50, noise_model={"gate_errors": {"h": 0.1}})

    assert result.metadata["method"] == "stabilizer"
    assert set(result.counts) == {"0" * 2000, "1" * 2000}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda c: c.t(0), "t is no Clifford gate"),
        (lambda c: c.channel(amplitude_damping(0.1), 0), "amplitude_damping is no Pauli channel"),
        (lambda c: c.measure(0, 0).if_test(condition_equals(0, 1), lambda b: b.h(1)), "h under a condition"),
        (
            lambda c: c.measure(0, 0).if_test(condition_equals(0, 0), lambda b: b.x(1)),
            "other than 'one bit is set'",
        ),
        (lambda c: c.while_loop(condition_equals(0, 1), lambda b: b.x(0), max_iterations=2), "while_loop"),
    ],
)
def test_what_stim_cannot_do_is_refused_by_name(change: Any, words: str) -> None:
    circuit = QuantumCircuit(2, num_clbits=1)
    change(circuit)

    with pytest.raises(CircuitValidationError, match=words):
        simulator().execute(circuit)


def test_feed_forward_on_an_unevenly_read_bit_is_refused() -> None:
    circuit = QuantumCircuit(2, num_clbits=1).measure(0, 0)
    circuit.if_test(condition_equals(0, 1), lambda body: body.x(1))

    with pytest.raises(CircuitValidationError, match="different probabilities"):
        simulator().execute(circuit, noise_model={"readout_errors": {"0": [[0.9, 0.1], [0.2, 0.8]]}})


def test_without_stim_the_package_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "stim", None)

    with pytest.raises(CircuitValidationError, match=r"coratrix-sim-cpp\[stabilizer\]"):
        simulator().execute(QuantumCircuit(1).h(0))


@pytest.mark.parametrize(
    ("num_qubits", "channel", "shots", "method"),
    [
        (4, amplitude_damping(0.1), 100, "density_matrix"),
        (12, amplitude_damping(0.1), 100, "trajectories"),
        (12, amplitude_damping(0.1), 100_000, "density_matrix"),
        (12, depolarizing(0.1), 100, "stabilizer"),
        (4, None, 100, "statevector"),
        (200, None, 100, "stabilizer"),
    ],
)
def test_auto_picks_a_method_and_says_why(num_qubits: int, channel: Any, shots: int, method: str) -> None:
    circuit = QuantumCircuit(num_qubits).h(0)
    if channel is not None:
        circuit.channel(channel, 0)

    chosen = methods.choose("auto", circuit, shots)

    assert chosen.name == method
    assert str(num_qubits) in chosen.reason or method == "statevector"


def test_auto_can_be_overruled() -> None:
    circuit = QuantumCircuit(3).h(0).cx(0, 2)
    noise = {"depolarizing_error": 0.1}
    kinds = ("density_matrix", "trajectories", "stabilizer")

    found = [simulator(kind).execute(circuit, 20_000, noise_model=noise) for kind in kinds]

    assert [result.metadata["method"] for result in found] == list(kinds)
    for result in found:
        assert_counts_match(
            result.counts, reference.outcome_probabilities(circuit.measured_whole(), NoiseModel.of(noise))
        )
        largest = max(result.standard_error.values())
        assert result.metadata["standard_error"] == pytest.approx(largest)
