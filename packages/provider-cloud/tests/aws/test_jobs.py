"""A task outlives the process that sent it, is sent once, and is found again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from aws_service import BraketCloud

from coratrix.backend import JobNotFoundError, JobState
from coratrix.core import QuantumCircuit
from coratrix.providers.aws import BraketBackend
from coratrix.testing.loopback import LoopbackProxy, silent_after

Make = Callable[..., BraketBackend]

HEAD = """
import json, sys
from coratrix.backend import BackendConfiguration
from coratrix.core import QuantumCircuit
from coratrix.providers.aws import BraketBackend
backend = BraketBackend(BackendConfiguration("aws_braket", "cloud", {
    "provider": "aws", "device": "SV1", "region": "us-east-1", "s3_bucket": "results"}))
"""
SUBMIT = HEAD + (
    "c = QuantumCircuit(3, registers=[('u', 2), ('v', 1)]).x(0).measure([0, 1, 2], [2, 1, 0])\n"
    "job = backend.submit(c, 40)\n"
    "print(json.dumps([job.id, job.vendor_job_id]))\n"
)
ATTACH = HEAD + (
    "result = backend.job(sys.argv[1]).result(timeout=30)\n"
    "print(json.dumps([dict(result.counts), result.layout, result.shots]))\n"
)


def python(code: str, *arguments: str) -> Any:
    """What another process prints, as JSON. It has ordinary user code and the environment of the test.

    Like most programs it leaves the job store open when it ends, of which Python 3.13 warns.
    """
    done = subprocess.run(
        [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", code, *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


@pytest.mark.usefixtures("proxy")
@pytest.mark.parametrize("by", ["our id", "ARN"])
def test_a_job_is_found_again_in_another_process(cloud: BraketCloud, by: str) -> None:
    job_id, arn = python(SUBMIT)

    counts, layout, shots = python(ATTACH, job_id if by == "our id" else arn)

    assert counts == {"001": 40}
    assert layout == [["u", 2], ["v", 1]]
    assert shots == 40
    assert len(cloud.ledger) == 1


def test_a_task_of_the_account_can_be_attached_by_its_arn_alone(braket: Make, cloud: BraketCloud) -> None:
    arn = braket(s3_bucket="results").submit(QuantumCircuit(2).x(1), 25).vendor_job_id
    stranger = braket(s3_bucket="results")

    result = stranger.job(arn).result(timeout=10)

    assert result.counts == {"01": 25}
    assert result.shots == 25
    assert result.metadata["attached"] is True
    assert stranger.job(arn).status() is JobState.SUCCEEDED


def test_a_task_of_another_region_is_asked_there(braket: Make, proxy: LoopbackProxy) -> None:
    arn = braket(region="us-west-2", s3_bucket="results").submit(QuantumCircuit(2).x(1), 25).vendor_job_id

    assert braket(region="us-east-1").job(arn).result(timeout=10).counts == {"01": 25}


def test_a_task_that_nobody_knows_is_told(braket: Make) -> None:
    arn = "arn:aws:braket:us-east-1:123456789012:quantum-task/5f1a0c9e-0000-4000-8000-000000000001"

    with pytest.raises(JobNotFoundError):
        braket(s3_bucket="results").job(arn)
    with pytest.raises(JobNotFoundError):
        braket(s3_bucket="results").job("crx-unknown")


def test_a_process_killed_while_it_waits_for_the_answer_loses_nothing(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy, tmp_path: Any
) -> None:
    proxy.faults.on("POST", "braket.*", "/quantum-task", silent_after())
    child = subprocess.Popen([sys.executable, "-c", SUBMIT], stdout=subprocess.PIPE)
    _until(lambda: len(cloud.ledger) == 1, child)

    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    from coratrix.backend.store import open_store

    (record,) = open_store().list(unfinished=True)
    counts, layout, _ = python(ATTACH, record.id)

    assert record.vendor_job_id is None  # the answer never came
    assert counts == {"001": 40}
    assert layout == [["u", 2], ["v", 1]]
    assert len(cloud.ledger) == 1
    assert cloud.ledger.submissions == 1


def _until(holds: Callable[[], bool], child: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert child.poll() is None, "the child ended too soon"
        assert time.monotonic() < deadline
        time.sleep(0.01)
