"""Readout errors that several qubits share, applied to finished counts.

Owns: the redistribution of counts. Knows nothing of: where the errors come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

Joint = tuple[tuple[int, ...], npt.NDArray[np.float64]]
"""Classical bits, first most significant, and the matrix P(reported | true), rows true."""


def misread(counts: Mapping[str, int], errors: Sequence[Joint], seed: int) -> dict[str, int]:
    """Counts as a device with these errors would report them."""
    random = np.random.default_rng([seed, 0x7EAD])
    for clbits, matrix in errors:
        reported: Counter[str] = Counter()
        for key, count in sorted(counts.items()):
            true = int("".join(key[bit] for bit in clbits), 2)
            for value, share in enumerate(random.multinomial(count, matrix[true])):
                if share:
                    reported[_with_bits(key, clbits, value)] += int(share)
        counts = reported
    return dict(counts)


def _with_bits(key: str, clbits: tuple[int, ...], value: int) -> str:
    characters = list(key)
    for bit, character in zip(clbits, format(value, f"0{len(clbits)}b"), strict=True):
        characters[bit] = character
    return "".join(characters)
