"""Every block of the guide runs as it is written, in its order, on real parts.

IBM's service is a stand-in on this machine that the real SDK talks to; all else that is run is the
simulator. What a block takes for granted (a circuit, a configuration) is given below and nowhere else.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import (
    BackendConfiguration,
    BackendError,
    BackendStatus,
    BackendType,
    BraketBackend,
    IBMBackend,
    SimulatorBackend,
)
from coratrix.core import NoiseModel, QuantumCircuit

ROOT = Path(__file__).parent.parent
GUIDE = ROOT / "docs/guide.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)

IBM_PARAMS = {"provider": "ibm", "hub": "ibm-q", "group": "open", "project": "main"}
AWS_PARAMS = {"provider": "aws", "region": "us-east-1", "device": "SV1"}


def blocks(language: str) -> list[tuple[int, str]]:
    """(line, source) of each block of the guide in a language."""
    text = GUIDE.read_text(encoding="utf-8")
    found = [match for match in FENCE.finditer(text) if match[1] == language]
    return [(text[: match.start()].count("\n") + 2, match[2]) for match in found]


@pytest.fixture
def given() -> dict[str, Any]:
    """What the blocks presuppose."""
    lopsided = QuantumCircuit(3, "lopsided").ry(0.7, 0).cx(0, 1).x(2)
    simulator = SimulatorBackend(BackendConfiguration("given", BackendType.SIMULATOR))
    return {
        "__name__": "guide",
        "BackendError": BackendError,
        "BackendStatus": BackendStatus,
        "IBMBackend": IBMBackend,
        "BraketBackend": BraketBackend,
        "config1": BackendConfiguration("first", BackendType.SIMULATOR),
        "config2": BackendConfiguration("ibm_quantum", BackendType.HARDWARE, IBM_PARAMS),
        "config3": BackendConfiguration("aws_braket", BackendType.CLOUD, AWS_PARAMS),
        "circuit": lopsided,
        "circuit1": QuantumCircuit(2).x(0),
        "circuit2": QuantumCircuit(2).x(1),
        "circuit3": lopsided,
        "backend": simulator,
        "noise_model": NoiseModel.from_dict({"depolarizing_error": 0.01}),
    }


@pytest.fixture
def _quiet_logging() -> Iterator[None]:
    """The guide switches debug logs on for the process; the other tests want it as it was."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.mark.filterwarnings("ignore:.*IBM retired:UserWarning")  # the guide's hub, group and project
@pytest.mark.usefixtures("ibm", "_quiet_logging")
def test_every_block_of_the_guide_runs(
    given: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "backends.json").write_text(blocks("json")[0][1])
    shown: dict[int, str] = {}

    backend = given["backend"]
    for line, source in blocks("python"):
        given["backend"] = backend  # the loops of some blocks leave another one behind
        exec(compile("\n" * (line - 1) + source, str(GUIDE), "exec"), given)
        shown[line] = capsys.readouterr().out

    assert len(shown) >= 25
    said = "".join(shown.values())
    assert "Registered ibm_quantum" in said
    assert "Registered aws_braket" in said
    assert "Execution failed" not in said
    example = next(
        text
        for text in shown.values()
        if text.startswith("local_simulator: {'00'") or "ibm_quantum: {" in text
    )
    for name in ("local_simulator", "ibm_quantum"):
        counts = re.search(rf"^{name}: (\{{.*\}})$", example, re.M)
        assert counts is not None, example
        assert set(json.loads(counts[1].replace("'", '"'))) == {"00", "11"}


def test_the_environment_variables_of_the_guide_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coratrix.backend import BackendManager

    path = tmp_path / "backends.json"
    path.write_text(blocks("json")[0][1])
    monkeypatch.setenv("CORATRIX_BACKEND_CONFIG", str(path))
    monkeypatch.setenv("CORATRIX_DEFAULT_BACKEND", "local_simulator")

    manager = BackendManager()

    assert manager.list_backends() == ["local_simulator", "ibm_quantum"]
    assert manager.default_backend == "local_simulator"
