"""Writing OpenQASM: what is written reads back as the same circuit, here and in Qiskit."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.core import (
    GATES,
    CircuitExportError,
    Condition,
    Gate,
    HGate,
    ISwapGate,
    Parameter,
    QuantumCircuit,
    UnitaryGate,
    condition_equals,
    gate,
    qasm,
)

pytest.importorskip("openqasm3.parser")

Dense = Callable[[QuantumCircuit], Any]
EXAMPLES = Path(__file__).parents[5] / "examples"
angles = st.one_of(
    st.floats(-10, 10, allow_nan=False),
    st.sampled_from([math.pi, -math.pi / 2, 3 * math.pi / 4, 2 * math.pi / 3, 1e-300, 5 * math.pi / 6]),
)


@st.composite
def gates(draw: st.DrawFn) -> Gate:
    spec = GATES[draw(st.sampled_from(sorted(GATES)))]
    one = gate(spec.name, *(draw(angles) for _ in spec.params))
    count = draw(st.integers(0, max(0, 5 - one.num_qubits)))
    return one.controlled(count, draw(st.integers(0, 2**count - 1))) if count else one


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    bits = draw(st.one_of(
        st.just((0, 1, 2)), st.just((3, 4)), st.permutations(range(5)).map(lambda p: tuple(p[:2])),
        st.integers(0, 4).map(lambda b: (b,)),
    ))  # fmt: skip
    values = draw(st.sets(st.integers(0, 2 ** len(bits) - 1), min_size=1, max_size=3))
    return Condition(bits, values, draw(st.booleans()))


def fill(draw: st.DrawFn, circuit: QuantumCircuit, depth: int) -> None:
    """Add up to five random instructions, control flow among them while ``depth`` lasts."""
    kinds = ["gate"] * 5 + ["measure", "reset", "barrier", "delay"] + ["if", "while"] * (depth > 0)
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=5)):
        qubits = draw(st.permutations(range(5)))
        if kind == "gate":
            one = draw(gates())
            circuit.add_gate(one, qubits[: one.num_qubits])
        elif kind == "measure":
            circuit.measure(qubits[0], draw(st.integers(0, 4)))
        elif kind == "reset":
            circuit.reset(qubits[0])
        elif kind == "barrier":
            circuit.barrier(*qubits[:3])
        elif kind == "delay":
            circuit.delay(draw(st.floats(0, 1)), qubits[0])
        else:
            add_flow(draw, circuit, kind, depth)


def add_flow(draw: st.DrawFn, circuit: QuantumCircuit, kind: str, depth: int) -> None:
    condition = draw(conditions())
    one, two = (QuantumCircuit(5, registers=circuit.registers) for _ in range(2))
    fill(draw, one, depth - 1)
    if kind == "while":
        circuit.while_loop(condition, one, draw(st.integers(1, 5000)))
        return
    if draw(st.booleans()):
        fill(draw, two, depth - 1)
    circuit.if_test(condition, one, two)


@st.composite
def programs(draw: st.DrawFn) -> QuantumCircuit:
    circuit = QuantumCircuit(5, registers=[("c", 3), ("d", 2)], global_phase=draw(angles))
    fill(draw, circuit, 2)
    return circuit


@settings(max_examples=150)
@given(programs())
def test_version_3_reads_back_as_the_same_circuit(circuit: QuantumCircuit) -> None:
    assert qasm.loads(qasm.dumps(circuit)) == circuit


@given(st.lists(gates().filter(lambda one: one.name != "controlled"), max_size=8), st.data())
def test_version_2_reads_back_as_the_same_circuit(some: list[Gate], data: st.DataObject) -> None:
    circuit = QuantumCircuit(5, registers=[("c", 3), ("d", 2)]).reset(4).barrier(3, 1)
    for one in some:
        condition = Condition((3, 4), (data.draw(st.integers(0, 3)),)) if data.draw(st.booleans()) else None
        circuit.add_gate(one, data.draw(st.permutations(range(5)))[: one.num_qubits], condition=condition)
    circuit.measure([4, 0], [1, 3])

    assert qasm.loads(qasm.dumps(circuit, version=2)) == circuit


@pytest.mark.parametrize("name", sorted(GATES))
def test_qiskit_reads_every_gate_as_ours(name: str, unitary_of: Dense) -> None:
    """Version 2 up to the global phase, which it does not have; version 3 exactly."""
    qasm2 = pytest.importorskip("qiskit.qasm2")
    qasm3 = pytest.importorskip("qiskit_qasm3_import")
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    spec = GATES[name]
    circuit = QuantumCircuit(5).add_gate(
        gate(name, *(0.3, -1.1, 2.7, 0.45)[: spec.num_params]), (3, 0, 4, 1, 2)[: spec.num_qubits]
    )
    expected = unitary_of(circuit)

    old = qasm2.loads(qasm.dumps(circuit, 2), custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)
    new = qasm3.parse(qasm.dumps(circuit, 3))

    assert_allclose(operator(new.reverse_bits()).data, expected, atol=1e-12)
    overlap = np.trace(operator(old.reverse_bits()).data @ expected.conj().T) / 32
    assert abs(overlap) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("num_qubits", [1, 2, 3])
def test_any_unitary_is_written_exactly(num_qubits: int, unitary_of: Dense) -> None:
    rng = np.random.default_rng(num_qubits)
    size = 2**num_qubits
    random = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]
    special = [random, np.eye(size), np.diag(np.exp(1j * np.arange(size))), np.fliplr(np.eye(size)) * 1j]
    for matrix in special:
        circuit = QuantumCircuit(4).unitary(matrix, (3, 0, 2)[:num_qubits], "my gate!")
        circuit.add_gate(UnitaryGate(matrix).controlled(1, "0"), (1, 3, 0, 2)[: num_qubits + 1])

        again = qasm.loads(qasm.dumps(circuit))

        assert_allclose(unitary_of(again), unitary_of(circuit), atol=1e-12)


def test_names_that_the_language_uses_are_changed() -> None:
    circuit = QuantumCircuit(2, registers=[("gate", 1), ("x", 1), ("π", 1), ("q", 1), ("c 1", 1)])
    circuit.rx(Parameter("measure") + Parameter("θ[0]"), 0).measure(0, 3)

    again = qasm.loads(qasm.dumps(circuit))

    assert again.num_clbits == circuit.num_clbits
    assert len(again.parameters) == 2
    assert again.instructions[1] == circuit.instructions[1]
    old = qasm.loads(qasm.dumps(QuantumCircuit(1, registers=[("Creg", 1), ("pi", 2)]).x(0), 2))
    assert [register.size for register in old.registers] == [1, 2]


def test_parameters_and_phases_are_written() -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(2, global_phase=theta / 2)
    circuit.rzz(-theta * 2 + theta.sin(), 1, 0).crx(theta**2, 0, 1)

    again = qasm.loads(qasm.dumps(circuit))

    assert again.bind({"theta": 0.7}) == circuit.bind({"theta": 0.7})
    with pytest.raises(CircuitExportError, match="bind theta"):
        qasm.dumps(circuit, version=2)


def test_a_multi_valued_condition_is_several_ifs_in_version_2() -> None:
    circuit = QuantumCircuit(2, num_clbits=2)
    circuit.if_test(Condition((0, 1), (0, 3)), lambda b: b.x(0).h(1))
    not_equal = QuantumCircuit(2, num_clbits=2).if_test(~condition_equals((0, 1), 1), lambda b: b.x(0))

    assert qasm.dumps(circuit, 2).splitlines()[-4:] == [
        "if (c == 0) x q[0];", "if (c == 0) h q[1];", "if (c == 3) x q[0];", "if (c == 3) h q[1];",
    ]  # fmt: skip
    assert [line[:11] for line in qasm.dumps(not_equal, 2).splitlines()[-3:]] == [
        "if (c == 0)", "if (c == 2)", "if (c == 3)",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("build", "reason"),
    [
        (lambda c: c.delay(1e-6, 0), "no delay"),
        (lambda c: c.while_loop(condition_equals(0, 1), lambda b: b.x(0), 3), "no while_loop"),
        (lambda c: c.if_test(Condition((0,), (1,)), lambda b: b.x(0)), "whole register"),
        (lambda c: c.if_test(Condition((0, 1), (1,)), lambda b: b.x(0), lambda b: b.y(0)), "no else"),
        (lambda c: c.if_test(Condition((0, 1), (1,)), lambda b: b.measure(0, 0).x(0)), "measured under it"),
        (lambda c: c.add_gate(ISwapGate().inverse(), (0, 1)), "cannot say"),
        (lambda c: c.add_gate(HGate().controlled(2), (0, 1, 2)), "cannot say"),
    ],
)
def test_what_version_2_cannot_say_is_refused(build: Any, reason: str) -> None:
    with pytest.raises(CircuitExportError, match=reason):
        qasm.dumps(build(QuantumCircuit(3, num_clbits=2)), version=2)


def test_noise_is_refused_and_large_unitaries_too() -> None:
    noise = pytest.importorskip("coratrix.core.noise")
    noisy = QuantumCircuit(1).channel(noise.depolarizing(0.1), 0)
    large = QuantumCircuit(7).unitary(np.eye(128), range(7))

    for version in (2, 3):
        with pytest.raises(CircuitExportError, match="channel"):
            qasm.dumps(noisy, version)
    with pytest.raises(CircuitExportError, match="7 qubits"):
        qasm.dumps(large)


def test_what_is_unobservable_in_version_2_is_said_in_a_comment(unitary_of: Dense) -> None:
    circuit = QuantumCircuit(2, global_phase=0.25).unitary(np.diag([1j, 1]), [1])
    circuit.add_gate(gate("rx", 0.3).controlled(1, "0"), (0, 1))

    text = qasm.dumps(circuit, version=2)

    assert text.startswith("// global phase")
    overlap = np.trace(unitary_of(qasm.loads(text)) @ unitary_of(circuit).conj().T) / 4
    assert abs(overlap) == pytest.approx(1, abs=1e-12)


def test_files_are_written_and_read(tmp_path: Path) -> None:
    circuit = QuantumCircuit(2, "file", num_clbits=2).h(0).cx(0, 1).measure([0, 1], [0, 1])

    for version in (2, 3):
        qasm.dump(circuit, tmp_path / "file.qasm", version)
        assert qasm.load(tmp_path / "file.qasm") == circuit


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bell", {"00": 0.5, "11": 0.5}),
        ("ghz", {"00000": 0.5, "11111": 0.5}),
        ("adder", {"001": 1.0}),
        ("qft", {"1010": 1.0}),
        ("repeat_until_success", {"000": 0.8, "001": 0.2}),
    ],
)
def test_the_examples_do_what_they_say(name: str, expected: dict[str, float]) -> None:
    reference = pytest.importorskip("coratrix.testing.reference")
    circuit = qasm.load(EXAMPLES / f"{name}.qasm")

    found = reference.outcome_probabilities(circuit)

    assert {key: p for key, p in found.items() if p > 1e-9} == pytest.approx(expected, abs=1e-9)
    assert qasm.loads(qasm.dumps(circuit)) == circuit


def test_the_example_of_teleportation_teleports() -> None:
    reference = pytest.importorskip("coratrix.testing.reference")
    found = reference.outcome_probabilities(qasm.load(EXAMPLES / "teleport.qasm"))

    assert sum(p for key, p in found.items() if key[2] == "1") == pytest.approx(math.sin(0.15) ** 2)


def test_the_example_with_parameters_runs_when_they_are_bound() -> None:
    circuit = qasm.load(EXAMPLES / "parametrised.qasm")

    assert {parameter.name for parameter in circuit.parameters} == {"gamma", "beta"}
    assert circuit.bind({"gamma": 0.4, "beta": 0.8}).count_ops()["rz"] == 3
