"""Threads that wait for work, since starting one costs more than all else that is done around a request.

Owns: `give`, and the threads behind it. Knows nothing of: what is done on them.
"""

from __future__ import annotations

import os
import threading
from typing import Protocol


class Shift(Protocol):
    """Work for one thread, and the lock that it opens at the end."""

    done: threading.Lock

    def work(self) -> None:
        """Do it; raises nothing."""


def give(shift: Shift) -> None:
    """Let a thread that is free do ``shift``; where none is, a new one."""
    try:
        worker = _idle.pop()
    except IndexError:
        worker = _Worker()
    worker.shift = shift
    worker.awake.release()


class _Worker(threading.Thread):
    """Does one shift after another, and waits in `_idle` between them."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="coratrix-call")
        self.shift: Shift | None = None
        self.awake = closed_lock()
        self.start()

    def run(self) -> None:
        while True:
            self.awake.acquire()
            shift, self.shift = self.shift, None
            if shift is not None:
                shift.work()
                _idle.append(self)
                shift.done.release()
            shift = None  # what was answered may be large


def closed_lock() -> threading.Lock:
    """A lock for one thread to wait at until another opens it: cheaper than any queue or event."""
    lock = threading.Lock()
    lock.acquire()
    return lock


_idle: list[_Worker] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a forked child has none of these threads
