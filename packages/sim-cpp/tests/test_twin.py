"""A local double of a device: its map, its gates, its noise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.backend import BackendConfiguration, BackendManager, CircuitValidationError, ConfigurationError
from coratrix.core import GATES, QuantumCircuit, condition_equals, gate
from coratrix.core.calibration import DeviceCalibration, GateCalibration, QubitCalibration
from coratrix.core.gate import UnitaryGate
from coratrix.core.noise import NoiseModel
from coratrix.sim import SimulatorBackend
from coratrix.sim.native_gates import NotNative, rewrite
from coratrix.sim.twin import Twin
from coratrix.testing import reference, strategies
from coratrix.testing.statistics import assert_counts_match

EXAMPLE = Path(__file__).parents[3] / "examples" / "calibration.json"
RECORD = DeviceCalibration.from_json(EXAMPLE.read_text(encoding="utf-8"))
NATIVE_SETS = [
    ("rz", "sx", "x", "cz"),
    ("rz", "sx", "ecr"),
    ("rz", "sx", "cx"),
    ("rz", "rx", "iswap"),
    ("rz", "ry", "rzz"),
    ("u", "p", "rxx"),
    ("rz", "sx", "rzx"),
    ("u", "ryy"),
]


def twin(record: Any = RECORD, **params: Any) -> SimulatorBackend:
    return SimulatorBackend(BackendConfiguration("twin", "simulator", {"calibration": record, **params}))


@pytest.mark.parametrize("native", NATIVE_SETS, ids=" ".join)
@pytest.mark.parametrize("name", GATES)
def test_a_gate_becomes_native_gates_that_mean_the_same(name: str, native: tuple[str, ...]) -> None:
    spec = GATES[name]
    made = gate(name, *[0.3 + 0.7 * k for k in range(spec.num_params)])
    qubits = (1, 0, 4, 2, 3)[: spec.num_qubits]
    circuit = QuantumCircuit(5)
    one_way = ("cx", "ecr", "rzx")

    for inner, places in rewrite(made, qubits, frozenset(native), lambda g, a, b: a < b or g not in one_way):
        assert inner.name in native
        circuit.add_gate(inner, places)

    wanted = reference.unitary(QuantumCircuit(5).add_gate(made, qubits))
    fidelity = abs(np.vdot(wanted, reference.unitary(circuit))) / 32
    assert fidelity == pytest.approx(1, abs=1e-12)


@given(matrix=strategies.unitaries(1), state=st.sampled_from([0, 1]))
@settings(max_examples=40, deadline=None)
def test_any_one_qubit_matrix_and_its_controlled_gate_are_rewritten(matrix: Any, state: int) -> None:
    made = UnitaryGate(matrix).controlled(1, state)
    circuit = QuantumCircuit(2)
    for inner, places in rewrite(made, (1, 0), frozenset({"rz", "sx", "cz"}), lambda *_: True):
        circuit.add_gate(inner, places)

    wanted = reference.unitary(QuantumCircuit(2).add_gate(made, (1, 0)))
    assert abs(np.vdot(wanted, reference.unitary(circuit))) / 4 == pytest.approx(1, abs=1e-12)


def test_a_twin_has_the_width_map_and_gates_of_its_device() -> None:
    can = twin(str(EXAMPLE)).get_capabilities()

    assert can.max_qubits == 5
    assert can.coupling_map == RECORD.coupling_map
    assert can.native_gates == ("cz", "rz", "sx", "x")
    assert twin(RECORD.to_dict()).get_calibration() == RECORD


def test_a_twin_has_the_noise_of_its_device_on_the_native_gates() -> None:
    circuit = QuantumCircuit(5, num_clbits=3).h(1).cx(1, 4).x(2)
    circuit.measure([4, 1, 2], [0, 1, 2])
    written = Twin(RECORD).written_natively(circuit)
    model = NoiseModel.from_calibration(RECORD)

    counts = twin().execute(circuit, 20_000, seed=3).counts

    assert set(written.count_ops()) == {"rz", "sx", "cz", "x", "measure"}
    assert_counts_match(counts, reference.outcome_probabilities(written, model))


def test_every_rewritten_gate_carries_noise() -> None:
    circuit = QuantumCircuit(3).h(0).swap(1, 2)

    written = Twin(RECORD).written_natively(circuit)
    rho = twin().density_matrix(circuit)

    assert written.count_ops()["cz"] == 3
    assert np.trace(rho @ rho).real < 1 - 0.02
    assert_allclose(rho, reference.density_matrix(written, NoiseModel.from_calibration(RECORD)), atol=1e-12)


def test_gates_off_the_map_are_refused_with_the_neighbours() -> None:
    with pytest.raises(
        CircuitValidationError, match=r"cx on qubits 0, 3: .*no gate between.*0 with 1; 3 with 2"
    ):
        twin().execute(QuantumCircuit(5).cx(0, 3))
    assert not twin().validate_circuit(QuantumCircuit(5).swap(0, 2))
    inside = QuantumCircuit(5, num_clbits=1).measure(0, 0)
    inside.if_test(condition_equals(0, 1), lambda body: body.cz(0, 4))
    assert twin().validate(inside).issues[0].gate_index == 1
    with pytest.raises(CircuitValidationError, match="0 with 1"):
        twin().density_matrix(QuantumCircuit(5).cx(0, 3))


def line(num_qubits: int) -> DeviceCalibration:
    pairs = tuple((q, q + 1) for q in range(num_qubits - 1))
    return DeviceCalibration(
        name="line",
        qubits=tuple(QubitCalibration() for _ in range(num_qubits)),
        gates=(),
        coupling_map=pairs,
        native_gates=("rz", "sx", "x", "cz"),
    )


@pytest.mark.parametrize("controls", [2, 3])
def test_a_gate_on_many_qubits_is_brought_onto_the_map(controls: int) -> None:
    rng = np.random.default_rng(controls)
    matrix = np.linalg.qr(rng.normal(size=(8, 8)) + 1j * rng.normal(size=(8, 8)))[0]
    record = line(controls + 2)
    circuit = QuantumCircuit(controls + 2).ry(0.4, 0).ry(1.9, 1).ry(2.3, 2)
    circuit.add_gate(gate("ry", 1.1).controlled(controls), [*range(controls), controls + 1])
    circuit.unitary(matrix, [controls + 1, 0, 1]).cswap(0, 2, 3).measure_all()

    written = Twin(record, routing=True).written_natively(circuit)

    assert is_on(written, record)
    assert set(written.count_ops()) == {"rz", "sx", "cz", "measure"}
    assert_counts_match(
        twin(record, routing=True).execute(circuit, 20_000, seed=4).counts,
        reference.outcome_probabilities(circuit),
    )


def test_a_matrix_on_two_qubits_takes_three_entangling_gates() -> None:
    rng = np.random.default_rng(3)
    matrix = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]

    written = Twin(RECORD).written_natively(QuantumCircuit(5).unitary(matrix, [1, 0]))

    assert written.count_ops()["cz"] == 3


def is_on(written: QuantumCircuit, record: DeviceCalibration) -> bool:
    pairs = {frozenset(pair) for pair in record.coupling_map}
    return all(len(each.qubits) != 2 or frozenset(each.qubits) in pairs for each in written.instructions)


@given(circuit=strategies.circuits(max_qubits=5, max_instructions=15))
@settings(max_examples=40, deadline=None)
def test_a_routed_circuit_is_on_the_map_and_means_the_same(circuit: QuantumCircuit) -> None:
    record = line(circuit.num_qubits)

    written = Twin(record, routing=True).written_natively(circuit)

    assert is_on(written, record)
    fidelity = abs(np.vdot(reference.final_state(circuit), reference.final_state(written)))
    assert fidelity == pytest.approx(1, abs=1e-10)


@pytest.mark.parametrize("seed", range(3))
def test_counts_of_a_routed_circuit_are_those_of_the_circuit_as_it_was_written(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = QuantumCircuit(6, num_clbits=6)
    for qubit in range(6):
        circuit.ry(0.3 + 0.4 * qubit, qubit)
    for _ in range(12):
        a, b = (int(q) for q in rng.permutation(6)[:2])
        circuit.cx(a, b).ry(float(rng.uniform(0, 2)), a)
    circuit.measure(rng.permutation(6).tolist(), list(range(6)))
    record = line(9)
    written = Twin(record, routing=True).written_natively(circuit)

    counts = twin(record, routing=True).execute(circuit, 20_000, seed=seed).counts

    assert is_on(written, record)
    assert_counts_match(counts, reference.outcome_probabilities(circuit))


def test_a_routed_circuit_has_the_noise_of_the_qubits_that_it_runs_on() -> None:
    circuit = QuantumCircuit(5, num_clbits=3).h(0).cx(0, 3).x(2).cx(0, 2).measure([3, 0, 2], [0, 1, 2])
    written = Twin(RECORD, routing=True).written_natively(circuit)
    model = NoiseModel.from_calibration(RECORD)

    counts = twin(routing=True).execute(circuit, 20_000, seed=3).counts

    assert written.count_ops()["cz"] > 2
    assert_counts_match(counts, reference.outcome_probabilities(written, model))


def test_a_circuit_that_fits_the_map_is_not_routed() -> None:
    circuit = QuantumCircuit(5).h(0).cx(0, 1).cx(1, 4).measure_all()

    assert Twin(RECORD, routing=True).written_natively(circuit).count_ops() == (
        Twin(RECORD).written_natively(circuit).count_ops()
    )


def test_what_routing_cannot_do_is_refused_with_what_to_do_next() -> None:
    inside = QuantumCircuit(5, num_clbits=1).measure(0, 0)
    inside.if_test(condition_equals(0, 1), lambda body: body.cz(0, 3))
    with pytest.raises(CircuitValidationError, match="cz on qubits 0, 3.*No swaps are put into blocks"):
        twin(routing=True).execute(inside)
    islands = DeviceCalibration(
        name="islands",
        qubits=tuple(QubitCalibration() for _ in range(4)),
        gates=(),
        coupling_map=((0, 1), (2, 3)),
        native_gates=("rz", "sx", "cz"),
    )
    with pytest.raises(CircuitValidationError, match="cz on qubits 1, 2: .*none lead out of a part"):
        twin(islands, routing=True).execute(QuantumCircuit(4).cz(0, 1).cz(1, 2))
    with pytest.raises(CircuitValidationError, match="routing=True"):
        twin().execute(QuantumCircuit(5).cx(0, 3))
    with pytest.raises(ConfigurationError, match="routing is asked for without a device"):
        SimulatorBackend(BackendConfiguration("plain", "simulator", {"routing": True}))


def test_gates_that_cannot_be_rewritten_are_refused_by_name() -> None:
    with pytest.raises(CircuitValidationError, match=r"ccx on qubits 0, 1, 2: qubits \d and \d share none"):
        twin().execute(QuantumCircuit(5).ccx(0, 1, 2))
    with pytest.raises(CircuitValidationError, match="unitary on qubits 0, 1, .*at most 6 qubits"):
        twin(line(7), routing=True).execute(QuantumCircuit(7).unitary(np.eye(128), range(7)))
    with pytest.raises(NotNative, match="no one-qubit pulses"):
        rewrite(gate("h"), (0,), frozenset({"cz"}), lambda *_: True)


def test_a_gate_calibrated_elsewhere_only_is_refused_here() -> None:
    record = DeviceCalibration(
        name="half",
        qubits=(QubitCalibration(), QubitCalibration()),
        gates=(GateCalibration(name="sx", qubits=(0,), error=0.001),),
        native_gates=("rz", "sx"),
    )

    assert twin(record).validate_circuit(QuantumCircuit(2).h(0).rz(0.3, 1))
    with pytest.raises(CircuitValidationError, match=r"h on qubit 1: it needs sx on \(1,\)"):
        twin(record).execute(QuantumCircuit(2).h(1))


def test_a_wide_device_costs_only_the_qubits_in_use() -> None:
    record = DeviceCalibration(
        name="wide",
        qubits=tuple(QubitCalibration(readout=((0.9, 0.1), (0.2, 0.8))) for _ in range(120)),
        gates=tuple(GateCalibration(name="sx", qubits=(q,), error=0.01) for q in range(120)),
        native_gates=("rz", "sx"),
    )
    circuit = QuantumCircuit(120, num_clbits=2).sx(100).sx(100).rz(0.2, 7).measure([100, 7], [0, 1])
    small = QuantumCircuit(2, num_clbits=2).sx(1).sx(1).rz(0.2, 0).measure([1, 0], [0, 1])
    model = NoiseModel(gate_errors={"sx": 0.02}, readout_error=[[0.9, 0.1], [0.2, 0.8]])

    result = twin(record).execute(circuit, 20_000, seed=2)

    assert_counts_match(result.counts, reference.outcome_probabilities(small, model))


def test_a_noise_model_given_beside_the_record_replaces_its_noise() -> None:
    counts = twin(noise_model={"readout_error": 0.0}).execute(QuantumCircuit(5).x(0), 100).counts

    assert counts == {"10000": 100}


def test_a_manager_makes_a_twin_of_any_backend_that_tells_its_calibration() -> None:
    manager = BackendManager()
    manager.register_backend("device", twin())

    double = manager.twin("device", seed=4)

    assert double.name.endswith("_twin")
    assert double.get_capabilities().coupling_map == RECORD.coupling_map
    assert (
        double.execute(QuantumCircuit(5).x(0), 500).counts
        == double.execute(QuantumCircuit(5).x(0), 500).counts
    )


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("/nowhere/at/all.json", "calibration.*No such file"),
        ({"name": "x", "qubits": [], "qbits": 1}, "calibration.*qbits"),
        (7, "calibration is 7"),
    ],
)
def test_a_record_that_cannot_be_read_is_refused(value: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        twin(value)
