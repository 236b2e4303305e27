"""A backend that runs in another Python environment, so that SDKs which clash need not meet.

Owns: `IsolatedBackend` and its child process. They speak JSON lines over the child's standard input and
output; `isolated_child` is the other end. A child that crashes or hangs is an error of ours, and the next
call starts a new one.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import asdict, fields
from typing import Any

from coratrix.backend import wire
from coratrix.backend.budget import in_force
from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.cost import CostEstimate
from coratrix.backend.errors import (
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    ConfigurationError,
    SubmissionUnknownError,
)
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface, failed_result
from coratrix.backend.jobs import Job, JobMetrics, JobRecord, JobState
from coratrix.backend.metrics import PerformanceMetrics
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.store import JobDesk, JobStore, open_store
from coratrix.backend.validation import ValidationReport
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CoratrixError
from coratrix.core.interop import adopt
from coratrix.core.result import ExecutionResult

log = logging.getLogger(__name__)

START_TIMEOUT_S = 120.0  # a first import of an SDK on a cold disk takes long
QUESTION_TIMEOUT_S = 60.0  # for all that runs no circuit
GRACE_S = 10.0  # beyond an execution's own timeout
SENDING = ("execute", "execute_batch", "submit")  # questions that send circuits


class IsolatedBackend(BackendInterface):
    """The backend of a configuration that names another ``python``.

    That environment has coratrix-core and the provider's package. Secrets go to it through the pipe.
    """

    def __init__(self, config: BackendConfiguration, *, store: JobStore | None = None) -> None:
        super().__init__(config)
        self._store = store
        self._child: _Child | None = None
        self._starting = threading.Lock()

    def execute(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> ExecutionResult:
        limit = options.get("timeout")
        bound = None if limit is None else float(limit) + GRACE_S
        answer = self._ask(
            "execute", bound, circuit=adopt(circuit).to_dict(), shots=shots, options=_plain(options)
        )
        return ExecutionResult.from_dict(answer)

    def _batch_steps(
        self, circuits: Sequence[Any], shots: Sequence[int], options: dict[str, Any]
    ) -> Iterator[dict[int, ExecutionResult]]:
        """One question for all, so that the other process can keep several jobs in flight."""
        limit = options.get("timeout")
        good: dict[int, dict[str, Any]] = {}
        for place, circuit in enumerate(circuits):
            try:
                good[place] = adopt(circuit).to_dict()
            except CoratrixError as exc:  # not a circuit: it fails alone
                yield {place: failed_result(CircuitValidationError(str(exc)), self.name)}
        answers = self._ask(
            "execute_batch",
            None if limit is None else float(limit) + GRACE_S,
            circuits=list(good.values()),
            shots=[shots[place] for place in good],
            options=_plain(options),
        )
        yield {place: ExecutionResult.from_dict(a) for place, a in zip(good, answers, strict=True)}

    def submit(self, circuit: Any, shots: int = DEFAULT_SHOTS, **options: Any) -> Job:
        return self.submit_batch([circuit], shots, **options)

    def submit_batch(self, circuits: Iterable[Any], shots: int = DEFAULT_SHOTS, **options: Any) -> Job:
        limit = options.get("timeout")
        listed = [adopt(circuit).to_dict() for circuit in circuits]
        answer = self._ask(
            "submit",
            None if limit is None else float(limit) + GRACE_S,
            circuits=listed,
            shots=shots,
            options=_plain(options),
        )
        return IsolatedJob(self, answer["job_id"], len(listed), answer["outlives_process"])

    @property
    def store(self) -> JobStore:
        """Where the other process records jobs, opened here too."""
        if self._store is None:
            self._store = open_store()
        return self._store

    def use_store(self, store: JobStore) -> None:
        self._store = self._store or store

    def job_desk(self) -> JobDesk | None:
        """None also where the other process's records cannot be read here."""
        answer = self._ask("jobs", QUESTION_TIMEOUT_S)
        if answer is None or answer.pop("store") != getattr(self.store, "shown", None):
            return None
        return JobDesk(store=self.store, **answer)

    def attach(self, record: JobRecord) -> Job:
        return IsolatedJob(self, record.id, record.num_circuits, True)

    def estimate_cost(self, circuits: Sequence[QuantumCircuit], shots: int) -> CostEstimate:
        listed = [circuit.to_dict() for circuit in circuits]
        return CostEstimate(
            **self._ask("estimate_cost", QUESTION_TIMEOUT_S, circuits=listed, shots=int(shots))
        )

    def _get_capabilities(self) -> BackendCapabilities:
        return wire.capabilities_from_wire(self._ask("capabilities", QUESTION_TIMEOUT_S))

    def validate(self, circuit: Any, shots: object = None) -> ValidationReport:
        try:
            ours = adopt(circuit)
        except CoratrixError:
            return super().validate(circuit, shots)
        answer = self._ask("validate", QUESTION_TIMEOUT_S, circuit=ours.to_dict(), shots=shots)
        return wire.report_from_wire(answer)

    def get_status_report(self) -> StatusReport:
        try:
            answer = self._ask("status", QUESTION_TIMEOUT_S)
        except CoratrixError as exc:
            return StatusReport(status=BackendStatus.UNKNOWN, message=str(exc))
        return StatusReport(**{**answer, "status": BackendStatus(answer["status"])})

    def get_queue_info(self) -> QueueInfo:
        try:
            return QueueInfo(**self._ask("queue", QUESTION_TIMEOUT_S))
        except CoratrixError as exc:
            log.info("%s: no queue information: %s", self.name, exc)
            return QueueInfo()

    def get_performance_metrics(self) -> PerformanceMetrics:
        answer = self._ask("metrics", QUESTION_TIMEOUT_S)
        known = {f.name for f in fields(PerformanceMetrics)}
        return PerformanceMetrics(**{name: v for name, v in answer.items() if name in known})

    def close(self) -> None:
        with self._starting:
            if self._child is not None:
                self._child.end()
                self._child = None

    def _ask(self, method: str, timeout_s: float | None, **arguments: Any) -> Any:
        """One question to the child, which is started if it is not running.

        Budgets that what is sent keeps to go with it: the record is added there.
        """
        child = self._running()
        if method in SENDING and in_force():
            arguments["budgets"] = [asdict(budget) for budget in in_force()]
        try:
            return child.ask(method, arguments, timeout_s)
        except FutureTimeoutError as exc:
            if isinstance(exc, BackendError):  # the child's own error, which is a TimeoutError too
                raise self._with_job(exc) from exc.__cause__
            self.close()
            raise BackendTimeoutError(
                f"{self.name}: its process did not answer {method!r} within {timeout_s:g} s and was ended",
                backend=self.name,
                outcome_unknown=method in SENDING,
                hint="What it had sent is in the job store: coratrix jobs list --unfinished",
            ) from exc
        except BackendError as exc:
            raise self._with_job(exc) from exc.__cause__

    def _with_job(self, error: BackendError) -> BackendError:
        """``error`` with the handle of its job, which does not travel."""
        if isinstance(error, (BackendTimeoutError, SubmissionUnknownError)) and error.job_id:
            error.job = IsolatedJob(self, error.job_id, 1, True)
        return error

    def _running(self) -> _Child:
        with self._starting:
            if self._child is None or not self._child.is_alive:
                self._child = None
                child = _Child(str(self.config.connection_params["python"]), self.name)
                try:
                    told = child.ask("configure", self._configuration(), START_TIMEOUT_S)
                    self._check_store(bool(told and told["has_jobs"]))
                except BaseException as exc:
                    child.end()
                    if isinstance(exc, FutureTimeoutError) and not isinstance(exc, BackendError):
                        raise BackendTimeoutError(
                            f"{self.name}: its process was not ready within {START_TIMEOUT_S:g} s and was ended",
                            backend=self.name,
                        ) from exc
                    raise
                self._child = child
            return self._child

    def _configuration(self) -> dict[str, Any]:
        """What the child is made of; with the store, if one was given here, by its URL."""
        url = getattr(self._store, "url", None)
        return wire.configuration_to_wire(self.config) | ({} if url is None else {"store_url": url})

    def _check_store(self, has_jobs: bool) -> None:
        if has_jobs and self._store is not None and not hasattr(self._store, "url"):
            raise ConfigurationError(
                f"{self.name} runs in a process of its own, which cannot record jobs in {self._store!r}",
                hint="Give a store in a database: SqlJobStore('sqlite:////path/jobs.db')",
            )


class IsolatedJob(Job):
    """A job that another process's backend has sent, or runs."""

    def __init__(self, backend: IsolatedBackend, job_id: str, num_circuits: int, outlives: bool) -> None:
        self._backend = backend
        self.id, self.backend_name = job_id, backend.name
        self.num_circuits, self.outlives_process = num_circuits, outlives

    def status(self) -> JobState:
        return JobState(self._backend._ask("job_status", QUESTION_TIMEOUT_S, job_id=self.id))

    @property
    def vendor_job_id(self) -> str | None:
        return self._backend.store.get(self.id).vendor_job_id

    def results(self, timeout: float | None = None) -> list[ExecutionResult]:
        bound = None if timeout is None else timeout + GRACE_S
        answer = self._backend._ask("job_results", bound, job_id=self.id, timeout=timeout)
        return [ExecutionResult.from_dict(data) for data in answer]

    def cancel(self) -> bool:
        return bool(self._backend._ask("job_cancel", QUESTION_TIMEOUT_S, job_id=self.id))

    @property
    def metrics(self) -> JobMetrics:
        answer = self._backend._ask("job_metrics", QUESTION_TIMEOUT_S, job_id=self.id)
        return JobMetrics(**{**answer, "state": JobState(answer["state"])})


class _Child:
    """A process that answers questions, several at a time."""

    def __init__(self, python: str, name: str) -> None:
        self._name = name
        command = [python, "-m", "coratrix.backend.isolated_child"]
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        except OSError as exc:
            raise ConfigurationError(
                f"{name}: cannot start {python!r}: {exc.strerror}",
                hint="connection_params['python'] names the interpreter of the other environment",
            ) from exc
        self._pending: dict[int, Future[Any]] = {}
        self._numbers = itertools.count()
        self._lock = threading.Lock()
        self._ended = False
        threading.Thread(target=self._read, daemon=True, name=f"coratrix-{name}").start()

    @property
    def is_alive(self) -> bool:
        return not self._ended

    def ask(self, method: str, arguments: Any, timeout_s: float | None) -> Any:
        """Send a question and wait for its answer."""
        answer: Future[Any] = Future()
        line = json.dumps({"id": (number := next(self._numbers)), "method": method, "arguments": arguments})
        with self._lock:
            if self._ended:
                raise self._gone()
            self._pending[number] = answer
            try:
                self._stdin.write(line + "\n")
                self._stdin.flush()
            except OSError as exc:
                raise self._gone() from exc
        return answer.result(timeout_s)

    @property
    def _stdin(self) -> Any:
        return self._process.stdin

    def _read(self) -> None:
        """Hand each answer to who waits for it; at the end tell all that wait."""
        stdout: Any = self._process.stdout
        for line in stdout:
            try:
                data = json.loads(line)
                waiting = self._pending.pop(data["id"])
            except (ValueError, KeyError, TypeError):
                log.warning("%s: its process printed what is no answer: %.200s", self._name, line)
                continue
            if "error" in data:
                waiting.set_exception(wire.error_from_wire(data["error"]))
            else:
                waiting.set_result(data["answer"])
        with self._lock:
            self._ended = True
        self._process.wait()
        stdout.close()
        with contextlib.suppress(OSError):  # what was not sent yet cannot be sent any more
            self._stdin.close()
        for waiting in self._pending.values():
            waiting.set_exception(self._gone())

    def _gone(self) -> BackendUnavailableError:
        code = self._process.poll()
        return BackendUnavailableError(
            f"{self._name}: its process ended with code {code}",
            code="child_ended",
            backend=self._name,
            outcome_unknown=True,
            hint="Its messages are on standard error; the next call starts a new one",
        )

    def end(self) -> None:
        """Stop the process: kindly, then not."""
        try:
            with contextlib.suppress(OSError):
                self._stdin.close()
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _plain(options: dict[str, Any]) -> dict[str, Any]:
    """Options as JSON: values with `to_dict`, such as noise models, as that."""
    return {name: v.to_dict() if hasattr(v, "to_dict") else v for name, v in options.items()}
