"""Time as an argument: a clock that tests can replace, and deadlines measured on it.

Owns: `Clock`, `SystemClock`, `Deadline`. Knows nothing of: what is being waited for.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Protocol

from coratrix.backend.errors import BackendTimeoutError


class Clock(Protocol):
    """What the library asks of time."""

    def now(self) -> float:
        """Seconds that never run backwards, for measuring."""

    def time(self) -> float:
        """Seconds since the epoch, for records."""

    def sleep(self, seconds: float) -> None:
        """Let ``seconds`` pass."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment on ``clock`` after which nothing more is waited for; ``at`` is infinite for "no limit"."""

    clock: Clock
    at: float

    @classmethod
    def after(cls, timeout_s: float | None, clock: Clock = SYSTEM_CLOCK) -> Deadline:
        """The deadline ``timeout_s`` seconds from now; None never comes."""
        return cls(clock, math.inf if timeout_s is None else clock.now() + timeout_s)

    def left(self) -> float:
        """Seconds until it, never negative; infinite without a limit."""
        return max(0.0, self.at - self.clock.now())

    def left_or(self, longest_s: float) -> float:
        """``left()``, at most ``longest_s``: what to hand to a vendor's own timeout."""
        return min(self.left(), longest_s)

    @property
    def has_passed(self) -> bool:
        return self.left() == 0.0

    def check(self, doing: str) -> None:
        """Raise `BackendTimeoutError` when the deadline has passed."""
        if self.has_passed:
            raise BackendTimeoutError(f"{doing}: no time left", hint="Give a longer `timeout`")
