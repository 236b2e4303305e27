"""Matrices as turns of one qubit under controls.

Owns: `euler_angles` and `two_level_steps`. Pure numbers; exact to rounding, global phase included.
After Nielsen and Chuang, Quantum Computation and Quantum Information, sections 4.2 and 4.5.1-2.
"""

from __future__ import annotations

import cmath
from collections.abc import Iterator
from typing import Any

import numpy as np

from coratrix.core.gate_table import Matrix

MAX_QUBITS = 4
"""A matrix of n qubits becomes up to 2^(n-1)·(2^n - 1) controlled turns: 120 for four."""

_TINY = 1e-14


def euler_angles(matrix: Matrix) -> tuple[float, float, float, float]:
    """(α, β, γ, δ) with ``matrix`` = exp(iα)·RZ(β)·RY(γ)·RZ(δ)."""
    (a, b), (c, d) = matrix
    alpha = cmath.phase(a * d - b * c) / 2
    gamma = 2 * float(np.arctan2(abs(c), abs(a)))
    plus = 2 * (cmath.phase(d) - alpha) if abs(d) > _TINY else 0.0  # β + δ
    minus = 2 * (cmath.phase(c) - alpha) if abs(c) > _TINY else 0.0  # β - δ
    return alpha, (plus + minus) / 2, gamma, (plus - minus) / 2


def two_level_steps(matrix: Matrix) -> Iterator[tuple[Matrix, str, int]]:
    """One-qubit matrices as they act in turn: (2×2 matrix, what the other qubits must read, target).

    The basis states are taken in the order of a Gray code, so that neighbours differ in one qubit.
    """
    size = len(matrix)
    order = [k ^ (k >> 1) for k in range(size)]
    rest = np.array(matrix, dtype=complex)
    undone = []
    for column in range(size - 1):
        for row in range(size - 1, column, -1):
            upper, lower = order[row - 1], order[row]
            turn = _annihilator(rest[upper, order[column]], rest[lower, order[column]])
            if turn is not None:
                rest[[upper, lower]] = turn @ rest[[upper, lower]]
                undone.append((turn.conj().T, upper, lower))
    yield from _phases(rest, size.bit_length() - 1)
    for turn, upper, lower in reversed(undone):
        yield _step(turn, upper, lower, size.bit_length() - 1)


def _annihilator(kept: complex, removed: complex) -> Any:
    """The unitary that takes (kept, removed) to (r, 0) with r ≥ 0, or None where there is nothing to do."""
    if abs(removed) < _TINY:
        return None
    norm = np.hypot(abs(kept), abs(removed))
    return np.array([[np.conj(kept), np.conj(removed)], [-removed, kept]]) / norm


def _phases(diagonal: Matrix, num_qubits: int) -> Iterator[tuple[Matrix, str, int]]:
    """The diagonal that is left, two neighbouring entries at a time."""
    for even in range(0, 2**num_qubits, 2):
        pair = np.diag([diagonal[even, even], diagonal[even + 1, even + 1]])
        if not np.allclose(pair, np.eye(2), atol=1e-15, rtol=0):
            yield _step(pair, even, even + 1, num_qubits)


def _step(matrix: Matrix, first: int, second: int, num_qubits: int) -> tuple[Matrix, str, int]:
    """``matrix`` on two basis states that differ in one qubit, its rows in the order of that qubit."""
    target = num_qubits - (first ^ second).bit_length()
    if first > second:
        matrix = matrix[::-1, ::-1]
    bits = format(first, f"0{num_qubits}b")
    return matrix, bits[:target] + bits[target + 1 :], target
