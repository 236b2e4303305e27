"""The loopback service for the tests of this folder: real SDK, default end points, test CA."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ibm_service import IBMCloud
from ibm_service.cloud import API_KEY, CRN

from coratrix.backend.provider import BackendConfiguration, MemoryJobStore, Resilience
from coratrix.backend.rate_limit import forget_accounts
from coratrix.providers.ibm import IBMBackend
from coratrix.testing.loopback import CertificateAuthority, LoopbackProxy

QUICK = Resilience(first_pause_s=0.01, longest_pause_s=0.02, first_poll_s=0.01, longest_poll_s=0.02)
LOCAL = {"provider": "ibm", "device": "fake_lagos"}
SERVICE = {"provider": "ibm", "device": "ibm_lagos", "instance": CRN}


@pytest.fixture(autouse=True)
def _no_pause_from_another_test() -> None:
    """A pause that a service asked for binds the account, which is one for all tests."""
    forget_accounts()


@pytest.fixture(scope="session")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def cloud() -> IBMCloud:
    return IBMCloud()


@pytest.fixture
def proxy(
    cloud: IBMCloud, ca: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackProxy]:
    """IBM's hosts on this machine; the environment holds what a user behind a proxy has, and the key."""
    with LoopbackProxy(cloud.services(), ca=ca) as proxy:
        for name, value in proxy.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("IBM_QUANTUM_TOKEN", API_KEY)
        yield proxy
        assert proxy.strays == []


@pytest.fixture
def service_backend(proxy: LoopbackProxy) -> Iterator[Callable[..., IBMBackend]]:
    """Makes backends on the service; each is closed at the end."""
    made: list[IBMBackend] = []

    def make(
        name: str = "ibm",
        *,
        clock: Any = None,
        store: Any = None,
        resilience: Resilience = QUICK,
        **params: Any,
    ) -> IBMBackend:
        made.append(
            IBMBackend(
                BackendConfiguration(name, "hardware", {**SERVICE, "jobs_per_minute": None, **params}),
                store=store or MemoryJobStore(),
                resilience=resilience,
                **({"clock": clock} if clock else {}),
            )
        )
        return made[-1]

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def local_backend() -> Callable[..., IBMBackend]:
    def make(**params: Any) -> IBMBackend:
        return IBMBackend(
            BackendConfiguration("local", "hardware", {**LOCAL, **params}), store=MemoryJobStore()
        )

    return make
