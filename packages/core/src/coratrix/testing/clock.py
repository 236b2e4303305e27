"""A clock whose time passes only when someone sleeps.

Owns: `FakeClock`. Tests of hours of polling end at once, and every pause can be read afterwards.
"""

from __future__ import annotations

import threading


class FakeClock:
    """Starts at ``start`` seconds; `sleep` advances it.

    Attributes:
        pauses: the seconds of every sleep so far.
    """

    def __init__(self, start: float = 1_000_000.0) -> None:
        self._seconds = start
        self._lock = threading.Lock()
        self.pauses: list[float] = []

    def now(self) -> float:
        return self._seconds

    def time(self) -> float:
        return self._seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.pauses.append(seconds)
            self._seconds += seconds

    def advance(self, seconds: float) -> None:
        """Let time pass without anyone sleeping, also backwards, as a wall clock may."""
        with self._lock:
            self._seconds += seconds
