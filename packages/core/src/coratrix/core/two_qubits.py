"""Any two-qubit unitary as one-qubit gates around at most three CX.

Owns: `two_qubit_steps` and the canonical decomposition behind it. Pure; exact to rounding, global phase included.

U = phase · (left) · exp(i(x·XX + y·YY + z·ZZ)) · (right) with one-qubit gates left and right: Kraus and Cirac,
"Optimal creation of entanglement using a two-qubit gate", PRA 63, 062309 (2001). The middle takes three CX, two if one
of x, y, z is 0, one if it is CX itself: Vatan and Williams, "Optimal quantum circuits for general two-qubit gates",
PRA 69, 032315 (2004).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from coratrix.core.gate import Gate, UnitaryGate, standard
from coratrix.core.unitary import eigenbasis

Matrix: TypeAlias = npt.NDArray[np.complex128]
Real: TypeAlias = npt.NDArray[np.float64]
Step: TypeAlias = tuple[Gate, tuple[int, ...]]

NOTHING: Final = 1e-13
"""An angle below this is no rotation."""

_MAGIC: Final = np.array([[1, 0, 0, 1j], [0, 1j, 1, 0], [0, 1j, -1, 0], [1, 0, 0, -1j]]) / math.sqrt(2)
"""Columns: the basis in which one-qubit gates of determinant 1 are real, and XX, YY and ZZ diagonal."""

_PAULIS: Final = tuple(standard(name).matrix() for name in "xyz")
_SIGNS: Final = np.array([np.diag(_MAGIC.conj().T @ np.kron(p, p) @ _MAGIC).real for p in _PAULIS])
"""Row by row the diagonals of XX, YY and ZZ in the magic basis."""


def two_qubit_steps(matrix: Matrix, qubits: tuple[int, int]) -> Iterator[Step]:
    """Steps whose product is ``matrix``, the first qubit its more significant bit.

    A step on no qubits, ``p``, is a global phase.
    """
    left, angles, right = _canonical(matrix)
    lefts, rights = _factors(left), _factors(right)
    phase = 0.0
    for axis, pauli in enumerate(_PAULIS):  # exp(iπ/2·PP) = i·P⊗P
        turns = round(angles[axis] / (math.pi / 2))
        angles[axis] -= turns * math.pi / 2
        phase += turns * math.pi / 2
        if turns % 2:
            lefts = (lefts[0] @ pauli, lefts[1] @ pauli)
    yield from _both(rights, qubits)
    yield from _middle(angles, qubits)
    yield from _both(lefts, qubits)
    yield standard("p", phase), ()


def _canonical(matrix: Matrix) -> tuple[Matrix, Real, Matrix]:
    """(left, (x, y, z), right): left and right are products of one-qubit gates, a phase in left."""
    phase = np.exp(0.25j * np.angle(np.linalg.det(matrix)))
    inner = _MAGIC.conj().T @ (matrix / phase) @ _MAGIC
    right = eigenbasis(inner.T @ inner, real=True)
    if np.linalg.det(right) < 0:
        right[:, 0] *= -1
    roots = np.angle(np.diag(right.T @ inner.T @ inner @ right)) / 2
    left = (inner @ right * np.exp(-1j * roots)).real
    if np.linalg.det(left) < 0:
        left[:, 0] *= -1
        roots[0] += math.pi
    rest = float(np.mean(roots))  # a multiple of π/2: the phase that x, y and z do not make
    angles = _SIGNS @ roots / 4
    outer = _MAGIC @ left @ _MAGIC.conj().T * phase * np.exp(1j * rest)
    return outer, angles, _MAGIC @ right.T @ _MAGIC.conj().T


def _factors(product: Matrix) -> tuple[Matrix, Matrix]:
    """(a, b) with ``product`` = a ⊗ b; a has determinant 1 up to sign and b the phase."""
    blocks = product.reshape(2, 2, 2, 2)  # [row a, row b, column a, column b]
    row, column = divmod(int(np.argmax(np.linalg.norm(blocks, axis=(1, 3)))), 2)
    b = blocks[row, :, column, :]
    b = b / np.sqrt(abs(np.linalg.det(b)))
    a = np.einsum("ijkl,jl->ik", blocks, b.conj()) / 2
    return a, b


def _both(pair: tuple[Matrix, Matrix], qubits: tuple[int, int]) -> Iterator[Step]:
    for matrix, qubit in zip(pair, qubits, strict=True):
        yield UnitaryGate(matrix), (qubit,)


def _middle(angles: Real, qubits: tuple[int, int]) -> Iterator[Step]:
    """exp(i(x·XX + y·YY + z·ZZ)), all of them at most π/4."""
    is_zero = [abs(angle) < NOTHING for angle in angles]
    x, y, z = (float(angle) for angle in angles)
    if all(is_zero):
        return
    if not any(is_zero):
        yield from _three(x, y, z, qubits)
    elif is_zero[1]:
        yield from _two(x, z, qubits)
    elif is_zero[2]:  # turned about X, Y is Z and Z is -Y
        yield from _around("sx", "sxdg", _two(x, y, qubits), qubits)
    else:  # turned about Z, Y is X and X is -Y
        yield from _around("sdg", "s", _two(y, z, qubits), qubits)


def _around(before: str, after: str, inner: Iterator[Step], qubits: tuple[int, int]) -> Iterator[Step]:
    yield from [(standard(before), (q,)) for q in qubits]
    yield from inner
    yield from [(standard(after), (q,)) for q in qubits]


def _two(x: float, z: float, qubits: tuple[int, int]) -> Iterator[Step]:
    """CX takes XX to X on the first qubit and ZZ to Z on the second; exp(±iπ/4·ZZ) is CZ between S gates."""
    a, b = qubits
    if abs(x) < NOTHING and abs(abs(z) - math.pi / 4) < NOTHING:
        yield from [(standard("h"), (b,)), (standard("cx"), qubits), (standard("h"), (b,))]
        yield from [(standard("sdg" if z > 0 else "s"), (q,)) for q in qubits]
        yield standard("p", z), ()
        return
    if abs(z) < NOTHING and abs(abs(x) - math.pi / 4) < NOTHING:
        yield from _around("h", "h", _two(0.0, x, qubits), qubits)
        return
    yield standard("cx"), qubits
    yield standard("rx", -2 * x), (a,)
    yield standard("rz", -2 * z), (b,)
    yield standard("cx"), qubits


def _three(x: float, y: float, z: float, qubits: tuple[int, int]) -> Iterator[Step]:
    """Figure 6 of Vatan and Williams."""
    a, b = qubits
    yield standard("rz", -math.pi / 2), (b,)
    yield standard("cx"), (b, a)
    yield standard("rz", math.pi / 2 - 2 * z), (a,)
    yield standard("ry", 2 * x - math.pi / 2), (b,)
    yield standard("cx"), (a, b)
    yield standard("ry", math.pi / 2 - 2 * y), (b,)
    yield standard("cx"), (b, a)
    yield standard("rz", math.pi / 2), (a,)
    yield standard("p", math.pi / 4), ()
