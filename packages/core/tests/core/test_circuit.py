"""QuantumCircuit: building, checking, transforming, storing."""

from __future__ import annotations

import json
import math
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.core import (
    GATES,
    Barrier,
    CircuitError,
    CNOTGate,
    HGate,
    IfElse,
    Instruction,
    Measure,
    Parameter,
    QuantumCircuit,
    RXGate,
    RYGate,
    condition_equals,
    gate,
)

Dense: TypeAlias = Callable[[QuantumCircuit], "np.ndarray[tuple[int, int], np.dtype[np.complex128]]"]

angles = st.floats(-7, 7, allow_nan=False)
theta, phi = Parameter("theta"), Parameter("phi")


@st.composite
def unitary_circuits(draw: st.DrawFn) -> QuantumCircuit:
    circuit = QuantumCircuit(draw(st.integers(5, 6)), global_phase=draw(angles))
    for name in draw(st.lists(st.sampled_from(sorted(GATES)), max_size=8)):
        spec = GATES[name]
        qubits = draw(st.permutations(range(circuit.num_qubits)))[: spec.num_qubits]
        circuit.add_gate(gate(name, *(draw(angles) for _ in spec.params)), qubits)
    return circuit


def everything() -> QuantumCircuit:
    """A lopsided circuit with one of each kind of thing."""
    circuit = QuantumCircuit(3, "everything", registers=[("a", 2), ("b", 1)], global_phase=theta / 2)
    circuit.h(0).cx(0, 2).rz(theta + 1, 1).barrier(0, 2).delay(1e-6, 1).reset(2).measure([0, 1], [1, 0])
    circuit.add_gate(RYGate(phi).controlled(2, "01"), [2, 1, 0]).unitary([[0, 1j], [1, 0]], [1], "twist")
    circuit.if_test(condition_equals(circuit.register("a"), 2), lambda body: body.x(2).rx(phi, 0))
    circuit.while_loop(condition_equals(2, 0), lambda body: body.h(2).measure(2, 2), 10)
    circuit.metadata["author"] = "test"
    return circuit


def test_the_guides_bell_state_is_built_as_the_guide_writes_it() -> None:
    circuit = QuantumCircuit(2, "bell_state")
    circuit.add_gate(HGate(), [0])
    circuit.add_gate(CNOTGate(), [0, 1])

    assert circuit == QuantumCircuit(2).h(0).cx(0, 1)
    assert circuit.name == "bell_state"
    assert [op.name for op in circuit] == ["h", "cx"]
    assert circuit.count_ops() == {"h": 1, "cx": 1}


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_has_a_method_of_its_name(name: str) -> None:
    spec = GATES[name]
    params = (0.1, 0.2, 0.3, 0.4)[: spec.num_params]
    qubits = (3, 0, 4, 1, 2)[: spec.num_qubits]

    circuit = getattr(QuantumCircuit(5), name)(*params, *qubits)

    assert circuit.instructions == (Instruction(gate(name, *params), qubits),)


def test_a_gate_on_one_qubit_takes_several() -> None:
    assert QuantumCircuit(3).rx(0.1, 2, 0) == QuantumCircuit(3).rx(0.1, 2).rx(0.1, 0)


@given(unitary_circuits())
def test_the_inverse_undoes_the_circuit(unitary_of: Dense, circuit: QuantumCircuit) -> None:
    whole = circuit.compose(circuit.inverse())

    assert_allclose(unitary_of(whole), np.eye(2**circuit.num_qubits), atol=1e-11)


@given(unitary_circuits(), st.integers(-2, 3))
def test_a_power_is_repetition(unitary_of: Dense, circuit: QuantumCircuit, exponent: int) -> None:
    expected = np.linalg.matrix_power(unitary_of(circuit), exponent)

    assert_allclose(unitary_of(circuit.power(exponent)), expected, atol=1e-10)


@given(unitary_circuits())
def test_json_and_pickle_keep_a_circuit_to_the_last_bit(circuit: QuantumCircuit) -> None:
    for twin in (QuantumCircuit.from_json(circuit.to_json()), pickle.loads(pickle.dumps(circuit))):
        assert twin == circuit
        assert twin.digest() == circuit.digest()


def test_json_keeps_everything_a_circuit_can_hold() -> None:
    circuit = everything()

    twin = QuantumCircuit.from_json(circuit.to_json())

    assert twin == circuit
    assert (twin.name, twin.metadata) == (circuit.name, circuit.metadata)
    assert twin.digest() == circuit.digest()
    assert pickle.loads(pickle.dumps(circuit)) == circuit
    assert json.loads(circuit.to_json())["schema_version"] == 1


def test_the_digest_sees_content_and_not_labels() -> None:
    circuit = QuantumCircuit(2, "one").h(0)

    assert circuit.digest() == QuantumCircuit(2, "two", metadata={"k": 1}).h(0).digest()
    assert circuit.digest() != QuantumCircuit(2).h(1).digest()
    assert circuit != QuantumCircuit(3).h(0)
    assert QuantumCircuit(1).rz(-0.0, 0).digest() == QuantumCircuit(1).rz(0.0, 0).digest()


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.update(schema_version=2),
        lambda data: data.pop("num_qubits"),
        lambda data: data.update(num_qubits=10**9),
        lambda data: data["instructions"].append({"op": "warp", "qubits": [0]}),
        lambda data: data["instructions"].append({"op": "h", "qubits": [9]}),
        lambda data: data["instructions"].append({"op": "h"}),
        lambda data: data["instructions"].append({"op": "rx", "params": ["1"], "qubits": [0]}),
        lambda data: data["instructions"].append({"op": "measure", "qubits": [0], "clbits": [7]}),
        lambda data: data["instructions"].append(7),
        lambda data: data.update(instructions=None),
    ],
)
def test_broken_json_is_one_kind_of_error(change: object) -> None:
    data = everything().to_dict()
    change(data)  # type: ignore[operator]

    with pytest.raises(CircuitError):
        QuantumCircuit.from_dict(data)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, '{"schema_version": 1}'])
def test_text_that_is_no_circuit_is_one_kind_of_error(text: str) -> None:
    with pytest.raises(CircuitError):
        QuantumCircuit.from_json(text)


def test_binding_may_be_partial() -> None:
    circuit = everything()

    half = circuit.bind({theta: 0.5})
    whole = half.bind({"phi": 0.25})

    assert circuit.parameters == {theta, phi}
    assert half.parameters == {phi}
    assert whole.parameters == frozenset()
    assert whole.global_phase == 0.25
    assert whole == circuit.bind({"phi": 0.25, "theta": 0.5})
    inner = whole.instructions[10].operation
    assert isinstance(inner, IfElse)
    assert inner.then_body[1].operation == RXGate(0.25)


def test_binding_an_unknown_name_is_refused() -> None:
    with pytest.raises(CircuitError, match="no parameter alpha; it has phi, theta"):
        everything().bind({"alpha": 1.0})
    with pytest.raises(CircuitError, match="finite"):
        everything().bind({"theta": math.nan})


def test_compose_puts_a_circuit_on_chosen_qubits_and_bits() -> None:
    inner = QuantumCircuit(2, num_clbits=1).cx(0, 1).measure(1, 0)
    inner.if_test(condition_equals(0, 1), lambda body: body.x(0))
    outer = QuantumCircuit(4, registers=[("a", 2), ("b", 1)]).h(3)

    whole = outer.compose(inner, [3, 1], [2])

    expected = QuantumCircuit(4, registers=[("a", 2), ("b", 1)]).h(3).cx(3, 1).measure(1, 2)
    assert whole == expected.if_test(condition_equals(2, 1), lambda body: body.x(3))
    assert len(outer) == 1


def test_compose_takes_registers_over_where_there_are_none() -> None:
    inner = QuantumCircuit(2, registers=[("a", 1), ("b", 1)]).measure([0, 1], [1, 0])

    assert QuantumCircuit(3).compose(inner, [2, 0]).registers == inner.registers
    with pytest.raises(CircuitError, match="no bit 1"):
        QuantumCircuit(3, num_clbits=1).compose(inner, [2, 0])
    with pytest.raises(CircuitError, match="acts on 2 qubits; got 1"):
        QuantumCircuit(3).compose(inner, [2])


def test_what_measures_has_no_inverse() -> None:
    with pytest.raises(CircuitError, match="instruction 1, measure, has no inverse"):
        QuantumCircuit(1, num_clbits=1).h(0).measure(0, 0).inverse()


def test_depth_is_the_longest_chain() -> None:
    circuit = QuantumCircuit(3, num_clbits=1).h(0).h(1).cx(0, 1).x(2).barrier().x(2)

    assert circuit.depth() == 3
    assert QuantumCircuit(2).depth() == 0
    circuit.measure(0, 0)
    circuit.if_test(condition_equals(0, 1), lambda body: body.x(2))
    assert circuit.depth() == 4  # h, cx, measure (or x), and the if, which waits for both


def test_measure_all_uses_the_bits_there_are_or_declares_new_ones() -> None:
    assert QuantumCircuit(2).measure_all().registers[0].name == "meas"
    assert [r.name for r in QuantumCircuit(2, num_clbits=2).measure_all().registers] == ["c"]
    assert [r.name for r in QuantumCircuit(2, num_clbits=1).measure_all().registers] == ["c", "meas"]
    twice = QuantumCircuit(2).measure_all().measure_all()
    assert [r.name for r in twice.registers] == ["meas", "meas0"]
    assert [op.clbits for op in twice] == [(0,), (1,), (2,), (3,)]


def test_a_circuit_without_measurement_is_measured_whole() -> None:
    bare = QuantumCircuit(2).h(1)
    measured = QuantumCircuit(2, num_clbits=1).measure(1, 0)

    assert bare.measured_whole().count_ops() == {"measure": 2, "h": 1}
    assert not bare.has_measurements
    assert measured.measured_whole() is measured
    hidden = QuantumCircuit(1, num_clbits=1)
    hidden.if_test(condition_equals(0, 0), lambda body: body.measure(0, 0))
    assert hidden.has_measurements


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda c: c.h(2), "h on qubit 2: the circuit has qubits 0 to 1"),
        (lambda c: c.h(-1), "qubit -1"),
        (lambda c: c.cx(1, 1), "repeated"),
        (lambda c: c.add_gate(CNOTGate(), [0]), "cx acts on 2 qubits; got 1"),
        (lambda c: c.add_gate(HGate(), 0), "takes qubit numbers"),
        (lambda c: c.add_gate(HGate(), [0.5]), "takes qubit numbers"),
        (lambda c: c.add_gate("h", [0]), "takes a Gate"),
        (lambda c: c.measure(0, 1), "no bit 1"),
        (lambda c: c.measure([0, 1], [0]), "2 qubits cannot be measured into 1 bits"),
        (lambda c: c.measure([0, 0], [0, 0]), "repeated"),
        (lambda c: c.barrier(0, 0), "repeated"),
        (lambda c: c.delay(-1, 0), "at least 0 s"),
        (lambda c: c.add_register("c", 1), "declared already"),
        (lambda c: c.add_register("big", 10**9), "at most"),
        (lambda c: c.register("nope"), "no classical register"),
        (lambda c: c.add_gate(HGate(), [0], condition=condition_equals(5, 1)), "no bit 5"),
        (lambda c: c.append(Instruction(Measure(), (0,), ())), "has 1 bits; got 0"),
        (lambda c: c.append(Instruction(Barrier(2), (0,))), "acts on 2"),
        (lambda c: c.append(Instruction(IfElse(condition_equals(0, 1), ()), (0,), (0,))), "acts on 0"),
        (lambda c: c.power(0.5), "whole number"),
        (lambda _: QuantumCircuit(0), "1 to 100000 qubits"),
        (lambda _: QuantumCircuit(10**9), "1 to 100000 qubits"),
        (lambda _: QuantumCircuit(1.5), "whole number"),
    ],
)
def test_nonsense_is_refused_on_entry(build: object, reason: str) -> None:
    circuit = QuantumCircuit(2, num_clbits=1)

    with pytest.raises(CircuitError, match=reason):
        build(circuit)  # type: ignore[operator]
    assert len(circuit) == 0


def test_a_conditional_gate_is_an_if_with_one_gate() -> None:
    condition = condition_equals(0, 1)
    circuit = QuantumCircuit(2, num_clbits=1).add_gate(CNOTGate(), [1, 0], condition=condition)

    assert circuit == QuantumCircuit(2, num_clbits=1).if_test(condition, lambda body: body.cx(1, 0))


def test_numpy_integers_are_qubits() -> None:
    circuit = QuantumCircuit(3).h(np.int64(2))

    assert circuit == QuantumCircuit(3).h(2)
    assert type(circuit.instructions[0].qubits[0]) is int


def test_importing_core_takes_numpy_and_nothing_foreign() -> None:
    script = (
        "import sys, coratrix.core; "
        "print([m for m in ('openqasm3', 'antlr4', 'pydantic', 'qiskit', 'scipy') if m in sys.modules])"
    )

    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"
