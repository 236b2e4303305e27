"""What all commands of one console call share: the manager and the global options.

Owns: `manager()`, `load_circuit`, `emit`. Knows nothing of: any single command.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coratrix.backend import BackendManager
from coratrix.cli import tables
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitImportError


@dataclass
class _Options:
    config_file: str = ""
    debug: bool = False


_options = _Options()


def configure(*, config_file: str, debug: bool) -> None:
    """Keep the global options of this call."""
    _options.config_file, _options.debug = config_file, debug


def is_debugging() -> bool:
    """Whether --debug was given."""
    return _options.debug


def manager() -> BackendManager:
    """The backends of the configuration file, and the local simulator where it is installed."""
    made = BackendManager()
    if _options.config_file:
        made.load_backends_from_config(_options.config_file)
    for problem in made.load_report.errors:
        print(f"coratrix: left out: {problem}", file=sys.stderr)
    made.discover_backends()
    return made


def known_backends(incomplete: str) -> list[str]:
    """For completion: the names that begin so; a broken configuration completes nothing."""
    try:
        with manager() as made:
            return [name for name in made if name.startswith(incomplete)]
    except Exception:  # the shell is in the middle of a line
        return []


def known_jobs(incomplete: str) -> list[tuple[str, str]]:
    """For completion: the newest jobs whose ids begin so, each with its state."""
    try:
        records = BackendManager().jobs(limit=1000)
        return [(r.id, f"{r.state} on {r.backend}") for r in records if r.id.startswith(incomplete)]
    except Exception:
        return []


def load_circuit(path: Path, parameters: list[str] | None = None) -> QuantumCircuit:
    """The circuit in a file: OpenQASM 2 or 3, or our JSON; ``name=value`` pairs bind its parameters."""
    if not path.exists():
        raise CircuitImportError(f"there is no file {path}")
    with tables.err.status(f"reading {path} ({path.stat().st_size / 1e6:.1f} MB) ..."):
        circuit = _read(path)
    return circuit.bind(dict(map(_parameter, parameters))) if parameters else circuit


def _read(path: Path) -> QuantumCircuit:
    from coratrix.core import qasm

    if path.suffix == ".json":
        return QuantumCircuit.from_json(path.read_text(encoding="utf-8"))
    return qasm.load(path)


def _parameter(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise CircuitImportError(f"a parameter is given as name=number, not {text!r}") from None


def emit(data: Any, *, compact: bool = False) -> None:
    """Print JSON for scripts, indented or on one line."""
    print(json.dumps(data, indent=None if compact else 2, default=str), flush=True)


def terminal_width() -> int:
    """Columns to draw in; 100 where there is no terminal."""
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 100
