"""Faults between us and a vendor: what the user gets, and how many jobs the vendor has."""

from __future__ import annotations

import pickle
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from coratrix.backend import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendStatus,
    BackendTimeoutError,
    BackendUnavailableError,
    JobState,
    JobStoreError,
    QuotaExceededError,
    RateLimitError,
    SubmissionUnknownError,
)
from coratrix.backend.jobs import new_job_id
from coratrix.backend.provider import MemoryJobStore, Resilience
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import Fault, ScriptedBackend, ScriptedService

CIRCUIT = QuantumCircuit(2).x(0).measure_all()


def backend_of(service: ScriptedService, **parts: Any) -> ScriptedBackend:
    return ScriptedBackend(service, **{"store": MemoryJobStore(), "clock": FakeClock(), **parts})


def fails(kind: type[BackendError], *, accepted: bool = False, **details: Any) -> Fault:
    return Fault(error=lambda: kind("scripted", **details), accepted=accepted)


REFUSED = [BackendAuthError, QuotaExceededError, BackendResponseError]
PASSING = [BackendConnectionError, RateLimitError, BackendUnavailableError]
PHASES = ["submit", "poll", "fetch"]


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_tried_again_and_runs_once(phase: str, kind: type[BackendError]) -> None:
    service = ScriptedService()
    service.script(phase, fails(kind), fails(kind))

    assert backend_of(service).execute(CIRCUIT, 100).counts == {"10": 100}
    assert len(service.jobs()) == 1


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_is_not_tried_again(kind: type[BackendError]) -> None:
    service = ScriptedService()
    service.script("submit", fails(kind))

    with pytest.raises(kind) as caught:
        backend_of(service).execute(CIRCUIT, 100)

    assert service.requests.count("submit") == 1
    assert service.jobs() == []
    assert caught.value.backend == "scripted"
    assert caught.value.job_id


@pytest.mark.parametrize("accepted", [True, False])
def test_a_lost_answer_is_resolved_by_asking(accepted: bool) -> None:
    service = ScriptedService()
    service.script("submit", fails(BackendConnectionError, outcome_unknown=True, accepted=accepted))
    backend = backend_of(service)

    if accepted:
        assert backend.execute(CIRCUIT, 100).counts == {"10": 100}
    else:
        with pytest.raises(SubmissionUnknownError) as caught:
            backend.execute(CIRCUIT, 100)
        assert caught.value.job is not None
        assert caught.value.job.status() is JobState.UNKNOWN

    assert service.requests.count("submit") == 1  # never sent again by itself
    assert len(service.jobs()) == int(accepted)


def test_with_a_key_of_the_vendor_a_lost_answer_is_sent_again_and_runs_once() -> None:
    service = ScriptedService(takes_keys=True)
    lost = fails(BackendConnectionError, outcome_unknown=True, accepted=True)
    service.script("submit", lost, lost)

    assert backend_of(service).execute(CIRCUIT, 100).counts == {"10": 100}
    assert service.requests.count("submit") == 3
    assert len(service.jobs()) == 1


def test_a_lost_answer_is_asked_for_twice_since_the_first_question_may_meet_the_broken_connection() -> None:
    service = ScriptedService()
    service.script("submit", fails(BackendConnectionError, outcome_unknown=True, accepted=True))
    service.script("find", fails(BackendConnectionError))

    result = backend_of(service, resilience=Resilience(attempts=1)).execute(CIRCUIT, 100)

    assert result.counts == {"10": 100}
    assert service.requests.count("find") == 2
    assert len(service.jobs()) == 1


def test_an_unknown_submission_is_found_later() -> None:
    service = ScriptedService()
    service.script("submit", fails(BackendConnectionError, outcome_unknown=True, accepted=True))
    service.script("find", *[fails(BackendConnectionError)] * 5)
    backend = backend_of(service, resilience=Resilience(breaker_failures=99))

    with pytest.raises(SubmissionUnknownError) as caught:
        backend.execute(CIRCUIT, 100)
    job = caught.value.job

    assert job is not None
    assert backend.store.get(job.id).state is JobState.UNKNOWN
    assert job.status() is not JobState.UNKNOWN
    assert job.result().counts == {"10": 100}
    assert len(service.jobs()) == 1


def test_the_deadline_bounds_the_whole_call_and_the_job_lives_on() -> None:
    service, clock = ScriptedService(polls_until_done=1000), FakeClock()
    backend = backend_of(service, clock=clock)
    begun = clock.now()

    with pytest.raises(BackendTimeoutError, match="lives on") as caught:
        backend.execute(CIRCUIT, 100, timeout=60)
    service.polls_until_done = 0

    assert clock.now() - begun == pytest.approx(60, abs=0.01)
    assert caught.value.job is not None
    assert caught.value.job.result().counts == {"10": 100}
    assert len(service.jobs()) == 1


def test_a_request_that_hangs_is_given_up_in_real_time() -> None:
    import threading

    service, gate = ScriptedService(), threading.Event()
    original: Callable[..., Any] = service.answer
    service.answer = lambda request, act: gate.wait(60) if request == "poll" else original(request, act)  # type: ignore[method-assign]
    numbers = Resilience(request_timeout_s=0.05, attempts=1, poll_patience_s=0.0)
    backend = ScriptedBackend(service, store=MemoryJobStore(), resilience=numbers)

    try:
        with pytest.raises(BackendTimeoutError, match="no answer within"):
            backend.execute(CIRCUIT, 100)
    finally:
        gate.set()


def test_retry_after_is_honoured() -> None:
    service, clock = ScriptedService(), FakeClock()
    service.script("submit", fails(RateLimitError, retry_after=17.0))

    backend_of(service, clock=clock).execute(CIRCUIT, 100)

    assert 17.0 in clock.pauses


def test_a_retry_that_would_outlast_the_deadline_is_not_waited_for() -> None:
    service, clock = ScriptedService(), FakeClock()
    service.script("submit", fails(RateLimitError, retry_after=1000.0))

    with pytest.raises(RateLimitError):
        backend_of(service, clock=clock).execute(CIRCUIT, 100, timeout=30)
    assert clock.pauses == []


def test_an_outage_between_polls_is_waited_out() -> None:
    service = ScriptedService(polls_until_done=2)
    service.script("poll", None, *[fails(BackendConnectionError)] * 12)
    backend = backend_of(service, resilience=Resilience(breaker_failures=99))

    assert backend.execute(CIRCUIT, 100).counts == {"10": 100}


def test_the_breaker_opens_and_lets_one_call_through_later() -> None:
    service, clock = ScriptedService(), FakeClock()
    service.script("submit", *[fails(BackendConnectionError)] * 5)
    backend = backend_of(service, clock=clock, resilience=Resilience(breaker_failures=5))
    backend.get_capabilities()
    with pytest.raises(BackendError):
        backend.execute(CIRCUIT, 100)
    sent = len(service.requests)

    with pytest.raises(BackendUnavailableError, match="not tried"):
        backend.execute(CIRCUIT, 100, timeout=1)
    assert len(service.requests) == sent
    clock.advance(31)
    assert backend.execute(CIRCUIT, 100).success


def test_an_open_breaker_lets_one_call_through_at_a_time() -> None:
    from coratrix.backend.resilience import CircuitBreaker

    clock = FakeClock()
    breaker = CircuitBreaker(Resilience(breaker_failures=1), clock)
    breaker.failure()
    clock.advance(31)

    breaker.check("the probe")
    with pytest.raises(BackendUnavailableError, match="another: not tried"):
        breaker.check("another")
    clock.advance(31)
    breaker.check("a probe whose end was never told blocks nobody for ever")


def test_a_failed_job_is_a_result_with_the_vendors_reason() -> None:
    from coratrix.backend.provider import JobSnapshot

    service = ScriptedService()
    backend = backend_of(service)
    backend.client._snapshot = lambda _: JobSnapshot(  # type: ignore[attr-defined]
        state=JobState.FAILED, error="qubit 3 is warm", error_code="E42"
    )

    result = backend.execute(CIRCUIT, 100)

    assert (result.success, result.error, result.error_code) == (False, "qubit 3 is warm", "E42")
    assert result.counts == {}
    assert backend.get_performance_metrics().error_rate == 1.0


def test_a_cancelled_job_has_a_result_that_says_so() -> None:
    service = ScriptedService(polls_until_done=1000)
    job = backend_of(service).submit(CIRCUIT, 100)

    assert job.cancel()
    assert job.status() is JobState.CANCELLED
    result = job.result()
    assert result.error_code == "cancelled"
    assert f"resubmit({job.id!r})" in str(result.error)
    assert not job.cancel()


def test_a_batch_is_split_at_the_limit_and_keeps_its_order() -> None:
    service = ScriptedService()
    circuits = [QuantumCircuit(4).x(k % 4).measure_all() for k in range(27)]

    results = backend_of(service).execute_batch(circuits, 10)

    assert [max(r.counts) for r in results] == [
        "".join("1" if q == k % 4 else "0" for q in range(4)) for k in range(27)
    ]
    assert [len(job["circuits"]) for job in service.jobs()] == [10, 10, 7]


def test_a_batch_may_have_shots_of_its_own_for_each() -> None:
    service = ScriptedService()

    results = backend_of(service).execute_batch([CIRCUIT] * 3, [10, 10, 30])

    assert [r.counts["10"] for r in results] == [10, 10, 30]
    assert [job["shots"] for job in service.jobs()] == [10, 30]


def test_a_chunk_that_fails_does_not_lose_the_others() -> None:
    service = ScriptedService()
    service.script("submit", None, fails(QuotaExceededError))

    results = backend_of(service).execute_batch([CIRCUIT] * 25, 10)

    assert [r.success for r in results] == [True] * 10 + [False] * 10 + [True] * 5
    assert results[10].error_code == "quota"


def test_what_is_no_circuit_fails_alone() -> None:
    service = ScriptedService()

    results = backend_of(service).execute_batch([CIRCUIT, "x 0", CIRCUIT], 10)

    assert [r.success for r in results] == [True, False, True]
    assert results[1].error_code == "validation"
    assert "a builtins.str is not a circuit" in str(results[1].error)


def test_what_is_no_circuit_is_refused_as_by_any_backend() -> None:
    service = ScriptedService()

    with pytest.raises(BackendError, match="is not a circuit") as caught:
        backend_of(service).execute(object(), 10)

    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.retryable, str(again)) == ("validation", False, str(caught.value))
    assert isinstance(again, ValueError)
    assert "submit" not in service.requests


def test_not_more_jobs_fly_than_allowed() -> None:
    service = ScriptedService(polls_until_done=5)
    backend = backend_of(service, resilience=Resilience(max_in_flight=2))

    backend.execute_batch([CIRCUIT] * 50, 10)

    flying = most = 0
    for request in service.requests:
        flying += {"submit": 1, "fetch": -1}.get(request, 0)
        most = max(most, flying)
    assert most == 2


def test_the_store_has_the_intent_before_anything_is_sent() -> None:
    class ReadOnly(MemoryJobStore):
        def add(self, record: Any, **_: Any) -> None:
            raise JobStoreError("the disk is full")

    service = ScriptedService()
    with pytest.raises(JobStoreError, match="disk is full"):
        backend_of(service, store=ReadOnly()).execute(CIRCUIT, 100)
    assert service.jobs() == []


def test_a_store_that_fails_later_does_not_lose_the_job(caplog: pytest.LogCaptureFixture) -> None:
    class FailsLater(MemoryJobStore):
        def update(self, job_id: str, changes: Any, **_: Any) -> Any:
            raise JobStoreError("the disk is full")

    service = ScriptedService()
    result = backend_of(service, store=FailsLater()).execute(CIRCUIT, 100)

    assert result.counts == {"10": 100}
    assert "is not recorded" in caplog.text


def test_status_never_raises_and_is_kept_for_a_while() -> None:
    service, clock = ScriptedService(), FakeClock()
    service.script("status", fails(BackendAuthError))
    backend = backend_of(service, clock=clock)

    assert backend.get_status() is BackendStatus.UNAUTHORIZED
    assert [backend.get_status() for _ in range(3)] == [BackendStatus.ONLINE] * 3
    assert service.requests.count("status") == 2


def test_the_record_can_be_replayed() -> None:
    backend = backend_of(ScriptedService())
    job = backend.submit(CIRCUIT, 77, seed=5, tags=["mine"])

    record = backend.store.get(job.id)

    assert record.circuits[0]["digest"] == CIRCUIT.digest()
    assert (record.shots, record.options["seed"], record.tags) == (77, 5, ("mine",))
    assert record.versions["coratrix-core"]


def test_a_jobs_id_is_a_random_uuid_which_some_vendors_want_a_key_to_be() -> None:
    drawn = [uuid.UUID(hex=new_job_id().removeprefix("crx-")) for _ in range(1000)]

    assert {(made.version, made.variant) for made in drawn} == {(4, uuid.RFC_4122)}
    assert len(set(drawn)) == 1000


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_a_wall_clock_that_jumps_does_no_harm(jump_s: float) -> None:
    class Jumping(FakeClock):
        offset = 0.0

        def time(self) -> float:
            return super().time() + self.offset

    service, clock = ScriptedService(polls_until_done=4), Jumping()
    backend = backend_of(service, clock=clock)
    job = backend.submit(CIRCUIT, 100)
    clock.offset = jump_s

    assert job.result(timeout=60).counts == {"10": 100}
    assert backend.submit(CIRCUIT, 100).result(timeout=60).counts == {"10": 100}
    assert len(backend.store.list(unfinished=True)) == 0
