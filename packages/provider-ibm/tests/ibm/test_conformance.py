"""All that core promises of a backend, asked of IBM's: on the service and in each local mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from coratrix.providers.ibm import IBMBackend
from coratrix.testing.conformance import BackendConformance


class TestOnTheService(BackendConformance):
    """The real SDK against the loopback service, whose devices have no noise."""

    @pytest.fixture
    def backend(self, service_backend: Callable[..., IBMBackend]) -> IBMBackend:
        return service_backend()


class TestOnASnapshot(BackendConformance):
    """IBM's recording of a device, with its noise, by Aer."""

    exact = False
    shots = 2000
    options: ClassVar[dict[str, Any]] = {"seed": 5}

    @pytest.fixture
    def backend(self, local_backend: Callable[..., IBMBackend]) -> IBMBackend:
        return local_backend(device="fake_nairobi")


class TestOnAer(BackendConformance):
    """The simulator that takes the place of the one that IBM retired."""

    @pytest.fixture
    def backend(self, local_backend: Callable[..., IBMBackend]) -> IBMBackend:
        return local_backend(device="aer_simulator")


class TestOnTheBasicSimulator(BackendConformance):
    """What there is without Aer."""

    @pytest.fixture
    def backend(self, local_backend: Callable[..., IBMBackend]) -> IBMBackend:
        return local_backend(device="basic_simulator")
