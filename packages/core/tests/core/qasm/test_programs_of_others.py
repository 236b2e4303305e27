"""Programs as other tools write them: Qiskit's random and library circuits through its own exporters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coratrix.core import Condition, QuantumCircuit, qasm

pytest.importorskip("openqasm3.parser")
qiskit = pytest.importorskip("qiskit")
quantum_info = pytest.importorskip("qiskit.quantum_info")
library = pytest.importorskip("qiskit.circuit.library")
qasm3 = pytest.importorskip("qiskit.qasm3")
pytest.importorskip("qiskit_qasm3_import")
random_circuit = pytest.importorskip("qiskit.circuit.random").random_circuit

Dense = Callable[[QuantumCircuit], Any]


def overlap(theirs: Any, ours: QuantumCircuit, unitary_of: Dense) -> complex:
    """Tr(U†V)/2^n: 1 where both are the same, of size 1 where a global phase is between them."""
    expected = quantum_info.Operator(theirs.reverse_bits()).data
    return complex(np.trace(expected.conj().T @ unitary_of(ours)) / len(expected))


@pytest.mark.parametrize("seed", range(25))
def test_random_circuits_that_qiskit_writes_are_read(seed: int, unitary_of: Dense) -> None:
    theirs = random_circuit(4, 6, max_operands=4, seed=seed)

    text = qiskit.qasm3.dumps(theirs)
    old, new = qasm.loads(qiskit.qasm2.dumps(theirs)), qasm.loads(text)

    assert abs(overlap(theirs, old, unitary_of)) == pytest.approx(1, abs=1e-9)
    assert abs(overlap(theirs, new, unitary_of)) == pytest.approx(1, abs=1e-9)
    if "u2(" not in text and "u3(" not in text:  # whose phases Qiskit leaves out and the standard library has
        assert overlap(qasm3.loads(text), new, unitary_of) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    "make",
    [
        lambda: library.QFTGate(4).definition,
        lambda: library.real_amplitudes(4, "full", 2).assign_parameters(np.linspace(-2, 2, 12)),
        lambda: library.efficient_su2(3, reps=1).assign_parameters(np.linspace(-2, 2, 12)),
        lambda: library.zz_feature_map(3, reps=1).assign_parameters([0.1, -0.7, 1.3]),
        lambda: library.quantum_volume(3, 3, seed=1).decompose(),
        lambda: library.grover_operator(_oracle()),
        lambda: library.MCXGate(4).definition,
    ],
    ids=["qft", "real-amplitudes", "efficient-su2", "zz-feature-map", "quantum-volume", "grover", "mcx"],
)  # fmt: skip
def test_library_circuits_that_qiskit_writes_are_read(make: Callable[[], Any], unitary_of: Dense) -> None:
    theirs = make()

    old = qasm.loads(qiskit.qasm2.dumps(theirs))
    new = qasm.loads(qiskit.qasm3.dumps(theirs))

    assert abs(overlap(theirs, old, unitary_of)) == pytest.approx(1, abs=1e-9)
    assert abs(overlap(theirs, new, unitary_of)) == pytest.approx(1, abs=1e-9)


def _oracle() -> Any:
    oracle = qiskit.QuantumCircuit(3)
    oracle.ccz(0, 1, 2)
    return oracle


def test_feed_forward_that_qiskit_writes_is_read() -> None:
    q, a = qiskit.QuantumRegister(2, "q"), qiskit.ClassicalRegister(2, "a")
    b = qiskit.ClassicalRegister(1, "b")
    theirs = qiskit.QuantumCircuit(q, a, b)
    theirs.h(0)
    theirs.measure(q, a)
    with theirs.if_test((a, 2)) as otherwise:
        theirs.x(1)
    with otherwise:
        theirs.h(1)
        theirs.measure(1, 2)
    with theirs.if_test((b, 1)):
        theirs.z(0)
    with theirs.while_loop((a[0], 1)):
        theirs.x(0)
        theirs.measure(0, 0)
    with theirs.switch(a) as case:
        with case(0, 3):
            theirs.y(0)
        with case(case.DEFAULT):
            theirs.s(1)

    ours = qasm.loads(qiskit.qasm3.dumps(theirs), max_iterations=9)

    expected = QuantumCircuit(2, registers=[("a", 2), ("b", 1)]).h(0).measure([0, 1], [0, 1])
    expected.if_test(Condition((0, 1), (2,)), lambda c: c.x(1), lambda c: c.h(1).measure(1, 2))
    expected.if_test(Condition((2,), (1,)), lambda c: c.z(0))
    expected.while_loop(Condition((0,), (1,)), lambda c: c.x(0).measure(0, 0), 9)
    expected.if_test(Condition((0, 1), (0, 3)), lambda c: c.y(0), lambda c: c.s(1))
    assert ours == expected
