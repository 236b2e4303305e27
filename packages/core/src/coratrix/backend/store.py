"""Where job records are kept: what a store promises, and the store of this process alone.

Owns: `JobStore`, `JobDesk`, `MemoryJobStore`, `open_store`. Knows nothing of: vendors, backends, circuits.
A record reaches the store before its submission is sent; a final state is never left again.
"""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from coratrix.backend.errors import JobNotFoundError, JobStoreError, ProviderNotInstalledError
from coratrix.backend.jobs import FINAL_STATES, JobRecord, JobState
from coratrix.backend.metrics import PerformanceMetrics, metrics_of

if TYPE_CHECKING:
    from coratrix.backend.budget import Budget

JOBS_URL_VARIABLE = "CORATRIX_JOBS_URL"


class JobStore(Protocol):
    """Keeps job records, for as long as it promises to."""

    def add(self, record: JobRecord, *, within: Sequence[Budget] = ()) -> None:
        """Keep a new record, if its cost fits ``within`` these budgets: looking and adding are one step,
        whoever else adds at the same time; raises `BudgetExceededError`."""

    def update(self, job_id: str, changes: Mapping[str, Any], *, known: JobRecord | None = None) -> JobRecord:
        """Change fields of a record and return it; a final state stays, whatever is asked.

        Args:
            known: the record as the caller has it, which need not be read again then.
        """

    def get(self, job_id: str) -> JobRecord:
        """The record of our id, or of a vendor's id; raises `JobNotFoundError`."""

    def list(
        self,
        *,
        backend: str | None = None,
        state: JobState | None = None,
        unfinished: bool = False,
        tag: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[JobRecord]:
        """Newest first, without circuits, decoding and results."""

    def spent(self, currency: str, *, since: float = 0.0, backend: str | None = None) -> float:
        """Sum of the costs of all jobs sent since ``since`` (seconds since the epoch)."""

    def metrics(self, backend: str | None = None, *, since: float = 0.0) -> PerformanceMetrics:
        """Rates and times of all jobs sent since ``since``, of one backend or of all."""

    def close(self) -> None:
        """Release the store."""


@dataclass(frozen=True, kw_only=True)
class JobDesk:
    """What a batch needs to know of a backend whose jobs outlive the process.

    Attributes:
        store: where its job records are.
        max_in_flight, poll_patience_s: see `Resilience`.
    """

    store: JobStore
    max_in_flight: int
    poll_patience_s: float


class MemoryJobStore:
    """Keeps records for the life of this object: for tests, and for who wants no file."""

    def __init__(self) -> None:
        self._records: dict[str, JobRecord] = {}
        self._lock = threading.Lock()

    def add(self, record: JobRecord, *, within: Sequence[Budget] = ()) -> None:
        with self._lock:
            if record.id in self._records:
                raise JobStoreError(f"job {record.id} is already in the store")
            for budget in within:
                budget.admit(record, self._spent(budget.currency, budget.since, budget.backend))
            self._records[record.id] = record

    def update(self, job_id: str, changes: Mapping[str, Any], *, known: JobRecord | None = None) -> JobRecord:
        with self._lock:
            old = self._find(job_id)
            new = old.changed(allowed_changes(old.state, changes))
            self._records[old.id] = new
            return new

    def get(self, job_id: str) -> JobRecord:
        with self._lock:
            return self._find(job_id)

    def _find(self, job_id: str) -> JobRecord:
        if job_id in self._records:
            return self._records[job_id]
        for record in self._records.values():
            if record.vendor_job_id == job_id:
                return record
        raise unknown_job(job_id)

    def list(
        self,
        *,
        backend: str | None = None,
        state: JobState | None = None,
        unfinished: bool = False,
        tag: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[JobRecord]:
        with self._lock:
            newest_first = sorted(self._records.values(), key=lambda r: r.created_at, reverse=True)
        found = [
            replace(record, circuits=(), decoding={}, results=None)
            for record in newest_first
            if (backend is None or record.backend == backend)
            and (state is None or record.state is state)
            and not (unfinished and record.state.is_final)
            and (tag is None or tag in record.tags)
        ]
        return found[offset : offset + limit]

    def spent(self, currency: str, *, since: float = 0.0, backend: str | None = None) -> float:
        with self._lock:
            return self._spent(currency, since, backend)

    def _spent(self, currency: str, since: float, backend: str | None) -> float:
        return sum(
            record.cost or 0.0
            for record in self._records.values()
            if record.currency == currency
            and record.created_at >= since
            and (backend is None or record.backend == backend)
        )

    def metrics(self, backend: str | None = None, *, since: float = 0.0) -> PerformanceMetrics:
        with self._lock:
            listed = list(self._records.values())
        return metrics_of(
            record
            for record in listed
            if record.created_at >= since and (backend is None or record.backend == backend)
        )

    def close(self) -> None:
        """Nothing to release."""


def allowed_changes(state: JobState, changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """``changes`` without a state that would lead away from a final one."""
    if state not in FINAL_STATES or changes.get("state", state) is state:
        return changes
    return {name: value for name, value in changes.items() if name != "state"}


def unknown_job(job_id: str) -> JobNotFoundError:
    return JobNotFoundError(
        f"no job {job_id!r} in the store", hint="List the jobs that are: coratrix jobs list", job_id=job_id
    )


def open_store(url: str | None = None) -> JobStore:
    """The store at ``url``; without one ``CORATRIX_JOBS_URL``, else SQLite in the user's data directory.

    ``memory:`` gives a store of this process alone. One store is opened per URL and shared.
    """
    chosen = url or os.environ.get(JOBS_URL_VARIABLE) or "default:"
    return _opened(chosen)


@cache
def _opened(url: str) -> JobStore:
    if url == "memory:":
        return MemoryJobStore()
    try:
        from coratrix.backend.sql_engine import default_url
        from coratrix.backend.sql_store import SqlJobStore
    except ImportError as exc:  # the extra is missing
        raise ProviderNotInstalledError(
            "the job store needs SQLAlchemy",
            hint="pip install 'coratrix-core[jobs]', or export CORATRIX_JOBS_URL=memory:",
        ) from exc
    store = SqlJobStore(default_url() if url == "default:" else url)
    atexit.register(store.close)  # it is shared, so nobody else knows when it is done with
    return store
