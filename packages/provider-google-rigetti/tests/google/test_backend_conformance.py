"""All that core promises of a backend, asked of each virtual processor and of the service."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import pytest
from google_service import GoogleService

from coratrix.backend import BackendConfiguration, BackendType
from coratrix.backend.store import MemoryJobStore
from coratrix.providers.google import GoogleBackend
from coratrix.testing.conformance import BackendConformance

from .conftest import service_backend


@cache
def virtual(**params: Any) -> GoogleBackend:
    config = BackendConfiguration("virtual", BackendType.HARDWARE, {"provider": "google", **params})
    return GoogleBackend(config, store=MemoryJobStore())


class TestIdealWillow(BackendConformance):
    """The processor's map and gates without its noise."""

    options: ClassVar[dict[str, Any]] = {"seed": 20}

    @pytest.fixture
    def backend(self) -> GoogleBackend:
        return virtual(device="simulator", noise="none")


class TestNoisyWillow(BackendConformance):
    """With the noise of the processor, as the guide configures it."""

    exact = False
    gates_to_try = 12
    options: ClassVar[dict[str, Any]] = {"seed": 20}

    @pytest.fixture
    def backend(self) -> GoogleBackend:
        return virtual(project="my-project", device="simulator")


class TestNoisyRainbowByDensityMatrix(BackendConformance):
    """An older processor, compiled to its Sycamore gate, by Cirq's own simulator."""

    exact = False
    shots = 256
    gates_to_try = 3
    options: ClassVar[dict[str, Any]] = {"seed": 20}

    @pytest.fixture
    def backend(self) -> GoogleBackend:
        return virtual(device="simulator", processor="rainbow", simulator="density_matrix")


class TestService(BackendConformance):
    """A processor behind Google's protocol."""

    gates_to_try = 30

    @pytest.fixture
    def backend(self, service: GoogleService) -> GoogleBackend:
        return service_backend(service)
