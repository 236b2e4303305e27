"""The circuits of a batch of one backend as jobs: cut at its limit, a bounded number in flight.

Owns: `run_in_jobs`. Knows nothing of: how a job is sent; batches over several backends, and those that
outlive a process, are batch.py's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from coratrix.backend.clock import Deadline
from coratrix.backend.errors import BackendError
from coratrix.backend.interface import failed_result
from coratrix.backend.vendor_job import VendorJob
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.result import ExecutionResult


class Item(NamedTuple):
    """A circuit that was found fit, and its place in the batch."""

    place: int
    circuit: QuantumCircuit
    shots: int


Send = Callable[[Sequence[QuantumCircuit], int, int], VendorJob]  # circuits, shots, place of the first


def seeded(options: Mapping[str, Any], place: int) -> dict[str, Any]:
    """``options`` of a job whose first circuit is at ``place`` of a batch: its seed, if it has one, is the
    batch's plus the place. Services take small seeds, so a simulator's wider stride is not for them."""
    if place == 0 or options.get("seed") is None:
        return dict(options)
    return {**options, "seed": int(options["seed"]) + place}


def run_in_jobs(
    items: Sequence[Item],
    send: Send,
    limit: int | None,
    *,
    max_in_flight: int,
    deadline: Deadline,
    backend: str,
) -> Iterator[dict[int, ExecutionResult]]:
    """Send the items and yield results by their places, job by job; a job that fails loses no other.

    Args:
        limit: circuits that one job carries; None for any number.
        backend: its name, for failed results.
    """
    flying: deque[tuple[list[Item], VendorJob | BackendError]] = deque()
    for chunk in _chunks(items, limit or len(items)):
        if len(flying) >= max_in_flight:
            yield _landed(*flying.popleft(), deadline, backend)
        flying.append((chunk, _sent(chunk, send)))
    while flying:
        yield _landed(*flying.popleft(), deadline, backend)


def _chunks(items: Sequence[Item], limit: int) -> list[list[Item]]:
    """Neighbours with the same number of shots, at most ``limit`` together."""
    chunks: list[list[Item]] = []
    for item in items:
        if chunks and len(chunks[-1]) < limit and chunks[-1][0].shots == item.shots:
            chunks[-1].append(item)
        else:
            chunks.append([item])
    return chunks


def _sent(chunk: list[Item], send: Send) -> VendorJob | BackendError:
    try:
        return send([item.circuit for item in chunk], chunk[0].shots, chunk[0].place)
    except BackendError as exc:
        return exc


def _landed(
    chunk: list[Item], job: VendorJob | BackendError, deadline: Deadline, backend: str
) -> dict[int, ExecutionResult]:
    try:
        if isinstance(job, BackendError):
            raise job
        left = deadline.left()
        results = job.results(None if left == float("inf") else left)
    except BackendError as exc:
        results = [failed_result(exc, backend)] * len(chunk)
    return {item.place: result for item, result in zip(chunk, results, strict=True)}
