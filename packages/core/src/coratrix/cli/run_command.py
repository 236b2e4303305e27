"""``coratrix run``, ``compare`` and ``select``: one circuit, one or several backends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from coratrix.backend import DEFAULT_SHOTS, BackendTimeoutError
from coratrix.cli import session, tables
from coratrix.core.errors import InvalidNoiseError

File = Annotated[Path, typer.Argument(help="OpenQASM 2 or 3, or a circuit as JSON")]
Shots = Annotated[int, typer.Option(help="repetitions")]
Parameters = Annotated[list[str] | None, typer.Option("--param", "-p", help="name=value of a parameter")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON for scripts")]


def run(
    file: File,
    backend: Annotated[
        str | None,
        typer.Option(help="name of a backend, or 'auto'", autocompletion=session.known_backends),
    ] = None,
    shots: Shots = DEFAULT_SHOTS,
    seed: Annotated[int | None, typer.Option(help="makes a simulation repeat itself")] = None,
    noise: Annotated[Path | None, typer.Option(help="noise model as a JSON file")] = None,
    timeout: Annotated[float | None, typer.Option(help="seconds to wait at most")] = None,
    max_cost: Annotated[float | None, typer.Option(help="refuse to send above this cost")] = None,
    param: Parameters = None,
    as_json: AsJson = False,
    plot: Annotated[Path | None, typer.Option(help="write a bar chart to this PNG or SVG file")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="print the job's id and do not wait")] = False,
) -> None:
    """Run a circuit and show its counts."""
    circuit = session.load_circuit(file, param)
    given = {"seed": seed, "timeout": timeout, "max_cost": max_cost, "noise_model": _noise(noise)}
    options: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    with session.manager() as manager:
        if detach:
            _detach(manager, circuit, shots, backend, options, as_json)
            return
        with tables.err.status(f"running {circuit.name} ..."):
            result = manager.execute(circuit, shots, backend=backend, **options)
    if as_json:
        session.emit(result.to_dict())
    elif result.success:
        tables.out.print(f"{circuit.name}: {shots} shots on {result.backend}")
        tables.counts(result)
    if plot is not None and result.success:
        figure: Any = result.plot().figure
        figure.savefig(plot)
        tables.err.print(f"wrote {plot}")
    result.raise_for_status()


def _detach(
    manager: Any, circuit: Any, shots: int, backend: str | None, options: dict[str, Any], as_json: bool
) -> None:
    """Send the circuit and leave; only a vendor's job outlives this process."""
    name = backend or manager.default_backend
    job = manager.submit(circuit, shots, backend=name, **options)
    if not job.outlives_process:
        raise BackendTimeoutError(
            f"{name} runs in this process, so nothing would outlive it", hint="Leave out --detach", job=job
        )
    if as_json:
        session.emit({"job_id": job.id, "backend": job.backend_name})
    else:
        said = f"{job.id} on {job.backend_name}; its result: coratrix jobs wait {job.id}"
        tables.out.print(said, soft_wrap=True)  # so that the command can be copied


def _noise(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as exc:
        raise InvalidNoiseError(f"{path}: line {exc.lineno}: {exc.msg}") from exc


def compare(
    file: File,
    backends: Annotated[str, typer.Option(help="names, comma-separated; all by default")] = "",
    shots: Shots = DEFAULT_SHOTS,
    reference: Annotated[str | None, typer.Option(help="measure distances from this backend")] = None,
    param: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """Run a circuit on several backends, with distances between their counts."""
    circuit = session.load_circuit(file, param)
    names = [name.strip() for name in backends.split(",") if name.strip()] or None
    with session.manager() as manager:
        comparison = manager.compare(circuit, shots, backends=names, reference=reference)
    if as_json:
        session.emit(comparison.to_dict())
    else:
        tables.out.print(str(comparison), soft_wrap=True)


def select(
    file: File,
    policy: Annotated[
        str, typer.Option(help="balanced, cheapest, fastest, best_fidelity or least_busy")
    ] = "balanced",
    shots: Shots = DEFAULT_SHOTS,
    max_cost: Annotated[float | None, typer.Option(help="refuse what costs more")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="every rank and refusal, with reasons")] = False,
    param: Parameters = None,
    as_json: AsJson = False,
) -> None:
    """Say which backend suits a circuit best."""
    circuit = session.load_circuit(file, param)
    with session.manager() as manager:
        selection = manager.select(circuit, shots, policy=policy, max_cost=max_cost)
    if as_json:
        session.emit(selection.to_dict())
    elif explain:
        tables.out.print(selection.explain(), soft_wrap=True)
    if not as_json:
        tables.out.print(selection.best.name)
