"""The credentials reach Amazon's signature and nothing else: not a text, not a log, not a file."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_service import ACCESS_KEY, SECRET_KEY, BraketCloud, aws_error

from coratrix.backend import BackendConfiguration, BackendError
from coratrix.backend.store import open_store
from coratrix.core import QuantumCircuit
from coratrix.providers.aws import BraketBackend
from coratrix.testing.loopback import LoopbackProxy

Make = Callable[..., BraketBackend]


@pytest.fixture
def backend(braket: Make, monkeypatch: pytest.MonkeyPatch) -> BraketBackend:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return braket(
        s3_bucket="results",
        store=open_store(),
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )


def assert_clean(*texts: Any) -> None:
    for text in texts:
        assert SECRET_KEY not in str(text)


def test_no_text_of_the_backend_shows_the_secret(backend: BraketBackend) -> None:
    shown = [repr, str, lambda x: f"{x}", lambda x: repr(vars(x))]

    for value in (backend, backend.config, backend.parameters, backend.client):
        assert_clean(*(show(value) for show in shown))
    assert_clean(json.dumps(backend.config.to_dict()), backend.parameters.model_dump())
    assert_clean(repr(copy.deepcopy(backend.config)), repr(pickle.dumps(backend.config)))
    assert SECRET_KEY.encode() not in pickle.dumps(backend.config)


def test_no_log_shows_the_secret(
    backend: BraketBackend, caplog: pytest.LogCaptureFixture, cloud: BraketCloud
) -> None:
    with caplog.at_level(logging.DEBUG):
        backend.execute(QuantumCircuit(2).x(0), 10)

    assert len(cloud.ledger) == 1
    assert any(record.name.startswith("botocore") for record in caplog.records)
    assert_clean(caplog.text, *(record.getMessage() for record in caplog.records))


@pytest.mark.parametrize(
    "code", ["UnrecognizedClientException", "InternalServiceException", "ValidationException"]
)
def test_no_error_shows_the_secret(backend: BraketBackend, proxy: LoopbackProxy, code: str) -> None:
    proxy.faults.on("POST", "braket.*", "/quantum-task", aws_error(code), times=None)

    with pytest.raises(BackendError) as caught:
        backend.execute(QuantumCircuit(2).x(0), 10)

    report = traceback.TracebackException.from_exception(caught.value, capture_locals=False)
    assert_clean(repr(caught.value), caught.value, "".join(report.format(chain=True)))
    assert_clean(repr(caught.value.__cause__), vars(caught.value))


def test_our_own_frames_hold_no_readable_secret(backend: BraketBackend, proxy: LoopbackProxy) -> None:
    """What a crash reporter prints of the locals of our frames; the SDK's own frames are the SDK's."""
    proxy.faults.on("GET", "braket.*", "/device/.*", aws_error("AccessDeniedException"), times=None)

    with pytest.raises(BackendError) as caught:
        backend.execute(QuantumCircuit(2).x(0), 10)

    frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
    ours = [frame for frame in frames if "coratrix" in frame.f_code.co_filename]
    assert len(ours) > 3
    assert_clean(*(repr(frame.f_locals) for frame in ours))


def test_no_log_of_boto_shows_a_session_token(
    backend: BraketBackend, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """boto itself writes it into its debug log; temporary credentials are what most accounts use."""
    monkeypatch.setenv("AWS_SESSION_TOKEN", "FwoGcanary/token+with=signs==")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    params = {"provider": "aws", "device": "SV1", "region": "us-east-1", "s3_bucket": "results"}
    temporary = BraketBackend(BackendConfiguration("t", "cloud", params), resilience=backend.numbers)

    with caplog.at_level(logging.DEBUG):
        temporary.execute(QuantumCircuit(2).x(0), 10)

    assert "x-amz-security-token:**********" in caplog.text
    assert "FwoGcanary" not in caplog.text


def test_no_file_holds_the_secret(backend: BraketBackend, tmp_path: Path) -> None:
    backend.execute(QuantumCircuit(2).x(0), 10)

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name.startswith("jobs.db") for path in files)
    for path in files:
        assert SECRET_KEY.encode() not in path.read_bytes()


def test_no_request_carries_the_secret(backend: BraketBackend, proxy: LoopbackProxy) -> None:
    backend.execute(QuantumCircuit(2).x(0), 10)

    for exchange in proxy.log:
        assert_clean(exchange.request.headers, exchange.request.target, exchange.request.body)


def test_the_result_holds_no_secret(backend: BraketBackend) -> None:
    result = backend.execute(QuantumCircuit(2).x(0), 10)

    assert_clean(result, result.to_dict(), result._repr_html_())
