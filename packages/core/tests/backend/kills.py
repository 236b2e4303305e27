"""Kills a process with SIGKILL at every point between a submission and its result, and looks what is left.

Run as a program: ``python kills.py ROUNDS`` prints one JSON object a point. Each round forks a child that
runs three jobs and dies at the given crossing of a seam (before or after a write to the store, before or
after a request to the vendor). A second process then recovers from the store alone. Afterwards the vendor's
own ledger and the store are compared.

``python kills.py ROUNDS batch`` does the same to a `Batch` of seven circuits in three jobs, two of them in
flight; the second process goes on with it by its id, and must have every result in its place.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from coratrix.backend.batch import Batch
from coratrix.backend.provider import JobState, Resilience
from coratrix.backend.sql_store import SqlJobStore
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import ScriptedBackend, ScriptedClient, ScriptedService

Life = Callable[[Path, int], list[str]]
SecondLife = Callable[[Path], dict[str, Any]]
KEYS = ("100", "110", "010")
SHOTS = 20


class Crossings:
    """Counts crossings of a seam and dies at the chosen one."""

    def __init__(self, fatal: int) -> None:
        self.fatal, self.names = fatal, list[str]()

    def cross(self, name: str) -> None:
        self.names.append(name)
        if len(self.names) - 1 == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def around(self, thing: Any, *methods: str) -> Any:
        """Let every call of these methods cross before and after."""
        for method in methods:
            setattr(thing, method, self._wrapped(getattr(thing, method), method))
        return thing

    def _wrapped(self, call: Any, name: str) -> Any:
        def crossing(*args: Any, **kwargs: Any) -> Any:
            self.cross(f"before {name}")
            answer = call(*args, **kwargs)
            self.cross(f"after {name}")
            return answer

        return crossing


def circuits() -> list[QuantumCircuit]:
    made = []
    for key in KEYS:
        circuit = QuantumCircuit(3)
        for qubit, bit in enumerate(key):
            if bit == "1":
                circuit.x(qubit)
        made.append(circuit.measure_all())
    return made


def work(folder: Path, fatal: int) -> list[str]:
    """The child's life: three jobs, one after the other."""
    crossings = Crossings(fatal)
    service = ScriptedService(folder / "ledger", polls_until_done=2)
    store = crossings.around(SqlJobStore(f"sqlite:///{folder}/jobs.db"), "add", "update")
    client = crossings.around(ScriptedClient(service), "submit", "poll", "fetch")
    backend = ScriptedBackend(service, client=client, store=store, clock=FakeClock())
    for circuit in circuits():
        backend.submit(circuit, SHOTS).result()
    return crossings.names


def batch(backend: ScriptedBackend) -> Batch:
    """Seven circuits of which no two neighbours have the same counts, always with the same id."""
    made = [circuits()[k % len(KEYS)] for k in range(7)]
    clock = FakeClock()
    return Batch(made, SHOTS, {backend.name: backend}, batch_id="batch-1", resend_unknown=True, clock=clock)


def batch_service(folder: Path) -> ScriptedService:
    service = ScriptedService(folder / "ledger", polls_until_done=2)
    service.capabilities = replace(service.capabilities, max_circuits_per_job=3)
    return service


def batch_backend(service: ScriptedService, **parts: Any) -> ScriptedBackend:
    return ScriptedBackend(service, clock=FakeClock(), resilience=Resilience(max_in_flight=2), **parts)


def work_on_batch(folder: Path, fatal: int) -> list[str]:
    """The child's life: one batch."""
    crossings = Crossings(fatal)
    store = crossings.around(SqlJobStore(f"sqlite:///{folder}/jobs.db"), "add", "update")
    service = batch_service(folder)
    client = crossings.around(ScriptedClient(service), "submit", "poll", "fetch")
    batch(batch_backend(service, store=store, client=client)).run()
    return crossings.names


def go_on_with_batch(folder: Path) -> dict[str, Any]:
    """Another process: the same circuits and the batch's id."""
    service = batch_service(folder)
    results = batch(batch_backend(service, store=SqlJobStore(f"sqlite:///{folder}/jobs.db"))).run()
    places = [result.counts == {KEYS[k % len(KEYS)]: SHOTS} for k, result in enumerate(results)]
    sent = Counter(job["key"] for job in service.jobs())
    circuits_sent = sum(len(job["circuits"]) for job in service.jobs())
    return {
        "lost": 7 - len(results),
        "doubled": sum(n > 1 for n in sent.values()) + max(0, circuits_sent - 7),
        "wrong": places.count(False),
    }


def recover(folder: Path) -> dict[str, Any]:
    """Another process: finish all that the store knows, then compare with the vendor's ledger."""
    service = ScriptedService(folder / "ledger", polls_until_done=2)
    store = SqlJobStore(f"sqlite:///{folder}/jobs.db")
    backend = ScriptedBackend(service, store=store, clock=FakeClock())
    for record in store.list(unfinished=True):
        job = backend.job(record.id)
        job.status()
        if job.vendor_job_id is not None:
            job.result()
    sent = Counter(job["key"] for job in service.jobs())
    known = {record.id: store.get(record.id) for record in store.list()}
    lost = [
        key
        for key in sent
        if key not in known
        or known[key].state is not JobState.SUCCEEDED
        or sum(backend.job(key).result().counts.values()) != SHOTS
    ]
    never_sent = [
        key for key, record in known.items() if key not in sent and record.state is not JobState.INTENT
    ]
    return {"lost": len(lost), "doubled": sum(n > 1 for n in sent.values()), "wrong": len(never_sent)}


def in_child(job: Any, answer: Path) -> int:
    """Run ``job`` in a fork, its answer written as JSON; the wait status."""
    pid = os.fork()
    if pid == 0:
        answer.write_text(json.dumps(job()))
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def points(folder: Path, life: Life) -> list[str]:
    """The names of all crossings of an undisturbed run."""
    answer = folder / "points"
    assert in_child(lambda: life(folder, -1), answer) == 0
    names: list[str] = json.loads(answer.read_text())
    return names


def main(rounds: int, life: Life, second_life: SecondLife) -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = points(Path(folder), life)
    for fatal, name in enumerate(names):
        total: Counter[str] = Counter(tried=0, killed=0, lost=0, doubled=0, wrong=0, unrecovered=0)
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as name_of_folder:
                folder = Path(name_of_folder)
                status = in_child(lambda: life(folder, fatal), folder / "ignored")  # noqa: B023
                recovered = in_child(lambda: second_life(folder), folder / "answer")  # noqa: B023
                total.update(tried=1, killed=os.WIFSIGNALED(status), unrecovered=recovered != 0)
                if recovered == 0:
                    total.update(json.loads((folder / "answer").read_text()))
        print(json.dumps({"point": f"{fatal}: {name}", **total}), flush=True)


if __name__ == "__main__":
    if sys.argv[2:] == ["batch"]:
        main(int(sys.argv[1]), work_on_batch, go_on_with_batch)
    else:
        main(int(sys.argv[1]), work, recover)
