"""A private Azure for each test, and nothing of the person who runs the tests."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend.rate_limit import forget_accounts

sys.path.insert(0, str(Path(__file__).parents[1]))

from azure_service import AzureCloud

from coratrix.backend import BackendConfiguration
from coratrix.backend.provider import JobStore, MemoryJobStore, Resilience
from coratrix.providers.azure import AzureBackend
from coratrix.testing.loopback import CertificateAuthority, LoopbackProxy

QUICK = Resilience(
    first_pause_s=0.001,
    longest_pause_s=0.002,
    first_poll_s=0.001,
    longest_poll_s=0.01,
    request_timeout_s=10.0,
    submit_timeout_s=10.0,
    poll_patience_s=1.0,
)
"""The same order of events as in earnest, in milliseconds."""


@pytest.fixture(autouse=True)
def _no_pause_from_another_test() -> None:
    """A pause that a service asked for binds the account, which is one for all tests."""
    forget_accounts()


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("AZURE_", "MSI_", "IDENTITY_")) or name in ("LOCATION", "SUBSCRIPTION_ID"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # no `az` of whoever runs this
    monkeypatch.setenv("QDK_PYTHON_TELEMETRY", "none")
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def cloud() -> AzureCloud:
    return AzureCloud()


@pytest.fixture
def proxy(
    cloud: AzureCloud, authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackProxy]:
    """A user of ``cloud``: an access key and a proxy; real host names, default end points."""
    with LoopbackProxy(cloud.services, ca=authority) as proxy:
        for name, value in proxy.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AZURE_QUANTUM_CONNECTION_STRING", cloud.connection_string())
        yield proxy


MakeBackend = Callable[..., AzureBackend]


@pytest.fixture
def make_backend() -> Iterator[MakeBackend]:
    """Makes backends for targets, closed at the end; needs ``proxy`` unless the target is local."""
    made: list[AzureBackend] = []

    def make(target: str | None, *, store: JobStore | None = None, **params: Any) -> AzureBackend:
        resilience = params.pop("resilience", QUICK)
        given = {"provider": "azure", **({"target": target} if target else {}), **params}
        config = BackendConfiguration("azure_quantum", "cloud", given)
        made.append(AzureBackend(config, store=store or MemoryJobStore(), resilience=resilience))
        return made[-1]

    yield make
    for backend in made:
        backend.close()
