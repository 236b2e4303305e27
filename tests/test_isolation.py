"""A backend in another Python process passes the suite that every backend passes."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from coratrix.backend import BackendConfiguration, BackendInterface, BackendManager, BackendType
from coratrix.backend.isolated import IsolatedBackend
from coratrix.testing.conformance import BackendConformance


class TestIsolatedSimulator(BackendConformance):
    @pytest.fixture(scope="class")
    def shared(self) -> Iterator[BackendInterface]:
        manager = BackendManager()
        config = BackendConfiguration("far", BackendType.SIMULATOR, {"python": sys.executable})
        manager.register_backend("far", config)
        with manager:
            yield manager.get_backend("far")

    @pytest.fixture
    def backend(self, shared: BackendInterface) -> BackendInterface:
        assert isinstance(shared, IsolatedBackend)
        return shared
