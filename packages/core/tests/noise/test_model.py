"""NoiseModel: where each number acts, which rule wins, what is refused, and its JSON."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from coratrix.core import QuantumCircuit
from coratrix.core.errors import InvalidNoiseError
from coratrix.core.gates import UnitaryGate, gate
from coratrix.core.noise import (
    GateChannel,
    GateNoise,
    NoiseModel,
    ReadoutError,
    amplitude_damping,
    bit_flip,
    depolarizing,
    pauli,
    phase_damping,
    phase_flip,
    thermal_relaxation,
)
from coratrix.core.operations import ChannelOp, Delay, IfElse, Instruction, Measure, Reset, condition_equals

GUIDE = {"depolarizing_error": 0.01, "amplitude_damping_error": 0.005}

RICH = {
    "depolarizing_error": 0.01,
    "amplitude_damping_error": 0.005,
    "phase_damping_error": 0.002,
    "bit_flip_error": 0.001,
    "phase_flip_error": 0.003,
    "readout_error": 0.02,
    "channels": [{"name": "reset_error", "p0": 0.001, "p1": 0.0}],
    "gate_errors": {
        "cx": {"depolarizing_error": 0.03},
        "cx 0 1": {"channels": [{"name": "amplitude_damping", "gamma": 0.1, "on": [1]}]},
        "rz": {},
        "unitary:wobble": {"bit_flip_error": 0.1},
    },
    "qubit_errors": {"3": {"phase_flip_error": 0.1}},
    "readout_errors": {"2": [[0.9, 0.1], [0.3, 0.7]], "0 1": np.eye(4).tolist()},
    "idle": {"*": {"t1": 1e-4, "t2": 5e-5}, "1": {"t1": 2e-4, "t2": 1e-4, "excited_population": 0.01}},
    "durations": {"cx": 3e-7, "cx 0 1": 2e-7, "measure": 1e-6},
}


def on(name: str, *qubits: int, params: tuple[float, ...] = ()) -> Instruction:
    return Instruction(gate(name, *params), qubits)


def test_the_guides_numbers_act_after_a_gate_on_its_qubits() -> None:
    model = NoiseModel.from_dict(GUIDE)

    assert model.channels_after(on("h", 2)) == [(depolarizing(0.01), (2,)), (amplitude_damping(0.005), (2,))]
    assert model.channels_after(on("cx", 2, 0)) == [
        (depolarizing(0.01, 2), (2, 0)),
        (amplitude_damping(0.005), (2,)),
        (amplitude_damping(0.005), (0,)),
    ]
    assert model.channels_after(on("ccx", 2, 0, 1))[0] == (depolarizing(0.01, 3), (2, 0, 1))


def test_the_flat_numbers_act_in_the_documented_order() -> None:
    model = NoiseModel(
        phase_flip_error=0.5, bit_flip_error=0.4, phase_damping_error=0.3, amplitude_damping_error=0.2,
        depolarizing_error=0.1, channels=[pauli({"Y": 0.6})],
    )  # fmt: skip

    assert [channel for channel, _ in model.channels_after(on("x", 0))] == [
        depolarizing(0.1), amplitude_damping(0.2), phase_damping(0.3), bit_flip(0.4), phase_flip(0.5),
        pauli({"Y": 0.6}),
    ]  # fmt: skip


def test_what_is_no_gate_has_no_noise() -> None:
    model = NoiseModel.from_dict(GUIDE)
    not_gates = [
        Instruction(Measure(), (0,), (0,)),
        Instruction(Reset(), (0,)),
        Instruction(Delay(1e-6), (0,)),
    ]
    not_gates.append(Instruction(ChannelOp(bit_flip(0.1)), (0,)))

    assert [model.channels_after(instruction) for instruction in not_gates] == [[], [], [], []]


def test_the_identity_gate_is_a_gate() -> None:
    assert NoiseModel.from_dict(GUIDE).channels_after(on("id", 0))


def test_the_most_telling_rule_wins_and_replaces_the_others() -> None:
    model = NoiseModel(depolarizing_error=0.1, gate_errors={"cnot": 0.2, "cx 1 0": bit_flip(0.3), "rz": {}})

    assert model.channels_after(on("cx", 0, 1)) == [(depolarizing(0.2, 2), (0, 1))]
    assert model.channels_after(on("cx", 1, 0)) == [(bit_flip(0.3), (1,)), (bit_flip(0.3), (0,))]
    assert model.channels_after(on("rz", 0, params=(0.3,))) == []
    assert model.channels_after(on("h", 0)) == [(depolarizing(0.1), (0,))]


def test_noise_of_a_qubit_is_added_after_that_of_the_gate() -> None:
    model = NoiseModel(depolarizing_error=0.1, qubit_errors={1: amplitude_damping(0.2)})

    assert model.channels_after(on("cx", 1, 0)) == [
        (depolarizing(0.1, 2), (1, 0)),
        (amplitude_damping(0.2), (1,)),
    ]
    assert model.channels_after(on("h", 0)) == [(depolarizing(0.1), (0,))]


def test_a_channel_can_name_a_position_among_the_gates_qubits() -> None:
    model = NoiseModel(gate_errors={"cx": GateChannel(channel=amplitude_damping(0.2), on=(1,))})

    assert model.channels_after(on("cx", 5, 3)) == [(amplitude_damping(0.2), (3,))]


def test_unitaries_are_found_by_label() -> None:
    model = NoiseModel(gate_errors={"unitary": 0.1, "unitary:wobble": 0.2})
    matrix = np.diag([1, 1j])

    assert model.channels_after(Instruction(UnitaryGate(matrix, "wobble"), (0,)))[0][0] == depolarizing(0.2)
    assert model.channels_after(Instruction(UnitaryGate(matrix, "other"), (0,)))[0][0] == depolarizing(0.1)
    assert model.channels_after(Instruction(UnitaryGate(matrix), (0,)))[0][0] == depolarizing(0.1)


def test_a_channel_on_the_wrong_number_of_qubits_is_refused_when_it_meets_the_gate() -> None:
    model = NoiseModel(channels=[depolarizing(0.1, 2)])

    assert model.channels_after(on("cx", 0, 1)) == [(depolarizing(0.1, 2), (0, 1))]
    with pytest.raises(InvalidNoiseError, match="acts on 2 qubits; the gate has 1"):
        model.channels_after(on("h", 0))


def test_readout_of_one_qubit_replaces_the_general_one() -> None:
    model = NoiseModel(readout_error=0.02, readout_errors={1: [[0.9, 0.1], [0.3, 0.7]]})

    assert np.allclose(model.readout(0), [[0.98, 0.02], [0.02, 0.98]])
    assert np.allclose(model.readout(1), [[0.9, 0.1], [0.3, 0.7]])
    assert NoiseModel().readout(0) is None


def test_a_joint_readout_error_names_the_bits_where_it_acts() -> None:
    model = NoiseModel(readout_error=0.02, readout_errors={(2, 0): np.eye(4)})
    circuit = QuantumCircuit(3, num_clbits=3).measure([0, 1, 2], [2, 1, 0])

    ((clbits, matrix),) = model.correlated_readout(circuit)

    assert clbits == (0, 2)
    assert np.array_equal(matrix, np.eye(4))
    assert model.readout(0) is None
    assert model.readout(1) is not None


def test_a_joint_readout_error_without_meaning_is_refused() -> None:
    model = NoiseModel(readout_errors={"0 1": np.eye(4)})
    base = QuantumCircuit(2, num_clbits=2).measure([0, 1], [0, 1])

    for circuit, reason in [
        (base.copy().measure(0, 0), "measures qubit 0 twice"),
        (base.copy().if_test(condition_equals(0, 1), lambda c: c.x(0)), "again in if_else"),
        (QuantumCircuit(2, num_clbits=2).measure(0, 0), r"does not measure \[1\]"),
    ]:
        with pytest.raises(InvalidNoiseError, match=reason):
            model.correlated_readout(circuit)
    assert model.correlated_readout(QuantumCircuit(2).x(0)) == []


def test_idle_noise_acts_on_delays() -> None:
    model = NoiseModel(idle={"*": {"t1": 1e-4, "t2": 5e-5}, "1": {}})

    assert model.channels_after(Instruction(Delay(1e-6), (0,))) == [
        (thermal_relaxation(1e-4, 5e-5, 1e-6), (0,))
    ]
    assert model.channels_after(Instruction(Delay(1e-6), (1,))) == []


def written(model: NoiseModel, circuit: QuantumCircuit) -> list[tuple[str, tuple[int, ...]]]:
    return [
        (op.operation.channel.name if isinstance(op.operation, ChannelOp) else op.name, op.qubits)
        for op in model.applied_to(circuit)
    ]


def test_a_qubit_that_waits_for_its_partner_is_noisy_just_before_they_meet() -> None:
    model = NoiseModel(idle={"*": {"t1": 1e-4, "t2": 5e-5}}, durations={"h": 1e-7, "cx": 3e-7})
    circuit = QuantumCircuit(3).h(0).cx(0, 1).cx(1, 2)

    noisy = model.applied_to(circuit)

    assert written(model, circuit) == [
        ("h", (0,)), ("thermal_relaxation", (1,)), ("cx", (0, 1)),
        ("thermal_relaxation", (2,)), ("cx", (1, 2)),
    ]  # fmt: skip
    waits = [op.operation.channel.params["time"] for op in noisy if isinstance(op.operation, ChannelOp)]
    assert waits == pytest.approx([1e-7, 4e-7])


def test_barriers_make_qubits_wait_for_one_another() -> None:
    model = NoiseModel(idle={"*": {"t1": 1e-4, "t2": 5e-5}}, durations={"h": 1e-7})

    assert written(model, QuantumCircuit(2).h(0).barrier(0, 1)) == [
        ("h", (0,)), ("thermal_relaxation", (1,)), ("barrier", (0, 1)),
    ]  # fmt: skip


def test_noise_is_written_into_the_bodies_of_conditionals() -> None:
    model = NoiseModel(gate_errors={"x": bit_flip(0.1)})
    circuit = QuantumCircuit(1, num_clbits=1).measure(0, 0).if_test(condition_equals(0, 1), lambda c: c.x(0))

    conditional = model.applied_to(circuit).instructions[1].operation

    assert isinstance(conditional, IfElse)
    assert [inner.name for inner in conditional.then_body] == ["x", "channel"]


def test_registers_name_and_metadata_survive() -> None:
    circuit = QuantumCircuit(
        2, "bell", registers=[("a", 1), ("b", 2)], global_phase=0.3, metadata={"k": 1}
    ).h(0)

    noisy = NoiseModel.from_dict(GUIDE).applied_to(circuit)

    assert (noisy.name, noisy.global_phase, noisy.metadata) == ("bell", 0.3, {"k": 1})
    assert [(r.name, r.size) for r in noisy.registers] == [("a", 1), ("b", 2)]
    assert NoiseModel().applied_to(circuit) == circuit


def test_the_flat_form_comes_back_as_it_went_in() -> None:
    assert NoiseModel.from_dict(GUIDE).to_dict() == {"schema_version": 1, **GUIDE}
    assert NoiseModel.from_dict(RICH).to_dict() == {"schema_version": 1, **RICH}


def test_json_and_pickle_round_trips() -> None:
    model = NoiseModel.from_dict(RICH)

    assert NoiseModel.from_json(model.to_json()) == model
    assert pickle.loads(pickle.dumps(model)) == model
    assert hash(NoiseModel.from_json(model.to_json())) == hash(model)
    assert json.loads(model.to_json())["gate_errors"]["rz"] == {}


def test_arguments_are_forgiving() -> None:
    assert NoiseModel(gate_errors={"CNOT": 0.03}) == NoiseModel(
        gate_errors={"cx": GateNoise(depolarizing_error=0.03)}
    )
    assert NoiseModel(readout_error=0.02) == NoiseModel(readout_error=ReadoutError.symmetric(0.02))
    assert NoiseModel().with_gate_error("cnot", 0.1, qubits=(0, 1)) == NoiseModel(gate_errors={"cx 0 1": 0.1})
    assert NoiseModel().with_readout_error(0.1, qubits=(3,)) == NoiseModel(readout_errors={"3": 0.1})
    assert NoiseModel.of(None) == NoiseModel()
    assert NoiseModel.of(GUIDE) == NoiseModel(**GUIDE)


def test_a_model_cannot_be_changed() -> None:
    given = {"cx": 0.1}
    model = NoiseModel(gate_errors=given)
    given["h"] = 0.5

    assert list(model.gate_errors) == ["cx"]
    with pytest.raises(TypeError, match="does not change"):
        model.gate_errors["h"] = GateNoise()  # type: ignore[index]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"depolarising_error": 0.1}, "unknown key 'depolarising_error'.*did you mean 'depolarizing_error'"),
        ({"depolarizing_error": 1.2}, "depolarizing_error is 1.2; allowed is 0 to 1"),
        ({"bit_flip_error": -0.1}, "bit_flip_error is -0.1"),
        ({"phase_flip_error": "high"}, "phase_flip_error is 'high'; expected a number"),
        ({"gate_errors": {"cnott": 0.1}}, "no gate is named 'cnott'.*did you mean 'cnot'"),
        ({"gate_errors": {"cx 0": 0.1}}, "cx acts on 2 qubits"),
        ({"gate_errors": {"cx 1 1": 0.1}}, "named twice"),
        ({"gate_errors": {"cx a b": 0.1}}, "expected qubit numbers"),
        ({"gate_errors": {"measure": 0.1}}, "a measurement's error is readout_error"),
        ({"gate_errors": {"cx": {"bit_flip": 0.1}}}, r"gate_errors\['cx'\].*did you mean 'bit_flip_error'"),
        ({"gate_errors": {"cx": 0.1, "cnot": 0.2}}, "both mean 'cx'"),
        ({"gate_errors": {"cx": {"channels": [{"name": "kruas"}]}}}, "did you mean 'kraus'"),
        ({"gate_errors": {"cx": {"channels": [{"name": "bit_flip", "p": 3}]}}}, "bit_flip p is 3"),
        ({"gate_errors": [0.1]}, "gate_errors is a dictionary, found list"),
        ({"readout_error": 1.5}, "readout_error is 1.5"),
        ({"readout_error": [[0.9, 0.2], [0.1, 0.9]]}, r"row 0 \(true state 0\) adds up to 1.1"),
        ({"readout_error": [[0.9, 0.1, 0], [0, 1, 0], [0, 0, 1]]}, "confusion matrix, found shape"),
        ({"readout_error": np.eye(4).tolist()}, "readout_error is for one qubit"),
        ({"readout_errors": {"0 1": 0.1}}, "has a matrix for 1 qubits"),
        ({"readout_errors": {"0": 0.1, "0 1": np.eye(4).tolist()}}, "qubit 0 stands in two entries"),
        ({"qubit_errors": {"0 1": 0.1}}, "expected one qubit"),
        ({"idle": {"*": {"t1": 1e-6, "t2": 3e-6}}}, "t2 ≤ 2·t1"),
        ({"idle": {"*": {"t1": 1e-6}}}, "t1 without t2"),
        ({"durations": {"cx": -1}}, "duration is -1 s"),
        ({"schema_version": 9}, "schema version 9"),
        ([0.1], "found list"),
    ],
)
def test_bad_models_are_refused_by_name_value_and_range(data: object, message: str) -> None:
    with pytest.raises(InvalidNoiseError, match=message):
        NoiseModel.from_dict(data)  # type: ignore[arg-type]


def test_text_that_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidNoiseError, match="a noise model is JSON"):
        NoiseModel.from_json("{")
