"""Owns what is asked of a unitary matrix: whether it is one, its real powers, its eigenvectors, whether it is Clifford.

Plain functions on arrays. Knows nothing of gates.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from coratrix.core.errors import CircuitError
from coratrix.core.gate_table import GATES, Matrix

UNITARY_ATOL: Final = 1e-9
"""How far U†U may be from the identity, entry by entry, before a matrix is refused as not unitary."""

MAX_MATRIX_QUBITS: Final = 12
"""Matrices of more qubits are not written out."""

MAX_CLIFFORD_QUBITS: Final = 6
"""Above this size the Clifford question is not worth its cost and is answered with False."""

_IDENTITIES: Final = {size: np.eye(size, dtype=complex) for size in (2, 4, 8)}
"""Of the sizes that circuits are full of."""


def unitary_array(matrix: Any) -> Matrix:
    """A read-only complex copy, refused unless it is a finite unitary of 1 to 12 qubits."""
    try:
        array = np.array(matrix, dtype=complex)
    except (TypeError, ValueError) as exc:
        raise CircuitError(f"a unitary is a square array of complex numbers: {exc}") from exc
    size = _size(array.shape)
    if not size:
        raise CircuitError(f"a unitary on k qubits has the shape (2^k, 2^k), k ≥ 1; got {array.shape}")
    if size > 2**MAX_MATRIX_QUBITS:
        raise CircuitError(f"a unitary has at most {MAX_MATRIX_QUBITS} qubits; got {size.bit_length() - 1}")
    if not _is_unitary(array):
        raise CircuitError(_defect(array))
    array.setflags(write=False)
    return array


def unitary_arrays(matrices: Sequence[Any]) -> list[Matrix]:
    """`unitary_array` of each; matrices of one size are copied and checked in one stroke."""
    try:
        stack = np.array(matrices, dtype=complex)
    except (TypeError, ValueError):  # of several sizes, or no matrices at all: each says what it is
        return [unitary_array(matrix) for matrix in matrices]
    if len(stack) < 2 or not 0 < _size(stack.shape[1:]) <= 2**MAX_MATRIX_QUBITS or not _is_unitary(stack):
        return [unitary_array(matrix) for matrix in matrices]
    stack.setflags(write=False)
    return list(stack)


def _size(shape: tuple[int, ...]) -> int:
    """The number of rows of a matrix on qubits; 0 for any other shape."""
    size = shape[0] if len(shape) == 2 else 0
    return size if size >= 2 and shape[1] == size and not size & (size - 1) else 0


def _is_unitary(matrices: Matrix) -> bool:
    """Whether U†U is the identity, to UNITARY_ATOL entry by entry, for a matrix or each of a stack."""
    size = matrices.shape[-1]
    if not -1 < np.vdot(matrices, matrices).real - matrices.size // size < 1:  # NaN and infinity end here
        return False
    rest = matrices.conj().swapaxes(-1, -2) @ matrices
    rest -= _IDENTITIES[size] if size in _IDENTITIES else np.eye(size)
    if np.vdot(rest, rest).real <= UNITARY_ATOL**2:  # no entry is larger than the root of all squares
        return True
    return bool(np.abs(rest).max() <= UNITARY_ATOL)


def _defect(matrix: Matrix) -> str:
    if not np.isfinite(matrix).all():
        return "the matrix has an entry that is NaN or infinite"
    defect = float(np.abs(matrix.conj().T @ matrix - np.eye(len(matrix))).max())
    return f"the matrix is not unitary: U†U differs from the identity by {defect:.3g}"


def unitary_power(matrix: Matrix, exponent: float) -> Matrix:
    """A unitary matrix to a real power: integers by multiplication, others on the principal branch."""
    if exponent == int(exponent) and abs(exponent) <= 64:
        source = matrix if exponent >= 0 else matrix.conj().T
        return np.linalg.matrix_power(source, abs(int(exponent)))
    vectors = _common_eigenvectors(matrix)
    phases = np.angle(np.einsum("ji,jk,ki->i", vectors.conj(), matrix, vectors))
    phases[phases < -math.pi + 1e-13] = math.pi  # −1 as rounding leaves it is still the branch's +π
    powered: Matrix = (vectors * np.exp(1j * exponent * phases)) @ vectors.conj().T
    return powered


def _common_eigenvectors(matrix: Matrix) -> Matrix:
    """Orthonormal eigenvectors of a unitary U: those of a mix of its commuting parts U+U† and i(U−U†)."""
    real, imaginary = (matrix + matrix.conj().T) / 2, (matrix - matrix.conj().T) / 2j
    for mix in (0.7390851332151607, 1.2020569031595942, 0.3183098861837907):  # generic: no two phases collide
        vectors = np.linalg.eigh(real + mix * imaginary)[1]
        diagonal = vectors.conj().T @ matrix @ vectors
        if np.allclose(diagonal, np.diag(np.diag(diagonal)), atol=1e-11, rtol=0):
            return vectors
    raise CircuitError("the eigenvectors of this unitary could not be separated; give its power as a matrix")


def maps_paulis_to_paulis(matrix: Matrix) -> bool:
    """Whether U P U† is a Pauli string for the X and the Z of every qubit (gates of up to 6 qubits)."""
    size = matrix.shape[0]
    num_qubits = size.bit_length() - 1
    if num_qubits > MAX_CLIFFORD_QUBITS:
        return False
    pauli_x, pauli_z = GATES["x"].matrix(), GATES["z"].matrix()
    for qubit in range(num_qubits):
        for pauli in (pauli_x, pauli_z):
            whole = np.kron(np.kron(np.eye(2**qubit), pauli), np.eye(2 ** (num_qubits - qubit - 1)))
            if not _is_pauli_string(matrix @ whole @ matrix.conj().T):
                return False
    return True


def _is_pauli_string(matrix: Matrix) -> bool:
    """Whether a Hermitian unitary is ± a Pauli string: entries at row XOR mask, their signs a character."""
    size = matrix.shape[0]
    mask = int(np.argmax(np.abs(matrix[0])))
    rows = np.arange(size)
    entries = matrix[rows, rows ^ mask]
    if not np.allclose(np.abs(entries), 1, atol=1e-9, rtol=0):
        return False
    signs = entries / entries[0]
    bits = [1 << k for k in range(size.bit_length() - 1)]
    character = np.ones(size, dtype=complex)
    for bit in bits:
        character = np.where(rows & bit, character * signs[bit], character)
    return bool(np.allclose(np.abs(signs.imag), 0, atol=1e-9) and np.allclose(signs, character, atol=1e-9))


def eigenbasis(matrix: Matrix, *, real: bool = False) -> Any:
    """A unitary V, by columns the eigenvectors of a unitary ``matrix``; real where ``matrix`` is symmetric.

    The Hermitian part of exp(-ia)·matrix has the same eigenvectors, and equal eigenvalues cos(θ - a) only where
    `matrix` has, unless a is the mean of two θ: so a is taken as far as can be from all these means.
    """
    thetas = np.angle(np.linalg.eigvals(matrix))
    means = np.sort(np.add.outer(thetas, thetas).ravel() / 2 % math.pi)
    gaps = np.diff(means, append=means[0] + math.pi)
    widest = int(np.argmax(gaps))
    turned = np.exp(-1j * (means[widest] + gaps[widest] / 2)) * matrix
    hermitian = turned + turned.conj().T
    return np.linalg.eigh(hermitian.real if real else hermitian)[1]
