"""No secret shows anywhere: not in texts, logs, errors, pickles, the job store, nor a signature of storage."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import re
import traceback
from pathlib import Path
from typing import Any

import pytest
from azure_service import (
    CLIENT_ID,
    CLIENT_SECRET,
    RESOURCE_GROUP,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
    AzureCloud,
)

from coratrix.backend.errors import BackendError
from coratrix.backend.provider import open_store
from coratrix.core import QuantumCircuit
from coratrix.testing.loopback import LoopbackProxy, answer, drop_before

CANARY = "canary"  # every secret of the stand-in has this word in it; tokens too
ADDRESS = {"subscription_id": SUBSCRIPTION, "resource_group": RESOURCE_GROUP, "workspace": WORKSPACE}
PRINCIPAL = {"tenant_id": TENANT, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}


@pytest.fixture(params=["connection string", "service principal"])
def backend(
    request: Any, make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy, monkeypatch: Any
) -> Any:
    monkeypatch.delenv("AZURE_QUANTUM_CONNECTION_STRING")
    store = open_store()
    if request.param == "connection string":
        return make_backend("ionq.simulator", store=store, connection_string=cloud.connection_string())
    return make_backend("ionq.simulator", store=store, **ADDRESS, **PRINCIPAL)


def assert_clean(text: str) -> None:
    assert CANARY not in text
    assert not re.search(r"sig=(?!\*{10}|REDACTED)", text)


def test_texts_copies_and_pickles_are_clean(backend: Any) -> None:
    result = backend.execute(QuantumCircuit(2).x(0), 5)
    shown = [backend, backend.config, backend.parameters, backend.client, copy.copy(backend.config), result]

    for thing in shown:
        assert_clean(
            f"{thing!r} {thing} {thing:}"
            if not hasattr(thing, "__dataclass_fields__")
            else f"{thing!r} {thing}"
        )
    assert_clean(json.dumps(backend.config.to_dict()))
    assert_clean(json.dumps(result.to_dict()))
    assert_clean(pickle.dumps(backend.config).decode("latin-1"))


def test_the_log_is_clean_at_debug(backend: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        backend.execute(QuantumCircuit(2).x(0), 5)

    assert caplog.text
    assert_clean(caplog.text)


def test_the_job_store_is_clean(backend: Any, tmp_path: Path) -> None:
    backend.execute(QuantumCircuit(2).x(0), 5)

    written = b"".join(path.read_bytes() for path in tmp_path.glob("jobs.db*"))
    assert b"crx-" in written
    assert_clean(written.decode("latin-1"))


@pytest.mark.parametrize(
    "phase", [("PUT", ".*/inputData"), ("GET", ".*/rawOutputData"), ("PUT", ".*/jobs/.*")]
)
@pytest.mark.parametrize("fault", [answer(403), drop_before(), answer(500)])
def test_errors_and_their_causes_are_clean(
    backend: Any, proxy: LoopbackProxy, phase: tuple[str, str], fault: Any
) -> None:
    proxy.faults.on(phase[0], "*", phase[1], fault, times=None)

    with pytest.raises(BackendError) as caught:
        backend.execute(QuantumCircuit(2).x(0), 5, timeout=2)

    assert_clean("".join(traceback.format_exception(caught.value)))
