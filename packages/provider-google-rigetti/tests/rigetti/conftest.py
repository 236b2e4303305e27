"""Rigetti's services for the tests of this folder, and backends that find them as a user's would."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import BackendConfiguration
from coratrix.backend.provider import MemoryJobStore, Resilience
from coratrix.backend.rate_limit import forget_accounts
from coratrix.providers.rigetti import RigettiBackend

sys.path.append(str(Path(__file__).parents[1]))  # last, so that it can shadow nothing

pytest.importorskip("pyquil", reason="the extra [rigetti] is not installed")

Make = Callable[..., RigettiBackend]

# The stand-ins run programs with pyquil's own simulators, which warn of their end, as pyquil does of itself.
# That the adapter is silent is shown in processes of their own (test_rigetti_silence.py).
OF_PYQUIL = (r"ignore:[\s\S]*pyQuil v5:FutureWarning", r"ignore:[\s\S]*get_qubits:DeprecationWarning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            for line in OF_PYQUIL:
                item.add_marker(pytest.mark.filterwarnings(line))


QUICK = Resilience(
    attempts=3,
    first_pause_s=0.001,
    longest_pause_s=0.002,
    request_timeout_s=4.0,
    submit_timeout_s=20.0,
    first_poll_s=0.005,
    longest_poll_s=0.02,
    poll_patience_s=2.0,
    breaker_failures=1000,
)


@pytest.fixture(autouse=True)
def _no_pause_from_another_test() -> None:
    """A pause that a service asked for binds the account, which is one for all tests."""
    forget_accounts()


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads the settings of whoever runs it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("QCS_SETTINGS_FILE_PATH", "QCS_SECRETS_FILE_PATH", "QCS_PROFILE_NAME"):
        monkeypatch.delenv(name, raising=False)
    for application in ("QVM", "QUILC", "API", "GRPC"):
        monkeypatch.delenv(f"QCS_SETTINGS_APPLICATIONS_{application}_URL", raising=False)


@pytest.fixture(scope="session")
def _running_service() -> Iterator[object]:
    """The SDK remembers a processor's gateway for the whole process, so one service serves all tests."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from rigetti_service import RigettiService

    with RigettiService() as running:
        yield running


@pytest.fixture
def service(_running_service: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """All services, named by pyquil's settings files; a stand-in that broke fails the test."""
    _running_service.reset()
    for name, value in _running_service.settings(tmp_path).items():
        monkeypatch.setenv(name, value)
    yield _running_service
    assert not _running_service.crashes


@pytest.fixture
def make() -> Iterator[Make]:
    """Makes backends, with a store of their own and little patience."""
    made: list[RigettiBackend] = []

    def backend(**params: object) -> RigettiBackend:
        numbers = params.pop("resilience", QUICK)
        store = params.pop("store", None) or MemoryJobStore()
        config = BackendConfiguration("rigetti", "hardware", {"provider": "rigetti", **params})
        made.append(RigettiBackend(config, store=store, resilience=numbers))
        return made[-1]

    yield backend
    for each in made:
        each.close()
