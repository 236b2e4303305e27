"""Files of backends: every problem is named by its place, and hides nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import BackendManager, ConfigurationError, config_file


def written(tmp_path: Path, document: Any, name: str = "backends.json") -> Path:
    path = tmp_path / name
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return path


def problems_of(tmp_path: Path, entry: Any) -> str:
    document = {"backends": {"bad": entry, "good": {"type": "simulator"}}}
    content = config_file.read(written(tmp_path, document))
    assert [config.name for config in content.configurations] == ["good"]
    return " | ".join(map(str, content.problems))


def test_a_bad_entry_does_not_hide_the_others(tmp_path: Path) -> None:
    said = problems_of(tmp_path, {"type": "laptop"})

    assert "backends.json: $.backends.bad.type" in said
    assert "'laptop'" in said
    assert "'simulator', 'hardware' or 'cloud'" in said


@pytest.mark.parametrize(
    ("entry", "place"),
    [
        ({}, "$.backends.bad.type"),
        ({"type": "simulator", "conection_params": {}}, "$.backends.bad.conection_params"),
        ({"type": "simulator", "connection_params": []}, "$.backends.bad.connection_params"),
        ([], "$.backends.bad"),
        (None, "$.backends.bad"),
        ({"type": 3}, "$.backends.bad.type"),
        ({"type": "simulator", "enabled": "perhaps"}, "$.backends.bad.enabled"),
    ],
)
def test_each_problem_names_its_place(tmp_path: Path, entry: Any, place: str) -> None:
    assert place in problems_of(tmp_path, entry)


def test_no_message_shows_a_secret(tmp_path: Path) -> None:
    said = problems_of(
        tmp_path, {"type": "nope", "connection_params": {"token": "canary"}, "token": "canary"}
    )

    assert "canary" not in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "line 1, column 2"),
        ("[]", "must be an object"),
        ("{}", r"\$\.backends must be an object"),
        ('{"backends": []}', r"\$\.backends must be an object"),
        ('{"backends": {}, "schema_version": 9}', "schema_version is 9"),
        ("[" * 100_000, "backends.json"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        config_file.read(written(tmp_path, text))


def test_a_missing_file_is_also_a_file_not_found_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="coratrix config init"):
        BackendManager().load_backends_from_config(tmp_path / "nowhere.json")


def test_text_that_is_not_utf_8_is_an_error_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "backends.json"
    path.write_bytes(b"\xff\xfe{}")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        config_file.read(path)


def test_toml_is_read_as_json_is(tmp_path: Path) -> None:
    text = 'default = "s"\n[backends.s]\ntype = "simulator"\nconnection_params = {max_qubits = 5}\n'

    content = config_file.read(written(tmp_path, text, "backends.toml"))

    assert content.default == "s"
    assert content.configurations[0].connection_params["max_qubits"] == 5


def test_a_disabled_entry_is_left_out(tmp_path: Path) -> None:
    document = {"backends": {"off": {"type": "simulator", "enabled": False}}}

    assert config_file.read(written(tmp_path, document)).configurations == ()


def test_a_default_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    content = config_file.read(written(tmp_path, {"default": "x", "backends": {"s": {"type": "simulator"}}}))

    assert content.default is None
    assert "$.default" in str(content.problems[0])


def test_the_schema_describes_the_example() -> None:
    from coratrix.cli.config import EXAMPLE

    schema = config_file.schema()

    assert set(EXAMPLE) <= set(schema["properties"])
    assert "type" in schema["properties"]["backends"]["additionalProperties"]["required"]
