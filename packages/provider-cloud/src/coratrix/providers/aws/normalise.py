"""Braket's results as counts in our bit order.

Owns: reading ``results.json``, the order of columns, counts from probabilities. Pure; needs no SDK.
Knows nothing of: tasks, S3, the network.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.backend.client import Outcome
from coratrix.backend.errors import BackendResponseError


@dataclass(frozen=True, kw_only=True)
class RawCounts:
    """What a device measured, or the exact probabilities of what it would measure.

    Attributes:
        qubits: the qubit of each column.
        counts: how often each row of columns was seen.
        probabilities: of each row as an integer, first column most significant, in place of ``counts``.
        metadata: what else the result says.
    """

    qubits: tuple[int, ...]
    counts: Mapping[str, int] = field(default_factory=dict)
    probabilities: npt.NDArray[np.float64] | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def parse_results(text: str) -> RawCounts:
    """The content of a gate-model task's ``results.json``.

    Raises:
        BackendResponseError: it is not one.
    """
    try:
        data = json.loads(text)
        qubits = tuple(int(q) for q in data["measuredQubits"])
        counts, metadata = _counts(data, len(qubits))
    except (KeyError, TypeError, ValueError, AttributeError) as exc:
        raise BackendResponseError(
            f"the task's results cannot be read: {type(exc).__name__}: {exc}",
            code="malformed_result",
            hint="Look at results.json of the task in S3",
        ) from exc
    return RawCounts(qubits=qubits, counts=counts, metadata={**metadata, **_told(data)})


def _counts(data: Mapping[str, Any], width: int) -> tuple[dict[str, int], dict[str, Any]]:
    if data.get("measurements"):
        rows = np.asarray(data["measurements"], dtype=np.uint8)
        if rows.ndim != 2 or rows.shape[1] != width or rows.max(initial=0) > 1:
            raise ValueError(f"measurements of shape {rows.shape} for {width} qubits")
        return count_rows(rows), {}
    shares = {str(key): float(p) for key, p in data["measurementProbabilities"].items()}
    if any(len(key) != width for key in shares):
        raise ValueError(f"measurementProbabilities do not have {width} bits")
    return apportioned(shares, int(data["taskMetadata"]["shots"])), {"counts_from": "probabilities"}


def _told(data: Mapping[str, Any]) -> dict[str, Any]:
    """Times that the result itself tells."""
    extra = data.get("additionalMetadata") or {}
    simulator = extra.get("simulatorMetadata") or {}
    if simulator.get("executionDuration") is None:
        return {}
    return {"execution_duration_s": simulator["executionDuration"] / 1000}


def count_rows(rows: npt.NDArray[np.uint8]) -> dict[str, int]:
    """How often each row of zeros and ones occurs."""
    width = rows.shape[1]
    text = (np.ascontiguousarray(rows) + ord("0")).astype(np.uint8).tobytes().decode("ascii")
    return dict(Counter(text[k : k + width] for k in range(0, len(text), width))) if width else {}


def apportioned(shares: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers that add up to ``total``, nearest to the shares (largest remainders)."""
    weight = sum(shares.values())
    exact = {key: total * share / weight for key, share in shares.items()}
    counts = {key: int(value) for key, value in exact.items()}
    missing = total - sum(counts.values())
    for key in sorted(exact, key=lambda k: (counts[k] - exact[k], k))[:missing]:
        counts[key] += 1
    return {key: count for key, count in counts.items() if count}


def outcome(raw: RawCounts, decoding: Mapping[str, Any]) -> Outcome:
    """Counts over all classical bits of the circuit, bit 0 leftmost."""
    metadata = dict(raw.metadata)
    counts = raw.counts
    if raw.probabilities is not None:
        counts = sampled(raw.probabilities, decoding["shots"], decoding["seed"], len(raw.qubits))
        metadata["sampling"] = "exact probabilities, sampled with the seed by Coratrix"
    if not decoding:  # a task that was not sent by us: its columns as they are
        return Outcome(counts=counts, layout=(("b", len(raw.qubits)),), metadata=metadata)
    order = _order(raw.qubits, decoding["qubits"], len(decoding["columns"]))
    made: Counter[str] = Counter()
    for row, count in counts.items():
        made[_key(row, order, decoding)] += count
    layout = tuple((str(name), int(size)) for name, size in decoding["layout"])
    return Outcome(counts=dict(made), layout=layout, metadata=metadata)


def _order(found: Sequence[int], asked: Sequence[int] | None, num_columns: int) -> list[int]:
    """Where in a row of the result each of our columns stands."""
    if asked is None and len(found) == num_columns:
        return list(range(num_columns))
    if asked is not None and sorted(found) == sorted(asked):
        return [list(found).index(qubit) for qubit in asked]
    raise BackendResponseError(
        f"the result is of qubits {list(found)}, measured were {num_columns} columns on {asked}",
        code="malformed_result",
    )


def _key(row: str, order: Sequence[int], decoding: Mapping[str, Any]) -> str:
    bits = ["0"] * decoding["num_bits"]
    for place, targets in zip(order, decoding["columns"], strict=True):
        for bit in targets:
            bits[bit] = row[place]
    return "".join(bits)


def sampled(probabilities: npt.NDArray[np.float64], shots: int, seed: int, width: int) -> dict[str, int]:
    """Counts drawn from exact probabilities; the same for the same seed."""
    p = np.clip(np.asarray(probabilities, dtype=np.float64), 0.0, None)
    drawn = np.random.default_rng(seed).multinomial(shots, p / p.sum())
    return {format(k, f"0{width}b"): int(drawn[k]) for k in np.flatnonzero(drawn)}
