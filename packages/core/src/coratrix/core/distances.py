"""How far apart two distributions of counts are, with the error that sampling gives.

Owns: `total_variation`, `hellinger`, `Distance`, `distance`. Pure; the bootstrap takes its seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 200

Probabilities = npt.NDArray[np.float64]


def total_variation(p: Probabilities, q: Probabilities) -> float:
    """½ Σ |pᵢ − qᵢ|, between 0 (equal) and 1 (disjoint)."""
    return float(0.5 * np.abs(p - q).sum())


def hellinger(p: Probabilities, q: Probabilities) -> float:
    """√(½ Σ (√pᵢ − √qᵢ)²), between 0 (equal) and 1 (disjoint)."""
    return float(np.sqrt(0.5 * np.square(np.sqrt(p) - np.sqrt(q)).sum()))


METRICS: dict[str, Callable[[Probabilities, Probabilities], float]] = {
    "total_variation": total_variation,
    "hellinger": hellinger,
}


@dataclass(frozen=True, kw_only=True)
class Distance:
    """A distance between two sets of counts.

    Attributes:
        value: of the observed frequencies.
        standard_error: of `value`, by resampling both sets.
        expected_by_chance: mean distance of two samples of these sizes from their pooled distribution:
            two perfect backends differ by about this much.
    """

    value: float
    standard_error: float
    expected_by_chance: float


def distance(a: Mapping[str, int], b: Mapping[str, int], *, metric: str, seed: int = 0) -> Distance:
    """The distance between two non-empty sets of counts with its statistical error (bootstrap)."""
    measure = METRICS[metric]
    keys = sorted({*a, *b})
    x, y = (np.array([counts.get(key, 0) for key in keys], dtype=np.float64) for counts in (a, b))
    n, m = int(x.sum()), int(y.sum())
    if not n or not m:
        raise ValueError("a distance needs counts on both sides; one of them is empty")
    p, q, pooled = x / n, y / m, (x + y) / (n + m)
    rng = np.random.default_rng(seed)

    def resampled(left: Probabilities, right: Probabilities) -> Probabilities:
        pairs = zip(rng.multinomial(n, left, RESAMPLES), rng.multinomial(m, right, RESAMPLES), strict=True)
        return np.array([measure(one / n, other / m) for one, other in pairs])

    return Distance(
        value=measure(p, q),
        standard_error=float(resampled(p, q).std(ddof=1)),
        expected_by_chance=float(resampled(pooled, pooled).mean()),
    )
