"""The results of Azure's providers as counts in our bit order.

Owns: `counts_of`, one reader per output format. Pure.
Knows nothing of: jobs, the network, how the program was written; `Decoding` says which bit is where.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from coratrix.backend.client import Outcome
from coratrix.backend.errors import BackendResponseError

Bits = Sequence[Any]


def outcome(raw: Mapping[str, Any], decoding: Mapping[str, Any]) -> Outcome:
    """One circuit's counts.

    Args:
        raw: ``format``, the provider's output format, and ``payload``, its JSON value.
        decoding: ``clbits``, for each bit of the result the circuit's classical bit; ``width``, how many
            of those there are; ``layout``, the registers; ``qubits``, for each bit of the result the
            qubit that is read, for formats that know qubits only; ``shots``.
    """
    reader = _READERS.get(raw["format"])
    if reader is None:
        raise BackendResponseError(f"output format {raw['format']!r} is not known", code="unknown_format")
    try:
        counted, said = reader(raw["payload"], decoding)
        counts, lost = _placed(counted, decoding)
    except BackendResponseError:
        raise
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as exc:
        raise BackendResponseError(
            f"the result in {raw['format']!r} does not look as it should: {type(exc).__name__}: {exc}"
        ) from exc
    if lost:
        said = {**said, "lost_shots": lost}
    return Outcome(counts=counts, layout=_layout(decoding), metadata=said)


def _layout(decoding: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((str(name), int(size)) for name, size in decoding["layout"])


def _placed(
    counted: Mapping[tuple[Any, ...], int], decoding: Mapping[str, Any]
) -> tuple[dict[str, int], int]:
    """Counts over the circuit's own bits, and how many shots lost a qubit and so say nothing."""
    clbits, width = decoding["clbits"], int(decoding["width"])
    counts: Counter[str] = Counter()
    lost = 0
    for bits, count in counted.items():
        if len(bits) != len(clbits):
            raise BackendResponseError(f"an outcome has {len(bits)} bits, {len(clbits)} were measured")
        if any(bit not in (0, 1) for bit in bits):
            lost += int(count)
            continue
        key = ["0"] * width  # a bit that is never measured reads 0
        for bit, clbit in zip(bits, clbits, strict=True):
            key[clbit] = str(int(bit))
        counts["".join(key)] += int(count)
    return dict(counts), lost


# one reader per format: outcomes as tuples of bits, and what is worth telling -------------------

Read = tuple[Mapping[tuple[Any, ...], int], dict[str, Any]]


def _qir(payload: Any, decoding: Mapping[str, Any]) -> Read:
    (result,) = payload["Results"]
    counted: Counter[tuple[Any, ...]] = Counter()
    for entry in result["Histogram"]:
        counted[tuple(_flat(entry["Outcome"]))] += int(entry["Count"])
    return counted, {}


def _flat(value: Any) -> Iterable[Any]:
    """The bits of an outcome in order, through arrays and tuples; a tuple is ``{"Item1": ..., ...}``."""
    if isinstance(value, Mapping):
        for k in range(1, len(value) + 1):
            yield from _flat(value[f"Item{k}"])
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _flat(part)
    else:
        yield value


def _ionq(payload: Any, decoding: Mapping[str, Any]) -> Read:
    """Probabilities by integer, qubit n being bit n; turned into counts by largest remainders."""
    parts: dict[tuple[int, ...], list[float]] = {}
    for key, probability in payload["histogram"].items():
        bits = tuple(int(key) >> qubit & 1 for qubit in decoding["qubits"])
        parts.setdefault(bits, []).append(float(probability))
    probabilities = {bits: math.fsum(shares) for bits, shares in parts.items()}
    said = {"counts_from": "probabilities, rounded by largest remainder"}
    return apportioned(probabilities, int(decoding["shots"])), said


def apportioned(probabilities: Mapping[tuple[int, ...], float], shots: int) -> dict[tuple[int, ...], int]:
    """Whole numbers that add up to ``shots``, each within 1 of its share; the same input, the same counts."""
    total = math.fsum(probabilities.values())  # the same in any order
    if not math.isclose(total, 1.0, abs_tol=1e-3) or min(probabilities.values()) < 0:
        raise BackendResponseError(f"the probabilities of the result add up to {total:g}, not 1")
    shares = {bits: shots * p / total for bits, p in probabilities.items()}
    counts = {bits: math.floor(share + 1e-9) for bits, share in shares.items()}
    largest = sorted(shares, key=lambda bits: (round(counts[bits] - shares[bits], 9), bits))
    for bits in largest[: shots - sum(counts.values())]:
        counts[bits] += 1
    return {bits: count for bits, count in counts.items() if count}


def _honeywell(payload: Any, decoding: Mapping[str, Any]) -> Read:
    """One text per shot and register, bit 0 rightmost."""
    (rows,) = payload.values()
    return Counter(tuple(_bit(character) for character in reversed(row)) for row in rows), {}


def _bit(character: str) -> Any:
    return int(character) if character in "01" else character


def _quil(payload: Any, decoding: Mapping[str, Any]) -> Read:
    """One list per shot, bit 0 first."""
    return Counter(tuple(row) for row in payload["ro"]), {}


_READERS: dict[str, Callable[[Any, Mapping[str, Any]], Read]] = {
    "microsoft.quantum-results.v2": _qir,
    "ionq.quantum-results.v1": _ionq,
    "honeywell.quantum-results.v1": _honeywell,
    "rigetti.quil-results.v1": _quil,
}
