"""Configurations: values that compare, travel, and never show a secret."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import traceback
from dataclasses import asdict
from pathlib import Path

import pytest

from coratrix.backend import BackendConfiguration, BackendType, ConfigurationError
from coratrix.backend.jobs import JobRecord
from coratrix.backend.secrets import MASK, Secret, is_secret_name

CANARY = "canary-7f3a9"
SECRET_KEYS = ["token", "api_key", "aws_secret_access_key", "password", "connection_string", "credential"]


def with_secrets() -> BackendConfiguration:
    params = dict.fromkeys(SECRET_KEYS, CANARY) | {"provider": "ibm", "nested": {"token": CANARY}}
    return BackendConfiguration("c", BackendType.CLOUD, params)


def test_the_type_may_be_a_string() -> None:
    assert BackendConfiguration("s", "simulator") == BackendConfiguration("s", BackendType.SIMULATOR)


def test_an_unknown_type_is_refused_with_those_allowed() -> None:
    with pytest.raises(ConfigurationError, match=r"'laptop'.*'simulator', 'hardware', 'cloud'"):
        BackendConfiguration("s", "laptop")


@pytest.mark.parametrize("name", ["", "  ", None, 3])
def test_a_name_must_be_a_name(name: object) -> None:
    with pytest.raises(ConfigurationError, match="name"):
        BackendConfiguration(name, "simulator")  # type: ignore[arg-type]


def test_a_vendor_must_be_named() -> None:
    with pytest.raises(ConfigurationError, match="names no provider"):
        _ = BackendConfiguration("h", "hardware").provider


@pytest.mark.parametrize("key", SECRET_KEYS)
def test_names_of_secrets_are_known(key: str) -> None:
    assert is_secret_name(key)


@pytest.mark.parametrize("key", ["region", "device", "max_qubits", "provider", "seed", "workspace"])
def test_other_names_are_not_secrets(key: str) -> None:
    assert not is_secret_name(key)


def test_no_surface_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    config = with_secrets()
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("test").debug("%s %r", config, config.connection_params["token"])
    try:
        raise ValueError(f"{config} {config.connection_params['api_key']}")
    except ValueError:
        trace = traceback.format_exc()
    surfaces = {
        "repr": repr(config),
        "str": str(config),
        "format": f"{config.connection_params['token']:>40}",
        "log": caplog.text,
        "traceback": trace,
        "pickle": pickle.dumps(config).decode("latin-1"),
        "copy": repr(copy.deepcopy(config)),
        "json": json.dumps(config.to_dict()),
        "record": repr(JobRecord(id="1", backend="c", config=config.to_dict())),
        "asdict": repr(asdict(JobRecord(id="1", backend="c", config=config.to_dict()))),
    }

    assert [name for name, text in surfaces.items() if CANARY in text] == []
    assert config.connection_params["token"].reveal() == CANARY


def test_a_reference_is_read_where_it_is_used_and_may_be_written_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{CANARY}\n")
    monkeypatch.setenv("MY_TOKEN", CANARY)
    config = BackendConfiguration("c", "cloud", {"token": "${env:MY_TOKEN}", "api_key": f"${{file:{file}}}"})

    back = pickle.loads(pickle.dumps(config))

    assert config.to_dict()["connection_params"]["token"] == "${env:MY_TOKEN}"
    assert back.connection_params["token"].reveal() == CANARY
    assert back.connection_params["api_key"].reveal() == CANARY


def test_a_reference_to_nothing_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    with pytest.raises(ConfigurationError, match="export NOT_THERE"):
        Secret("${env:NOT_THERE}").reveal()


def test_a_pickled_secret_says_that_it_stayed_behind() -> None:
    with pytest.raises(ConfigurationError, match="did not travel"):
        pickle.loads(pickle.dumps(Secret(CANARY))).reveal()


def test_the_dictionary_form_masks_and_returns() -> None:
    plain = BackendConfiguration("s", "simulator", {"max_qubits": 20})

    assert BackendConfiguration.from_dict(plain.to_dict()) == plain
    assert with_secrets().to_dict()["connection_params"]["token"] == MASK
