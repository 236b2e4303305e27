"""The same storage by Microsoft's own emulator, where one is installed: ``npm install azurite``.

    CORATRIX_AZURITE=/path/to/node_modules/.bin/azurite-blob pytest tests/azure/test_azurite.py

It judges our requests to storage and our stand-in of it, signatures included.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import BlobServiceClient
from azure_service import AzureCloud
from azure_service.names import STORAGE_ACCOUNT, STORAGE_KEY
from azure_service.storage import BlobStorage

from coratrix.core import QuantumCircuit
from coratrix.testing.loopback import LoopbackProxy, Request, Response, forward_to

AZURITE = os.environ.get("CORATRIX_AZURITE")
PATH = os.environ.get("PATH", "")  # as it was before the tests hid it

pytestmark = pytest.mark.skipif(AZURITE is None, reason="CORATRIX_AZURITE names no azurite-blob")


class Azurite(BlobStorage):
    """Containers in the emulator; what the provider reads and writes goes by the account's key."""

    def __init__(self, port: int) -> None:
        super().__init__()
        url = f"http://127.0.0.1:{port}/{STORAGE_ACCOUNT}"
        self._account = BlobServiceClient(url, credential=STORAGE_KEY, use_env_settings=False)
        self._forward = forward_to("127.0.0.1", port)
        self.answers: list[tuple[str, int]] = []

    def container_uri(self, container: str) -> str:
        with contextlib.suppress(ResourceExistsError):
            self._account.create_container(container)
        return super().container_uri(container)

    def read(self, container: str, blob: str) -> bytes | None:
        return self._account.get_blob_client(container, blob).download_blob().readall()

    def write(self, container: str, blob: str, content: bytes) -> None:
        self._account.get_blob_client(container, blob).upload_blob(content)

    def __call__(self, request: Request) -> Response:
        response = self._forward(request)
        self.answers.append((request.method, response.status))
        return response


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    options = ["--blobHost", "127.0.0.1", "--blobPort", str(port), "--inMemoryPersistence", "--silent"]
    process = subprocess.Popen(
        [str(AZURITE), *options, "--skipApiVersionCheck", "--disableTelemetry"],
        cwd=tmp_path_factory.mktemp("azurite"),
        env={"PATH": PATH, "AZURITE_ACCOUNTS": f"{STORAGE_ACCOUNT}:{STORAGE_KEY}"},
    )
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("azurite did not start")


@pytest.fixture
def cloud(port: int) -> AzureCloud:
    cloud = AzureCloud()
    cloud.storage = cloud.workspace.storage = Azurite(port)
    return cloud


def test_a_job_goes_through_the_emulator(make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy) -> None:
    result = make_backend("ionq.simulator").execute(QuantumCircuit(3).x(0), 10)

    assert result.counts == {"100": 10}
    assert cloud.storage.answers == [("PUT", 201), ("GET", 206)]  # type: ignore[attr-defined]


def test_the_emulator_refuses_an_expired_signature_and_the_next_one_is_taken(
    make_backend: Any, cloud: AzureCloud, proxy: LoopbackProxy
) -> None:
    job = make_backend("ionq.simulator").submit(QuantumCircuit(3).x(0), 10)
    uri = cloud.storage.blob_uri

    def expired(container: str, blob: str, permission: str = "r") -> str:
        cloud.storage.sas_lives_s = -60.0 if permission == "r" else 3600.0
        return uri(container, blob, permission)

    cloud.storage.blob_uri = expired  # type: ignore[method-assign]

    assert job.result(timeout=10).counts == {"100": 10}
    assert cloud.storage.answers[-2:] == [("GET", 403), ("GET", 206)]  # type: ignore[attr-defined]
