"""Whether counts could have come from given probabilities.

Owns: the comparison and its false-alarm rate. Knows nothing of: circuits, engines.

Both tests use bounds that hold for every number of shots and every distribution, so the promised rate of
false alarms is never exceeded; no normal approximation enters. With N shots, frequencies f and probabilities
p:

- each outcome by itself: P(N·KL(f‖p) ≥ x) ≤ 2·e^(−x) for a binomial (Chernoff), with Bonferroni's factor over
  outcomes;
- all together: P(KL(f‖p) ≥ x) ≤ e^(−Nx)·(e·N·x/(m−1))^(m−1) for m outcomes and x > (m−1)/N (Agrawal 2020),
  which
  sees many small deviations that no single outcome shows.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

FIVE_SIGMA = 5.7e-7
"""The chance that a normal variable lies five standard deviations or more from its mean, on either side."""


def assert_counts_match(
    counts: Mapping[str, int], probabilities: Mapping[str, float], *, false_alarm: float = FIVE_SIGMA
) -> None:
    """Raise ``AssertionError`` unless the counts are plausible draws from the probabilities.

    Args:
        counts: how often each key was seen.
        probabilities: exact probability of each key; missing keys have 0, and the sum is 1.
        false_alarm: at most this share of honest samples is refused.
    """
    if complaint := implausibility(counts, probabilities, false_alarm=false_alarm):
        raise AssertionError(complaint)


def implausibility(
    counts: Mapping[str, int], probabilities: Mapping[str, float], *, false_alarm: float = FIVE_SIGMA
) -> str | None:
    """Why the counts cannot be believed, or ``None``. See `assert_counts_match`."""
    _check_probabilities(probabilities)
    shots = sum(counts.values())
    if shots == 0:
        return "there are no counts to compare"
    possible = {key: p for key, p in probabilities.items() if p > 0}
    for key, count in counts.items():
        if count and key not in possible:
            return f"{key} was seen {count} times in {shots} shots; its probability is 0"
    limit = math.log(2 * 2 * len(possible) / false_alarm)
    for key, p in possible.items():
        count = counts.get(key, 0)
        if shots * _binary_divergence(count / shots, p) > limit:
            return _single_complaint(key, count, shots, p, false_alarm)
    return _joint_complaint(counts, possible, shots, false_alarm / 2)


def _joint_complaint(
    counts: Mapping[str, int], possible: Mapping[str, float], shots: int, false_alarm: float
) -> str | None:
    freedom = len(possible) - 1
    terms = (n * math.log(n / shots / possible[key]) for key, n in counts.items() if n)
    distance = max(0.0, math.fsum(terms))  # N·KL(f‖p)
    if freedom == 0 or distance <= freedom:
        return None
    log_bound = -distance + freedom * (1 + math.log(distance / freedom))
    if log_bound >= math.log(false_alarm):
        return None
    return (
        f"the {len(possible)} outcomes together lie too far off: N·KL = {distance:.4g}, {freedom} degrees of "
        f"freedom; chance at most {math.exp(log_bound):.2g} (allowed {false_alarm:.2g})"
    )


def _single_complaint(key: str, count: int, shots: int, p: float, false_alarm: float) -> str:
    sigma = math.sqrt(shots * p * (1 - p))
    away = f", {abs(count - shots * p) / sigma:.1f}σ away" if sigma else ""
    return (
        f"{key} was seen {count} times in {shots} shots; expected {shots * p:.1f} ± {sigma:.1f}{away} "
        f"(false-alarm rate {false_alarm:.2g} over all outcomes)"
    )


def _binary_divergence(f: float, p: float) -> float:
    """KL of two coins, in nats."""
    if p >= 1:
        return 0.0 if f >= 1 else math.inf
    heads = f * math.log(f / p) if f > 0 else 0.0
    tails = (1 - f) * math.log((1 - f) / (1 - p)) if f < 1 else 0.0
    return heads + tails


def _check_probabilities(probabilities: Mapping[str, float]) -> None:
    total = math.fsum(probabilities.values())
    if abs(total - 1) > 1e-9 or any(p < 0 for p in probabilities.values()):
        raise ValueError(f"the probabilities add up to {total!r}; expected 1, none negative")
