"""Whole circuits between Braket and us: bits, qubits' names, parameters, noise, refusals by name."""

from __future__ import annotations

import numpy as np
import pytest
from braket.circuits import Circuit, FreeParameter, noises
from braket.circuits import Instruction as BraketInstruction
from braket.devices import LocalSimulator
from hypothesis import given, settings
from numpy.testing import assert_allclose

from coratrix.core import (
    ChannelOp,
    Instruction,
    Parameter,
    QuantumCircuit,
    condition_equals,
    gate,
)
from coratrix.core.errors import CircuitExportError, CircuitImportError
from coratrix.core.interop import adopt
from coratrix.core.noise import Channel, depolarizing
from coratrix.providers.aws.convert import from_foreign, to_foreign
from coratrix.testing.reference import outcome_probabilities, unitary
from coratrix.testing.statistics import assert_counts_match
from coratrix.testing.strategies import circuits


@settings(deadline=None, max_examples=60, derandomize=True)
@given(circuits(max_qubits=4))
def test_any_circuit_of_gates_goes_round_trip(circuit: QuantumCircuit) -> None:
    try:
        theirs = to_foreign(circuit)
    except CircuitExportError:
        assert circuit.num_clbits or any(not hasattr(one.operation, "matrix") for one in circuit.instructions)
        return

    back = from_foreign(theirs)

    if not circuit.has_measurements and all(
        one.name not in ("channel", "barrier") for one in circuit.instructions
    ):
        assert_allclose(theirs.to_unitary(), unitary(circuit), atol=1e-12, rtol=0)
        assert_allclose(unitary(back), unitary(circuit), atol=1e-12, rtol=0)
    assert back.num_qubits == circuit.num_qubits


def test_adopt_finds_the_converter() -> None:
    ours = adopt(Circuit().x(0).cnot(0, 1))

    assert ours == QuantumCircuit(2).x(0).cx(0, 1)


def test_measurements_keep_their_bits() -> None:
    circuit = QuantumCircuit(3, num_clbits=2).x(0).measure(2, 0).measure(0, 1)

    theirs = to_foreign(circuit)
    back = from_foreign(theirs)

    assert dict(LocalSimulator().run(theirs, shots=10).result().measurement_counts) == {"01": 10}
    assert outcome_probabilities(back) == pytest.approx({"01": 1.0})


def test_counts_of_brakets_simulator_and_of_ours_agree() -> None:
    theirs = Circuit().ry(0, 0.7).cnot(0, 1).rx(2, 1.9).cnot(2, 1).h(1).measure(2).measure(0).measure(1)

    counts = LocalSimulator().run(theirs, shots=4000).result().measurement_counts

    assert_counts_match(counts, outcome_probabilities(from_foreign(theirs)))


def test_names_of_qubits_survive_the_round_trip() -> None:
    theirs = Circuit().x(7).cnot(7, 2)

    ours = from_foreign(theirs)

    assert ours == QuantumCircuit(2).x(1).cx(1, 0)
    assert to_foreign(ours) == theirs


def test_a_qubit_without_gates_is_not_forgotten() -> None:
    circuit = QuantumCircuit(3).x(2)

    assert from_foreign(to_foreign(circuit)).num_qubits == 3


def test_parameters_survive_with_their_arithmetic() -> None:
    a, b = Parameter("a"), Parameter("beta")
    circuit = QuantumCircuit(2, global_phase=a).rx(2 * a - b, 0).crz((a * b).sin() / 3, 0, 1).rzx(-a, 1, 0)
    values = {"a": 0.7, "beta": 1.3}

    theirs = to_foreign(circuit)
    back = from_foreign(theirs)

    bound = unitary(circuit.bind(values))
    assert_allclose(theirs.make_bound_circuit(values).to_unitary(), bound, atol=1e-12, rtol=0)
    assert_allclose(unitary(back.bind(values)), bound, atol=1e-12, rtol=0)
    assert {parameter.name for parameter in back.parameters} == {"a", "beta"}


@pytest.mark.parametrize("name", ["gpi", "gpi2", "xy", "pswap", "cphaseshift00", "cphaseshift10", "rx", "zz"])
def test_a_free_parameter_of_braket_survives(name: str) -> None:
    theirs = Circuit().h(0).t(1)
    targets = [0] if name in ("gpi", "gpi2", "rx") else [1, 0]
    getattr(theirs, name)(*targets, FreeParameter("theta") / 2)

    ours = from_foreign(theirs)

    assert_allclose(
        unitary(ours.bind({"theta": 0.9})),
        theirs.make_bound_circuit({"theta": 0.9}).to_unitary(),
        atol=1e-12,
        rtol=0,
    )


NOISES = [
    noises.BitFlip(0.1),
    noises.PhaseFlip(0.1),
    noises.Depolarizing(0.1),
    noises.TwoQubitDepolarizing(0.1),
    noises.TwoQubitDephasing(0.1),
    noises.AmplitudeDamping(0.1),
    noises.PhaseDamping(0.1),
    noises.GeneralizedAmplitudeDamping(0.1, 0.8),
    noises.PauliChannel(0.1, 0.05, 0.2),
    noises.TwoQubitPauliChannel({"XY": 0.1, "ZI": 0.2}),
    noises.Kraus([np.diag([1, 0.8]), np.array([[0, 0.6], [0, 0]])]),
]


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: type(noise).__name__)
def test_noise_is_the_same_channel_both_ways(noise: noises.Noise) -> None:
    theirs = Circuit().h(0).h(1)
    theirs.add_instruction(BraketInstruction(noise, [1, 0][: noise.qubit_count]))
    expected = Channel.from_kraus(noise.to_matrix()).superoperator()

    ours = from_foreign(theirs)
    channel, qubits = ours.instructions[-1].operation.channel, ours.instructions[-1].qubits
    again = to_foreign(ours).instructions[-1].operator

    assert qubits == (1, 0)[: noise.qubit_count]
    assert_allclose(channel.superoperator(), expected, atol=1e-12, rtol=0)
    assert_allclose(Channel.from_kraus(again.to_matrix()).superoperator(), expected, atol=1e-12, rtol=0)


def test_every_noise_class_of_braket_is_tried_above() -> None:
    classes = {
        item
        for item in vars(noises).values()
        if isinstance(item, type) and item.__module__ == noises.__name__
    }

    assert classes == {type(noise) for noise in NOISES}


def test_barriers_survive() -> None:
    circuit = QuantumCircuit(2).h(0).barrier(1, 0).h(1)

    assert from_foreign(to_foreign(circuit)) == circuit


@pytest.mark.parametrize(
    ("circuit", "words"),
    [
        (QuantumCircuit(1, num_clbits=1).measure(0, 0).x(0), "x after measuring qubit 0"),
        (QuantumCircuit(1).x(0).reset(0), "reset"),
        (QuantumCircuit(1).delay(1e-6, 0), "delay"),
        (QuantumCircuit(1, num_clbits=2).measure(0, 1), "never or twice"),
        (QuantumCircuit(2, registers=[("u", 1), ("v", 1)]).measure([0, 1], [0, 1]), "several registers"),
        (QuantumCircuit(1).rx(Parameter("θ"), 0), "θ"),
        (QuantumCircuit(1).rx(2 * Parameter("q"), 0), "'q'"),
        (QuantumCircuit(3).add_gate(gate("ry", Parameter("a")).controlled(2), [0, 1, 2]), "bound"),
        (QuantumCircuit(3).append(Instruction(ChannelOp(depolarizing(0.1, 3)), (0, 1, 2))), "3 qubits"),
        (
            QuantumCircuit(2, num_clbits=1).measure(0, 0).if_test(condition_equals(0, 1), lambda c: c.x(1)),
            "if_else",
        ),
    ],
)
def test_what_a_braket_circuit_cannot_hold_is_refused_by_name(circuit: QuantumCircuit, words: str) -> None:
    with pytest.raises(CircuitExportError, match=words):
        to_foreign(circuit)


@pytest.mark.parametrize(
    ("theirs", "words"),
    [
        (Circuit(), "no qubits"),
        (Circuit().h(0).probability(0), "Probability"),
        (Circuit().add_verbatim_box(Circuit().h(0)), "StartVerbatimBox"),
        (Circuit().bit_flip(0, FreeParameter("p")), "BitFlip has a free parameter"),
        (Circuit().prx(0, FreeParameter("a"), 0.1, control=1), "PRx has a free parameter"),
    ],
)
def test_what_ours_cannot_hold_is_refused_by_name(theirs: Circuit, words: str) -> None:
    with pytest.raises(CircuitImportError, match=words):
        from_foreign(theirs)
