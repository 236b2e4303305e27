"""``coratrix config``: the file of backends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from coratrix.backend import BackendManager, ConfigurationError, config_file
from coratrix.cli import session, tables
from coratrix.cli.run_command import AsJson

app = typer.Typer(help="The file that names your backends.", no_args_is_help=True)

EXAMPLE = {
    "schema_version": config_file.SCHEMA_VERSION,
    "default": "local_simulator",
    "backends": {
        "local_simulator": {
            "type": "simulator",
            "connection_params": {"simulator_type": "statevector", "max_qubits": 20},
        },
        "ibm_quantum": {
            "type": "hardware",
            "enabled": False,
            "connection_params": {
                "provider": "ibm",
                "device": "least_busy",
                "token": "${env:IBM_QUANTUM_TOKEN}",
            },
        },
    },
}


@app.command()
def check(path: Annotated[Path | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Read a file and list every problem; exit code 2 when there is one."""
    chosen = config_file.config_path(path)
    report = BackendManager().load_backends_from_config(chosen)
    if as_json:
        session.emit({"file": str(chosen), "good": list(report.names), "problems": report.errors})
    else:
        for problem in report.errors:
            tables.out.print(f"- {problem}", soft_wrap=True)
        tables.out.print(f"{chosen}: {len(report)} good, {len(report.problems)} with problems")
    if report.problems:
        raise typer.Exit(2)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the file, for editors."""
    session.emit(config_file.schema())


@app.command()
def init(path: Annotated[Path, typer.Argument()] = Path("backends.json")) -> None:
    """Write a file to begin with; an existing one is left alone."""
    if path.exists():
        raise ConfigurationError(f"{path} is there already", hint="Name another file")
    path.write_text(json.dumps(EXAMPLE, indent=2) + "\n", encoding="utf-8")
    tables.out.print(f"wrote {path}; use it: export {config_file.CONFIG_VARIABLE}={path}")
