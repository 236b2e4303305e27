"""The way of a circuit to a vendor and of its counts back, the same for every provider.

    circuit -> adopt -> validate -> convert -> record intent -> submit -> poll -> fetch -> normalise

Owns: `JobBackend`, the order of these steps, and what is recorded at each.
Knows nothing of: any vendor; a provider writes the hooks named below and a `VendorClient`.
"""

from __future__ import annotations

import logging
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from coratrix.backend import telemetry
from coratrix.backend.budget import in_force
from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import Outcome, Submission, VendorClient
from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.conversation import Aside, Conversation, hold
from coratrix.backend.cost import check_limit
from coratrix.backend.errors import (
    BackendAuthError,
    BackendError,
    JobStoreError,
    ProviderNotInstalledError,
)
from coratrix.backend.in_jobs import Item, run_in_jobs, seeded
from coratrix.backend.intent import blank, intent
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface, failed_result
from coratrix.backend.jobs import Job, JobRecord, JobState
from coratrix.backend.metrics import MetricsRecorder
from coratrix.backend.options import RunOptions, parse_options
from coratrix.backend.rate_limit import UNLIMITED, RateLimiter, limiter_of
from coratrix.backend.resilience import Caller, Resilience
from coratrix.backend.secrets import Secret
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.store import JobDesk, JobStore, allowed_changes, open_store
from coratrix.backend.validation import validate
from coratrix.backend.vendor_job import VendorJob, submission_error
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.interop import adopt
from coratrix.core.result import ExecutionResult

log = logging.getLogger(__name__)
T = TypeVar("T")

STATUS_TIMEOUT_S = 5.0  # a status that takes longer is "unknown"
STATUS_KEPT_S = 30.0  # how long an answer about status or queue is good for


class JobBackend(BackendInterface):
    """A backend whose circuits run as jobs of a vendor's service.

    A provider implements `_connect`, `_convert` and `normalise`, and may implement `_own_issues`,
    `_refused_options`, `_sdk_distributions` and `get_calibration`.

    Attributes:
        account_parameters: names of connection parameters that, with the secrets, say whose account it is.
        requests_per_s, request_burst: the account's rate limit, where the vendor publishes one.

    Args:
        client: replaces the provider's own client, for tests.
        store: where job records go; by default `open_store()` at the first submission.
    """

    options_type: ClassVar[type[RunOptions]] = RunOptions
    account_parameters: ClassVar[tuple[str, ...]] = ()
    requests_per_s: ClassVar[float] = UNLIMITED
    request_burst: ClassVar[int] = 1

    def __init__(
        self,
        config: BackendConfiguration,
        *,
        client: VendorClient | None = None,
        store: JobStore | None = None,
        clock: Clock = SYSTEM_CLOCK,
        resilience: Resilience | None = None,
    ) -> None:
        super().__init__(config)
        self.clock = clock
        self.numbers = resilience or Resilience()
        self._client = client
        self._store = store
        self._opening = threading.RLock()
        self._kept: dict[str, tuple[float, Any]] = {}
        self._caller = Caller(
            backend=self.name,
            numbers=self.numbers,
            clock=clock,
            limiter=self._limiter(),
            on_retry=self._metrics.retry,
        )

    # what a provider writes ----------------------------------------------------------------

    @abstractmethod
    def _connect(self) -> VendorClient:
        """Make the client; called once, at the first call that needs it. May import the SDK."""

    @abstractmethod
    def _convert(self, circuits: Sequence[QuantumCircuit], shots: int, options: Any) -> Submission:
        """The vendor's program for ``circuits``, each measured; pure."""

    @abstractmethod
    def normalise(self, raw: Any, decoding: Mapping[str, Any]) -> list[Outcome]:
        """The vendor's raw result as one `Outcome` per circuit, in our bit order; pure."""

    def _refused_options(self) -> Mapping[str, str]:
        """Options that cannot be honoured here, each with its reason."""
        return {}

    def _sdk_distributions(self) -> tuple[str, ...]:
        """Distributions whose versions are written into each job record."""
        return ()

    # parts -----------------------------------------------------------------------------------

    def _limiter(self) -> RateLimiter:
        """The limiter that this process's backends of one account share."""
        params = self.config.connection_params
        named = [
            (name, value)
            for name, value in sorted(params.items())
            if isinstance(value, Secret) or name in self.account_parameters
        ]
        account = (type(self), *named)
        return limiter_of(account, rate_per_s=self.requests_per_s, burst=self.request_burst, clock=self.clock)

    @property
    def client(self) -> VendorClient:
        """The vendor's client, connected at first use."""
        if (client := self._client) is not None:
            return client
        with self._opening:
            if self._client is None:
                self._client = self._connect()
            return self._client

    @property
    def store(self) -> JobStore:
        """Where this backend's job records are."""
        if (store := self._store) is not None:
            return store
        with self._opening:
            if self._store is None:
                self._store = open_store()
            return self._store

    def use_store(self, store: JobStore) -> None:
        with self._opening:
            self._store = self._store or store

    def job_desk(self) -> JobDesk:
        numbers = self.numbers
        return JobDesk(
            store=self.store, max_in_flight=numbers.max_in_flight, poll_patience_s=numbers.poll_patience_s
        )

    @property
    def recorder(self) -> MetricsRecorder:
        """Counts what ends."""
        return self._metrics

    def call(self, doing: str, request: Callable[[Deadline], T], deadline: Deadline, **how: Any) -> T:
        """A call to the vendor with retries, limits and a bound; errors name this backend."""
        return self.converse(self.asking(doing, request, deadline, **how), deadline)

    def asking(
        self, doing: str, request: Callable[[Deadline], T], deadline: Deadline, **how: Any
    ) -> Conversation[T]:
        """`call` as a part of a conversation."""
        asked = self._caller.asking(f"{self.name}: {doing}", request, deadline, **how)
        return asked if self._client is not None else self._once_connected(asked)

    def _once_connected(self, asked: Conversation[T]) -> Conversation[T]:
        """Importing an SDK takes seconds, which are no slow answer of its service."""
        try:
            yield Aside(lambda: self.client)
        except BackendError as exc:
            exc.backend = exc.backend or self.name
            raise
        return (yield from asked)

    def converse(self, talk: Conversation[T], deadline: Deadline) -> T:
        """Let a conversation with the vendor take place, to its end."""
        return hold(talk, deadline, self.numbers.shortest_bound_s)

    def note(self, record: JobRecord, changes: Mapping[str, Any]) -> JobRecord:
        """Record changes of a job; when the store fails the job goes on, with a warning."""
        stamped = {**changes, "updated_at": self.clock.time()}
        try:
            return self.store.update(record.id, stamped, known=record)
        except JobStoreError as exc:
            log.warning(
                "job %s (at the vendor: %s) is not recorded: %s", record.id, record.vendor_job_id, exc
            )
            return record.changed(allowed_changes(record.state, stamped))

    # running ---------------------------------------------------------------------------------

    def execute(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> ExecutionResult:
        parsed = self._parse(options)
        deadline = Deadline.after(parsed.timeout, self.clock)
        checked = self._checked(circuit, shots)

        def running() -> Conversation[list[ExecutionResult]]:
            job = yield from self._submitting([checked], shots, parsed, deadline)
            return (yield from job.resulting(deadline))

        return self.converse(running(), deadline)[0]

    def submit(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> Job:
        return self.submit_batch([circuit], shots, **options)

    def submit_batch(self, circuits: Iterable[Any], shots: int = DEFAULT_SHOTS, **options: Any) -> VendorJob:
        """Send several circuits as one job of the vendor, which must be able to carry them."""
        parsed = self._parse(options)
        checked = [self._checked(circuit, shots) for circuit in circuits]
        return self._submit(checked, shots, parsed, Deadline.after(parsed.timeout, self.clock))

    def _batch_steps(
        self, circuits: Sequence[Any], shots: Sequence[int], options: dict[str, Any]
    ) -> Iterator[dict[int, ExecutionResult]]:
        parsed = self._parse(options)
        deadline = Deadline.after(parsed.timeout, self.clock)
        ready: list[Item] = []
        refused: dict[int, ExecutionResult] = {}
        for index, (circuit, count) in enumerate(zip(circuits, shots, strict=True)):
            try:
                ready.append(Item(index, self._checked(circuit, count), count))
            except BackendError as exc:
                refused[index] = failed_result(exc, self.name)
        if refused:
            yield refused
        limit = self.get_capabilities().max_circuits_per_job

        def send(circuits: Sequence[QuantumCircuit], count: int, place: int) -> VendorJob:
            return self._submit(circuits, count, self._parse(seeded(options, place)), deadline)

        yield from run_in_jobs(
            ready, send, limit, max_in_flight=self.numbers.max_in_flight, deadline=deadline, backend=self.name
        )

    def job(self, job_id: str) -> VendorJob:
        """The job of our id or of the vendor's, sent from this process or any other."""
        return VendorJob(self, self.store.get(job_id))

    def attach(self, record: JobRecord) -> VendorJob:
        """The handle of a record that a manager found in its store."""
        return VendorJob(self, record)

    # steps of a submission -------------------------------------------------------------------

    def _parse(self, options: Mapping[str, Any]) -> Any:
        return parse_options(self.options_type, options, backend=self.name, refused=self._refused_options())

    def _checked(self, circuit: Any, shots: object) -> QuantumCircuit:
        """Our circuit, measured and found fit for this backend, or an error with every reason."""
        ours = adopt(circuit)
        report = validate(ours, self.get_capabilities(), shots, self._own_issues(ours))
        report.raise_for_issues(self.name)
        return ours.measured_whole()

    def _submit(
        self, circuits: Sequence[QuantumCircuit], shots: int, options: Any, deadline: Deadline
    ) -> VendorJob:
        """Record the intent, send once, record the vendor's id."""
        return self.converse(self._submitting(circuits, shots, options, deadline), deadline)

    def _submitting(
        self, circuits: Sequence[QuantumCircuit], shots: int, options: Any, deadline: Deadline
    ) -> Conversation[VendorJob]:
        cost = self.estimate_cost(circuits, shots)
        check_limit(cost, options.max_cost, self.name)
        submission = self._convert(circuits, shots, options)
        record = intent(self._form, circuits, shots, options, submission, cost, now=self.clock.time())
        self.store.add(record, within=in_force())  # fails before anything is sent
        job = VendorJob(self, record)
        return (yield from self._sending(job, submission, options, deadline))

    @cached_property
    def _form(self) -> JobRecord:
        return blank(self.name, self.config, self._sdk_distributions())

    def _sending(
        self, job: VendorJob, submission: Submission, options: Any, deadline: Deadline
    ) -> Conversation[VendorJob]:
        try:
            client = self.client
            with telemetry.span("submit", backend=self.name, job_id=job.id, shots=job.record.shots):
                vendor_id = yield from self.asking(
                    f"submitting job {job.id}",
                    lambda own: client.submit(
                        submission, key=job.id, shots=job.record.shots, options=options, deadline=own
                    ),
                    deadline,
                    bound_s=self.numbers.submit_timeout_s,
                    retry_unknown=client.submits_once,
                )
        except BackendError as exc:
            return (yield from self._after_lost_answer(job, exc, deadline))
        return self.attach(self.note(job.record, {"vendor_job_id": vendor_id, "state": JobState.QUEUED}))

    def _after_lost_answer(
        self, job: VendorJob, error: BackendError, deadline: Deadline
    ) -> Conversation[VendorJob]:
        """The submission raised: either it surely was not accepted, or the vendor is asked."""
        if not error.outcome_unknown:
            free = {} if job.record.cost is None else {"cost": 0.0}  # what was not accepted is not paid
            told = {"state": JobState.FAILED, "error": str(error), "error_code": error.code}
            self.note(job.record, {**told, **free})
            raise submission_error(job, error)
        unknown = self.attach(self.note(job.record, {"state": JobState.UNKNOWN, "error": str(error)}))
        if (yield from self._is_found(unknown, deadline)):
            return unknown
        raise submission_error(unknown, error) from error

    def _is_found(self, job: VendorJob, deadline: Deadline) -> Conversation[bool]:
        """Whether the vendor shows the job; not being able to ask counts as no."""
        try:
            yield from job.resolving(deadline)
        except BackendError as exc:
            log.warning("job %s: could not ask whether it was accepted: %s", job.id, exc)
        return job.vendor_job_id is not None

    # what it can do, how it is ---------------------------------------------------------------

    def _get_capabilities(self) -> BackendCapabilities:
        return self._remembered("capabilities", lambda own: self.client.capabilities(deadline=own), 3600.0)

    def get_status_report(self) -> StatusReport:
        try:
            report = self._remembered(
                "status", lambda own: self.client.status(deadline=own), STATUS_KEPT_S, STATUS_TIMEOUT_S
            )
            return report if report.as_of is not None else replace(report, as_of=self.clock.time())
        except BackendAuthError as exc:
            return StatusReport(status=BackendStatus.UNAUTHORIZED, message=str(exc))
        except ProviderNotInstalledError as exc:
            return StatusReport(status=BackendStatus.UNKNOWN, message=str(exc))
        except BackendError as exc:
            unreachable = exc.code == "connection"
            status = BackendStatus.OFFLINE if unreachable else BackendStatus.UNKNOWN
            return StatusReport(status=status, message=str(exc))

    def get_queue_info(self) -> QueueInfo:
        try:
            return self._remembered(
                "queue", lambda own: self.client.queue(deadline=own), STATUS_KEPT_S, STATUS_TIMEOUT_S
            )
        except BackendError as exc:
            log.info("%s: no queue information: %s", self.name, exc)
            return QueueInfo()

    def _remembered(
        self, what: str, ask: Callable[[Deadline], T], kept_s: float, bound_s: float | None = None
    ) -> T:
        """The last answer while it is fresh, else a new one; failures are not kept."""
        as_of, answer = self._kept.get(what, (float("-inf"), None))
        if self.clock.now() - as_of > kept_s:
            _ = self.client  # before the clock of the question runs
            bound = bound_s or self.numbers.request_timeout_s
            answer = self.call(f"asking for {what}", ask, Deadline.after(bound, self.clock))
            self._kept[what] = (self.clock.now(), answer)
        kept: T = answer
        return kept

    def refresh(self) -> None:
        """Forget what was remembered of capabilities, status and queue."""
        self._kept.clear()

    def close(self) -> None:
        with self._opening:
            if self._client is not None:
                self._client.close()
