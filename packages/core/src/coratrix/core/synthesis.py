"""Any unitary matrix as one-qubit gates and CX: the quantum Shannon decomposition.

Owns: `synthesised`. Pure; exact to rounding, global phase included; fewer than 4**n CX.
After Shende, Bullock and Markov, "Synthesis of quantum-logic circuits", IEEE TCAD 25, 1000 (2006).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from coratrix.core.gate import Gate, UnitaryGate, standard
from coratrix.core.two_qubits import NOTHING, two_qubit_steps
from coratrix.core.unitary import eigenbasis

Matrix: TypeAlias = npt.NDArray[np.complex128]
Angles: TypeAlias = npt.NDArray[np.float64]
Step: TypeAlias = tuple[Gate, tuple[int, ...]]


def synthesised(matrix: Matrix, qubits: tuple[int, ...]) -> Iterator[Step]:
    """Steps whose product is ``matrix``, the first qubit its most significant bit.

    A step on no qubits, ``p``, is a global phase.
    """
    if len(qubits) == 1:
        yield UnitaryGate(matrix), qubits
        return
    if len(qubits) == 2:
        yield from two_qubit_steps(matrix, (qubits[0], qubits[1]))
        return
    (left_a, left_b), thetas, (right_a, right_b) = _cosine_sine(matrix)
    yield from _either(right_a, right_b, qubits)
    yield from _multiplexed("ry", 2 * thetas, qubits[0], qubits[1:])
    yield from _either(left_a, left_b, qubits)


def _cosine_sine(matrix: Matrix) -> tuple[tuple[Matrix, Matrix], Angles, tuple[Matrix, Matrix]]:
    """(L0 ⊕ L1) · [[C, -S], [S, C]] · (R0 ⊕ R1): Golub and Van Loan, Matrix Computations, section 2.5.4.

    C and R0 come of the upper left quarter, S and L1 of the lower left, but a sine is not known from a cosine near 1:
    where the cosine is large, a second SVD takes it from the lower quarter.
    """
    half = len(matrix) // 2
    upper, lower = np.split(matrix, 2)
    l0, cosines, r0 = np.linalg.svd(upper[:, :half])
    l0, cosines, r0 = l0[:, ::-1], cosines[::-1], r0[::-1]  # ascending
    large = int(np.searchsorted(cosines, math.sqrt(0.5)))
    l1, triangle = _orthonormal(lower[:, :half] @ r0.conj().T)
    sines = np.diag(triangle).real.copy()
    turn, sines[large:], turned = np.linalg.svd(triangle[large:, large:])
    l1[:, large:] = l1[:, large:] @ turn
    r0 = np.concatenate([r0[:large], turned @ r0[large:]])
    left, triangle = _orthonormal(upper[:, :half] @ r0[large:].conj().T)
    l0 = np.concatenate([l0[:, :large], left], axis=1)
    cosines = np.concatenate([cosines[:large], np.diag(triangle).real])
    thetas = np.arctan2(sines, cosines)
    c, s = np.cos(thetas)[:, None], np.sin(thetas)[:, None]
    r1 = c * (l1.conj().T @ lower[:, half:]) - s * (l0.conj().T @ upper[:, half:])
    return (l0, l1), thetas, (r0, r1)


def _orthonormal(columns: Matrix) -> tuple[Matrix, Matrix]:
    """QR with a diagonal of R that is real and not negative."""
    q, r = np.linalg.qr(columns)
    phases = np.exp(1j * np.angle(np.diag(r)))
    return q * phases, phases.conj()[:, None] * r


def _either(first: Matrix, second: Matrix, qubits: tuple[int, ...]) -> Iterator[Step]:
    """``first`` on the later qubits where qubit 0 reads 0, ``second`` where it reads 1.

    With first·second† = V D² V† both are V·D^(±1)·W, and D^(±1) is a rotation of qubit 0 about Z.
    """
    if np.allclose(first, second, rtol=0, atol=NOTHING):
        yield from synthesised(second, qubits[1:])
        return
    product = first @ second.conj().T
    v = eigenbasis(product)
    d = np.exp(0.5j * np.angle(np.diag(v.conj().T @ product @ v)))
    w = d[:, None] * (v.conj().T @ second)
    yield from synthesised(w, qubits[1:])
    yield from _multiplexed("rz", -2 * np.angle(d), qubits[0], qubits[1:])
    yield from synthesised(v, qubits[1:])


def _multiplexed(name: str, angles: Angles, target: int, controls: tuple[int, ...]) -> Iterator[Step]:
    """A rotation of ``target`` by ``angles[k]`` where the controls read ``k``.

    X turns both RY and RZ round, so a CX from the first control flips the sign of half the angle.
    """
    if not controls:
        yield standard(name, float(angles[0])), (target,)
        return
    low, high = np.split(angles, 2)
    if np.allclose(low, high, rtol=0, atol=NOTHING):
        yield from _multiplexed(name, low, target, controls[1:])
        return
    flip: Any = (standard("cx"), (controls[0], target))
    yield from _multiplexed(name, (low + high) / 2, target, controls[1:])
    yield flip
    yield from _multiplexed(name, (low - high) / 2, target, controls[1:])
    yield flip
