"""Rigetti's read-outs as counts in our order.

Owns: rows or columns of bits → counts, and the read-out map of a processor. Pure.
Knows nothing of: jobs and the network. Bit k of ``ro`` is our classical bit k;
a bit that nothing measured reads 0.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from coratrix.backend.client import Outcome
from coratrix.backend.errors import BackendResponseError

_ELEMENT = re.compile(r"ro\[(\d+)\]")


def tally(rows: Any) -> dict[str, int]:
    """Counts of rows of bits, bit 0 leftmost."""
    bits = np.ascontiguousarray(rows, dtype=np.uint8)
    if bits.ndim != 2 or (bits.size and bits.max() > 1):
        raise BackendResponseError("the read-out is not a table of bits")
    count, width = bits.shape
    if width == 0:
        return {"": count} if count else {}
    text = (bits + ord("0")).tobytes().decode("ascii")
    return dict(Counter(text[at : at + width] for at in range(0, count * width, width)))


def counts_of_columns(columns: Mapping[str, Any], decoding: Mapping[str, Any], shots: int) -> dict[str, int]:
    """Counts of a processor's result, where each read-out node has a column of bits.

    Raises:
        BackendResponseError: a column is missing, or does not have one bit per shot.
    """
    rows = np.zeros((shots, int(decoding["num_bits"])), dtype=np.uint8)
    for element, node in decoding["ro_sources"].items():
        match = _ELEMENT.fullmatch(element)
        if match is None:
            continue  # a region that is not ours
        column = np.asarray(columns.get(node, []), dtype=np.int64).reshape(-1)
        if len(column) != shots:
            raise BackendResponseError(f"read-out {node!r} has {len(column)} bits for {shots} shots")
        rows[:, int(match[1])] = column
    return tally(rows)


def outcome(counts: Mapping[str, int], decoding: Mapping[str, Any], metadata: Mapping[str, Any]) -> Outcome:
    """Counts with the registers that the job's record remembers."""
    layout = tuple((str(name), int(size)) for name, size in decoding["layout"])
    return Outcome(counts=counts, layout=layout, metadata=metadata)
