"""How fast one account may ask, for all of its backends together.

Owns: `RateLimiter` and `limiter_of`, which gives every backend of one account the same limiter in this
process. Knows nothing of: what is called. Two processes do not see each other's calls: what binds them is
the service's own "too many requests", after which each holds all of its account's calls back.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Hashable
from weakref import WeakValueDictionary

from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.errors import BackendTimeoutError, RateLimitError

UNLIMITED = math.inf


class RateLimiter:
    """A token bucket: ``burst`` calls at once, then ``rate_per_s`` a second. Thread-safe.

    Attributes:
        binds: whether a call may have to wait: there is a rate, or the service has asked for a pause.
    """

    def __init__(self, rate_per_s: float = UNLIMITED, burst: int = 1, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._rate, self._burst, self._clock = rate_per_s, burst, clock
        self._tokens, self._as_of = float(burst), clock.now()
        self._held_until = -math.inf
        self.binds = rate_per_s != UNLIMITED
        self._lock = threading.Lock()

    def wait_turn(self, deadline: Deadline) -> None:
        """Take a token, sleeping until there is one.

        Raises:
            BackendTimeoutError: our own rate allows none before the deadline.
            RateLimitError: the service asked for a pause that ends after the deadline.
        """
        if not self.binds:
            return
        held, pause = self._reserve()
        if pause <= deadline.left():
            if pause:
                self._clock.sleep(pause)
            return
        with self._lock:
            self._tokens += 1  # the turn that will not be used
        if held:
            raise RateLimitError(
                f"the service asked this account for a pause, of which {pause:.1f} s are left",
                retry_after=pause,
                hint="Give a longer `timeout`, or try again then",
            )
        raise BackendTimeoutError(
            f"our own rate limit allows the next request in {pause:.1f} s, after the deadline",
            hint="Give a longer `timeout`, or put several circuits into one batch",
        )

    def hold(self, seconds: float) -> None:
        """Let no call through for ``seconds``: the service asked for it."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock.now() + seconds)
            self.binds = True

    def slow_down(self, rate_per_s: float, burst: int) -> None:
        """Keep to this rate too, where it is the stricter one."""
        with self._lock:
            self._rate, self._burst = min(self._rate, rate_per_s), min(self._burst, burst)
            self.binds = self.binds or self._rate != UNLIMITED

    def _reserve(self) -> tuple[bool, float]:
        """Whether the service's pause decides, and the seconds until the token just taken is there."""
        with self._lock:
            now = self._clock.now()
            if self._rate == UNLIMITED:
                self._tokens = float(self._burst)
            else:
                self._tokens = min(self._burst, self._tokens + (now - self._as_of) * self._rate)
            self._as_of = now
            self._tokens -= 1
            turn, hold = max(0.0, -self._tokens / self._rate), max(0.0, self._held_until - now)
            return hold > turn, max(turn, hold)


def limiter_of(
    account: Hashable, *, rate_per_s: float = UNLIMITED, burst: int = 1, clock: Clock = SYSTEM_CLOCK
) -> RateLimiter:
    """The limiter that all backends of ``account`` in this process share; it keeps the strictest rate asked.

    Args:
        account: what tells accounts apart, without secrets, e.g. ``("ibm", "crn:…")``.
    """
    with _lock:
        limiter = _limiters.get((account, clock))
        if limiter is None:
            limiter = RateLimiter(rate_per_s, burst, clock=clock)
            _limiters[account, clock] = limiter
        else:
            limiter.slow_down(rate_per_s, burst)
        return limiter


def forget_accounts() -> None:
    """Let backends made from now on share no limit with earlier ones: for tests, which are accounts anew."""
    with _lock:
        _limiters.clear()


_limiters: WeakValueDictionary[tuple[Hashable, Clock], RateLimiter] = WeakValueDictionary()
_lock = threading.Lock()
