"""The handle of a job that runs at a vendor.

Owns: `VendorJob`: polling, fetching, recording, and resolving a submission whose answer was lost.
Knows nothing of: how a vendor is spoken to; it asks its backend's client through its caller.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from coratrix.backend import telemetry
from coratrix.backend.client import JobSnapshot, Outcome
from coratrix.backend.clock import Deadline
from coratrix.backend.conversation import Aside, Conversation
from coratrix.backend.errors import BackendError, BackendTimeoutError, SubmissionUnknownError
from coratrix.backend.jobs import Job, JobMetrics, JobRecord, JobState, cancelled_result
from coratrix.core.result import ExecutionResult

if TYPE_CHECKING:
    from coratrix.backend.pipeline import JobBackend

log = logging.getLogger(__name__)
T = TypeVar("T")


class VendorJob(Job):
    """A job at a vendor, made by `JobBackend.submit` or found again by `JobBackend.job`."""

    outlives_process = True

    def __init__(self, backend: JobBackend, record: JobRecord) -> None:
        self._backend = backend
        self._record = record
        self.id = record.id
        self.backend_name = record.backend
        self.num_circuits = record.num_circuits
        self._queue_position: int | None = None
        self._unwritten: dict[str, Any] = {}

    @property
    def record(self) -> JobRecord:
        """What is known of the job so far."""
        return self._record

    @property
    def vendor_job_id(self) -> str | None:
        """The vendor's id, once known."""
        return self._record.vendor_job_id

    @property
    def queue_position(self) -> int | None:
        """Jobs before this one when it was last asked; None where the vendor does not say."""
        return self._queue_position

    @property
    def metrics(self) -> JobMetrics:
        record = self._record
        ended = record.updated_at - record.created_at if record.state.is_final else None
        return JobMetrics(
            state=record.state,
            shots=record.shots,
            num_circuits=record.num_circuits,
            queue_time=record.queue_time,
            execution_time=record.execution_time,
            total_time=ended,
            cost=record.cost,
            currency=record.currency,
        )

    def status(self) -> JobState:
        deadline = Deadline.after(self._backend.numbers.request_timeout_s, self._backend.clock)
        return self._backend.converse(self._refreshing(deadline), deadline)

    def results(self, timeout: float | None = None) -> list[ExecutionResult]:
        deadline = Deadline.after(timeout, self._backend.clock)
        return self._backend.converse(self.resulting(deadline), deadline)

    def resulting(self, deadline: Deadline) -> Conversation[list[ExecutionResult]]:
        """`results` as a part of a conversation."""
        timeout = deadline.left()
        with telemetry.span("results", backend=self.backend_name, job_id=self.id):
            yield from self._waiting(deadline, timeout)
            if self._record.results is None:
                try:
                    collected = yield from self._collecting(deadline, timeout)
                except BaseException:
                    self._note({})  # how it ended, although its results are not here
                    raise
                self._note({"results": tuple([result.to_dict() for result in collected])})
                telemetry.count_job(
                    self.backend_name, self._record.state, execution_time=self._record.execution_time
                )
                return collected
        return [ExecutionResult.from_dict(data) for data in self._record.results or ()]

    def cancel(self) -> bool:
        if self._record.state.is_final or self._record.vendor_job_id is None:
            return False
        deadline = Deadline.after(self._backend.numbers.request_timeout_s, self._backend.clock)
        return self._backend.converse(self._cancelling(deadline), deadline)

    # inside --------------------------------------------------------------------------------

    def _asking(
        self, doing: str, request: Callable[[str, Deadline], T], deadline: Deadline
    ) -> Conversation[T]:
        """``request(vendor id, its own deadline)`` with all our patience."""
        return self._backend.asking(
            f"{doing} job {self.id}", partial(request, self._record.vendor_job_id or ""), deadline
        )

    def _cancelling(self, deadline: Deadline) -> Conversation[bool]:
        accepted = yield from self._asking(
            "cancelling", lambda vid, own: self._backend.client.cancel(vid, deadline=own), deadline
        )
        yield from self._refreshing(deadline)
        return bool(accepted)

    def _refreshing(self, deadline: Deadline, *, results_next: bool = False) -> Conversation[JobState]:
        """Ask the vendor, record what is new, and return the state.

        With ``results_next`` a final state is kept back, to be written together with the results: a process
        that dies between the two has the vendor asked once more, and each write saved is a commit saved.
        """
        if self._record.state.is_final:
            return self._record.state
        if self._record.vendor_job_id is None and not (yield from self.resolving(deadline)):
            return self._record.state
        snapshot: JobSnapshot = yield from self._asking(
            "polling", lambda vid, own: self._backend.client.poll(vid, deadline=own), deadline
        )
        self._queue_position = snapshot.queue_position
        changes = _news(self._record, snapshot)
        if results_next and snapshot.state.is_final:
            stamped = {**changes, "updated_at": self._backend.clock.time()}
            self._record, self._unwritten = self._record.changed(stamped), stamped
        elif changes:
            self._note(changes)
        return self._record.state

    def resolving(self, deadline: Deadline) -> Conversation[bool]:
        """Look for a submission whose answer was lost; True when the vendor has it."""
        found = yield from self._backend.asking(
            f"looking for job {self.id}",
            lambda own: self._backend.client.find(self.id, deadline=own),
            deadline,
            at_least=2,  # the first may be sent over the very connection that lost the answer
        )
        if found is None:
            return False
        self._note({"vendor_job_id": found, "state": JobState.QUEUED})
        return True

    def _waiting(self, deadline: Deadline, timeout: float) -> Conversation[None]:
        """Poll until the state is final, with pauses that double; short outages are waited out."""
        numbers, clock = self._backend.numbers, self._backend.clock
        pause, answered = numbers.first_poll_s, clock.now()
        while not self._record.state.is_final:
            try:
                yield from self._refreshing(deadline, results_next=True)
                answered = clock.now()
            except BackendError as exc:
                if deadline.has_passed:
                    raise self._timed_out(timeout) from exc
                if not exc.retryable or clock.now() - answered > numbers.poll_patience_s:
                    raise
            if self._record.state.is_final:
                return
            if self._record.vendor_job_id is None:
                raise self._unknown()
            if deadline.has_passed:
                raise self._timed_out(timeout)
            yield Aside(partial(clock.sleep, deadline.left_or(pause)))
            pause = min(2 * pause, numbers.longest_poll_s)

    def _timed_out(self, timeout: float) -> BackendTimeoutError:
        return BackendTimeoutError(
            f"job {self.id} is still {self._record.state} after {timeout:.6g} s",
            job=self,
            job_id=self.id,
            backend=self.backend_name,
            hint="It lives on: call job.result() again, or job.cancel()",
        )

    def _unknown(self) -> SubmissionUnknownError:
        return SubmissionUnknownError(
            f"{self.backend_name} does not show job {self.id}, whose submission got no answer",
            job=self,
            job_id=self.id,
            backend=self.backend_name,
            hint="It is not sent again by itself: ask job.status() later, and submit anew if it stays away",
        )

    def _collecting(self, deadline: Deadline, timeout: float) -> Conversation[list[ExecutionResult]]:
        """The results of a job in its final state."""
        if self._record.state is JobState.CANCELLED:
            self._backend.recorder.cancellation()
            return [cancelled_result(self.id, self.backend_name)] * self.num_circuits
        if self._record.state is JobState.FAILED:
            self._backend.recorder.failure(self._record.error or "failed")
            return [self._result(Outcome(error=self._record.error, error_code=self._record.error_code))] * (
                self.num_circuits
            )
        try:
            raw = yield from self._asking(
                "fetching", lambda vid, own: self._backend.client.fetch(vid, deadline=own), deadline
            )
        except BackendTimeoutError as exc:
            raise self._timed_out(timeout) from exc
        outcomes = self._backend.normalise(raw, self._record.decoding)
        results = [self._result(outcome) for outcome in outcomes]
        for result in results:
            self._count(result)
        return results

    def _count(self, result: ExecutionResult) -> None:
        recorder = self._backend.recorder
        if not result.success:
            recorder.failure(result.error or "failed")
        elif result.execution_time is not None:
            recorder.success(result.execution_time, shots=self._record.shots, queue_time=result.queue_time)

    def _result(self, outcome: Outcome) -> ExecutionResult:
        record = self._record
        failed = outcome.error is not None or record.state is not JobState.SUCCEEDED
        vendor_time = record.execution_time is not None
        return ExecutionResult(
            success=not failed,
            counts={} if failed else outcome.counts,
            error=(outcome.error or "the job failed; the provider gave no reason") if failed else None,
            error_code=outcome.error_code or ("failed" if failed else None),
            execution_time=record.execution_time if vendor_time else record.updated_at - record.created_at,
            queue_time=record.queue_time,
            job_id=record.id,
            backend=record.backend,
            shots=record.shots,
            layout=outcome.layout,
            metadata={
                **record.metadata,
                **outcome.metadata,
                "vendor_job_id": record.vendor_job_id,
                "execution_time_source": "provider" if vendor_time else "submission to final state",
            },
        )

    def _note(self, changes: Mapping[str, Any]) -> None:
        """Record ``changes`` and what was kept back; a store that fails must not lose a job that is already
        at the vendor."""
        news, self._unwritten = {**self._unwritten, **changes}, {}
        if news:
            self._record = self._backend.note(self._record, news)


_SAID = ("state", "error", "error_code", "queue_time", "execution_time", "cost", "currency")


def _news(record: JobRecord, snapshot: JobSnapshot) -> dict[str, Any]:
    """Fields of ``snapshot`` that the record does not have yet."""
    news = {
        name: said
        for name in _SAID
        if (said := getattr(snapshot, name)) is not None and said != getattr(record, name)
    }
    if snapshot.state is JobState.FAILED and snapshot.cost is None and record.cost:
        news["cost"] = 0.0  # no vendor bills a run that failed without saying so
    if snapshot.metadata and not snapshot.metadata.items() <= record.metadata.items():
        news["metadata"] = {**record.metadata, **snapshot.metadata}
    return news


def submission_error(job: VendorJob, error: BackendError) -> BackendError:
    """``error`` of a submission, told apart by whether the vendor may have the job."""
    if not error.outcome_unknown:
        error.job_id, error.backend = job.id, job.backend_name
        return error
    return SubmissionUnknownError(
        f"the answer to job {job.id} was lost: {error.message}",
        job=job,
        job_id=job.id,
        backend=job.backend_name,
        hint="It was not sent again. Ask exc.job.status(), here or in another process",
    )
