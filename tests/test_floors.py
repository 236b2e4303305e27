"""Imports point down, and importing anything of ours imports no SDK."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(ROOT.glob("packages/*/src/coratrix/**/*.py"))

FLOORS = {"core": 0, "backend": 1, "sim": 2, "providers": 2, "testing": 2, "cli": 3}
SDKS = {
    "qiskit",
    "qiskit_ibm_runtime",
    "braket",
    "boto3",
    "azure",
    "qdk",
    "cirq",
    "cirq_google",
    "pyquil",
    "qcs_sdk",
}
LONGEST_FILE = 400


def room(path: Path) -> list[str]:
    """Parts of the module's name below ``coratrix``, e.g. ``["providers", "ibm", "client"]``."""
    parts = path.relative_to(ROOT).with_suffix("").parts  # the clone itself may be called coratrix
    return list(parts[parts.index("coratrix") + 1 :])


def imported(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every module that a file names in an import, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno
        elif isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)


def top_level(tree: ast.Module) -> Iterator[str]:
    """Modules imported when the file is, so outside functions and TYPE_CHECKING."""
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        for inner in ast.walk(node):
            if isinstance(inner, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                break
            if isinstance(inner, ast.ImportFrom) and inner.module:
                yield inner.module
            elif isinstance(inner, ast.Import):
                yield from (alias.name for alias in inner.names)


def guarded_lines(tree: ast.AST) -> set[int]:
    """Lines under ``if TYPE_CHECKING``, which only type checkers follow."""
    guards = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]
    return {inner.lineno for guard in guards for inner in ast.walk(guard) if hasattr(inner, "lineno")}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(room(path)))
def test_imports_point_down(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    here = room(path)
    free = guarded_lines(tree)
    for module, line in imported(tree):
        parts = module.split(".")
        if parts[0] != "coratrix" or len(parts) < 2 or line in free:
            continue
        there = parts[1:]
        assert FLOORS[there[0]] <= FLOORS[here[0]], f"{path}:{line} imports upward: {module}"
        if FLOORS[there[0]] == FLOORS[here[0]] == 2:
            assert there[:2] == here[:2] or there[0] == here[0] != "providers", f"{path}:{line}: {module}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(room(path)))
def test_no_sdk_is_imported_at_a_modules_top(path: Path) -> None:
    named = {module.partition(".")[0] for module in top_level(ast.parse(path.read_text(encoding="utf-8")))}

    assert named & SDKS == set()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(room(path)))
def test_a_file_is_split_before_400_lines(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_importing_every_package_imports_no_sdk() -> None:
    modules = [f"coratrix.{name}" for name in ("core", "backend", "cli", "sim", "testing")]
    modules += [f"coratrix.providers.{name}" for name in ("ibm", "aws", "azure", "google", "rigetti")]
    program = (
        "import importlib, json, sys\n"
        f"for name in {modules}: importlib.import_module(name)\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert set(json.loads(done.stdout)) & SDKS == set()
