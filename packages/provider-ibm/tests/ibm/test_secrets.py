"""A canary key is put through every surface; it must show up on none but IBM's identity service."""

from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from ibm_service import IBMCloud
from ibm_service.cloud import API_KEY, RUNTIME_HOST

from coratrix.backend.errors import BackendError
from coratrix.backend.provider import BackendConfiguration, Resilience, open_store
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm import IBMBackend
from coratrix.testing.loopback import LoopbackProxy, answer, drop_before, garble

CIRCUIT = QuantumCircuit(2).x(0)
ONCE = Resilience(attempts=1, first_poll_s=0.01, longest_poll_s=0.02, poll_patience_s=0.01)
FAULTS = {
    "IAM refuses": ("POST", "iam.*", ".*", answer(400, b'{"errorMessage": "Provided API key not found"}')),
    "IAM fails": ("POST", "iam.*", ".*", answer(500)),
    "IAM is gone": ("POST", "iam.*", ".*", drop_before()),
    "IAM speaks nonsense": ("POST", "iam.*", ".*", garble()),
    "search is gone": ("POST", "api.global*", ".*", drop_before()),
    "runtime refuses": ("GET", RUNTIME_HOST, ".*/backends", answer(401)),
    "submit fails": ("POST", RUNTIME_HOST, ".*/jobs", answer(503)),
    "submit is dropped": ("POST", RUNTIME_HOST, ".*/jobs", drop_before()),
    "poll fails": ("GET", RUNTIME_HOST, ".*/jobs/[^/]+", answer(503)),
}


def told(error: BaseException) -> str:
    """All that a traceback with locals, a log or a crash reporter would show of an exception and its causes."""
    shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    link: BaseException | None = error
    while link is not None:
        request = getattr(link, "request", None)
        shown += repr(link) + str(link) + repr(vars(link)) + repr(getattr(request, "body", None))
        link = link.__cause__ or link.__context__
    return shown


def with_key_in_configuration() -> BackendConfiguration:
    return BackendConfiguration(
        "ibm", "hardware", {"provider": "ibm", "device": "ibm_lagos", "token": API_KEY}
    )


def test_the_objects_do_not_show_it() -> None:
    config = with_key_in_configuration()
    backend = IBMBackend(config)
    shown = [
        repr(config), str(config), f"{config}", repr(config.connection_params), str(config.to_dict()),
        repr(backend), str(backend), repr(backend.parameters), str(backend.parameters.model_dump()),
        backend.parameters.model_dump_json(fallback=str), repr(vars(backend)), repr(copy.copy(backend.parameters)),
        str(pickle.dumps(config)), str(pickle.dumps(backend.parameters)),
    ]  # fmt: skip

    assert all(API_KEY not in text for text in shown)


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("where", ["configuration", "environment"])
def test_no_error_shows_it(
    name: str,
    where: str,
    proxy: LoopbackProxy,
    cloud: IBMCloud,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    config = with_key_in_configuration()
    if where == "configuration":
        monkeypatch.delenv("IBM_QUANTUM_TOKEN")
    else:
        config = BackendConfiguration("ibm", "hardware", {"provider": "ibm", "device": "ibm_lagos"})
    backend = IBMBackend(config, store=open_store(f"sqlite:///{tmp_path}/jobs.db"), resilience=ONCE)
    method, host, path, fault = FAULTS[name]
    rule = proxy.faults.on(method, host, path, fault, times=None)

    with pytest.raises(BackendError) as caught:
        backend.execute(CIRCUIT, 10)

    assert rule.hits
    assert API_KEY not in told(caught.value)
    assert all(API_KEY.encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    backend.close()


def test_a_successful_job_leaves_it_nowhere(
    proxy: LoopbackProxy, cloud: IBMCloud, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backend = IBMBackend(with_key_in_configuration(), store=open_store(f"sqlite:///{tmp_path}/jobs.db"))
    with caplog.at_level(logging.DEBUG):
        result = backend.execute(CIRCUIT, 10)
    connected: Any = backend.client

    assert API_KEY not in caplog.text
    assert API_KEY not in repr(result) + str(result.to_dict())
    assert API_KEY not in repr(backend.store.list()) + repr(connected) + repr(vars(connected))
    assert API_KEY not in repr(backend.store.get(result.job_id or ""))
    assert all(API_KEY.encode() not in file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    holders = {one.request.host for one in proxy.log if API_KEY in repr(one.request)}
    assert holders == {"iam.cloud.ibm.com"}
    backend.close()


PRINT_ALL = """
import logging, sys
logging.basicConfig(level=logging.DEBUG, stream=sys.stderr)
from coratrix.backend.provider import BackendConfiguration
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm import IBMBackend
backend = IBMBackend(BackendConfiguration("ibm", "hardware", {"provider": "ibm", "device": "ibm_lagos"}))
print(backend.execute(QuantumCircuit(2).x(0), 10))
print(backend.get_status_report(), backend.get_queue_info(), backend.usage())
raise SystemExit("end")
"""


def test_a_program_that_logs_everything_does_not_print_it(proxy: LoopbackProxy) -> None:
    child = subprocess.run(
        [sys.executable, "-c", PRINT_ALL], capture_output=True, text=True, timeout=180, check=False
    )

    assert "'10': 10" in child.stdout, child.stderr
    assert "DEBUG" in child.stderr
    assert API_KEY not in child.stdout + child.stderr
