"""A backend in another process: the same answers, and its end is an error of ours.

The whole conformance suite runs over this door in the monorepo's ``tests/``, where a simulator is there.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import (
    BackendAuthError,
    BackendConfiguration,
    BackendError,
    BackendManager,
    BackendStatus,
    BackendTimeoutError,
    BackendUnavailableError,
    BudgetExceededError,
    CircuitValidationError,
    ConfigurationError,
    JobState,
    UnknownOptionError,
    isolated,
)
from coratrix.backend.batch import Batch
from coratrix.backend.budget import Budget, keeping
from coratrix.backend.clock import SystemClock
from coratrix.backend.provider import MemoryJobStore
from coratrix.backend.sql_store import SqlJobStore
from coratrix.core import ExecutionResult, QuantumCircuit

PLUGIN = """
    import os, sys, time
    from dataclasses import replace
    from pathlib import Path
    from coratrix.testing.scripted import ScriptedBackend, ScriptedService
    from coratrix.backend.provider import BackendAuthError, MemoryJobStore, Resilience

    class Remote(ScriptedBackend):
        def __init__(self, config):
            params = config.connection_params
            ledger = Path(params["ledger"]) if "ledger" in params else None
            service = ScriptedService(ledger, polls_until_done=int(params.get("polls", 1)))
            shared = "CORATRIX_JOBS_URL" in os.environ or params.get("takes_store")
            store = None if shared else MemoryJobStore()
            service.capabilities = replace(service.capabilities, price=params.get("price"))
            numbers = Resilience(max_in_flight=int(params.get("in_flight", 8)))
            super().__init__(service, config.name, store=store, resilience=numbers)
            if config.connection_params.get("never_ready"):
                time.sleep(600)
            if config.connection_params.get("refuses"):
                raise BackendAuthError("no such account")
            self.token = config.connection_params["token"].reveal()

        def execute(self, circuit, shots=1000, **options):
            print("an SDK that prints to standard output")
            if circuit.name == "crash":
                os.kill(os.getpid(), 9)
            if circuit.name == "hang":
                time.sleep(600)
            if circuit.name == "leak":
                raise ValueError("an error of the SDK")
            return super().execute(circuit, shots, **options)
"""


@pytest.fixture
def make(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., isolated.IsolatedBackend]]:
    """Makes backends whose child finds the plugin above through an entry point on its path."""
    (tmp_path / "remote_plugin.py").write_text(textwrap.dedent(PLUGIN))
    info = tmp_path / "remote_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: remote-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[coratrix.backends]\nremote = remote_plugin:Remote\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    made: list[isolated.IsolatedBackend] = []

    def make(**more: Any) -> isolated.IsolatedBackend:
        params = {"provider": "remote", "python": sys.executable, "token": "canary", **more}
        made.append(isolated.IsolatedBackend(BackendConfiguration("far", "cloud", params)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def backend(make: Callable[..., isolated.IsolatedBackend]) -> isolated.IsolatedBackend:
    return make()


def test_counts_capabilities_and_status_come_over(backend: isolated.IsolatedBackend) -> None:
    result = backend.execute(QuantumCircuit(3).x(0).measure_all(), 50, seed=3)

    assert result.counts == {"100": 50}
    assert result.backend == "far"
    assert backend.get_capabilities().max_qubits == 6
    assert backend.get_status() is BackendStatus.ONLINE
    assert backend.get_queue_info().length == 3
    assert backend.get_performance_metrics().succeeded == 1


def test_errors_come_over_as_what_they_are(backend: isolated.IsolatedBackend) -> None:
    with pytest.raises(CircuitValidationError, match="7 qubits, 6 are there"):
        backend.execute(QuantumCircuit(7).x(0))
    with pytest.raises(UnknownOptionError, match="sedd"):
        backend.execute(QuantumCircuit(1), sedd=1)
    with pytest.raises(Exception, match="ValueError: an error of the SDK"):
        backend.execute(QuantumCircuit(1, "leak"))
    assert not backend.validate_circuit(QuantumCircuit(7))


def test_a_crash_is_an_error_and_the_next_call_starts_anew(backend: isolated.IsolatedBackend) -> None:
    with pytest.raises(BackendUnavailableError, match=r"ended with code -9") as caught:
        backend.execute(QuantumCircuit(1, "crash"))

    assert caught.value.outcome_unknown
    assert backend.execute(QuantumCircuit(2).x(0), 10).counts == {"10": 10}


def test_a_hang_is_ended_at_the_deadline(
    backend: isolated.IsolatedBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated, "GRACE_S", 0.0)
    backend.get_capabilities()  # so that the deadline is not spent on starting

    with pytest.raises(BackendTimeoutError, match="did not answer 'execute' within 0.2 s"):
        backend.execute(QuantumCircuit(1, "hang"), 10, timeout=0.2)


def test_a_process_that_is_never_ready_is_an_error_of_ours(
    make: Callable[..., isolated.IsolatedBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(isolated, "START_TIMEOUT_S", 1.0)

    with pytest.raises(BackendTimeoutError, match="not ready within 1 s and was ended"):
        make(never_ready=True).get_capabilities()


def test_a_configuration_that_is_refused_there_is_refused_each_time(
    make: Callable[..., isolated.IsolatedBackend],
) -> None:
    refused = make(refuses=True)

    for _ in range(2):
        with pytest.raises(BackendAuthError, match="no such account"):
            refused.get_capabilities()


def test_a_batch_is_one_question(backend: isolated.IsolatedBackend) -> None:
    circuits = [QuantumCircuit(3).x(0), QuantumCircuit(7), QuantumCircuit(3).x(2)]
    seen: list[tuple[int, int]] = []

    results = backend.execute_batch(circuits, 20, progress=lambda done, total: seen.append((done, total)))

    assert [r.counts for r in results] == [{"100": 20}, {}, {"001": 20}]
    assert "7 qubits" in (results[1].error or "")
    assert seen == [(3, 3)]


def test_a_job_there_is_followed_here(make: Callable[..., isolated.IsolatedBackend]) -> None:
    job = make(polls=3).submit(QuantumCircuit(2).x(0), 20)

    assert job.status() is JobState.QUEUED
    with pytest.raises(BackendTimeoutError, match="lives on") as caught:
        job.results(timeout=0.0)
    assert caught.value.job is not None
    assert caught.value.job.result(timeout=30).counts == {"10": 20}
    assert job.metrics.execution_time == 0.25
    assert make(polls=99).submit(QuantumCircuit(1)).cancel()


def test_a_job_there_is_found_by_its_id_in_the_store(
    make: Callable[..., isolated.IsolatedBackend], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")
    manager = BackendManager()
    manager.register_backend("far", make(polls=2))
    sent = manager.submit(QuantumCircuit(2).x(0), 20)

    (record,) = manager.jobs(unfinished=True)

    assert (record.id, record.backend) == (sent.id, "far")
    assert manager.job(sent.id).result(timeout=30).counts == {"10": 20}
    assert manager.jobs()[0].state is JobState.SUCCEEDED
    assert manager.resubmit(sent.id).result(timeout=30).counts == {"10": 20}


def numbered(count: int) -> list[QuantumCircuit]:
    """Circuit k writes k in binary, so that a result in the wrong place shows."""
    made = []
    for k in range(count):
        circuit = QuantumCircuit(5)
        for qubit in range(5):
            if k >> qubit & 1:
                circuit.x(qubit)
        made.append(circuit)
    return made


def are_in_place(results: list[ExecutionResult]) -> bool:
    keys = ["".join(str(k >> qubit & 1) for qubit in range(5)) for k in range(len(results))]
    return [dict(result.counts) for result in results] == [{key: 20} for key in keys]


def circuits_sent(ledger: Path) -> int:
    return sum(len(json.loads(line)["circuits"]) for line in ledger.read_text().splitlines())


class Interrupted(SystemClock):
    """Does something at its first sleep, which is when a batch's jobs are on their way."""

    def __init__(self, act: Callable[[], None]) -> None:
        self._acts = [act]

    def sleep(self, seconds: float) -> None:
        if self._acts:
            self._acts.pop()()
        super().sleep(seconds)


def stop() -> None:
    raise KeyboardInterrupt


def test_a_batch_there_is_gone_on_with_job_by_job(
    make: Callable[..., isolated.IsolatedBackend], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")
    ledger = tmp_path / "ledger"
    far, more = make(ledger=str(ledger), polls=2, in_flight=2), {"options": {"seed": 3}}
    first = Batch(numbered(25), 20, {"far": far}, clock=Interrupted(stop), **more)
    with pytest.raises(KeyboardInterrupt):
        first.run()
    far.close()
    assert (first.done, circuits_sent(ledger)) == (0, 20)  # two jobs are there, nobody follows them

    results = Batch(numbered(25), 20, {"far": make(ledger=str(ledger))}, batch_id=first.id, **more).run()

    assert are_in_place(results)
    assert circuits_sent(ledger) == 25  # nothing ran twice
    assert [json.loads(line)["seed"] for line in ledger.read_text().splitlines()] == [3, 13, 23]


def test_a_batch_survives_the_end_of_the_other_process(
    make: Callable[..., isolated.IsolatedBackend], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")
    ledger = tmp_path / "ledger"
    far = make(ledger=str(ledger), polls=2, in_flight=2)
    killed: list[int] = []

    def kill() -> None:
        assert far._child is not None
        killed.append(far._child._process.pid)
        far._child._process.kill()

    results = Batch(numbered(25), 20, {"far": far}, clock=Interrupted(kill)).run()

    assert are_in_place(results)
    assert circuits_sent(ledger) == 25
    assert far._child is not None
    assert far._child._process.pid not in killed


def test_a_store_that_is_given_here_is_used_there(
    make: Callable[..., isolated.IsolatedBackend], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("CORATRIX_JOBS_URL", raising=False)
    config = make(takes_store=True, ledger=str(tmp_path / "ledger")).config
    with BackendManager(store=SqlJobStore(f"sqlite:///{tmp_path}/mine.db")) as manager:
        manager.register_backend("far", config)

        result = manager.execute(QuantumCircuit(2).x(0), 20)

        assert [record.id for record in manager.jobs()] == [result.job_id]
        assert are_in_place(manager.batch(numbered(12), 20).run())
        assert [record.num_circuits for record in manager.jobs()] == [2, 10, 1]


def test_records_in_this_processs_memory_are_refused_for_a_backend_there(
    make: Callable[..., isolated.IsolatedBackend],
) -> None:
    with BackendManager(store=MemoryJobStore()) as manager:
        manager.register_backend("far", make().config)

        with pytest.raises(ConfigurationError, match=r"cannot record jobs in .*MemoryJobStore.*SqlJobStore"):
            manager.execute(QuantumCircuit(1), 10)


def test_a_budget_is_kept_there(make: Callable[..., isolated.IsolatedBackend], tmp_path: Path) -> None:
    store = SqlJobStore(f"sqlite:///{tmp_path}/mine.db")
    far = make(takes_store=True, price={"currency": "USD", "per_task": 1.0})
    far.use_store(store)

    with keeping([Budget(amount=1.5, currency="USD")]):
        assert far.execute(QuantumCircuit(1), 10).success
        with pytest.raises(BudgetExceededError, match=r"1 of 1.5 USD is spent"):
            far.execute(QuantumCircuit(1), 10)

    assert store.spent("USD") == 1.0


def test_the_cost_is_asked_there(backend: isolated.IsolatedBackend) -> None:
    assert backend.estimate_cost([QuantumCircuit(1)], 10).amount is None
    with pytest.raises(BackendError, match="a budget|budget of 1 USD"):
        manager = BackendManager()
        manager.register_backend("far", backend)
        manager.add_budget(Budget(amount=1.0, currency="USD"))
        manager.execute(QuantumCircuit(1), 10)


def test_the_secret_is_nowhere_to_be_seen(backend: isolated.IsolatedBackend) -> None:
    backend.get_capabilities()
    child = backend._child
    assert child is not None
    pid = child._process.pid

    listed = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )

    assert "canary" not in listed.stdout + repr(backend) + repr(vars(child))
    if os.path.exists(f"/proc/{pid}/environ"):
        assert b"canary" not in Path(f"/proc/{pid}/environ").read_bytes()


def test_closing_ends_the_process(backend: isolated.IsolatedBackend) -> None:
    backend.get_capabilities()
    child = backend._child
    assert child is not None

    backend.close()

    assert child._process.poll() in (0, -signal.SIGKILL)


def test_an_interpreter_that_is_not_there_is_a_configuration_error() -> None:
    manager = BackendManager()
    manager.register_backend(
        "far", BackendConfiguration("far", "cloud", {"provider": "x", "python": "/nowhere/python"})
    )

    with pytest.raises(ConfigurationError, match="cannot start '/nowhere/python'"):
        manager.get_backend("far").get_capabilities()
