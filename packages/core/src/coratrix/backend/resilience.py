"""How a call to a service is made to survive: retries, deadlines, rate limits, a circuit breaker.

Owns: `Resilience` (every number, once), `Caller` (all of it around one call), `RateLimiter`,
`CircuitBreaker`. Knows nothing of: what is called; it reads only our own errors.

Full jitter and the numbers follow the standard mode of botocore and Brooker, "Exponential Backoff
And Jitter", AWS Architecture Blog, 2015.
"""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from coratrix.backend.bounded import run_bounded
from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.errors import (
    BackendConnectionError,
    BackendError,
    BackendTimeoutError,
    BackendUnavailableError,
)

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


class RateLimiter:
    """A token bucket: ``burst`` calls at once, then ``rate_per_s`` a second. Thread-safe."""

    def __init__(self, rate_per_s: float, burst: int = 1, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._rate, self._burst, self._clock = rate_per_s, burst, clock
        self._tokens, self._as_of = float(burst), clock.now()
        self._lock = threading.Lock()

    def wait_turn(self, deadline: Deadline) -> None:
        """Take a token, sleeping until there is one; raise when the deadline comes first."""
        pause = self._reserve()
        if pause > deadline.left():
            with self._lock:
                self._tokens += 1  # the turn that will not be used
            raise BackendTimeoutError(
                f"our own rate limit allows the next request in {pause:.1f} s, after the deadline",
                hint="Give a longer `timeout`, or put several circuits into one batch",
            )
        if pause:
            self._clock.sleep(pause)

    def _reserve(self) -> float:
        with self._lock:
            now = self._clock.now()
            self._tokens = min(self._burst, self._tokens + (now - self._as_of) * self._rate)
            self._as_of = now
            self._tokens -= 1
            return max(0.0, -self._tokens / self._rate)


class CircuitBreaker:
    """Refuses calls for a while after several failures of connection in a row. Thread-safe.

    After the pause one call is let through; its end decides.
    """

    def __init__(self, numbers: Resilience, clock: Clock) -> None:
        self._numbers, self._clock = numbers, clock
        self._failures, self._open_until = 0, 0.0
        self._lock = threading.Lock()

    def check(self, doing: str) -> None:
        """Raise `BackendUnavailableError` while the breaker is open."""
        with self._lock:
            left = self._open_until - self._clock.now()
            if left > 0:
                raise BackendUnavailableError(
                    f"{doing}: not tried, the last {self._failures} requests could not reach the service",
                    code="breaker_open",
                    retry_after=left,
                    hint=f"Next try in {left:.0f} s",
                )

    def success(self) -> None:
        """A call reached the service."""
        with self._lock:
            self._failures, self._open_until = 0, 0.0

    def failure(self) -> None:
        """A call could not reach the service."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._numbers.breaker_failures:
                self._open_until = self._clock.now() + self._numbers.breaker_open_s


@dataclass(kw_only=True)
class Caller:
    """Makes calls with retries, a bound on each, a rate limit and a breaker."""

    numbers: Resilience = field(default_factory=Resilience)
    clock: Clock = SYSTEM_CLOCK
    limiter: RateLimiter | None = None
    on_retry: Callable[[], None] = lambda: None
    random: random.Random = field(default_factory=random.Random)

    def __post_init__(self) -> None:
        self._breaker = CircuitBreaker(self.numbers, self.clock)

    def call(
        self,
        doing: str,
        request: Callable[[Deadline], T],
        deadline: Deadline,
        *,
        bound_s: float | None = None,
        retry_unknown: bool = True,
    ) -> T:
        """``request(its own deadline)``, tried again while that is right and there is time.

        Args:
            doing: what the call is for, to begin an error's message with.
            bound_s: seconds for each try, `Resilience.request_timeout_s` if None.
            retry_unknown: whether to try again when the last try may have been accepted: true for
                all that can be repeated without harm, false for a submission without a key.
        """
        import tenacity  # here: its import costs more than the rest of this module

        def may_retry(error: BaseException) -> bool:
            return (
                isinstance(error, BackendError)
                and error.retryable
                and (retry_unknown or not error.outcome_unknown)
            )

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(may_retry),
            wait=self._pause,
            stop=lambda state: (
                state.attempt_number >= self.numbers.attempts or state.upcoming_sleep >= deadline.left()
            ),
            sleep=self.clock.sleep,
            before_sleep=lambda state: self._note_retry(doing, state),
            reraise=True,
        )
        answer: T = retrying(self._once, doing, request, deadline, bound_s or self.numbers.request_timeout_s)
        return answer

    def _once(self, doing: str, request: Callable[[Deadline], T], deadline: Deadline, bound_s: float) -> T:
        self._breaker.check(doing)
        deadline.check(doing)
        if self.limiter is not None:
            self.limiter.wait_turn(deadline)
        own = Deadline.after(deadline.left_or(bound_s), self.clock)
        try:
            answer = run_bounded(doing, lambda: request(own), own)
        except (BackendConnectionError, BackendTimeoutError):
            self._breaker.failure()
            raise
        except BackendError:
            self._breaker.success()  # it answered
            raise
        self._breaker.success()
        return answer

    def _pause(self, state: Any) -> float:
        error = state.outcome.exception()
        if error.retry_after is not None:
            return float(error.retry_after)
        longest = self.numbers.first_pause_s * 2 ** (state.attempt_number - 1)
        return self.random.uniform(0.0, min(self.numbers.longest_pause_s, longest))

    def _note_retry(self, doing: str, state: Any) -> None:
        self.on_retry()
        log.info("%s: try %d failed, again in %.1f s", doing, state.attempt_number, state.upcoming_sleep)
