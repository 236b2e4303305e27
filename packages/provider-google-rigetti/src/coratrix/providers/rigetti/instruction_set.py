"""A processor's instruction set as plain figures, and as the neutral calibration record.

Owns: which of QCS's characteristics mean what. Pure; knows nothing of: the network.

QCS names fidelities: ``fRO`` of read-out (symmetric), ``fRB`` of one-qubit benchmarking, ``fCZ`` and
``fISWAP`` of pairs. They are average gate fidelities: an error is 1 − f. It names no T1, T2 or durations.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from coratrix.core.calibration import DeviceCalibration, GateCalibration, QubitCalibration

_NAMES: Final = {"RX": "rx", "RZ": "rz", "CZ": "cz", "ISWAP": "iswap", "I": "id"}
_NO_GATES: Final = ("MEASURE", "RESET")
_PAIR_FIDELITIES: Final = {"CZ": "fCZ", "ISWAP": "fISWAP"}


@dataclass(frozen=True, kw_only=True)
class Device:
    """A processor.

    Attributes:
        nodes: Rigetti's numbers of the qubits; ours are their places in this list.
        coupling_map: pairs of our numbers.
        readout, one_qubit: fidelity by our number.
        pairs: gate → pair of our numbers → fidelity.
    """

    name: str
    nodes: tuple[int, ...]
    coupling_map: tuple[tuple[int, int], ...]
    native_gates: tuple[str, ...]
    readout: Mapping[int, float] = field(default_factory=dict)
    one_qubit: Mapping[int, float] = field(default_factory=dict)
    pairs: Mapping[str, Mapping[tuple[int, int], float]] = field(default_factory=dict)
    as_of: str | None = None

    @property
    def num_qubits(self) -> int:
        return len(self.nodes)


def read_device(isa: Any) -> Device:
    """The figures of an `InstructionSetArchitecture` of qcs_sdk."""
    nodes = tuple(sorted(node.node_id for node in isa.architecture.nodes))
    place = {node: index for index, node in enumerate(nodes)}
    edges = sorted(tuple(sorted(place[node] for node in edge.node_ids)) for edge in isa.architecture.edges)
    operations = {operation.name: operation for operation in isa.instructions}
    benchmarks = {operation.name: operation for operation in isa.benchmarks}
    return Device(
        name=isa.name,
        nodes=nodes,
        coupling_map=tuple((a, b) for a, b in edges),
        native_gates=tuple(
            sorted(_NAMES.get(name, name.lower()) for name in operations if name not in _NO_GATES)
        ),
        readout=_on_qubits(operations.get("MEASURE"), "fRO", place),
        one_qubit=_benchmarked(benchmarks, place),
        pairs={
            _NAMES[gate]: _on_pairs(operations[gate], name, place)
            for gate, name in _PAIR_FIDELITIES.items()
            if gate in operations
        },
        as_of=_newest(isa),
    )


def calibration(device: Device) -> DeviceCalibration:
    """The record from which a twin of the device is made."""
    return DeviceCalibration(
        name=device.name,
        qubits=tuple(_qubit(device, index) for index in range(device.num_qubits)),
        gates=(*_one_qubit_gates(device), *_pair_gates(device)),
        coupling_map=tuple(pair for a, b in device.coupling_map for pair in ((a, b), (b, a))),
        native_gates=device.native_gates,
        as_of=device.as_of,
        source="QCS instruction set architecture: fRO, fRB, fCZ, fISWAP",
        labels=tuple(str(node) for node in device.nodes),
    )


def _qubit(device: Device, index: int) -> QubitCalibration:
    fidelity = device.readout.get(index)
    if fidelity is None:
        return QubitCalibration()
    return QubitCalibration(readout=((fidelity, 1 - fidelity), (1 - fidelity, fidelity)))


def _one_qubit_gates(device: Device) -> list[GateCalibration]:
    """RX carries the benchmark's error; RZ is a change of frame and has none."""
    gates = [
        GateCalibration(name="rx", qubits=(q,), error=1 - f) for q, f in sorted(device.one_qubit.items())
    ]
    return gates + [GateCalibration(name="rz", qubits=(q,), error=0.0) for q in range(device.num_qubits)]


def _pair_gates(device: Device) -> list[GateCalibration]:
    return [
        GateCalibration(name=name, qubits=qubits, error=1 - fidelity)
        for name, by_pair in sorted(device.pairs.items())
        for (a, b), fidelity in sorted(by_pair.items())
        for qubits in ((a, b), (b, a))
    ]


def _benchmarked(benchmarks: Mapping[str, Any], place: Mapping[int, int]) -> dict[int, float]:
    """Benchmarking of all qubits at once where it was done, as circuits use them; else of one at a time."""
    together = benchmarks.get("randomized_benchmark_simultaneous_1q")
    found = {
        place[characteristic.node_ids[0]]: float(characteristic.value)
        for site in (together.sites if together is not None else [])
        for characteristic in site.characteristics
        if characteristic.name == "fRB" and characteristic.node_ids
    }
    return found or _on_qubits(benchmarks.get("randomized_benchmark_1q"), "fRB", place)


def _on_qubits(operation: Any, name: str, place: Mapping[int, int]) -> dict[int, float]:
    return {place[nodes[0]]: value for nodes, value in _values(operation, name) if len(nodes) == 1}


def _on_pairs(operation: Any, name: str, place: Mapping[int, int]) -> dict[tuple[int, int], float]:
    pairs = [([place[node] for node in nodes], value) for nodes, value in _values(operation, name)]
    return {(min(pair), max(pair)): value for pair, value in pairs if len(pair) == 2}


def _values(operation: Any, name: str) -> list[tuple[list[int], float]]:
    sites = operation.sites if operation is not None else []
    return [
        (list(site.node_ids), float(characteristic.value))
        for site in sites
        for characteristic in site.characteristics
        if characteristic.name == name
    ]


def _newest(isa: Any) -> str | None:
    stamps = [
        str(characteristic.timestamp)
        for operation in (*isa.instructions, *isa.benchmarks)
        for site in operation.sites
        for characteristic in site.characteristics
    ]
    return max(stamps, default=None)
