"""Faults on the wire: what the user gets, and how many jobs the service then has.

Every row ends in a result or in the documented error, with the number of jobs that the row says; a
second submission of one job would show as one too many. The table of docs/providers/ibm.md is this one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from ibm_service import IBMCloud
from ibm_service.cloud import RUNTIME_HOST

from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    JobNotFoundError,
    QuotaExceededError,
    RateLimitError,
    SubmissionUnknownError,
)
from coratrix.backend.provider import JobState, Resilience
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm import IBMBackend
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

BRISK = Resilience(
    first_pause_s=0.01, longest_pause_s=0.02, first_poll_s=0.01, longest_poll_s=0.02,
    request_timeout_s=20.0, submit_timeout_s=20.0, attempts=3, breaker_failures=50, poll_patience_s=0.1,
)  # fmt: skip
IMPATIENT = replace(BRISK, request_timeout_s=2.5, submit_timeout_s=2.5, attempts=2)
CIRCUIT = QuantumCircuit(3).x(0).measure_all()
OK = None
ALWAYS = None
AFTER_5 = {"Retry-After": "5"}
ERROR_BODY = b'{"trace": "t", "errors": [{"code": 1234, "message": "said by IBM"}]}'

IAM = ("POST", "iam.cloud.ibm.com", "/identity/token")
SEARCH = ("POST", "api.global-search-tagging.cloud.ibm.com", ".*")
LIST = ("GET", RUNTIME_HOST, "/api/v1/backends")
SUBMIT = ("POST", RUNTIME_HOST, "/api/v1/jobs")
POLL = ("GET", RUNTIME_HOST, "/api/v1/jobs/[^/]+")
FETCH = ("GET", RUNTIME_HOST, "/api/v1/jobs/[^/]+/results")
METRICS = ("GET", RUNTIME_HOST, "/api/v1/jobs/[^/]+/metrics")


@dataclass(frozen=True)
class Row:
    """A fault, how often it strikes, what the user gets (None: the counts), and the jobs of the service."""

    where: tuple[str, str, str]
    fault: Fault
    times: int | None
    outcome: type[BackendError] | None
    jobs: int
    paused_s: float | None = None

    def __str__(self) -> str:
        phase = {IAM: "login", SEARCH: "search", LIST: "list", SUBMIT: "submit", POLL: "poll"}
        phase |= {FETCH: "fetch", METRICS: "metrics"}
        headers = self.fault.response.headers if self.fault.response else {}
        after = " retry-after" if headers else ""
        return f"{phase[self.where]}-{self.fault}{after}-{self.times or 'always'}"


ROWS = [
    Row(
        IAM,
        answer(400, b'{"errorCode": "BXNIM0415E", "errorMessage": "no such key"}'),
        ALWAYS,
        BackendAuthError,
        0,
    ),
    Row(IAM, answer(429, headers=AFTER_5), 1, OK, 1, 5.0),
    Row(IAM, answer(503), 1, OK, 1),
    Row(IAM, answer(500), ALWAYS, BackendUnavailableError, 0),
    Row(IAM, drop_before(), 1, OK, 1),
    Row(IAM, drop_before(), ALWAYS, BackendConnectionError, 0),
    Row(IAM, silent_before(), ALWAYS, BackendTimeoutError, 0),
    Row(IAM, garble(), ALWAYS, BackendResponseError, 0),
    Row(SEARCH, answer(503), 1, OK, 1),
    Row(SEARCH, drop_before(), ALWAYS, BackendConnectionError, 0),
    Row(LIST, answer(503), 2, OK, 1),
    Row(LIST, answer(403, ERROR_BODY), ALWAYS, BackendAuthError, 0),
    Row(LIST, drop_before(), ALWAYS, BackendConnectionError, 0),
    Row(LIST, garble(), ALWAYS, BackendResponseError, 0),
    Row(SUBMIT, answer(401, ERROR_BODY), 1, OK, 1),
    Row(SUBMIT, answer(401, ERROR_BODY), ALWAYS, BackendAuthError, 0),
    Row(SUBMIT, answer(403, ERROR_BODY), ALWAYS, BackendAuthError, 0),
    Row(SUBMIT, answer(400, ERROR_BODY), ALWAYS, BackendError, 0),
    Row(SUBMIT, answer(409, ERROR_BODY), ALWAYS, QuotaExceededError, 0),
    Row(SUBMIT, answer(429, headers=AFTER_5), 2, OK, 1, 5.0),
    Row(SUBMIT, answer(429), 2, OK, 1),
    Row(SUBMIT, answer(429), ALWAYS, RateLimitError, 0),
    Row(SUBMIT, answer(500, ERROR_BODY), 1, OK, 1),
    Row(SUBMIT, answer(503, headers=AFTER_5), 1, OK, 1, 5.0),
    Row(SUBMIT, answer(503), ALWAYS, BackendUnavailableError, 0),
    Row(SUBMIT, drop_before(), 1, SubmissionUnknownError, 0),
    Row(SUBMIT, drop_after(), 1, OK, 1),
    Row(SUBMIT, silent_before(), 1, SubmissionUnknownError, 0),
    Row(SUBMIT, silent_after(), 1, OK, 1),
    Row(SUBMIT, garble(), 1, OK, 1),
    Row(SUBMIT, garble(b'{"unexpected": true}'), 1, OK, 1),
    Row(SUBMIT, truncate(), 1, OK, 1),
    Row(SUBMIT, delay(0.3), 1, OK, 1),
    Row(POLL, answer(401, ERROR_BODY), 1, OK, 1),
    Row(POLL, answer(401, ERROR_BODY), ALWAYS, BackendAuthError, 1),
    Row(POLL, answer(404, ERROR_BODY), ALWAYS, JobNotFoundError, 1),
    Row(POLL, answer(429, headers=AFTER_5), 2, OK, 1, 5.0),
    Row(POLL, answer(429), 2, OK, 1),
    Row(POLL, answer(500), 2, OK, 1),
    Row(POLL, answer(503), 2, OK, 1),
    Row(POLL, answer(503), ALWAYS, BackendUnavailableError, 1),
    Row(POLL, drop_before(), 2, OK, 1),
    Row(POLL, drop_after(), 2, OK, 1),
    Row(POLL, silent_before(), 1, OK, 1),
    Row(POLL, garble(), 1, OK, 1),
    Row(POLL, garble(b'{"id": "x", "state": {"status": "Levitating"}}'), ALWAYS, BackendResponseError, 1),
    Row(POLL, truncate(), 1, OK, 1),
    Row(POLL, delay(0.3), 1, OK, 1),
    Row(FETCH, answer(204), 2, OK, 1),
    Row(FETCH, answer(204), ALWAYS, BackendResponseError, 1),
    Row(FETCH, answer(401, ERROR_BODY), 1, OK, 1),
    Row(FETCH, answer(429, headers=AFTER_5), 1, OK, 1, 5.0),
    Row(FETCH, answer(500), 2, OK, 1),
    Row(FETCH, drop_before(), 1, OK, 1),
    Row(FETCH, silent_after(), 1, OK, 1),
    Row(FETCH, garble(), 1, OK, 1),
    Row(FETCH, garble(), ALWAYS, BackendResponseError, 1),
    Row(FETCH, truncate(), 1, OK, 1),
    Row(METRICS, answer(500), ALWAYS, OK, 1),
    Row(METRICS, garble(b"[]"), ALWAYS, OK, 1),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_fault_ends_in_the_counts_or_the_documented_error(
    row: Row, service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    clock = FakeClock()
    backend = service_backend(clock=clock, resilience=IMPATIENT if "silent" in str(row) else BRISK)
    if row.where not in (IAM, SEARCH, LIST):
        backend.get_capabilities()  # logged in already: the fault meets the job itself
    rule = proxy.faults.on(*row.where, row.fault, times=row.times)

    got: Any
    try:
        got = backend.execute(CIRCUIT, 50)
    except BackendError as exc:
        got = exc

    assert rule.hits > 0
    assert len(cloud.ledger) == row.jobs
    if row.outcome is OK:
        assert not isinstance(got, BackendError), got
        assert got.counts == {"100": 50}
    else:
        assert type(got) is row.outcome, got
        assert got.backend == "ibm"
    if row.paused_s is not None:
        assert row.paused_s in clock.pauses


def test_a_lost_answer_is_found_by_its_tag(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    backend = service_backend()
    proxy.faults.on(*SUBMIT, drop_after())

    result = backend.execute(CIRCUIT, 50, tags=["mine"])

    (job,) = cloud.ledger
    assert job.request.tags == [result.job_id, "mine"]
    assert result.metadata["vendor_job_id"] == job.id
    assert proxy.count("POST", path=SUBMIT[2]) == 1


def test_a_submission_that_stays_unknown_resolves_itself_later(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    backend = service_backend(resilience=BRISK)
    backend.get_capabilities()
    proxy.faults.on(*SUBMIT, drop_after())
    proxy.faults.on("GET", RUNTIME_HOST, "/api/v1/jobs", answer(503), times=3)  # the look-up fails as well

    with pytest.raises(SubmissionUnknownError) as caught:
        backend.execute(CIRCUIT, 50)
    job = caught.value.job

    assert job is not None
    assert job.result(timeout=20).counts == {"100": 50}
    assert len(cloud.ledger) == 1
    assert proxy.count("POST", path=SUBMIT[2]) == 1


def test_a_deadline_leaves_the_job_alive_and_hands_it_back(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    backend = service_backend()
    backend.get_capabilities()
    cloud.course = ["Queued"] * 10_000

    with pytest.raises(BackendTimeoutError, match="still") as caught:
        backend.execute(CIRCUIT, 50, timeout=0.5)
    (theirs,) = cloud.ledger
    theirs.course = ["Running", "Completed"]

    assert isinstance(caught.value, TimeoutError)
    assert caught.value.job is not None
    assert caught.value.job.result(timeout=20).counts == {"100": 50}
    assert len(cloud.ledger) == 1


def test_a_deadline_bounds_a_service_that_says_nothing(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    import time

    backend = service_backend()
    backend.get_capabilities()
    proxy.faults.on(*POLL, silent_before(), times=ALWAYS)
    started = time.monotonic()

    with pytest.raises(BackendTimeoutError) as caught:
        backend.execute(CIRCUIT, 50, timeout=1.0)

    assert time.monotonic() - started < 3.0
    assert caught.value.job is not None
    assert len(cloud.ledger) == 1


def test_polling_outlives_an_outage_that_outlives_our_patience(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    backend = service_backend(resilience=BRISK)
    job = backend.submit(CIRCUIT, 50)
    proxy.faults.on(*POLL, answer(503), times=ALWAYS)

    with pytest.raises(BackendUnavailableError):
        job.result(timeout=20)
    proxy.faults.clear()

    assert job.result(timeout=20).counts == {"100": 50}
    assert len(cloud.ledger) == 1


def test_wrong_key_and_dead_network_are_told_apart(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.faults.cut_off("*", times=ALWAYS)
    with pytest.raises(BackendConnectionError):
        service_backend(resilience=BRISK).get_capabilities()
    proxy.faults.clear()
    monkeypatch.setenv("IBM_QUANTUM_TOKEN", "not-the-key")

    with pytest.raises(BackendAuthError, match="IBM_QUANTUM_TOKEN"):
        service_backend().get_capabilities()


def test_the_key_never_goes_to_the_runtime_host(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    """The bare SDK sends ``Authorization: apikey …`` there when IAM cannot be reached."""
    backend = service_backend(resilience=BRISK)
    backend.get_capabilities()
    backend.close()
    proxy.faults.on(*IAM, drop_before(), times=ALWAYS, skip=1)  # Global Search gets a token, the runtime none

    with pytest.raises(BackendConnectionError):
        backend.execute(CIRCUIT, 50)

    key = cloud.identity.api_key
    told = [one.request for one in proxy.log if one.request.host != IAM[1]]
    assert told
    for request in told:
        assert key not in repr(request)
        assert not request.headers.get("authorization", "").lower().startswith("apikey")


def test_a_failed_job_carries_ibms_reason_and_code(
    service_backend: Callable[..., IBMBackend], cloud: IBMCloud
) -> None:
    cloud.failure = ("The calibration of qubit 3 was lost", 8067)

    result = service_backend().execute(CIRCUIT, 50)

    assert not result.success
    assert result.error == "The calibration of qubit 3 was lost"
    assert result.error_code == "8067"


def test_cancelling(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    backend = service_backend()
    cloud.course = ["Queued"] * 1000
    job = backend.submit(CIRCUIT, 50)

    assert job.cancel()
    assert job.status() is JobState.CANCELLED
    assert not job.result().success
    assert not job.cancel()


def test_cancelling_too_late_says_so(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    backend = service_backend()
    job = backend.submit(CIRCUIT, 50)
    (theirs,) = cloud.ledger
    while theirs.status != "Completed":
        theirs.look()

    assert job.cancel() is False
    assert job.result(timeout=20).counts == {"100": 50}


def test_the_limit_on_submissions_is_kept(
    service_backend: Callable[..., IBMBackend], cloud: IBMCloud
) -> None:
    """IBM allows 5 a minute, whichever backend object sends them; the sixth and seventh wait their turn."""
    clock = FakeClock()
    backends = [service_backend(name, clock=clock, jobs_per_minute=5.0) for name in ("one", "other")]

    for turn in range(7):
        backends[turn % 2].submit(CIRCUIT, 10)

    assert len(cloud.ledger) == 7
    assert sum(pause > 5 for pause in clock.pauses) == 2
