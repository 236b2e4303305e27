"""What goes wrong between us and Braket, what the user gets, and how many tasks there are then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from aws_service import BraketCloud, aws_error

from coratrix.backend import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendStatus,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    JobState,
    QuotaExceededError,
    RateLimitError,
    SubmissionUnknownError,
)
from coratrix.backend.provider import MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.providers.aws import BraketBackend
from coratrix.testing.clock import FakeClock
from coratrix.testing.loopback import (
    Fault,
    LoopbackProxy,
    answer,
    delay,
    drop_after,
    drop_before,
    garble,
    silent_after,
    silent_before,
    truncate,
)

from .conftest import QUICK

Make = Callable[..., BraketBackend]

PHASES = {
    "device": ("GET", "braket.*", "/device/.*"),
    "submit": ("POST", "braket.*", "/quantum-task"),
    "poll": ("GET", "braket.*", "/quantum-task/.*"),
    "fetch": ("GET", "*.s3*", ".*"),
}
IMPATIENT = replace(QUICK, request_timeout_s=3.0, submit_timeout_s=3.0)

PASSING: dict[str, Fault] = {
    "429": aws_error("ThrottlingException"),
    "429 with Retry-After": aws_error("ThrottlingException", headers={"Retry-After": "0"}),
    "500": aws_error("InternalServiceException"),
    "502 of a proxy": answer(502, b"<html>Bad Gateway</html>"),
    "503": answer(503, b""),
    "slow": delay(0.05),
    "dropped before": drop_before(),
    "dropped after": drop_after(),
    "garbled": garble(),
    "cut short": truncate(),
}


def lopsided() -> QuantumCircuit:
    return QuantumCircuit(3).x(0).cx(0, 1)


CASES = [(phase, fault) for phase in PHASES for fault in PASSING]
CASES.remove(("fetch", "garbled"))  # a results.json that is no JSON is told at once: see below


@pytest.mark.parametrize(("phase", "fault"), CASES)
def test_a_fault_that_passes_is_not_noticed_and_the_task_stays_single(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy, phase: str, fault: str
) -> None:
    proxy.faults.on(*PHASES[phase], PASSING[fault])

    result = braket(s3_bucket="results").execute(lopsided(), 50)

    assert result.counts == {"110": 50}
    assert len(cloud.ledger) == 1
    assert proxy.faults.unused == []


@pytest.mark.parametrize("phase", ["submit", "poll", "fetch"])
@pytest.mark.parametrize("fault", [silent_before(), silent_after()], ids=["before", "after"])
def test_silence_is_given_up_and_asked_again(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy, phase: str, fault: Fault
) -> None:
    proxy.faults.on(*PHASES[phase], fault)

    result = braket(s3_bucket="results", resilience=IMPATIENT).execute(lopsided(), 50)

    assert result.counts == {"110": 50}
    assert len(cloud.ledger) == 1


def test_a_device_that_stays_silent_is_a_timeout_and_nothing_is_sent(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy
) -> None:
    proxy.faults.on(*PHASES["device"], silent_before(), times=None)

    with pytest.raises(BackendTimeoutError):
        braket(s3_bucket="results", resilience=IMPATIENT).execute(lopsided(), 50)

    assert cloud.ledger.submissions == 0


REFUSALS = {
    "a key nobody knows": ("UnrecognizedClientException", BackendAuthError, "auth"),
    "an expired token": ("ExpiredTokenException", BackendAuthError, "auth"),
    "no right": ("AccessDeniedException", BackendAuthError, "permission"),
    "offline": ("DeviceOfflineException", BackendUnavailableError, "offline"),
    "retired": ("DeviceRetiredException", BackendUnavailableError, "retired"),
    "quota": ("ServiceQuotaExceededException", QuotaExceededError, "quota"),
    "refused": ("ValidationException", CircuitValidationError, "refused_by_service"),
    "throttled for ever": ("ThrottlingException", RateLimitError, "rate_limit"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_submission_that_is_refused_makes_no_task_and_says_why(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy, case: str
) -> None:
    code, kind, word = REFUSALS[case]
    proxy.faults.on(*PHASES["submit"], aws_error(code, "the service's own words"), times=None)

    with pytest.raises(kind, match="the service's own words") as caught:
        braket(s3_bucket="results").execute(lopsided(), 50)

    assert caught.value.code == word
    assert caught.value.backend == "aws_braket"
    assert caught.value.job_id is not None
    assert caught.value.__cause__ is not None
    assert len(cloud.ledger) == 0


def test_a_refusal_is_not_repeated(braket: Make, proxy: LoopbackProxy) -> None:
    proxy.faults.on(*PHASES["submit"], aws_error("ValidationException"), times=None)

    with pytest.raises(CircuitValidationError):
        braket(s3_bucket="results").execute(lopsided(), 50)

    assert proxy.count(*PHASES["submit"]) == 1


def test_the_wait_that_the_service_asks_for_is_kept(braket: Make, proxy: LoopbackProxy) -> None:
    clock = FakeClock()
    proxy.faults.on(*PHASES["submit"], aws_error("ThrottlingException", headers={"Retry-After": "17"}))

    braket(s3_bucket="results", clock=clock).execute(lopsided(), 50)

    assert 17.0 in clock.pauses


def test_an_answer_that_stays_lost_is_unknown_until_the_vendor_is_asked(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy
) -> None:
    for path in ("/quantum-task", "/quantum-tasks"):
        proxy.faults.on("POST", "braket.*", path, drop_after(), times=None)

    with pytest.raises(SubmissionUnknownError) as caught:
        braket(s3_bucket="results").execute(lopsided(), 50)
    job = caught.value.job
    assert job is not None
    assert len(cloud.ledger) == 1
    assert cloud.ledger.submissions == QUICK.attempts
    proxy.faults.clear()

    assert job.status() in (JobState.QUEUED, JobState.RUNNING)
    assert job.result(timeout=10).counts == {"110": 50}
    assert len(cloud.ledger) == 1


def test_a_lost_task_is_found_by_its_tag_on_any_page(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy
) -> None:
    backend = braket(s3_bucket="results")
    backend.execute_batch([QuantumCircuit(1).x(0)] * 4, 10)
    proxy.faults.on(*PHASES["submit"], drop_after(), times=QUICK.attempts)

    result = backend.execute(lopsided(), 50)

    assert result.counts == {"110": 50}
    assert len(cloud.ledger) == 5
    assert proxy.count("POST", path="/quantum-tasks") == 3


def test_a_submission_that_never_arrived_stays_unknown_and_nothing_runs(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy
) -> None:
    proxy.faults.on(*PHASES["submit"], drop_before(), times=None)

    with pytest.raises(SubmissionUnknownError) as caught:
        braket(s3_bucket="results").execute(lopsided(), 50)

    assert caught.value.job is not None
    assert caught.value.job.status() is JobState.UNKNOWN
    assert len(cloud.ledger) == 0


def test_no_network_is_a_connection_error(braket: Make, proxy: LoopbackProxy) -> None:
    proxy.faults.cut_off("braket.*")

    with pytest.raises(BackendConnectionError) as caught:
        braket(s3_bucket="results").execute(lopsided(), 50)

    assert isinstance(caught.value, ConnectionError)


def test_results_that_are_missing_are_told_after_patience(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy
) -> None:
    cloud.lost_results = True

    with pytest.raises(BackendResponseError, match="NoSuchKey") as caught:
        braket(s3_bucket="results").execute(lopsided(), 50)

    assert caught.value.code == "result_missing"
    assert proxy.count(*PHASES["fetch"]) == QUICK.attempts
    assert len(cloud.ledger) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"not json", b"{}", b"[]", b'{"measuredQubits": [0], "measurements": [[2]]}',
     b'{"measuredQubits": [0, 1, 2], "measurements": [[0, 1]]}',
     b'{"measuredQubits": [0, 1], "measurements": [[0, 1]]}',
     b'{"measuredQubits": [5, 6, 7], "measurements": [[0, 1, 1]]}', b"\xff\xfe"],
)  # fmt: skip
def test_results_that_make_no_sense_are_told_and_never_counted(
    braket: Make, proxy: LoopbackProxy, body: bytes
) -> None:
    proxy.faults.on(*PHASES["fetch"], garble(body), times=None)

    with pytest.raises(BackendResponseError):
        braket(s3_bucket="results").execute(lopsided(), 50)


def test_a_job_whose_result_could_not_be_read_can_be_read_later(braket: Make, proxy: LoopbackProxy) -> None:
    backend = braket(s3_bucket="results")
    proxy.faults.on(*PHASES["fetch"], garble(b"not json"))
    job = backend.submit(lopsided(), 50)

    with pytest.raises(BackendResponseError):
        job.result(timeout=10)

    assert job.result(timeout=10).counts == {"110": 50}


def test_polling_survives_an_outage(braket: Make, cloud: BraketCloud, proxy: LoopbackProxy) -> None:
    backend = braket(s3_bucket="results")
    job = backend.submit(lopsided(), 50)
    proxy.faults.on(*PHASES["poll"], drop_before(), times=2 * QUICK.attempts)

    assert job.result(timeout=30).counts == {"110": 50}
    assert proxy.faults.unused == []


def test_rights_that_end_while_polling_are_told_and_the_job_lives_on(
    braket: Make, proxy: LoopbackProxy
) -> None:
    backend = braket(s3_bucket="results")
    job = backend.submit(lopsided(), 50)
    proxy.faults.on(*PHASES["poll"], aws_error("ExpiredTokenException"))

    with pytest.raises(BackendAuthError):
        job.result(timeout=10)

    assert job.result(timeout=10).counts == {"110": 50}


def test_the_deadline_bounds_and_leaves_the_job_alive(braket: Make, cloud: BraketCloud) -> None:
    cloud.ledger.hold = True

    patient = replace(QUICK, first_poll_s=1.0, longest_poll_s=8.0)

    with pytest.raises(BackendTimeoutError) as caught:
        braket(s3_bucket="results", clock=FakeClock(), resilience=patient).execute(lopsided(), 50, timeout=60)
    cloud.ledger.hold = False

    assert isinstance(caught.value, TimeoutError)
    assert caught.value.job is not None
    assert caught.value.job.result(timeout=10).counts == {"110": 50}
    assert len(cloud.ledger) == 1


def test_a_task_that_failed_is_a_result_with_brakets_reason(braket: Make, cloud: BraketCloud) -> None:
    cloud.ledger.fail_next.append("Qubit 3 lost its calibration")

    result = braket(s3_bucket="results").execute(lopsided(), 50)

    assert not result.success
    assert result.error == "Qubit 3 lost its calibration"
    assert result.counts == {}
    assert result.metadata["vendor_job_id"] == cloud.ledger.last.arn


def test_one_failure_of_a_batch_does_not_lose_the_others(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy
) -> None:
    proxy.faults.on(*PHASES["submit"], aws_error("ValidationException", "no"), skip=2)
    circuits = [QuantumCircuit(2).x(k % 2) for k in range(6)]

    results = braket(s3_bucket="results").execute_batch(circuits, 20)

    assert [result.success for result in results] == [True, True, False, True, True, True]
    assert [dict(results[k].counts) for k in (0, 1, 3, 4, 5)] == [
        {"10": 20}, {"01": 20}, {"01": 20}, {"10": 20}, {"01": 20},
    ]  # fmt: skip
    assert len(cloud.ledger) == 5


def test_a_batch_keeps_the_number_of_tasks_in_flight(braket: Make, cloud: BraketCloud) -> None:
    backend = braket(s3_bucket="results", resilience=replace(QUICK, max_in_flight=3))

    results = backend.execute_batch([QuantumCircuit(1).x(0)] * 8, 10)

    assert all(result.success for result in results)
    assert cloud.ledger.most_under_way <= 3


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (aws_error("UnrecognizedClientException"), BackendStatus.UNAUTHORIZED),
        (aws_error("InternalServiceException"), BackendStatus.UNKNOWN),
        (drop_before(), BackendStatus.OFFLINE),
    ],
)
def test_the_status_never_raises(
    braket: Make, proxy: LoopbackProxy, fault: Fault, status: BackendStatus
) -> None:
    proxy.faults.on(*PHASES["device"], fault, times=None)

    backend = braket(s3_bucket="results")

    assert backend.get_status() is status
    assert backend.get_queue_info().length is None


def test_wrong_credentials_are_found_by_the_signature(
    braket: Make, proxy: LoopbackProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")

    with pytest.raises(BackendAuthError, match="signature"):
        braket(s3_bucket="results").execute(lopsided(), 50)

    assert proxy.count() == 1


def test_no_credentials_say_what_to_do(braket: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(BackendAuthError, match="aws configure"):
        braket(s3_bucket="results").execute(lopsided(), 50)


def test_no_region_says_what_to_do(braket: Make) -> None:
    with pytest.raises(BackendError, match="AWS_DEFAULT_REGION"):
        braket(region=None, s3_bucket="results").execute(lopsided(), 50)


def test_a_job_can_be_cancelled(braket: Make, cloud: BraketCloud) -> None:
    cloud.ledger.hold = True
    job = braket(s3_bucket="results").submit(lopsided(), 50)

    assert job.cancel()
    result = job.result(timeout=10)

    assert job.status() is JobState.CANCELLED
    assert not result.success
    assert result.error_code == "cancelled"


def test_a_job_that_ended_cannot_be_cancelled(braket: Make, cloud: BraketCloud) -> None:
    backend = braket(s3_bucket="results", store=MemoryJobStore())
    job = backend.submit(lopsided(), 50)
    cloud.ledger.last.end("COMPLETED")

    assert not job.cancel()
