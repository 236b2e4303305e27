"""From a device's calibration record to its noise model.

Owns: the formulae. Knows nothing of: vendors.

A gate's error r is its average infidelity. Relaxation over the gate's duration already makes r_relax of it;
the rest is
depolarizing: with F = 1 − r_relax and d = 2**n, F_avg of both together is (1−p)·F + p/d, so
p = (r − r_relax) / (1 − 1/d − r_relax), which is r·d/(d−1) where there is no relaxation. Relaxation acts
after it, on each qubit. Where r < r_relax there is no depolarizing part and the model is worse than the
record.
"""

from __future__ import annotations

import math

from coratrix.core.calibration import DeviceCalibration, GateCalibration, QubitCalibration
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.gate_noise import GateChannel, GateNoise
from coratrix.core.noise.idle import Idle
from coratrix.core.noise.model import NoiseModel
from coratrix.core.noise.pauli_channels import depolarizing
from coratrix.core.noise.readout import ReadoutError


def model_from_calibration(record: DeviceCalibration) -> NoiseModel:
    """Gate errors, readout, idle relaxation and durations of a record, gate by gate and qubit by qubit.

    A T2 above 2·T1, which scatter in the measured data can give, is taken as 2·T1. What the record does not
    know adds no noise.
    """
    qubits = {str(q): entry for q, entry in enumerate(record.qubits)}
    keyed = [(" ".join([gate.name, *map(str, gate.qubits)]), gate) for gate in record.gates]
    idles = {q: idle_of(entry) for q, entry in qubits.items()}
    durations = {key: gate.duration_s for key, gate in keyed if gate.duration_s is not None}
    durations |= {
        f"measure {q}": entry.readout_duration_s
        for q, entry in qubits.items()
        if entry.readout_duration_s is not None
    }
    return NoiseModel(
        gate_errors={key: gate_noise(gate, record) for key, gate in keyed},
        readout_errors={q: ReadoutError(entry.readout) for q, entry in qubits.items() if entry.readout},
        idle={q: idle for q, idle in idles.items() if not idle.is_silent},
        durations=durations,
    )


def gate_noise(gate: GateCalibration, record: DeviceCalibration) -> GateNoise:
    """Depolarizing on the gate's qubits, then relaxation over its duration on each."""
    idles = [idle_of(record.qubits[q]) for q in gate.qubits]
    duration = gate.duration_s or 0.0
    relaxations = [
        GateChannel(channel=idle.channel(duration), on=(position,))
        for position, idle in enumerate(idles)
        if duration > 0 and not idle.is_silent
    ]
    factors = [idle.channel(duration) for idle in idles] if relaxations else []
    p = depolarizing_beside(gate.error or 0.0, factors, len(gate.qubits))
    first = [GateChannel(channel=depolarizing(p, len(gate.qubits)))] if p > 0 else []
    return GateNoise(channels=(*first, *relaxations))


def depolarizing_beside(infidelity: float, relaxation: list[Channel], num_qubits: int) -> float:
    """The depolarizing p that makes up what relaxation does not explain of an average gate infidelity."""
    dim = 1 << num_qubits
    process_fidelity = math.prod(channel.process_fidelity() for channel in relaxation)  # it factorises
    explained = (1 - process_fidelity) * dim / (dim + 1)
    room = 1 - 1 / dim - explained  # nothing is left to lose where relaxation alone is as bad as full mixing
    if infidelity <= explained or room <= 0:
        return 0.0
    p = (infidelity - explained) / room
    size: int = 4**num_qubits
    return min(p, size / (size - 1))


def idle_of(qubit: QubitCalibration) -> Idle:
    """A qubit's relaxation; an unknown T2 with a known T1 is its longest, 2·T1."""
    t1 = math.inf if qubit.t1_s is None else qubit.t1_s
    t2 = 2 * t1 if qubit.t2_s is None else min(qubit.t2_s, 2 * t1)
    return Idle(t1=t1, t2=t2, excited_population=qubit.excited_population or 0.0)
