"""What the services were asked, in order, and the jobs they took.

Owns: the counting by which tests prove "at most once". Knows nothing of: protocols.
"""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

QUEUED, RUNNING, SUCCEEDED, FAILED, CANCELLED = 1, 2, 3, 4, 5


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request that reached a service."""

    service: str
    what: str
    detail: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class StoredJob:
    """A job of the controller. It moves one state on with every look, up to ``holds_at``."""

    id: str
    processor: str
    shots: int
    readout: dict[str, list[int]]
    failure: str | None = None
    holds_at: int = SUCCEEDED
    state: int = QUEUED
    duration_us: int = 1234

    def look(self) -> int:
        seen = self.state
        if self.state == QUEUED and self.holds_at != QUEUED:
            self.state = RUNNING
        elif self.state == RUNNING and self.holds_at != RUNNING:
            self.state = FAILED if self.failure else SUCCEEDED
        return seen


class Ledger:
    """Requests and jobs, thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.asked: list[Asked] = []
        self.jobs: dict[str, StoredJob] = {}

    def note(
        self, service: str, what: str, detail: Any = None, headers: dict[str, str] | None = None
    ) -> None:
        with self._lock:
            self.asked.append(Asked(service=service, what=what, detail=detail, headers=headers or {}))

    def clear(self) -> None:
        with self._lock:
            self.asked.clear()
            self.jobs.clear()

    def count(self, service: str, what: str | None = None) -> int:
        with self._lock:
            return sum(a.service == service and what in (None, a.what) for a in self.asked)

    def details(self, service: str, what: str) -> list[Any]:
        with self._lock:
            return [a.detail for a in self.asked if a.service == service and a.what == what]

    def add_job(self, processor: str, shots: int, readout: dict[str, list[int]]) -> StoredJob:
        job = StoredJob(id=str(uuid.uuid4()), processor=processor, shots=shots, readout=readout)
        with self._lock:
            self.jobs[job.id] = job
        return job
