"""Results of every output format in our bit order; payloads look as the real service was seen to send them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coratrix.backend.errors import BackendResponseError
from coratrix.providers.azure.normalise import apportioned, outcome


def decoding(clbits: list[int], width: int, **more: Any) -> dict[str, Any]:
    return {"clbits": clbits, "width": width, "layout": [["c", width]], "qubits": [], "shots": 100, **more}


def test_an_outcome_of_qir_is_in_the_order_of_the_bits() -> None:
    payload = {
        "DataFormat": "microsoft.quantum-results.v2",
        "Results": [
            {
                "Histogram": [
                    {"Outcome": [1, 0, 0], "Display": "[1, 0, 0]", "Count": 48},
                    {"Outcome": [1, 1, 0], "Display": "[1, 1, 0]", "Count": 52},
                ],
                "Shots": [],
            }
        ],
    }

    seen = outcome({"format": "microsoft.quantum-results.v2", "payload": payload}, decoding([0, 1, 2], 3))

    assert seen.counts == {"100": 48, "110": 52}
    assert seen.layout == (("c", 3),)


def test_registers_of_qir_come_one_after_the_other() -> None:
    entry = {"Outcome": {"Item1": [0, 0, 0], "Item2": [0, 1], "Item3": [1]}, "Count": 100}
    payload = {"Results": [{"Histogram": [entry]}]}

    seen = outcome(
        {"format": "microsoft.quantum-results.v2", "payload": payload}, decoding([0, 1, 2, 3, 4, 5], 6)
    )

    assert seen.counts == {"000011": 100}


def test_a_bit_that_is_never_measured_reads_0() -> None:
    payload = {"ro": [[1, 0], [1, 1], [1, 0]]}

    seen = outcome({"format": "rigetti.quil-results.v1", "payload": payload}, decoding([1, 3], 5))

    assert seen.counts == {"01000": 2, "01010": 1}


def test_quantinuums_texts_have_bit_0_rightmost() -> None:
    payload = {"m": ["001", "001", "110"]}

    seen = outcome({"format": "honeywell.quantum-results.v1", "payload": payload}, decoding([0, 1, 2], 3))

    assert seen.counts == {"100": 2, "011": 1}


def test_ionqs_integers_have_qubit_n_as_bit_n() -> None:
    payload = {"histogram": {"1": 0.25, "6": 0.75}}

    seen = outcome(
        {"format": "ionq.quantum-results.v1", "payload": payload}, decoding([0, 1], 2, qubits=[0, 2], shots=8)
    )

    assert seen.counts == {"10": 2, "01": 6}
    assert "probabilities" in seen.metadata["counts_from"]


@pytest.mark.parametrize("mark", [2, "-"])
def test_shots_that_lost_a_qubit_are_told_and_not_counted(mark: Any) -> None:
    entries = [{"Outcome": [1, 0], "Count": 97}, {"Outcome": [1, mark], "Count": 3}]
    payload = {"Results": [{"Histogram": entries}]}

    seen = outcome({"format": "microsoft.quantum-results.v2", "payload": payload}, decoding([0, 1], 2))

    assert seen.counts == {"10": 97}
    assert seen.metadata["lost_shots"] == 3


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20).filter(any), st.integers(1, 10_000))
def test_counts_made_of_probabilities_add_up_and_are_within_one_of_their_share(
    weights: list[int], shots: int
) -> None:
    total = sum(weights)
    probabilities = {(k,): weight / total for k, weight in enumerate(weights)}

    counts = apportioned(probabilities, shots)

    assert sum(counts.values()) == shots
    assert all(abs(counts.get(bits, 0) - shots * p) < 1 + 1e-6 for bits, p in probabilities.items())
    assert counts == apportioned(dict(reversed(probabilities.items())), shots)


@given(st.lists(st.integers(0, 200), min_size=1, max_size=20).filter(any))
def test_counts_that_were_divided_by_the_shots_come_back_exactly(counted: list[int]) -> None:
    shots = sum(counted)

    counts = apportioned({(k,): count / shots for k, count in enumerate(counted)}, shots)

    assert counts == {(k,): count for k, count in enumerate(counted) if count}


def test_probabilities_that_do_not_add_up_are_refused() -> None:
    raw = {"format": "ionq.quantum-results.v1", "payload": {"histogram": {"0": 0.2, "1": 0.2}}}

    with pytest.raises(BackendResponseError, match=r"0\.4"):
        outcome(raw, decoding([0], 1, qubits=[0]))


def test_an_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(BackendResponseError, match="pasqal"):
        outcome({"format": "pasqal.pulser-results.v1", "payload": {}}, decoding([0], 1))
