"""A backend in another Python process passes the suite that every backend passes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from coratrix.backend import BackendConfiguration, BackendInterface, BackendManager, BackendType
from coratrix.backend.isolated import IsolatedBackend
from coratrix.testing.conformance import BackendConformance


@pytest.fixture(scope="module")
def shared() -> Iterator[BackendInterface]:
    """One process for all tests: starting it costs more than they do."""
    with BackendManager() as manager:
        config = BackendConfiguration("far", BackendType.SIMULATOR, {"python": sys.executable})
        manager.register_backend("far", config)
        yield manager.get_backend("far")


class TestIsolatedSimulator(BackendConformance):
    @pytest.fixture
    def backend(self, shared: BackendInterface) -> BackendInterface:
        assert isinstance(shared, IsolatedBackend)
        return shared
