"""A job's whole life on the service, over the wire, and what IBM tells besides counts."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ibm_service import IBMCloud
from ibm_service.cloud import CRN, RUNTIME_HOST

from coratrix.backend.errors import (
    BackendNotFoundError,
    BackendResponseError,
    BudgetExceededError,
    CircuitValidationError,
    ConfigurationError,
    UnknownOptionError,
)
from coratrix.backend.provider import BackendStatus
from coratrix.core import Parameter, QuantumCircuit
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.observables import PauliSum
from coratrix.providers.ibm import IBMBackend
from coratrix.testing.loopback import LoopbackProxy, answer
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match

API = "/api/v1"


def lopsided() -> QuantumCircuit:
    circuit = QuantumCircuit(3, registers=[("zeta", 2), ("alpha", 1)])
    circuit.x(0).ry(0.7, 1).cx(1, 2)
    return circuit.measure([0, 1, 2], [0, 2, 1])


def requests_of(proxy: LoopbackProxy) -> list[str]:
    return [f"{one.request.method} {one.request.host.split('.')[0]} {one.request.path}" for one in proxy.log]


def test_counts_registers_and_what_travelled(
    service_backend: Callable[..., IBMBackend], cloud: IBMCloud
) -> None:
    circuit = lopsided()

    result = service_backend().execute(circuit, 4000, tags=["lot-7"], seed=3, optimization_level=3)

    assert_counts_match(result.counts, outcome_probabilities(circuit))
    assert set(result.registers) == {"zeta", "alpha"}
    assert result.layout == (("zeta", 2), ("alpha", 1))
    (job,) = cloud.ledger
    assert job.request.tags == [result.job_id, "lot-7"]
    assert job.request.program_id == "executor"
    told = result.metadata
    assert (told["mode"], told["device"], told["optimization_level"]) == ("service", "ibm_lagos", 3)
    assert told["seed_applies_to"] == ["transpiler"]
    assert len(told["transpiled"][0]["physical_qubits"]) == 3
    assert (result.execution_time, told["execution_time_source"]) == (1.25, "provider")
    assert result.queue_time is not None


def test_the_requests_of_one_execution(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy
) -> None:
    """Three to log in, seven to know the device, and eight for a job that is done at the second look."""
    backend = service_backend()
    backend.get_capabilities()
    login = requests_of(proxy)
    proxy.forget()

    result = backend.execute(lopsided(), 100)

    job = f"{API}/jobs/{result.metadata['vendor_job_id']}"
    assert len(login) == 8
    assert requests_of(proxy) == [
        f"GET quantum {API}/backends",  # the SDK's, before each submission
        f"GET quantum {API}/instances/usage",
        f"GET quantum {API}/backends/ibm_lagos/status",
        f"POST quantum {API}/jobs",
        f"GET quantum {job}",
        f"GET quantum {job}",
        f"GET quantum {job}/metrics",
        f"GET quantum {job}",  # the SDK's, before it reads the result
        f"GET quantum {job}/results",
    ]


def test_a_batch_is_one_job(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    circuits = [QuantumCircuit(3).x(k).measure_all() for k in range(3)]

    results = service_backend().execute_batch(circuits, 20)

    assert [result.counts for result in results] == [{"100": 20}, {"010": 20}, {"001": 20}]
    assert len(cloud.ledger) == 1


def test_a_sweep_is_one_circuit_in_one_job(
    service_backend: Callable[..., IBMBackend], cloud: IBMCloud
) -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2).ry(a, 0).ry(2 * b, 1)
    points = [{a: 0.0, b: 1.5707963267948966}, {"a": 3.141592653589793, "b": 0.0}, {"a": 1.0, "b": 0.3}]

    results = service_backend().execute_sweep(circuit, points, 2000)

    assert [result.counts for result in results[:2]] == [{"01": 2000}, {"10": 2000}]
    assert_counts_match(
        results[2].counts, outcome_probabilities(circuit.bind({"a": 1.0, "b": 0.3}).measured_whole())
    )
    (job,) = cloud.ledger
    assert len(job.request.params["quantum_program"]["items"]) == 1


@pytest.mark.parametrize("points", [[], [{"a": 1.0}], [{"a": 1.0, "b": 2.0, "c": 3.0}]])
def test_a_sweep_names_what_is_missing(
    service_backend: Callable[..., IBMBackend], cloud: IBMCloud, points: Any
) -> None:
    circuit = QuantumCircuit(1).ry(Parameter("a"), 0).rz(Parameter("b"), 0)

    with pytest.raises(CircuitValidationError, match="sweep"):
        service_backend().execute_sweep(circuit, points)

    assert len(cloud.ledger) == 0


def test_expectation_values(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    circuit = QuantumCircuit(3).ry(0.7, 0).cx(0, 2).x(1)
    observables = [
        PauliSum({"ZII": 1.0}),
        PauliSum({"IZI": 2.0, "ZIZ": -0.5}),
        PauliSum({"XIX": 1.0}),
    ]

    found = service_backend().expectation(circuit, observables, precision=0.02, resilience_level=0)

    exact = (0.7648421872844885, -2.5, 0.644217687237691)  # cos 0.7; -2 - 0.5; sin 0.7
    for value, wanted, weight in zip(found.values, exact, (1, 2.5, 1), strict=True):
        assert abs(value - wanted) < 5 * 0.02 * weight
    assert found.metadata["resilience_level"] == 0
    (job,) = cloud.ledger
    assert job.request.tags == [found.job_id]


@pytest.mark.parametrize(
    ("circuit", "observable", "options", "error"),
    [
        (QuantumCircuit(1).measure_all(), PauliSum({"Z": 1}), {}, CircuitValidationError),
        (QuantumCircuit(2), PauliSum({"Z": 1}), {}, CircuitValidationError),
        (QuantumCircuit(1), PauliSum({"Z": 1j}), {}, CircuitValidationError),
        (QuantumCircuit(1), [], {}, CircuitValidationError),
        (QuantumCircuit(1), PauliSum({"Z": 1}), {"precision": 0}, CircuitValidationError),
        (QuantumCircuit(1), PauliSum({"Z": 1}), {"resilience_level": 5}, UnknownOptionError),
    ],
)
def test_an_estimation_that_cannot_be_is_refused(
    service_backend: Callable[..., IBMBackend],
    cloud: IBMCloud,
    circuit: Any,
    observable: Any,
    options: Any,
    error: Any,
) -> None:
    with pytest.raises(error):
        service_backend().expectation(circuit, observable, **options)

    assert len(cloud.ledger) == 0


def test_status_queue_and_usage(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    backend = service_backend()
    assert backend.get_status() is BackendStatus.ONLINE
    queue = backend.get_queue_info()
    assert (queue.length, queue.estimated_wait_time, queue.source) == (7, 420, "provider")
    assert backend.usage()["usage_remaining_seconds"] == 540

    cloud.paused.add("ibm_lagos")
    backend.refresh()

    report = backend.get_status_report()
    assert (report.status, report.message) == (BackendStatus.MAINTENANCE, "calibrating")


def test_a_status_that_cannot_be_asked_is_offline(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy
) -> None:
    proxy.faults.cut_off("*")

    assert service_backend().get_status() is BackendStatus.OFFLINE


def test_a_wrong_key_is_a_status(
    service_backend: Callable[..., IBMBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IBM_QUANTUM_TOKEN", "wrong")

    assert service_backend().get_status() is BackendStatus.UNAUTHORIZED


def test_capabilities_are_those_of_the_device(service_backend: Callable[..., IBMBackend]) -> None:
    can = service_backend().get_capabilities()

    assert (can.max_qubits, can.max_shots, can.is_local) == (7, 100_000, False)
    assert can.native_gates == ("cx", "id", "rz", "sx", "x")
    assert (1, 3) in (can.coupling_map or ())
    assert can.supports_conditionals
    assert not can.supports_loops


def test_the_calibration_is_ibms_own(service_backend: Callable[..., IBMBackend]) -> None:
    record = service_backend().get_calibration()

    assert record is not None
    assert record.num_qubits == 7
    assert record.qubits[0].t1_s == pytest.approx(146.274e-6, rel=1e-4)
    assert record.qubits[0].readout == ((0.8256, 0.1744), (0.1636, 0.8364))
    cx = record.gate("cx", (1, 0))
    assert cx is not None
    assert cx.error == pytest.approx(0.0093698, rel=1e-4)
    assert DeviceCalibration.from_json(record.to_json()) == record


def test_least_busy_asks_the_service(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    result = service_backend(device="least_busy").execute(QuantumCircuit(2).x(0), 10)

    assert result.metadata["device"] == "ibm_torino"  # 3 jobs wait there, 7 on the other
    assert result.counts == {"10": 10}


def test_an_instance_can_be_given_by_name(service_backend: Callable[..., IBMBackend]) -> None:
    backend = service_backend(instance="loopback-instance")

    assert backend.get_capabilities().extra["instance"] == CRN


def test_an_unknown_device_is_named(service_backend: Callable[..., IBMBackend]) -> None:
    with pytest.raises(BackendNotFoundError, match="No backend matches"):
        service_backend(device="ibm_atlantis").get_capabilities()


def test_an_instance_of_someone_else_is_refused(service_backend: Callable[..., IBMBackend]) -> None:
    with pytest.raises(ConfigurationError, match="does not have access"):
        service_backend(instance=CRN.replace("11111111", "99999999")).get_capabilities()


def test_no_credentials_at_all(
    service_backend: Callable[..., IBMBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IBM_QUANTUM_TOKEN")

    with pytest.raises(PermissionError, match="IBM_QUANTUM_TOKEN"):
        service_backend().get_capabilities()


def test_the_sdks_own_variables_are_used(
    service_backend: Callable[..., IBMBackend], monkeypatch: pytest.MonkeyPatch
) -> None:
    from ibm_service.cloud import API_KEY

    monkeypatch.delenv("IBM_QUANTUM_TOKEN")
    monkeypatch.setenv("QISKIT_IBM_TOKEN", API_KEY)

    assert service_backend().get_capabilities().max_qubits == 7


def test_a_budget_is_enforced_by_ibm(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    backend = service_backend()
    circuit = QuantumCircuit(1).x(0).measure_all()

    with pytest.raises(BudgetExceededError, match="device seconds"):
        backend.execute(circuit, 100_000, max_cost=20)
    backend.execute(circuit, 100, max_cost=20)

    (job,) = cloud.ledger
    assert job.request.cost == 20
    record = backend.store.list()[0]
    assert (record.cost, record.currency) == (2.0, "device seconds")


def test_job_metrics_are_ibms(service_backend: Callable[..., IBMBackend]) -> None:
    backend = service_backend()
    result = backend.execute(QuantumCircuit(1).x(0), 10)

    metrics = backend.job_metrics(result.job_id or "")

    assert metrics["usage"] == {"qpu_charge_time_seconds": 2, "status": "complete"}


def test_noise_models_are_refused_by_name(service_backend: Callable[..., IBMBackend]) -> None:
    with pytest.raises(UnknownOptionError, match="twin"):
        service_backend().execute(QuantumCircuit(1), 10, noise_model={"depolarizing_error": 0.1})


def test_too_many_tags_are_refused(service_backend: Callable[..., IBMBackend]) -> None:
    with pytest.raises(ConfigurationError, match="tags"):
        service_backend().execute(QuantumCircuit(1), 10, tags=[str(k) for k in range(8)])


ATTACH = """
import json, sys
from coratrix.backend.provider import BackendConfiguration
from coratrix.providers.ibm import IBMBackend
config = json.loads(sys.argv[1])
backend = IBMBackend(BackendConfiguration.from_dict(config))
result = backend.job(sys.argv[2]).result(timeout=60)
registers = {name: dict(counts) for name, counts in result.registers.items()}
print(json.dumps({"counts": dict(result.counts), "registers": registers}))
"""


def test_a_job_is_taken_up_again_in_a_new_process(
    service_backend: Callable[..., IBMBackend], cloud: IBMCloud, tmp_path: Path
) -> None:
    """Sent here, fetched there by IBM's id: only the job store and the account are shared."""
    from coratrix.backend.provider import open_store

    backend = service_backend(store=open_store(f"sqlite:///{tmp_path}/jobs.db"))
    job = backend.submit(lopsided(), 400)
    (theirs,) = cloud.ledger

    child = subprocess.run(
        [sys.executable, "-W", "error", "-c", ATTACH, json.dumps(backend.config.to_dict()), theirs.id],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert child.returncode == 0, child.stderr
    told = json.loads(child.stdout)
    assert told["counts"] == dict(job.result(timeout=20).counts)
    assert sum(told["registers"]["zeta"].values()) == 400
    assert len(cloud.ledger) == 1


def test_a_result_of_another_shape_is_refused(
    service_backend: Callable[..., IBMBackend], proxy: LoopbackProxy, cloud: IBMCloud
) -> None:
    """A result for one circuit where the job had two."""
    backend = service_backend()
    other = backend.submit(QuantumCircuit(1).x(0), 10)
    other.result(timeout=20)
    (first,) = cloud.ledger
    proxy.faults.on(
        "GET", RUNTIME_HOST, f"{API}/jobs/(?!{first.id}).*/results",
        answer(200, (first.result or "").encode(), {"Content-Type": "application/json"}), times=None,
    )  # fmt: skip
    job = backend.submit_batch([QuantumCircuit(1).x(0), QuantumCircuit(1)], 10)

    with pytest.raises(BackendResponseError, match="1 parts, the job has 2"):
        job.results(timeout=20)


def test_many_threads_share_one_backend(service_backend: Callable[..., IBMBackend], cloud: IBMCloud) -> None:
    from concurrent.futures import ThreadPoolExecutor

    backend = service_backend()
    circuits = [QuantumCircuit(4).rx(3.141592653589793, k % 4).measure_all() for k in range(12)]

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda circuit: backend.execute(circuit, 20), circuits))

    for k, result in enumerate(results):
        assert result.counts == {"".join("1" if q == k % 4 else "0" for q in range(4)): 20}
    assert len(cloud.ledger) == 12
