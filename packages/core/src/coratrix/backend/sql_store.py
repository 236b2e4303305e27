"""Job records in SQL: SQLite for one user by default, PostgreSQL by URL for a team.

Owns: `SqlJobStore`. One code path for both, through sql_engine (connections) and sql_schema (tables).
Secrets never reach it: a record holds none.

A new record is forced to the disk, so that no power cut can lose it once its job is sent. Later changes
need only survive this process: the vendor can be asked for them again by the record's id.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from coratrix.backend.budget import Budget
from coratrix.backend.errors import JobStoreError
from coratrix.backend.jobs import FINAL_STATES, JobRecord, JobState
from coratrix.backend.metrics import PerformanceMetrics
from coratrix.backend.sql_engine import open_database
from coratrix.backend.sql_metrics import metrics_in
from coratrix.backend.sql_schema import ABOUT, FIELDS, JOBS, LISTED, as_record, as_row, prepare
from coratrix.backend.store import allowed_changes, unknown_job

INSERT = JOBS.insert()


class SqlJobStore:
    """Job records in a database that other processes and machines share.

    Args:
        url: e.g. ``sqlite:///jobs.db`` or ``postgresql+psycopg://user@host/database``.
    """

    def __init__(self, url: str) -> None:
        self.url = url  # with its password, for another process of the same user
        self._database = open_database(url)
        with self._errors("opening"), self._database.transaction() as connection:
            prepare(connection, self._database.shown)

    def add(self, record: JobRecord, *, within: Sequence[Budget] = ()) -> None:
        row = as_row({name: getattr(record, name) for name in FIELDS})
        try:
            if within:
                self._add_within(record, row, within)
            else:
                with self._errors("writing to"):
                    self._database.change(INSERT, row, durable=True)
        except _AlreadyThere as exc:
            raise JobStoreError(f"job {record.id} is already in the store") from exc

    def _add_within(self, record: JobRecord, row: Mapping[str, Any], budgets: Sequence[Budget]) -> None:
        """Sum up and add while no other does: on SQLite the transaction has the file's only write lock, on
        PostgreSQL the store's one row stands for it."""
        with self._errors("writing to"), self._database.transaction(durable=True) as connection:
            connection.execute(sa.select(ABOUT.c.schema_version).with_for_update())
            for budget in budgets:
                budget.admit(record, _spent(connection, budget.currency, budget.since, budget.backend))
            connection.execute(INSERT, row)

    def update(self, job_id: str, changes: Mapping[str, Any], *, known: JobRecord | None = None) -> JobRecord:
        if known is not None:
            allowed = allowed_changes(known.state, changes)
            if self._changed(known, allowed):
                return known.changed(allowed)
        with self._errors("writing to"), self._database.transaction() as connection:
            row = self._find(connection, job_id, lock=True)
            kept = allowed_changes(JobState(row["state"]), changes)
            if kept:
                connection.execute(JOBS.update().where(JOBS.c.id == row["id"]).values(as_row(kept)))
            return as_record({**row, **as_row(kept)})

    def _changed(self, known: JobRecord, changes: Mapping[str, Any]) -> bool:
        """One statement without reading; False where nothing was done: another process ended the job."""
        values = {f"new_{name}": value for name, value in as_row(changes).items()}
        with self._errors("writing to"):
            return self._database.change(_update(tuple(changes)), {"job": known.id, **values}) == 1

    def get(self, job_id: str) -> JobRecord:
        with self._errors("reading"), self._database.plain.connect() as connection:
            return as_record(self._find(connection, job_id))

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
        query = sa.select(*LISTED).order_by(JOBS.c.created_at.desc(), JOBS.c.id)
        if backend is not None:
            query = query.where(JOBS.c.backend == backend)
        if state is not None:
            query = query.where(JOBS.c.state == state.value)
        if unfinished:
            query = query.where(JOBS.c.state.not_in([final.value for final in FINAL_STATES]))
        if tag is not None:
            query = query.where(JOBS.c.tags.contains(json.dumps(tag), autoescape=True))
        with self._errors("reading"), self._database.plain.connect() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).mappings().all()
        return [as_record(row) for row in rows]

    def spent(self, currency: str, *, since: float = 0.0, backend: str | None = None) -> float:
        with self._errors("reading"), self._database.plain.connect() as connection:
            return _spent(connection, currency, since, backend)

    def metrics(self, backend: str | None = None, *, since: float = 0.0) -> PerformanceMetrics:
        with self._errors("reading"), self._database.plain.connect() as connection:
            return metrics_in(connection, backend, since)

    @property
    def shown(self) -> str:
        """The URL without a password."""
        return self._database.shown

    def close(self) -> None:
        self._database.close()

    def _find(self, connection: sa.Connection, job_id: str, *, lock: bool = False) -> dict[str, Any]:
        """The row of our id, else of a vendor's id; on PostgreSQL locked until the transaction ends."""
        for column in (JOBS.c.id, JOBS.c.vendor_job_id):
            query = sa.select(JOBS).where(column == job_id)
            row = connection.execute(query.with_for_update() if lock else query).mappings().first()
            if row is not None:
                return dict(row)
        raise unknown_job(job_id)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """SQLAlchemy's exceptions and its driver's as ours; a URL with a password never reaches the text."""
        driver = self._database.driver
        try:
            yield
        except (IntegrityError, driver.IntegrityError) as exc:
            raise _AlreadyThere from exc
        except (SQLAlchemyError, driver.Error) as exc:
            cause = getattr(exc, "orig", None) or exc
            raise JobStoreError(
                f"{doing} the job store {self._database.shown} failed: {cause}",
                hint="Check that it exists, is writable and has room; CORATRIX_JOBS_URL names it",
            ) from exc

    def __repr__(self) -> str:
        return f"<SqlJobStore {self._database.shown}>"


def _spent(connection: sa.Connection, currency: str, since: float, backend: str | None) -> float:
    query = sa.select(sa.func.coalesce(sa.func.sum(JOBS.c.cost), 0.0)).where(
        JOBS.c.currency == currency, JOBS.c.created_at >= since
    )
    if backend is not None:
        query = query.where(JOBS.c.backend == backend)
    return float(connection.execute(query).scalar_one())


class _AlreadyThere(Exception):
    """A row with this key exists."""


@cache
def _update(names: tuple[str, ...]) -> sa.Update:
    """The statement that changes these columns of one row, where that does not leave a final state."""
    statement = (
        JOBS.update()
        .where(JOBS.c.id == sa.bindparam("job"))
        .values({name: sa.bindparam(f"new_{name}") for name in names})
    )
    if "state" not in names:
        return statement
    not_final = sa.and_(*(JOBS.c.state != state.value for state in sorted(FINAL_STATES)))
    return statement.where(sa.or_(not_final, JOBS.c.state == sa.bindparam("new_state")))
