"""Requests to a service one after another, each given up at its own deadline even when it hangs.

Owns: `Conversation`, `Request`, `Aside`, and `hold`, which lets a conversation take place. Knows nothing of: what
is asked, retries, jobs.

A call that hangs cannot be stopped, only left behind in its thread. To hand each request to another thread and
wait for it costs more than all else around it. So a conversation is a generator: it yields its requests, and
whoever has the answer goes on with it. That is the one thread which makes the requests. The caller's thread sleeps
meanwhile and watches the clock; where a request hangs, it takes the generator over and goes on with another thread.
"""

from __future__ import annotations

import contextvars
import math
import threading
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, NamedTuple, NoReturn, TypeAlias, TypeVar

from coratrix.backend.clock import Deadline
from coratrix.backend.errors import BackendTimeoutError
from coratrix.backend.worker import closed_lock, give

T = TypeVar("T")


class Request(NamedTuple):
    """Yielded, it is answered by what ``run`` returns or raises, or by a `BackendTimeoutError` at its deadline.

    Attributes:
        doing: what it is for, to begin an error's message with.
        within_s: seconds to its deadline.
    """

    doing: str
    run: Callable[[], Any]
    deadline: Deadline
    within_s: float


class Aside(NamedTuple):
    """Yielded, ``run`` is called in the caller's own thread, without a bound: a pause, the import of an SDK."""

    run: Callable[[], Any]


Conversation: TypeAlias = Generator[Request | Aside, Any, T]
Step: TypeAlias = Callable[[], Request | Aside]  # takes a conversation on; raises StopIteration at its end


def hold(talk: Conversation[T], deadline: Deadline, glance_s: float) -> T:
    """Let ``talk`` take place and return what it returns.

    Args:
        deadline: of all its requests.
        glance_s: at most the seconds that any of them has, where that is not cut by ``deadline``; so often the
            caller's thread looks which request is under way.
    """
    context = contextvars.copy_context()
    step: Step = partial(talk.send, None)
    while True:
        try:
            asked = context.run(step)
        except StopIteration as end:
            answer: T = end.value
            return answer
        finally:
            step = _nothing  # it may hold an exception, whose traceback holds this frame
        if isinstance(asked, Aside):
            try:
                step = partial(talk.send, asked.run())
            except BaseException as exc:  # it is the conversation's
                step = partial(talk.throw, exc)
        else:
            step = _Shift(talk, asked, context).watched(deadline, glance_s)


def run_bounded(doing: str, run: Callable[[], T], deadline: Deadline) -> T:
    """``run()``, given up at the deadline even if it hangs: it then goes on in a thread of its own.

    Raises:
        BackendTimeoutError: with ``outcome_unknown``, since nobody knows what ``run`` still does.
    """

    def talk() -> Conversation[T]:
        answer: T = yield Request(doing, run, deadline, deadline.left())
        return answer

    return hold(talk(), deadline, _LONGEST_GLANCE_S)


class _Shift:
    """One thread's part of a conversation: from a request to its end, to an aside, or to where it is given up."""

    def __init__(self, talk: Conversation[Any], request: Request, context: contextvars.Context) -> None:
        self.done = closed_lock()
        self._talk, self._context = talk, context
        self._request: Request | None = request  # under way; None while the conversation itself goes on
        self._is_left, self._lock = False, threading.Lock()
        self._step: Step = _nothing

    # the worker's side

    def work(self) -> None:
        while (request := self._request) is not None:
            try:
                step: Step = partial(self._talk.send, self._context.copy().run(request.run))
            except BaseException as exc:  # it is the conversation's
                step = partial(self._talk.throw, exc)
            if not self._goes_on_with(None):
                return
            try:
                asked = self._context.run(step)
            except BaseException as exc:  # also its end, a StopIteration: the caller meets it
                self._step = partial(_raise, exc)
                return
            if isinstance(asked, Aside):
                self._step = partial(_said, asked)
                return
            self._goes_on_with(asked)

    def _goes_on_with(self, request: Request | None) -> bool:
        with self._lock:
            self._request = None if self._is_left else request
            return not self._is_left

    # the caller's side

    def watched(self, deadline: Deadline, glance_s: float) -> Step:
        """Hand it over, wait for its end or give it up; the caller's next step."""
        try:
            give(self)
            late = self._overdue(deadline, glance_s)
        except BaseException as exc:  # the caller is interrupted: nothing more is asked
            if self._leave():
                return partial(self._talk.throw, exc)
            raise
        if late is not None:
            return partial(self._talk.throw, _timeout(late))
        step, self._step = self._step, _nothing
        return step

    def _overdue(self, deadline: Deadline, glance_s: float) -> Request | None:
        """Wait; the request that hangs, once it was left, or None when the shift has ended."""
        request, left = self._request, 0.0 if self._request is None else self._request.within_s
        while True:
            pause = min(left, glance_s, deadline.left() or glance_s)  # after the deadline no request begins
            if self.done.acquire(timeout=pause):
                return None
            left -= pause
            if left <= 0 and request is not None and self._leave(request):
                return request
            if self._request is not request:
                request = self._request
                left = math.inf if request is None else request.deadline.left()

    def _leave(self, hanging: Request | None = None) -> bool:
        """Let the worker go no further; whether it is in a request, so that the conversation is free.

        Args:
            hanging: leave only if it still is in this one, and not if that was answered at the last moment.
        """
        with self._lock:
            if hanging is not None and self._request is not hanging:
                return False
            self._is_left = True
            return self._request is not None


_LONGEST_GLANCE_S = 3600.0  # locks cannot wait for ever with a bound


def _timeout(request: Request) -> BackendTimeoutError:
    return BackendTimeoutError(
        f"{request.doing}: no answer within {request.within_s:.3g} s", retryable=True, outcome_unknown=True
    )


def _said(asked: Aside) -> Aside:
    return asked


def _raise(error: BaseException) -> NoReturn:
    try:
        raise error
    finally:
        del error  # its traceback holds this frame


def _nothing() -> NoReturn:
    raise RuntimeError("a conversation without a next step")
