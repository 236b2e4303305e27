"""A job's life: found again from another process, cancelled, paid for, its expired signature renewed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from azure_service import AzureCloud

from coratrix.backend import BackendStatus, JobState
from coratrix.backend.provider import open_store
from coratrix.core import QuantumCircuit, condition_equals, gate
from coratrix.providers.azure.client import vendor_id
from coratrix.testing.loopback import LoopbackProxy

TARGET = "ionq.simulator"


def lopsided() -> QuantumCircuit:
    circuit = QuantumCircuit(3)
    first, second = circuit.add_register("zeta", 2), circuit.add_register("alpha", 1)
    return circuit.x(0).measure(0, first[0]).measure(1, first[1]).measure(2, second[0])


def in_a_new_process(code: str, **given: str) -> str:
    """What a program prints that knows nothing but its environment."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, **given}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_job_is_found_again_from_another_process(
    make_backend: Any, proxy: LoopbackProxy, cloud: AzureCloud
) -> None:
    backend = make_backend(TARGET, store=open_store())
    job = backend.submit(lopsided(), 30)

    printed = in_a_new_process(
        """
        import json, os
        from coratrix.backend import BackendConfiguration
        from coratrix.backend.provider import Resilience
        from coratrix.providers.azure import AzureBackend
        quick = Resilience(first_poll_s=0.01)
        config = BackendConfiguration("azure_quantum", "cloud", {"provider": "azure", "target": "ionq.simulator"})
        result = AzureBackend(config, resilience=quick).job(os.environ["JOB"]).result(timeout=30)
        print(json.dumps([result.counts, result.registers["zeta"], result.metadata["vendor_job_id"]]))
        """,
        JOB=job.id,
    )

    assert json.loads(printed) == [{"100": 30}, {"10": 30}, vendor_id(job.id)]
    assert len(cloud.workspace.jobs) == 1


def test_azures_id_is_ours_as_a_guid() -> None:
    assert vendor_id("crx-0123456789abcdef0123456789abcdef") == "01234567-89ab-cdef-0123-456789abcdef"


def test_a_job_that_waits_is_cancelled(make_backend: Any, proxy: LoopbackProxy, cloud: AzureCloud) -> None:
    cloud.workspace.polls_to_end = 10**9
    job = make_backend(TARGET).submit(lopsided(), 30)

    assert job.cancel() is True

    result = job.result(timeout=10)
    assert job.status() is JobState.CANCELLED
    assert not result.success
    assert result.error_code == "cancelled"


def test_a_job_that_has_run_is_not_cancelled(
    make_backend: Any, proxy: LoopbackProxy, cloud: AzureCloud
) -> None:
    backend = make_backend(TARGET)
    job = backend.submit(lopsided(), 30)
    (stored,) = cloud.workspace.jobs.values()
    stored.status = "Succeeded"

    assert job.cancel() is False


def test_an_expired_signature_of_the_result_is_renewed(
    make_backend: Any, proxy: LoopbackProxy, cloud: AzureCloud
) -> None:
    """The address in the job's details has expired; the workspace gives a new one."""
    job = make_backend(TARGET).submit(lopsided(), 30)
    proxy.forget()
    shown = cloud.workspace.storage.blob_uri

    def expired(container: str, blob: str, permission: str = "r") -> str:
        cloud.storage.sas_lives_s = -60.0 if permission == "r" else 3600.0
        return shown(container, blob, permission)

    cloud.workspace.storage.blob_uri = expired  # type: ignore[method-assign]
    result = job.result(timeout=10)

    assert result.counts == {"100": 30}
    assert proxy.count("GET", path=".*/rawOutputData") == 2
    assert proxy.count("POST", path=".*/storage/sasUri") == 1


def test_times_and_cost_come_from_azure(make_backend: Any, proxy: LoopbackProxy) -> None:
    job = make_backend("ionq.qpu.forte-1").submit(lopsided(), 30)

    result = job.result(timeout=10)

    assert result.queue_time is not None
    assert result.metadata["execution_time_source"] == "provider"
    assert (job.record.cost, job.record.currency) == (12.42, "USD")


def test_a_limit_of_cost_refuses_where_no_price_is_known(
    make_backend: Any, proxy: LoopbackProxy, cloud: AzureCloud
) -> None:
    from coratrix.backend.errors import BudgetExceededError

    with pytest.raises(BudgetExceededError, match="no price is known"):
        make_backend(TARGET).execute(lopsided(), 30, max_cost=5)

    assert not cloud.workspace.jobs


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("ionq.simulator", BackendStatus.ONLINE),
        ("ionq.qpu.forte-1", BackendStatus.ONLINE),
        ("ionq.qpu.aria-1", BackendStatus.OFFLINE),
    ],
)
def test_the_status_is_azures_word(
    make_backend: Any, proxy: LoopbackProxy, target: str, expected: BackendStatus
) -> None:
    report = make_backend(target).get_status_report()

    assert report.status is expected
    assert target in report.message


def test_the_waiting_time_is_known_and_the_length_of_the_queue_is_not(
    make_backend: Any, proxy: LoopbackProxy
) -> None:
    queue = make_backend("quantinuum.qpu.h2-1").get_queue_info()

    assert (queue.length, queue.estimated_wait_time, queue.source) == (None, 600.0, "provider")


def test_capabilities_are_those_of_the_target(make_backend: Any, proxy: LoopbackProxy) -> None:
    base = make_backend("ionq.qpu.forte-1").get_capabilities()
    adaptive = make_backend("quantinuum.qpu.h2-1").get_capabilities()

    assert (base.max_qubits, base.max_shots, base.supports_conditionals) == (36, 10_000, False)
    assert (adaptive.max_qubits, adaptive.supports_conditionals) == (56, True)
    assert base.extra["input_formats"] == ["qir", "native"]


def test_qubits_that_defer_measurements_count_against_the_device(
    make_backend: Any, proxy: LoopbackProxy, cloud: AzureCloud
) -> None:
    from coratrix.backend.errors import CircuitValidationError

    cloud.workspace.targets[TARGET]["numQubits"] = 2
    circuit = QuantumCircuit(2, num_clbits=2).x(0).measure(0, 0).x(0).measure(0, 1)

    with pytest.raises(CircuitValidationError, match=r"needs \d qubits, 2 are there"):
        make_backend(TARGET).execute(circuit, 10)

    assert not cloud.workspace.jobs


@pytest.mark.parametrize(
    ("target", "options", "words"),
    [
        (TARGET, {"seed": 3}, "seed"),
        (TARGET, {"noise_model": {"depolarizing_error": 0.1}}, "noise_model"),
        (TARGET, {"optimization_level": 2}, "optimization_level"),
        ("local", {"priority": "High"}, "priority"),
        ("local", {"noise_model": {"depolarizing_error": 0.1}}, "noise_model"),
    ],
)
def test_options_that_cannot_be_honoured_are_refused(
    make_backend: Any, proxy: LoopbackProxy, target: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        make_backend(target).execute(lopsided(), 10, **options)


@pytest.mark.parametrize(
    ("target", "options"),
    [("local", {"input_format": "quil"}), (TARGET, {"priority": "Low"}), ("local", {"seed": -1})],
)
def test_values_of_options_that_cannot_be_are_refused(
    make_backend: Any, target: str, options: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=next(iter(options))):
        make_backend(target).execute(lopsided(), 10, **options)


def test_a_condition_is_refused_on_a_target_that_cannot_branch(
    make_backend: Any, proxy: LoopbackProxy
) -> None:
    circuit = QuantumCircuit(2, num_clbits=2).measure(0, 0)
    circuit.add_gate(gate("x"), [1], condition=condition_equals(0, 1)).measure(1, 1)

    assert not make_backend(TARGET).validate_circuit(circuit)
    assert make_backend("quantinuum.sim.h2-1e").validate_circuit(circuit)


def test_one_run_costs_few_requests(make_backend: Any, proxy: LoopbackProxy) -> None:
    """Targets once per backend; for each job: storage, upload, create, two polls, details, result."""
    backend = make_backend(TARGET)
    backend.execute(lopsided(), 10)
    first = proxy.count()
    backend.execute(lopsided(), 10)

    assert proxy.count("GET", path=".*/providerStatus") == 1
    assert proxy.count() - first <= 7 + proxy.count("CONNECT")


def test_the_offline_mode_runs_without_any_network(make_backend: Any, tmp_path: Path) -> None:
    printed = in_a_new_process(
        """
        import socket
        def refuse(*_, **__):
            raise AssertionError("a socket was opened")
        socket.socket.connect = socket.create_connection = refuse
        from coratrix.backend import BackendConfiguration
        from coratrix.core import QuantumCircuit
        from coratrix.providers.azure import AzureBackend
        backend = AzureBackend(BackendConfiguration("qdk", "cloud", {"provider": "azure", "target": "local"}))
        print(backend.execute(QuantumCircuit(3).x(0).cx(0, 2), 10, seed=1).counts)
        """
    )

    assert printed.strip() == "{'101': 10}"


def test_importing_the_package_imports_no_sdk() -> None:
    printed = in_a_new_process(
        """
        import sys
        import coratrix.providers.azure.client, coratrix.providers.azure.simulator
        print([name for name in sys.modules if name.split(".")[0] in ("azure", "qdk", "msal", "pyqir")])
        """
    )

    assert printed.strip() == "[]"
