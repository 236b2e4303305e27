"""IBM's results as ours.

Owns: bit order and registers of counts, and expectation values. Pure functions on arrays, no I/O.
Knows nothing of: jobs, credentials, the network.

A `BitArray` of Qiskit holds each shot's register as bytes, bit 0 in the last byte's lowest place.
Ours has bit 0 of each register leftmost, and registers in the order in which they were declared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.backend.provider import BackendResponseError, Outcome


def normalise(raw: Any, decoding: Mapping[str, Any]) -> list[Outcome]:
    """One outcome per circuit (or point of a sweep), in order.

    Args:
        raw: a `PrimitiveResult`.
        decoding: what the submission wrote into the job record.

    Raises:
        BackendResponseError: the result is not that of the job.
    """
    pubs: Sequence[Mapping[str, Any]] = decoding["pubs"]
    if raw is None or len(raw) != len(pubs):
        found = "nothing" if raw is None else f"{len(raw)} parts"
        raise BackendResponseError(f"IBM's result has {found}, the job has {len(pubs)}")
    if decoding["primitive"] == "estimator":
        return [_expectation(part) for part in raw]
    outcomes: list[Outcome] = []
    for part, pub in zip(raw, pubs, strict=True):
        outcomes += _outcomes(part.data, pub["layout"], pub["points"])
    return outcomes


def _outcomes(data: Any, layout: Sequence[Sequence[Any]], points: int | None) -> list[Outcome]:
    """Outcomes of one pub: one, or one for each point of its sweep."""
    sizes = tuple((str(name), int(size)) for name, size in layout)
    columns = [_bits(data, f"r{k}", size, points) for k, (_, size) in enumerate(sizes)]
    shots_of_points = np.concatenate(columns, axis=-1)
    return [Outcome(counts=_counts(shots), layout=sizes) for shots in shots_of_points]


def _bits(data: Any, register: str, size: int, points: int | None) -> npt.NDArray[np.uint8]:
    """(points, shots, size) zeros and ones of one register, bit 0 first."""
    found = data.get(register) if hasattr(data, "get") else getattr(data, register, None)
    if found is None or found.num_bits != size:
        raise BackendResponseError(f"IBM's result lacks register {register} of {size} bits")
    packed = np.asarray(found.array, dtype=np.uint8)
    if packed.ndim != (2 if points is None else 3) or (points is not None and packed.shape[0] != points):
        raise BackendResponseError(f"register {register} has shape {packed.shape}; expected {points} points")
    unpacked = np.unpackbits(packed, axis=-1, bitorder="big")
    in_order = unpacked[..., ::-1][..., :size]
    return in_order[None] if points is None else in_order


def _counts(shots: npt.NDArray[np.uint8]) -> dict[str, int]:
    """How often each row was seen, as keys of 0 and 1."""
    rows, numbers = np.unique(shots, axis=0, return_counts=True)
    characters = rows + ord("0")
    return {row.tobytes().decode(): int(n) for row, n in zip(characters, numbers, strict=True)}


def _expectation(part: Any) -> Outcome:
    values, errors = np.atleast_1d(part.data.evs), np.atleast_1d(part.data.stds)
    return Outcome(
        metadata={
            "expectation_values": [float(value) for value in values],
            "standard_errors": [float(error) for error in errors],
        }
    )
