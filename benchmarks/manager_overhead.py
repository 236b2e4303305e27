"""What the manager, the pipeline and the job store add to a bare call of a backend.

    python benchmarks/manager_overhead.py

Compares, in turn, (a) the three requests of a run made by hand on a scripted vendor's client, (b) the same
run by the backend's own `execute`, (c) through `BackendManager.execute`, both with records in memory, (d) through the
manager with records in SQLite, and by itself (e) one write that is forced to the disk, which (d) contains once: its
time is the disk's, and other programs'. Then lists from a store of 10,000 jobs. The overhead is the difference to (a)
of the medians and of the fastest, in wall time, and of the medians in CPU time of all threads; on a machine that does
other work too, look at the latter two. What the manager adds to its backend is (c) less (b).
"""

from __future__ import annotations

import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from coratrix.backend import BackendManager, JobRecord, JobState
from coratrix.backend.clock import Deadline
from coratrix.backend.provider import MemoryJobStore, Submission
from coratrix.backend.sql_store import SqlJobStore
from coratrix.backend.store import JobStore
from coratrix.core import QuantumCircuit
from coratrix.testing.scripted import ScriptedBackend, ScriptedClient, ScriptedService

ROUNDS, WARM_UP = 500, 50
CIRCUIT = QuantumCircuit(1).x(0).measure_all()


def bare(client: ScriptedClient) -> Callable[[], None]:
    """The requests alone."""
    options, deadline = SimpleNamespace(seed=None), Deadline.after(None)

    def run() -> None:
        submission = Submission(program=[CIRCUIT.to_dict()])
        job = client.submit(submission, key="k", shots=10, options=options, deadline=deadline)
        client.poll(job, deadline=deadline)
        client.fetch(job, deadline=deadline)

    return run


def managed(store: JobStore) -> Callable[[], Any]:
    """The same through the manager."""
    manager = BackendManager(store=store)
    manager.register_backend("b", ScriptedBackend(light_service(), "b", store=store))
    return lambda: manager.execute(CIRCUIT, 10)


def direct(store: JobStore) -> Callable[[], Any]:
    """The same by the backend itself."""
    backend = ScriptedBackend(light_service(), "b", store=store)
    return lambda: backend.execute(CIRCUIT, 10)


def light_service() -> ScriptedService:
    """A service that forgets its jobs, so that looking them up stays cheap."""
    service = ScriptedService()
    original = service.accept

    def accept(*arguments: Any) -> str:
        service._jobs.clear()
        return original(*arguments)

    service.accept = accept  # type: ignore[method-assign]
    return service


def forced_write(folder: str) -> Callable[[], None]:
    """One page written to a file and forced to the disk."""
    file = os.open(f"{folder}/page", os.O_RDWR | os.O_CREAT)

    def run() -> None:
        os.pwrite(file, b"x" * 4096, 0)
        os.fsync(file)

    return run


def time_in_turn(calls: dict[str, Callable[[], Any]]) -> dict[str, list[tuple[float, float]]]:
    """Wall and CPU milliseconds of each call, taken in turn."""
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in calls}
    for _ in range(ROUNDS):
        for name, call in calls.items():
            wall, cpu = time.perf_counter(), time.process_time()
            call()
            taken[name].append((1e3 * (time.perf_counter() - wall), 1e3 * (time.process_time() - cpu)))
    return taken


def figures(taken: list[tuple[float, float]]) -> tuple[float, float, float]:
    """Median wall time, the fastest wall time, and median CPU time."""
    wall, cpu = (sorted(column) for column in zip(*taken[WARM_UP:], strict=True))
    return wall[len(wall) // 2], wall[0], cpu[len(cpu) // 2]


def listing(store: JobStore, count: int) -> tuple[float, float]:
    """Seconds and peak MiB to list 100 of ``count`` jobs."""
    for number in range(count):
        store.add(JobRecord(id=f"crx-{number}", backend="b", state=JobState.QUEUED, created_at=float(number)))
    store.list()
    tracemalloc.start()
    begun = time.perf_counter()
    store.list(limit=100)
    seconds = time.perf_counter() - begun
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return seconds, peak


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sql = SqlJobStore(f"sqlite:///{folder}/jobs.db")
        taken = time_in_turn(
            {
                "bare": bare(ScriptedClient(light_service())),
                "backend, in memory": direct(MemoryJobStore()),
                "manager, in memory": managed(MemoryJobStore()),
                "manager, in SQLite": managed(sql),
                "one forced write": forced_write(folder),
            }
        )
        base = figures(taken["bare"])
        print(f"{'ms':20} {'wall':>8} {'fastest':>8} {'CPU':>8}   overhead: wall, fastest, CPU")
        for name, found in ((name, figures(values)) for name, values in taken.items()):
            more = "  ".join(f"{mine - its:8.3f}" for mine, its in zip(found, base, strict=True))
            shown = more if ", in " in name else ""
            print(f"{name:20} {found[0]:8.3f} {found[1]:8.3f} {found[2]:8.3f}   {shown}")
        seconds, peak = listing(SqlJobStore(f"sqlite:///{folder}/many.db"), 10_000)
        print(f"listing 100 of 10,000 jobs: {seconds:.4f} s, {peak:.2f} MiB")


if __name__ == "__main__":
    main()
