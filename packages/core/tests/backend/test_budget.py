"""A budget that holds whoever else spends at the same time, and money that is given back."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from coratrix.backend import BackendManager, JobRecord, JobState
from coratrix.backend.budget import Budget, keeping
from coratrix.backend.client import JobSnapshot
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendTimeoutError,
    BudgetExceededError,
    SubmissionUnknownError,
)
from coratrix.backend.provider import Resilience
from coratrix.backend.sql_store import SqlJobStore
from coratrix.backend.store import JobStore
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import Fault, ScriptedBackend, ScriptedClient, ScriptedService

CIRCUIT = QuantumCircuit(1).x(0).measure_all()
COST = 1.3  # of CIRCUIT with 100 shots


def manager_of(store: JobStore, service: ScriptedService, *, name: str = "priced") -> BackendManager:
    service.capabilities = replace(
        service.capabilities, price={"currency": "USD", "per_task": 0.3, "per_shot": 0.01}
    )
    client = ScriptedClient(service)
    numbers = Resilience(attempts=1)
    manager = BackendManager(store=store)
    manager.register_backend(
        name,
        ScriptedBackend(service, "priced", client=client, store=store, clock=FakeClock(), resilience=numbers),
    )
    return manager


def record(number: object, cost: float = 1.0) -> JobRecord:
    return JobRecord(id=f"crx-{number}", backend="b", cost=cost, currency="USD")


def at_once(work: Callable[[int], None], count: int = 8) -> None:
    """``work(0)``, ``work(1)``, …, each in a thread, begun together."""
    barrier = threading.Barrier(count)

    def run(number: int) -> None:
        barrier.wait()
        work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_a_store_adds_what_fits_and_refuses_the_next(store: JobStore) -> None:
    budget = Budget(amount=2.0, currency="USD")
    store.add(record(0), within=[budget])
    store.add(record(1), within=[budget])

    with pytest.raises(BudgetExceededError, match="2 of 2 USD is spent"):
        store.add(record(2, 0.5), within=[budget])

    store.add(record("free", 0.0), within=[budget])
    store.add(
        record("other", 9.0), within=[replace(budget, backend="another"), replace(budget, currency="EUR")]
    )
    assert store.spent("USD") == 11.0


def test_threads_that_add_at_once_pass_only_while_the_budget_lasts(store: JobStore) -> None:
    budget, refused = Budget(amount=3.5, currency="USD"), list[int]()

    def work(number: int) -> None:
        try:
            store.add(record(number), within=[budget])
        except BudgetExceededError:
            refused.append(number)

    at_once(work)

    assert (store.spent("USD"), len(refused)) == (3.0, 5)


def test_managers_that_send_at_once_pass_only_while_the_budget_lasts(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    service, refused = ScriptedService(), list[int]()
    manager = manager_of(store, service)
    manager.add_budget(Budget(amount=2.5 * COST, currency="USD"))
    looked = threading.Barrier(8)  # all have looked at what is spent before any adds its own
    check = Budget.check

    def check_and_wait(*arguments: object) -> None:
        check(*arguments)  # type: ignore[arg-type]
        looked.wait(60)

    monkeypatch.setattr(Budget, "check", check_and_wait)

    def work(number: int) -> None:
        try:
            manager.execute(CIRCUIT, 100)
        except BudgetExceededError:
            refused.append(number)

    at_once(work)

    assert (len(service.jobs()), len(refused)) == (2, 6)
    assert store.spent("USD") == pytest.approx(2 * COST)


SPENDER = """
import sys
from coratrix.backend import JobRecord
from coratrix.backend.budget import Budget
from coratrix.backend.errors import BudgetExceededError
from coratrix.backend.sql_store import SqlJobStore

store, who = SqlJobStore(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
for number in range(60):
    made = JobRecord(id=f"crx-{who}-{number}", backend=who, cost=1.0, currency="USD")
    try:
        store.add(made, within=[Budget(amount=75.0, currency="USD")])
    except BudgetExceededError:
        pass
"""


def test_two_processes_pass_only_while_the_budget_lasts(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/jobs.db"
    command = [sys.executable, "-c", SPENDER, url]
    spenders = [
        subprocess.Popen([*command, who], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for who in ("one", "other")
    ]
    for spender in spenders:
        assert spender.stdout is not None
        assert spender.stdout.readline() == "ready\n"
    for spender in spenders:
        spender.communicate("go\n", timeout=120)

    store = SqlJobStore(url)
    assert [spender.returncode for spender in spenders] == [0, 0]
    assert store.spent("USD") == 75.0  # of the 120 that they asked for
    assert store.spent("USD", backend="one") < 75.0 > store.spent("USD", backend="other")
    store.close()


@pytest.mark.parametrize("error", [BackendAuthError, BackendTimeoutError], ids=["refused", "no time left"])
def test_what_was_never_accepted_is_given_back(store: JobStore, error: Callable[[str], Exception]) -> None:
    service = ScriptedService()
    service.script("submit", Fault(error=lambda: error("no")))  # type: ignore[arg-type, return-value]
    manager = manager_of(store, service)
    manager.add_budget(Budget(amount=COST, currency="USD"))

    with pytest.raises(error):  # type: ignore[call-overload]
        manager.execute(CIRCUIT, 100)

    assert store.spent("USD") == 0.0
    assert manager.execute(CIRCUIT, 100).success


def test_what_cannot_be_sent_for_want_of_a_client_is_given_back(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = manager_of(store, ScriptedService())
    backend = manager.get_backend()
    backend.get_capabilities()
    backend._client = None  # type: ignore[attr-defined]

    def no_client() -> ScriptedClient:
        raise BackendAuthError("no token")

    monkeypatch.setattr(backend, "_connect", no_client)
    with pytest.raises(BackendAuthError):
        manager.execute(CIRCUIT, 100)

    assert store.spent("USD") == 0.0
    assert [job.state for job in manager.jobs()] == [JobState.FAILED]


@pytest.mark.parametrize(("billed", "spent"), [(None, 0.0), (0.7, 0.7)])
def test_a_job_that_fails_counts_what_the_vendor_bills(
    store: JobStore, monkeypatch: pytest.MonkeyPatch, billed: float | None, spent: float
) -> None:
    manager = manager_of(store, ScriptedService())
    job = manager.submit(CIRCUIT, 100)
    assert store.spent("USD") == COST
    failed = JobSnapshot(state=JobState.FAILED, error="burnt", cost=billed)
    monkeypatch.setattr(ScriptedClient, "_snapshot", lambda *_: failed)

    assert not job.result().success

    assert store.spent("USD") == spent


def test_a_job_whose_outcome_is_unknown_keeps_its_money(store: JobStore) -> None:
    service = ScriptedService()
    lost = Fault(error=lambda: BackendConnectionError("cut", outcome_unknown=True))
    service.script("submit", lost)
    manager = manager_of(store, service)
    manager.add_budget(Budget(amount=1.5 * COST, currency="USD"))

    with pytest.raises(SubmissionUnknownError):
        manager.execute(CIRCUIT, 100)

    assert store.spent("USD") == COST
    with pytest.raises(BudgetExceededError):
        manager.execute(CIRCUIT, 100)


def test_a_budget_of_one_backend_holds_under_the_name_it_is_registered_as(store: JobStore) -> None:
    manager = manager_of(store, ScriptedService(), name="mine")
    manager.add_budget(Budget(amount=1.5 * COST, currency="USD", backend="mine"))

    assert manager.execute(CIRCUIT, 100).success
    with pytest.raises(BudgetExceededError, match="1.3 of 1.95 USD is spent"):
        manager.execute(CIRCUIT, 100)


def test_budgets_bind_what_is_sent_inside_alone(store: JobStore) -> None:
    backend = manager_of(store, ScriptedService()).get_backend()

    with keeping([Budget(amount=1.0, currency="USD")]), pytest.raises(BudgetExceededError):
        backend.execute(CIRCUIT, 100)

    assert backend.execute(CIRCUIT, 100).success
