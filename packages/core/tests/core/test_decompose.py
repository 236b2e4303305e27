"""Gates and matrices written in one-qubit gates and CX: exact with their global phase, and in few CX."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.core import GATES, CircuitExportError, QuantumCircuit, gate
from coratrix.core.decompose import Step, reduce
from coratrix.core.gate import ControlledGate, Gate, UnitaryGate
from coratrix.core.synthesis import synthesised
from coratrix.core.unitary import eigenbasis
from coratrix.testing import strategies
from coratrix.testing.reference import unitary

FEWEST_CX = {
    "cx": 1, "cy": 1, "cz": 1, "ch": 1, "ecr": 1, "dcx": 2, "iswap": 2, "swap": 3, "ccx": 6, "ccz": 6, "cswap": 8,
    "c3x": 14, "c4x": 30,
}  # fmt: skip
"""The best known, 2^n - 2 for an n-qubit phase, where it is not two."""


def in_cx(made: Gate) -> list[Step]:
    simple = reduce(
        made, tuple(range(made.num_qubits)), lambda each: each.num_qubits == 1 or each.name == "cx"
    )
    return list(simple)


def product(steps: Iterable[Step], num_qubits: int) -> Any:
    circuit = QuantumCircuit(num_qubits)
    for inner, qubits in steps:
        if qubits:
            circuit.add_gate(inner, qubits)
        else:
            circuit.global_phase = circuit.global_phase + inner.params[0]
    return unitary(circuit)


def num_cx(steps: Iterable[Step]) -> int:
    return sum(len(qubits) == 2 for _, qubits in steps)


def haar(size: int, rng: np.random.Generator) -> Any:
    return np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))[0]


@pytest.mark.parametrize("name", GATES)
def test_a_gate_takes_the_fewest_cx_that_are_known(name: str) -> None:
    made = gate(name, *[0.3 + 0.2 * k for k in range(GATES[name].num_params)])

    steps = in_cx(made)

    assert_allclose(product(steps, made.num_qubits), made.matrix(), rtol=0, atol=1e-13)
    assert num_cx(steps) == FEWEST_CX.get(name, 2 if made.num_qubits == 2 else 0)


@pytest.mark.parametrize("num_controls", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["x", "h", "p", "u", "rzz", "iswap"])
def test_any_gate_under_controls_is_exact(name: str, num_controls: int) -> None:
    base = gate(name, *[0.3 + 0.2 * k for k in range(GATES[name].num_params)])
    made = base.controlled(num_controls, "01"[num_controls % 2] * num_controls)
    assert isinstance(made, ControlledGate) or made.name in GATES

    assert_allclose(product(in_cx(made), made.num_qubits), made.matrix(), rtol=0, atol=1e-12)


@given(matrix=strategies.unitaries(2))
@settings(max_examples=60, deadline=None)
def test_any_two_qubit_matrix_takes_three_cx(matrix: Any) -> None:
    steps = in_cx(UnitaryGate(matrix))

    assert num_cx(steps) <= 3
    assert_allclose(product(steps, 2), matrix, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("cx", 1),
        ("cz", 1),
        ("ch", 1),
        ("ecr", 1),
        ("cp", 2),
        ("rxx", 2),
        ("ryy", 2),
        ("iswap", 2),
        ("swap", 3),
    ],
)
def test_a_matrix_between_one_qubit_gates_takes_no_more_than_the_gate(name: str, count: int) -> None:
    rng = np.random.default_rng(5)
    made = gate(name, *[0.3] * GATES[name].num_params).matrix()
    matrix = np.kron(haar(2, rng), haar(2, rng)) @ made @ np.kron(haar(2, rng), haar(2, rng))

    steps = in_cx(UnitaryGate(matrix))

    assert num_cx(steps) == count
    assert_allclose(product(steps, 2), matrix, rtol=0, atol=1e-13)


def test_a_product_of_one_qubit_gates_takes_no_cx() -> None:
    rng = np.random.default_rng(6)
    matrix = np.kron(haar(2, rng), haar(2, rng))

    steps = in_cx(UnitaryGate(matrix))

    assert num_cx(steps) == 0
    assert_allclose(product(steps, 2), matrix, rtol=0, atol=1e-13)


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "kind", ["haar", "identity", "reversal", "permutation", "diagonal", "product", "fourier"]
)
@pytest.mark.parametrize("disturbed", [0.0, 1e-4, 1e-8, 1e-12, 1e-15])
def test_any_matrix_is_synthesised(num_qubits: int, kind: str, disturbed: float) -> None:
    """Nearly equal eigenvalues and angles near 0 too, where a factor is not known from its product."""
    size, rng = 2**num_qubits, np.random.default_rng(7)
    k = np.arange(size)
    matrix = {
        "haar": haar(size, rng),
        "identity": np.eye(size),
        "reversal": np.eye(size)[::-1],
        "permutation": np.eye(size)[rng.permutation(size)],
        "diagonal": np.diag(np.exp(1j * k**2)),
        "product": np.kron(np.eye(size // 2), haar(2, rng)),
        "fourier": np.exp(2j * np.pi * np.outer(k, k) / size) / np.sqrt(size),
    }[kind]
    noise = rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size))
    left, _, right = np.linalg.svd(matrix + disturbed * noise)  # the nearest unitary
    wanted = left @ right

    steps = list(synthesised(wanted, tuple(range(num_qubits))))

    assert_allclose(product(steps, num_qubits), wanted, rtol=0, atol=2e-12)
    assert num_cx(steps) <= {1: 0, 2: 3, 3: 30, 4: 162, 5: 738}[num_qubits]


@given(
    thetas=st.lists(st.sampled_from([0.0, 1e-9, 0.5, 0.5 + 1e-12, 3.1]), min_size=2, max_size=8),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_eigenvectors_are_orthogonal_however_close_the_eigenvalues(thetas: list[float], seed: int) -> None:
    turn = haar(len(thetas), np.random.default_rng(seed))
    matrix = turn * np.exp(1j * np.array(thetas)) @ turn.conj().T

    basis = eigenbasis(matrix)
    inside = basis.conj().T @ matrix @ basis

    assert_allclose(basis.conj().T @ basis, np.eye(len(thetas)), rtol=0, atol=1e-13)
    assert_allclose(inside, np.diag(np.diag(inside)), rtol=0, atol=1e-12)


def test_what_cannot_be_written_is_said() -> None:
    with pytest.raises(CircuitExportError, match="at most 6 qubits"):
        in_cx(UnitaryGate(np.eye(128)))
    with pytest.raises(CircuitExportError, match="'cx' cannot be written"):
        list(reduce(gate("swap"), (0, 1), lambda each: each.num_qubits == 1))
