"""The console where core alone is installed: files, jobs, advice, and exit codes that scripts can trust."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import BackendManager, JobRecord, JobState, registry
from coratrix.backend.store import open_store
from coratrix.cli import session, tables
from coratrix.cli.app import run
from coratrix.testing.scripted import ScriptedBackend, ScriptedService

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
    assert run(["config", "check", "b.json", "--json"]) == 2
    assert len(json.loads(capsys.readouterr().out)["problems"]) == 2

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


def test_what_is_copied_from_a_narrow_terminal_is_whole(
    vendor: ScriptedService, bell: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tables.out, "width", 60)

    assert run(["run", bell, "--backend", "far", "--detach"]) == 0
    (said,) = capsys.readouterr().out.splitlines()
    job_id = said.split()[0]
    assert said.endswith(f"coratrix jobs wait {job_id}")
    assert run(["jobs", "list"]) == 0
    assert job_id in capsys.readouterr().out


def test_a_batch_of_what_is_no_folder_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["batch", "nowhere"]) == 2
    assert "nowhere is no folder" in capsys.readouterr().err


def test_a_record_goes_to_standard_output_too(job: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["jobs", "export", job]) == 0
    assert json.loads(capsys.readouterr().out)["circuits"][0]["source"] == BELL


@pytest.fixture
def vendor(monkeypatch: pytest.MonkeyPatch) -> ScriptedService:
    """A vendor that the console reaches as the backend 'far'."""
    service = ScriptedService(polls_until_done=2)

    def manager() -> BackendManager:
        made = BackendManager()
        made.register_backend("far", ScriptedBackend(service, "far"))
        return made

    monkeypatch.setattr(session, "manager", manager)
    return service


def test_a_job_is_sent_followed_and_repeated_in_json(
    vendor: ScriptedService, bell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def answer(*arguments: str, code: int = 0) -> Any:
        assert run([*arguments, "--json"]) == code, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    sent = answer("run", bell, "--detach", "--shots", "50")["job_id"]
    (result,) = answer("jobs", "wait", sent)
    again = answer("jobs", "resubmit", sent)

    assert sum(result["counts"].values()) == 50
    assert again["repeats"] == sent
    assert len(vendor.jobs()) == 2
    assert answer("jobs", "cancel", again["job_id"]) == {"job_id": again["job_id"], "cancelling": True}
    assert answer("jobs", "show", sent)["execution_time"] == 0.25
    assert answer("jobs", "result", again["job_id"], code=1)[0]["error_code"] == "cancelled"
    assert answer("compare", bell)["far"]["total_variation"]["value"] == 0.0
    assert answer("select", bell)["candidates"][0]["name"] == "far"
    assert answer("status", "far")[0]["source"] == "provider"


def test_a_result_that_is_not_there_is_exit_code_5(
    vendor: ScriptedService, bell: str, capsys: pytest.CaptureFixture[str]
) -> None:
    vendor.polls_until_done = 1000
    assert run(["run", bell, "--detach", "--json"]) == 0
    job_id = json.loads(capsys.readouterr().out)["job_id"]

    assert run(["jobs", "result", job_id]) == 5
    assert "It lives on" in capsys.readouterr().err


def test_status_is_watched_with_one_line_each_time(
    vendor: ScriptedService, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from coratrix.cli import backends

    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(backends.time, "sleep", sleep)

    assert run(["status", "--watch", "--every", "1", "--json"]) == 130

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("[")]
    assert [line[0]["status"] for line in lines] == ["online"] * 3
    assert vendor.requests.count("status") == 3  # asked anew each time
    assert pauses == [5.0] * 3


def test_names_and_ids_complete_themselves(vendor: ScriptedService, job: str) -> None:
    assert session.known_backends("f") == ["far"]
    assert session.known_backends("x") == []
    assert session.known_jobs("crx-") == [(job, "queued on gone")]


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
