"""How far each engine is from the textbook, channel by channel.

    python benchmarks/noise_agreement.py

A lopsided circuit of four qubits has the channel after every gate on each of its qubits. Exact engines: the largest
difference of an entry of the density matrix from `coratrix.testing.reference`, which multiplies dense matrices.
Sampling engines: the largest distance of a reading's frequency from its exact probability, in standard errors of
100,000 shots, over readings expected at least 25 times; among 16 readings 3 is ordinary and 5 is not.
"""

from __future__ import annotations

import math

import numpy as np

from coratrix.backend import BackendConfiguration
from coratrix.core import QuantumCircuit
from coratrix.core import noise as channels
from coratrix.core.noise import Channel
from coratrix.sim import SimulatorBackend, _engine, stabilizer
from coratrix.sim.program import encode
from coratrix.testing import reference

SHOTS = 100_000
ROTATION = [[math.cos(0.05), -math.sin(0.05)], [math.sin(0.05), math.cos(0.05)]]
CHANNELS: dict[str, Channel] = {
    "depolarizing(0.05)": channels.depolarizing(0.05),
    "depolarizing(0.05, 2)": channels.depolarizing(0.05, 2),
    "pauli({XI, ZY})": channels.pauli({"XI": 0.03, "ZY": 0.06}),
    "bit_flip(0.05)": channels.bit_flip(0.05),
    "phase_flip(0.05)": channels.phase_flip(0.05),
    "bit_phase_flip(0.05)": channels.bit_phase_flip(0.05),
    "amplitude_damping(0.1)": channels.amplitude_damping(0.1),
    "generalized_amplitude_damping(0.1, 0.3)": channels.generalized_amplitude_damping(0.1, 0.3),
    "phase_damping(0.1)": channels.phase_damping(0.1),
    "phase_amplitude_damping(0.1, 0.05)": channels.phase_amplitude_damping(0.1, 0.05),
    "thermal_relaxation(1, 1.5, 0.1)": channels.thermal_relaxation(1.0, 1.5, 0.1),
    "reset_error(0.03, 0.02)": channels.reset_error(0.03, 0.02),
    "coherent_error(ry(0.1))": channels.coherent_error(ROTATION),
}


def circuit_with(channel: Channel, *, clifford: bool) -> QuantumCircuit:
    circuit = QuantumCircuit(4)
    for layer in range(3):
        for qubit in range(4):
            if clifford:
                circuit.h(qubit) if (qubit + layer) % 2 else circuit.s(qubit)
            else:
                circuit.u(0.4 + 0.3 * qubit + layer, 0.2 * qubit, 0.9 - 0.4 * layer, qubit)
            if channel.num_qubits == 1:
                circuit.channel(channel, qubit)
        for qubit in range(layer % 2, 3, 2):
            circuit.cx(qubit, qubit + 1)
            if channel.num_qubits == 2:
                circuit.channel(channel, qubit, qubit + 1)
    return circuit


def simulator(kind: str, precision: str = "double") -> SimulatorBackend:
    params = {"simulator_type": kind, "seed": 11, "precision": precision}
    return SimulatorBackend(BackendConfiguration("agreement", "simulator", params))


def distance(kind: str, circuit: QuantumCircuit, precision: str = "double") -> str:
    """In standard errors."""
    exact = reference.outcome_probabilities(circuit.measured_whole())
    counts = simulator(kind, precision).execute(circuit, SHOTS).counts
    worst = max(
        abs(counts.get(key, 0) - SHOTS * p) / math.sqrt(SHOTS * p * (1 - p))
        for key, p in exact.items()
        if 25 <= SHOTS * p <= SHOTS - 25
    )
    return f"{worst:.1f}σ"


def main() -> None:
    print("| channel | Pauli basis | complex | trajectories | c64 | stabilizer |\n|---|---|---|---|---|---|")
    for name, channel in CHANNELS.items():
        circuit = circuit_with(channel, clifford=False)
        wanted = reference.density_matrix(circuit)
        pauli = np.max(np.abs(simulator("density_matrix").density_matrix(circuit) - wanted))
        doubled = _engine.state(encode(circuit), _engine.Settings(density=True, pauli=False))
        cells = [name, f"{pauli:.0e}", f"{np.max(np.abs(doubled - wanted)):.0e}"]
        cells += [distance("trajectories", circuit), distance("trajectories", circuit, "single")]
        simple = circuit_with(channel, clifford=True)
        cells.append("-" if stabilizer.obstacle(simple, encode(simple)) else distance("stabilizer", simple))
        print("| " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
