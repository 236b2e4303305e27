"""A private Amazon Braket for each test, and nothing of the person who runs the tests."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend.rate_limit import forget_accounts

sys.path.insert(0, str(Path(__file__).parents[1]))

from aws_service import BraketCloud

from coratrix.backend import BackendConfiguration
from coratrix.backend.provider import JobStore, MemoryJobStore, Resilience
from coratrix.providers.aws import BraketBackend
from coratrix.testing.loopback import CertificateAuthority, LoopbackProxy


def pytest_configure(config: pytest.Config) -> None:
    """What Braket's SDK and simulators do that newer versions deprecate is theirs to change."""
    for message in (
        "'count' is passed as positional argument",  # braket.schema_common on Python 3.13
        "Setting the shape on a NumPy array",  # braket.default_simulator on NumPy 2.5
    ):
        config.addinivalue_line("filterwarnings", f"ignore:{message}:DeprecationWarning")


QUICK = Resilience(
    first_pause_s=0.001,
    longest_pause_s=0.002,
    first_poll_s=0.001,
    longest_poll_s=0.002,
    request_timeout_s=10.0,
    submit_timeout_s=10.0,
    breaker_failures=50,  # the breaker has tests of its own in core
)
"""The same order of events as in earnest, in milliseconds."""


@pytest.fixture(autouse=True)
def _no_pause_from_another_test() -> None:
    """A pause that a service asked for binds the account, which is one for all tests."""
    forget_accounts()


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_SESSION_TOKEN", "BRAKET_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "aws-config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def cloud() -> BraketCloud:
    return BraketCloud()


@pytest.fixture
def proxy(
    cloud: BraketCloud, authority: CertificateAuthority, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LoopbackProxy]:
    """A user of ``cloud``: credentials and a proxy; real host names, default end points."""
    with LoopbackProxy(cloud.services, ca=authority) as running:
        for name, value in {**running.environment(), **cloud.environment()}.items():
            monkeypatch.setenv(name, value)
        yield running
        assert running.strays == []


Make = Callable[..., BraketBackend]


@pytest.fixture
def braket(proxy: LoopbackProxy) -> Iterator[Make]:
    """Makes backends on the stand-in: ``braket("SV1", s3_bucket="b")``."""
    made: list[BraketBackend] = []

    def make(
        device: str = "SV1",
        *,
        store: JobStore | None = None,
        resilience: Resilience = QUICK,
        name: str = "aws_braket",
        clock: Any = None,
        **params: Any,
    ) -> BraketBackend:
        config = BackendConfiguration(
            name, "cloud", {"provider": "aws", "device": device, "region": "us-east-1", **params}
        )
        more = {} if clock is None else {"clock": clock}
        backend = BraketBackend(config, store=store or MemoryJobStore(), resilience=resilience, **more)
        made.append(backend)
        return backend

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def local() -> Callable[[str], BraketBackend]:
    """Makes offline backends."""

    def make(device: str = "local") -> BraketBackend:
        return BraketBackend(BackendConfiguration(device, "cloud", {"provider": "aws", "device": device}))

    return make
