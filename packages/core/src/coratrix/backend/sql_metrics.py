"""Rates and times of recorded jobs, reckoned by the database.

Owns: `metrics_in`. It reads no record: the database counts, sums and orders, however many there are.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from coratrix.backend.jobs import JobState
from coratrix.backend.metrics import PerformanceMetrics, rank_of, ratio
from coratrix.backend.sql_schema import JOBS


def metrics_in(connection: sa.Connection, backend: str | None, since: float) -> PerformanceMetrics:
    """The figures of all jobs sent since ``since``, of one backend or of all."""
    wanted = [JOBS.c.created_at >= since]
    if backend is not None:
        wanted.append(JOBS.c.backend == backend)
    by_state = sa.select(JOBS.c.state, sa.func.count()).where(*wanted).group_by(JOBS.c.state)
    counts: dict[str, int] = {row[0]: row[1] for row in connection.execute(by_state)}
    succeeded, failed, cancelled = (
        counts.get(state, 0) for state in (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)
    )
    good = [*wanted, JOBS.c.state == JobState.SUCCEEDED]
    shots = sa.select(sa.func.sum(JOBS.c.shots * JOBS.c.num_circuits)).where(*good)
    return PerformanceMetrics(
        total=succeeded + failed + cancelled,
        succeeded=succeeded,
        failed=failed,
        cancelled=cancelled,
        shots=int(connection.execute(shots).scalar_one() or 0),
        retries=None,
        success_rate=ratio(succeeded, succeeded + failed),
        error_rate=ratio(failed, succeeded + failed),
        last_error=_last_error(connection, wanted),
        **_times(connection, JOBS.c.execution_time, good, "execution_time"),
        **_times(connection, JOBS.c.queue_time, good, "queue_time"),
    )


def _times(connection: sa.Connection, column: Any, wanted: list[Any], name: str) -> dict[str, Any]:
    """Mean, median and 95th percentile of the values that there are; None where there is none."""
    known = [*wanted, column.is_not(None)]
    count, mean = connection.execute(sa.select(sa.func.count(), sa.func.avg(column)).where(*known)).one()
    ordered = sa.select(column).where(*known).order_by(column).limit(1)

    def percentile(fraction: float) -> float | None:
        return connection.execute(ordered.offset(rank_of(fraction, count))).scalar()

    return {
        f"avg_{name}": mean,
        f"p50_{name}": percentile(0.5) if count else None,
        f"p95_{name}": percentile(0.95) if count else None,
    }


def _last_error(connection: sa.Connection, wanted: list[Any]) -> str | None:
    newest = JOBS.c.updated_at.desc(), JOBS.c.created_at.desc()
    failed = sa.select(JOBS.c.error).where(*wanted, JOBS.c.state == JobState.FAILED)
    return connection.execute(failed.order_by(*newest).limit(1)).scalar()
