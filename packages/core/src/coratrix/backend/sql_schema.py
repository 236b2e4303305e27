"""The tables of the job store: their columns, their versions, and records as rows.

Owns: the schema, its migrations, and the two directions between `JobRecord` and a row. Knows nothing of:
engines, files, transactions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from coratrix.backend.errors import JobStoreError
from coratrix.backend.jobs import JobRecord, JobState

SCHEMA_VERSION = 2

metadata = sa.MetaData()

ABOUT = sa.Table(
    "coratrix_store",
    metadata,
    sa.Column("schema_version", sa.Integer, nullable=False),
)

JOBS = sa.Table(
    "coratrix_jobs",
    metadata,
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

_ENCODER = json.JSONEncoder(separators=(",", ":"), default=dict)  # `json.dumps` makes a new one each time
_AS_JSON = frozenset({"tags", "config", "options", "versions", "metadata", "circuits", "decoding", "results"})
_AS_TUPLE = frozenset({"tags", "circuits", "results"})
_LARGE = frozenset({"circuits", "decoding", "results"})
FIELDS = tuple(f.name for f in fields(JobRecord))
LISTED = tuple(column for column in JOBS.c if column.name not in _LARGE)


def prepare(connection: sa.Connection, shown: str) -> None:
    """Make the tables, or bring an older schema up to date; ``shown`` is the store's URL in errors."""
    tables = set(sa.inspect(connection).get_table_names())
    if ABOUT.name not in tables:
        foreign = tables - {JOBS.name}
        if JOBS.name in tables or (foreign and connection.dialect.name == "sqlite"):
            raise JobStoreError(
                f"{shown} holds something that is not a job store: {', '.join(sorted(tables))}",
                hint="Name another place with CORATRIX_JOBS_URL",
            )
        metadata.create_all(connection)
        connection.execute(ABOUT.insert().values(schema_version=SCHEMA_VERSION))
        return
    found = connection.execute(sa.select(ABOUT.c.schema_version)).scalar_one()
    if found > SCHEMA_VERSION:
        raise JobStoreError(
            f"{shown} was written by a newer version (schema {found}, this one knows {SCHEMA_VERSION})",
            hint="Upgrade: pip install --upgrade coratrix-core",
        )
    for version in range(found, SCHEMA_VERSION):
        MIGRATIONS[version](connection)
    if found != SCHEMA_VERSION:
        connection.execute(ABOUT.update().values(schema_version=SCHEMA_VERSION))


def _from_1_to_2(connection: sa.Connection) -> None:
    """Version 1 did not keep the times that the vendor measured."""
    for name in ("queue_time", "execution_time"):
        kind = JOBS.c[name].type.compile(connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {JOBS.name} ADD COLUMN {name} {kind}")


MIGRATIONS: dict[int, Callable[[sa.Connection], None]] = {1: _from_1_to_2}


# rows and records --------------------------------------------------------------------------------


def as_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields of a record as columns; what is data becomes JSON."""
    return {name: _to_column(name, value) for name, value in values.items()}


def _to_column(name: str, value: Any) -> Any:
    if name in _AS_JSON:
        return None if value is None else _ENCODER.encode(value)
    return str(value) if name == "state" else value


def as_record(row: Mapping[Any, Any]) -> JobRecord:
    """A row, with or without its large columns, as a record."""
    return JobRecord(**{name: _from_column(name, value) for name, value in row.items()})


def _from_column(name: str, value: Any) -> Any:
    if name == "state":
        return JobState(value)
    if name in _AS_JSON and value is not None:
        parsed = json.loads(value)
        return tuple(parsed) if name in _AS_TUPLE else parsed
    return value
