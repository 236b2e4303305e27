"""Whole circuits: registers, mid-circuit measurement, conditions, noise; held against Cirq's simulator."""

from __future__ import annotations

from collections import Counter

import cirq
import numpy as np
import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.core import GATES, QuantumCircuit, condition_equals, gate
from coratrix.core.errors import CircuitError, CircuitImportError
from coratrix.core.interop import adopt
from coratrix.core.noise import amplitude_damping, depolarizing
from coratrix.core.operations import Condition, Delay
from coratrix.providers.google.convert import from_foreign, to_foreign
from coratrix.providers.google.measurement_keys import bit_keys
from coratrix.testing import reference
from coratrix.testing.statistics import assert_counts_match

SHOTS = 1500


def counts_by_cirq(theirs: cirq.Circuit, ours: QuantumCircuit) -> Counter[str]:
    """Cirq's samples in our order of bits; a bit that is never measured reads 0."""
    measured = cirq.Simulator(seed=1234).run(theirs, repetitions=SHOTS).measurements
    keys = bit_keys((register.name, register.size) for register in ours.registers)
    columns = [measured[key][:, 0] if key in measured else [0] * SHOTS for key in keys]
    return Counter("".join(map(str, row)) for row in zip(*columns, strict=True))


def assert_same_outcomes(ours: QuantumCircuit) -> None:
    expected = reference.outcome_probabilities(ours)
    theirs = to_foreign(ours)

    assert_counts_match(counts_by_cirq(theirs, ours), expected)
    back = from_foreign(theirs)
    assert [(r.name, r.size) for r in back.registers] == [(r.name, r.size) for r in ours.registers]
    assert reference.outcome_probabilities(back) == pytest.approx(expected, abs=1e-12)


def two_registers() -> QuantumCircuit:
    circuit = QuantumCircuit(4)
    first, second = circuit.add_register("zeta", 2), circuit.add_register("alpha", 3)
    circuit.ry(0.9, 0).ry(1.7, 2).cx(0, 3)
    return circuit.measure((3, 0, 2), (second[1], first[0], second[2]))


def overwritten_bit() -> QuantumCircuit:
    circuit = QuantumCircuit(2, num_clbits=2).ry(0.9, 0).measure(0, 0)
    circuit.add_gate(gate("x"), [1], condition=condition_equals(0, 1))
    return (
        circuit.ry(2.3, 0)
        .measure(0, 0)
        .add_gate(gate("x"), [1], condition=condition_equals(0, 0))
        .measure(1, 1)
    )


def many_conditions() -> QuantumCircuit:
    circuit = QuantumCircuit(4, num_clbits=5)
    circuit.ry(0.9, 0).ry(1.1, 1).ry(1.7, 2).measure((0, 1, 2), (0, 1, 2))
    circuit.if_test(
        Condition((2, 0, 1), {1, 4, 6}),
        lambda body: body.ry(0.7, 3).if_test(condition_equals(1, 1), lambda inner: inner.h(3)),
        lambda body: body.rx(1.9, 3).reset(0),
    )
    circuit.add_gate(gate("x"), [1], condition=Condition((0, 4), {2, 3}))  # bit 4 is never measured
    return circuit.measure(3, 3).measure(1, 1)


def teleportation() -> QuantumCircuit:
    circuit = QuantumCircuit(3, registers=[("m", 2), ("out", 1)])
    circuit.u(0.8, 0.3, 0.4, 0).h(1).cx(1, 2).cx(0, 1).h(0).measure(0, 0).barrier().measure(1, 1)
    circuit.add_gate(gate("x"), [2], condition=condition_equals(1, 1))
    circuit.add_gate(gate("z"), [2], condition=condition_equals(0, 1))
    return circuit.u(-0.8, -0.4, -0.3, 2).ry(0.6, 2).measure(2, 2)


def noise_in_place() -> QuantumCircuit:
    circuit = QuantumCircuit(2).ry(2.2, 0).channel(amplitude_damping(0.3), 0).cx(0, 1)
    return circuit.channel(depolarizing(0.2, 2), 1, 0).measure_all()


@pytest.mark.parametrize(
    "make", [two_registers, overwritten_bit, many_conditions, teleportation, noise_in_place]
)
def test_cirq_sees_the_same_outcomes(make: object) -> None:
    assert_same_outcomes(make())  # type: ignore[operator]


@st.composite
def dynamic_circuits(draw: st.DrawFn) -> QuantumCircuit:
    """Gates of the whole table, measurements into any bit at any time, resets and conditions."""
    circuit = QuantumCircuit(draw(st.integers(1, 4)), num_clbits=3)
    names = [name for name, spec in GATES.items() if spec.num_qubits <= circuit.num_qubits]
    for _ in range(draw(st.integers(1, 12))):
        qubits = draw(st.permutations(range(circuit.num_qubits)))
        kind = draw(st.sampled_from(["gate", "gate", "gate", "measure", "reset", "if", "barrier"]))
        spec = GATES[draw(st.sampled_from(names))]
        angles = draw(st.tuples(*[st.floats(-7, 7)] * spec.num_params))
        if kind == "gate":
            circuit.add_gate(gate(spec.name, *angles), qubits[: spec.num_qubits])
        elif kind == "if":
            condition = Condition(
                draw(st.permutations(range(3)))[:2], draw(st.sets(st.integers(0, 3))), draw(st.booleans())
            )
            circuit.add_gate(gate(spec.name, *angles), qubits[: spec.num_qubits], condition=condition)
        elif kind == "measure":
            circuit.measure(qubits[0], draw(st.integers(0, 2)))
        elif kind == "reset":
            circuit.reset(qubits[0])
        else:
            circuit.barrier(*qubits[:2])
    return circuit


@settings(deadline=None, max_examples=60, derandomize=True)
@given(ours=dynamic_circuits())
def test_a_circuit_comes_back_with_the_same_outcomes(ours: QuantumCircuit) -> None:
    back = from_foreign(to_foreign(ours))

    assert back.num_qubits == ours.num_qubits
    assert back.registers == ours.registers
    assert_allclose(reference.density_matrix(back), reference.density_matrix(ours), atol=1e-12)
    assert reference.outcome_probabilities(back) == pytest.approx(
        reference.outcome_probabilities(ours), abs=1e-12
    )


@pytest.mark.parametrize("seed", range(8))
def test_cirqs_random_circuits_have_the_same_unitary_here(seed: int) -> None:
    qubits = cirq.LineQubit.range(4)
    theirs = cirq.testing.random_circuit(qubits, n_moments=12, op_density=0.7, random_state=seed)
    theirs.append(cirq.I.on_each(*qubits))

    assert_allclose(reference.unitary(from_foreign(theirs)), theirs.unitary(qubits), atol=1e-12)


def test_keys_become_registers_and_qubits_keep_cirqs_order() -> None:
    b, a = cirq.NamedQubit("b"), cirq.NamedQubit("a")
    theirs = cirq.Circuit(
        cirq.X(b), cirq.measure(b, a, key="late key", invert_mask=(False, True)), cirq.measure(a, key="m")
    )

    ours = adopt(theirs.freeze())

    assert [(r.name, r.size) for r in ours.registers] == [("late key", 2), ("m", 1)]
    assert reference.outcome_probabilities(ours) == {"110": 1.0}


@pytest.mark.parametrize(
    "claim",
    [
        cirq.KeyCondition(cirq.MeasurementKey("m")),
        cirq.SympyCondition(sympy.Symbol("m") > 1),
        cirq.SympyCondition(sympy.Xor(sympy.IndexedBase("m")[0], sympy.IndexedBase("m")[1])),
        cirq.BitMaskKeyCondition("m", bitmask=2, target_value=2, equal_target=True),
    ],
    ids=str,
)
def test_each_of_cirqs_conditions_is_carried(claim: cirq.Condition) -> None:
    a, b, c = cirq.LineQubit.range(3)
    theirs = cirq.Circuit(
        cirq.ry(0.9)(a), cirq.ry(1.9)(b), cirq.measure(a, b, key="m"),
        cirq.X(c).with_classical_controls(claim), cirq.measure(c, key="out"),
    )  # fmt: skip
    result = cirq.Simulator(seed=5).run(theirs, repetitions=SHOTS)
    rows = zip(*result.measurements["m"].T, result.measurements["out"][:, 0], strict=True)

    expected = reference.outcome_probabilities(from_foreign(theirs))

    assert_counts_match(Counter("".join(map(str, row)) for row in rows), expected)


def test_a_subcircuit_is_unrolled() -> None:
    a, b = cirq.LineQubit.range(2)
    inner = cirq.FrozenCircuit(cirq.ry(0.3)(a), cirq.measure(a, key="m"))
    theirs = cirq.Circuit(cirq.CircuitOperation(inner, repetitions=2, use_repetition_ids=True), cirq.X(b))

    ours = from_foreign(theirs)

    assert [r.name for r in ours.registers] == ["0:m", "1:m"]
    assert ours.count_ops() == {"ry": 2, "measure": 2, "x": 1}


def test_a_wait_is_a_delay() -> None:
    ours = from_foreign(cirq.Circuit(cirq.wait(cirq.q(0), nanos=25)))

    assert [instruction.operation for instruction in ours] == [Delay(25e-9)]
    assert from_foreign(to_foreign(ours)) == ours


def test_a_barrier_parts_moments() -> None:
    with_barrier = to_foreign(QuantumCircuit(2).h(0).barrier().x(1))
    without = to_foreign(QuantumCircuit(2).h(0).x(1))

    assert (len(with_barrier), len(without)) == (2, 1)


A, B = cirq.LineQubit.range(2)


@pytest.mark.parametrize(
    ("theirs", "complaint"),
    [
        (cirq.Circuit(cirq.measure(A, key="m"), cirq.measure(B, key="m")), "'m' is measured more than once"),
        (cirq.Circuit(cirq.measure(A, key="m", confusion_map={(0,): np.eye(2)})), "confusion"),
        (cirq.Circuit(cirq.KrausChannel([cirq.unitary(cirq.I)], key="k").on(A)), "measures"),
        (
            cirq.Circuit(
                cirq.CircuitOperation(
                    cirq.FrozenCircuit(cirq.H(A), cirq.measure(A, key="m")),
                    use_repetition_ids=False, repeat_until=cirq.KeyCondition(cirq.MeasurementKey("m")),
                )
            ),
            "nondeterministic",
        ),
    ],
    ids=["repeated key", "confusion map", "measured channel", "repeat until"],
)  # fmt: skip
def test_what_coratrix_cannot_carry_is_refused_by_name(theirs: cirq.Circuit, complaint: str) -> None:
    with pytest.raises(CircuitImportError, match=complaint):
        from_foreign(theirs)


@pytest.mark.parametrize(
    ("ours", "complaint"),
    [
        (
            QuantumCircuit(1, num_clbits=1).while_loop(condition_equals(0, 1), lambda b: b.x(0), 3),
            "while_loop",
        ),
        (
            QuantumCircuit(1, num_clbits=2)
            .measure(0, 0)
            .if_test(condition_equals(0, 1), lambda b: b.measure(0, 1)),
            "instruction 1, body instruction 0: .*measure",
        ),
    ],
    ids=["while", "conditional measurement"],
)
def test_what_cirq_cannot_carry_is_refused_by_name(ours: QuantumCircuit, complaint: str) -> None:
    with pytest.raises(CircuitError, match=complaint):
        to_foreign(ours)
