"""Reading OpenQASM 3."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coratrix.core import (
    Condition,
    Parameter,
    QuantumCircuit,
    UnitaryGate,
    WhileLoop,
    XGate,
    condition_equals,
    gate,
    qasm,
)
from coratrix.core.qasm.library import STDGATES

pytest.importorskip("openqasm3.parser")

HEAD = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'


def read(text: str, **options: object) -> QuantumCircuit:
    return qasm.loads(HEAD + text, **options)  # type: ignore[arg-type]


def test_qubits_bits_and_measurements() -> None:
    circuit = read(
        "qubit[2] q; qubit a; bit[2] c; bit r; x q[1]; r = measure a; c = measure q; measure a -> c[1];"
    )

    expected = QuantumCircuit(3, registers=[("c", 2), ("r", 1)]).x(1).measure(2, 2)
    assert circuit == expected.measure([0, 1], [0, 1]).measure(2, 1)


def test_bits_are_declared_with_their_measurement() -> None:
    circuit = read("qubit[2] q; bit[2] c = measure q; bit r = measure q[1];")

    assert circuit == QuantumCircuit(2, registers=[("c", 2), ("r", 1)]).measure([0, 1], [0, 1]).measure(1, 2)


def test_aliases_and_slices_name_qubits() -> None:
    circuit = read(
        "qubit[5] q; qubit b; let odd = q[1:2:3]; let both = odd ++ b; let last = q[{4, 0}];"
        "x odd[1]; y both; z last[0]; h q[-1]; cx q[3:-1:2], both[0:1]; s q[{2}];"
    )

    assert [(op.name, op.qubits) for op in circuit] == [
        ("x", (3,)), ("y", (1,)), ("y", (3,)), ("y", (5,)), ("z", (4,)), ("h", (4,)),
        ("cx", (3, 1)), ("cx", (2, 3)), ("s", (2,)),
    ]  # fmt: skip


def test_values_are_computed_while_the_text_is_read() -> None:
    circuit = read(
        "const int n = 2 ** 2 - 1; const float f = pi / n; uint[3] u = 9; int[4] i = 9; bool b = n > 2 && !(u == 2);"
        "float g = arcsin(1) + floor(2.7) + mod(7, 4) + popcount(6) + sqrt(2); angle d = tau / 8;"
        "qubit[n] q; rz(f) q[n - 1]; rz(u) q[u]; rz(i) q[0]; if (b) x q[0]; else y q[0]; rz(g) q[0];"
        "i += 2 * n; i <<= 1; rz(i) q[0]; rz(7 / 2) q[0]; rz(d) q[0]; rz((5 & 3) | (1 << 3) ^ 1) q[0];"
        'rz("101") q[0]; rz(int("11") % 2) q[0]; rz(float(3) / 2) q[0]; rz(sizeof(q)) q[0];'
    )

    expected = QuantumCircuit(3).rz(math.pi / 3, 2).rz(1, 1).rz(-7, 0).x(0)
    expected.rz(math.asin(1) + 2 + 3 + 2 + math.sqrt(2), 0).rz(-2, 0).rz(3.5, 0).rz(math.tau / 8, 0).rz(9, 0)
    assert circuit == expected.rz(5, 0).rz(1, 0).rz(1.5, 0).rz(3, 0)


def test_loops_are_unrolled() -> None:
    circuit = read(
        "qubit[4] q; for int i in [0:2] { for uint j in [3:-1:i + 1] { cx q[i], q[j]; } }"
        "for int k in {3, 1} { if (k == 1) { break; } x q[k]; } for int k in [0:3] { if (k < 3) continue; z q[k]; }"
        "int m = 0; while (m < 2) { y q[m]; m += 1; } for int w in [0:0] h q[0];"
    )

    expected = (
        QuantumCircuit(4).cx(0, 3).cx(0, 2).cx(0, 1).cx(1, 3).cx(1, 2).cx(2, 3).x(3).z(3).y(0).y(1).h(0)
    )
    assert circuit == expected


def test_users_gates_take_modifiers_and_phases(unitary_of) -> None:  # type: ignore[no-untyped-def]
    text = (
        "qubit[3] q; gate mine(t) a, b { gphase(t / 2); rx(t) a; ctrl @ gphase(t) b; negctrl @ h a, b; }"
        "gate outer(t) a, b, c { ctrl @ mine(t) c, a, b; inv @ mine(2 * t) a, c; } outer(0.3) q[2], q[0], q[1];"
    )
    mine = (
        QuantumCircuit(2, global_phase=0.15)
        .rx(0.3, 0)
        .p(0.3, 1)
        .add_gate(gate("h").controlled(1, "0"), (0, 1))
    )
    twice = (
        QuantumCircuit(2, global_phase=0.3)
        .rx(0.6, 0)
        .p(0.6, 1)
        .add_gate(gate("h").controlled(1, "0"), (0, 1))
    )

    expected = QuantumCircuit(3).add_gate(UnitaryGate(unitary_of(mine)).controlled(), (1, 2, 0))
    expected.add_gate(UnitaryGate(unitary_of(twice)).inverse(), (2, 1))

    assert_allclose(unitary_of(read(text)), unitary_of(expected), atol=1e-12)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("ctrl @ x q[0], q[1]", gate("cx")),
        ("ctrl(2) @ x q[0], q[1], q[2]", gate("ccx")),
        ("negctrl @ ctrl @ x q[0], q[1], q[2]", XGate().controlled(2, "01")),
        ("inv @ s q[0]", gate("sdg")),
        ("pow(2) @ s q[0]", gate("p", math.pi)),
        ("pow(1/2) @ x q[0]", gate("sx")),
        ("pow(-1) @ sx q[0]", gate("sxdg")),
        ("inv @ ctrl @ rx(0.5) q[0], q[1]", gate("crx", -0.5)),
        ("ctrl @ gphase(0.5) q[0]", gate("p", 0.5)),
        ("ctrl(2) @ gphase(0.5) q[0], q[1]", gate("cp", 0.5)),
        ("CX q[0], q[1]", gate("cx")),
        ("cphase(0.5) q[0], q[1]", gate("cp", 0.5)),
    ],
)
def test_modifiers_lead_to_the_tables_gates(call: str, expected: object) -> None:
    circuit = read(f"qubit[3] q; {call};")

    assert [(op.operation, op.qubits) for op in circuit] == [
        (expected, tuple(range(len(circuit.instructions[0].qubits))))
    ]


def test_a_fractional_power_is_on_the_principal_branch(unitary_of) -> None:  # type: ignore[no-untyped-def]
    circuit = read("qubit q; pow(0.5) @ p(3 * pi / 2) q;")

    assert_allclose(unitary_of(circuit), np.diag([1, np.exp(-0.25j * math.pi)]), atol=1e-12)


@pytest.mark.parametrize("name", sorted(set(STDGATES) - {"u2", "u3"}))
def test_every_gate_of_the_library_is_qiskits(name: str, unitary_of) -> None:  # type: ignore[no-untyped-def]
    qiskit_import = pytest.importorskip("qiskit_qasm3_import")
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    definition = STDGATES[name]
    params = (
        f"({', '.join(('0.3', '-1.1', '2.7', '0.45')[: definition.num_params])})"
        if definition.num_params
        else ""
    )
    qubits = ", ".join(f"q[{k}]" for k in (2, 0, 1)[: definition.num_qubits])
    text = f"{HEAD}qubit[3] q;\n{name}{params} {qubits};\n"

    expected = operator(qiskit_import.parse(text).reverse_bits()).data

    assert_allclose(unitary_of(qasm.loads(text)), expected, atol=1e-12)


def test_u2_and_u3_have_the_phase_of_the_standard_library(unitary_of) -> None:  # type: ignore[no-untyped-def]
    plain, controlled = (
        read("qubit q; u3(0.3, 0.2, 0.1) q;"),
        read("qubit[2] q; ctrl @ u2(0.2, 0.1) q[0], q[1];"),
    )

    assert plain.global_phase == pytest.approx(-0.15)
    expected = np.eye(4, dtype=complex)
    expected[2:, 2:] = np.exp(-0.15j) * gate("u", math.pi / 2, 0.2, 0.1).matrix()
    assert_allclose(unitary_of(controlled), expected, atol=1e-12)


def test_subroutines_are_put_in_place() -> None:
    circuit = read(
        "qubit[3] q; bit[2] c; const float step = 0.5;"
        "def turn(qubit[2] p, int n, float t) { for int i in [1:n] { rx(t * step) p[0]; } cx p[0], p[1]; }"
        "def parity(qubit a, qubit b, qubit anc) -> bit { bit out; reset anc; cx a, anc; cx b, anc; out = measure anc;"
        " return out; } def look(qubit a) -> bit { return measure a; }"
        "turn(q[1:2], 2, 0.4); c[1] = parity(q[0], q[1], q[2]); c[0] = look(q[1]);"
    )

    expected = QuantumCircuit(3, num_clbits=2).rx(0.2, 1).rx(0.2, 1).cx(1, 2)
    assert circuit == expected.reset(2).cx(0, 2).cx(1, 2).measure(2, 1).measure(1, 0)


def test_what_depends_on_measured_bits_becomes_conditionals() -> None:
    circuit = read(
        "qubit[2] q; bit[2] c; bit r; c = measure q;"
        "if (c == 2) x q[0]; else { y q[0]; } if (c[1]) z q[1]; if (!r) h q[0]; if (c != 1) s q[0];"
        "if (c < 2 && r == 1) t q[0]; if ((c[0] ^ c[1]) == 1) sx q[1]; bool b = c[0] || r; if (b) x q[1];"
        "int v = c + 2 * r; if (v >= 3) z q[0];"
    )

    expected = QuantumCircuit(2, registers=[("c", 2), ("r", 1)]).measure([0, 1], [0, 1])
    expected.if_test(Condition((0, 1), (2,)), lambda b: b.x(0), lambda b: b.y(0))
    expected.if_test(Condition((1,), (1,)), lambda b: b.z(1))
    expected.if_test(Condition((2,), (1,), negated=True), lambda b: b.h(0))
    expected.if_test(Condition((0, 1), (1,), negated=True), lambda b: b.s(0))
    expected.if_test(Condition((0, 1, 2), (4, 5)), lambda b: b.t(0))
    expected.if_test(Condition((0, 1), (1, 2)), lambda b: b.sx(1))
    expected.if_test(Condition((0, 2), (1, 2, 3)), lambda b: b.x(1))
    assert circuit == expected.if_test(Condition((0, 1, 2), (3, 5, 6, 7)), lambda b: b.z(0))


def test_a_while_on_bits_is_a_loop_with_a_bound() -> None:
    text = "qubit q; bit c; c = measure q; {} while (c == 0) {{ h q; c = measure q; }}"

    plain = read(text.format(""), max_iterations=7)
    annotated = read(text.format("\n@coratrix.max_iterations 20\n"))

    expected = QuantumCircuit(1, registers=[("c", 1)]).measure(0, 0)
    assert plain == expected.copy().while_loop(condition_equals(0, 0), lambda b: b.h(0).measure(0, 0), 7)
    assert isinstance(annotated.instructions[1].operation, WhileLoop)
    assert annotated.instructions[1].operation.max_iterations == 20


def test_switch_on_numbers_and_on_bits() -> None:
    circuit = read(
        "qubit q; bit[2] c; const int n = 1;"
        "switch (n) { case 0 { x q; } case 1, 2 { y q; } default { z q; } }"
        "switch (c) { case 0 { x q; } case 1, 3 { y q; } default { z q; } }"
    )

    expected = QuantumCircuit(1, num_clbits=2).y(0)
    expected.if_test(
        Condition((0, 1), (0,)),
        lambda b: b.x(0),
        lambda b: b.if_test(Condition((0, 1), (1, 3)), lambda i: i.y(0), lambda i: i.z(0)),
    )
    assert circuit == expected


def test_inputs_are_parameters_or_given() -> None:
    text = "input float theta; input angle phi; input int n; qubit q; rx(2 * theta - sin(phi)) q; rz(n) q;"

    circuit = read(text, inputs={"n": 3, "phi": 0.5})

    assert circuit == QuantumCircuit(1).rx(2 * Parameter("theta") - math.sin(0.5), 0).rz(3, 0)
    with pytest.raises(qasm.CircuitImportError, match="input n needs its value"):
        read(text)
    with pytest.raises(qasm.CircuitImportError, match="no input named m"):
        read(text, inputs={"n": 1, "m": 2})


def test_a_global_phase_may_hold_a_parameter() -> None:
    circuit = read("input float t; qubit q; gphase(pi / 2); gphase(t); inv @ gphase(0.25) ;")

    assert circuit.bind({"t": 1.0}).global_phase == pytest.approx(math.pi / 2 + 0.75)


def test_physical_qubits_are_numbered_as_they_are() -> None:
    circuit = qasm.loads(HEAD + "h $3;\ncx $3, $1;\nbit b = measure $1;")

    assert circuit == QuantumCircuit(4, registers=[("b", 1)]).h(3).cx(3, 1).measure(1, 0)


def test_delays_barriers_and_resets() -> None:
    circuit = read(
        "qubit[2] q; duration d = 2 * 50ns; delay[d] q[1]; delay[1.5us] q; barrier q; barrier; reset q;"
    )

    expected = QuantumCircuit(2).delay(100e-9, 1).delay(1.5e-6, 0, 1).barrier(0, 1).barrier(0, 1).reset(0, 1)
    assert [op.name for op in circuit] == [op.name for op in expected]
    assert [op.qubits for op in circuit] == [op.qubits for op in expected]
    assert circuit.instructions[0].operation.duration_s == pytest.approx(1e-7, rel=1e-12)  # type: ignore[union-attr]
    assert circuit.instructions[1].operation.duration_s == pytest.approx(1.5e-6, rel=1e-12)  # type: ignore[union-attr]


def test_end_ends_and_old_words_are_understood() -> None:
    circuit = qasm.loads(
        HEAD + "qreg q[2]; creg c[2]; pragma anything at all\nx q[1]; #pragma more\nend; y q[0];"
    )

    assert circuit == QuantumCircuit(2, num_clbits=2).x(1)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("qubit q; bit b; b = 1;", "writes to bits by measuring only"),
        ("qubit q; bit b; bit d; b = d;", "writes to bits by measuring only"),
        ("qubit q; bit b; int i = 0; if (b) i = 1;", "would depend on measured bits"),
        ("qubit q; bit b; bool f = b == 1; b = measure q; if (f) x q;", "measured again"),
        ("qubit q; bit b; bool f = b; while (f) { x q; b = measure q; }", "measured again"),
        ("qubit q; bit b; rz(b) q;", "angle depends on measured bits"),
        ("qubit q; measure q;", "without bits"),
        ("qubit q; box { x q; }", "box cannot be carried"),
        ("qubit q; stretch s;", "StretchType s cannot"),
        ("qubit q; array[int[8], 3] a;", "ArrayType a cannot"),
        ("qubit q; complex[float[64]] z;", "ComplexType z cannot"),
        ('defcalgrammar "openpulse"; qubit q;', "defcalgrammar cannot"),
        ("defcal x $0 { }  qubit q;", "defcal cannot"),
        ("cal { }  qubit q;", "cal cannot"),
        ("extern f(int) -> int; qubit q;", "extern cannot"),
        ("qubit q; delay[10dt] q;", "dt is a length"),
        ("qubit q; bit b; for int i in [0:3] { if (b) break; x q; }", "break inside"),
        ("qubit q; bit b; if (b) end;", "end inside"),
        ("qubit[2] q; x $0;", "not both"),
        ("def f(qubit a) { f(a); } qubit q; f(q);", "nest deeper"),
        ("qubit q; const int n = 1; n = 2;", "cannot be assigned"),
        ("qubit q; int i; rz(i) q;", "no value yet"),
        ("qubit q; input float t; if (t > 1) x q;", "comparison with an input parameter"),
        ("qubit q; durationof({x q;});", "DurationOf"),
    ],
)
def test_what_a_circuit_cannot_carry_is_refused_by_name(text: str, reason: str) -> None:
    with pytest.raises(qasm.CircuitImportError, match=reason) as caught:
        read(text)
    assert caught.value.line == 3
    assert caught.value.column is not None
