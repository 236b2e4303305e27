"""A QPU's calibration data as our neutral record.

Owns: reading the ``standardized`` part of a device's properties, versions 1 to 3.
Knows nothing of: how it was fetched, noise models. Pure.

The symmetric readout fidelity f that Braket gives becomes the confusion matrix ((f, 1−f), (1−f, f)).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coratrix.core.calibration import DeviceCalibration, GateCalibration, QubitCalibration
from coratrix.providers.aws.capabilities import coupling_map, native_gates, qubit_labels
from coratrix.providers.aws.devices import Device
from coratrix.providers.aws.dialect import BRAKET_NAMES

_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_ONE_QUBIT = {  # native gates in those of our table
    "rx": ("rx",),
    "ry": ("ry",),
    "prx": ("rx", "ry"),
    "gpi": ("x", "y"),
    "gpi2": ("rx", "ry"),
}
_TWO_QUBIT = {theirs: ours for ours, theirs in BRAKET_NAMES.items()} | {"ms": "rxx", "cphaseshift": "cp"}
_BENCHMARK = "RANDOMIZED_BENCHMARKING"


def calibration_of(properties: Mapping[str, Any], device: Device) -> DeviceCalibration | None:
    """The record, or None where the device gives no calibration."""
    told = properties.get("standardized")
    labels = qubit_labels(properties)
    if not told or not labels:
        return None
    paradigm = properties.get("paradigm", {})
    gates = (*_one_qubit_gates(told, labels, paradigm), *_two_qubit_gates(told, labels, paradigm))
    updated = told.get("updatedAt") or properties.get("service", {}).get("updatedAt")
    return DeviceCalibration(
        name=device.name,
        qubits=tuple(_qubit(told, label) for label in labels),
        gates=gates,
        coupling_map=coupling_map(paradigm) or (),
        native_gates=tuple(dict.fromkeys(("rz", *(gate.name for gate in gates)))),
        as_of=None if updated is None else str(updated),
        source=f"Amazon Braket, device properties of {device.arn}",
        labels=tuple(labels),
    )


def _qubit(told: Mapping[str, Any], label: str) -> QubitCalibration:
    """One qubit: its own values, else those given for the whole device."""
    own = (told.get("oneQubitProperties") or {}).get(label) or {}
    fidelity = _named(own.get("oneQubitFidelity"), "READOUT")
    if fidelity is None and told.get("readoutFidelity"):
        fidelity = told["readoutFidelity"][0]["fidelity"]
    readout = None if fidelity is None else ((fidelity, 1 - fidelity), (1 - fidelity, fidelity))
    return QubitCalibration(
        t1_s=_seconds(own.get("T1") or told.get("T1")),
        t2_s=_seconds(own.get("T2") or told.get("T2")),
        readout=readout,
        readout_duration_s=_seconds(told.get("readoutDuration")),
    )


def _one_qubit_gates(
    told: Mapping[str, Any], labels: Sequence[str], paradigm: Mapping[str, Any]
) -> Iterator[GateCalibration]:
    """Benchmarking is over one-qubit gates as such, so its error stands for each native one but RZ."""
    native = native_gates(paradigm) or ()
    names = dict.fromkeys(name for gate in native for name in _ONE_QUBIT.get(gate, ()))
    common = _named(told.get("singleQubitFidelity"), _BENCHMARK)
    for k, label in enumerate(labels):
        own = ((told.get("oneQubitProperties") or {}).get(label) or {}).get("oneQubitFidelity")
        fidelity = _benchmarked(own) if own else common
        for name in names:
            yield GateCalibration(
                name=name,
                qubits=(k,),
                error=None if fidelity is None else 1 - fidelity,
                duration_s=_seconds(told.get("singleQubitGateDuration")),
            )


def _two_qubit_gates(
    told: Mapping[str, Any], labels: Sequence[str], paradigm: Mapping[str, Any]
) -> Iterator[GateCalibration]:
    rank = {label: k for k, label in enumerate(labels)}
    duration = _seconds(told.get("twoQubitGateDuration"))
    for pair, entry in (told.get("twoQubitProperties") or {}).items():
        a, b = (rank[label] for label in pair.split("-"))
        for gate in entry["twoQubitGateFidelity"]:
            name = _TWO_QUBIT.get(gate["gateName"].lower())
            for qubits in _directions(gate.get("direction"), a, b) if name else ():
                error = 1 - gate["fidelity"]
                yield GateCalibration(name=str(name), qubits=qubits, error=error, duration_s=duration)
    if told.get("twoQubitGateFidelity"):  # one number for all pairs
        native = [name.lower() for name in paradigm.get("nativeGateSet") or ()]
        names = [_TWO_QUBIT[name] for name in native if name in _TWO_QUBIT]
        error = 1 - told["twoQubitGateFidelity"][0]["fidelity"]
        for name in names:
            for a in range(len(labels)):
                for b in range(len(labels)):
                    if a != b:
                        yield GateCalibration(name=name, qubits=(a, b), error=error, duration_s=duration)


def _directions(direction: Mapping[str, int] | None, a: int, b: int) -> list[tuple[int, int]]:
    """Both ways, unless the source says which qubit controls (by rank in the pair's own labels)."""
    if not direction:
        return [(a, b), (b, a)]
    return [(a, b)] if direction["control"] <= direction["target"] else [(b, a)]


def _benchmarked(fidelities: Sequence[Mapping[str, Any]]) -> float | None:
    """The plain benchmarking fidelity, else the simultaneous one."""
    for name in (_BENCHMARK, f"SIMULTANEOUS_{_BENCHMARK}"):
        if (found := _named(fidelities, name)) is not None:
            return found
    return None


def _named(fidelities: Sequence[Mapping[str, Any]] | None, name: str) -> float | None:
    for one in fidelities or ():
        if (one.get("fidelityType") or {}).get("name") == name:
            return float(one["fidelity"])
    return None


def _seconds(duration: Mapping[str, Any] | None) -> float | None:
    """A time with its unit, in seconds; a unit we do not know gives None, and so does a time of 0."""
    if not duration or not duration.get("value"):
        return None
    unit = _SECONDS.get(str(duration.get("unit", "")).lower())
    return None if unit is None else float(duration["value"]) * unit
