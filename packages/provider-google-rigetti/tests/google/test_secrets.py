"""A canary in the token: it goes on the wire and is seen nowhere else."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google_service import Fault, GoogleService

from coratrix.backend.store import open_store
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock

from .conftest import TOKEN, service_backend

CANARY = TOKEN.partition("-")[2]
CIRCUIT = QuantumCircuit(2).x(0).measure_all()


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


def test_the_canary_is_on_the_wire_alone(service: GoogleService, tmp_path: Path, logged: io.StringIO) -> None:
    store = open_store(f"sqlite:///{tmp_path}/jobs.db")
    backend = service_backend(service, store=store)

    job = backend.submit(CIRCUIT, 10)
    result = job.result()

    assert CANARY in service.ledger.requests[-1].metadata["authorization"]
    surfaces = {
        "repr": repr(backend), "str": str(backend), "format": f"{backend}", "config": repr(backend.config),
        "parameters": repr(backend.parameters), "parameters as data": str(backend.parameters.model_dump()),
        "config as data": json.dumps(backend.config.to_dict()), "copy": repr(copy.deepcopy(backend.config)),
        "client": repr(vars(backend.client)), "job": repr(job), "record": repr(job.record),
        "record as data": repr(dataclasses.asdict(job.record)), "result": json.dumps(result.to_dict()),
        "log": logged.getvalue(),
    }  # fmt: skip
    assert [name for name, text in surfaces.items() if CANARY in text] == []
    assert CANARY.encode() not in pickle.dumps(backend.config)
    assert CANARY.encode() not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "fault",
    [Fault(status=status) for status in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INVALID_ARGUMENT)]
    + [Fault(dropped=True), Fault(malformed=b"\xff")],
)
def test_no_error_shows_the_canary(service: GoogleService, logged: io.StringIO, fault: Fault) -> None:
    backend = service_backend(service, clock=FakeClock())
    service.faults.add("GetQuantumProcessor", fault, times=9)

    with pytest.raises(Exception) as raised:
        backend.execute(CIRCUIT, 10)

    shown = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert CANARY not in shown + logged.getvalue()


def test_a_token_that_no_header_can_hold_is_not_shown(service: GoogleService, logged: io.StringIO) -> None:
    backend = service_backend(service, clock=FakeClock(), access_token=f"{TOKEN}\n")

    with pytest.raises(PermissionError, match="no header may hold") as raised:
        backend.get_capabilities()

    shown = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    assert CANARY not in shown + logged.getvalue()
