"""Reading OpenQASM 2."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from coratrix.core import Condition, IfElse, QuantumCircuit, condition_equals, qasm
from coratrix.core.qasm.library import QELIB1

HEAD = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
ANGLES = ("0.3", "-1.1", "2.7", "0.45")


def test_a_bell_pair_is_read() -> None:
    circuit = qasm.loads(HEAD + "qreg q[2];\ncreg c[2];\nh q[0];\ncx q[0],q[1];\nmeasure q -> c;\n")

    assert circuit == QuantumCircuit(2, num_clbits=2).h(0).cx(0, 1).measure([0, 1], [0, 1])


def test_registers_keep_the_order_of_declaration() -> None:
    circuit = qasm.loads(
        HEAD + "qreg a[1]; creg one[1]; qreg b[2]; creg two[2]; x b[1]; measure b[1]->two[0]; reset a;"
    )

    expected = QuantumCircuit(3, registers=[("one", 1), ("two", 2)]).x(2).measure(2, 1).reset(0)
    assert circuit == expected


def test_registers_are_gone_through_side_by_side() -> None:
    circuit = qasm.loads(HEAD + "qreg a[2]; qreg b[2]; qreg d[1]; h a; cx a, b; cx d[0], b; barrier a, d[0];")

    expected = QuantumCircuit(5).h(0, 1).cx(0, 2).cx(1, 3).cx(4, 2).cx(4, 3).barrier(0, 1, 4)
    assert circuit == expected


def test_angles_are_computed() -> None:
    circuit = qasm.loads(
        HEAD + "qreg q[1]; rz(-pi/2) q[0]; rz(3*pi/4 - 1) q[0]; rz(2^3/4^-1) q[0]; rz(-2^2) q[0];"
        "rz(sin(0.3)*cos(0.2)+tan(0.1)/exp(1)-ln(2)) q[0]; rz(sqrt(2)*(1+1)) q[0]; rz(1e-3) q[0]; rz(--1) q[0];"
    )

    expected = [
        -math.pi / 2, 3 * math.pi / 4 - 1, 2**3 / 4**-1, -4.0,
        math.sin(0.3) * math.cos(0.2) + math.tan(0.1) / math.exp(1) - math.log(2), math.sqrt(2) * 2, 1e-3, 1.0,
    ]  # fmt: skip
    assert [float(op.operation.params[0]) for op in circuit] == pytest.approx(expected, abs=1e-15)


def test_a_users_gate_is_put_in_place_of_its_calls() -> None:
    circuit = qasm.loads(
        HEAD + "qreg q[3]; gate inner(t) a { rx(t/2) a; barrier a; } "
        "gate outer(t, s) a, b { inner(s) b; cx b, a; U(t, 0, s^2) a; CX a, b; } outer(0.5, 3) q[2], q[0];"
    )

    assert circuit == QuantumCircuit(3).rx(1.5, 0).barrier(0).cx(0, 2).u(0.5, 0, 9, 2).cx(2, 0)


def test_a_definition_that_is_a_gate_of_the_table_is_that_gate() -> None:
    body = "gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; } "
    other = "gate iswap a, b { cx a, b; } "
    circuit = qasm.loads(HEAD + body + other + "qreg q[2]; rzx(0.3) q[1], q[0]; iswap q[0], q[1];")

    assert circuit == QuantumCircuit(2).rzx(0.3, 1, 0).cx(0, 1)


def test_a_text_may_define_what_the_first_library_lacked_and_nothing_older() -> None:
    own = "gate cswap a, b, c { cx c, b; ccx a, b, c; cx c, b; x a; } qreg q[3]; cswap q[0], q[1], q[2];"

    assert qasm.loads(HEAD + own) == QuantumCircuit(3).cx(2, 1).ccx(0, 1, 2).cx(2, 1).x(0)
    with pytest.raises(qasm.CircuitImportError, match="'cx' is declared already, as a gate"):
        qasm.loads(HEAD + "gate cx a, b { } qreg q[1];")
    with pytest.raises(qasm.CircuitImportError, match="'cswap' is declared already"):
        qasm.loads(HEAD + own + own)


def test_a_condition_reads_a_whole_register() -> None:
    circuit = qasm.loads(
        HEAD + "qreg q[2]; creg a[1]; creg c[2]; if (c==2) u1(0.5) q; if(a==1) measure q->c;"
    )

    first, second = circuit.instructions
    assert isinstance(first.operation, IfElse)
    assert first.operation.condition == Condition((1, 2), (2,))
    assert first.operation.then_body == QuantumCircuit(2).p(0.5, 0, 1).instructions
    expected = QuantumCircuit(2, registers=[("a", 1), ("c", 2)])
    expected.append(first).if_test(condition_equals(0, 1), lambda body: body.measure([0, 1], [1, 2]))
    assert (first, second) == expected.instructions


def test_an_opaque_gate_may_be_declared_and_not_called() -> None:
    text = HEAD + "opaque magic(t) a, b; qreg q[2]; x q[0];"

    assert len(qasm.loads(text)) == 1
    with pytest.raises(qasm.CircuitImportError, match="magic is opaque"):
        qasm.loads(text + "magic(1) q[0], q[1];")


def test_comments_and_strange_spacing_are_nothing() -> None:
    text = '// start\nOPENQASM 2.0; /* c\n */ include\n"qelib1.inc";qreg q[2]//x\n;cx q[0]//c\n,q[1];rz ( pi ) q [0] ;'

    assert qasm.loads(text) == QuantumCircuit(2).cx(0, 1).rz(math.pi, 0)


@pytest.mark.parametrize("name", sorted(QELIB1))
def test_every_gate_of_the_library_is_qiskits(name: str, unitary_of) -> None:  # type: ignore[no-untyped-def]
    qasm2 = pytest.importorskip("qiskit.qasm2")
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    definition = QELIB1[name]
    angles = ("1",) if name == "u0" else ANGLES  # u0 counts idle cycles
    params = f"({','.join(angles[: definition.num_params])})" if definition.num_params else ""
    qubits = ", ".join(f"q[{k}]" for k in (3, 0, 4, 1, 2)[: definition.num_qubits])
    text = f"{HEAD}qreg q[5];\n{name}{params} {qubits};\n"

    theirs = qasm2.loads(text, custom_instructions=qasm2.LEGACY_CUSTOM_INSTRUCTIONS)

    expected = operator(theirs.reverse_bits()).data
    assert_allclose(unitary_of(qasm.loads(text)), expected, atol=1e-12)


def test_a_file_may_include_its_neighbours(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.inc").write_text("gate mine a { x a; y a; }\n")
    (tmp_path / "main.qasm").write_text(HEAD + 'include "lib/mine.inc"; qreg q[1]; mine q[0];')

    circuit = qasm.load(tmp_path / "main.qasm")

    assert circuit == QuantumCircuit(1).x(0).y(0)
    assert circuit.name == "main"


@pytest.mark.parametrize("include", ["../secret.inc", "/etc/passwd", "gone.inc", "link.inc", "\\0", "."])
def test_nothing_outside_the_allowed_folders_is_read(include: str, tmp_path: Path) -> None:
    (tmp_path / "secret.inc").write_text("gate secret a { }")
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link.inc").symlink_to(tmp_path / "secret.inc")
    (inside / "main.qasm").write_text(f'OPENQASM 2.0;\n  include "{include}";\nqreg q[1];')

    with pytest.raises(qasm.CircuitImportError, match="is not a file inside") as caught:
        qasm.load(inside / "main.qasm")
    assert (caught.value.line, caught.value.column) == (2, 11)


def test_includes_that_go_round_in_a_circle_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.inc").write_text('include "b.inc";')
    (tmp_path / "b.inc").write_text('\n include "a.inc";')
    (tmp_path / "main.qasm").write_text('OPENQASM 2.0; include "a.inc"; qreg q[1];')

    with pytest.raises(qasm.CircuitImportError, match=r"a\.inc → b\.inc → a\.inc") as caught:
        qasm.load(tmp_path / "main.qasm")
    assert (caught.value.source, caught.value.line) == ("b.inc", 2)


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    text = HEAD + "qreg q[1];\n" + "x q[0];\n" * 10_000

    circuit = qasm.loads(text, progress=lambda done, total: seen.append((done, total)))

    assert len(circuit) == 10_000
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == (len(text), len(text))


def test_a_long_flat_program_and_a_program_with_the_same_meaning_agree(unitary_of) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(5)
    flat, nested = "", "gate g(a) x, y { cx x, y; rz(a) y; cx x, y; ry(a/3) x; }\n"
    for _ in range(40):
        a, (i, k) = float(rng.normal()), rng.permutation(3)[:2]
        flat += f"cx q[{i}],q[{k}];rz({a!r}) q[{k}];cx q[{i}],q[{k}];ry(({a!r})/3) q[{i}];\n"
        nested += f"g({a!r}) q[{i}], q[{k}];\n"

    one, two = (qasm.loads(HEAD + "qreg q[3];\n" + text) for text in (flat, nested))

    assert one == two
    assert_allclose(unitary_of(one) @ unitary_of(two.inverse()), np.eye(8), atol=1e-12)
