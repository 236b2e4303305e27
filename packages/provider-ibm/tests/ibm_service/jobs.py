"""The jobs that reached the service: the ledger that tests count duplicates in.

Owns: `ServiceJob`, its course from Queued to an end, and `Ledger`. Knows nothing of: HTTP.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from ibm_service.wire import JobResponse, JobRunParams

FINAL = {"Completed", "Cancelled", "Failed"}


@dataclass(kw_only=True)
class ServiceJob:
    """One accepted job. Each look at it moves it one step along ``course``; it runs when it completes."""

    id: str
    request: JobRunParams
    user_agent: str
    course: list[str]
    run: Callable[[], str]
    reason: str | None = None
    reason_code: int | None = None
    result: str | None = None
    status: str = "Queued"
    created: float = field(default_factory=time.time)
    times: dict[str, float] = field(default_factory=dict)

    def look(self) -> None:
        """The state one step later."""
        if self.status in FINAL or not self.course:
            return
        self.status = self.course.pop(0)
        self.times[self.status] = time.time()
        if self.status == "Completed":
            self._complete()

    def _complete(self) -> None:
        try:
            self.result = self.run()
        except ValueError as exc:
            self.status, self.reason, self.reason_code = "Failed", str(exc), 1517

    def to_json(self, *, with_params: bool = False) -> dict[str, Any]:
        state = {"status": self.status, "reason": self.reason, "reason_code": self.reason_code}
        answer = JobResponse(
            id=self.id,
            backend=self.request.backend,
            state={name: value for name, value in state.items() if value is not None},  # type: ignore[arg-type]
            status=self.status,  # type: ignore[arg-type]
            params=self.request.params if with_params else None,
            program={"id": self.request.program_id},
            created=_iso(self.created),  # type: ignore[arg-type]
            cost=10_800,
            tags=self.request.tags,
            estimated_running_time_seconds=2.5,
        )
        return answer.model_dump(mode="json", exclude_none=True)

    def metrics(self) -> dict[str, Any]:
        """``GET /v1/jobs/{id}/metrics``; the QPU times are invented, the moments are real."""
        done = self.status in FINAL
        stamps = {"created": self.created, "running": self.times.get("Running")}
        stamps["finished"] = self.times.get(self.status) if done else None
        return {
            "timestamps": {name: _iso(moment) for name, moment in stamps.items() if moment is not None},
            "usage": {"qpu_charge_time_seconds": 2, "status": "complete" if done else "pending"},
            "circuits_execution_time_ns": 1.25e9,
            "qiskit_version": "2.3.0",
            "caller": self.user_agent,
        }


def _iso(moment: float) -> str:
    import datetime

    return datetime.datetime.fromtimestamp(moment, datetime.UTC).isoformat().replace("+00:00", "Z")


class Ledger:
    """All accepted jobs, in order."""

    def __init__(self) -> None:
        self._jobs: dict[str, ServiceJob] = {}
        self._lock = threading.Lock()

    def add(self, job: ServiceJob) -> None:
        with self._lock:
            self._jobs[job.id] = job

    def get(self, job_id: str) -> ServiceJob | None:
        return self._jobs.get(job_id)

    def __iter__(self) -> Iterator[ServiceJob]:
        return iter(list(self._jobs.values()))

    def __len__(self) -> int:
        return len(self._jobs)

    def tagged(self, tags: list[str]) -> list[ServiceJob]:
        """Newest first, those that carry all of ``tags``."""
        return [job for job in reversed(list(self)) if set(tags) <= set(job.request.tags)]
