"""``coratrix jobs``: jobs of this user or team, whichever process sent them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from coratrix.backend import BackendManager, JobRecord
from coratrix.cli import session, tables
from coratrix.cli.run_command import AsJson

JobId = Annotated[
    str, typer.Argument(help="our id or the vendor's", autocompletion=session.known_jobs, show_default=False)
]

app = typer.Typer(help="Jobs that were sent, from this process or any other.", no_args_is_help=True)


@app.command("list")
def list_(
    backend: Annotated[
        str | None, typer.Option(help="of this backend", autocompletion=session.known_backends)
    ] = None,
    state: Annotated[str | None, typer.Option(help="in this state")] = None,
    unfinished: Annotated[bool, typer.Option("--unfinished", help="that may still change")] = False,
    tag: Annotated[str | None, typer.Option(help="with this tag")] = None,
    limit: Annotated[int, typer.Option(help="at most so many, newest first")] = 20,
    as_json: AsJson = False,
) -> None:
    """Jobs, newest first."""
    found = BackendManager().jobs(backend=backend, state=state, unfinished=unfinished, tag=tag, limit=limit)
    if as_json:
        session.emit([_summary(record) for record in found])
    else:
        tables.table(
            ["id", "backend", "state", "shots", "sent"],
            [[r.id, r.backend, str(r.state), r.shots, _when(r.created_at)] for r in found],
        )


@app.command()
def show(job_id: JobId, as_json: AsJson = False) -> None:
    """All that is recorded of a job; asks no service."""
    record = BackendManager().store.get(job_id)
    data = {**_summary(record), "options": dict(record.options), "versions": dict(record.versions)}
    if as_json:
        session.emit({**data, "circuits": [dict(entry) for entry in record.circuits]})
    else:
        tables.facts(data)


@app.command()
def wait(
    job_id: JobId,
    timeout: Annotated[float | None, typer.Option(help="seconds to wait at most")] = None,
    as_json: AsJson = False,
) -> None:
    """Wait for a job's end and show its counts."""
    with session.manager() as manager, tables.err.status(f"waiting for {job_id} ..."):
        results = manager.job(job_id).results(timeout)
    _show_results(results, as_json)


@app.command()
def result(job_id: JobId, as_json: AsJson = False) -> None:
    """Show the counts of a job that has ended; exit code 5 when it has not."""
    wait(job_id, 0.0, as_json)


def _show_results(results: list[Any], as_json: bool) -> None:
    if as_json:
        session.emit([one.to_dict() for one in results])
    else:
        for one in results:
            if one.success:
                tables.counts(one)
    for one in results:
        one.raise_for_status()


@app.command()
def cancel(job_id: JobId, as_json: AsJson = False) -> None:
    """Ask the vendor to stop a job."""
    with session.manager() as manager:
        accepted = manager.job(job_id).cancel()
    if as_json:
        session.emit({"job_id": job_id, "cancelling": accepted})
    else:
        tables.out.print(f"{job_id}: {'cancelling' if accepted else 'too late to cancel'}")


@app.command()
def resubmit(job_id: JobId, as_json: AsJson = False) -> None:
    """Send a recorded job once more, as a new one."""
    with session.manager() as manager:
        job = manager.resubmit(job_id)
    if as_json:
        session.emit({"job_id": job.id, "repeats": job_id})
    else:
        tables.out.print(f"{job.id} repeats {job_id}", soft_wrap=True)


@app.command()
def export(
    job_id: JobId,
    path: Annotated[Path | None, typer.Argument(help="a JSON file; by default standard output")] = None,
) -> None:
    """Write a job's whole record as JSON."""
    record = BackendManager().store.get(job_id)
    data = {
        **_summary(record),
        "config": dict(record.config),
        "circuits": [dict(entry) for entry in record.circuits],
        "options": dict(record.options),
        "decoding": dict(record.decoding),
        "metadata": dict(record.metadata),
        "versions": dict(record.versions),
        "results": None if record.results is None else [dict(entry) for entry in record.results],
    }
    if path is None:
        session.emit(data)
        return
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    tables.err.print(f"wrote {path}")


def _summary(record: JobRecord) -> dict[str, Any]:
    return {
        "id": record.id,
        "backend": record.backend,
        "state": str(record.state),
        "vendor_job_id": record.vendor_job_id,
        "sent": _when(record.created_at),
        "shots": record.shots,
        "circuits": record.num_circuits,
        "error": record.error,
        "queue_time": record.queue_time,
        "execution_time": record.execution_time,
        "cost": record.cost,
        "currency": record.currency,
        "tags": list(record.tags),
    }


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
