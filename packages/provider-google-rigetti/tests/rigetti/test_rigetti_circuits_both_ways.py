"""What is in a circuit besides gates, to Quil and back: registers, conditionals, parameters, noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyquil import Program
from pyquil.gates import CNOT, MEASURE, RX, H, X

from coratrix.core import Parameter, QuantumCircuit
from coratrix.core.errors import CircuitExportError, CircuitImportError
from coratrix.core.interop import adopt
from coratrix.core.noise import amplitude_damping, depolarizing
from coratrix.core.operations import Condition, IfElse
from coratrix.providers.rigetti.convert import from_foreign, from_text, to_foreign
from coratrix.testing import reference


def same_outcomes(one: QuantumCircuit, other: QuantumCircuit) -> bool:
    ours, theirs = reference.outcome_probabilities(one), reference.outcome_probabilities(other)
    return all(math.isclose(ours.get(k, 0), theirs.get(k, 0), abs_tol=1e-12) for k in {*ours, *theirs})


def dynamic() -> QuantumCircuit:
    circuit = QuantumCircuit(4, registers=[("zeta", 2), ("alpha", 1)], global_phase=0.3)
    circuit.h(0).sx(1).ry(0.4, 1).measure(0, 0).measure(1, 1)
    circuit.if_test(Condition((0, 1), (1, 2)), lambda b: b.x(2).h(3), lambda b: b.y(2))
    circuit.if_test(Condition((1,), (1,)), lambda b: b.if_test(Condition((0,), (0,)), lambda d: d.z(3)).x(0))
    circuit.if_test(~Condition((1, 0), (3,)), lambda b: b.ry(0.2, 2))
    return circuit.reset(0).barrier(0, 1).delay(1e-7, 2).cx(3, 0).measure(2, 2).measure(0, 0)


def test_registers_conditionals_reset_and_timing_survive() -> None:
    circuit = dynamic()

    again = from_foreign(to_foreign(circuit))

    assert again.registers == circuit.registers
    assert again.num_qubits == circuit.num_qubits
    assert {"reset", "barrier", "delay", "measure", "if_else"} <= set(again.count_ops())
    assert same_outcomes(circuit, again)


def test_a_condition_comes_back_as_one_condition() -> None:
    condition = Condition((0, 2, 1), (1, 6))
    circuit = QuantumCircuit(4, num_clbits=3).if_test(condition, lambda b: b.x(3), lambda b: b.h(3))

    (instruction,) = from_foreign(to_foreign(circuit)).instructions

    assert isinstance(instruction.operation, IfElse)
    assert instruction.operation.condition == condition
    assert instruction == circuit.instructions[0]


@given(
    values=st.frozensets(st.integers(0, 7)),
    negated=st.booleans(),
    has_else=st.booleans(),
    inner=st.frozensets(st.integers(0, 1), max_size=1),
)
@settings(max_examples=60, deadline=None)
def test_any_condition_survives(
    values: frozenset[int], negated: bool, has_else: bool, inner: frozenset[int]
) -> None:
    circuit = QuantumCircuit(4, num_clbits=4).h(0).ry(0.7, 1).rx(1.9, 2).measure([0, 1, 2], [2, 0, 1])
    circuit.if_test(
        Condition((0, 1, 2), values, negated),
        lambda b: b.x(3).if_test(Condition((1,), inner), lambda d: d.ry(0.3, 3)),
        (lambda b: b.ry(1.1, 3)) if has_else else None,
    )
    circuit.measure(3, 3)

    assert same_outcomes(circuit, from_foreign(to_foreign(circuit)))


def test_pyquils_own_if_then_is_read() -> None:
    program = Program()
    bits = program.declare("ro", "BIT", 2)
    program += [H(0), MEASURE(0, bits[0])]
    program.if_then(bits[0], Program(X(1)), Program(RX(0.7, 1)))
    program += MEASURE(1, bits[1])
    ours = QuantumCircuit(2, registers=[("ro", 2)]).h(0).measure(0, 0)
    ours.if_test(Condition((0,), (1,)), lambda b: b.x(1), lambda b: b.rx(0.7, 1)).measure(1, 1)

    assert same_outcomes(from_foreign(program), ours)


def test_a_program_of_pyquil_is_adopted_with_its_bit_order() -> None:
    program = Program()
    bits = program.declare("ro", "BIT", 3)
    program += [X(2), CNOT(2, 0), MEASURE(2, bits[0]), MEASURE(1, bits[1]), MEASURE(0, bits[2])]

    assert reference.outcome_probabilities(adopt(program)) == {"101": 1.0}


def test_parameters_and_their_arithmetic_survive() -> None:
    theta, phi = Parameter("theta"), Parameter("phi[1]")
    circuit = QuantumCircuit(2).rx(2 * theta + phi.sin(), 0).sx(0).cp(-theta / 3, 0, 1)
    circuit.ry(phi.cos() ** 2 - theta.sqrt().exp(), 1).u(theta, phi, 0.3, 0).rz(theta.tan(), 1)
    circuit.global_phase = theta * 0.5
    numbers = {"theta": 0.7, "phi[1]": 0.4}

    again = from_foreign(to_foreign(circuit))

    assert {str(p) for p in again.parameters} == {"theta", "phi[1]"}
    np.testing.assert_allclose(
        reference.unitary(again.bind(numbers)), reference.unitary(circuit.bind(numbers)), atol=1e-12
    )


def test_a_memory_map_written_as_moves_binds_the_parameters() -> None:
    text = "DECLARE theta REAL[2]\nMOVE theta[1] 0.6\nMOVE theta[0] 0.2\nRX(theta[0]+2*theta[1]) 0\n"

    circuit = from_text(text)

    assert circuit.parameters == frozenset()
    np.testing.assert_allclose(reference.unitary(circuit), reference.unitary(QuantumCircuit(1).rx(1.4, 0)))


def test_noise_in_a_circuit_survives() -> None:
    circuit = QuantumCircuit(3, num_clbits=2).h(0).channel(amplitude_damping(0.2), 0)
    circuit.cx(0, 2).channel(depolarizing(0.1, 2), 2, 0).measure([2, 0], [0, 1])

    again = from_foreign(to_foreign(circuit))

    assert again.count_ops()["channel"] == 2
    assert same_outcomes(circuit, again)


def test_an_unused_last_qubit_is_not_lost() -> None:
    assert from_foreign(to_foreign(QuantumCircuit(5).x(1))).num_qubits == 5


def test_what_changes_no_counts_is_kept_beside_the_circuit() -> None:
    program = Program('PRAGMA INITIAL_REWIRING "NAIVE"\nX 0\n').wrap_in_numshots_loop(40)

    circuit = from_foreign(program)

    assert circuit.metadata == {"pragmas": ['PRAGMA INITIAL_REWIRING "NAIVE"'], "num_shots": 40}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("LABEL @a\nX 0\nJUMP @a\n", "loop without a bound"),
        ("DECLARE ro BIT\nMEASURE 0 ro\nJUMP-WHEN @nowhere ro\n", "nowhere"),
        ("MEASURE 0\n", "keeps no result"),
        ("DECLARE ro BIT[2]\nMEASURE 0 ro[2]\n", "outside its region"),
        ("MEASURE 0 ro[0]\n", "not a declared bit"),
        ("DECLARE n INTEGER\nX 0\n", "INTEGER"),
        ("DECLARE ro BIT[2]\nDECLARE v BIT[2] SHARING ro\nX 0\n", "shares memory"),
        ("DECLARE ro BIT[2]\nAND ro[0] ro[1]\n", "AND ro"),
        ("DECLARE ro BIT[1]\nMOVE ro[0] 1\n", "MOVE ro"),
        ("X q\n", "without a number"),
        ("BLAH 0\n", "BLAH"),
        ("X 0 1\n", "qubit"),
        ("CNOT 1 1\n", "1"),
        ("RX 0\n", "parameter"),
        ("RX(0.1+2i) 0\n", "real"),
        ('PRAGMA READOUT-POVM 0 "(0.9 0.2 0.1 0.8)"\nX 0\n', "READOUT-POVM"),
        ('PULSE 0 "xy" flat(duration: 1e-6, iq: 1.0)\n', "PULSE"),
        ("WAIT\n", "WAIT"),
        ("DEFGATE G(%t) p AS PAULI-SUM:\n    Z(-%t/4) p\nG(0.1) 0\n", "Pauli sum"),
        ("DEFGATE G:\n    1, 0\n    0, 2\nG 0\n", "unitary"),
        ("this is no Quil", "without a number"),
        ("H 0\nRX(0.1 0\n", "Quil program"),
    ],
)
def test_what_a_circuit_cannot_hold_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(CircuitImportError, match=words):
        from_text(text)


def test_deep_nests_of_jumps_end_in_bounded_time() -> None:
    lines = ["DECLARE ro BIT[1]"]
    for k in range(300):
        lines += [f"JUMP-WHEN @e{k} ro[0]", "X 0"]
    lines += [f"LABEL @e{k}\nY 0" for k in reversed(range(300))]

    with pytest.raises(CircuitImportError, match="nest deeper|tangled"):
        from_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("name", ["pi", "a b", "naïve", "MEASURE", "x[1]", "1a", "-a"])
def test_a_register_that_quil_cannot_name_is_refused(name: str) -> None:
    with pytest.raises(CircuitExportError, match="register"):
        to_foreign(QuantumCircuit(1, registers=[(name, 2)]).measure(0, 0))


@pytest.mark.parametrize("build", [
    lambda: QuantumCircuit(1, num_clbits=1).while_loop(Condition((0,), (1,)), lambda b: b.x(0), 3),
    lambda: QuantumCircuit(1).rx(Parameter("a").log(), 0),
    lambda: QuantumCircuit(1).rx(Parameter("two words"), 0),
    lambda: QuantumCircuit(1).rx(Parameter("a") + Parameter("a[0]"), 0),
    lambda: QuantumCircuit(1, registers=[("a", 1)]).rx(Parameter("a"), 0),
])  # fmt: skip
def test_what_quil_cannot_carry_is_refused(build: object) -> None:
    with pytest.raises(CircuitExportError):
        to_foreign(build())  # type: ignore[operator]


def test_something_else_of_pyquil_is_refused() -> None:
    with pytest.raises(CircuitImportError, match="Gate"):
        from_foreign(X(0))
