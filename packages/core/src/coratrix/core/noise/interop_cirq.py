"""Cirq's device noise, read into our calibration record. Needs nothing of Cirq but the object itself.

Owns: units and meanings of ``cirq.SuperconductingQubitsNoiseProperties`` (Google's is a subclass). Knows
nothing of: how a record becomes noise.

Nanoseconds become seconds. Tφ becomes T2 by 1/T2 = 1/(2·T1) + 1/Tφ. A Pauli error is 1 − F_pro; times d/(d+1)
it is the average infidelity. Readout errors are [P(1|0), P(0|1)]. Cirq relaxes every qubit during every
moment; our idle noise acts where a qubit waits, so that a model made from the record is close to Cirq's and
not equal to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coratrix.core.calibration import DeviceCalibration, GateCalibration, QubitCalibration
from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.model import NoiseModel

CIRQ_GATES: Mapping[str, str] = {
    "PhasedXZGate": "u", "PhasedXPowGate": "u", "XPowGate": "rx", "YPowGate": "ry", "ZPowGate": "rz",
    "HPowGate": "h", "CZPowGate": "cz", "CXPowGate": "cx", "ISwapPowGate": "iswap", "SwapPowGate": "swap",
    "SycamoreGate": "unitary:syc", "FSimGate": "unitary:fsim",
}  # fmt: skip
"""Cirq's gate classes under our names; a family of powers takes the name of the gate it is named for."""


def calibration_from_cirq(
    properties: Any, *, name: str = "cirq device", gates: Mapping[str, str] = CIRQ_GATES
) -> DeviceCalibration:
    """The record of a ``SuperconductingQubitsNoiseProperties``; our qubit k is its k-th qubit in sorted
    order.

    Args:
        properties: Cirq's object.
        name: of the device.
        gates: Cirq's gate class names to ours.

    Raises:
        InvalidNoiseError: an error is given for a gate class that ``gates`` does not name.
    """
    qubits = sorted(properties.t1_ns)
    number = {qubit: k for k, qubit in enumerate(qubits)}
    durations = {kind.__name__: ns * 1e-9 for kind, ns in properties.gate_times_ns.items()}
    records = [
        GateCalibration(
            name=_our_name(key.gate_type.__name__, gates),
            qubits=tuple(number[q] for q in key.qubits),
            error=_infidelity(pauli_error, len(key.qubits)),
            duration_s=durations.get(key.gate_type.__name__),
        )
        for key, pauli_error in properties.gate_pauli_errors.items()
        if key.gate_type.__name__ not in ("MeasurementGate", "ResetChannel")
    ]
    pairs = sorted({record.qubits for record in records if len(record.qubits) == 2})
    return DeviceCalibration(
        name=name,
        qubits=tuple(_qubit(properties, q, durations.get("MeasurementGate")) for q in qubits),
        gates=tuple(records),
        coupling_map=tuple((a, b) for a, b in pairs),
        native_gates=tuple(sorted({record.name for record in records})),
        source=type(properties).__name__,
        labels=tuple(map(str, qubits)),
    )


def from_cirq(properties: Any) -> NoiseModel:
    """The noise model of `calibration_from_cirq`."""
    return NoiseModel.from_calibration(calibration_from_cirq(properties))


def _qubit(properties: Any, qubit: Any, readout_s: float | None) -> QubitCalibration:
    t1, t_phi = properties.t1_ns[qubit] * 1e-9, properties.tphi_ns.get(qubit)
    rate = 1 / (2 * t1) + (1 / (t_phi * 1e-9) if t_phi else 0.0)
    errors = properties.readout_errors.get(qubit)
    readout = None if errors is None else ((1 - errors[0], errors[0]), (errors[1], 1 - errors[1]))
    return QubitCalibration(t1_s=t1, t2_s=1 / rate, readout=readout, readout_duration_s=readout_s)


def _infidelity(pauli_error: float, num_qubits: int) -> float:
    dim = 1 << num_qubits
    return float(pauli_error) * dim / (dim + 1)


def _our_name(gate_class: str, gates: Mapping[str, str]) -> str:
    if gate_class not in gates:
        raise InvalidNoiseError(
            f"no name of ours is known for Cirq's {gate_class}; pass gates={{{gate_class!r}: …}}"
        )
    return gates[gate_class]
