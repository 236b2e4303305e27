"""Text that is wrong: one kind of error, with its place, in bounded time and memory."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coratrix.core import CircuitError, CircuitImportError, CoratrixError, qasm

TWO = 'OPENQASM 2.0;\ninclude "qelib1.inc";\n'
THREE = 'OPENQASM 3.0;\ninclude "stdgates.inc";\n'
MANY = 100_000


def refused(text: str | bytes) -> CircuitImportError:
    """The error that reading gives; it must come within seconds."""
    begin = time.process_time()
    with pytest.raises(CircuitImportError) as caught:
        qasm.loads(text)
    assert time.process_time() - begin < 20  # a bound, not a speed: machines differ
    assert isinstance(caught.value, CoratrixError)
    assert isinstance(caught.value, ValueError)
    return caught.value


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("qreg q[2]; x q[0]", 12, "';' missing"),
        ("qreg q[2]; x q[0", 15, "ends while"),
        ("qreg q[2]; frob q[0];", 12, "no gate is named 'frob'"),
        ("qreg q[2]; cx q[0];", 12, "acts on 2 qubits; got 1"),
        ("qreg q[2]; rx q[0];", 12, "takes 1 parameters; got 0"),
        ("qreg q[2]; x(0.1) q[0];", 12, "takes 0 parameters; got 1"),
        ("qreg q[2]; x q[2];", 12, "does not exist"),
        ("qreg q[2]; cx q, q[7];", 18, "2 elements"),
        ("qreg q[2]; cx q[1], q[1];", 12, "same qubit twice"),
        ("qreg q[2]; cx q[1], q;", 12, "same qubit twice"),
        ("qreg q[2]; qreg r[3]; cx q, r;", 23, "different sizes"),
        ("qreg q[2]; creg c[3]; measure q -> c;", 23, "2 qubits cannot be measured into 3 bits"),
        ("qreg q[2]; rx(1/0) q[0];", 16, "division by zero"),
        ("qreg q[2]; rx(1/(2-2)) q;", 16, "division by zero"),
        ("qreg q[2]; rx(nan) q[0];", 15, "'nan' is no number"),
        ("qreg q[2]; rx(0/0) q[0];", 16, "division by zero"),
        ("qreg q[2]; rx(1e400) q[0];", 15, "too large"),
        ("qreg q[2]; rx(9^9^9^9) q[0];", 18, "no value"),
        ("qreg q[2]; rx(1e308*10) q[0];", 12, "finite"),
        ("qreg q[2]; rx(sqrt(-1)) q[0];", 15, "no value"),
        ("qreg q[2]; rx((-1)^0.5) q[0];", 19, "no finite real value"),
        ("gate g a { g a; } qreg q[1];", 12, "cannot call itself"),
        ("gate g(a) b { rx(a) c; } qreg q[1];", 21, "not a qubit of this gate"),
        ("gate g(a) b { rx(d) b; } qreg q[1];", 18, "'d' is no number"),
        ("gate g a, a { } qreg q[1];", 1, "stands twice"),
        ("qreg q[1000000000];", 1, "1 to 100000 qubits"),
        ("qreg q[0];", 1, "1 to 100000 qubits"),
        ("qreg q[99999999999999999999];", 8, "whole number"),
        ("qreg q[60000]; qreg r[60000];", 16, "1 to 100000 qubits"),
        ("qreg q[1]; creg c[1000000000];", 12, "1 to 1000000 bits"),
        ("qreg q[1]; qreg q[1];", 12, "declared already"),
        ("qreg q[1]; creg c[2]; if (c == 4) x q[0];", 27, "never 4"),
        ("qreg q[1]; creg c[2]; if (c == 1) if (c == 2) x q[0];", 35, "expected an operation"),
        ("qreg q[1]; if (d == 1) x q[0];", 16, "no classical register"),
        ("qreg gate[1];", 6, "expected a name"),
        ("qreg q[1]; x q[0] y;", 19, "expected ';'"),
        ("creg c[1];", 11, "declares no qubit"),
        ("qreg q[1]; ?", 12, "no meaning"),
        ("/* qreg q[1];", 1, "never closed"),
        ("qreg q[1]; )", 12, "closes nothing"),
        ('include "x.inc"; qreg q[1];', 9, "no folder is allowed"),
        ("include stdlib; qreg q[1];", 9, "file name in quotes"),
        ("OPENQASM 2.0; qreg q[1];", 1, "stands once"),
    ],
)
def test_a_mistake_in_version_2_is_found_at_its_place(line: str, column: int, reason: str) -> None:
    error = refused(TWO + line)

    assert reason in str(error)
    assert (error.line, error.column) == (3, column)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("qubit[2] q; x q[0]", 13, "';' missing"),
        ("qubit[2] q; x q[0;", 16, "ends while"),
        ("qubit[2] q; 3 x;", 15, "'x' does not belong here"),
        ("qubit[2] q; frob q[0];", 13, "no gate is named 'frob'"),
        ("qubit[2] q; cx q[0];", 13, "acts on 2 qubits; got 1"),
        ("qubit[2] q; rx q[0];", 13, "takes 1 parameters; got 0"),
        ("qubit[2] q; x q[-3];", 13, "outside a register of 2"),
        ("qubit[2] q; x q[0:2];", 13, "outside a register of 2"),
        ("qubit[2] q; cx q[1], q[1];", 13, "same qubit twice"),
        ("qubit[2] q; rx(1/0) q[0];", 17, "division by zero"),
        ("qubit[2] q; float f = 5 % 0;", 13, "division by zero"),
        ("qubit[2] q; int i = 1 << 1000000000;", 13, "a shift by"),
        ("qubit[2] q; float f = 2.0 ** 100000;", 13, "too large"),
        ("qubit[2] q; float f = 10 ** 1000000000;", 13, "too large"),
        ("qubit[2] q; rx(sqrt(-1)) q[0];", 13, "math domain error"),
        ("gate g a { g a; } qubit q;", 1, "cannot call itself"),
        ("qubit[1000000000] q;", 1, "1 to 100000 qubits"),
        ("qubit q; bit[1000000000] c;", 10, "1 to 1000000 bits"),
        ("x $1000000000;", 1, "1 to 100000 qubits"),
        ("qubit q; for int i in [0:1000000000] { x q; }", 10, "100000 rounds"),
        ("qubit q; while (true) { x q; }", 10, "100000 rounds"),
        ("qubit q; ctrl(1000000000) @ x q;", 10, "1 to 1000 controls"),
        ("qubit q; x r;", 10, "nothing is named 'r'"),
        ("qubit x;", 1, "declared already, as a gate"),
        ("qubit q; int q = 1;", 10, "declared already"),
        ('include "../x.inc";', 1, "no folder is allowed"),
        ("qubit q; ctrl @ x q;", 10, "acts on 2 qubits; got 1"),
        ("qubit q; def f(int n) { x q; } f(1);", 25, "nothing is named 'q'"),
        ("qubit q; \x00", 10, "no meaning"),
    ],
)
def test_a_mistake_in_version_3_is_found_at_its_place(line: str, column: int, reason: str) -> None:
    pytest.importorskip("openqasm3.parser")
    error = refused(THREE + line)

    assert reason in str(error)
    assert (error.line, error.column) == (3, column)


@pytest.mark.parametrize(
    "text",
    [
        "qreg q[1]; rx(" + "(" * MANY + "1" + ")" * MANY + ") q[0];",
        "qreg q[1]; rx(" + "-" * MANY + "1) q[0];",
        "qreg q[1]; rx(1" + "+1" * MANY + "; x q[0];",
        "qreg q[1]; rx(1" + "^1" * 2000 + ") q[0];",
        "qreg q[1]; rx(" + "sin(" * MANY,
        "qreg q[1]; x " + "q[0]," * MANY + "q[0];",
        "gate g0 a { x a; x a; }"
        + "".join(f"gate g{k + 1} a {{ g{k} a; g{k} a; }}" for k in range(90))
        + "qreg q[1]; g90 q[0];",
        "gate g0(t) a { rx(t) a; }"
        + "".join(f"gate g{k + 1}(t) a {{ g{k}(t) a; }}" for k in range(5000))
        + "qreg q[1]; g5000(0.1) q[0];",
        "qreg q[50000]; " + "h q; " * 21,
        "qreg q[1]; " + "{" * MANY,
        "qreg q[1]; /*" + "*" * MANY,
        "qreg q[1]; " + "x" * MANY + " q[0]",
    ],
)
def test_huge_and_deep_texts_of_version_2_are_refused_in_time(text: str) -> None:
    assert refused(TWO + text).line == 3


def test_a_power_of_one_gate_is_cheap_however_high() -> None:
    pytest.importorskip("openqasm3.parser")

    assert len(qasm.loads(THREE + "qubit q; pow(1000000000) @ ctrl @ gphase(1) q;")) == 1


@pytest.mark.parametrize(
    "text",
    [
        "qubit q; rx(" + "(" * MANY + "1" + ")" * MANY + ") q;",
        "qubit q; rx(" + "-" * 2000 + "1) q;",
        "qubit q; float f = 1" + " ** 1" * 2000 + ";",
        "qubit q; " + "ctrl @ " * 2400 + "x q;",
        "qubit q; " + "ctrl @ " * MANY + "x q;",
        "qubit q; " + "if (true) " * 2000 + "x q;",
        "qubit q; " + "if (true) { " * MANY,
        "qubit q; bit b; " + "if (b) x q; else " * 1500 + "x q;",
    ],
)
def test_huge_and_deep_texts_of_version_3_are_refused_in_time(text: str) -> None:
    pytest.importorskip("openqasm3.parser")

    assert refused(THREE + text).line == 3


def test_bytes_that_are_not_utf_8_are_refused_at_their_place() -> None:
    error = refused(b"OPENQASM 2.0;\nqreg q\xff[1];")

    assert (error.line, error.column) == (2, 7)
    assert "0xff" in str(error)


@pytest.mark.parametrize(
    "text", ["", " \n", "OPENQASM", "OPENQASM 4.0;", "OPENQASM 2.0", "\ufeff", "\x00", "qreg"]
)
def test_texts_that_say_nothing_are_refused(text: str) -> None:
    pytest.importorskip("openqasm3.parser")

    refused(text)


@settings(max_examples=150)
@given(st.data())
def test_no_mutilated_program_raises_anything_else(data: st.DataObject) -> None:
    program = (
        TWO
        + "qreg q[3]; creg c[3]; gate g(t) a, b { cx a, b; rz(t/2) b; } g(-pi/4) q[0], q[1]; "
        + ("if (c == 2) u3(0.1, 2*pi, -1) q[2]; barrier q; measure q -> c; reset q[1];")
    )
    start = data.draw(st.integers(0, len(program)))
    stop = data.draw(st.integers(start, min(len(program), start + 6)))
    junk = data.draw(st.text(alphabet="()[]{};,.\"'+-*/^=>qcg019 e_π\n\x00", max_size=5))

    try:
        qasm.loads(program[:start] + junk + program[stop:])
    except CircuitImportError as exc:
        assert exc.line is not None  # noqa: PT017 - most mutilated programs are refused, some are programs
        assert exc.column is not None  # noqa: PT017


@settings(max_examples=60)
@given(st.data())
def test_no_mutilated_program_of_version_3_raises_anything_else(data: st.DataObject) -> None:
    pytest.importorskip("openqasm3.parser")
    program = THREE + (
        "qubit[3] q; bit[3] c; const int n = 2; gate g(t) a, b { ctrl @ p(t / n) a, b; } g(-pi/4) q[0], q[1]; "
        "for int i in [0:n] { x q[i]; } c = measure q; if (c[0] && c != 3) { h q[2]; } else x q; "
        "switch (c) { case 1, 2 { y q[0]; } default { z q; } } let e = q[0:1]; inv @ s e[1]; delay[5ns] q;"
    )
    start = data.draw(st.integers(0, len(program)))
    stop = data.draw(st.integers(start, min(len(program), start + 6)))
    junk = data.draw(st.text(alphabet="()[]{};,.\"'+-*/^=>qcg019 e_π@!\n\x00", max_size=5))

    try:
        qasm.loads(program[:start] + junk + program[stop:])
    except CircuitImportError as exc:
        assert exc.line is not None  # noqa: PT017 - most mutilated programs are refused, some are programs
        assert exc.column is not None  # noqa: PT017


def test_an_unknown_version_to_write_is_refused() -> None:
    with pytest.raises(CircuitError, match="versions 2 and 3"):
        qasm.dumps(qasm.loads(TWO + "qreg q[1];"), version=4)
