"""Noise models of Aer, Braket and Cirq beside ours, on whole circuits, in their own density-matrix
simulators."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from coratrix.core import QuantumCircuit
from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise import (
    Channel,
    GateChannel,
    NoiseModel,
    ReadoutError,
    amplitude_damping,
    bit_flip,
    depolarizing,
    kraus,
    pauli,
    phase_damping,
    phase_flip,
    thermal_relaxation,
)
from coratrix.core.noise.interop_aer import from_aer, to_aer
from coratrix.core.noise.interop_braket import channel_from_braket, channel_to_braket, from_braket, to_braket
from coratrix.core.noise.interop_cirq import calibration_from_cirq, from_cirq
from coratrix.testing import reference

ROTATION = np.array([[math.cos(0.3), -1j * math.sin(0.3)], [-1j * math.sin(0.3), math.cos(0.3)]])
LOPSIDED = kraus([math.sqrt(0.9) * np.eye(4), math.sqrt(0.1) * np.kron(ROTATION, [[0, 1], [1, 0]])])
STEPS: list[tuple[str, tuple[float, ...], tuple[int, ...]]] = [
    ("h", (), (0,)), ("ry", (0.7,), (1,)), ("cx", (), (0, 2)), ("rz", (1.1,), (2,)), ("cx", (), (1, 0)),
    ("sx", (), (1,)), ("cz", (), (2, 1)), ("swap", (), (0, 1)), ("rx", (0.25,), (0,)), ("cx", (), (0, 1)),
]  # fmt: skip

FLAT = NoiseModel(
    depolarizing_error=0.02,
    amplitude_damping_error=0.03,
    phase_damping_error=0.04,
    bit_flip_error=0.05,
    phase_flip_error=0.06,
)
BY_GATE = NoiseModel(
    depolarizing_error=0.02,
    gate_errors={
        "cx": [LOPSIDED, GateChannel(channel=amplitude_damping(0.2), on=(1,))],
        "rz": {},
        "h": 0.05,
        "sx": thermal_relaxation(1.0, 1.5, 0.1),
        "swap": pauli({"XI": 0.1, "YZ": 0.25}),
    },
)
BY_QUBITS = NoiseModel(
    depolarizing_error=0.02,
    gate_errors={
        "cx": depolarizing(0.1, 2),
        "cx 0 2": {},
        "cx 1 0": [LOPSIDED, phase_damping(0.3)],
        "h 0": bit_flip(0.1),
        "h 1": bit_flip(0.3),
    },
    qubit_errors={"1": amplitude_damping(0.15)},
)
THREE_QUBIT_GATES = ("ccx", "cswap")
MODELS = {"flat": FLAT, "by gate": BY_GATE, "by qubits": BY_QUBITS}


def ours(model: NoiseModel) -> np.ndarray:
    circuit = QuantumCircuit(3)
    for name, params, qubits in STEPS:
        getattr(circuit, name)(*params, *qubits)
    return reference.density_matrix(circuit, model)


def in_aer(model: Any) -> np.ndarray:
    qiskit = pytest.importorskip("qiskit")
    aer = pytest.importorskip("qiskit_aer")
    circuit = qiskit.QuantumCircuit(3)
    for name, params, qubits in STEPS:
        getattr(circuit, name)(*params, *qubits)
    circuit = circuit.reverse_bits() if model is None else circuit
    circuit.save_density_matrix()
    simulator = aer.AerSimulator(method="density_matrix", noise_model=model, fusion_enable=False)
    rho = simulator.run(circuit, shots=1).result().data()["density_matrix"].data
    order = [int(f"{i:03b}"[::-1], 2) for i in range(8)]
    return np.asarray(rho)[np.ix_(order, order)]


def in_braket(model: Any) -> np.ndarray:
    pytest.importorskip("braket")
    from braket.circuits import Circuit
    from braket.devices import LocalSimulator

    words = {"cx": "cnot", "sx": "v"}
    circuit = Circuit()
    for name, params, qubits in STEPS:
        getattr(circuit, words.get(name, name))(*qubits, *params)
    noisy = model.apply(circuit)
    noisy.density_matrix()
    return np.asarray(LocalSimulator("braket_dm").run(noisy, shots=0).result().values[0])


@pytest.mark.parametrize("name", MODELS)
def test_aer_simulates_the_same_noise(name: str) -> None:
    pytest.importorskip("qiskit_aer")
    model = MODELS[name]

    theirs = in_aer(to_aer(model, num_qubits=3))

    assert np.abs(theirs - ours(model)).max() < 1e-10


@pytest.mark.parametrize("name", MODELS)
def test_an_aer_model_comes_back_as_the_same_noise(name: str) -> None:
    pytest.importorskip("qiskit_aer")
    model = MODELS[name]

    back = from_aer(to_aer(model, num_qubits=3))

    assert np.abs(ours(back) - ours(model)).max() < 1e-10


def test_an_aer_model_that_aer_made_is_read() -> None:
    aer = pytest.importorskip("qiskit_aer.noise")
    theirs = aer.NoiseModel()
    relaxing = aer.thermal_relaxation_error(50.0, 30.0, 2.0).tensor(
        aer.thermal_relaxation_error(40.0, 70.0, 2.0)
    )
    theirs.add_all_qubit_quantum_error(aer.depolarizing_error(0.05, 2).compose(relaxing), ["cx", "cz"])
    theirs.add_quantum_error(aer.coherent_unitary_error(ROTATION), ["h"], [0])
    theirs.add_all_qubit_quantum_error(aer.reset_error(0.1, 0.05), ["sx", "ry"])
    theirs.add_all_qubit_readout_error([[0.9, 0.1], [0.3, 0.7]])

    model = from_aer(theirs)

    assert np.abs(in_aer(theirs) - ours(model)).max() < 1e-10
    assert np.allclose(model.readout(1), [[0.9, 0.1], [0.3, 0.7]])


def test_aer_reports_the_same_counts_with_readout_errors() -> None:
    qiskit = pytest.importorskip("qiskit")
    aer = pytest.importorskip("qiskit_aer")
    from coratrix.testing.statistics import assert_counts_match

    model = NoiseModel(readout_error=0.05, readout_errors={"2": ReadoutError.from_flips(0.1, 0.3)})
    circuit = qiskit.QuantumCircuit(3)
    circuit.x(0)
    circuit.ry(1.0, 2)
    circuit.measure_all()
    simulator = aer.AerSimulator(noise_model=to_aer(model), seed_simulator=11)

    counts = simulator.run(circuit, shots=20_000).result().get_counts()

    exact = reference.outcome_probabilities(QuantumCircuit(3).x(0).ry(1.0, 2), model)
    assert_counts_match({key[::-1]: n for key, n in counts.items()}, exact)


@pytest.mark.parametrize("name", MODELS)
def test_braket_simulates_the_same_noise(name: str) -> None:
    pytest.importorskip("braket")
    model = MODELS[name]

    theirs = in_braket(to_braket(model, num_qubits=3, without=THREE_QUBIT_GATES))

    assert np.abs(theirs - ours(model)).max() < 1e-10


@pytest.mark.parametrize("name", MODELS)
def test_a_braket_model_comes_back_as_the_same_noise(name: str) -> None:
    pytest.importorskip("braket")
    model = MODELS[name]

    back = from_braket(to_braket(model, num_qubits=3, without=THREE_QUBIT_GATES))

    assert np.abs(ours(back) - ours(model)).max() < 1e-10


def test_a_braket_model_that_braket_made_is_read() -> None:
    pytest.importorskip("braket")
    from braket.circuits import Gate, Noise
    from braket.circuits.noise_model import GateCriteria, MeasureCriteria
    from braket.circuits.noise_model import NoiseModel as BraketModel

    theirs = BraketModel()
    theirs.add_noise(Noise.BitFlip(0.1), GateCriteria(Gate.H, [0, 1]))
    theirs.add_noise(Noise.PhaseDamping(0.2), GateCriteria())
    theirs.add_noise(Noise.TwoQubitDepolarizing(0.05), GateCriteria([Gate.CNot, Gate.CZ]))
    theirs.add_noise(Noise.Kraus(list(LOPSIDED.kraus())), GateCriteria(Gate.CNot, [(1, 0), (0, 1)]))
    theirs.add_noise(Noise.GeneralizedAmplitudeDamping(0.1, 0.7), GateCriteria(qubits=2))
    theirs.add_noise(Noise.BitFlip(0.02), MeasureCriteria())
    theirs.add_noise(Noise.AmplitudeDamping(0.1), MeasureCriteria(1))

    model = from_braket(theirs)

    assert np.abs(in_braket(theirs) - ours(model)).max() < 1e-10
    assert np.allclose(model.readout(0), [[0.98, 0.02], [0.02, 0.98]])
    assert (
        np.allclose(model.readout(1), [[1, 0], [0.1, 0.9]] @ np.array([[0.98, 0.02], [0.02, 0.98]])) is False
    )
    assert np.allclose(model.readout(1), np.array([[0.98, 0.02], [0.02, 0.98]]) @ [[1, 0], [0.1, 0.9]])


def test_braket_measures_with_the_same_readout_error() -> None:
    pytest.importorskip("braket")
    from braket.circuits import Circuit
    from braket.devices import LocalSimulator

    from coratrix.testing.statistics import assert_counts_match

    model = NoiseModel(readout_error=0.05, readout_errors={"1": ReadoutError.from_flips(0.1, 0.3)})
    noisy = to_braket(model, num_qubits=2).apply(Circuit().x(1).ry(0, 1.0).measure([0, 1]))
    np.random.seed(5)

    counts = LocalSimulator("braket_dm").run(noisy, shots=20_000).result().measurement_counts

    exact = reference.outcome_probabilities(QuantumCircuit(2).x(1).ry(1.0, 0), model)
    assert_counts_match(dict(counts), exact)


@pytest.mark.parametrize(
    "channel",
    [
        depolarizing(0.12), depolarizing(1.2), depolarizing(0.12, 2), bit_flip(0.1), bit_flip(0.8),
        phase_flip(0.2), amplitude_damping(0.2), phase_damping(0.3), pauli({"XI": 0.1, "YZ": 0.25}), LOPSIDED,
        thermal_relaxation(1.0, 1.5, 0.1), Channel.from_unitary(ROTATION),
    ],
    ids=str,
)  # fmt: skip
def test_channels_survive_braket(channel: Channel) -> None:
    pytest.importorskip("braket")

    assert channel_from_braket(channel_to_braket(channel)).is_close(channel, atol=1e-10)


def test_what_a_foreign_model_cannot_hold_is_refused() -> None:
    pytest.importorskip("qiskit_aer")
    pytest.importorskip("braket")
    idle = NoiseModel(idle={"*": {"t1": 1.0, "t2": 1.0}})
    joint = NoiseModel(readout_errors={"0 1": np.eye(4)})
    wide = NoiseModel(gate_errors={"ccx": depolarizing(0.1, 3)})

    for convert in (to_aer, to_braket):
        with pytest.raises(InvalidNoiseError, match="no place for idle noise"):
            convert(idle)
        with pytest.raises(InvalidNoiseError, match="say num_qubits"):
            convert(BY_QUBITS)
        with pytest.raises(InvalidNoiseError, match="joint readout error on qubits 0 1"):
            convert(joint)
    with pytest.raises(InvalidNoiseError, match="no name for gate_errors of c4x"):
        to_aer(NoiseModel(gate_errors={"c4x": 0.1}))
    with pytest.raises(InvalidNoiseError, match="no noise on 3 qubits"):
        to_braket(wide)


def test_foreign_rules_without_counterpart_are_refused() -> None:
    aer = pytest.importorskip("qiskit_aer.noise")
    pytest.importorskip("braket")
    from braket.circuits import Gate, Noise, Observable
    from braket.circuits.noise_model import GateCriteria, ObservableCriteria
    from braket.circuits.noise_model import NoiseModel as BraketModel

    on_reset = aer.NoiseModel()
    on_reset.add_all_qubit_quantum_error(aer.pauli_error([("X", 0.1), ("I", 0.9)]), "reset")
    on_observables = BraketModel().add_noise(Noise.BitFlip(0.1), ObservableCriteria(Observable.Z))
    on_strangers = BraketModel().add_noise(Noise.BitFlip(0.1), GateCriteria(Gate.PSwap))

    with pytest.raises(InvalidNoiseError, match="reset is not a gate"):
        from_aer(on_reset)
    with pytest.raises(InvalidNoiseError, match="ObservableCriteria has no counterpart"):
        from_braket(on_observables)
    with pytest.raises(InvalidNoiseError, match="PSwap"):
        from_braket(on_strangers)


def cirq_properties() -> Any:
    """A device of two qubits as Cirq describes it."""
    cirq = pytest.importorskip("cirq")
    from cirq.devices.noise_utils import OpIdentifier

    class TwoQubits(cirq.devices.SuperconductingQubitsNoiseProperties):
        @classmethod
        def single_qubit_gates(cls) -> set[type]:
            return {cirq.PhasedXZGate, cirq.MeasurementGate}

        @classmethod
        def symmetric_two_qubit_gates(cls) -> set[type]:
            return {cirq.CZPowGate}

        @classmethod
        def asymmetric_two_qubit_gates(cls) -> set[type]:
            return set()

    a, b = cirq.GridQubit(1, 2), cirq.GridQubit(0, 5)
    pair_error = {OpIdentifier(cirq.CZPowGate, *q): 0.006 for q in ((a, b), (b, a))}
    return TwoQubits(
        gate_times_ns={cirq.PhasedXZGate: 25.0, cirq.CZPowGate: 32.0, cirq.MeasurementGate: 4000.0},
        t1_ns={a: 15e3, b: 20e3},
        tphi_ns={a: 30e3, b: 25e3},
        readout_errors={a: [0.01, 0.05], b: [0.02, 0.04]},
        gate_pauli_errors={
            OpIdentifier(cirq.PhasedXZGate, a): 0.002,
            OpIdentifier(cirq.PhasedXZGate, b): 0.003,
            **pair_error,
        },
    )


def test_cirqs_device_noise_becomes_a_record() -> None:
    record = calibration_from_cirq(cirq_properties(), name="tiny")

    assert record.labels == ("q(0, 5)", "q(1, 2)")
    assert record.coupling_map == ((0, 1), (1, 0))
    assert record.native_gates == ("cz", "u")
    assert record.qubits[1].t1_s == pytest.approx(15e-6)
    assert record.qubits[1].t2_s == pytest.approx(1 / (1 / 30e-6 + 1 / 30e-6))
    assert record.qubits[0].readout == ((0.98, 0.02), (0.04, 0.96))
    assert record.gate("u", (1,)).error == pytest.approx(0.002 * 2 / 3)
    assert record.gate("cz", (0, 1)).error == pytest.approx(0.006 * 4 / 5)
    assert record.gate("cz", (0, 1)).duration_s == pytest.approx(32e-9)


def test_one_gate_of_cirqs_device_is_the_same_channel() -> None:
    cirq = pytest.importorskip("cirq")
    properties = cirq_properties()
    q = sorted(properties.t1_ns)
    model = from_cirq(properties)
    gate = cirq.PhasedXZGate(x_exponent=0.4, z_exponent=0.3, axis_phase_exponent=0.1)

    noisy = cirq.Circuit(
        cirq.NoiseModelFromNoiseProperties(properties).noisy_moments([cirq.Moment(gate(q[1]))], [q[1]])
    )
    theirs = (
        cirq.DensityMatrixSimulator(dtype=np.complex128)
        .simulate(noisy, qubit_order=[q[1]])
        .final_density_matrix
    )

    circuit = QuantumCircuit(2).unitary(cirq.unitary(gate), [1])
    noise = model.gate_errors["u 1"].placed((1,))
    for channel, qubits in noise:
        circuit.channel(channel, *qubits)
    rho = reference.density_matrix(circuit).reshape(2, 2, 2, 2)[0, :, 0, :]
    # Cirq subtracts its decoherence to first order where we divide exactly: they differ by (error)².
    assert np.abs(rho - theirs).max() < 0.002**2


def test_a_gate_class_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidNoiseError, match="CZPowGate"):
        calibration_from_cirq(cirq_properties(), gates={"PhasedXZGate": "u"})
