"""Connections to the job store's database, SQLite or PostgreSQL, through SQLAlchemy.

Owns: which URLs can be, how SQLite is set up, and what is forced to the disk. Knows nothing of: tables.

SQLite runs in WAL mode: a process killed at any moment loses no acknowledged write. A power cut may lose
writes that were not forced to the disk, which costs milliseconds each; so there are two engines on one
file, and only what is written through ``durable`` is forced.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from coratrix.backend.errors import JobStoreError

BUSY_TIMEOUT_S = 30.0  # how long one process waits for another's write
DRIVERS = ("sqlite", "postgresql")


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


@dataclass(frozen=True)
class Database:
    """Two engines on one database.

    Attributes:
        shown: its URL without a password.
        plain: commits survive the death of this process.
        durable: commits survive a power cut too. On PostgreSQL the server decides, and both are the same.
    """

    shown: str
    plain: sa.Engine
    durable: sa.Engine

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[sa.Connection]:
        """Several statements as one; without it, each statement on SQLite is a transaction of its own."""
        engine = self.durable if durable else self.plain
        with engine.execution_options(coratrix_transaction=True).begin() as connection:
            yield connection

    def change(
        self, statement: sa.Insert | sa.Update, values: Mapping[str, Any], *, durable: bool = False
    ) -> int:
        """One statement as a transaction of its own; the number of rows that it added or changed.

        It is compiled once and then goes to the driver as it is: SQLAlchemy's own way to the driver takes
        several times as long as SQLite takes to do it. The driver's exceptions are not SQLAlchemy's.
        """
        engine = self.durable if durable else self.plain
        text, arguments = _compiled(statement, engine.dialect)
        connection = engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(text, arguments(values))
            connection.commit()  # PostgreSQL's driver has begun a transaction
            return int(cursor.rowcount)
        except self.driver.Error as exc:
            if engine.dialect.is_disconnect(exc, cast(Any, connection.dbapi_connection), None):
                connection.invalidate(exc)
            raise
        finally:
            connection.close()  # back to the pool

    @property
    def driver(self) -> Any:
        """The driver's module, which has its exceptions."""
        return self.plain.dialect.loaded_dbapi

    def close(self) -> None:
        self.plain.dispose()
        self.durable.dispose()


@lru_cache(maxsize=256)
def _compiled(
    statement: sa.Insert | sa.Update, dialect: sa.Dialect
) -> tuple[str, Callable[[Mapping[str, Any]], Any]]:
    """The statement's text, and what makes the driver's arguments of its values."""
    compiled = statement.compile(dialect=dialect)
    fixed = {name: value for name, value in compiled.params.items() if value is not None}
    names = compiled.positiontup
    if names is None:
        return str(compiled), lambda values: {**fixed, **values}
    order = tuple(names)
    return str(compiled), lambda values: tuple([(values if n in values else fixed)[n] for n in order])


def open_database(url: str) -> Database:
    """The database at ``url``; an SQLite file is made where there is none."""
    try:
        parsed = sa.make_url(url)
        if parsed.get_backend_name() not in DRIVERS:
            raise JobStoreError(
                f"the job store cannot be in {parsed.get_backend_name()!r}",
                hint="Use sqlite:///file.db or postgresql+psycopg://user@host/database",
            )
        return _sqlite(parsed) if parsed.get_backend_name() == "sqlite" else _postgresql(parsed)
    except ModuleNotFoundError as exc:
        raise JobStoreError(
            f"the driver of the job store is not installed: {exc.name}", hint=f"pip install {exc.name}"
        ) from exc
    except SQLAlchemyError as exc:
        raise JobStoreError(
            f"the job store's URL cannot be used: {type(exc).__name__}",
            hint="Its form is sqlite:///file.db or postgresql+psycopg://user@host/database",
        ) from exc


def _postgresql(url: sa.URL) -> Database:
    engine = sa.create_engine(url, pool_pre_ping=True)
    return Database(url.render_as_string(hide_password=True), engine, engine)


def _sqlite(url: sa.URL) -> Database:
    shown = url.render_as_string(hide_password=True)
    if not url.database or url.database == ":memory:":
        raise JobStoreError(f"{shown} would keep nothing", hint="Use memory: for records in memory")
    _make_private(Path(url.database))
    return Database(shown, _sqlite_engine(url, "NORMAL"), _sqlite_engine(url, "FULL"))


def _make_private(path: Path) -> None:
    """Make the file, which only its owner reads, unless it is there."""
    try:
        path.touch(mode=0o600, exist_ok=True)
    except OSError as exc:
        raise JobStoreError(
            f"the job store {path} cannot be made: {exc.strerror}",
            hint="Name another place with CORATRIX_JOBS_URL=sqlite:////path/jobs.db",
        ) from exc


def _sqlite_engine(url: sa.URL, synchronous: str) -> sa.Engine:
    """WAL, patience with other writers, and transactions only where they are asked for."""
    engine = sa.create_engine(url)

    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver begins no transactions: a statement is one
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={int(BUSY_TIMEOUT_S * 1000)}")
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute(f"PRAGMA synchronous={synchronous}")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("coratrix_transaction", False):
            # IMMEDIATE takes the write lock at once: two writers wait for each other instead of failing
            connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine
