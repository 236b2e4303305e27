"""Noise by drawn histories: unbiased, independent of threads, and nothing at all where there is no noise."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coratrix.backend import BackendConfiguration
from coratrix.core import QuantumCircuit, condition_equals
from coratrix.core.noise import (
    Channel,
    NoiseModel,
    amplitude_damping,
    coherent_error,
    depolarizing,
    generalized_amplitude_damping,
    pauli,
    thermal_relaxation,
)
from coratrix.sim import SimulatorBackend
from coratrix.testing import reference, strategies
from coratrix.testing.statistics import assert_counts_match

SHOTS = 20_000


def simulator(**params: Any) -> SimulatorBackend:
    defaults = {"simulator_type": "trajectories", "seed": 5}
    return SimulatorBackend(BackendConfiguration("sim", "simulator", {**defaults, **params}))


def brickwork(num_qubits: int, depth: int, seed: int, channels: list[Channel]) -> QuantumCircuit:
    """Random one-qubit gates and CZs, each of the channels on each qubit after every gate."""
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(num_qubits)

    def noise(*qubits: int) -> None:
        for qubit in qubits:
            for channel in channels:
                circuit.channel(channel, qubit)

    for layer in range(depth):
        for qubit in range(num_qubits):
            circuit.u(*rng.uniform(0, 6, 3), qubit)
            noise(qubit)
        for qubit in range(layer % 2, num_qubits - 1, 2):
            circuit.cz(qubit, qubit + 1)
            noise(qubit, qubit + 1)
    return circuit


@given(data=st.data(), num_qubits=st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_any_channels_follow_the_textbook(data: st.DataObject, num_qubits: int) -> None:
    circuit = brickwork(num_qubits, 2, data.draw(st.integers(0, 99)), [data.draw(strategies.channels(1))])
    if num_qubits > 1:
        qubits = data.draw(st.permutations(range(num_qubits)))[:2]
        circuit.channel(data.draw(strategies.channels(2)), *qubits).ry(0.7, qubits[0])
    circuit.channel(data.draw(strategies.channels(1)), 0)

    counts = simulator().execute(circuit, 4000).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit.measured_whole()))


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("num_qubits", [5, 9, 10])
@pytest.mark.parametrize(
    "channels",
    [
        [depolarizing(0.05)],
        [amplitude_damping(0.05)],
        [depolarizing(0.02), amplitude_damping(0.1)],
        [thermal_relaxation(1.0, 1.4, 0.1, 0.2), coherent_error([[1, 0], [0, 1j]])],
        [generalized_amplitude_damping(0.1, 0.3), pauli({"Y": 0.03})],
    ],
    ids=["depolarizing", "damping", "both", "thermal", "generalized"],
)
def test_wider_circuits_agree_with_the_density_matrix(
    channels: list[Channel], num_qubits: int, precision: str
) -> None:
    circuit = brickwork(num_qubits, 4, num_qubits, channels)
    exact = simulator(simulator_type="density_matrix").probabilities(circuit)

    counts = simulator(precision=precision).execute(circuit, 4000).counts

    wanted = {format(k, f"0{num_qubits}b"): float(p) for k, p in enumerate(exact)}
    assert_counts_match(counts, wanted)
    for qubit in range(num_qubits):  # marginals, to five standard errors
        p = sum(value for key, value in wanted.items() if key[qubit] == "1")
        found = sum(count for key, count in counts.items() if key[qubit] == "1") / 4000
        assert abs(found - p) < 5 * np.sqrt(p * (1 - p) / 4000)


def test_noise_between_measurements_resets_and_conditionals() -> None:
    circuit = QuantumCircuit(3, num_clbits=4).ry(0.9, 0).channel(amplitude_damping(0.3), 0).cx(0, 1)
    circuit.channel(depolarizing(0.2, 2), 1, 0).measure(0, 0).channel(amplitude_damping(0.4), 1)
    circuit.if_test(condition_equals(0, 1), lambda body: body.h(2).channel(amplitude_damping(0.5), 2))
    circuit.reset(0).ry(1.1, 0).channel(thermal_relaxation(1.0, 1.5, 0.4), 0).cx(0, 2)
    circuit.measure([0, 1, 2], [1, 2, 3])
    noise = NoiseModel(readout_error=0.05)

    counts = simulator().execute(circuit, SHOTS, noise_model=noise).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit, noise))


def test_channels_that_do_nothing_give_the_same_counts_bit_for_bit() -> None:
    channels = [depolarizing(0.0), amplitude_damping(0.0), pauli({"X": 0.0})]
    plain = brickwork(11, 5, 1, [])
    silent = brickwork(11, 5, 1, channels)

    wanted = simulator().execute(plain, SHOTS).counts

    assert simulator().execute(silent, SHOTS).counts == wanted
    assert simulator().execute(plain, SHOTS, noise_model=NoiseModel()).counts == wanted
    assert simulator().execute(plain, SHOTS, noise_model={"depolarizing_error": 0.0}).counts == wanted


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("seed", range(4))
def test_errors_that_reach_few_qubits_leave_all_correlations_right(seed: int, precision: str) -> None:
    """Most shots are read inside light cones here; the lopsided ends have several errors in one shot."""
    circuit = brickwork(11, 5, seed, [depolarizing(0.01)]).channel(depolarizing(0.3, 2), 3, 9)
    circuit.h(9).cx(9, 4).channel(pauli({"Y": 0.2}), 4).ry(0.6, 4)
    exact = simulator(simulator_type="density_matrix").probabilities(circuit)
    shots = 20_000

    counts = simulator(precision=precision).execute(circuit, shots, seed=seed).counts

    keys = np.array([[c == "1" for c in key] for key in counts]) * 2 - 1
    often = np.array(list(counts.values())) / shots
    signs = np.array([[int(c) * 2 - 1 for c in format(k, "011b")] for k in range(2**11)])
    for a in range(11):
        for b in range(a, 11):
            wanted = exact @ (signs[:, a] * signs[:, b] if a != b else signs[:, a])
            found = often @ (keys[:, a] * keys[:, b] if a != b else keys[:, a])
            assert abs(found - wanted) < 5 * np.sqrt((1 - wanted**2) / shots) + 1e-12


@pytest.mark.parametrize("num_qubits", [6, 12, 18])
@pytest.mark.parametrize("damping", [0.0, 0.01])
def test_threads_do_not_change_a_count(num_qubits: int, damping: float) -> None:
    channels = [depolarizing(0.01)] + [amplitude_damping(damping)] * (damping > 0)
    circuit = brickwork(num_qubits, 4 if num_qubits < 18 else 1, 3, channels)
    shots = 2000 if num_qubits < 18 else 100

    runs = [simulator(num_threads=threads).execute(circuit, shots).counts for threads in (1, 2, 4, 2)]

    assert runs[0] == runs[1] == runs[2] == runs[3]
    assert simulator().execute(circuit, shots, seed=6).counts != runs[0]


def test_the_result_says_how_it_was_made_and_how_sure_it_is() -> None:
    result = simulator().execute(brickwork(3, 2, 1, [amplitude_damping(0.1)]), 1000)

    assert result.metadata["method"] == "trajectories"
    assert "noise acts on the state" in result.metadata["method_reason"]
    assert 0 < result.metadata["standard_error"] <= 0.5 / np.sqrt(1000)


def test_certain_events_happen() -> None:
    circuit = QuantumCircuit(2).x(0).channel(amplitude_damping(1.0), 0).channel(pauli({"X": 1.0}), 1)
    circuit.channel(depolarizing(4 / 3), 0)

    counts = simulator().execute(circuit, 3000).counts

    assert_counts_match(counts, reference.outcome_probabilities(circuit.measured_whole()))


DEEP_CHAIN = """
import resource
from coratrix.backend import BackendConfiguration
from coratrix.core import QuantumCircuit
from coratrix.core.noise import amplitude_damping
from coratrix.sim import SimulatorBackend

params = {"simulator_type": "trajectories", "seed": 5, "num_threads": 1}
simulator = SimulatorBackend(BackendConfiguration("sim", "simulator", params))

def chain(num_qubits, length):
    circuit = QuantumCircuit(num_qubits).h(num_qubits - 1).x(0)
    for _ in range(length):
        circuit.channel(amplitude_damping(0.9), 0).x(0)
    return circuit

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

simulator.execute(chain(3, 2), 10)
before = peak()
simulator.execute(chain(19, 18), 20)
print((peak() - before) / (16 << 19))
"""


def test_memory_does_not_grow_with_the_levels_at_which_shots_part() -> None:
    """Nine of ten shots go one level deeper each time; without a bound 18 states are taken here."""
    done = subprocess.run([sys.executable, "-c", DEEP_CHAIN], capture_output=True, text=True, check=True)

    assert float(done.stdout) < 8 + 2 + 2  # kept, in work, and what plans and the interpreter take


def test_explain_counts_the_sites_and_the_events_to_come() -> None:
    noise = NoiseModel(depolarizing_error=0.04, gate_errors={"cx": {"amplitude_damping_error": 0.1}})
    text = simulator(noise_model=noise).explain(QuantumCircuit(3).h(0).h(1).cx(0, 1).measure_all())

    assert "4 sites where noise may act" in text
    assert "drawn beforehand: 2 sites, 0.06 events a shot, none in 94.1 %" in text  # 3/4 of p each
    assert "by the norm of the state: 2 sites, about 0.1 events a shot" in text
    assert "3 measurements" in text
