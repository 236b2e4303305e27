"""The comparison of counts with probabilities: what it lets pass and what it catches."""

from __future__ import annotations

import numpy as np
import pytest

from coratrix.testing.statistics import assert_counts_match, implausibility

LOPSIDED = {"00": 0.5, "01": 0.3, "10": 0.15, "11": 0.05}


def draw(probabilities: dict[str, float], shots: int, seed: int) -> dict[str, int]:
    counts = np.random.default_rng(seed).multinomial(shots, list(probabilities.values()))
    return dict(zip(probabilities, counts.tolist(), strict=True))


@pytest.mark.parametrize("shots", [1, 10, 1_000, 1_000_000])
def test_honest_samples_pass(shots: int) -> None:
    for seed in range(50):
        assert_counts_match(draw(LOPSIDED, shots, seed), LOPSIDED)


def test_the_false_alarm_rate_is_kept() -> None:
    refused = sum(
        implausibility(draw(LOPSIDED, 200, s), LOPSIDED, false_alarm=0.1) is not None for s in range(2000)
    )

    assert refused <= 0.1 * 2000  # a bound, so in truth well below


def test_reversed_bits_are_caught() -> None:
    reversed_keys = {key[::-1]: p for key, p in LOPSIDED.items()}

    with pytest.raises(AssertionError, match=r"was seen .* σ away|σ away"):
        assert_counts_match(draw(LOPSIDED, 1000, 1), reversed_keys)


def test_an_impossible_outcome_is_caught_at_once() -> None:
    with pytest.raises(AssertionError, match="11 was seen 1 times in 1000 shots; its probability is 0"):
        assert_counts_match({"00": 999, "11": 1}, {"00": 1.0})


def test_one_outcome_seven_sigma_off_is_caught() -> None:
    counts = {"0": 5000 + 350, "1": 5000 - 350}  # σ is 50

    with pytest.raises(AssertionError, match=r"7\.0σ away"):
        assert_counts_match(counts, {"0": 0.5, "1": 0.5})


def test_five_sigma_of_one_fair_coin_passes() -> None:
    assert_counts_match({"0": 5000 + 250, "1": 5000 - 250}, {"0": 0.5, "1": 0.5})


def test_many_small_deviations_are_caught_together() -> None:
    n, each = 64, 1000
    probabilities = {f"{i:06b}": 1 / n for i in range(n)}
    counts = {key: each + (90 if i % 2 else -90) for i, key in enumerate(probabilities)}  # 2.9σ each

    with pytest.raises(AssertionError, match="together lie too far off"):
        assert_counts_match(counts, probabilities)


def test_nothing_to_compare_is_a_complaint() -> None:
    assert implausibility({}, {"0": 1.0}) == "there are no counts to compare"


def test_probabilities_that_do_not_add_up_are_refused() -> None:
    with pytest.raises(ValueError, match=r"add up to 0\.9"):
        assert_counts_match({"0": 1}, {"0": 0.9})
