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
from coratrix.core.circuit import QuantumCircuit

app = typer.Typer(help="Jobs that were sent, from this process or any other.", no_args_is_help=True)


@app.command("list")
def list_(
    backend: Annotated[str | None, typer.Option(help="of this backend")] = None,
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
def show(job_id: str, as_json: AsJson = False) -> None:
    """All that is recorded of a job; asks no service."""
    record = BackendManager().store.get(job_id)
    data = {**_summary(record), "options": dict(record.options), "versions": dict(record.versions)}
    if as_json:
        session.emit({**data, "circuits": [dict(entry) for entry in record.circuits]})
    else:
        tables.facts(data)


@app.command()
def wait(
    job_id: str,
    timeout: Annotated[float | None, typer.Option(help="seconds to wait at most")] = None,
    as_json: AsJson = False,
) -> None:
    """Wait for a job's end and show its counts."""
    with session.manager() as manager, tables.err.status(f"waiting for {job_id} ..."):
        results = manager.job(job_id).results(timeout)
    _show_results(results, as_json)


@app.command()
def result(job_id: str, as_json: AsJson = False) -> None:
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
def cancel(job_id: str) -> None:
    """Ask the vendor to stop a job."""
    with session.manager() as manager:
        job = manager.job(job_id)
        accepted = job.cancel()
        tables.out.print(f"{job_id}: {'cancelling' if accepted else 'too late to cancel'}")


@app.command()
def resubmit(job_id: str) -> None:
    """Send a recorded job once more, as a new one."""
    with session.manager() as manager:
        record = manager.store.get(job_id)
        circuits = [_circuit(entry) for entry in record.circuits]
        backend: Any = manager.job(job_id)._backend  # type: ignore[attr-defined]
        job = backend.submit_batch(circuits, record.shots, **dict(record.options))
        tables.out.print(f"{job.id} repeats {job_id}")


@app.command()
def export(job_id: str, path: Annotated[Path, typer.Argument()]) -> None:
    """Write a job's whole record to a JSON file."""
    record = BackendManager().store.get(job_id)
    data = {
        **_summary(record),
        "circuits": [dict(entry) for entry in record.circuits],
        "options": dict(record.options),
        "decoding": dict(record.decoding),
        "versions": dict(record.versions),
        "results": None if record.results is None else [dict(entry) for entry in record.results],
    }
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")
    tables.err.print(f"wrote {path}")


def _circuit(entry: Any) -> QuantumCircuit:
    from coratrix.core import qasm

    if entry["format"] == "coratrix":
        return QuantumCircuit.from_json(entry["source"])
    return qasm.loads(entry["source"])


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
        "cost": record.cost,
        "currency": record.currency,
        "tags": list(record.tags),
    }


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
