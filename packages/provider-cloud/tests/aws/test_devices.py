"""Names of devices, connection parameters, and what each mistake is told."""

from __future__ import annotations

from typing import Any

import pytest
from braket.devices import Devices

from coratrix.backend import BackendConfiguration, BackendUnavailableError, ConfigurationError
from coratrix.providers.aws import BraketBackend
from coratrix.providers.aws.devices import DEVICES, device_named, region_of_task
from coratrix.providers.aws.parameters import parse_parameters

TASK = "arn:aws:braket:us-west-1:123456789012:quantum-task/5f1a0c9e-0000-4000-8000-000000000001"


def sdk_arns() -> set[str]:
    """Gate-model devices that the SDK itself lists as present."""
    listed = {
        member.value
        for group in (Devices.Amazon, Devices.AQT, Devices.IonQ, Devices.IQM, Devices.Rigetti)
        for member in group
        if not member.name.startswith("_")
    }
    assert listed
    return listed


def test_the_table_is_the_sdks_own() -> None:
    assert set(DEVICES.values()) >= sdk_arns()


@pytest.mark.parametrize("name", DEVICES)
def test_a_device_is_known_by_name_in_any_case_and_by_arn(name: str) -> None:
    device = device_named(name)

    assert device.name.lower() == name.lower()
    assert device_named(name.lower()) == device_named(device.arn) == device


def test_a_simulator_has_no_region_and_a_qpu_its_own() -> None:
    assert device_named("SV1").region is None
    assert device_named("Garnet").region == "eu-north-1"
    assert device_named("arn:aws:braket:us-west-1::device/qpu/rigetti/Newest-9").region == "us-west-1"


@pytest.mark.parametrize(("name", "instead"), [("Aria-1", "Forte-1"), ("TN1", "SV1"), ("Ankaa-3", "Cepheus")])
def test_a_retired_device_is_told_with_what_takes_its_place(name: str, instead: str) -> None:
    with pytest.raises(BackendUnavailableError, match=f"retired {name}.*{instead}") as caught:
        device_named(name)

    assert caught.value.code == "retired"
    assert not caught.value.retryable


def test_a_retired_arn_is_told_too() -> None:
    with pytest.raises(BackendUnavailableError, match="retired"):
        device_named("arn:aws:braket:us-east-1::device/qpu/ionq/Harmony")


def test_a_device_that_runs_no_gates_is_told() -> None:
    with pytest.raises(BackendUnavailableError, match="analog"):
        device_named("Aquila")


def test_a_slip_is_met_with_a_suggestion() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'Garnet'"):
        device_named("garnett")


def test_the_region_of_a_task_is_in_its_arn() -> None:
    assert region_of_task(TASK) == "us-west-1"
    assert region_of_task("crx-1234") is None


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({}, "device is missing"),
        ({"device": "SV1", "regoin": "us-east-1"}, "did you mean 'region'"),
        ({"device": "SV1", "region": "Frankfurt"}, "region"),
        ({"device": "SV1", "aws_access_key_id": "AKIA"}, "go together"),
        ({"device": "SV1", "s3_bucket": "x"}, "s3_bucket"),
        (
            {"device": "local", "profile": "p", "aws_access_key_id": "a", "aws_secret_access_key": "b"},
            "either",
        ),
    ],
)
def test_wrong_parameters_are_named(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        parse_parameters(params, backend="b")


def test_a_wrong_parameter_never_shows_a_secret() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_parameters({"device": "SV1", "aws_secret_access_key": "canary-secret", "nope": 1}, backend="b")

    assert "canary-secret" not in f"{caught.value!r} {caught.value} {caught.value.__cause__}"


def test_making_a_backend_imports_no_sdk_and_asks_nobody() -> None:
    import subprocess
    import sys

    code = (
        "import sys, socket\n"
        "socket.socket.connect = None\n"
        "from coratrix.backend import BackendConfiguration\n"
        "from coratrix.providers.aws import BraketBackend\n"
        "BraketBackend(BackendConfiguration('b', 'cloud', {'provider': 'aws', 'device': 'SV1'}))\n"
        "assert not {'braket', 'boto3', 'botocore', 'scipy'} & set(sys.modules), sys.modules.keys()\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_guides_configuration_is_accepted() -> None:
    config = BackendConfiguration(
        name="aws_braket",
        backend_type="cloud",
        connection_params={"provider": "aws", "region": "us-east-1", "device": "SV1"},
    )

    assert BraketBackend(config).device.name == "SV1"
