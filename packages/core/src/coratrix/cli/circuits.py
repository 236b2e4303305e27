"""``coratrix validate``, ``draw`` and ``convert``: a circuit's file, without running it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coratrix.backend import DEFAULT_SHOTS
from coratrix.cli import session, tables
from coratrix.cli.run_command import AsJson, File, Parameters, Shots
from coratrix.core.errors import CircuitImportError


def validate(
    file: File,
    backend: Annotated[str | None, typer.Option(help="name of a backend")] = None,
    shots: Shots = DEFAULT_SHOTS,
    param: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """Say whether a circuit can run, with every reason why not; exit code 2 when it cannot."""
    circuit = session.load_circuit(file, param)
    with session.manager() as manager:
        chosen = manager.get_backend(backend)
        report = chosen.validate(circuit, shots)
    if as_json:
        session.emit({"valid": bool(report), "errors": report.errors})
    elif report:
        tables.out.print(f"{circuit.name} can run on {chosen.name}")
    else:
        for error in report.errors:
            tables.out.print(f"- {error}", soft_wrap=True)
    if not report:
        raise typer.Exit(2)


def draw(
    file: File,
    out: Annotated[Path | None, typer.Option(help="write a PNG or SVG instead of text")] = None,
    param: Parameters = None,
) -> None:
    """Draw a circuit as text, or as a picture where matplotlib is installed."""
    circuit = session.load_circuit(file, param)
    if out is None:
        print(circuit.draw(width=session.terminal_width()))
        return
    from coratrix.core.picture import save

    save(circuit, out)
    tables.err.print(f"wrote {out}")


def convert(
    source: Annotated[Path, typer.Argument(help="OpenQASM 2 or 3, or our JSON")],
    target: Annotated[Path, typer.Argument(help="what to write: .qasm or .json")],
    version: Annotated[int, typer.Option("--qasm", help="version of OpenQASM to write: 2 or 3")] = 3,
    as_json: AsJson = False,
) -> None:
    """Rewrite a circuit's file in another format."""
    from coratrix.core import qasm

    circuit = session.load_circuit(source)
    if target.suffix == ".json":
        target.write_text(circuit.to_json(), encoding="utf-8")
    elif target.suffix == ".qasm":
        target.write_text(qasm.dumps(circuit, version=version), encoding="utf-8")
    else:
        raise CircuitImportError(f"cannot write {target.suffix or target}; the formats are .qasm and .json")
    if as_json:
        session.emit({"wrote": str(target), "name": circuit.name, "digest": circuit.digest()})
    else:
        tables.err.print(f"wrote {target}")
