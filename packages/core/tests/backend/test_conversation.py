"""Conversations: which thread does what, and what becomes of a request that hangs."""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from coratrix.backend import BackendError, BackendTimeoutError, JobState
from coratrix.backend.clock import Deadline
from coratrix.backend.conversation import Aside, Conversation, Request, hold, run_bounded
from coratrix.backend.provider import MemoryJobStore, Resilience
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import ScriptedBackend, ScriptedService

NEVER = Deadline.after(None)
CIRCUIT = QuantumCircuit(2).x(0).measure_all()


def request(run: Callable[[], Any], within_s: float = 60.0) -> Request:
    return Request("asking", run, Deadline.after(within_s), within_s)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What hangs waits for it."""
    made = threading.Event()
    yield made
    made.set()


def test_requests_share_a_thread_and_asides_are_the_callers() -> None:
    def talk() -> Conversation[list[str]]:
        first = yield request(lambda: threading.current_thread().name)
        second = yield request(lambda: threading.current_thread().name)
        aside = yield Aside(lambda: threading.current_thread().name)
        return [first, second, aside]

    first, second, aside = hold(talk(), NEVER, 60.0)

    assert first == second
    assert (first, aside) == ("coratrix-call", threading.current_thread().name)


def test_a_conversation_without_requests_needs_no_thread() -> None:
    def talk() -> Conversation[str]:
        return threading.current_thread().name
        yield

    assert hold(talk(), NEVER, 60.0) == threading.current_thread().name


def test_what_a_request_raises_is_raised_where_it_was_asked() -> None:
    def fails() -> None:
        raise BackendError("no")

    def talk() -> Conversation[int]:
        try:
            yield request(fails)
        except BackendError:
            return (yield request(lambda: 2))
        return 1

    assert hold(talk(), NEVER, 60.0) == 2


def test_what_a_conversation_raises_is_the_callers() -> None:
    def talk() -> Conversation[None]:
        yield request(lambda: 1)
        raise BackendError("the end")

    with pytest.raises(BackendError, match="the end"):
        hold(talk(), NEVER, 60.0)


@pytest.mark.parametrize("hanging", [0, 1, 2])
def test_a_request_that_hangs_is_left_behind_and_the_conversation_goes_on(
    gate: threading.Event, hanging: int
) -> None:
    def talk() -> Conversation[list[object]]:
        answers: list[object] = []
        for number in range(4):
            try:
                run = gate.wait if number == hanging else partial(str, number)
                answers.append((yield request(run, 0.05 if number == hanging else 60.0)))
            except BackendTimeoutError as exc:
                answers.append(exc.outcome_unknown)
        return answers

    begun = time.monotonic()
    answers = hold(talk(), NEVER, 0.05)

    assert answers == [True if number == hanging else str(number) for number in range(4)]
    assert time.monotonic() - begun < 30


def test_an_answer_that_comes_too_late_is_dropped(gate: threading.Event) -> None:
    late: list[bool] = []

    def talk() -> Conversation[str]:
        with pytest.raises(BackendTimeoutError, match=r"asking: no answer within 0\.05 s"):
            yield request(lambda: late.append(gate.wait()), 0.05)
        return "went on"

    assert hold(talk(), NEVER, 60.0) == "went on"
    gate.set()
    while not late:
        time.sleep(0.001)
    assert run_bounded("asking", lambda: 5, NEVER) == 5


def test_a_clock_that_stands_still_keeps_nobody_waiting(gate: threading.Event) -> None:
    deadline = Deadline.after(0.05, FakeClock())

    with pytest.raises(BackendTimeoutError, match="no answer within"):
        run_bounded("asking", gate.wait, deadline)


def test_the_deadline_of_the_whole_bounds_a_later_request_too(gate: threading.Event) -> None:
    deadline = Deadline.after(0.2)

    def talk() -> Conversation[None]:
        yield Request("first", lambda: time.sleep(0.01), deadline, deadline.left())
        yield Request("second", gate.wait, deadline, deadline.left())

    with pytest.raises(BackendTimeoutError, match="second: no answer"):
        hold(talk(), deadline, 60.0)


def test_a_caller_that_is_interrupted_asks_nothing_more(gate: threading.Event) -> None:
    asked: list[int] = []
    running: list[str] = []

    class Interrupted(BaseException):
        pass

    class Interrupting(FakeClock):  # stands for Ctrl-C while the caller's thread waits
        def now(self) -> float:
            if asked:
                raise Interrupted
            return super().now()

    def first() -> None:
        asked.append(1)
        gate.wait()

    def talk() -> Conversation[None]:
        try:
            yield request(first)
            yield request(lambda: asked.append(2))
        except Interrupted:
            running.append("told")
            raise

    deadline = Deadline(Interrupting(), 2_000_000.0)
    with pytest.raises(Interrupted):
        hold(talk(), deadline, 0.01)
    gate.set()

    assert running == ["told"]
    assert 2 not in asked


def test_context_variables_go_along_and_stay_in_the_conversation() -> None:
    seen: contextvars.ContextVar[int] = contextvars.ContextVar("seen", default=0)
    seen.set(1)

    def talk() -> Conversation[list[int]]:
        token = seen.set(2)
        inside = yield request(seen.get)
        yield Aside(lambda: None)
        later = yield request(lambda: seen.set(9) and seen.get())
        after = seen.get()
        seen.reset(token)
        return [inside, later, after, seen.get()]

    assert hold(talk(), NEVER, 60.0) == [2, 9, 2, 1]
    assert seen.get() == 1


def test_a_run_is_handed_over_once() -> None:
    names: list[str] = []
    service = ScriptedService()
    original = service.answer

    def answer(name: str, act: Any) -> Any:
        names.append(f"{name} {threading.get_ident()}")
        return original(name, act)

    service.answer = answer  # type: ignore[method-assign]
    backend = ScriptedBackend(service, store=MemoryJobStore())
    backend.get_capabilities()
    names.clear()

    backend.execute(CIRCUIT, 10)

    assert [name.split()[0] for name in names] == ["submit", "poll", "fetch"]
    assert len({name.split()[1] for name in names}) == 1


@pytest.mark.parametrize("takes_keys", [True, False])
@pytest.mark.parametrize("phase", ["submit", "poll", "fetch"])
def test_a_request_of_a_run_that_hangs_once_costs_a_try_and_no_job(
    gate: threading.Event, phase: str, takes_keys: bool
) -> None:
    service = ScriptedService(takes_keys=takes_keys)
    original, hung = service.answer, list[str]()

    def answer(name: str, act: Any) -> Any:
        if name == phase and not hung:
            hung.append(name)
            act()  # it took effect
            gate.wait()
        return original(name, act)

    service.answer = answer  # type: ignore[method-assign]
    numbers = Resilience(request_timeout_s=0.1, submit_timeout_s=0.1, first_pause_s=0.001)
    backend = ScriptedBackend(service, store=MemoryJobStore(), resilience=numbers)
    backend.get_capabilities()

    result = backend.execute(CIRCUIT, 10)

    assert result.counts == {"10": 10}
    assert len(service.jobs()) == 1
    assert backend.store.get(str(result.job_id)).state is JobState.SUCCEEDED
