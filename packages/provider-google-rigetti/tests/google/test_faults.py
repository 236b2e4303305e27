"""What a user gets when something goes wrong on the way, and how many jobs there are then: at most one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google_service import Fault, GoogleService

from coratrix.backend import (
    BackendAuthError,
    BackendConnectionError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    ConfigurationError,
    JobNotFoundError,
    JobState,
    QuotaExceededError,
    RateLimitError,
)
from coratrix.backend.errors import SubmissionUnknownError
from coratrix.backend.resilience import Resilience
from coratrix.core import QuantumCircuit
from coratrix.providers.google import GoogleBackend
from coratrix.testing.clock import FakeClock

from .conftest import service_backend

CIRCUIT = QuantumCircuit(3).x(1).measure_all()
COUNTS = {"010": 50}
PATIENT = Resilience(attempts=3, breaker_failures=100)
IMPATIENT = Resilience(request_timeout_s=1.5, submit_timeout_s=1.5, attempts=3, breaker_failures=100)
"""For silence, which is waited out in real time."""

PROCESSOR = "GetQuantumProcessor"
PROGRAM = "CreateQuantumProgram"
JOB = "CreateQuantumJob"
POLL = "GetQuantumJob"
RESULT = "GetQuantumResult"
PHASES = (PROCESSOR, PROGRAM, JOB, POLL, RESULT)

Status = grpc.StatusCode
PASSING: dict[str, Fault] = {
    "429": Fault(status=Status.RESOURCE_EXHAUSTED, message="Quota exceeded for requests per minute"),
    "429 with a pause": Fault(status=Status.RESOURCE_EXHAUSTED, retry_after_s=3.0),
    "500": Fault(status=Status.INTERNAL),
    "503": Fault(status=Status.UNAVAILABLE),
    "504": Fault(status=Status.DEADLINE_EXCEEDED),
    "aborted": Fault(status=Status.ABORTED),
    "slow": Fault(slow_s=0.1),
    "silent": Fault(silent=True),
    "silent after acceptance": Fault(silent=True, accepted=True),
    "dropped": Fault(dropped=True),
    "dropped after acceptance": Fault(dropped=True, accepted=True),
    "500 after acceptance": Fault(status=Status.INTERNAL, accepted=True),
}


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def backend(service: GoogleService, clock: FakeClock) -> GoogleBackend:
    return service_backend(service, clock=clock, resilience=PATIENT)


def facing(fault: Fault, service: GoogleService, clock: FakeClock) -> GoogleBackend:
    return service_backend(service, clock=clock, resilience=IMPATIENT if fault.silent else PATIENT)


@pytest.mark.parametrize("rpc", PHASES)
@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_a_fault_that_passes_is_not_noticed(
    service: GoogleService, clock: FakeClock, rpc: str, fault: Fault
) -> None:
    service.faults.add(rpc, fault)

    result = facing(fault, service, clock).execute(CIRCUIT, 50)

    assert result.counts == COUNTS
    assert len(service.ledger.jobs) == 1


def test_the_service_says_how_long_to_pause(
    service: GoogleService, backend: GoogleBackend, clock: FakeClock
) -> None:
    service.faults.add(PROCESSOR, PASSING["429 with a pause"])

    backend.get_capabilities()

    assert clock.pauses == [3.0]


REFUSALS: dict[str, tuple[Fault, type[Exception]]] = {
    "401": (Fault(status=Status.UNAUTHENTICATED), BackendAuthError),
    "403": (Fault(status=Status.PERMISSION_DENIED), BackendAuthError),
    "400": (Fault(status=Status.INVALID_ARGUMENT), CircuitValidationError),
    "daily quota": (
        Fault(status=Status.RESOURCE_EXHAUSTED, message="Quota exceeded per day"),
        QuotaExceededError,
    ),
}


@pytest.mark.parametrize("rpc", [PROCESSOR, PROGRAM, JOB])
@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_before_there_is_a_job_is_raised_at_once(
    service: GoogleService, backend: GoogleBackend, rpc: str, case: tuple[Fault, type[Exception]]
) -> None:
    fault, error = case
    service.faults.add(rpc, fault)

    with pytest.raises(error):
        backend.execute(CIRCUIT, 50)

    assert service.ledger.count(rpc) == 1
    assert not service.ledger.jobs


@pytest.mark.parametrize("rpc", [POLL, RESULT])
@pytest.mark.parametrize("fault", [Fault(status=Status.UNAUTHENTICATED), Fault(malformed=b"\xff\xff\xff")])
def test_a_job_outlives_a_refusal_while_it_is_waited_for(
    service: GoogleService, backend: GoogleBackend, rpc: str, fault: Fault
) -> None:
    job = backend.submit(CIRCUIT, 50)
    service.faults.add(rpc, fault)

    with pytest.raises((BackendAuthError, BackendResponseError)):
        job.result()

    assert job.result().counts == COUNTS
    assert len(service.ledger.jobs) == 1


LASTING: list[tuple[str, Fault, type[Exception]]] = [
    (PROCESSOR, PASSING["503"], BackendUnavailableError),
    (PROCESSOR, PASSING["429"], RateLimitError),
    (PROCESSOR, PASSING["dropped"], BackendConnectionError),
    (PROCESSOR, PASSING["silent"], BackendTimeoutError),
    (PROCESSOR, Fault(status=Status.NOT_FOUND), ConfigurationError),
    (PROGRAM, PASSING["503"], BackendUnavailableError),
    (PROGRAM, PASSING["dropped"], BackendConnectionError),
    (PROGRAM, Fault(malformed=b"\xff\xff\xff"), BackendResponseError),
    (JOB, PASSING["429"], RateLimitError),
    (JOB, PASSING["503"], SubmissionUnknownError),
    (JOB, PASSING["silent"], SubmissionUnknownError),
    (JOB, PASSING["dropped"], SubmissionUnknownError),
]


@pytest.mark.parametrize(("rpc", "fault", "error"), LASTING)
def test_a_fault_that_lasts_is_named(
    service: GoogleService, clock: FakeClock, rpc: str, fault: Fault, error: type[Exception]
) -> None:
    backend = facing(fault, service, clock)
    if rpc != PROCESSOR:
        backend.get_capabilities()
    service.faults.add(rpc, fault, times=20)

    with pytest.raises(error):
        backend.execute(CIRCUIT, 50)

    assert not service.ledger.jobs


@pytest.mark.parametrize(
    "lost", ["dropped after acceptance", "silent after acceptance", "500 after acceptance"]
)
def test_a_job_whose_answer_is_lost_is_found_under_its_own_id(
    service: GoogleService, clock: FakeClock, lost: str
) -> None:
    """With no second try at all, so that finding it, over a new connection, is the only way."""
    once = Resilience(request_timeout_s=10.0, submit_timeout_s=1.5, attempts=1)
    backend = service_backend(service, clock=clock, resilience=once)
    service.faults.add(JOB, PASSING[lost])

    result = backend.execute(CIRCUIT, 50)

    assert result.counts == COUNTS
    assert service.ledger.count(JOB) == 1
    assert [name.rpartition("/")[2] for name in service.ledger.jobs] == [result.job_id]


def test_an_answer_that_cannot_be_read_does_not_lose_the_job(
    service: GoogleService, backend: GoogleBackend
) -> None:
    service.faults.add(JOB, Fault(malformed=b"\xff\xff\xff", accepted=True))

    assert backend.execute(CIRCUIT, 50).counts == COUNTS
    assert len(service.ledger.jobs) == 1


def test_a_submission_that_stays_unknown_is_resolved_later(
    service: GoogleService, backend: GoogleBackend
) -> None:
    backend.get_capabilities()
    service.faults.add(JOB, Fault(dropped=True, accepted=True))
    service.faults.add(JOB, PASSING["503"], times=2)
    service.faults.add(POLL, PASSING["503"], times=20)

    with pytest.raises(SubmissionUnknownError) as unknown:
        backend.execute(CIRCUIT, 50)
    service.faults.clear()

    assert unknown.value.job is not None
    assert unknown.value.job.result().counts == COUNTS
    assert len(service.ledger.jobs) == 1


def test_a_job_that_vanished_is_said_to_have(service: GoogleService, backend: GoogleBackend) -> None:
    job = backend.submit(CIRCUIT, 50)
    service.ledger.jobs.clear()

    with pytest.raises(JobNotFoundError):
        job.result()


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda engine: setattr(engine, "loses_results", True), "its result is not there"),
        (lambda engine: _replace_result(engine, type_url="type.googleapis.com/other.Thing"), "other.Thing"),
        (lambda engine: _replace_result(engine, value=b"\xff\xff"), "cannot be read"),
        (lambda engine: _replace_result(engine, value=b""), "cannot be read"),
    ],
    ids=["missing", "of another type", "truncated", "empty"],
)
def test_a_spoiled_result_is_named(
    service: GoogleService, backend: GoogleBackend, spoil: Callable[[Any], None], complaint: str
) -> None:
    job = backend.submit(CIRCUIT, 50)
    spoil(service.engine)

    with pytest.raises(BackendResponseError, match=complaint):
        job.result()


def _replace_result(engine: Any, *, type_url: str | None = None, value: bytes | None = None) -> None:
    (job,) = engine.ledger.jobs.values()
    packed = job.result.result
    if type_url is not None:
        packed.type_url = type_url
    if value is not None:
        packed.value = value
    job.result.result = packed


def test_a_result_that_is_not_ready_is_waited_for(service: GoogleService, backend: GoogleBackend) -> None:
    service.faults.add(RESULT, Fault(status=Status.FAILED_PRECONDITION))

    assert backend.execute(CIRCUIT, 50).counts == COUNTS


def test_nothing_listens(service: GoogleService, clock: FakeClock) -> None:
    backend = service_backend(service, clock=clock, resilience=IMPATIENT, endpoint="localhost:1")

    with pytest.raises(BackendConnectionError, match="Connection refused"):
        backend.execute(CIRCUIT, 50)

    assert str(backend.get_status()) == "offline"


def test_a_deadline_leaves_the_job_running(service: GoogleService, clock: FakeClock) -> None:
    backend = service_backend(service, clock=clock)
    service.engine.polls_per_job = 10_000

    with pytest.raises(BackendTimeoutError) as stopped:
        backend.execute(CIRCUIT, 50, timeout=100)

    assert stopped.value.job is not None
    assert stopped.value.job.status() is JobState.QUEUED
    assert sum(clock.pauses) == pytest.approx(100)


def test_a_poll_too_many_is_not_sent(service: GoogleService, clock: FakeClock) -> None:
    service.engine.polls_per_job = 5
    backend = service_backend(service, clock=clock)

    assert backend.execute(CIRCUIT, 50).counts == COUNTS
    assert clock.pauses == [1.0, 2.0, 4.0, 8.0, 16.0]
    assert service.ledger.count(POLL) == 6
