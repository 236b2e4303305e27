"""Runs in this process: which simulator, whether noise, seeds, and the SDK's own traps."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from coratrix.backend.errors import ConfigurationError, JobNotFoundError
from coratrix.backend.provider import JobState
from coratrix.core import Parameter, QuantumCircuit
from coratrix.core.observables import PauliSum
from coratrix.providers.ibm import IBMBackend
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match, implausibility

Make = Callable[..., IBMBackend]
LOPSIDED = QuantumCircuit(3).x(0).ry(0.6, 2).cx(2, 1).measure_all()


def test_a_snapshot_has_its_devices_noise_and_says_so(local_backend: Make) -> None:
    result = local_backend().execute(LOPSIDED, 20_000, seed=1)

    told = result.metadata
    assert (told["mode"], told["device"], told["simulator"]) == ("local", "fake_lagos", "qiskit-aer")
    assert told["device_noise_applied"] is True
    assert implausibility(result.counts, outcome_probabilities(LOPSIDED)) is not None


WITHOUT_AER = """
import json, sys
sys.modules["qiskit_aer"] = None  # as where it is not installed
from coratrix.backend.errors import ProviderNotInstalledError
from coratrix.backend.provider import BackendConfiguration, MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm import IBMBackend

def on(device):
    return IBMBackend(BackendConfiguration("t", "hardware", {"device": device}), store=MemoryJobStore())

torino = on("fake_torino")  # 133 qubits, of which the circuit uses 3
result = torino.execute(QuantumCircuit(3).x(0).ry(0.6, 2).cx(2, 1).measure_all(), 4000, seed=1)
try:
    on("aer_simulator").execute(QuantumCircuit(1).x(0), 10)
except ProviderNotInstalledError as exc:
    refusal = str(exc)
print(json.dumps({"counts": dict(result.counts), "metadata": dict(result.metadata), "refusal": refusal,
                  "conditionals": torino.get_capabilities().supports_conditionals}))
"""


def test_without_aer_there_is_no_noise_and_the_result_says_so() -> None:
    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_AER],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    assert told["metadata"]["device_noise_applied"] is False
    assert told["metadata"]["simulator"] == "qiskit BasicSimulator"
    assert_counts_match(told["counts"], outcome_probabilities(LOPSIDED))
    assert told["conditionals"] is False
    assert "pip install qiskit-aer" in told["refusal"]


def test_a_seed_repeats_the_counts_and_another_does_not(local_backend: Make) -> None:
    backend = local_backend()

    first, again, other = (backend.execute(LOPSIDED, 3000, seed=seed).counts for seed in (5, 5, 6))

    assert first == again
    assert first != other


@pytest.mark.parametrize("level", [0, 1, 2, 3])
def test_every_optimization_level_keeps_the_circuits_meaning(local_backend: Make, level: int) -> None:
    circuit = QuantumCircuit(4).h(0).ccx(0, 2, 3).cp(0.7, 3, 1).ry(1.1, 1).crx(0.4, 1, 0).measure_all()

    result = local_backend(device="aer_simulator").execute(circuit, 4000, seed=2, optimization_level=level)

    assert_counts_match(result.counts, outcome_probabilities(circuit))
    assert result.metadata["optimization_level"] == level


def test_an_unknown_snapshot_names_its_neighbours(local_backend: Make) -> None:
    with pytest.raises(ConfigurationError, match="fake_lagos"):
        local_backend(device="fake_lagoss").execute(LOPSIDED, 10)


def test_a_sweep_and_an_expectation(local_backend: Make) -> None:
    backend = local_backend(device="aer_simulator")
    a = Parameter("a")

    counts = [
        r.counts
        for r in backend.execute_sweep(QuantumCircuit(2).rx(a, 1), [{a: 0}, {a: 3.141592653589793}], 30)
    ]
    found = backend.expectation(QuantumCircuit(2).ry(0.7, 1), PauliSum({"IZ": 1.0}), precision=0.02, seed=4)

    assert counts == [{"00": 30}, {"01": 30}]
    assert abs(found.value - 0.7648421872844885) < 5 * 0.02


def test_a_simulators_failure_is_a_failed_result(
    local_backend: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qiskit.providers.basic_provider import BasicSimulator

    def fail(*_: Any, **__: Any) -> None:
        raise MemoryError("24 qubits were too many")

    monkeypatch.setattr(BasicSimulator, "run", fail)
    result = local_backend(device="basic_simulator").execute(QuantumCircuit(2).x(0), 10, timeout=60)

    assert not result.success
    assert "24 qubits were too many" in (result.error or "")


def test_a_local_job_of_another_process_is_not_here(local_backend: Make) -> None:
    backend = local_backend()
    job = backend.submit(LOPSIDED, 10)
    stranger = IBMBackend(backend.config, store=backend.store)

    with pytest.raises(JobNotFoundError, match="not in this process"):
        stranger.job(job.id).result(timeout=5)
    assert job.result(timeout=60).success
    assert stranger.job(job.id).status() is JobState.SUCCEEDED  # the store remembers its end


FIRST_USE_IN_A_THREAD = """
import threading
from coratrix.backend.provider import BackendConfiguration, MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm import IBMBackend
backend = IBMBackend(BackendConfiguration("t", "hardware", {"device": "fake_lagos"}), store=MemoryJobStore())
circuit = QuantumCircuit(3).h(0).cx(0, 1).rzz(0.3, 1, 2).measure_all()
for level in range(4):
    thread = threading.Thread(target=backend.execute, args=(circuit, 50), kwargs={"optimization_level": level})
    thread.start()
    thread.join()
assert backend.execute(circuit, 50).success
"""


def test_qiskit_survives_being_first_used_in_a_thread_that_ends() -> None:
    """Loaded by such a thread, Qiskit 2.6 crashes the process at the next transpilation."""
    subprocess.run([sys.executable, "-W", "error", "-c", FIRST_USE_IN_A_THREAD], check=True, timeout=180)
