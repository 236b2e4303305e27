"""The console where core alone is installed: files, jobs, advice, and exit codes that scripts can trust."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coratrix.backend import JobRecord, JobState, registry
from coratrix.backend.store import open_store
from coratrix.cli import session
from coratrix.cli.app import run

BELL = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit[2] q;\nbit[2] c;\nh q[0];\ncx q[0], q[1];\nc = measure q;\n'


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No other package, no configuration, and a job store of this test's own."""
    monkeypatch.setattr(registry, "installed", dict)
    monkeypatch.delenv("CORATRIX_BACKEND_CONFIG", raising=False)
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")
    monkeypatch.setattr(session, "_options", session._Options())
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def bell(tmp_path: Path) -> str:
    (tmp_path / "bell.qasm").write_text(BELL)
    return "bell.qasm"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    shown = capsys.readouterr().out
    for command in (
        "run",
        "backends",
        "validate",
        "compare",
        "config",
        "doctor",
        "jobs",
        "batch",
        "select",
        "convert",
    ):
        assert command in shown


@pytest.mark.parametrize("arguments", [["frobnicate"], ["run"], ["run", "x.qasm", "--shots", "many"]])
def test_wrong_usage_is_exit_code_2(arguments: list[str]) -> None:
    assert run(arguments) == 2


def test_an_error_is_one_sentence_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", "nowhere.qasm"]) == 2
    said = capsys.readouterr().err
    assert said == "coratrix: there is no file nowhere.qasm\n"


def test_debug_shows_the_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--debug", "run", "nowhere.qasm"]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_without_a_backend_the_next_step_is_named(bell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["run", bell]) == 2
    assert "no backend is registered" in capsys.readouterr().err


def test_doctor_gives_the_command_for_each_missing_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["doctor", "--json"]) == 0
    found = {row["provider"]: row for row in json.loads(capsys.readouterr().out)["providers"]}
    assert found["simulator"]["next"] == "pip install 'coratrix-sim-cpp'"
    assert found["aws"]["next"] == "pip install 'coratrix-provider-cloud[aws]'"
    assert set(found) == {"simulator", "ibm", "aws", "azure", "google", "rigetti"}


def test_a_table_keeps_the_brackets_of_an_extra(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backends", "discover"]) == 0
    assert "[aws]" in capsys.readouterr().out


def test_config_init_writes_what_config_check_accepts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "init"]) == 0
    assert run(["config", "init"]) == 2  # never over a file that is there
    assert run(["config", "schema"]) == 0
    json.loads(Path("backends.json").read_text())


def test_config_check_lists_every_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("b.json").write_text(json.dumps({"backends": {"a": {"type": "no"}, "b": {"type": "cloud", "x": 1}}}))

    assert run(["config", "check", "b.json"]) == 2

    shown = capsys.readouterr().out
    assert "$.backends.a.type" in shown
    assert "$.backends.b.x" in shown


def test_a_circuit_is_drawn_and_converted(bell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["draw", bell]) == 0
    assert "H" in capsys.readouterr().out.upper()
    assert run(["convert", bell, "bell.json"]) == 0
    assert run(["convert", "bell.json", "bell2.qasm", "--qasm", "2"]) == 0
    assert Path("bell2.qasm").read_text().startswith("OPENQASM 2.0;")
    assert run(["convert", bell, "bell.docx"]) == 2


def test_a_circuit_is_drawn_into_a_picture(bell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("matplotlib")

    assert run(["draw", bell, "--out", "bell.png"]) == 0
    assert run(["draw", bell, "--out", "bell.gif"]) == 2

    assert Path("bell.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert ".png and .svg" in capsys.readouterr().err


@pytest.fixture
def job() -> str:
    record = JobRecord(
        id="crx-1",
        backend="gone",
        config={"name": "gone", "type": "cloud", "connection_params": {"provider": "aws"}},
        state=JobState.QUEUED,
        vendor_job_id="arn:1",
        shots=7,
        created_at=1.0e9,
        circuits=({"name": "bell", "digest": "d", "format": "openqasm3", "source": BELL},),
    )
    open_store().add(record)
    return record.id


def test_jobs_are_listed_shown_and_exported(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "list", "--json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == [job]
    assert run(["jobs", "list", "--state", "failed", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["jobs", "show", "arn:1"]) == 0
    assert "gone" in capsys.readouterr().out
    assert run(["jobs", "export", job, "out.json"]) == 0
    assert json.loads(Path("out.json").read_text())["circuits"][0]["source"] == BELL


def test_an_unknown_job_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "show", "crx-nothing"]) == 2
    assert "no job 'crx-nothing' in the store" in capsys.readouterr().err


def test_a_job_whose_package_is_missing_says_what_to_install(
    job: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["jobs", "wait", job]) == 2
    assert "pip install 'coratrix-provider-cloud[aws]'" in capsys.readouterr().err


def test_a_state_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "list", "--state", "confused"]) == 2
    assert "confused" in capsys.readouterr().err
