"""A vendor that does what a test tells it: it really runs circuits, and it fails on cue.

Owns: `ScriptedService` (the far side, with a ledger of every job it accepted), `ScriptedClient`
(the seam) and `ScriptedBackend`. The ledger can be a file, so that a client killed with SIGKILL and
the process after it speak to the same service.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from coratrix.backend.provider import (
    BackendCapabilities,
    BackendConfiguration,
    BackendError,
    BackendStatus,
    BackendType,
    Deadline,
    JobBackend,
    JobSnapshot,
    JobState,
    Outcome,
    QueueInfo,
    StatusReport,
    Submission,
)
from coratrix.core.circuit import QuantumCircuit
from coratrix.testing.reference import outcome_probabilities

CAPABILITIES = BackendCapabilities(
    max_qubits=6,
    max_shots=100_000,
    max_circuits_per_job=10,
    supports_mid_circuit_measurement=True,
    supports_reset=True,
    supports_conditionals=True,
    supports_loops=True,
    supports_seed=True,
    supports_cancel=True,
)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One failure of one request.

    Attributes:
        error: makes the exception that the client raises.
        accepted: whether the request had taken effect before it failed.
    """

    error: Callable[[], BackendError]
    accepted: bool = False


class ScriptedService:
    """The far side: accepts jobs, runs them, and remembers all it was sent.

    Args:
        ledger: a file that keeps the jobs; None keeps them in this object.
        polls_until_done: how often a job says "queued" before it says "succeeded".
        takes_keys: whether a second submission with one key is recognised as the first.
    """

    def __init__(
        self, ledger: Path | None = None, *, polls_until_done: int = 1, takes_keys: bool = False
    ) -> None:
        self._path = ledger
        self._jobs: list[dict[str, Any]] = []
        self._script: dict[str, deque[Fault | None]] = {}
        self.polls_until_done = polls_until_done
        self.takes_keys = takes_keys
        self.capabilities = CAPABILITIES
        self.requests: list[str] = []

    def script(self, request: str, *faults: Fault | None) -> None:
        """What the next requests of this kind do: a `Fault`, or None for a normal answer."""
        self._script.setdefault(request, deque()).extend(faults)

    def jobs(self) -> list[dict[str, Any]]:
        """Every job that was accepted, in order."""
        if self._path is None:
            return self._jobs
        if not self._path.exists():
            return []
        return [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines()]

    def answer(self, request: str, act: Callable[[], Any]) -> Any:
        """``act()`` as the script has it for this request."""
        self.requests.append(request)
        queue = self._script.get(request)
        fault = queue.popleft() if queue else None
        if fault is None:
            return act()
        if fault.accepted:
            act()
        raise fault.error()

    def accept(self, key: str, circuits: Sequence[Mapping[str, Any]], shots: int, seed: int) -> str:
        """Take a job and return its id."""
        if self.takes_keys and (known := self.find(key)) is not None:
            return known
        job = {
            "id": f"vendor-{len(self.jobs())}-{os.getpid()}",
            "key": key,
            "circuits": list(circuits),
            "shots": shots,
            "seed": seed,
            "state": "queued",
        }
        self._append(job)
        return str(job["id"])

    def _append(self, job: dict[str, Any]) -> None:
        if self._path is None:
            self._jobs.append(job)
            return
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(job) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def find(self, key: str) -> str | None:
        """The id of the first job with this key."""
        return next((str(job["id"]) for job in self.jobs() if job["key"] == key), None)

    def job(self, vendor_job_id: str) -> dict[str, Any]:
        """A job by its id."""
        return next(job for job in self.jobs() if job["id"] == vendor_job_id)


class ScriptedClient:
    """The seam to a `ScriptedService`."""

    def __init__(self, service: ScriptedService) -> None:
        self._service = service
        self._polls: dict[str, int] = {}
        self._cancelled: set[str] = set()

    @property
    def submits_once(self) -> bool:
        return self._service.takes_keys

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        accept = self._service.accept
        circuits, seed = submission.program, options.seed or 0
        return str(self._service.answer("submit", lambda: accept(key, circuits, shots, seed)))

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        found: str | None = self._service.answer("find", lambda: self._service.find(key))
        return found

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        snapshot: JobSnapshot = self._service.answer("poll", lambda: self._snapshot(vendor_job_id))
        return snapshot

    def _snapshot(self, vendor_job_id: str) -> JobSnapshot:
        if vendor_job_id in self._cancelled:
            return JobSnapshot(state=JobState.CANCELLED)
        self._service.job(vendor_job_id)
        asked = self._polls[vendor_job_id] = self._polls.get(vendor_job_id, 0) + 1
        left = self._service.polls_until_done - asked
        if left > 0:
            return JobSnapshot(state=JobState.QUEUED, queue_position=left)
        return JobSnapshot(state=JobState.SUCCEEDED, execution_time=0.25, queue_time=1.5)

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> Any:
        return self._service.answer("fetch", lambda: _run(self._service.job(vendor_job_id)))

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        def act() -> bool:
            self._cancelled.add(vendor_job_id)
            return True

        return bool(self._service.answer("cancel", act))

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        found: BackendCapabilities = self._service.answer("capabilities", lambda: self._service.capabilities)
        return found

    def status(self, *, deadline: Deadline) -> StatusReport:
        found: StatusReport = self._service.answer(
            "status", lambda: StatusReport(status=BackendStatus.ONLINE)
        )
        return found

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        found: QueueInfo = self._service.answer("queue", lambda: QueueInfo(length=3, source="provider"))
        return found

    def close(self) -> None:
        """Nothing is held."""


class ScriptedBackend(JobBackend):
    """A backend on a `ScriptedService`; like any provider's it knows its vendor only through the client."""

    def __init__(self, service: ScriptedService, name: str = "scripted", **parts: Any) -> None:
        self._service = service
        config = BackendConfiguration(name, BackendType.CLOUD, {"provider": "scripted"})
        super().__init__(config, **parts)

    def _connect(self) -> ScriptedClient:
        return ScriptedClient(self._service)

    def _convert(self, circuits: Sequence[QuantumCircuit], shots: int, options: Any) -> Submission:
        layouts = [[[r.name, r.size] for r in circuit.registers] for circuit in circuits]
        return Submission(program=[c.to_dict() for c in circuits], decoding={"layouts": layouts})

    def normalise(self, raw: Any, decoding: Mapping[str, Any]) -> list[Outcome]:
        return [
            Outcome(counts=counts, layout=tuple((name, size) for name, size in layout))
            for counts, layout in zip(raw, decoding["layouts"], strict=True)
        ]


def _run(job: Mapping[str, Any]) -> list[dict[str, int]]:
    """Counts of each circuit of a job, the same whenever it is fetched."""
    rng = np.random.default_rng(job["seed"])
    return [_sample(QuantumCircuit.from_dict(data), int(job["shots"]), rng) for data in job["circuits"]]


def _sample(circuit: QuantumCircuit, shots: int, rng: np.random.Generator) -> dict[str, int]:
    exact = outcome_probabilities(circuit)
    weights = np.array(list(exact.values()))
    drawn = rng.multinomial(shots, weights / weights.sum())
    return {key: int(count) for key, count in zip(exact, drawn, strict=True) if count}
