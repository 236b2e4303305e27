"""Costs decide a rank only where they can be compared."""

from __future__ import annotations

import pytest

from coratrix.backend import BackendManager
from coratrix.backend.provider import MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import ScriptedBackend, ScriptedService

CIRCUIT = QuantumCircuit(2).x(0).measure_all()


def manager_of(**prices: tuple[float, str]) -> BackendManager:
    """Backends by name, each with the price of a job and its currency."""
    from dataclasses import replace

    manager = BackendManager(store=MemoryJobStore())
    for name, (per_task, currency) in prices.items():
        service = ScriptedService()
        price = {"currency": currency, "per_task": per_task}
        service.capabilities = replace(service.capabilities, price=price)
        backend = ScriptedBackend(service, name, store=MemoryJobStore(), clock=FakeClock())
        manager.register_backend(name, backend)
    return manager


@pytest.mark.parametrize("policy", ["cheapest", "balanced", "fastest"])
def test_amounts_in_two_currencies_do_not_rank(policy: str) -> None:
    manager = manager_of(usd=(9.0, "USD"), eur=(1.0, "EUR"), free=(0.0, "USD"))

    selection = manager.select(CIRCUIT, 100, policy=policy)

    assert [candidate.name for candidate in selection.candidates] == ["free", "usd", "eur"]
    said = selection.explain()
    assert "costs in EUR and USD cannot be compared: among them the other figures decide" in said
    assert "level with eur, and registered earlier" in said
    assert selection.to_dict()["incomparable"]


def test_amounts_in_one_currency_do() -> None:
    selection = manager_of(dear=(9.0, "USD"), cheap=(1.0, "USD")).select(CIRCUIT, 100, policy="cheapest")

    assert [candidate.name for candidate in selection.candidates] == ["cheap", "dear"]
    assert "cannot be compared" not in selection.explain()
    assert selection.to_dict()["incomparable"] == []


def test_the_currency_of_a_refused_backend_is_no_matter() -> None:
    manager = manager_of(dear=(9.0, "USD"), cheap=(1.0, "USD"), far=(5.0, "EUR"))

    selection = manager.select(CIRCUIT, 100, policy="cheapest", max_cost=4.0)

    assert [c.name for c in selection.ranked()] == ["cheap"]
    assert selection.currencies == ("USD",)
