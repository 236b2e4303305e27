"""A result whose counts are made when somebody reads them is like any other."""

from __future__ import annotations

import copy
import json
import pickle
import threading
from collections.abc import Callable
from dataclasses import fields, replace

import pytest

from coratrix.core import ExecutionResult
from coratrix.core.frozen_dict import FrozenDict
from coratrix.core.result import Counts


class Engine:
    """Readings as an engine has them; remembers how often they were asked for."""

    def __init__(self) -> None:
        self.asked = 0
        self.wait: Callable[[], object] = lambda: None

    def counts(self, kind: type[Counts]) -> Counts:
        self.asked += 1
        self.wait()
        return kind({"01": 3, "11": 5})


def unread(engine: Engine) -> ExecutionResult:
    return ExecutionResult.of_readings(
        engine,
        execution_time=0.5,
        backend="sim",
        shots=8,
        metadata=lambda: FrozenDict(seed=1),
        layout=(("c", 2),),
    )


def read() -> ExecutionResult:
    """The same, made with its counts."""
    return ExecutionResult(
        success=True,
        counts={"01": 3, "11": 5},
        execution_time=0.5,
        backend="sim",
        shots=8,
        metadata={"seed": 1},
        layout=(("c", 2),),
    )


USES: dict[str, Callable[[ExecutionResult], object]] = {
    "counts": lambda result: result.counts,
    "the type of counts": lambda result: isinstance(result.counts, FrozenDict),
    "probabilities": lambda result: result.probabilities(),
    "standard errors": lambda result: result.standard_error,
    "registers": lambda result: result.registers,
    "qiskit's keys": lambda result: result.counts_little_endian(),
    "repr": repr,
    "html": lambda result: result._repr_html_(),
    "dictionary": lambda result: json.dumps(result.to_dict(), sort_keys=True),
    "and back": lambda result: ExecutionResult.from_dict(json.loads(json.dumps(result.to_dict()))),
    "pickle": lambda result: pickle.loads(pickle.dumps(result)),
    "copy": copy.copy,
    "deep copy": copy.deepcopy,
    "replaced": lambda result: replace(result, job_id="7"),
    "every field": lambda result: [getattr(result, f.name) for f in fields(result)],
    "status": lambda result: result.raise_for_status() == result,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_every_use_finds_what_it_finds_in_a_result_made_with_its_counts(
    use: Callable[[ExecutionResult], object],
) -> None:
    found = use(unread(Engine()))

    assert found == use(read())


def test_equality_holds_both_ways_and_sees_differences() -> None:
    assert unread(Engine()) == read()
    assert read() == unread(Engine())
    assert unread(Engine()) == unread(Engine())
    assert unread(Engine()) != replace(read(), counts={"01": 4, "11": 4})


def test_counts_are_made_once_and_only_when_asked_for() -> None:
    engine = Engine()
    result = unread(engine)

    assert (result.shots, result.metadata["seed"], engine.asked) == (8, 1, 0)
    assert result.counts is result.counts
    assert engine.asked == 1


def test_metadata_are_made_once_and_only_when_asked_for() -> None:
    asked: list[int] = []
    result = ExecutionResult.of_readings(
        Engine(),
        execution_time=0.5,
        backend="sim",
        shots=8,
        metadata=lambda: asked.append(1) or FrozenDict(seed=1),  # type: ignore[func-returns-value]
        layout=(("c", 2),),
    )

    assert (result.counts["11"], asked) == (5, [])
    assert result.metadata is result.metadata
    assert asked == [1]
    assert not hasattr(ExecutionResult, "metadata")


def test_threads_that_ask_at_once_get_the_same_counts() -> None:
    engine, both = Engine(), threading.Barrier(2)
    engine.wait = lambda: both.wait(timeout=10)  # neither goes on before the other has asked too
    result, found = unread(engine), list[object]()
    threads = [threading.Thread(target=lambda: found.append(result.counts)) for _ in range(2)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert engine.asked == 2
    assert found[0] is found[1] is result.counts


def test_a_failure_while_counting_is_not_remembered() -> None:
    engine = Engine()
    result = unread(engine)

    def fail() -> None:
        raise MemoryError

    engine.wait = fail
    with pytest.raises(MemoryError):
        _ = result.counts
    engine.wait = lambda: None
    assert result.counts == {"01": 3, "11": 5}


def test_it_changes_as_little_as_any_result() -> None:
    result = unread(Engine())

    with pytest.raises(AttributeError):
        result.counts = {}  # type: ignore[misc]
    with pytest.raises(TypeError):
        result.counts["01"] = 9  # type: ignore[index]
    with pytest.raises(TypeError):
        hash(result)
    assert not hasattr(ExecutionResult, "counts")
