"""Calls that are given up at a deadline, even when they hang.

Owns: `run_bounded` and the threads it runs on. A call that hangs keeps its thread; the others are used
again, since starting one costs more than all else that is done around a request.
"""

from __future__ import annotations

import contextvars
import math
import os
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from coratrix.backend.clock import Deadline
from coratrix.backend.errors import BackendTimeoutError

T = TypeVar("T")


def run_bounded(doing: str, run: Callable[[], T], deadline: Deadline) -> T:
    """``run()``, given up at the deadline even if it hangs: it then goes on in a thread of its own.

    Raises:
        BackendTimeoutError: with ``outcome_unknown``, since nobody knows what ``run`` still does.
    """
    answers: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
    _free_worker().tasks.put((contextvars.copy_context(), run, answers))
    left = deadline.left()
    try:
        succeeded, value = answers.get(timeout=None if math.isinf(left) else left)
    except queue.Empty:
        raise BackendTimeoutError(
            f"{doing}: no answer within {left:.3g} s", retryable=True, outcome_unknown=True
        ) from None
    if not succeeded:
        raise value
    answer: T = value
    return answer


class _Worker(threading.Thread):
    """Runs one task after another, and waits in `_idle` between them."""

    def __init__(self) -> None:
        super().__init__(daemon=True, name="coratrix-call")
        self.tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.start()

    def run(self) -> None:
        while True:
            context, task, answers = self.tasks.get()
            try:
                answer = (True, context.run(task))
            except BaseException as exc:  # handed over to the caller's thread
                answer = (False, exc)
            _idle.append(self)
            answers.put(answer)
            del context, task, answers, answer  # what was answered may be large


_idle: list[_Worker] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a forked child has none of these threads


def _free_worker() -> _Worker:
    try:
        return _idle.pop()
    except IndexError:
        return _Worker()
