"""Jobs on a processor: found again by their id, cancelled, failed, and asked about their place in the queue."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from coratrix.backend.errors import BackendNotFoundError, BackendResponseError, UnknownOptionError
from coratrix.backend.jobs import JobState
from coratrix.backend.provider import BackendStatus
from coratrix.backend.store import open_store
from coratrix.core import QuantumCircuit
from coratrix.core.operations import Condition

CIRCUIT = QuantumCircuit(3, registers=[("zeta", 2), ("alpha", 1)]).x(0).measure([0, 1, 2], [0, 2, 1])
QUEUED = 1

SEND = """
import json, sys
from coratrix.backend import BackendConfiguration
from coratrix.backend.store import open_store
from coratrix.core import QuantumCircuit
from coratrix.providers.rigetti import RigettiBackend
config = BackendConfiguration("rigetti", "hardware", {"provider": "rigetti", "device": "Ankaa-loop"})
backend = RigettiBackend(config, store=open_store(sys.argv[1]))
circuit = QuantumCircuit.from_json(sys.argv[2])
job = backend.submit(circuit, 30)
print(json.dumps([job.id, job.vendor_job_id]), flush=True)
import os
os._exit(0)
"""


@pytest.mark.parametrize("by", [0, 1], ids=["our id", "the vendor's id"])
def test_a_job_is_found_again_in_another_process(make: Any, service: Any, tmp_path: Any, by: int) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    command = [sys.executable, "-c", SEND, url, CIRCUIT.to_json()]
    sent = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True, env=os.environ)
    job_id = json.loads(sent.stdout)[by]

    result = make(device="Ankaa-loop", store=open_store(url)).job(job_id).result(timeout=10)

    assert result.counts == {"100": 30}
    assert result.registers == {"zeta": {"10": 30}, "alpha": {"0": 30}}
    assert service.ledger.count("grpc", "ExecuteControllerJob") == 1


def test_results_are_fetched_once_and_kept(make: Any, service: Any) -> None:
    job = make(device="Ankaa-loop").submit(CIRCUIT, 30)

    first, again = job.result(), job.result()

    assert first.counts == again.counts == {"100": 30}
    assert service.ledger.count("grpc", "GetControllerJobResults") == 1
    assert first.execution_time == pytest.approx(0.001234)


def test_the_queue_is_what_the_controller_last_said_of_a_job(make: Any, service: Any) -> None:
    service.controller.holds_at = QUEUED
    backend = make(device="Ankaa-loop")
    unknown = backend.get_queue_info()

    backend.submit(CIRCUIT, 30).status()
    known = backend.get_queue_info()

    assert (unknown.length, unknown.estimated_wait_time) == (None, None)
    assert (known.length, known.estimated_wait_time, known.source) == (None, 9.0, "provider")


def test_a_queued_job_can_be_cancelled(make: Any, service: Any) -> None:
    service.controller.holds_at = QUEUED
    job = make(device="Ankaa-loop").submit(CIRCUIT, 30)

    assert job.status() is JobState.QUEUED
    assert job.cancel()
    assert job.result().error_code == "cancelled"


def test_a_finished_job_cannot(make: Any, service: Any) -> None:
    del service
    job = make(device="Ankaa-loop").submit(CIRCUIT, 30)
    job.result()

    assert not job.cancel()


def test_a_job_that_failed_comes_back_with_the_controllers_reason(make: Any, service: Any) -> None:
    service.controller.next_failure = "qubit 7 is warm"

    result = make(device="Ankaa-loop").execute(CIRCUIT, 30)

    assert not result.success
    assert "qubit 7 is warm" in str(result.error)
    assert result.error_code == "job_failed"


def test_an_execution_asks_no_more_than_it_must(make: Any, service: Any) -> None:
    backend = make(device="Ankaa-loop")
    backend.execute(CIRCUIT, 30)
    before = len(service.ledger.asked)

    backend.execute(CIRCUIT, 30)

    second = [asked.what for asked in service.ledger.asked[before:]]
    assert [w for w in second if w != "GetControllerJobStatus"] == [
        "quil_to_native_quil",
        "TranslateQuilToEncryptedControllerJob",
        "ExecuteControllerJob",
        "GetControllerJobResults",
    ]


def test_an_expired_token_is_refreshed_in_the_middle_of_a_job(make: Any, service: Any) -> None:
    service.controller.holds_at = QUEUED
    job = make(device="Ankaa-loop").submit(CIRCUIT, 30)
    service.tokens.good.clear()
    for stored in service.ledger.jobs.values():
        stored.holds_at = 3

    assert job.result(timeout=10).counts == {"100": 30}


def test_every_bit_has_its_column_and_what_was_not_measured_reads_0(make: Any, service: Any) -> None:
    del service
    circuit = QuantumCircuit(4, num_clbits=5).x(1).x(3).measure([3, 0, 1], [4, 0, 2])

    assert make(device="Ankaa-loop").execute(circuit, 12).counts == {"00101": 12}


def test_a_column_of_another_length_is_refused(make: Any, service: Any) -> None:
    job = make(device="Ankaa-loop").submit(CIRCUIT, 30)
    for stored in service.ledger.jobs.values():
        stored.readout = {node: bits[:-1] for node, bits in stored.readout.items()}

    with pytest.raises(BackendResponseError, match="29 bits for 30 shots"):
        job.result()


def test_statuses(make: Any, service: Any) -> None:
    assert make(device="Ankaa-loop").get_status() is BackendStatus.ONLINE

    service.rest.live = False
    offline = make(device="Ankaa-loop").get_status_report()
    unlisted = make(device="Ankaa-9").get_status_report()
    service.tokens.refresh_tokens = {"another"}
    service.tokens.good.clear()
    refused = make(device="Ankaa-loop").get_status()
    service.tokens.refresh_tokens = {"refresh-canary-5f1c"}

    assert offline.status is BackendStatus.OFFLINE
    assert "accessor" in offline.message
    assert unlisted.status is BackendStatus.OFFLINE
    assert "Ankaa-loop" in unlisted.message
    assert refused is BackendStatus.UNAUTHORIZED


def test_a_processor_that_does_not_exist_is_named(make: Any, service: Any) -> None:
    del service
    with pytest.raises(BackendNotFoundError, match="Ankaa-9"):
        make(device="Ankaa-9").execute(CIRCUIT, 30)


def test_what_a_processor_cannot_do_is_listed_before_anything_is_sent(make: Any, service: Any) -> None:
    backend = make(device="Ankaa-loop")
    circuit = QuantumCircuit(7, num_clbits=7).h(0).measure(0, 0).x(0).reset(1).delay(1e-7, 2)
    circuit.if_test(Condition((0,), (1,)), lambda b: b.x(1))

    errors = backend.validate(circuit).errors

    for words in ("7 qubits", "reset", "conditioned", "delay", "after it was measured"):
        assert any(words in error for error in errors), words
    assert service.ledger.count("quilc") == 0
    for option in ({"seed": 1}, {"noise_model": {"depolarizing_error": 0.1}}, {"optimization_level": 1}):
        with pytest.raises(UnknownOptionError):
            backend.execute(CIRCUIT, 30, **option)
