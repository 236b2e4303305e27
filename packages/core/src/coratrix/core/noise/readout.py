"""Readout errors: what is reported when the qubits truly were something else.

Owns: `ReadoutError`, one confusion matrix on one or several qubits. Knows nothing of: where it acts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.validity import TOLERANCE, check_range


@dataclass(frozen=True, init=False)
class ReadoutError:
    """A confusion matrix A with A[i][j] = P(reported j | true i): rows are true states and add up to 1.

    On several qubits the first is the most significant bit of i and of j, so that errors may be correlated.
    Aer's ``ReadoutError`` has the same rows, with the first qubit least significant. pyQuil's confusion
    matrices and many papers write the transpose.
    """

    rows: tuple[tuple[float, ...], ...]

    def __init__(self, matrix: npt.ArrayLike) -> None:
        array = _rows(matrix)
        side = array.shape[0] if array.ndim == 2 else 0
        if array.ndim != 2 or array.shape[1] != side or side < 2 or side & (side - 1):
            raise InvalidNoiseError(
                f"readout error: expected a 2 × 2, 4 × 4, … confusion matrix, found shape {array.shape}"
            )
        for i, row in enumerate(array):
            for j, p in enumerate(row):
                check_range(float(p), f"readout error P(reported {j} | true {i})")
            if abs(row.sum() - 1) > TOLERANCE:
                raise InvalidNoiseError(
                    f"readout error: row {i} (true state {i}) adds up to {row.sum():g}, not 1; "
                    "rows are true states, columns reported ones"
                )
        object.__setattr__(self, "rows", tuple(tuple(float(p) for p in row) for row in array))

    @classmethod
    def symmetric(cls, p: float) -> ReadoutError:
        """One qubit that is reported wrongly with probability ``p`` in either state."""
        p = check_range(p, "readout_error")
        return cls([[1 - p, p], [p, 1 - p]])

    @classmethod
    def from_flips(cls, p_1_given_0: float, p_0_given_1: float) -> ReadoutError:
        """One qubit: P(reported 1 | true 0) and P(reported 0 | true 1)."""
        e0 = check_range(p_1_given_0, "readout error P(reported 1 | true 0)")
        e1 = check_range(p_0_given_1, "readout error P(reported 0 | true 1)")
        return cls([[1 - e0, e0], [e1, 1 - e1]])

    @property
    def num_qubits(self) -> int:
        return len(self.rows).bit_length() - 1

    def matrix(self) -> npt.NDArray[np.float64]:
        """A fresh array of the rows."""
        return np.array(self.rows)

    def to_json(self) -> Any:
        """The number of a symmetric one-qubit error, else the rows."""
        (a, b), *_ = (row[:2] for row in self.rows)
        symmetric = self.num_qubits == 1 and self.rows[1] == (b, a)
        return b if symmetric else [list(row) for row in self.rows]

    @classmethod
    def of(cls, value: Any) -> ReadoutError:
        """From a `ReadoutError`, a number p (symmetric), or the rows of a confusion matrix."""
        if isinstance(value, ReadoutError):
            return value
        if isinstance(value, list | tuple | np.ndarray):
            return cls(_rows(value))
        return cls.symmetric(value)


def _rows(value: Any) -> npt.NDArray[np.float64]:
    try:
        return np.asarray(value, dtype=float)
    except (TypeError, ValueError) as exc:
        raise InvalidNoiseError(f"readout error: {value!r} is not a confusion matrix: {exc}") from exc
