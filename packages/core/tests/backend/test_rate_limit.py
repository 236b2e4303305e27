"""The rate limit of an account: spacing, sharing between backends, and the pauses a service asks for."""

from __future__ import annotations

from typing import Any

import pytest

from coratrix.backend import BackendConfiguration, BackendTimeoutError, RateLimitError
from coratrix.backend.clock import Deadline
from coratrix.backend.provider import MemoryJobStore
from coratrix.backend.rate_limit import RateLimiter, limiter_of
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import Fault, ScriptedBackend, ScriptedService

CIRCUIT = QuantumCircuit(2).x(0).measure_all()


class Limited(ScriptedBackend):
    """Two requests at once, then one in 2 s, for an account that its token and project name."""

    requests_per_s = 0.5
    request_burst = 2
    account_parameters = ("project",)

    def __init__(self, clock: FakeClock, service: ScriptedService | None = None, **params: Any) -> None:
        self._params = params
        super().__init__(service or ScriptedService(), store=MemoryJobStore(), clock=clock)

    def _limiter(self) -> RateLimiter:
        self.config = BackendConfiguration("limited", "cloud", {"provider": "scripted", **self._params})
        return super()._limiter()


def test_calls_are_spaced() -> None:
    clock = FakeClock()
    limiter = RateLimiter(rate_per_s=0.5, burst=2, clock=clock)
    for _ in range(4):
        limiter.wait_turn(Deadline.after(None, clock))

    assert clock.pauses == pytest.approx([2.0, 2.0])
    with pytest.raises(BackendTimeoutError, match="our own rate limit"):
        limiter.wait_turn(Deadline.after(1.0, clock))


def test_two_backends_of_one_account_share_its_limit() -> None:
    clock = FakeClock()
    one, other = (Limited(clock, token="canary", device=device) for device in "ab")

    for backend in (one, other):
        backend.get_status()
        backend.get_queue_info()

    assert clock.pauses == pytest.approx([2.0, 2.0])


@pytest.mark.parametrize("difference", [{"token": "another"}, {"token": "canary", "project": "p"}])
def test_another_account_has_a_limit_of_its_own(difference: dict[str, str]) -> None:
    clock = FakeClock()
    one, other = Limited(clock, token="canary"), Limited(clock, **difference)

    for backend in (one, other):
        backend.get_status()
        backend.get_queue_info()

    assert clock.pauses == []


def test_the_strictest_rate_that_was_asked_holds() -> None:
    clock = FakeClock()
    limiter = limiter_of("a", rate_per_s=10.0, clock=clock)
    assert limiter_of("a", rate_per_s=0.1, clock=clock) is limiter

    for _ in range(2):
        limiter.wait_turn(Deadline.after(None, clock))

    assert clock.pauses == pytest.approx([10.0])


def test_a_pause_that_the_service_asks_of_one_backend_binds_the_other() -> None:
    clock, busy = FakeClock(), ScriptedService()
    busy.script("submit", *[Fault(error=lambda: RateLimitError("slow down", retry_after=60.0))] * 9)
    parts: dict[str, Any] = {"store": MemoryJobStore(), "clock": clock}
    one, other = ScriptedBackend(busy, "one", **parts), ScriptedBackend(ScriptedService(), "other", **parts)
    other.get_capabilities()
    with pytest.raises(RateLimitError):
        one.execute(CIRCUIT, 10, timeout=5)

    with pytest.raises(RateLimitError, match=r"60\.0 s are left") as caught:
        other.execute(CIRCUIT, 10, timeout=5)

    assert caught.value.retry_after == pytest.approx(60.0)
    assert other.execute(CIRCUIT, 10, timeout=120).success
    assert clock.pauses[0] == pytest.approx(60.0)
