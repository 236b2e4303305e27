"""A backend in another process: the same answers, and its end is an error of ours.

The whole conformance suite runs over this door in the monorepo's ``tests/``, where a simulator is there.
"""

from __future__ import annotations

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
    CircuitValidationError,
    ConfigurationError,
    JobState,
    UnknownOptionError,
    isolated,
)
from coratrix.backend.budget import Budget
from coratrix.core import QuantumCircuit

PLUGIN = """
    import os, sys, time
    from coratrix.testing.scripted import ScriptedBackend, ScriptedService
    from coratrix.backend.provider import BackendAuthError, MemoryJobStore

    class Remote(ScriptedBackend):
        def __init__(self, config):
            service = ScriptedService(polls_until_done=int(config.connection_params.get("polls", 1)))
            store = None if "CORATRIX_JOBS_URL" in os.environ else MemoryJobStore()
            super().__init__(service, config.name, store=store)
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
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
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
