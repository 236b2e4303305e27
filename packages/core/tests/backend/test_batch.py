"""Batches: split, bounded, ordered, resumable; one failure never loses the others."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from coratrix.backend import BackendConnectionError, BackendManager
from coratrix.backend.batch import Batch
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
