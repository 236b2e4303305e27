"""Job records in SQL: SQLite for one user by default, PostgreSQL by URL for a team.

Owns: `SqlJobStore`, its table, the schema's version and its migrations. One code path through
SQLAlchemy for both. Secrets never reach it: a record holds none.

SQLite runs in WAL mode: a process killed at any moment loses no acknowledged write. A new record is also
forced to the disk, so that a power cut cannot lose it; later changes are not, since the vendor can be
asked for them again by the record's id, and each such force costs milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

from coratrix.backend.errors import JobStoreError, ProviderNotInstalledError
from coratrix.backend.jobs import FINAL_STATES, JobRecord, JobState
from coratrix.backend.store import allowed_changes, unknown_job

try:
    import sqlalchemy as sa
    from sqlalchemy.exc import IntegrityError, SQLAlchemyError
except ImportError as exc:  # the extra is missing
    raise ProviderNotInstalledError(
        "the job store needs SQLAlchemy", hint="pip install 'coratrix-core[jobs]'"
    ) from exc

SCHEMA_VERSION = 2
BUSY_TIMEOUT_S = 30.0  # how long one process waits for another's write
DRIVERS = ("sqlite", "postgresql")

_metadata = sa.MetaData()

_about = sa.Table(
    "coratrix_store",
    _metadata,
    sa.Column("schema_version", sa.Integer, nullable=False),
)

_jobs = sa.Table(
    "coratrix_jobs",
    _metadata,
    sa.Column("id", sa.String(80), primary_key=True),
    sa.Column("backend", sa.String(200), nullable=False, index=True),
    sa.Column("state", sa.String(20), nullable=False, index=True),
    sa.Column("vendor_job_id", sa.Text, index=True),
    sa.Column("created_at", sa.Double, nullable=False, index=True),
    sa.Column("updated_at", sa.Double, nullable=False),
    sa.Column("shots", sa.BigInteger, nullable=False),
    sa.Column("num_circuits", sa.Integer, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("error_code", sa.Text),
    sa.Column("cost", sa.Double),
    sa.Column("currency", sa.String(10)),
    sa.Column("queue_time", sa.Double),
    sa.Column("execution_time", sa.Double),
    sa.Column("tags", sa.Text, nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("options", sa.Text, nullable=False),
    sa.Column("versions", sa.Text, nullable=False),
    sa.Column("metadata", sa.Text, nullable=False),
    sa.Column("circuits", sa.Text, nullable=False),
    sa.Column("decoding", sa.Text, nullable=False),
    sa.Column("results", sa.Text),
)

_AS_JSON = frozenset({"tags", "config", "options", "versions", "metadata", "circuits", "decoding", "results"})
_AS_TUPLE = frozenset({"tags", "circuits", "results"})
_LARGE = frozenset({"circuits", "decoding", "results"})
_FIELDS = tuple(f.name for f in fields(JobRecord))
_LISTED = tuple(column for column in _jobs.c if column.name not in _LARGE)


def default_url() -> str:
    """SQLite in the user's data directory, which is made readable by its owner alone."""
    from platformdirs import user_data_path

    folder = user_data_path("coratrix")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as exc:
        raise JobStoreError(
            f"cannot make the folder {folder} for the job store: {exc.strerror}",
            hint="Name another place: export CORATRIX_JOBS_URL=sqlite:////path/jobs.db",
        ) from exc
    return f"sqlite:///{folder / 'jobs.db'}"


class SqlJobStore:
    """Job records in a database that other processes and machines share.

    Args:
        url: e.g. ``sqlite:///jobs.db`` or ``postgresql+psycopg://user@host/database``.
    """

    def __init__(self, url: str) -> None:
        self._shown, self._engine = _engine(url)
        self._durable = self._engine.execution_options(coratrix_durable=True)
        with self._errors("opening"), self._engine.begin() as connection:
            _prepare(connection, self._shown)

    def add(self, record: JobRecord) -> None:
        try:
            with self._errors("writing to"), self._durable.begin() as connection:
                connection.execute(_jobs.insert(), _as_row({name: getattr(record, name) for name in _FIELDS}))
        except _AlreadyThere as exc:
            raise JobStoreError(f"job {record.id} is already in the store") from exc

    def update(self, job_id: str, changes: Mapping[str, Any]) -> JobRecord:
        with self._errors("writing to"), self._engine.begin() as connection:
            row = self._find(connection, job_id, lock=True)
            kept = allowed_changes(JobState(row["state"]), changes)
            if kept:
                statement = _jobs.update().where(_jobs.c.id == row["id"]).values(_as_row(kept))
                connection.execute(statement)
            return _as_record({**row, **_as_row(kept)})

    def get(self, job_id: str) -> JobRecord:
        with self._errors("reading"), self._engine.connect() as connection:
            return _as_record(self._find(connection, job_id))

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
        query = sa.select(*_LISTED).order_by(_jobs.c.created_at.desc(), _jobs.c.id)
        if backend is not None:
            query = query.where(_jobs.c.backend == backend)
        if state is not None:
            query = query.where(_jobs.c.state == state.value)
        if unfinished:
            query = query.where(_jobs.c.state.not_in([final.value for final in FINAL_STATES]))
        if tag is not None:
            query = query.where(_jobs.c.tags.contains(json.dumps(tag), autoescape=True))
        with self._errors("reading"), self._engine.connect() as connection:
            rows = connection.execute(query.limit(limit).offset(offset)).mappings().all()
        return [_as_record(row) for row in rows]

    def spent(self, currency: str, *, since: float = 0.0, backend: str | None = None) -> float:
        query = sa.select(sa.func.coalesce(sa.func.sum(_jobs.c.cost), 0.0)).where(
            _jobs.c.currency == currency, _jobs.c.created_at >= since
        )
        if backend is not None:
            query = query.where(_jobs.c.backend == backend)
        with self._errors("reading"), self._engine.connect() as connection:
            return float(connection.execute(query).scalar_one())

    def close(self) -> None:
        self._engine.dispose()

    def _find(self, connection: sa.Connection, job_id: str, *, lock: bool = False) -> dict[str, Any]:
        """The row of our id, else of a vendor's id; on PostgreSQL locked until the transaction ends."""
        for column in (_jobs.c.id, _jobs.c.vendor_job_id):
            query = sa.select(_jobs).where(column == job_id)
            row = connection.execute(query.with_for_update() if lock else query).mappings().first()
            if row is not None:
                return dict(row)
        raise unknown_job(job_id)

    @contextmanager
    def _errors(self, doing: str) -> Iterator[None]:
        """SQLAlchemy's exceptions as ours; a URL with a password never reaches the text."""
        try:
            yield
        except IntegrityError as exc:
            raise _AlreadyThere from exc
        except SQLAlchemyError as exc:
            cause = getattr(exc, "orig", None) or exc
            raise JobStoreError(
                f"{doing} the job store {self._shown} failed: {cause}",
                hint="Check that it exists, is writable and has room; CORATRIX_JOBS_URL names it",
            ) from exc

    def __repr__(self) -> str:
        return f"<SqlJobStore {self._shown}>"


class _AlreadyThere(Exception):
    """A row with this key exists."""


def _engine(url: str) -> tuple[str, sa.Engine]:
    """The URL without its password, and an engine for it."""
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() not in DRIVERS:
            raise JobStoreError(
                f"the job store cannot be in {parsed.get_backend_name()!r}",
                hint="Use sqlite:///file.db or postgresql+psycopg://user@host/database",
            )
        shown = parsed.render_as_string(hide_password=True)
        engine = sa.create_engine(parsed, pool_pre_ping=parsed.get_backend_name() == "postgresql")
    except ModuleNotFoundError as exc:
        raise JobStoreError(
            f"the driver of the job store is not installed: {exc.name}", hint=f"pip install {exc.name}"
        ) from exc
    except SQLAlchemyError as exc:
        raise JobStoreError(
            f"the job store's URL cannot be used: {type(exc).__name__}",
            hint="Its form is sqlite:///file.db or postgresql+psycopg://user@host/database",
        ) from exc
    if parsed.get_backend_name() == "sqlite":
        _prepare_sqlite(engine, parsed.database)
    return shown, engine


def _prepare_sqlite(engine: sa.Engine, path: str | None) -> None:
    """WAL, patience with other writers, real transactions, and a file that only its owner reads."""
    if path and path != ":memory:":
        try:
            Path(path).touch(mode=0o600, exist_ok=True)
        except OSError as exc:
            raise JobStoreError(
                f"the job store {path} cannot be made: {exc.strerror}",
                hint="Name another place with CORATRIX_JOBS_URL=sqlite:////path/jobs.db",
            ) from exc

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we begin transactions ourselves, below
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        durable = connection.get_execution_options().get("coratrix_durable", False)
        connection.exec_driver_sql(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        # IMMEDIATE takes the write lock at once: two writers wait for each other instead of failing
        connection.exec_driver_sql("BEGIN IMMEDIATE")


# the schema's versions ---------------------------------------------------------------------------


def _prepare(connection: sa.Connection, shown: str) -> None:
    """Make the tables, or bring an older schema up to date."""
    tables = set(sa.inspect(connection).get_table_names())
    if _about.name not in tables:
        foreign = tables - {_jobs.name}
        if _jobs.name in tables or (foreign and connection.dialect.name == "sqlite"):
            raise JobStoreError(
                f"{shown} holds something that is not a job store: {', '.join(sorted(tables))}",
                hint="Name another place with CORATRIX_JOBS_URL",
            )
        _metadata.create_all(connection)
        connection.execute(_about.insert().values(schema_version=SCHEMA_VERSION))
        return
    found = connection.execute(sa.select(_about.c.schema_version)).scalar_one()
    if found > SCHEMA_VERSION:
        raise JobStoreError(
            f"{shown} was written by a newer version (schema {found}, this one knows {SCHEMA_VERSION})",
            hint="Upgrade: pip install --upgrade coratrix-core",
        )
    for version in range(found, SCHEMA_VERSION):
        MIGRATIONS[version](connection)
    if found != SCHEMA_VERSION:
        connection.execute(_about.update().values(schema_version=SCHEMA_VERSION))


def _from_1_to_2(connection: sa.Connection) -> None:
    """Version 1 did not keep the times that the vendor measured."""
    for name in ("queue_time", "execution_time"):
        kind = _jobs.c[name].type.compile(connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {_jobs.name} ADD COLUMN {name} {kind}")


MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {1: _from_1_to_2}


# rows and records --------------------------------------------------------------------------------


def _as_row(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_column(name, value) for name, value in values.items()}


def _to_column(name: str, value: Any) -> Any:
    if name in _AS_JSON:
        return None if value is None else json.dumps(value, separators=(",", ":"), default=dict)
    return str(value) if name == "state" else value


def _as_record(row: Mapping[Any, Any]) -> JobRecord:
    return JobRecord(**{name: _from_column(name, value) for name, value in row.items()})


def _from_column(name: str, value: Any) -> Any:
    if name == "state":
        return JobState(value)
    if name in _AS_JSON and value is not None:
        parsed = json.loads(value)
        return tuple(parsed) if name in _AS_TUPLE else parsed
    return value
