"""Batches: split, bounded, ordered, resumable; one failure never loses the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coratrix.backend import (
    BackendConnectionError,
    BackendManager,
    BackendTimeoutError,
    ConfigurationError,
    QuotaExceededError,
)
from coratrix.backend.batch import Batch
from coratrix.backend.budget import Budget
from coratrix.backend.provider import MemoryJobStore, Resilience
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import Fault, ScriptedBackend, ScriptedService


def circuits(count: int) -> list[QuantumCircuit]:
    """Circuit k writes k in binary on 6 qubits, so that a result in the wrong place shows."""
    made = []
    for k in range(count):
        circuit = QuantumCircuit(6)
        for qubit in range(6):
            if k % 64 >> qubit & 1:
                circuit.x(qubit)
        made.append(circuit.measure_all())
    return made


def keys(count: int) -> list[str]:
    return ["".join(str(k % 64 >> qubit & 1) for qubit in range(6)) for k in range(count)]


def backend(name: str, service: ScriptedService, **parts: Any) -> ScriptedBackend:
    return ScriptedBackend(service, name, **{"store": MemoryJobStore(), "clock": FakeClock(), **parts})


def batch_of(count: int, *backends: ScriptedBackend, **more: Any) -> Batch:
    return Batch(circuits(count), 5, {b.name: b for b in backends}, clock=FakeClock(), **more)


def test_two_backends_share_the_work_and_the_order_is_kept() -> None:
    services = [ScriptedService(polls_until_done=3), ScriptedService(polls_until_done=2)]
    seen: list[int] = []

    results = batch_of(230, backend("a", services[0]), backend("b", services[1])).run(
        lambda done, _: seen.append(done)
    )

    assert [max(r.counts) for r in results] == keys(230)
    assert all(service.jobs() for service in services)
    assert sum(len(job["circuits"]) for s in services for job in s.jobs()) == 230
    assert seen == sorted(seen)
    assert seen[-1] == 230


def test_a_circuit_that_cannot_run_fails_alone() -> None:
    batch = batch_of(25, backend("a", ScriptedService()))
    batch._circuits[7] = QuantumCircuit(9)

    results = batch.run()

    assert [r.success for r in results] == [k != 7 for k in range(25)]
    assert "9 qubits" in (results[7].error or "")
    assert max(results[8].counts) == keys(25)[8]


def test_a_backend_that_is_down_leaves_its_share_to_the_other() -> None:
    down, up = ScriptedService(), ScriptedService()
    down.script("submit", *[Fault(error=lambda: BackendConnectionError("no route"))] * 1000)
    numbers = Resilience(attempts=1)

    results = batch_of(40, backend("down", down, resilience=numbers), backend("up", up)).run()

    assert [max(r.counts) for r in results] == keys(40)
    assert down.jobs() == []


def test_partial_results_can_be_read_at_any_time_and_a_new_process_goes_on() -> None:
    service, store = ScriptedService(), MemoryJobStore()
    first = batch_of(95, backend("a", service, store=store, resilience=Resilience(max_in_flight=2)))
    steps = first.steps()
    next(steps)
    partial = [r for r in first.results if r is not None]
    sent = len(service.jobs())
    assert 0 < len(partial) < 95

    again = batch_of(95, backend("a", service, store=store), batch_id=first.id)

    assert [max(r.counts) for r in again.run()] == keys(95)
    assert sent < len(service.jobs())
    assert sum(len(job["circuits"]) for job in service.jobs()) == 95  # nothing ran twice


@pytest.mark.parametrize("resend", [False, True])
def test_what_was_perhaps_never_sent_is_sent_again_only_when_asked(resend: bool) -> None:
    service, store = ScriptedService(), MemoryJobStore()
    first = batch_of(20, backend("a", service, store=store))
    service.script("submit", Fault(error=lambda: BackendConnectionError("cut off", outcome_unknown=True)))
    first.run()  # the first chunk's submission got no answer and never arrived

    again = batch_of(20, backend("a", service, store=store), batch_id=first.id, resend_unknown=resend)
    results = again.run()

    assert [r.success for r in results] == [resend] * 10 + [True] * 10
    assert results[0].error_code == (None if resend else "submission_unknown")


def test_results_can_be_iterated_in_a_running_loop() -> None:
    async def collect() -> dict[int, str]:
        batch = batch_of(30, backend("a", ScriptedService(polls_until_done=2)))
        return {index: max(result.counts) async for index, result in batch}

    found = asyncio.run(collect())

    assert [found[k] for k in range(30)] == keys(30)


def test_the_manager_makes_batches() -> None:
    manager = BackendManager(store=MemoryJobStore())
    manager.register_backend("a", backend("a", ScriptedService()))

    assert [max(r.counts) for r in manager.batch(circuits(12), 5).run()] == keys(12)


def test_thousands_of_circuits_keep_their_order() -> None:
    services = [ScriptedService(polls_until_done=2), ScriptedService()]

    results = batch_of(2000, backend("a", services[0]), backend("b", services[1])).run()

    assert [max(r.counts) for r in results] == keys(2000)
    assert sum(len(job["circuits"]) for s in services for job in s.jobs()) == 2000


def test_each_circuit_may_have_shots_of_its_own() -> None:
    service = ScriptedService()
    shots = [10, 10, 30, 30, 10]

    results = Batch(circuits(5), shots, {"a": backend("a", service)}, clock=FakeClock()).run()

    assert [sum(r.counts.values()) for r in results] == shots
    assert [job["shots"] for job in service.jobs()] == [10, 30, 10]


def seeds_by_first_circuit(service: ScriptedService) -> dict[int, int]:
    """The seed of each job that was accepted, by the place of its first circuit, which is its name."""
    first = [job["circuits"][0]["name"] for job in service.jobs()]
    return {int(name): job["seed"] for name, job in zip(first, service.jobs(), strict=True)}


def test_each_job_has_the_seed_of_its_place_before_and_after_a_crash() -> None:
    named = [QuantumCircuit(1, str(k)).h(0).measure_all() for k in range(35)]
    service, store = ScriptedService(), MemoryJobStore()
    few = backend("a", service, store=store, resilience=Resilience(max_in_flight=1))
    first = Batch(named, 500, {"a": few}, options={"seed": 7}, clock=FakeClock())
    next(first.steps())
    assert len(service.jobs()) < 4

    again = Batch(
        named,
        500,
        {"a": backend("a", service, store=store)},
        batch_id=first.id,
        options={"seed": 7},
        clock=FakeClock(),
    )
    results = again.run()

    assert seeds_by_first_circuit(service) == {0: 7, 10: 17, 20: 27, 30: 37}
    assert results[0].counts != results[10].counts  # equal circuits, but not the same shots

    other = ScriptedService()
    backend("a", other).execute_batch(named, 500, seed=7)
    assert seeds_by_first_circuit(other) == seeds_by_first_circuit(service)


def test_circuits_that_travel_alone_have_the_same_seeds_however_many_are_left_out() -> None:
    from dataclasses import replace

    service = ScriptedService()
    service.capabilities = replace(service.capabilities, max_circuits_per_job=1)
    named = [QuantumCircuit(9 if k == 1 else 1, str(k)).measure_all() for k in range(4)]

    results = Batch(named, 5, {"a": backend("a", service)}, options={"seed": 7}, clock=FakeClock()).run()

    assert [result.success for result in results] == [True, False, True, True]
    assert seeds_by_first_circuit(service) == {0: 7, 2: 9, 3: 10}


def test_the_timeout_bounds_the_batch_which_can_be_gone_on_with() -> None:
    service, clock = ScriptedService(polls_until_done=10**6), FakeClock()
    batch = Batch(
        circuits(15), 5, {"a": backend("a", service, clock=clock)}, options={"timeout": 60.0}, clock=clock
    )
    begun = clock.now()

    with pytest.raises(BackendTimeoutError, match=f"0 of 15 .* after 60 s.*batch_id='{batch.id}'"):
        batch.run()
    service.polls_until_done = 0

    assert clock.now() - begun == pytest.approx(60.0)
    assert all("timeout" not in r.options for r in batch._backends["a"].store.list())  # type: ignore[attr-defined]
    assert [max(r.counts) for r in batch.run()] == keys(15)
    assert len(service.jobs()) == 2


def test_what_was_surely_not_accepted_is_sent_when_the_batch_goes_on() -> None:
    service, store = ScriptedService(), MemoryJobStore()
    service.script("submit", Fault(error=lambda: QuotaExceededError("no minutes left")))
    first = batch_of(15, backend("a", service, store=store))

    before = [r.error_code for r in first.run()]
    after = batch_of(15, backend("a", service, store=store), batch_id=first.id).run()

    assert before == ["quota"] * 10 + [None] * 5
    assert [max(r.counts) for r in after] == keys(15)
    assert len(service.jobs()) == 2


def test_a_timeout_while_sending_leaves_the_rest_for_later() -> None:
    class Slow(ScriptedService):
        def accept(self, *arguments: Any) -> str:
            clock.advance(50.0)
            return super().accept(*arguments)

    service, clock = Slow(), FakeClock()
    one = backend("a", service, clock=clock)
    batch = Batch(circuits(35), 5, {"a": one}, options={"timeout": 70.0}, clock=clock)

    with pytest.raises(BackendTimeoutError, match="20 of 35"):
        batch.run()

    assert len(service.jobs()) == 2  # no time was left to send the others
    assert [max(r.counts) for r in batch.run()] == keys(35)
    assert sum(len(job["circuits"]) for job in service.jobs()) == 35


def test_a_job_that_cannot_be_asked_about_fails_after_a_while_and_is_found_by_going_on() -> None:
    service, store, clock = ScriptedService(polls_until_done=0), MemoryJobStore(), FakeClock()
    service.script("poll", *[Fault(error=lambda: BackendConnectionError("no route"))] * 1000)
    numbers = Resilience(attempts=1, breaker_failures=10**6, poll_patience_s=100.0)
    parts: dict[str, Any] = {"store": store, "clock": clock, "resilience": numbers}
    first = Batch(circuits(15), 5, {"a": backend("a", service, **parts)}, clock=clock)

    failed = first.run()
    service._script.clear()
    again = Batch(circuits(15), 5, {"a": backend("a", service, **parts)}, batch_id=first.id, clock=clock)

    assert [r.error_code for r in failed] == ["connection"] * 15
    assert [max(r.counts) for r in again.run()] == keys(15)
    assert len(service.jobs()) == 2  # nothing was sent again


def test_going_on_survives_an_outage() -> None:
    service, clock = ScriptedService(polls_until_done=2), FakeClock()
    parts: dict[str, Any] = {"store": MemoryJobStore(), "clock": clock}
    first = Batch(circuits(25), 5, {"a": backend("a", service, **parts)}, clock=clock)
    first._start()
    first._launch()
    service.script("poll", *[Fault(error=lambda: BackendConnectionError("no route"))] * 12)

    again = Batch(circuits(25), 5, {"a": backend("a", service, **parts)}, batch_id=first.id, clock=clock)

    assert [max(r.counts) for r in again.run()] == keys(25)
    assert len(service.jobs()) == 3


def test_other_circuits_cannot_take_a_batchs_results() -> None:
    service, store = ScriptedService(), MemoryJobStore()
    first = batch_of(15, backend("a", service, store=store))
    first.run()
    others = circuits(16)[1:]

    mistaken = Batch(others, 5, {"a": backend("a", service, store=store)}, batch_id=first.id)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="made of other circuits: those of items:"):
            mistaken.run()


def test_a_budget_stops_the_circuits_that_it_does_not_cover() -> None:
    from dataclasses import replace

    service, store = ScriptedService(), MemoryJobStore()
    price = {"currency": "USD", "per_task": 0.0, "per_shot": 0.01}
    service.capabilities = replace(service.capabilities, price=price)
    manager = BackendManager(store=store)
    manager.register_backend("a", backend("a", service, store=store))
    manager.add_budget(Budget(amount=1.2, currency="USD"))

    results = manager.batch(circuits(25), 5).run()  # 0.5 USD for each ten

    assert [r.success for r in results] == [True] * 20 + [False] * 5
    assert results[20].error_code == "budget"


def test_progress_is_told_to_a_function_or_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the test's output for a terminal
    seen: list[tuple[int, int]] = []
    one = backend("a", ScriptedService(polls_until_done=3))

    one.execute_batch(circuits(25), 5, progress=lambda done, total: seen.append((done, total)))
    one.execute_batch(circuits(3), 5, progress=True)

    assert seen == [(10, 25), (20, 25), (25, 25)]
    assert "3/3" in capsys.readouterr().err


def test_without_rich_progress_is_a_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "rich", None)

    batch_of(12, backend("a", ScriptedService())).run(progress=True)

    assert "12 of 12 circuits" in capsys.readouterr().err


def test_asynchronous_results_are_in_order_and_their_jobs_fly_together() -> None:
    service = ScriptedService(polls_until_done=3)
    bad = circuits(30)
    bad[4] = QuantumCircuit(9)

    async def collect() -> list[Any]:
        return [result async for result in backend("a", service).execute_batch_async(bad, 5)]

    results = asyncio.run(collect())

    assert [r.success for r in results] == [k != 4 for k in range(30)]
    assert [max(r.counts) for r in results if r.success] == [key for k, key in enumerate(keys(30)) if k != 4]
    assert service.requests.index("fetch") > len([r for r in service.requests if r == "submit"])


def test_both_faces_work_inside_a_loop_that_runs_as_in_a_notebook() -> None:
    one = backend("a", ScriptedService(polls_until_done=2))
    manager = BackendManager(store=MemoryJobStore())
    manager.register_backend("a", one)

    async def cell() -> None:
        circuit = circuits(2)[1]
        ticks = 0

        async def heartbeat() -> None:
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        beating = asyncio.ensure_future(heartbeat())
        assert manager.execute(circuit, 5).counts == {"100000": 5}
        assert one.submit(circuit, 5).result().counts == {"100000": 5}
        assert [max(r.counts) for r in manager.batch(circuits(3), 5).run()] == keys(3)
        before = ticks
        job = await one.submit_async(circuit, 5)
        assert (await job).counts == {"100000": 5}
        assert [index async for index, _ in manager.batch(circuits(12), 5)] == list(range(12))
        assert ticks > before  # the loop was not blocked
        beating.cancel()

    asyncio.run(cell())
