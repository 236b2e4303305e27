"""A limit on what may be spent, counted in the job store.

Owns: `Budget`, and which budgets bind what is being sent. Knows nothing of: prices, which arrive as
estimates.

A record counts from the moment it is added, before its job is sent. So that no two submissions pass where
only one fits, a store looks at the budgets and adds the record in one step: `JobStore.add(within=…)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coratrix.backend.cost import CostEstimate
from coratrix.backend.errors import BudgetExceededError, ConfigurationError

if TYPE_CHECKING:
    from coratrix.backend.jobs import JobRecord
    from coratrix.backend.store import JobStore


@dataclass(frozen=True, kw_only=True)
class Budget:
    """At most ``amount`` of ``currency`` from ``since`` on.

    Attributes:
        since: seconds since the epoch from which jobs count; 0 counts all.
        backend: only this backend's jobs; None for all.
    """

    amount: float
    currency: str
    since: float = 0.0
    backend: str | None = None

    def __post_init__(self) -> None:
        if not self.amount >= 0:
            raise ConfigurationError(f"a budget's amount is {self.amount!r}; it must be 0 or more")

    def check(self, cost: CostEstimate, backend: str, store: JobStore) -> None:
        """Raise unless ``cost`` fits with what the store has counted already: what surely cannot be sent is
        refused here, before anything is written.

        Raises:
            BudgetExceededError: it does not, or the cost is not known before the run.
            ConfigurationError: the price is in another currency.
        """
        if not self._binds(backend) or cost.amount == 0.0:
            return
        if cost.amount is None:
            raise BudgetExceededError(
                f"{backend}: {cost.basis}, so the budget of {self} cannot be kept", backend=backend
            )
        if cost.currency != self.currency:
            raise ConfigurationError(
                f"{backend} is priced in {cost.currency}, the budget is in {self.currency}",
                hint=f"Give the budget in {cost.currency}",
            )
        self._fit(cost.amount, backend, store.spent(self.currency, since=self.since, backend=self.backend))

    def admit(self, record: JobRecord, spent: float) -> None:
        """Raise `BudgetExceededError` unless ``record`` fits with ``spent``, which a store has just summed up
        and keeps anyone from adding to."""
        if self._binds(record.backend) and record.cost and record.currency == self.currency:
            self._fit(record.cost, record.backend, spent)

    def _binds(self, backend: str) -> bool:
        return self.backend is None or backend == self.backend

    def _fit(self, cost: float, backend: str, spent: float) -> None:
        if spent + cost > self.amount:
            raise BudgetExceededError(
                f"{backend} would cost {cost:g} {self.currency}; {spent:g} of {self} is spent",
                backend=backend,
                hint="Raise the budget, or run on a cheaper backend",
            )

    def __str__(self) -> str:
        return f"{self.amount:g} {self.currency}"


@contextmanager
def keeping(budgets: Sequence[Budget]) -> Iterator[None]:
    """What is sent in the body keeps to ``budgets``. They do not travel as an option, since options are
    recorded with a job and a budget is its sender's."""
    token = _IN_FORCE.set(tuple(budgets))
    try:
        yield
    finally:
        _IN_FORCE.reset(token)


def in_force() -> tuple[Budget, ...]:
    """The budgets that what is being sent keeps to."""
    return _IN_FORCE.get()


_IN_FORCE: ContextVar[tuple[Budget, ...]] = ContextVar("coratrix_budgets", default=())
