"""``coratrix`` and ``coratrix.providers`` are PEP 420 namespaces, in the tree and in every wheel."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMESPACES = {"coratrix/__init__.py", "coratrix/providers/__init__.py"}
PURE = ["core", "provider-ibm", "provider-cloud", "provider-google-rigetti"]


def test_no_namespace_has_an_init_file() -> None:
    strays = [
        path for path in ROOT.glob("packages/*/src/**/__init__.py") if str(path).endswith(tuple(NAMESPACES))
    ]

    assert strays == []


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A wheel of each pure package, built from its source distribution as for a release."""
    folder = tmp_path_factory.mktemp("wheels")
    built = {}
    for name in PURE:
        out = folder / name
        command = ["-m", "build", "--installer", "uv", "--outdir", str(out), str(ROOT / "packages" / name)]
        done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        built[name] = next(out.glob("*.whl"))
    return built


@pytest.mark.parametrize("name", PURE)
def test_a_wheel_holds_its_package_and_nothing_else(wheels: dict[str, Path], name: str) -> None:
    names = zipfile.ZipFile(wheels[name]).namelist()
    code = [entry for entry in names if ".dist-info/" not in entry]

    assert NAMESPACES.isdisjoint(names)
    assert code
    assert all(entry.startswith("coratrix/") for entry in code)
    assert any(entry.endswith("/py.typed") for entry in code)
    assert any(entry.endswith("/LICENSE") for entry in names)


@pytest.mark.parametrize("name", PURE)
def test_no_dependency_has_an_upper_cap(wheels: dict[str, Path], name: str) -> None:
    archive = zipfile.ZipFile(wheels[name])
    metadata = archive.read(next(n for n in archive.namelist() if n.endswith("METADATA"))).decode()
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    capped = [line for line in required if any(sign in line.partition(";")[0] for sign in ("<", "==", "~="))]

    assert capped == []


def test_core_alone_serves_a_downstream_framework(wheels: dict[str, Path], tmp_path: Path) -> None:
    home = tmp_path / "venv"
    subprocess.run(["uv", "venv", "--quiet", "--python", sys.executable, str(home)], check=True)
    python = next(path for path in (home / "bin/python", home / "Scripts/python.exe") if path.exists())
    subprocess.run(
        ["uv", "pip", "install", "--quiet", "--python", str(python), str(wheels["core"])], check=True
    )

    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("downstream.py"))],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "{'10': 25}" in done.stdout
    assert "pip install 'coratrix-provider-ibm'" in done.stdout


def test_every_entry_point_loads() -> None:
    points = importlib.metadata.entry_points(group="coratrix.backends")

    assert {point.name for point in points} >= {"simulator", "ibm", "aws", "azure", "google", "rigetti"}
    for point in points:
        assert point.load().__name__ == point.attr
