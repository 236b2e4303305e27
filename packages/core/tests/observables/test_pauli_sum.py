"""PauliSum against dense matrices and Qiskit."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest

from coratrix.core.errors import CircuitError
from coratrix.core.observables import PauliSum, pauli_matrix

LOPSIDED = PauliSum({"XIZ": 0.5, "YXI": -1.25, "IIZ": 2.0})


def test_the_leftmost_letter_is_the_most_significant_qubit() -> None:
    x, one, z = (np.array(m) for m in ([[0, 1], [1, 0]], np.eye(2), [[1, 0], [0, -1]]))

    assert np.array_equal(PauliSum({"XIZ": 0.5}).matrix(), 0.5 * np.kron(np.kron(x, one), z))


def test_sparse_terms_name_qubits() -> None:
    assert PauliSum.term("X0 Z2", 0.5) == PauliSum({"XIZ": 0.5})
    assert PauliSum.term("Y1", num_qubits=3) == PauliSum({"IYI": 1})
    assert PauliSum.term("", 2.0, num_qubits=2) == PauliSum({"II": 2})


def test_algebra_is_that_of_the_matrices() -> None:
    a, b = LOPSIDED, PauliSum({"ZZY": 1j, "XIZ": 0.25})
    m, n = a.matrix(), b.matrix()

    assert np.allclose((a + b).matrix(), m + n)
    assert np.allclose((a - b).matrix(), m - n)
    assert np.allclose((a @ b).matrix(), m @ n)
    assert np.allclose((2 * a / 4).matrix(), m / 2)
    assert np.allclose((1 - a).matrix(), np.eye(8) - m)
    assert np.allclose((np.float64(2) * a).matrix(), 2 * m)


def test_narrow_sums_are_padded_on_their_higher_qubits() -> None:
    assert PauliSum.term("X0") + PauliSum.term("Z2") == PauliSum({"XII": 1, "IIZ": 1})


def test_terms_that_cancel_vanish() -> None:
    assert len(LOPSIDED - LOPSIDED) == 0
    assert np.array_equal((LOPSIDED - LOPSIDED).matrix(), np.zeros((8, 8)))


def test_masks_act_as_documented() -> None:
    x, z, coefficients = LOPSIDED.masks()
    total = np.zeros((8, 8), dtype=complex)
    for xm, zm, c in zip(x.tolist(), z.tolist(), coefficients, strict=True):
        for j in range(8):
            total[j ^ xm, j] += c * 1j ** (xm & zm).bit_count() * (-1) ** (j & zm).bit_count()

    assert np.allclose(total, LOPSIDED.matrix())


def test_bits_hold_any_number_of_qubits() -> None:
    wide = PauliSum.term("Y0 Z99", 3.0)
    x, z, _ = wide.bits()

    assert np.flatnonzero(x[0]).tolist() == [0]
    assert np.flatnonzero(z[0]).tolist() == [0, 99]
    with pytest.raises(CircuitError, match="64 qubits"):
        wide.masks()


def test_groups_commute_qubit_by_qubit_and_lose_nothing() -> None:
    total = PauliSum({"XXI": 1, "IXZ": 2, "ZZI": 3, "IZZ": 4, "YII": 5})

    groups = total.qubit_wise_commuting_groups()

    assert sum(groups, 0 * total) == total
    assert len(groups) == 3
    for group in groups:
        for q in range(3):
            assert len({label[q] for label, _ in group} - {"I"}) <= 1


def test_it_agrees_with_qiskit() -> None:
    info = pytest.importorskip("qiskit.quantum_info")
    reversed_labels = [(label[::-1], c) for label, c in LOPSIDED]
    theirs = info.SparsePauliOp.from_list(reversed_labels).to_matrix()
    reorder = [int(f"{i:03b}"[::-1], 2) for i in range(8)]

    assert np.allclose(LOPSIDED.matrix(), theirs[np.ix_(reorder, reorder)])


def test_round_trips() -> None:
    total = LOPSIDED + PauliSum({"XYZ": 1j})

    assert PauliSum.from_dict(json.loads(json.dumps(total.to_dict()))) == total
    assert pickle.loads(pickle.dumps(total)) == total
    assert len({total, total + 0}) == 1
    assert eval(repr(total)) == total
    assert not total.is_hermitian
    assert LOPSIDED.is_hermitian


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: PauliSum({"XA": 1}), "contains A"),
        (lambda: PauliSum({"X": 1, "XX": 1}), "one width"),
        (lambda: PauliSum({}), "num_qubits"),
        (lambda: PauliSum({"X": float("nan")}), "finite"),
        (lambda: PauliSum.term("X0 Y0"), "each qubit once"),
        (lambda: PauliSum.term("X5", num_qubits=2), "names qubit 5"),
        (lambda: PauliSum({"XX": 1}).padded(1), "does not fit"),
    ],
)
def test_bad_input_is_refused(make: object, message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        make()  # type: ignore[operator]


def test_pauli_matrix_of_nothing_is_one() -> None:
    assert np.array_equal(pauli_matrix(""), np.ones((1, 1)))
