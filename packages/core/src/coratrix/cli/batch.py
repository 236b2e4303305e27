"""``coratrix batch``: every circuit of a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from coratrix.backend import DEFAULT_SHOTS, ConfigurationError
from coratrix.cli import session, tables
from coratrix.cli.run_command import AsJson, Shots

SUFFIXES = (".qasm", ".json")


def batch(
    folder: Annotated[Path, typer.Argument(help="holds .qasm and .json files")],
    backend: Annotated[str | None, typer.Option(help="one name, or several with commas between")] = None,
    shots: Shots = DEFAULT_SHOTS,
    seed: Annotated[int | None, typer.Option(help="makes a simulation repeat itself")] = None,
    resume: Annotated[str | None, typer.Option(help="id of a batch to go on with")] = None,
    as_json: AsJson = False,
) -> None:
    """Run every circuit of a folder; exit code 1 when one failed."""
    if not folder.is_dir():
        raise ConfigurationError(f"{folder} is no folder", hint="Name one that holds .qasm or .json files")
    files = sorted(path for path in folder.glob("*") if path.suffix in SUFFIXES)
    if not files:
        raise ConfigurationError(f"{folder} holds no circuit ({', '.join(SUFFIXES)})")
    circuits = [session.load_circuit(path) for path in files]
    options: dict[str, Any] = {} if seed is None else {"seed": seed}
    with session.manager() as manager:
        names = backend.split(",") if backend else None
        running = manager.batch(circuits, shots, backends=names, batch_id=resume, **options)
        tables.err.print(f"{running.id}: to go on after a crash, give --resume {running.id}")
        results = running.run(progress=True)
    if as_json:
        session.emit({path.name: r.to_dict() for path, r in zip(files, results, strict=True)})
    else:
        rows = [
            [path.name, "ok" if r.success else "failed", _likeliest(r.counts) if r.success else r.error]
            for path, r in zip(files, results, strict=True)
        ]
        tables.table(["file", "outcome", "likeliest key or reason"], rows)
    if not all(r.success for r in results):
        raise typer.Exit(1)


def _likeliest(counts: Mapping[str, int]) -> str:
    key = max(counts, key=lambda k: counts[k])
    return f"{key} ({counts[key]})"
