"""Thousands of circuits over one or several backends, resumable after a crash.

Owns: `Batch`: cutting into chunks, keeping a bounded number of jobs at each vendor, and putting the
results back in order. What is sent is marked in the job store with the batch's id and the items it
holds, so that another process with the same circuits goes on where this one stopped.
"""

from __future__ import annotations

import logging
import uuid
from bisect import bisect_left
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.errors import (
    BackendConnectionError,
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    BudgetExceededError,
    ConfigurationError,
)
from coratrix.backend.in_jobs import seeded
from coratrix.backend.interface import BackendInterface, failed_result, seed_at, shots_of_each
from coratrix.backend.jobs import Job, JobRecord, JobState
from coratrix.backend.progress import Progress, reporting
from coratrix.backend.store import JobDesk
from coratrix.core.interop import adopt
from coratrix.core.result import ExecutionResult

log = logging.getLogger(__name__)

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 10.0
LOCAL_CHUNK = 64  # circuits that a backend without jobs runs between two reports of progress

# Around the sending of circuits; raises to keep them unsent
Admission = Callable[[str, BackendInterface, Sequence[Any], int], AbstractContextManager[None]]


@dataclass
class _Flight:
    """A job under way, and since when it could not be asked about, on the batch's clock."""

    chunk: _Chunk
    job: Job
    desk: JobDesk
    silent_since: float | None = None


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
        shots: for all circuits, or one number for each.
        backends: by name; each takes the next chunk when it has room.
        batch_id: of a batch to go on with, with the same circuits; a new one otherwise.
        resend_unknown: send again what an earlier process recorded and the vendor says it does not
            have. By default such circuits fail, since a vendor may be slow to show a job.
        admitted: around the sending of circuits, as ``with admitted(name, backend, circuits, shots):``; what
            it raises becomes their failure.
        options: of every execution; ``timeout`` bounds the whole batch.

    Attributes:
        id: name it to resume.
        results: one per circuit in order, None where there is none yet.
    """

    def __init__(
        self,
        circuits: Sequence[Any],
        shots: int | Sequence[int],
        backends: Mapping[str, BackendInterface],
        *,
        batch_id: str | None = None,
        resend_unknown: bool = False,
        admitted: Admission = lambda *_: nullcontext(),
        options: Mapping[str, Any] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        if not backends:
            raise ConfigurationError("a batch needs at least one backend")
        self.id = batch_id or f"batch-{uuid.uuid4().hex[:12]}"
        self.results: list[ExecutionResult | None] = [None] * len(circuits)
        self._circuits, self._backends = list(circuits), dict(backends)
        self._shots = shots_of_each(shots, len(self._circuits))
        self._options, self._clock, self._resend_unknown = dict(options or {}), clock, resend_unknown
        self._timeout, self._admitted = self._options.pop("timeout", None), admitted
        self._flying: list[_Flight] = []
        self._waiting: deque[_Chunk] = deque()
        self._desks: dict[str, JobDesk | None] = {}
        self._started = False
        self._deadline = Deadline.after(None, clock)

    @property
    def done(self) -> int:
        """How many circuits have a result, good or bad."""
        return sum(result is not None for result in self.results)

    def run(self, progress: Progress | bool | None = None) -> list[ExecutionResult]:
        """Run to the end and return all results.

        Args:
            progress: True for a bar, or a function that is called with ``(done, total)``.

        Raises:
            BackendTimeoutError: the option ``timeout`` passed first. What is there is in `results`, and
                another `run`, of this object or one with its `id`, goes on.
        """
        with reporting(progress, len(self.results)) as tell:
            for _ in self.steps():
                tell(self.done)
        return [result for result in self.results if result is not None]

    def steps(self) -> Iterator[list[int]]:
        """Work on, yielding the numbers of the circuits that were finished in each step."""
        deadline = self._deadline = Deadline.after(self._timeout, self._clock)
        self._start()
        pause = FIRST_PAUSE_S
        while self._waiting or self._flying:
            finished = [*self._launch(), *self._land()]
            if finished:
                pause = FIRST_PAUSE_S
                yield finished
            if deadline.has_passed and (self._waiting or self._flying):
                raise self._timed_out()
            if not finished and self._flying:
                self._clock.sleep(deadline.left_or(pause))
                pause = min(2 * pause, LONGEST_PAUSE_S)

    def _timed_out(self) -> BackendTimeoutError:
        return BackendTimeoutError(
            f"{self.id}: {self.done} of {len(self.results)} circuits have a result after {self._timeout:g} s",
            hint=f"Its jobs live on: call run() again, or give batch_id={self.id!r} in another process",
        )

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
        self._flying.clear()
        self._desks = {name: backend.job_desk() for name, backend in self._backends.items()}
        sent = self._attach()
        self._started = True
        starts = sorted(sent)
        size = min(self._chunk_size(name) for name in self._backends)
        index = 0
        while index < len(self._circuits):
            if index in sent:
                index = sent[index]
                continue
            later = bisect_left(starts, index)
            limit = min(index + size, starts[later] if later < len(starts) else len(self._circuits))
            stop = index + 1
            while stop < limit and self._shots[stop] == self._shots[index]:
                stop += 1
            self._waiting.append(_Chunk(index, stop))
            index = stop

    def _attach(self) -> dict[int, int]:
        """Jobs of this batch in the stores of its backends, as {first item: item after the last}."""
        sent: dict[int, int] = {}
        for name, desk in self._desks.items():
            if desk is None:
                continue
            backend = self._backends[name]
            for listed in desk.store.list(backend=backend.name, tag=self.id, limit=1_000_000):
                chunk = _chunk_of(listed)
                if chunk.start in sent:  # an older job whose circuits were sent once more
                    continue
                record = desk.store.get(listed.id)
                self._check_circuits(chunk, record)
                if record.state is JobState.FAILED and record.vendor_job_id is None:
                    continue  # surely not accepted
                job = backend.attach(record)
                if self._resend_unknown and not _is_there(job):
                    continue
                sent[chunk.start] = chunk.stop
                self._flying.append(_Flight(chunk, job, desk))
        return sent

    def _check_circuits(self, chunk: _Chunk, record: JobRecord) -> None:
        """Refuse to take another circuit's results for those of ours."""
        ours = [adopt(c).measured_whole().digest() for c in self._circuits[chunk.start : chunk.stop]]
        if ours != [entry["digest"] for entry in record.circuits]:
            raise ConfigurationError(
                f"{self.id} was made of other circuits: those of {chunk.tag} are not the ones given",
                hint="Go on with the same circuits in the same order, or leave out batch_id for a new batch",
            )

    def _chunk_size(self, name: str) -> int:
        if self._desks[name] is None:
            return LOCAL_CHUNK
        return self._backends[name].get_capabilities().max_circuits_per_job or len(self._circuits)

    def _launch(self) -> list[int]:
        """Give chunks to backends that have room; the items that ended at once."""
        finished: list[int] = []
        for name, backend in self._backends.items():
            while self._waiting and not self._deadline.has_passed and self._has_room(name):
                chunk = next((c for c in self._waiting if name not in c.refused_by), None)
                if chunk is None:
                    break
                self._waiting.remove(chunk)
                finished += self._give(chunk, name, backend)
                if finished and self._desks[name] is None:
                    return finished  # local work is done here and now: let progress be seen
        return finished

    def _has_room(self, name: str) -> bool:
        if (desk := self._desks[name]) is None:
            return True
        flying = sum(flight.job.backend_name == self._backends[name].name for flight in self._flying)
        return flying < desk.max_in_flight

    def _give(self, chunk: _Chunk, name: str, backend: BackendInterface) -> list[int]:
        if (desk := self._desks[name]) is None:
            return self._run_here(chunk, name, backend)
        good, finished = self._sorted_out(chunk, backend)
        for part in good:
            circuits, shots = self._circuits[part.start : part.stop], self._shots[part.start]
            tags = (*self._options.get("tags", ()), self.id, part.tag)
            try:
                with self._admitted(name, backend, circuits, shots):
                    job = backend.submit_batch(circuits, shots, **self._options_of_a_job(part, tags))
                self._flying.append(_Flight(part, job, desk))
            except BackendError as exc:
                finished += self._refused(part, name, exc)
        return finished

    def _options_of_a_job(self, chunk: _Chunk, tags: tuple[str, ...]) -> dict[str, Any]:
        """A job takes one seed: that of the place where it begins, whichever job that was before a crash."""
        left = {} if self._timeout is None else {"timeout": self._deadline.left()}
        return seeded({**self._options, **left, "tags": tags}, chunk.start)

    def _run_here(self, chunk: _Chunk, name: str, backend: BackendInterface) -> list[int]:
        circuits, shots = self._circuits[chunk.start : chunk.stop], self._shots[chunk.start]
        try:
            with self._admitted(name, backend, circuits, shots):
                options = self._options_here(chunk, backend)
                return self._keep(chunk, backend.execute_batch(circuits, shots, **options))
        except BackendError as exc:
            return self._refused(chunk, name, exc)

    def _options_here(self, chunk: _Chunk, backend: BackendInterface) -> dict[str, Any]:
        """A simulator spreads a seed over the circuits of one call; the next call goes on where it ended, so
        that a circuit's seed does not depend on how the batch is cut."""
        seed = self._options.get("seed", backend.config.connection_params.get("seed"))
        if seed is None:
            return self._options
        return {**self._options, "seed": seed_at(seed, chunk.start)}

    def _sorted_out(self, chunk: _Chunk, backend: BackendInterface) -> tuple[list[_Chunk], list[int]]:
        """The chunk without the circuits that cannot run, which get their failed results."""
        good: list[_Chunk] = []
        finished: list[int] = []
        for index in range(chunk.start, chunk.stop):
            report = backend.validate(self._circuits[index], self._shots[index])
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
        if isinstance(error, BackendTimeoutError) and self._deadline.has_passed:
            self._waiting.appendleft(chunk)  # it was not sent: there is no time left for any
            return []
        elsewhere = [other for other in self._backends if other not in {*chunk.refused_by, name}]
        movable = isinstance(error, (BackendConnectionError, BackendUnavailableError, BudgetExceededError))
        if movable and elsewhere and not error.outcome_unknown:
            log.warning("%s of %s: %s failed (%s), trying elsewhere", chunk.tag, self.id, name, error)
            chunk.refused_by[name] = error
            self._waiting.appendleft(chunk)
            return []
        return self._keep(chunk, [failed_result(error, name)] * (chunk.stop - chunk.start))

    def _land(self) -> list[int]:
        """Collect the jobs that have ended."""
        finished: list[int] = []
        for flight in list(self._flying):
            try:
                results = self._results_of(flight)
            except BackendError as exc:
                if exc.retryable and self._is_patient(flight):
                    continue
                results = [failed_result(exc, flight.job.backend_name)] * flight.job.num_circuits
            if results is not None:
                self._flying.remove(flight)
                finished += self._keep(flight.chunk, results)
        return finished

    def _results_of(self, flight: _Flight) -> list[ExecutionResult] | None:
        """The results of a job that has ended; None while it has not."""
        if not flight.job.status().is_final and flight.job.vendor_job_id is not None:
            flight.silent_since = None
            return None
        return flight.job.results()  # raises for a job that the vendor does not have

    def _is_patient(self, flight: _Flight) -> bool:
        """Whether a job that cannot be asked about is waited for; it is found again by going on later."""
        if flight.silent_since is None:
            flight.silent_since = self._clock.now()
        return self._clock.now() - flight.silent_since <= flight.desk.poll_patience_s

    def _keep(self, chunk: _Chunk, results: Sequence[ExecutionResult]) -> list[int]:
        self.results[chunk.start : chunk.stop] = results
        return list(range(chunk.start, chunk.stop))


def _chunk_of(record: JobRecord) -> _Chunk:
    """Which items a job of a batch holds, by its tag."""
    span = next(tag for tag in record.tags if tag.startswith("items:"))
    start, stop = map(int, span.removeprefix("items:").split("-"))
    return _Chunk(start, stop)


def _is_there(job: Job) -> bool:
    """Whether the vendor has a job; raises when it cannot be asked, since nothing is sent twice on a guess."""
    job.status()
    return job.vendor_job_id is not None


def without_batch(tags: Sequence[str]) -> tuple[str, ...]:
    """The tags of a job without those that say which batch it is a part of."""
    if not any(tag.startswith("items:") for tag in tags):
        return tuple(tags)
    return tuple(tag for tag in tags if not tag.startswith(("items:", "batch-")))
