"""Thousands of circuits over one or several backends, resumable after a crash.

Owns: `Batch`: cutting into chunks, keeping a bounded number of jobs at each vendor, and putting the
results back in order. What is sent is marked in the job store with the batch's id and the items it
holds, so that another process with the same circuits goes on where this one stopped.
"""

from __future__ import annotations

import logging
import uuid
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from coratrix.backend.clock import SYSTEM_CLOCK, Clock
from coratrix.backend.errors import (
    BackendConnectionError,
    BackendError,
    BackendUnavailableError,
    ConfigurationError,
)
from coratrix.backend.interface import BackendInterface, failed_result
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.vendor_job import VendorJob
from coratrix.core.result import ExecutionResult

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
LOCAL_CHUNK = 64  # circuits that a backend without jobs runs between two reports of progress

Progress = Callable[[int, int], None]


@dataclass
class _Chunk:
    """Neighbouring items that travel together, and where they could not run."""

    start: int
    stop: int
    refused_by: dict[str, BackendError] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        return f"items:{self.start}-{self.stop}"


class Batch:
    """Circuits on their way; results can be read at any time.

    Args:
        circuits: ours or of another framework.
        backends: by name; each takes the next chunk when it has room.
        batch_id: of a batch to go on with, with the same circuits; a new one otherwise.
        resend_unknown: send again what an earlier process recorded and the vendor says it does not
            have. By default such circuits fail, since a vendor may be slow to show a job.

    Attributes:
        id: name it to resume.
        results: one per circuit in order, None where there is none yet.
    """

    def __init__(
        self,
        circuits: Sequence[Any],
        shots: int,
        backends: Mapping[str, BackendInterface],
        *,
        batch_id: str | None = None,
        resend_unknown: bool = False,
        options: Mapping[str, Any] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if not backends:
            raise ConfigurationError("a batch needs at least one backend")
        self.id = batch_id or f"batch-{uuid.uuid4().hex[:12]}"
        self.results: list[ExecutionResult | None] = [None] * len(circuits)
        self._circuits, self._shots, self._backends = list(circuits), shots, dict(backends)
        self._options, self._clock, self._resend_unknown = dict(options or {}), clock, resend_unknown
        self._flying: list[tuple[_Chunk, VendorJob]] = []
        self._waiting: deque[_Chunk] = deque()
        self._started = False

    @property
    def done(self) -> int:
        """How many circuits have a result, good or bad."""
        return sum(result is not None for result in self.results)

    def run(self, progress: Progress | None = None) -> list[ExecutionResult]:
        """Run to the end and return all results; ``progress(done, total)`` is called as they come."""
        for _ in self.steps():
            if progress is not None:
                progress(self.done, len(self.results))
        return [result for result in self.results if result is not None]

    def steps(self) -> Iterator[list[int]]:
        """Work on, yielding the numbers of the circuits that were finished in each step."""
        self._start()
        pause = FIRST_PAUSE_S
        while self._waiting or self._flying:
            finished = [*self._launch(), *self._land()]
            if finished:
                pause = FIRST_PAUSE_S
                yield finished
            elif self._flying:
                self._clock.sleep(pause)
                pause = min(2 * pause, LONGEST_PAUSE_S)

    async def __aiter__(self) -> AsyncIterator[tuple[int, ExecutionResult]]:
        """Numbers and results as they come, without blocking the event loop."""
        import asyncio

        steps = self.steps()
        while (finished := await asyncio.to_thread(next, steps, None)) is not None:
            for index in finished:
                result = self.results[index]
                if result is not None:
                    yield index, result

    # inside ----------------------------------------------------------------------------------

    def _start(self) -> None:
        """Pick up what an earlier process sent, and cut the rest into chunks."""
        if self._started:
            return
        self._started = True
        sent = self._attach()
        size = min(self._chunk_size(backend) for backend in self._backends.values())
        index = 0
        while index < len(self._circuits):
            if index in sent:
                index = sent[index]
                continue
            stop = min(index + size, len(self._circuits), *(start for start in sent if start > index))
            self._waiting.append(_Chunk(index, stop))
            index = stop

    def _attach(self) -> dict[int, int]:
        """Jobs of this batch in the stores of its backends, as {first item: item after the last}."""
        sent = {}
        for backend in self._backends.values():
            if not isinstance(backend, JobBackend):
                continue
            for record in backend.store.list(backend=backend.name, tag=self.id, limit=1_000_000):
                job = backend.job(record.id)
                job.status()
                if job.vendor_job_id is None and self._resend_unknown:
                    continue
                span = next(tag for tag in record.tags if tag.startswith("items:"))
                start, stop = map(int, span.removeprefix("items:").split("-"))
                sent[start] = stop
                self._flying.append((_Chunk(start, stop), job))
        return sent

    def _chunk_size(self, backend: BackendInterface) -> int:
        if not isinstance(backend, JobBackend):
            return LOCAL_CHUNK
        return backend.get_capabilities().max_circuits_per_job or len(self._circuits)

    def _launch(self) -> list[int]:
        """Give chunks to backends that have room; the items that ended at once."""
        finished: list[int] = []
        for name, backend in self._backends.items():
            while self._waiting and self._has_room(backend):
                chunk = next((c for c in self._waiting if name not in c.refused_by), None)
                if chunk is None:
                    break
                self._waiting.remove(chunk)
                finished += self._give(chunk, name, backend)
                if finished and not isinstance(backend, JobBackend):
                    return finished  # local work is done here and now: let progress be seen
        return finished

    def _has_room(self, backend: BackendInterface) -> bool:
        if not isinstance(backend, JobBackend):
            return True
        flying = sum(job.backend_name == backend.name for _, job in self._flying)
        return flying < backend.numbers.max_in_flight

    def _give(self, chunk: _Chunk, name: str, backend: BackendInterface) -> list[int]:
        circuits = self._circuits[chunk.start : chunk.stop]
        if not isinstance(backend, JobBackend):
            return self._keep(chunk, backend.execute_batch(circuits, self._shots, **self._options))
        good, finished = self._sorted_out(chunk, backend)
        for part in good:
            try:
                job = backend.submit_batch(
                    self._circuits[part.start : part.stop],
                    self._shots,
                    **{**self._options, "tags": (*self._options.get("tags", ()), self.id, part.tag)},
                )
                self._flying.append((part, job))
            except BackendError as exc:
                finished += self._refused(part, name, exc)
        return finished

    def _sorted_out(self, chunk: _Chunk, backend: JobBackend) -> tuple[list[_Chunk], list[int]]:
        """The chunk without the circuits that cannot run, which get their failed results."""
        good: list[_Chunk] = []
        finished: list[int] = []
        for index in range(chunk.start, chunk.stop):
            report = backend.validate(self._circuits[index], self._shots)
            if not report:
                self.results[index] = ExecutionResult(
                    success=False,
                    error="; ".join(report.errors),
                    error_code="validation",
                    backend=backend.name,
                )
                finished.append(index)
            elif good and good[-1].stop == index:
                good[-1].stop = index + 1
            else:
                good.append(_Chunk(index, index + 1, dict(chunk.refused_by)))
        return good, finished

    def _refused(self, chunk: _Chunk, name: str, error: BackendError) -> list[int]:
        """Try another backend when nothing can have been sent to this one; else the items failed."""
        elsewhere = [other for other in self._backends if other not in {*chunk.refused_by, name}]
        movable = isinstance(error, (BackendConnectionError, BackendUnavailableError))
        if movable and elsewhere and not error.outcome_unknown:
            log.warning("%s of %s: %s failed (%s), trying elsewhere", chunk.tag, self.id, name, error)
            chunk.refused_by[name] = error
            self._waiting.appendleft(chunk)
            return []
        return self._keep(chunk, [failed_result(error, name)] * (chunk.stop - chunk.start))

    def _land(self) -> list[int]:
        """Collect the jobs that have ended."""
        finished: list[int] = []
        for chunk, job in list(self._flying):
            try:
                if not job.status().is_final and job.vendor_job_id is not None:
                    continue
                results = job.results()  # raises for a job that the vendor does not have
            except BackendError as exc:
                if exc.retryable:
                    continue
                results = [failed_result(exc, job.backend_name)] * job.num_circuits
            self._flying.remove((chunk, job))
            finished += self._keep(chunk, results)
        return finished

    def _keep(self, chunk: _Chunk, results: Sequence[ExecutionResult]) -> list[int]:
        self.results[chunk.start : chunk.stop] = results
        return list(range(chunk.start, chunk.stop))
