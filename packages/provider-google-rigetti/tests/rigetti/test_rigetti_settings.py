"""Parameters, settings files, credentials: each mistake is told by name, and nothing falls back in silence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import BackendConfiguration
from coratrix.backend.errors import BackendAuthError, ConfigurationError, ProviderNotInstalledError
from coratrix.backend.provider import MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.providers.rigetti import RigettiBackend

CIRCUIT = QuantumCircuit(2).x(0)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"devcie": "qvm"}, "devcie"),
        ({"device": ""}, "device"),
        ({"device": "a/../b"}, "device"),
        ({"engine": "quantum"}, "engine"),
        ({"qvm_url": "127.0.0.1:5000"}, "qvm_url"),
        ({"quilc_url": "http://127.0.0.1:5555"}, "quilc_url"),
        ({"gate_noise": [0.1, 0.2]}, "gate_noise"),
        ({"gate_noise": [0.6, 0.3, 0.2]}, "at most 1 together"),
        ({"measurement_noise": [-0.1, 0.0, 0.0]}, "none negative"),
        ({"probe_timeout_s": 0}, "probe_timeout_s"),
        ({"compile_timeout_s": float("inf")}, "compile_timeout_s"),
        ({"device": "Ankaa-3", "gate_noise": [0.1, 0.0, 0.0]}, "for the QVM"),
        ({"device": "Ankaa-3", "engine": "http"}, "for the QVM"),
        ({"engine": "in-process", "qvm_url": "http://127.0.0.1:5000"}, "wants none"),
        ({"provider": "google"}, "provider"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_name(params: dict[str, Any], words: str) -> None:
    config = BackendConfiguration("mine", "hardware", {"provider": "rigetti", **params})

    with pytest.raises(ConfigurationError, match=words):
        RigettiBackend(config)


@pytest.mark.parametrize("content", [None, "[[[bad", "[profiles.default]\napi_url = 3\n"])
def test_settings_that_were_named_and_cannot_be_read_are_an_error(
    make: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "given.toml"
    if content is not None:
        path.write_text(content)
    monkeypatch.setenv("QCS_SETTINGS_FILE_PATH", str(path))

    with pytest.raises(ConfigurationError, match="QCS settings"):
        make().execute(CIRCUIT, 10)


def test_a_profile_that_does_not_exist_is_an_error(make: Any, service: Any) -> None:
    del service
    with pytest.raises(ConfigurationError, match="QCS settings"):
        make(profile="nosuch").execute(CIRCUIT, 10)


def test_a_processor_without_credentials_is_an_error_that_says_where_they_go(make: Any) -> None:
    with pytest.raises(BackendAuthError, match=r"credentials.*secrets\.toml"):
        make(device="Ankaa-3").execute(CIRCUIT, 10)


def test_client_credentials_work_too(
    make: Any, service: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The SDK's own loader passes these over."""
    secrets = tmp_path / "machine.toml"
    secrets.write_text(
        '[credentials.default.client_credentials]\nclient_id = "machine"\nclient_secret = "client-canary-77aa"\n'
    )
    monkeypatch.setenv("QCS_SECRETS_FILE_PATH", str(secrets))

    assert make(device="Ankaa-loop").execute(CIRCUIT, 10).counts == {"10": 10}
    assert {form["grant_type"] for form in service.ledger.details("issuer", "POST /v1/token")} == {
        "client_credentials"
    }


def test_the_environment_names_addresses_as_for_pyquil(
    make: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QCS_SETTINGS_FILE_PATH")
    monkeypatch.setenv("QCS_SETTINGS_APPLICATIONS_QVM_URL", service.qvm.url)

    assert make().execute(CIRCUIT, 10).metadata["qvm_url"] == service.qvm.url


def test_making_a_backend_touches_nothing_and_imports_no_sdk() -> None:
    script = """
import builtins, os, socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("touched")
socket.socket.connect = refuse
from coratrix.backend import BackendConfiguration
from coratrix.providers.rigetti import RigettiBackend
import coratrix.providers.rigetti.convert, coratrix.providers.rigetti.serve_qvm
RigettiBackend(BackendConfiguration("r", "hardware", {"provider": "rigetti", "device": "Ankaa-3"}))
loaded = [name for name in sys.modules if name.split(".")[0] in ("pyquil", "qcs_sdk", "grpc", "httpx", "zmq", "jax")]
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=60, env=os.environ)


def test_python_3_13_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 0, "final", 0))
    config = BackendConfiguration("r", "hardware", {"provider": "rigetti"})

    with pytest.raises(
        ProviderNotInstalledError, match=r"no release for Python 3\.13.*Use Python 3\.11 or 3\.12"
    ):
        RigettiBackend(config, store=MemoryJobStore()).execute(CIRCUIT, 10)
