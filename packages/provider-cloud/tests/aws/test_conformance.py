"""All that core promises of a backend, asked of every way to Braket that there is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coratrix.backend import BackendInterface
from coratrix.providers.aws import BraketBackend
from coratrix.testing.conformance import BackendConformance


class TestLocalStateVector(BackendConformance):
    @pytest.fixture
    def backend(self, local: Callable[[str], BraketBackend]) -> BackendInterface:
        return local("local")


class TestLocalDensityMatrix(BackendConformance):
    @pytest.fixture
    def backend(self, local: Callable[[str], BraketBackend]) -> BackendInterface:
        return local("braket_dm")


class TestSV1OnTheWire(BackendConformance):
    @pytest.fixture
    def backend(self, braket: Callable[..., BraketBackend]) -> BackendInterface:
        return braket("SV1", s3_bucket="results")


class TestDM1OnTheWire(BackendConformance):
    gates_to_try = 12

    @pytest.fixture
    def backend(self, braket: Callable[..., BraketBackend]) -> BackendInterface:
        return braket("DM1", s3_bucket="results")


class TestGarnetOnTheWire(BackendConformance):
    """A QPU: no controls, no matrices, so every rare gate is decomposed."""

    @pytest.fixture
    def backend(self, braket: Callable[..., BraketBackend]) -> BackendInterface:
        return braket("Garnet", s3_bucket="results")
