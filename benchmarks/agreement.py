"""Whether two simulators' answers can both be right.

Owns: the comparison of states, numbers and readings. Readings are compared bit by bit and by the parity of
neighbouring bits. Knows nothing of: simulators, timing.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

TOLERANCE = {"double": 1e-10, "single": 1e-5}
STANDARD_ERRORS = 6
_BLOCK = 1 << 20

Readings = tuple[np.ndarray, np.ndarray]
"""Rows of bits, bit 0 first, and how often each was read."""


def complaint(task: str, precision: str, ours: Any, theirs: Any) -> str:
    """Why the two cannot both be right; empty if they can."""
    if task == "state":
        return _too_large(difference(ours, theirs), TOLERANCE[precision])
    if task == "expectation":  # a sum of many terms, each within the tolerance
        return _too_large(abs(ours - theirs), 10 * TOLERANCE[precision])
    pairs = zip(ours, theirs, strict=True) if task == "batch" else [(ours, theirs)]
    worst = max(standard_errors(a, b) for a, b in pairs)
    return f"{worst:.1f} standard errors away" if worst > STANDARD_ERRORS else ""


def _too_large(gap: float, tolerance: float) -> str:
    return f"differs by {gap:.1e}" if not gap <= tolerance else ""


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference of amplitudes, a common phase apart: peers differ in what they call a global phase."""
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(a), _BLOCK)]
    overlap = sum(np.vdot(a[part].astype(complex), b[part].astype(complex)) for part in blocks)
    phase = overlap / abs(overlap)
    return max(float(np.max(np.abs(a[part] * phase - b[part]))) for part in blocks)


def standard_errors(ours: Readings, theirs: Readings) -> float:
    """The largest difference of a mean, in standard errors of the difference."""
    (a, shots), (b, _) = _means(ours), _means(theirs)
    middle = (a + b) / 2
    sigma = np.sqrt(2 * middle * (1 - middle) / shots + 1e-12)
    return float(np.max(np.abs(a - b) / sigma))


def _means(readings: Readings) -> tuple[np.ndarray, int]:
    bits, weights = readings
    features = np.hstack([bits, bits[:, 1:] ^ bits[:, :-1]])
    shots = int(weights.sum())
    return weights @ features / shots, shots


def of_counts(counts: dict[str, int], *, reverse: bool = False) -> Readings:
    """Readings from text, whose leftmost character is bit 0, or the last bit if ``reverse``."""
    text = np.frombuffer("".join(counts).encode(), dtype=np.uint8).reshape(len(counts), -1) & 1
    return text[:, ::-1] if reverse else text, np.fromiter(counts.values(), dtype=np.int64)


def of_integers(values: Iterable[int], n: int) -> Readings:
    """Readings from integers whose most significant bit of ``n`` is bit 0."""
    numbers, weights = np.unique(np.asarray(values, dtype=np.int64), return_counts=True)
    return (numbers[:, None] >> np.arange(n - 1, -1, -1) & 1).astype(np.uint8), weights


def of_rows(rows: np.ndarray) -> Readings:
    """Readings from one row of bits a shot."""
    return np.asarray(rows, dtype=np.uint8), np.ones(len(rows), dtype=np.int64)
