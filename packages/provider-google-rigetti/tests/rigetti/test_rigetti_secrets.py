"""A canary in the credentials, looked for in everything that leaves the adapter."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import sys
import traceback
from typing import Any

import pytest

from coratrix.backend.errors import BackendError
from coratrix.core import QuantumCircuit
from coratrix.testing.loopback import faults

REFRESH_CANARY = "refresh-canary-5f1c"
CIRCUIT = QuantumCircuit(2).x(0)


def canaries(service: Any) -> list[str]:
    """The refresh token, and the signed part of every access token that was issued."""
    return [REFRESH_CANARY, *(token.split(".")[1] for token in service.tokens.good)]


def assert_silent(service: Any, *texts: str) -> None:
    for text in texts:
        for canary in canaries(service):
            assert canary not in text


def test_nothing_that_a_user_can_look_at_shows_a_secret(
    make: Any, service: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    backend = make(device="Ankaa-loop")
    job = backend.submit(CIRCUIT, 10)
    result = job.result()

    assert len(canaries(service)) >= 3  # both tokens were really issued
    assert_silent(
        service,
        *(
            repr(thing)
            for thing in (backend, backend.client, backend.config, job, result, backend.parameters)
        ),
        *(str(thing) for thing in (backend, job, result, backend.get_capabilities())),
        repr(vars(backend)),
        repr(vars(backend.client)),
        repr(job.record),
        json.dumps(result.to_dict(), default=str),
        repr(backend.store.list()),
        pickle.dumps(result).decode("latin-1"),
        pickle.dumps(backend.config).decode("latin-1"),
        repr(copy.copy(backend.config)),
        caplog.text,
    )
    assert_silent(service, *capfd.readouterr())


@pytest.mark.parametrize(
    ("method", "host", "path", "fault"),
    [
        ("POST", "issuer", ".*", faults.answer(401, b"{}")),
        ("POST", "issuer", ".*", faults.drop_before()),
        ("GET", "qcs", ".*Architecture", faults.answer(403, b"{}")),
        ("GET", "qcs", ".*accessors", faults.answer(500, b"{}")),
        ("GET", "qcs", ".*accessors", faults.drop_before()),
        ("GRPC", "grpc", "ExecuteControllerJob", faults.answer(16, b"who")),
        ("GRPC", "grpc", "ExecuteControllerJob", faults.drop_after()),
        ("GRPC", "grpc", "GetControllerJobStatus", faults.answer(16, b"who")),
        ("GRPC", "grpc", "GetControllerJobResults", faults.answer(7, b"who")),
    ],
)
def test_no_error_shows_a_secret_not_even_with_its_locals(
    make: Any, service: Any, method: str, host: str, path: str, fault: faults.Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    caplog.set_level(logging.DEBUG)
    service.tokens.issue("nobody")  # so that there is a canary even where none is issued
    service.faults.on(method, host, path, fault, times=None)

    with pytest.raises(BackendError) as caught:
        make(device="Ankaa-loop").execute(CIRCUIT, 10, timeout=4)

    error = caught.value
    shown = traceback.TracebackException.from_exception(error, capture_locals=True)
    ours = [line for line in shown.format() if "/tests/" not in line]
    chain = []
    link: BaseException | None = error
    while link is not None:
        chain += [repr(link), str(link), repr(vars(link))]
        link = link.__cause__ or link.__context__
    assert_silent(service, *ours, *chain, caplog.text)


def test_settings_that_cannot_be_read_are_told_without_their_content(
    make: Any, service: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    broken = tmp_path / "broken.toml"
    broken.write_text(f'[credentials.default.token_payload\nrefresh_token = "{REFRESH_CANARY}"\n')
    monkeypatch.setenv("QCS_SECRETS_FILE_PATH", str(broken))

    with pytest.raises(BackendError) as caught:
        make(device="Ankaa-loop").execute(CIRCUIT, 10)

    assert_silent(service, str(caught.value), repr(caught.value), repr(caught.value.__cause__))


def test_the_modules_that_were_loaded_first_did_not_read_the_environment() -> None:
    assert "coratrix.providers.rigetti" in sys.modules
