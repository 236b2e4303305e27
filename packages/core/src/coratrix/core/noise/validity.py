"""Whether a map is a channel: completely positive and trace preserving, with the defect named.

Owns: the checks of probabilities, times and maps, and their messages.
Knows nothing of: channel names beyond the word it is given for the message.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.representations import Matrix, superoperator_to_choi

TOLERANCE = 1e-8


@dataclass(frozen=True, kw_only=True)
class ChannelDefects:
    """How far a map is from a channel. Both are 0 for an exact one.

    Attributes:
        trace: largest entry of |ΣK†K − I|, the part of the trace that is lost or made.
        positivity: how far the lowest eigenvalue of the Choi matrix lies below 0.
    """

    trace: float
    positivity: float

    @property
    def is_cptp(self) -> bool:
        return self.trace <= TOLERANCE and self.positivity <= TOLERANCE

    def __str__(self) -> str:
        if self.is_cptp:
            return "completely positive and trace preserving"
        found = []
        if self.trace > TOLERANCE:
            found.append(f"it does not preserve the trace: the largest entry of ΣK†K − I is {self.trace:.3g}")
        if self.positivity > TOLERANCE:
            found.append(
                f"it is not completely positive: the lowest Choi eigenvalue is {-self.positivity:.3g}"
            )
        return "; ".join(found) + f" (allowed: {TOLERANCE:g})"


def channel_defects(superoperator: npt.ArrayLike) -> ChannelDefects:
    """Measure both defects of a map given as a superoperator on column-stacked ρ."""
    matrix = np.asarray(superoperator, dtype=np.complex128)
    dim = round(matrix.shape[0] ** 0.5)
    choi = superoperator_to_choi(matrix)
    kept = np.einsum("ikjk->ij", choi.reshape(dim, dim, dim, dim))  # Tr E(|i⟩⟨j|) = (ΣK†K)_ji
    anti = np.abs(choi - choi.conj().T).max() / 2
    lowest = np.linalg.eigvalsh((choi + choi.conj().T) / 2)[0]
    return ChannelDefects(
        trace=float(np.abs(kept - np.eye(dim)).max()), positivity=float(max(-lowest, anti, 0.0))
    )


def check_superoperator(superoperator: Matrix, what: str) -> None:
    """Raise `InvalidNoiseError` naming the defect unless the map is a channel."""
    defects = channel_defects(superoperator)
    if not defects.is_cptp:
        raise InvalidNoiseError(f"{what} is not a channel: {defects}")


def check_kraus(operators: Sequence[npt.ArrayLike], what: str) -> tuple[Matrix, ...]:
    """The operators as read-only square matrices of one size 2**n, after checking ΣK†K = I.

    A Kraus map is completely positive as it stands, so only the trace can be wrong.
    """
    matrices = tuple(square_matrix(operator, what) for operator in operators)
    if not matrices or len({m.shape for m in matrices}) != 1:
        raise InvalidNoiseError(
            f"{what}: expected one or more matrices of one shape, found {[m.shape for m in matrices]}"
        )
    total = sum(m.conj().T @ m for m in matrices)
    defects = ChannelDefects(trace=float(np.abs(total - np.eye(len(matrices[0]))).max()), positivity=0.0)
    if not defects.is_cptp:
        raise InvalidNoiseError(f"{what} is not a channel: {defects}")
    return matrices


def square_matrix(array: npt.ArrayLike, what: str, *, base: int = 2) -> Matrix:
    """A read-only complex copy with side ``base**n``, n ≥ 1, and finite entries."""
    matrix = np.array(array, dtype=np.complex128)
    side = matrix.shape[0] if matrix.ndim == 2 else 0
    num_qubits = round(math.log(side, base)) if side > 0 else 0
    if matrix.ndim != 2 or matrix.shape[1] != side or num_qubits < 1 or base**num_qubits != side:
        raise InvalidNoiseError(
            f"{what}: expected a square matrix with side a power of {base}, found shape {matrix.shape}"
        )
    if not np.isfinite(matrix).all():
        raise InvalidNoiseError(f"{what}: the matrix contains nan or inf")
    matrix.flags.writeable = False
    return matrix


def check_range(value: object, what: str, *, low: float = 0.0, high: float = 1.0) -> float:
    """The number as a float if it lies in [low, high]; a few rounding errors beyond are drawn back."""
    number = _number(value, what, f"a number from {low:g} to {high:g}")
    slack = 1e-12
    if not low - slack <= number <= high + slack:
        raise InvalidNoiseError(f"{what} is {number:g}; allowed is {low:g} to {high:g}")
    return min(max(number, low), high)


def check_positive(value: object, what: str, *, or_zero: bool = False) -> float:
    """A time in seconds: finite or infinite, above 0 (or 0 itself with ``or_zero``)."""
    number = _number(value, what, "a time in seconds")
    if number < 0 or (number == 0 and not or_zero):
        raise InvalidNoiseError(f"{what} is {number:g} s; it must be {'0 or more' if or_zero else 'above 0'}")
    return number


def _number(value: object, what: str, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or math.isnan(float(value)):
        raise InvalidNoiseError(f"{what} is {value!r}; expected {expected}")
    return float(value)
