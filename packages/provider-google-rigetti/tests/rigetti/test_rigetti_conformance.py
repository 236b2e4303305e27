"""All that core promises of a backend, asked of every way in which Rigetti's programs run."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from coratrix.providers.rigetti import RigettiBackend
from coratrix.testing.conformance import BackendConformance


class TestInProcess(BackendConformance):
    """No server anywhere."""

    options: ClassVar[dict[str, Any]] = {"seed": 11}

    @pytest.fixture
    def backend(self, make: Any) -> RigettiBackend:
        return make(engine="in-process")


class TestQvmOverHttp(BackendConformance):
    """A QVM that the settings name, spoken to by pyquil's own client."""

    options: ClassVar[dict[str, Any]] = {"seed": 12}

    @pytest.fixture
    def backend(self, make: Any, service: Any) -> RigettiBackend:
        del service
        return make()


class TestProcessor(BackendConformance):
    """quilc, translation and the controller, by way of the settings."""

    @pytest.fixture
    def backend(self, make: Any, service: Any) -> RigettiBackend:
        del service
        return make(device="Ankaa-loop")
