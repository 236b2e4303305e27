"""Whatever goes wrong on the way to Azure and back, one job at most is there and the caller knows the end."""

from __future__ import annotations

import json
from typing import Any

import pytest
from azure_service import AzureCloud, azure_error

from coratrix.backend import BackendStatus, JobState
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    ConfigurationError,
    QuotaExceededError,
    RateLimitError,
    SubmissionUnknownError,
)
from coratrix.backend.provider import Resilience
from coratrix.core import QuantumCircuit
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

TARGET = "ionq.simulator"
PLANE, BLOBS = "*.quantum.azure.com", "*.blob.core.windows.net"
PHASES = {
    "targets": ("GET", PLANE, ".*/providerStatus"),
    "storage": ("POST", PLANE, ".*/storage/sasUri"),
    "upload": ("PUT", BLOBS, ".*/inputData"),
    "create": ("PUT", PLANE, ".*/jobs/[^/:]+"),
    "poll": ("GET", PLANE, ".*/jobs/[^/:]+"),
    "fetch": ("GET", BLOBS, ".*/rawOutputData"),
}
PASSING: dict[str, Fault] = {
    "408": azure_error(408),
    "429 at once": azure_error(429, headers={"Retry-After": "0"}),
    "429": azure_error(429),
    "500": azure_error(500),
    "503": azure_error(503),
    "503 without a body": answer(503),
    "slow": delay(0.05),
    "dropped before": drop_before(),
    "dropped after": drop_after(),
    "garbled": garble(),
    "truncated": truncate(),
}
LASTING: dict[str, tuple[Fault, type[BackendError]]] = {
    "401": (answer(401), BackendAuthError),
    "403": (azure_error(403), BackendAuthError),
    "424": (azure_error(424), BackendUnavailableError),
    "402": (azure_error(402), QuotaExceededError),
    "429": (azure_error(429), RateLimitError),
    "503": (azure_error(503), BackendUnavailableError),
    "dropped": (drop_before(), BackendConnectionError),
}
HASTY = Resilience(
    attempts=2, first_pause_s=0.001, longest_pause_s=0.001, first_poll_s=0.001, longest_poll_s=0.001,
    request_timeout_s=5.0, submit_timeout_s=5.0, poll_patience_s=0.0, breaker_failures=100,
)  # fmt: skip


def lopsided() -> QuantumCircuit:
    return QuantumCircuit(3, num_clbits=3).x(0).x(1).measure([0, 1, 2], [0, 1, 2])


@pytest.mark.parametrize("fault", PASSING)
@pytest.mark.parametrize("phase", PHASES)
def test_what_passes_is_waited_out_with_one_job(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy, phase: str, fault: str
) -> None:
    rule = proxy.faults.on(*PHASES[phase], PASSING[fault])

    result = make_backend(TARGET).execute(lopsided(), 20)

    assert result.counts == {"110": 20}
    assert rule.hits == 1
    assert len(cloud.workspace.jobs) == 1


@pytest.mark.parametrize("fault", LASTING)
@pytest.mark.parametrize("phase", PHASES)
def test_what_lasts_ends_in_the_documented_error(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy, phase: str, fault: str
) -> None:
    planned, expected = LASTING[fault]
    on_blobs = phase in ("upload", "fetch")
    if on_blobs and fault == "402":
        pytest.skip("blob storage has no quota of jobs")
    if phase == "create" and fault in ("503", "dropped"):
        expected = SubmissionUnknownError  # its job is asked about later; see the errors' own page
    backend = make_backend(TARGET, resilience=HASTY)
    proxy.faults.on(*PHASES[phase], planned, times=None)

    with pytest.raises(expected) as caught:
        backend.execute(lopsided(), 20)

    assert str(caught.value)
    assert len(cloud.workspace.jobs) == (1 if phase in ("poll", "fetch") else 0)


def test_a_conflict_on_a_job_that_is_not_there_is_not_taken_for_ours(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy
) -> None:
    proxy.faults.on(*PHASES["create"], azure_error(409), times=None)

    with pytest.raises(BackendError) as caught:
        make_backend(TARGET).execute(lopsided(), 20)

    assert caught.value.code == "conflict"
    assert not cloud.workspace.jobs


@pytest.mark.parametrize("repeat_status", [200, 409])
def test_a_lost_answer_to_a_submission_makes_no_second_job(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy, repeat_status: int
) -> None:
    """Whether the service repeats its yes or calls the repetition a conflict."""
    cloud.workspace.repeat_status = repeat_status
    proxy.faults.on(*PHASES["create"], drop_after(), times=2)

    result = make_backend(TARGET).execute(lopsided(), 20)

    assert result.counts == {"110": 20}
    assert cloud.workspace.repeats == 2
    assert len(cloud.workspace.jobs) == 1


@pytest.mark.parametrize("silence", [silent_before, silent_after])
def test_silence_on_a_submission_ends_in_one_job(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy, silence: Any
) -> None:
    proxy.faults.on(*PHASES["create"], silence())
    patient = Resilience(
        first_pause_s=0.001,
        first_poll_s=0.001,
        longest_poll_s=0.01,
        request_timeout_s=10.0,
        submit_timeout_s=1.0,
    )

    result = make_backend(TARGET, resilience=patient).execute(lopsided(), 20)

    assert result.counts == {"110": 20}
    assert len(cloud.workspace.jobs) == 1


def test_a_service_that_falls_silent_ends_at_the_callers_timeout_and_the_job_lives_on(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy
) -> None:
    backend = make_backend(TARGET, resilience=HASTY)
    job = backend.submit(lopsided(), 20)
    proxy.faults.on(*PHASES["poll"], silent_before(), times=None)

    with pytest.raises(BackendTimeoutError) as caught:
        job.result(timeout=0.3)
    proxy.faults.clear()

    assert caught.value.job.result(timeout=10).counts == {"110": 20}
    assert len(cloud.workspace.jobs) == 1


def test_a_login_that_ends_in_mid_poll_can_be_repaired(make_backend: Any, proxy: LoopbackProxy) -> None:
    job = make_backend(TARGET).submit(lopsided(), 20)
    proxy.faults.on(*PHASES["poll"], answer(401))

    with pytest.raises(BackendAuthError, match="az login"):
        job.result(timeout=10)

    assert job.result(timeout=10).counts == {"110": 20}


def test_an_unreachable_service_is_offline(make_backend: Any, proxy: LoopbackProxy) -> None:
    proxy.faults.cut_off(PLANE)
    backend = make_backend(TARGET, resilience=HASTY)

    assert backend.get_status() is BackendStatus.OFFLINE
    with pytest.raises(ConnectionError):
        backend.execute(lopsided(), 20)


def test_a_missing_result_says_so(make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy) -> None:
    cloud.workspace.lose_results = True

    with pytest.raises(BackendResponseError, match="rawOutputData") as caught:
        make_backend(TARGET, resilience=HASTY).execute(lopsided(), 20)

    assert caught.value.code == "result_missing"


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"not json",
        b'{"DataFormat": "microsoft.quantum-results.v2"}',
        b'{"Results": []}',
        b'{"Results": [{"Histogram": [{"Outcome": [0, 1], "Count": 20}]}]}',
        b'{"Results": [{"Histogram": [{"Outcome": [0, 1, 1]}]}]}',
        b"[]",
    ],
)
def test_a_result_that_cannot_be_read_is_an_error_and_never_counts(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy, payload: bytes
) -> None:
    cloud.workspace.result_override = payload

    with pytest.raises(BackendResponseError):
        make_backend(TARGET, resilience=HASTY).execute(lopsided(), 20)


def test_a_job_that_fails_returns_the_providers_own_words(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy
) -> None:
    backend = make_backend("rigetti.sim.qvm")
    job = backend.submit(lopsided(), 20)
    (stored,) = cloud.workspace.jobs.values()
    cloud.storage.blobs[f"job-{stored.id}"]["inputData"] = b"no program at all"

    result = job.result(timeout=10)

    assert not result.success
    assert "entry point" in str(result.error)
    assert result.error_code == "InvalidInputData"
    assert job.status() is JobState.FAILED


def test_what_the_service_refuses_is_told_in_its_words(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy
) -> None:
    backend = make_backend(TARGET)
    backend.get_capabilities()
    cloud.workspace.targets[TARGET]["targetProfile"] = None  # takes no QIR any more

    with pytest.raises(CircuitValidationError, match=r"does not turn qir\.v1"):
        backend.execute(lopsided(), 20)

    assert not cloud.workspace.jobs


def test_one_failure_does_not_lose_a_batch(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy
) -> None:
    backend = make_backend(TARGET)
    circuits = [QuantumCircuit(2).x(0), QuantumCircuit(2).x(1), QuantumCircuit(2).x(0).x(1)]
    proxy.faults.on(*PHASES["create"], azure_error(403), skip=1)

    results = backend.execute_batch(circuits, 20)

    assert [result.success for result in results] == [True, False, True]
    assert [results[0].counts, results[2].counts] == [{"10": 20}, {"11": 20}]
    assert len(cloud.workspace.jobs) == 2


def test_the_workspace_that_is_not_there_is_a_matter_of_configuration(
    make_backend: Any, proxy: LoopbackProxy
) -> None:
    proxy.faults.on(*PHASES["targets"], azure_error(404, "WorkspaceNotFound", "no such workspace"))

    with pytest.raises(ConfigurationError, match="no such workspace"):
        make_backend(TARGET).execute(lopsided(), 20)


def test_the_pause_that_the_service_asks_for_is_kept(make_backend: Any, proxy: LoopbackProxy) -> None:
    proxy.faults.on(*PHASES["create"], azure_error(429, headers={"Retry-After": "17"}), times=None)

    with pytest.raises(RateLimitError) as caught:
        make_backend(TARGET).execute(lopsided(), 20, timeout=5)

    assert caught.value.retry_after == 17


def test_the_bodies_sent_are_small_json(make_backend: Any, proxy: LoopbackProxy) -> None:
    make_backend(TARGET).execute(lopsided(), 20, tags=("night", "run"), job_name="mine")

    (created,) = [
        one.request for one in proxy.log if one.request.method == "PUT" and "/jobs/" in one.request.path
    ]
    body = json.loads(created.body)
    assert body["name"] == "mine"
    assert body["tags"] == ["night", "run"]
    assert body["inputParams"]["shots"] == 20
    assert "sig=" not in body["inputDataUri"]
