"""The devices of the stand-in: what GetDevice says of each, checked by AWS's own schemas.

Owns: `Device` and `catalogue`. The numbers of the QPUs are invented; their shape is AWS's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from braket.default_simulator import DensityMatrixSimulator, StateVectorSimulator
from braket.device_schema.ionq import IonqDeviceCapabilities
from braket.device_schema.iqm import IqmDeviceCapabilities
from braket.device_schema.simulators import GateModelSimulatorDeviceCapabilities

OPENQASM = "braket.ir.openqasm.program"
SIMULATOR_REGIONS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-2")
GARNET = "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet"
FORTE = "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1"
ARIA = "arn:aws:braket:us-east-1::device/qpu/ionq/Aria-1"
SV1 = "arn:aws:braket:::device/quantum-simulator/amazon/sv1"
DM1 = "arn:aws:braket:::device/quantum-simulator/amazon/dm1"
QPU_GATES = [
    "ccnot",
    "cnot",
    "cphaseshift",
    "cphaseshift00",
    "cphaseshift01",
    "cphaseshift10",
    "cswap",
    "swap",
    "iswap",
    "pswap",
    "ecr",
    "cy",
    "cz",
    "xy",
    "xx",
    "yy",
    "zz",
    "h",
    "i",
    "phaseshift",
    "rx",
    "ry",
    "rz",
    "s",
    "si",
    "t",
    "ti",
    "v",
    "vi",
    "x",
    "y",
    "z",
]


@dataclass(kw_only=True)
class Device:
    """One device; ``status``, ``queue`` and ``properties`` may be changed by a test."""

    arn: str
    name: str
    provider: str
    kind: str
    regions: tuple[str, ...]
    properties: dict[str, Any]
    status: str = "ONLINE"
    queue: dict[str, str] = field(default_factory=lambda: {"Normal": "0", "Priority": "0"})

    @property
    def action(self) -> dict[str, Any]:
        return self.properties["action"][OPENQASM]

    def summary(self) -> dict[str, Any]:
        return {
            "deviceArn": self.arn,
            "deviceName": self.name,
            "providerName": self.provider,
            "deviceType": self.kind,
            "deviceStatus": self.status,
        }

    def details(self) -> dict[str, Any]:
        queues: list[dict[str, str]] = [
            {"queue": "QUANTUM_TASKS_QUEUE", "queueSize": size, "queuePriority": priority}
            for priority, size in self.queue.items()
        ]
        queues.append({"queue": "JOBS_QUEUE", "queueSize": "0"})
        return self.summary() | {
            "deviceCapabilities": json.dumps(self.properties),
            "deviceQueueInfo": queues,
        }


def catalogue() -> dict[str, Device]:
    """Fresh devices by ARN."""
    listed = (_sv1(), _dm1(), _garnet(), _forte(), _aria())
    return {device.arn: device for device in listed}


def _service(shots: tuple[int, int], price: float, unit: str, location: str) -> dict[str, Any]:
    return {
        "braketSchemaHeader": {"name": "braket.device_schema.device_service_properties", "version": "1"},
        "executionWindows": [
            {"executionDay": "Everyday", "windowStartHour": "00:00:00", "windowEndHour": "23:59:59"}
        ],
        "shotsRange": list(shots),
        "deviceCost": {"price": price, "unit": unit},
        "deviceDocumentation": {"summary": "a stand-in"},
        "deviceLocation": location,
        "updatedAt": "2026-11-20T10:00:00+00:00",
        "getTaskPollIntervalMillis": 200,
    }


@cache
def _own_action(simulator: type) -> str:
    return json.dumps(json.loads(simulator().properties.json())["action"][OPENQASM])


def _simulator(simulator: type, qubits: int) -> dict[str, Any]:
    return {
        "braketSchemaHeader": {
            "name": "braket.device_schema.simulators.gate_model_simulator_device_capabilities",
            "version": "1",
        },
        "service": _service((0, 100_000), 0.075, "minute", "us-east-1"),
        "action": {OPENQASM: json.loads(_own_action(simulator))},
        "paradigm": {
            "braketSchemaHeader": {
                "name": "braket.device_schema.simulators.gate_model_simulator_paradigm_properties",
                "version": "1",
            },
            "qubitCount": qubits,
        },
        "deviceParameters": {},
    }


def _sv1() -> Device:
    properties = _simulator(StateVectorSimulator, 34)
    GateModelSimulatorDeviceCapabilities.parse_raw_schema(json.dumps(properties))
    return Device(
        arn=SV1, name="SV1", provider="Amazon Braket", kind="SIMULATOR",
        regions=SIMULATOR_REGIONS, properties=properties,
    )  # fmt: skip


def _dm1() -> Device:
    properties = _simulator(DensityMatrixSimulator, 17)
    GateModelSimulatorDeviceCapabilities.parse_raw_schema(json.dumps(properties))
    return Device(
        arn=DM1, name="DM1", provider="Amazon Braket", kind="SIMULATOR",
        regions=SIMULATOR_REGIONS, properties=properties,
    )  # fmt: skip


def _qpu_action() -> dict[str, Any]:
    return {
        "actionType": OPENQASM,
        "version": ["1"],
        "supportedOperations": QPU_GATES,
        "supportedModifiers": [],
        "supportedPragmas": ["verbatim", "braket_result_type_probability"],
        "forbiddenPragmas": ["braket_unitary_matrix", "braket_noise_kraus"],
        "maximumQubitArrays": 1,
        "maximumClassicalArrays": 1,
        "forbiddenArrayOperations": ["concatenation", "negativeIndex", "range", "rangeWithStep", "slicing"],
        "requiresAllQubitsMeasurement": False,
        "requiresContiguousQubitIndices": False,
        "supportPhysicalQubits": True,
        "supportsPartialVerbatimBox": False,
        "supportsUnassignedMeasurements": True,
        "disabledQubitRewiringSupported": True,
        "supportedResultTypes": [{"name": "Probability", "minShots": 1, "maxShots": 20000}],
    }


def _paradigm(qubits: int, native: list[str], graph: dict[str, list[str]]) -> dict[str, Any]:
    return {
        "braketSchemaHeader": {
            "name": "braket.device_schema.gate_model_qpu_paradigm_properties",
            "version": "1",
        },
        "qubitCount": qubits,
        "nativeGateSet": native,
        "connectivity": {"fullyConnected": not graph, "connectivityGraph": graph},
    }


def _fidelity(value: float, name: str = "RANDOMIZED_BENCHMARKING") -> dict[str, Any]:
    return {"fidelity": value, "standardError": 0.001, "fidelityType": {"name": name}}


def _qubit(t1_us: float, t2_us: float, rb: float, readout: float) -> dict[str, Any]:
    return {
        "T1": {"value": t1_us * 1e-6, "standardError": 1e-7, "unit": "S"},
        "T2": {"value": t2_us * 1e-6, "standardError": 1e-7, "unit": "S"},
        "oneQubitFidelity": [_fidelity(rb), _fidelity(readout, "READOUT")],
    }


def _garnet() -> Device:
    """Five qubits in a line, numbered from 1 as IQM does."""
    edges = [(1, 2), (2, 3), (3, 4), (4, 5)]
    graph = {str(q): [str(b if a == q else a) for a, b in edges if q in (a, b)] for q in range(1, 6)}
    one = {
        str(q): _qubit(30.0 + 5 * q, 20.0 + 2 * q, 0.999 - 0.0001 * q, 0.98 - 0.005 * q) for q in range(1, 6)
    }
    two = {
        f"{a}-{b}": {"twoQubitGateFidelity": [{**_fidelity(0.99 - 0.002 * a), "gateName": "CZ"}]}
        for a, b in edges
    }
    properties = {
        "braketSchemaHeader": {"name": "braket.device_schema.iqm.iqm_device_capabilities", "version": "1"},
        "service": _service((1, 20_000), 0.00145, "shot", "Finland"),
        "action": {OPENQASM: _qpu_action() | {"supportedOperations": [*QPU_GATES, "prx"]}},
        "paradigm": _paradigm(5, ["cz", "prx"], graph),
        "deviceParameters": {},
        "standardized": {
            "braketSchemaHeader": {
                "name": "braket.device_schema.standardized_gate_model_qpu_device_properties",
                "version": "1",
            },
            "oneQubitProperties": one,
            "twoQubitProperties": two,
        },
    }
    IqmDeviceCapabilities.parse_raw_schema(json.dumps(properties))
    return Device(
        arn=GARNET, name="Garnet", provider="IQM", kind="QPU",
        regions=("eu-north-1",), properties=properties, queue={"Normal": "7", "Priority": "2"},
    )  # fmt: skip


def _forte() -> Device:
    fraction = {"standardError": 0.0001, "unit": "fraction"}
    benchmark = {"name": "RANDOMIZED_BENCHMARKING"}
    properties = {
        "braketSchemaHeader": {"name": "braket.device_schema.ionq.ionq_device_capabilities", "version": "1"},
        "service": _service((1, 5_000), 0.08, "shot", "Maryland, USA"),
        "action": {OPENQASM: _qpu_action()},
        "paradigm": _paradigm(6, ["gpi", "gpi2", "zz"], {}),
        "deviceParameters": {},
        "standardized": {
            "braketSchemaHeader": {
                "name": "braket.device_schema.standardized_gate_model_qpu_device_properties",
                "version": "3",
            },
            "oneQubitProperties": {
                str(q): {"oneQubitFidelity": [{"fidelity": 0.9998, "fidelityType": benchmark, **fraction}]}
                for q in range(6)
            },
            "T1": {"value": 100.0, "standardError": 1.0, "unit": "s"},
            "T2": {"value": 1.0, "standardError": 0.1, "unit": "s"},
            "readoutFidelity": [{"fidelity": 0.995, **fraction}],
            "readoutDuration": {"value": 1.5e-4, "unit": "s"},
            "singleQubitGateDuration": {"value": 1.3e-4, "unit": "s"},
            "twoQubitGateFidelity": [{"fidelity": 0.993, "fidelityType": benchmark, **fraction}],
            "twoQubitGateDuration": {"value": 9.7e-4, "unit": "s"},
            "activeResetDuration": {"value": 5e-5, "unit": "s"},
        },
    }
    IonqDeviceCapabilities.parse_raw_schema(json.dumps(properties))
    return Device(
        arn=FORTE, name="Forte-1", provider="IonQ", kind="QPU",
        regions=("us-east-1",), properties=properties, queue={"Normal": ">4000", "Priority": "0"},
    )  # fmt: skip


def _aria() -> Device:
    device = _forte()
    device.arn, device.name, device.status = ARIA, "Aria-1", "RETIRED"
    return device
