"""A limit on what may be spent, counted in the job store.

Owns: `Budget`. Knows nothing of: prices, which arrive as estimates.
"""

from __future__ import annotations

from dataclasses import dataclass

from coratrix.backend.cost import CostEstimate
from coratrix.backend.errors import BudgetExceededError, ConfigurationError
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
        """Raise unless ``cost`` fits with what the store has counted already.

        Raises:
            BudgetExceededError: it does not, or the cost is not known before the run.
            ConfigurationError: the price is in another currency.
        """
        if (self.backend is not None and backend != self.backend) or cost.amount == 0.0:
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
        spent = store.spent(self.currency, since=self.since, backend=self.backend)
        if spent + cost.amount > self.amount:
            raise BudgetExceededError(
                f"{backend} would cost {cost.amount:g} {self.currency}; {spent:g} of {self} is spent",
                backend=backend,
                hint="Raise the budget, or run on a cheaper backend",
            )

    def __str__(self) -> str:
        return f"{self.amount:g} {self.currency}"
