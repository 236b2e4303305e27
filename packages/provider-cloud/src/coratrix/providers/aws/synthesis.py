"""Any unitary matrix as RZ, RY and CX: the quantum Shannon decomposition.

Owns: `synthesised`. Pure; exact to rounding, global phase included; about 4**n gates.
After Shende, Bullock and Markov, "Synthesis of quantum-logic circuits", IEEE TCAD 25, 1000 (2006).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from coratrix.core.gate import Gate, UnitaryGate, standard

Matrix: TypeAlias = npt.NDArray[np.complex128]
Angles: TypeAlias = npt.NDArray[np.float64]
Step: TypeAlias = tuple[Gate, tuple[int, ...]]


def synthesised(matrix: Matrix, qubits: tuple[int, ...]) -> Iterator[Step]:
    """Steps whose product is ``matrix``, the first qubit its most significant bit."""
    from scipy.linalg import cossin

    if len(qubits) == 1:
        yield UnitaryGate(matrix), qubits
        return
    half = len(matrix) // 2
    (left_a, left_b), thetas, (right_a, right_b) = cossin(matrix, p=half, q=half, separate=True)
    yield from _either(right_a, right_b, qubits)
    yield from _multiplexed("ry", 2 * thetas, qubits[0], qubits[1:])
    yield from _either(left_a, left_b, qubits)


def _either(first: Matrix, second: Matrix, qubits: tuple[int, ...]) -> Iterator[Step]:
    """``first`` on the later qubits where qubit 0 reads 0, ``second`` where it reads 1.

    With first·second† = V D² V† both are V·D^(±1)·W, and D^(±1) is a rotation of qubit 0 about Z.
    """
    from scipy.linalg import schur

    triangle, v = schur(first @ second.conj().T, output="complex")
    d = np.exp(0.5j * np.angle(np.diag(triangle)))
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
    flip: Any = (standard("cx"), (controls[0], target))
    yield from _multiplexed(name, (low + high) / 2, target, controls[1:])
    yield flip
    yield from _multiplexed(name, (low - high) / 2, target, controls[1:])
    yield flip
