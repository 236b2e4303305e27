"""What the forms of an operation cost on this machine, measured once and kept.

Owns: the file of a measured table, for which machine it holds, and what is said of one that cannot be used.
Knows nothing of: what is measured, and how plans choose by it (the engine's ``cost_table.hpp``).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any, Final

from coratrix.sim import _engine

VARIABLE: Final = "CORATRIX_COST_TABLE"
"""``default``: no measured table is used. Anything else: the path of the file, in place of the one in the cache."""

_REMEDY: Final = "Call coratrix.sim.tune() to measure this machine again, or delete the file"


def tune(*, instruction_set: str = "") -> Path:
    """Measure what the forms of an operation cost here, and keep the table for simulators made from now on.

    Takes some seconds; best on an idle machine. Nothing else ever measures: without this call, and with
    ``CORATRIX_COST_TABLE=default`` in the environment, plans follow the table that the engine comes with. Results
    agree either way; plans, and so the last digits, may differ.

    Returns:
        The file: JSON, with the processor, the instruction set and the engine it holds for.
    """
    found = _engine.measure_costs(instruction_set)
    path = table_path(instruction_set)
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"signature": signature(instruction_set), "costs": found.numbers()}, indent=2)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
    os.replace(name, path)  # who reads meanwhile sees the old table or the new one
    return path


def load(instruction_set: str = "") -> _engine.CostTable:
    """The table measured here if there is one, else the engine's own. A table that does not hold here is warned of."""
    if os.environ.get(VARIABLE) == "default":
        return _engine.CostTable(instruction_set)
    path = table_path(instruction_set)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return _engine.CostTable(instruction_set)
    except (OSError, UnicodeDecodeError) as exc:
        return _ignored(path, str(exc), instruction_set)
    try:
        return _parse(json.loads(text), instruction_set)
    except (ValueError, TypeError, KeyError, RuntimeError) as exc:
        return _ignored(path, f"{type(exc).__name__}: {exc}", instruction_set)


def table_path(instruction_set: str = "") -> Path:
    """Where the table lies: one file for each instruction set in the user's cache folder."""
    named = os.environ.get(VARIABLE, "")
    if named not in ("", "default"):
        return Path(named)
    return _cache_folder() / "coratrix" / f"costs-{instruction_set or _engine.best_instruction_set()}.json"


def signature(instruction_set: str = "") -> dict[str, str]:
    """What a table depends on."""
    return {
        "processor": _engine.processor_name(),
        "instruction_set": instruction_set or _engine.best_instruction_set(),
        "engine": _engine.version,
    }


def _parse(record: Any, instruction_set: str) -> _engine.CostTable:
    here, there = signature(instruction_set), record["signature"]
    if there != here:
        raise ValueError(f"it was measured for {there}, this is {here}")
    return _engine.CostTable(record["costs"])


def _ignored(path: Path, why: str, instruction_set: str) -> _engine.CostTable:
    warnings.warn(f"The cost table {path} is not used: {why}. {_REMEDY}", RuntimeWarning, stacklevel=5)
    return _engine.CostTable(instruction_set)


def _cache_folder() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or os.path.expanduser(r"~\AppData\Local"))
    if sys.platform == "darwin":
        return Path(os.path.expanduser("~/Library/Caches"))
    return Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"))
