"""IBM's arrays as our counts: bit order, registers, padding; on Qiskit's own containers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from qiskit.primitives import BitArray, DataBin, PrimitiveResult, PubResult

from coratrix.backend.errors import BackendResponseError
from coratrix.providers.ibm.normalise import normalise


def result(*registers: dict[str, list[Any]], size: dict[str, int]) -> Any:
    """A result whose registers hold the given integers, one per shot (bit 0 the least significant)."""
    pubs = []
    for pub in registers:
        data = {}
        for name, values in pub.items():
            shape = np.shape(values)
            width = (size[name] + 7) // 8
            packed = np.zeros((*shape, width), dtype=np.uint8)
            for byte in range(width):
                packed[..., width - 1 - byte] = (np.array(values, dtype=object) >> (8 * byte)) & 0xFF
            data[name] = BitArray(packed, size[name])
        pubs.append(PubResult(DataBin(**data)))
    return PrimitiveResult(pubs)


def decoding(*layouts: list[list[Any]], points: int | None = None) -> dict[str, Any]:
    return {"primitive": "sampler", "pubs": [{"layout": layout, "points": points} for layout in layouts]}


def test_bit_0_of_each_register_is_leftmost_and_registers_are_in_order() -> None:
    raw = result({"r0": [1, 1, 6], "r1": [0, 1, 2]}, size={"r0": 3, "r1": 2})

    (outcome,) = normalise(raw, decoding([["zeta", 3], ["alpha", 2]]))

    assert outcome.counts == {"10000": 1, "10010": 1, "01101": 1}
    assert outcome.layout == (("zeta", 3), ("alpha", 2))


@pytest.mark.parametrize("size", [1, 7, 8, 9, 16, 127])
def test_every_width_keeps_all_its_bits(size: int) -> None:
    values = [1, 1 << (size - 1), (1 << size) - 1, 0]
    raw = result({"r0": values}, size={"r0": size})

    (outcome,) = normalise(raw, decoding([["c", size]]))

    wanted: dict[str, int] = {}
    for value in values:
        key = format(value, f"0{size}b")[::-1]
        wanted[key] = wanted.get(key, 0) + 1
    assert outcome.counts == wanted


def test_a_sweep_gives_one_outcome_per_point() -> None:
    raw = result({"r0": [[1, 1], [2, 0], [3, 3]]}, size={"r0": 2})

    outcomes = normalise(raw, decoding([["c", 2]], points=3))

    assert [outcome.counts for outcome in outcomes] == [{"10": 2}, {"00": 1, "01": 1}, {"11": 2}]


@pytest.mark.parametrize(
    ("raw", "told"),
    [
        (None, "nothing"),
        (result({"r0": [1]}, {"r0": [1]}, size={"r0": 1}), "2 parts"),
        (result({"c": [1]}, size={"c": 1}), "register r0"),
        (result({"r0": [1]}, size={"r0": 2}), "register r0"),
        (result({"r0": [[1]]}, size={"r0": 1}), "shape"),
    ],
)
def test_a_result_that_is_not_the_jobs_is_refused(raw: Any, told: str) -> None:
    with pytest.raises(BackendResponseError, match=told):
        normalise(raw, decoding([["c", 1]]))
