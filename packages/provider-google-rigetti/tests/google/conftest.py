"""One loopback Quantum Engine for all tests of this folder, and the environment that trusts it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import BackendConfiguration, BackendType
from coratrix.backend.clock import SYSTEM_CLOCK, Clock
from coratrix.backend.rate_limit import forget_accounts
from coratrix.backend.resilience import Resilience
from coratrix.backend.store import JobStore, MemoryJobStore
from coratrix.providers.google import GoogleBackend

sys.path.append(str(Path(__file__).parents[1]))  # last, so that it can shadow nothing

with warnings.catch_warnings():  # some versions of google.api_core say that this Python will end in a year
    warnings.filterwarnings("ignore", "You are using a Python version", FutureWarning)
    from google_service import GoogleService

PROJECT = "my-project"
TOKEN = "ya29.canary-7f3a91"


@pytest.fixture(autouse=True)
def _no_pause_from_another_test() -> None:
    """A pause that a service asked for binds the account, which is one for all tests."""
    forget_accounts()


@pytest.fixture(scope="session")
def _running_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoogleService]:
    """gRPC reads the trusted roots once per process, so one service with one certificate serves all tests."""
    folder = tmp_path_factory.mktemp("google")
    with GoogleService(project=PROJECT) as service, pytest.MonkeyPatch.context() as patch:
        service.identities.allow_token(TOKEN, project=PROJECT)
        service.identities.allow_token("of-another-project", project="another-project")
        patch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", str(service.write_roots(folder / "roots.pem")))
        patch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
        yield service


@pytest.fixture
def service(_running_service: GoogleService) -> GoogleService:
    """The service with nothing in it."""
    _running_service.reset()
    return _running_service


def service_backend(
    service: GoogleService,
    *,
    clock: Clock = SYSTEM_CLOCK,
    store: JobStore | None = None,
    resilience: Resilience | None = None,
    **params: Any,
) -> GoogleBackend:
    """The adapter as a user configures it, for the service's willow_pink unless told otherwise."""
    given = {"project": PROJECT, "device": "willow_pink", "endpoint": service.endpoint, **params}
    if "service_account_file" not in given:
        given.setdefault("access_token", TOKEN)
    config = BackendConfiguration("google", BackendType.HARDWARE, {"provider": "google", **given})
    return GoogleBackend(config, clock=clock, store=store or MemoryJobStore(), resilience=resilience)
