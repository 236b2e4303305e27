"""What a user may write down: today's names, the guide's, and what is refused."""

from __future__ import annotations

import subprocess
import sys
import warnings
from typing import Any

import pytest

from coratrix.backend import BackendConfiguration, BackendType, ConfigurationError
from coratrix.backend.provider import MemoryJobStore, Secret
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm import IBMBackend
from coratrix.providers.ibm.client import ServiceClient
from coratrix.providers.ibm.parameters import IBMParameters, parse
from coratrix.testing.clock import FakeClock

GUIDE = {
    "provider": "ibm",
    "hub": "ibm-q",
    "group": "open",
    "project": "main",
    "device": "ibmq_qasm_simulator",
}


def test_the_guides_block_runs_with_one_warning() -> None:
    config = BackendConfiguration(
        name="ibm_quantum", backend_type=BackendType.HARDWARE, connection_params=GUIDE
    )
    circuit = QuantumCircuit(2).x(0).h(1)

    with pytest.warns(UserWarning, match="retired") as caught:
        backend = IBMBackend(config, store=MemoryJobStore())
    result = backend.execute(circuit, shots=1000)

    assert len(caught) == 1
    said = str(caught[0].message)
    for word in (
        "hub/group/project",
        "instance=",
        "ibmq_qasm_simulator",
        "least_busy",
        "fake_",
        "without noise",
    ):
        assert word in said
    assert caught[0].filename == __file__
    assert set(result.counts) == {"10", "11"}
    assert result.metadata["device_noise_applied"] is False


def test_the_guides_short_block_means_the_service() -> None:
    with pytest.warns(UserWarning, match="hub/group/project"):
        parsed = parse({name: GUIDE[name] for name in ("provider", "hub", "group", "project")}, "ibm")

    assert parsed == IBMParameters(device="least_busy")
    assert not parsed.is_local


def test_the_old_channel_is_translated() -> None:
    with pytest.warns(UserWarning, match="ibm_quantum_platform"):
        assert parse({"channel": "ibm_quantum"}, "ibm").channel == "ibm_quantum_platform"


def test_todays_names_give_no_warning() -> None:
    params = {"provider": "ibm", "device": "ibm_fez", "instance": "crn:v1:x", "region": "eu-de"}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parsed = parse(params, "ibm")

    assert (parsed.device, parsed.region) == ("ibm_fez", "eu-de")


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"devise": "ibm_fez"}, "devise"),
        ({"device": ""}, "device"),
        ({"device": 7}, "device"),
        ({"region": "mars"}, "region"),
        ({"use_fractional_gates": "perhaps"}, "use_fractional_gates"),
        ({"jobs_per_minute": 0}, "jobs_per_minute"),
        ({"provider": "aws"}, "provider"),
    ],
)
def test_what_cannot_be_is_refused_by_name(params: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        IBMBackend(BackendConfiguration("ibm", "hardware", params))


def test_a_misplaced_secret_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        IBMBackend(BackendConfiguration("ibm", "hardware", {"tokens": "canary-in-the-wrong-place"}))

    assert "tokens" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_importing_and_constructing_touch_neither_sdk_nor_environment() -> None:
    code = (
        "import os, sys; before = dict(os.environ); import coratrix.providers.ibm as ibm, pkgutil;"
        "[__import__(m.name) for m in pkgutil.iter_modules(ibm.__path__, 'coratrix.providers.ibm.')];"
        "from coratrix.backend import BackendConfiguration as C;"
        "ibm.IBMBackend(C('a', 'hardware', {'device': 'ibm_fez'}));"
        "assert dict(os.environ) == before;"
        "bad = {m.partition('.')[0] for m in sys.modules} & {'qiskit', 'qiskit_ibm_runtime', 'requests'};"
        "assert not bad, bad"
    )

    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)


def test_two_devices_of_one_account_share_ibms_limit_on_submissions() -> None:
    clock = FakeClock()

    def limiter(device: str, token: str, rate: float | None = 5.0) -> object:
        chosen = IBMParameters(device=device, token=Secret(token), jobs_per_minute=rate)
        return ServiceClient(chosen, clock)._limiter

    mine = limiter("ibm_lagos", "canary")

    assert mine is not None
    assert limiter("ibm_perth", "canary") is mine
    assert limiter("ibm_lagos", "another") is not mine
    assert limiter("ibm_lagos", "canary", None) is None
