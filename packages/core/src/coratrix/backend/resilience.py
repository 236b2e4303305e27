"""How a call to a service is made to survive: retries, deadlines, rate limits, a circuit breaker.

Owns: `Resilience` (every number, once), `Caller` (all of it around one call), `CircuitBreaker`. Knows
nothing of: what is called; it reads only our own errors.

Full jitter and the numbers follow the standard mode of botocore and Brooker, "Exponential Backoff
And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.conversation import Aside, Conversation, Request
from coratrix.backend.errors import (
    BackendConnectionError,
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
    RateLimitError,
)
from coratrix.backend.rate_limit import RateLimiter

log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Resilience:
    """All numbers of patience, in seconds unless named otherwise.

    Attributes:
        attempts: calls made in all before a retryable error is raised.
        first_pause_s, longest_pause_s: a pause is uniform in [0, min(longest, first·2ⁱ)].
        request_timeout_s: bound on one request; on a submission, `submit_timeout_s`.
        first_poll_s, longest_poll_s: pauses between polls double from the one to the other.
        poll_patience_s: how long a vendor that stopped answering is still polled.
        breaker_failures: failures of connection in a row that open the breaker for `breaker_open_s`; more
            than `attempts`, so that one call whose answers are lost can still be asked about.
        max_in_flight: jobs of one batch that are at the vendor at the same time.
    """

    attempts: int = 5
    first_pause_s: float = 0.5
    longest_pause_s: float = 20.0
    request_timeout_s: float = 30.0
    submit_timeout_s: float = 120.0
    first_poll_s: float = 1.0
    longest_poll_s: float = 30.0
    poll_patience_s: float = 300.0
    breaker_failures: int = 10
    breaker_open_s: float = 30.0
    max_in_flight: int = 8

    @property
    def shortest_bound_s(self) -> float:
        """The seconds that every request of a conversation has at least, unless its deadline is sooner."""
        return min(self.request_timeout_s, self.submit_timeout_s)


class CircuitBreaker:
    """Refuses calls for a while after several failures of connection in a row. Thread-safe.

    After the pause one call is let through; its end decides. Should it never end, another one is let
    through after the next pause.

    Attributes:
        failures: in a row, up to now; while there is none, nothing needs to be checked or reset.
    """

    def __init__(self, numbers: Resilience, clock: Clock) -> None:
        self._numbers, self._clock = numbers, clock
        self.failures, self._open_until = 0, 0.0
        self._lock = threading.Lock()

    def check(self, doing: str) -> None:
        """Raise `BackendUnavailableError` while the breaker is open."""
        with self._lock:
            now = self._clock.now()
            left = self._open_until - now
            if left <= 0 and self.failures >= self._numbers.breaker_failures:
                self._open_until = now + self._numbers.breaker_open_s  # this call alone is let through
            elif left > 0:
                raise BackendUnavailableError(
                    f"{doing}: not tried, the last {self.failures} requests could not reach the service",
                    code="breaker_open",
                    retry_after=left,
                    hint=f"Next try in {left:.0f} s",
                )

    def success(self) -> None:
        """A call reached the service."""
        with self._lock:
            self.failures, self._open_until = 0, 0.0

    def failure(self) -> None:
        """A call could not reach the service."""
        with self._lock:
            self.failures += 1
            if self.failures >= self._numbers.breaker_failures:
                self._open_until = self._clock.now() + self._numbers.breaker_open_s


@dataclass(kw_only=True)
class Caller:
    """Makes calls with retries, a bound on each, a rate limit and a breaker; errors name ``backend``."""

    backend: str
    numbers: Resilience = field(default_factory=Resilience)
    clock: Clock = SYSTEM_CLOCK
    limiter: RateLimiter | None = None
    on_retry: Callable[[], None] = lambda: None
    random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._breaker = CircuitBreaker(self.numbers, self.clock)

    def asking(
        self,
        doing: str,
        request: Callable[[Deadline], T],
        deadline: Deadline,
        *,
        bound_s: float | None = None,
        retry_unknown: bool = True,
        at_least: int = 1,
    ) -> Conversation[T]:
        """``request(its own deadline)``, tried again while that is right and there is time.

        Args:
            doing: what the call is for, to begin an error's message with.
            bound_s: seconds for each try, `Resilience.request_timeout_s` if None.
            retry_unknown: whether to try again when the last try may have been accepted: true for
                all that can be repeated without harm, false for a submission without a key.
            at_least: tries made even where `Resilience.attempts` allows fewer.
        """
        attempts = max(at_least, self.numbers.attempts)
        attempt = 1
        while True:
            try:
                return (
                    yield from self._once(doing, request, deadline, bound_s or self.numbers.request_timeout_s)
                )
            except BackendError as exc:
                exc.backend = exc.backend or self.backend
                if not exc.retryable or (exc.outcome_unknown and not retry_unknown):
                    raise
                pause = self._pause(exc, attempt)
                if attempt >= attempts or pause >= deadline.left():
                    raise
            self.on_retry()
            log.info("%s: try %d failed, again in %.1f s", doing, attempt, pause)
            yield Aside(partial(self.clock.sleep, pause))
            attempt += 1

    def _once(
        self, doing: str, request: Callable[[Deadline], T], deadline: Deadline, bound_s: float
    ) -> Conversation[T]:
        breaker = self._breaker
        if breaker.failures:
            breaker.check(doing)
        if self.limiter is not None and self.limiter.binds:
            deadline.check(doing)
            yield Aside(partial(self.limiter.wait_turn, deadline))
        now = self.clock.now()
        within_s = min(deadline.at - now, bound_s)
        if within_s <= 0:
            deadline.check(doing)
        own = Deadline(self.clock, now + within_s)
        try:
            answer: T = yield Request(doing, partial(request, own), own, within_s)
        except (BackendConnectionError, BackendTimeoutError):
            breaker.failure()
            raise
        except BackendError as exc:
            breaker.success()  # it answered
            if self.limiter is not None and isinstance(exc, RateLimitError) and exc.retry_after:
                self.limiter.hold(exc.retry_after)  # it binds all backends of the account
            raise
        if breaker.failures:  # one that another thread counts at this moment came after
            breaker.success()
        return answer

    def _pause(self, error: BackendError, attempt: int) -> float:
        if error.retry_after is not None:
            return float(error.retry_after)
        longest = self.numbers.first_pause_s * 2 ** (attempt - 1)
        return self.random.uniform(0.0, min(self.numbers.longest_pause_s, longest))
