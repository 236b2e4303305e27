"""The QVM: which engine runs, what noise does, parts of shots, and what goes wrong with a server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import pytest

from coratrix.backend.errors import (
    BackendConnectionError,
    BackendResponseError,
    BackendTimeoutError,
    CircuitValidationError,
    ConfigurationError,
    UnknownOptionError,
)
from coratrix.backend.jobs import JobState
from coratrix.backend.provider import BackendStatus
from coratrix.core import QuantumCircuit
from coratrix.core.noise import NoiseModel, ReadoutError, amplitude_damping, depolarizing, pauli
from coratrix.core.operations import Condition
from coratrix.testing import reference
from coratrix.testing.loopback import faults
from coratrix.testing.statistics import assert_counts_match

BOTH = pytest.mark.parametrize("engine", ["in-process", "http"])
GATE_NOISE = (0.02, 0.05, 0.01)
MEASUREMENT_NOISE = (0.04, 0.03, 0.2)


def lopsided() -> QuantumCircuit:
    return (
        QuantumCircuit(3, num_clbits=3).ry(0.8, 0).cx(0, 2).h(1).cz(1, 2).h(1).measure([0, 1, 2], [2, 0, 1])
    )


def dynamic() -> QuantumCircuit:
    circuit = QuantumCircuit(3, registers=[("zeta", 2), ("alpha", 1)]).ry(0.8, 0).h(1).measure([0, 1], [1, 0])
    circuit.if_test(Condition((0, 1), (1, 2)), lambda b: b.x(2).ry(0.3, 0), lambda b: b.ry(1.1, 2))
    return circuit.reset(0).cx(2, 0).measure(0, 2).measure(2, 0)


@BOTH
def test_feed_forward_and_reset_follow_the_textbook(make: Any, service: Any, engine: str) -> None:
    del service

    result = make(engine=engine).execute(dynamic(), 300, seed=5)  # PyQVM takes 10 ms a shot

    assert_counts_match(result.counts, reference.outcome_probabilities(dynamic()))
    assert result.metadata["engine"] == f"qvm-{engine}"
    assert set(result.registers) == {"zeta", "alpha"}


@BOTH
def test_a_noise_model_acts_as_the_textbook_says(make: Any, service: Any, engine: str) -> None:
    del service
    model = NoiseModel(
        depolarizing_error=0.05,
        gate_errors={"cx": depolarizing(0.1, 2), "h": amplitude_damping(0.3)},
        readout_error=ReadoutError.from_flips(0.03, 0.11),
    )

    result = make(engine=engine).execute(lopsided(), 20_000, seed=5, noise_model=model)

    assert_counts_match(result.counts, reference.outcome_probabilities(lopsided(), model))


def test_a_noise_model_acts_within_feed_forward_too(make: Any) -> None:
    model = NoiseModel(depolarizing_error=0.05, readout_error=ReadoutError.from_flips(0.03, 0.11))

    result = make(engine="in-process").execute(dynamic(), 20_000, seed=6, noise_model=model)

    assert_counts_match(result.counts, reference.outcome_probabilities(dynamic(), model))


@BOTH
def test_the_qvms_own_noise_parameters_act(make: Any, service: Any, engine: str) -> None:
    """gate_noise after each gate on each of its qubits, measurement_noise before each measurement."""
    del service
    gates = pauli(dict(zip("XYZ", GATE_NOISE, strict=True)))
    reading = pauli(dict(zip("XYZ", MEASUREMENT_NOISE, strict=True)))
    noisy = QuantumCircuit(3, num_clbits=3)
    for instruction in lopsided():
        if instruction.name == "measure":
            noisy.channel(reading, *instruction.qubits)
        noisy.append(instruction)
        for qubit in instruction.qubits if instruction.name != "measure" else ():
            noisy.channel(gates, qubit)
    backend = make(engine=engine, gate_noise=GATE_NOISE, measurement_noise=MEASUREMENT_NOISE)

    result = backend.execute(lopsided(), 20_000, seed=7)

    assert_counts_match(result.counts, reference.outcome_probabilities(noisy))
    assert result.metadata["noise"] == {
        "gate_noise": list(GATE_NOISE),
        "measurement_noise": list(MEASUREMENT_NOISE),
    }


def test_both_kinds_of_noise_at_once_are_refused(make: Any) -> None:
    backend = make(engine="in-process", gate_noise=GATE_NOISE)

    with pytest.raises(ConfigurationError, match="not both"):
        backend.execute(lopsided(), 10, noise_model=NoiseModel(depolarizing_error=0.1))


def test_more_shots_than_a_request_carries_are_sent_in_parts_with_seeds_of_their_own(
    make: Any, service: Any
) -> None:
    backend = make()

    first = backend.execute(lopsided(), 150_000, seed=3)
    again = backend.execute(lopsided(), 150_000, seed=3)

    asked = service.ledger.details("qvm", "multishot")[:3]
    assert [a["trials"] for a in asked] == [65_535, 65_535, 18_930]
    assert len({a["rng-seed"] for a in asked}) == 3
    assert first.counts == again.counts
    assert_counts_match(first.counts, reference.outcome_probabilities(lopsided()))


def test_a_seed_of_one_request_is_the_seed_that_was_given(make: Any, service: Any) -> None:
    make().execute(lopsided(), 65_535, seed=42)

    assert [a["rng-seed"] for a in service.ledger.details("qvm", "multishot")] == [42]


# which engine ----------------------------------------------------------------------------------


def test_without_a_server_programs_run_in_this_process_and_the_result_says_so(make: Any) -> None:
    result = make().execute(QuantumCircuit(2).x(0), 10)

    assert result.counts == {"10": 10}
    assert result.metadata["engine"] == "qvm-in-process"
    assert make().get_status() is BackendStatus.ONLINE


@pytest.mark.parametrize("how", ["parameter", "environment"])
def test_a_server_that_was_named_and_is_not_there_is_an_error_within_a_second(
    make: Any, monkeypatch: pytest.MonkeyPatch, service: Any, how: str
) -> None:
    from rigetti_service.endpoint import unused_port

    del service
    url = f"http://127.0.0.1:{unused_port()}"
    if how == "environment":
        monkeypatch.setenv("QCS_SETTINGS_APPLICATIONS_QVM_URL", url)
    backend = make(**({"qvm_url": url} if how == "parameter" else {}))
    started = time.monotonic()

    with pytest.raises(BackendConnectionError, match=f"QVM does not answer at {url}.*serve-qvm"):
        backend.execute(QuantumCircuit(1).x(0), 10)

    assert time.monotonic() - started < 1.5
    assert backend.get_status() is BackendStatus.OFFLINE
    assert backend.store.list() == []


def test_a_server_that_says_nothing_is_an_error_within_its_probe(make: Any, service: Any) -> None:
    service.faults.on("POST", "qvm", "/", faults.silent_before(), times=None)
    backend = make(probe_timeout_s=0.1)

    with pytest.raises(BackendConnectionError, match="did not say within 0.1 s"):
        backend.execute(QuantumCircuit(1).x(0), 10)


def test_what_is_no_qvm_is_not_taken_for_one(make: Any, service: Any) -> None:
    service.faults.on("POST", "qvm", "/", faults.garble(b"<html>hello"), times=None)

    with pytest.raises(BackendResponseError, match="no QVM"):
        make().execute(QuantumCircuit(1).x(0), 10)


# what goes wrong in a run ------------------------------------------------------------------------


def struck(make: Any, service: Any, fault: faults.Fault, **params: Any) -> Any:
    """A backend whose next run is struck itself: the version is asked before it."""
    backend = make(**params)
    backend.get_capabilities()
    service.faults.on("POST", "qvm", "/", fault, skip=1)
    return backend


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.drop_before(), BackendConnectionError),
        (faults.drop_after(), BackendConnectionError),
        (faults.truncate(), (BackendConnectionError, BackendResponseError)),
        (faults.garble(), (BackendConnectionError, BackendResponseError)),
        (faults.garble(b'{"ro": [[0, 1]]}'), BackendResponseError),
        (faults.garble(b'{"ro": [[2]]}'), BackendResponseError),
        (faults.garble(b"{}"), BackendResponseError),
    ],
    ids=["dropped", "dropped after", "truncated", "malformed", "wrong shape", "no bits", "no region"],
)
def test_a_run_that_breaks_is_an_error_and_not_a_result(
    make: Any, service: Any, fault: faults.Fault, error: Any
) -> None:
    backend = struck(make, service, fault)

    with pytest.raises(error):
        backend.execute(QuantumCircuit(1).x(0), 1)


def test_what_the_qvm_reports_comes_back_as_a_failed_result(make: Any, service: Any) -> None:
    body = json.dumps({"error_type": "qvm_error", "status": "out of cheese"}).encode()
    backend = struck(make, service, faults.answer(500, body, {"Content-Type": "application/json"}))

    result = backend.execute(QuantumCircuit(1).x(0), 10)

    assert not result.success
    assert "out of cheese" in str(result.error)


@pytest.mark.parametrize("fault", [faults.silent_before(), faults.silent_after(), faults.delay(5.0)])
def test_a_run_that_takes_too_long_is_a_timeout(make: Any, service: Any, fault: faults.Fault) -> None:
    backend = struck(make, service, fault, qvm_timeout_s=0.2)
    started = time.monotonic()

    with pytest.raises(BackendTimeoutError, match="qvm_timeout_s"):
        backend.execute(QuantumCircuit(1).x(0), 10)

    assert time.monotonic() - started < 2.0


def test_the_callers_own_timeout_ends_the_wait(make: Any, service: Any) -> None:
    backend = struck(make, service, faults.silent_before(), qvm_timeout_s=3.0)
    started = time.monotonic()

    with pytest.raises(BackendTimeoutError) as caught:
        backend.execute(QuantumCircuit(1).x(0), 10, timeout=0.3)

    assert time.monotonic() - started < 2.0
    assert caught.value.job is not None


# jobs --------------------------------------------------------------------------------------------


def test_a_long_run_can_be_cancelled(make: Any) -> None:
    circuit = QuantumCircuit(12)
    for _ in range(40):
        for qubit in range(12):
            circuit.ry(0.3, qubit)
    backend = make(engine="in-process", gate_noise=(0.1, 0.1, 0.1))
    job = backend.submit(circuit.measure_all(), 100_000)

    assert job.status() is JobState.RUNNING
    assert job.cancel()
    assert job.status() is JobState.CANCELLED
    assert job.result().error_code == "cancelled"


def test_a_run_of_a_process_that_ended_is_told_as_lost(make: Any, tmp_path: Any) -> None:
    script = """
import os, sys
from coratrix.backend import BackendConfiguration
from coratrix.backend.store import open_store
from coratrix.core import QuantumCircuit
from coratrix.providers.rigetti import RigettiBackend
config = BackendConfiguration("rigetti", "hardware", {"provider": "rigetti", "engine": "in-process"})
backend = RigettiBackend(config, store=open_store(sys.argv[1]))
print(backend.submit(QuantumCircuit(1).x(0), 10).id, flush=True)
os._exit(0)
"""
    from coratrix.backend.store import open_store

    url = f"sqlite:///{tmp_path}/jobs.db"
    done = subprocess.run(
        [sys.executable, "-c", script, url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env=os.environ,
    )

    result = make(engine="in-process", store=open_store(url)).job(done.stdout.strip()).result()

    assert not result.success
    assert "ended with the process" in str(result.error)


def test_options_that_cannot_be_honoured_are_refused_by_name(make: Any) -> None:
    with pytest.raises(UnknownOptionError, match="optimization_level"):
        make(engine="in-process").execute(QuantumCircuit(1), 10, optimization_level=2)


def test_a_circuit_too_large_for_this_machine_is_refused_at_once(make: Any) -> None:
    circuit = QuantumCircuit(60).h(0)
    for qubit in range(59):
        circuit.cx(qubit, qubit + 1)
    backend = make(engine="in-process")
    backend.get_capabilities()
    started = time.monotonic()

    with pytest.raises(CircuitValidationError, match="60 qubits"):
        backend.execute(circuit, 10)

    assert time.monotonic() - started < 0.5
