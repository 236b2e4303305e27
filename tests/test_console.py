"""The console as a new user meets it: files in, tables and JSON out, exit codes that scripts can trust."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BELL = str(ROOT / "examples/bell.qasm")

Console = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def console(tmp_path: Path) -> Console:
    """Runs ``coratrix`` in a folder of its own."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        program = "import sys; from coratrix.cli import main; sys.argv[0] = 'coratrix'; main()"
        command = [sys.executable, "-c", program, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)

    return run


def test_run_shows_counts_with_a_histogram(console: Console) -> None:
    done = console("run", BELL, "--shots", "1000", "--seed", "7")

    assert done.returncode == 0, done.stderr
    assert "00" in done.stdout
    assert "11" in done.stdout
    assert "█" in done.stdout


def test_run_as_json_repeats_itself_by_its_seed(console: Console) -> None:
    first, second = (json.loads(console("run", BELL, "--seed", "7", "--json").stdout) for _ in range(2))

    assert first["counts"] == second["counts"]
    assert sum(first["counts"].values()) == 1000
    assert set(first["counts"]) == {"00", "11"}


def test_noise_from_a_file_is_applied(console: Console, tmp_path: Path) -> None:
    (tmp_path / "noise.json").write_text('{"bit_flip_error": 0.2}')

    done = console("run", BELL, "--noise", "noise.json", "--seed", "7", "--json")

    assert set(json.loads(done.stdout)["counts"]) == {"00", "01", "10", "11"}


def test_a_plot_is_written(console: Console, tmp_path: Path) -> None:
    done = console("run", BELL, "--plot", "counts.png")

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "counts.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "nowhere.qasm"], 2, "no file nowhere.qasm"),
        (["run", BELL, "--shots", "0"], 2, "shots is 0"),
        (["run", BELL, "--backend", "locl_simulator"], 2, "did you mean 'local_simulator'"),
        (["run", BELL, "--detach"], 5, "nothing would outlive it"),
        (["--config", "nowhere.json", "run", BELL], 2, "no file nowhere.json"),
        (["validate", BELL, "--shots", "-3"], 2, ""),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    console: Console, arguments: list[str], code: int, said: str
) -> None:
    done = console(*arguments)

    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_batch_runs_every_file_of_a_folder(console: Console, tmp_path: Path) -> None:
    folder = tmp_path / "circuits"
    folder.mkdir()
    for name, gate in (("a", "x q[0];"), ("b", "x q[1];")):
        text = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\n{gate}\nc = measure q;\n'
        (folder / f"{name}.qasm").write_text(text)

    done = console("batch", "circuits", "--shots", "5", "--json")

    found = {name: result["counts"] for name, result in json.loads(done.stdout).items()}
    assert found == {"a.qasm": {"10": 5}, "b.qasm": {"01": 5}}


def test_select_compare_status_and_doctor_answer(console: Console) -> None:
    assert "local_simulator" in console("select", BELL, "--explain").stdout
    assert "local_simulator" in console("compare", BELL).stdout
    assert "online" in console("status").stdout
    doctor = {row["provider"]: row for row in json.loads(console("doctor", "--json").stdout)["providers"]}
    assert doctor["simulator"]["next"] == "ready"
    assert doctor["ibm"]["sdk"].startswith("qiskit-ibm-runtime")
