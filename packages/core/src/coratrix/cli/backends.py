"""``coratrix backends`` and ``coratrix status``: what there is and how it is."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from coratrix.backend import BackendManager
from coratrix.backend.survey import survey
from coratrix.cli import session, tables

app = typer.Typer(help="The backends there are.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """Registered backends; asks no service."""
    with session.manager() as manager:
        default = manager.default_backend if len(manager) else None
        rows = [
            {"name": name, "class": type(manager.get_backend(name)).__name__, "default": name == default}
            for name in manager
        ]
    if as_json:
        session.emit(rows)
    elif rows:
        tables.table(
            ["name", "class", "default"], [[r["name"], r["class"], "*" if r["default"] else ""] for r in rows]
        )
    else:
        tables.out.print("no backend is registered; install one: pip install coratrix-sim-cpp")


@app.command()
def info(
    name: Annotated[str, typer.Argument(autocompletion=session.known_backends)], as_json: AsJson = False
) -> None:
    """What a backend can do."""
    with session.manager() as manager:
        facts = manager.get_backend(name).get_capabilities().to_dict()
    if as_json:
        session.emit(facts)
    else:
        tables.facts({key: _short(value) for key, value in facts.items()})


def _short(value: object) -> object:
    return " ".join(map(str, value)) if isinstance(value, (tuple, list)) else value


@app.command()
def discover(as_json: AsJson = False) -> None:
    """Every provider known, and what to install for those that are missing."""
    found = survey()
    if as_json:
        session.emit([{"provider": str(d), **vars(d)} for d in found])
    else:
        tables.table(
            ["provider", "class", "state", "next"], [[str(d), d.class_name, d.state, d.hint] for d in found]
        )


Name = Annotated[str | None, typer.Argument(help="of one backend", autocompletion=session.known_backends)]


@app.command()
def status(name: Name = None, as_json: AsJson = False) -> None:
    """Status and queue of one backend or of all."""
    with session.manager() as manager:
        _show(_status_rows(manager, name), as_json)


def watch(
    name: Name = None,
    watching: Annotated[bool, typer.Option("--watch", help="ask again until interrupted")] = False,
    every: Annotated[float, typer.Option(help="seconds between questions, at least 5")] = 30.0,
    as_json: AsJson = False,
) -> None:
    """Status and queue of backends, once or again and again; with --json one line each time."""
    with session.manager() as manager:  # one for all questions: logging in each time would cost most
        while True:
            _show(_status_rows(manager, name), as_json, compact=watching)
            if not watching:
                return
            time.sleep(max(5.0, every))
            for backend in map(manager.get_backend, [name] if name else list(manager)):
                backend.refresh()


def _show(rows: list[dict[str, object]], as_json: bool, *, compact: bool = False) -> None:
    if as_json:
        session.emit(rows, compact=compact)
    else:
        _show_status(rows)


def _status_rows(manager: BackendManager, name: str | None) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for chosen in [name] if name else manager.list_backends():
        backend = manager.get_backend(chosen)
        report, queue = backend.get_status_report(), backend.get_queue_info()
        rows.append(
            {
                "name": chosen,
                "status": str(report.status),
                "queue": queue.length,
                "at_least": queue.is_lower_bound,
                "source": queue.source,
                "wait_s": queue.estimated_wait_time,
                "message": report.message,
            }
        )
    return rows


def _show_status(rows: list[dict[str, object]]) -> None:
    tables.table(
        ["name", "status", "queue", "wait (s)", "message"],
        [[r["name"], r["status"], _queue(r), r["wait_s"], r["message"]] for r in rows],
    )


def _queue(row: dict[str, object]) -> str | None:
    if row["queue"] is None:
        return None
    return f"at least {row['queue']}" if row["at_least"] else str(row["queue"])
