"""What a device of IBM's can do and how good it is, in our words.

Owns: capabilities and the calibration record, from Qiskit's `BackendV2` and IBM's properties. Pure.
Knows nothing of: jobs, credentials, the network.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from coratrix.backend.provider import BackendCapabilities
from coratrix.core.calibration import DeviceCalibration, GateCalibration, QubitCalibration
from coratrix.core.gate_table import GATES

ACCEPTED = tuple(sorted((*GATES, "controlled", "unitary")))  # the transpiler decomposes all of them
SYMMETRIC = {"cz", "rzz", "rxx", "ryy", "swap", "iswap"}
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9, "": 1.0}
DEFAULT_MAX_SHOTS = 100_000


def capabilities(device: Any, *, is_local: bool, has_control_flow: bool = True) -> BackendCapabilities:
    """What ``device`` accepts. Any gate of ours is, since circuits are transpiled."""
    names = set(device.target.operation_names)
    extra = {"device": device.name} if is_local else {"device": device.name, "instance": device._instance}
    return BackendCapabilities(
        max_qubits=device.num_qubits or getattr(device, "MAX_QUBITS_STATEVECTOR", None),
        max_shots=_max_shots(device),
        available_gates=ACCEPTED,
        native_gates=tuple(sorted(names & set(GATES))),
        coupling_map=coupling_map(device.target) or None,
        max_circuits_per_job=None,
        supports_mid_circuit_measurement=True,
        supports_reset="reset" in names,
        supports_conditionals=has_control_flow and "if_else" in names,
        supports_loops=has_control_flow and "while_loop" in names,
        supports_seed=is_local,
        supports_cancel=True,
        price=None if is_local else {"currency": "device seconds", "per_second": 1.0},
        is_local=is_local,
        extra=extra,
    )


def _max_shots(device: Any) -> int | None:
    configuration = getattr(device, "configuration", None)
    found = getattr(configuration() if callable(configuration) else None, "max_shots", None)
    return int(found) if found else DEFAULT_MAX_SHOTS


def coupling_map(target: Any) -> tuple[tuple[int, int], ...]:
    """Directed pairs with a gate between them; both directions where the gate has none."""
    coupling = target.build_coupling_map()
    if coupling is None:
        return ()
    pairs = {(int(a), int(b)) for a, b in coupling.get_edges()}
    for name in SYMMETRIC & set(target.operation_names):
        pairs |= {(b, a) for a, b in (target[name] or {})}
    return tuple(sorted(pairs))


def calibration(device: Any) -> DeviceCalibration | None:
    """The device's present record; None where it publishes none (a simulator)."""
    read = getattr(device, "properties", None)
    properties = read() if callable(read) else None
    if properties is None:
        return None
    data = properties.to_dict()
    native = tuple(sorted(set(device.target.operation_names) & set(GATES)))
    return DeviceCalibration(
        name=device.name,
        qubits=tuple(_qubit(entries) for entries in data["qubits"]),
        gates=tuple(_gates(data["gates"])),
        coupling_map=coupling_map(device.target),
        native_gates=native,
        as_of=_iso(data.get("last_update_date")),
        source=f"IBM Quantum, properties of {device.name}",
    )


def _qubit(entries: Iterable[Mapping[str, Any]]) -> QubitCalibration:
    found = {entry["name"]: entry for entry in entries}
    p10, p01 = _number(found.get("prob_meas1_prep0")), _number(found.get("prob_meas0_prep1"))
    readout = None if p10 is None or p01 is None else ((1 - p10, p10), (p01, 1 - p01))
    return QubitCalibration(
        t1_s=_time(found.get("T1")),
        t2_s=_time(found.get("T2")),
        readout=readout,
        readout_duration_s=_time(found.get("readout_length")),
    )


def _gates(entries: Iterable[Mapping[str, Any]]) -> Iterable[GateCalibration]:
    """The gates of our table; IBM's errors are average gate infidelities already."""
    for entry in entries:
        if entry["gate"] not in GATES:
            continue
        found = {parameter["name"]: parameter for parameter in entry["parameters"]}
        record = {"error": _number(found.get("gate_error")), "duration_s": _time(found.get("gate_length"))}
        qubits = tuple(entry["qubits"])
        yield GateCalibration(name=entry["gate"], qubits=qubits, **record)


def _number(entry: Mapping[str, Any] | None) -> float | None:
    return None if entry is None or entry.get("value") is None else float(entry["value"])


def _time(entry: Mapping[str, Any] | None) -> float | None:
    """Seconds; a time of zero or less is how a broken qubit is marked, so it is unknown."""
    value = _number(entry)
    if entry is None or value is None or value < 0 or (value == 0 and entry["name"] in ("T1", "T2")):
        return None
    return value * _SECONDS[entry.get("unit") or ""]


def _iso(moment: Any) -> str | None:
    return moment.isoformat() if isinstance(moment, datetime.datetime) else moment
