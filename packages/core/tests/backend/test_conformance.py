"""The scripted vendor passes the suite that every backend passes."""

from __future__ import annotations

import pytest

from coratrix.backend.provider import MemoryJobStore
from coratrix.testing.clock import FakeClock
from coratrix.testing.conformance import BackendConformance
from coratrix.testing.scripted import ScriptedBackend, ScriptedService


class TestScriptedBackend(BackendConformance):
    @pytest.fixture
    def backend(self) -> ScriptedBackend:
        return ScriptedBackend(ScriptedService(polls_until_done=3), store=MemoryJobStore(), clock=FakeClock())
