"""The calibration record and the noise model made from it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from coratrix.core import QuantumCircuit
from coratrix.core.calibration import DeviceCalibration, GateCalibration, QubitCalibration
from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise import Channel, NoiseModel, depolarizing, thermal_relaxation
from coratrix.core.noise.calibrated import gate_noise
from coratrix.core.noise.rules import combined
from coratrix.testing import reference

RECORD = DeviceCalibration(
    name="tiny",
    qubits=(
        QubitCalibration(
            t1_s=80e-6, t2_s=60e-6, readout=((0.99, 0.01), (0.04, 0.96)), readout_duration_s=1e-6
        ),
        QubitCalibration(t1_s=50e-6, t2_s=120e-6),
        QubitCalibration(),
    ),
    gates=(
        GateCalibration(name="sx", qubits=(0,), error=4e-4, duration_s=30e-9),
        GateCalibration(name="sx", qubits=(2,), error=5e-4, duration_s=30e-9),
        GateCalibration(name="cz", qubits=(0, 1), error=8e-3, duration_s=90e-9),
        GateCalibration(name="rz", qubits=(0,), error=0.0, duration_s=0.0),
    ),
    coupling_map=((0, 1), (1, 0)),
    native_gates=("sx", "rz", "cz"),
    as_of="2026-11-20T09:30:00+00:00",
    source="by hand",
)


def whole_noise(record: DeviceCalibration, gate: GateCalibration) -> Channel:
    placed = gate_noise(gate, record).placed(range(len(gate.qubits)))
    return combined(tuple(placed), len(gate.qubits))


@pytest.mark.parametrize("gate", RECORD.gates, ids=lambda g: f"{g.name} {g.qubits}")
def test_each_gate_has_exactly_its_measured_infidelity(gate: GateCalibration) -> None:
    noise = gate_noise(gate, RECORD)

    if gate.error == 0:
        assert noise.is_silent
    else:
        assert 1 - whole_noise(RECORD, gate).average_gate_fidelity() == pytest.approx(gate.error, rel=1e-9)


def test_relaxation_is_there_qubit_by_qubit() -> None:
    cz = NoiseModel.from_calibration(RECORD).gate_errors["cz 0 1"].placed((0, 1))

    assert [(channel.name, qubits) for channel, qubits in cz] == [
        ("depolarizing", (0, 1)), ("thermal_relaxation", (0,)), ("thermal_relaxation", (1,)),
    ]  # fmt: skip
    assert cz[1][0] == thermal_relaxation(80e-6, 60e-6, 90e-9)
    assert cz[2][0] == thermal_relaxation(50e-6, 100e-6, 90e-9)  # t2 is drawn back to 2·t1


def test_without_relaxation_the_depolarizing_part_is_the_plain_formula() -> None:
    sx_2 = NoiseModel.from_calibration(RECORD).gate_errors["sx 2"].placed((2,))

    assert sx_2 == [(depolarizing(5e-4 * 2), (2,))]  # r = (2ⁿ−1)/2ⁿ·p


def test_a_gate_better_than_its_relaxation_has_no_depolarizing_part() -> None:
    gate = GateCalibration(name="sx", qubits=(0,), error=1e-6, duration_s=30e-9)

    (only,) = gate_noise(gate, RECORD).placed((0,))

    assert only[0].name == "thermal_relaxation"


def test_a_broken_gate_is_fully_mixing_and_no_more() -> None:
    gate = GateCalibration(name="cz", qubits=(0, 1), error=1.0, duration_s=90e-9)

    noise = gate_noise(gate, RECORD).placed((0, 1))[0][0]

    assert noise.params["p"] == pytest.approx(16 / 15)


def test_readout_idle_and_durations_are_carried_over() -> None:
    model = NoiseModel.from_calibration(RECORD)

    assert np.allclose(model.readout(0), [[0.99, 0.01], [0.04, 0.96]])
    assert model.readout(1) is None
    assert model.durations["cz 0 1"] == 90e-9
    assert model.durations["measure 0"] == 1e-6
    assert set(model.idle) == {"0", "1"}
    assert NoiseModel.from_json(model.to_json()) == model


def test_a_waiting_qubit_of_the_device_relaxes() -> None:
    model = NoiseModel.from_calibration(RECORD)
    circuit = QuantumCircuit(2).x(1).delay(25e-6, 1)

    rho = reference.density_matrix(circuit, model)

    assert rho[1, 1].real == pytest.approx(math.exp(-0.5))


def test_aer_makes_the_same_gate_noise_from_the_same_numbers() -> None:
    aer = pytest.importorskip("qiskit_aer.noise")
    info = pytest.importorskip("qiskit.quantum_info")
    gate = RECORD.gates[2]
    exchanged = np.eye(4)[[0, 2, 1, 3]]

    relax = aer.thermal_relaxation_error(80e3, 60e3, 90).expand(aer.thermal_relaxation_error(50e3, 100e3, 90))
    left = gate.error - (1 - info.average_gate_fidelity(relax))
    p = 4 * left / (4 * info.average_gate_fidelity(relax) - 1)
    theirs = info.SuperOp(aer.depolarizing_error(p, 2).compose(relax))

    swap = np.kron(exchanged, exchanged)
    assert np.abs(whole_noise(RECORD, gate).superoperator() - swap @ theirs.data @ swap).max() < 1e-10


def test_json_round_trip() -> None:
    assert DeviceCalibration.from_json(RECORD.to_json()) == RECORD
    assert json.loads(RECORD.to_json())["schema_version"] == 1
    assert "t1_s" not in json.loads(RECORD.to_json())["qubits"][2]


def test_gates_are_found_by_name_and_qubits() -> None:
    assert RECORD.gate("cz", (0, 1)).error == 8e-3
    assert RECORD.gate("cz", (1, 0)) is None


def changed(**changes: object) -> dict[str, object]:
    return RECORD.to_dict() | changes


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (changed(schema_version=2), "schema version 2"),
        (changed(colour="blue"), "unknown keys colour"),
        (changed(qubits=[{"T1": 1}]), r"qubits\[0\]: unknown keys T1"),
        (changed(qubits=[{"t1_s": -1}]), "t1_s is -1 s"),
        (changed(qubits=[{"readout": [[0.5, 0.6], [0, 1]]}], gates=[], coupling_map=[]), "adds up to 1.1"),
        (changed(gates=[{"name": "cz", "qubits": [0, 7]}]), r"gate cz names qubits \(0, 7\)"),
        (changed(gates=[{"name": "cz", "qubits": [0, 1], "error": 1.5}]), "error is 1.5; allowed is 0 to 1"),
        (changed(gates=[{"qubits": [0]}]), r"gates\[0\].*name"),
        (changed(coupling_map=[[0, 0]]), "coupling_map names qubits"),
        (changed(labels=["a"]), "1 labels for 3 qubits"),
    ],
)
def test_bad_records_are_refused(data: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidNoiseError, match=message):
        DeviceCalibration.from_dict(data)


def test_text_that_is_no_record_is_refused() -> None:
    for text in ("{", "[]"):
        with pytest.raises(InvalidNoiseError, match="a calibration is"):
            DeviceCalibration.from_json(text)
