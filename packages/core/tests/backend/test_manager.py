"""The manager: names, defaults, failures that are told and not hidden."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import (
    BackendAuthError,
    BackendConfiguration,
    BackendConnectionError,
    BackendInterface,
    BackendManager,
    BackendNotFoundError,
    BackendTimeoutError,
    BackendType,
    BudgetExceededError,
    ConfigurationError,
    ProviderNotInstalledError,
    SubmissionUnknownError,
    registry,
)
from coratrix.backend.budget import Budget
from coratrix.backend.provider import MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.core.result import ExecutionResult
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import Fault, ScriptedBackend, ScriptedService

CIRCUIT = QuantumCircuit(2).x(0).measure_all()


def scripted(name: str = "scripted", service: ScriptedService | None = None) -> ScriptedBackend:
    return ScriptedBackend(service or ScriptedService(), name, store=MemoryJobStore(), clock=FakeClock())


def unreachable() -> Fault:
    return Fault(error=lambda: BackendConnectionError("no route"))


@pytest.fixture
def manager() -> BackendManager:
    made = BackendManager(store=MemoryJobStore())
    made.register_backend("first", scripted("first"))
    made.register_backend("second", scripted("second"))
    return made


def test_names_keep_their_order(manager: BackendManager) -> None:
    assert manager.list_backends() == ["first", "second"]
    assert list(manager) == ["first", "second"]
    assert len(manager) == 2
    assert "first" in manager


def test_a_name_that_is_taken_is_refused_with_the_reason(manager: BackendManager) -> None:
    assert not manager.register_backend("first", scripted())
    assert "replace=True" in (manager.registration_error("first") or "")
    assert manager.register_backend("first", scripted(), replace=True)
    assert manager.registration_error("first") is None


def test_what_is_no_backend_is_a_type_error(manager: BackendManager) -> None:
    with pytest.raises(TypeError, match="takes a backend or a BackendConfiguration"):
        manager.register_backend("x", 3)  # type: ignore[arg-type]


def test_a_provider_that_is_not_installed_is_refused_with_the_command(
    manager: BackendManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "installed", dict)
    config = BackendConfiguration("q", BackendType.HARDWARE, {"provider": "ibm"})

    assert not manager.register_backend("q", config)
    assert "pip install 'coratrix-provider-ibm'" in (manager.registration_error("q") or "")
    with pytest.raises(ProviderNotInstalledError):
        manager.register_backend("q", config, strict=True)


def test_an_unknown_provider_suggests_a_known_one(manager: BackendManager) -> None:
    config = BackendConfiguration("q", BackendType.HARDWARE, {"provider": "imb"})

    assert not manager.register_backend("q", config)
    assert "did you mean 'ibm'?" in (manager.registration_error("q") or "")


def test_an_unknown_name_suggests_a_known_one(manager: BackendManager) -> None:
    with pytest.raises(
        BackendNotFoundError, match=r"'frist' \(did you mean 'first'\?\); registered: first, second"
    ):
        manager.get_backend("frist")


def test_the_default_is_the_one_set_else_the_environment_else_the_first(
    manager: BackendManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert manager.default_backend == "first"
    monkeypatch.setenv("CORATRIX_DEFAULT_BACKEND", "second")
    assert manager.get_backend().name == "second"
    manager.default_backend = "first"
    assert manager.get_backend().name == "first"


def test_an_empty_manager_says_what_to_call() -> None:
    with pytest.raises(BackendNotFoundError, match="discover_backends"):
        BackendManager().get_backend()


def test_the_environment_names_the_configuration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "b.json"
    path.write_text(json.dumps({"backends": {"bad": {"type": "no"}}}))
    monkeypatch.setenv("CORATRIX_BACKEND_CONFIG", str(path))

    report = BackendManager().load_report

    assert len(report) == 0
    assert "$.backends.bad.type" in report.errors[0]


def test_execute_falls_back_and_says_so(manager: BackendManager) -> None:
    broken = ScriptedService()
    broken.script("submit", *[unreachable()] * 9)
    manager.register_backend("broken", scripted("broken", broken))

    result = manager.execute(CIRCUIT, 100, backend="broken", fallback=["second"])

    assert result.counts == {"10": 100}
    assert result.backend == "second"
    assert "no route" in result.metadata["fallback_from"]["broken"]


def test_execute_never_falls_back_when_the_job_may_be_running(manager: BackendManager) -> None:
    service = ScriptedService()
    lost = Fault(error=lambda: BackendConnectionError("cut off", outcome_unknown=True), accepted=True)
    service.script("submit", lost)
    service.script("find", *[unreachable()] * 9)
    manager.register_backend("broken", scripted("broken", service))

    with pytest.raises(SubmissionUnknownError):
        manager.execute(CIRCUIT, 100, backend="broken", fallback=["second"])

    assert len(service.jobs()) == 1


def test_a_job_is_found_by_its_id_in_another_manager(manager: BackendManager) -> None:
    store, service = MemoryJobStore(), ScriptedService()
    job = ScriptedBackend(service, store=store, clock=FakeClock()).submit(CIRCUIT, 50)
    other = BackendManager(store=store)
    other.register_backend("scripted", ScriptedBackend(service, store=store, clock=FakeClock()))

    again = other.job(job.id)

    assert again.result().counts == {"10": 50}
    assert [record.id for record in other.jobs()] == [job.id]
    assert other.jobs(state="succeeded")[0].results is None  # a list carries no results


def test_metrics_come_from_the_store_too(manager: BackendManager) -> None:
    store, service = MemoryJobStore(), ScriptedService()
    backend = ScriptedBackend(service, store=store, clock=FakeClock())
    for _ in range(3):
        backend.execute(CIRCUIT, 10)
    service.polls_until_done = 99
    backend.submit(CIRCUIT, 10).cancel()

    found = BackendManager(store=store).metrics("scripted")

    assert (found.succeeded, found.cancelled, found.success_rate) == (3, 1, 1.0)
    assert (found.avg_execution_time, found.p95_execution_time, found.avg_queue_time) == (0.25, 0.25, 1.5)
    assert BackendManager(store=store).metrics("nobody").success_rate is None


def test_select_ranks_and_explains(manager: BackendManager) -> None:
    selection = manager.select(QuantumCircuit(7), 100)

    assert all("7 qubits, 6 are there" in candidate.explain() for candidate in selection.candidates)
    assert manager.select(CIRCUIT, 100).best.name == "first"


def test_select_says_what_put_each_before_the_next(manager: BackendManager) -> None:
    manager.register_backend("priced", priced())
    manager.register_backend("cheaper", priced(per_shot=0.001))
    bounded = ScriptedService()
    bounded.script("status", unreachable(), unreachable(), unreachable(), unreachable(), unreachable())
    manager.register_backend("down", scripted("down", bounded))

    selection = manager.select(CIRCUIT, 100, backends=["first", "priced", "cheaper", "down"])

    lines = selection.explain().splitlines()
    assert lines[0] == "policy balanced: by status, then fidelity, then cost, then wait, then queue"
    assert lines[1].endswith("before priced by cost: 0.4 USD against 1.3 USD")
    assert lines[2].endswith("before first by cost: 1.3 USD against unknown")
    assert lines[3].startswith("3. first: online, cost unknown, queue 3, wait unknown")
    assert "down: refused: status is offline" in lines[4]
    assert json.loads(json.dumps(selection.to_dict()))["candidates"][0]["name"] == "cheaper"


def test_auto_keeps_to_the_cost_and_falls_back_by_rank(manager: BackendManager) -> None:
    broken, costly = ScriptedService(), priced(per_shot=1.0)
    cheap = priced(per_shot=0.001)
    broken.capabilities = cheap._service.capabilities
    broken.script("submit", *[unreachable()] * 9)
    fresh = BackendManager(store=MemoryJobStore())
    fresh.register_backend("broken", scripted("broken", broken))
    fresh.register_backend("costly", costly)
    fresh.register_backend("cheap", cheap)

    result = fresh.execute(CIRCUIT, 100, backend="auto", max_cost=1.0)

    assert result.success
    assert list(result.metadata["fallback_from"]) == ["broken"]
    assert costly._service.jobs() == []
    assert len(cheap._service.jobs()) == 1


def test_compare_keeps_a_failure_as_a_row(manager: BackendManager) -> None:
    broken = ScriptedService()
    broken.script("submit", *[unreachable()] * 9)
    manager.register_backend("broken", scripted("broken", broken))

    comparison = manager.compare(CIRCUIT, 100)

    assert [result.success for result in comparison.values()] == [True, True, False]
    assert comparison.rows[1].total_variation is not None
    assert comparison.rows[1].total_variation.value == 0.0
    assert "no route" in str(comparison)
    assert "<table>" in comparison._repr_html_()


def test_a_twin_needs_a_calibration(manager: BackendManager) -> None:
    with pytest.raises(Exception, match="publishes no calibration"):
        manager.twin("first")


def priced(per_shot: float = 0.01) -> ScriptedBackend:
    from dataclasses import replace

    service = ScriptedService()
    service.capabilities = replace(
        service.capabilities, price={"currency": "USD", "per_task": 0.3, "per_shot": per_shot}
    )
    return scripted("priced", service)


def test_max_cost_refuses_before_sending(manager: BackendManager) -> None:
    backend = priced()
    manager.register_backend("priced", backend)

    with pytest.raises(BudgetExceededError, match="1.3 USD"):
        manager.execute(CIRCUIT, 100, backend="priced", max_cost=1.0)
    assert manager.execute(CIRCUIT, 100, backend="priced", max_cost=1.31).success


def test_a_budget_counts_what_was_spent() -> None:
    backend = priced()
    manager = BackendManager(store=backend.store)
    manager.register_backend("priced", backend)
    manager.add_budget(Budget(amount=2.0, currency="USD"))

    manager.execute(CIRCUIT, 100)

    with pytest.raises(BudgetExceededError, match="1.3 of 2 USD is spent"):
        manager.execute(CIRCUIT, 100)


def test_a_budget_in_another_currency_is_refused() -> None:
    manager = BackendManager(store=MemoryJobStore())
    manager.register_backend("priced", priced())
    manager.add_budget(Budget(amount=2.0, currency="EUR"))

    with pytest.raises(ConfigurationError, match="priced in USD, the budget is in EUR"):
        manager.execute(CIRCUIT, 100)


def test_what_was_surely_not_accepted_is_not_spent() -> None:
    backend = priced()
    backend._service.script("submit", Fault(error=lambda: BackendAuthError("no")))
    manager = BackendManager(store=backend.store)
    manager.register_backend("priced", backend)

    with pytest.raises(BackendAuthError):
        manager.execute(CIRCUIT, 100)

    assert backend.store.spent("USD") == 0.0


def test_a_comparison_keeps_to_the_budget() -> None:
    backend = priced()
    manager = BackendManager(store=backend.store)
    manager.register_backend("priced", backend)
    manager.register_backend("first", scripted("first"))
    manager.add_budget(Budget(amount=1.0, currency="USD", backend="priced"))

    comparison = manager.compare(CIRCUIT, 100)

    assert comparison["priced"].error_code == "budget"
    assert comparison["first"].success
    assert backend._service.jobs() == []


def test_backends_of_a_configuration_use_the_managers_store(monkeypatch: pytest.MonkeyPatch) -> None:
    from coratrix.backend import directory

    def make(config: BackendConfiguration) -> ScriptedBackend:
        return ScriptedBackend(ScriptedService(), config.name, clock=FakeClock())

    monkeypatch.setattr(directory, "backend_maker", lambda _: make)
    manager = BackendManager(store=MemoryJobStore())
    manager.register_backend("mine", BackendConfiguration("mine", "cloud", {"provider": "scripted"}))

    manager.execute(CIRCUIT, 10)

    assert [record.backend for record in manager.jobs()] == ["mine"]


def test_a_job_is_found_when_its_backend_is_registered_under_another_name() -> None:
    backend = scripted("vendors_name")
    manager = BackendManager(store=backend.store)
    manager.register_backend("mine", backend)

    job = manager.submit(CIRCUIT, 10)

    assert manager.job(job.id).result().counts == {"10": 10}


def test_a_job_is_sent_once_more_with_all_it_had() -> None:
    backend = scripted()
    manager = BackendManager(store=backend.store)
    manager.register_backend("scripted", backend)
    first = manager.batch([CIRCUIT, CIRCUIT], 30, seed=5, tags=("mine",))
    first.run()
    (record,) = manager.jobs()

    again = manager.resubmit(record.id)

    assert [r.counts for r in again.results()] == [{"10": 30}] * 2
    assert again.id != record.id
    assert manager.store.get(again.id).tags == ("mine",)  # and not of the batch, whose results are there
    assert [(job["shots"], job["seed"]) for job in backend._service.jobs()] == [(30, 5)] * 2


class Slow(BackendInterface):
    """The guide's way: one method."""

    def __init__(self, run: Callable[[], ExecutionResult]) -> None:
        super().__init__(BackendConfiguration("slow", "simulator"))
        self._run = run

    def execute(self, circuit: Any, shots: int = 1000, **options: Any) -> ExecutionResult:
        return self._run()


def test_a_job_of_a_plain_backend_has_a_deadline_too() -> None:
    import threading

    gate = threading.Event()
    done = ExecutionResult(success=True, counts={"1": 1})

    def run() -> ExecutionResult:
        assert gate.wait(30)
        return done

    job = Slow(run).submit(CIRCUIT)
    with pytest.raises(BackendTimeoutError, match="still running") as caught:
        job.result(timeout=0.01)
    gate.set()

    assert caught.value.job is job
    assert job.result(timeout=30).counts == {"1": 1}
