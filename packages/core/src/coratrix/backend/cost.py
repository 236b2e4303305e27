"""What a run costs before it is sent.

Owns: `CostEstimate`, and the arithmetic of price lists. Unknown is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coratrix.backend.errors import BudgetExceededError


@dataclass(frozen=True, kw_only=True)
class CostEstimate:
    """An amount of money with what it rests on.

    Attributes:
        amount: in ``currency``; None where part of the price is not known before the run.
        basis: the sum in words, e.g. ``"1 task x 0.3 + 1000 shots x 0.0009"``.
        is_lower_bound: more may come on top, e.g. time on the device.
    """

    amount: float | None
    currency: str | None = None
    basis: str = ""
    is_lower_bound: bool = False


FREE = CostEstimate(amount=0.0, basis="runs on this machine")
UNKNOWN_COST = CostEstimate(amount=None, basis="no price is known")


def estimate(price: Mapping[str, Any] | None, *, shots: int, tasks: int) -> CostEstimate:
    """The cost of ``tasks`` tasks of ``shots`` shots each by a price list of `BackendCapabilities`."""
    if price is None:
        return UNKNOWN_COST
    per_task, per_shot = price.get("per_task", 0.0), price.get("per_shot", 0.0)
    timed = any(name in price for name in ("per_second", "per_minute", "per_hour"))
    if timed and not (per_task or per_shot):
        return CostEstimate(amount=None, currency=price.get("currency"), basis="priced by time on the device")
    return CostEstimate(
        amount=tasks * (per_task + shots * per_shot),
        currency=price.get("currency"),
        basis=f"{tasks} tasks x ({per_task} + {shots} shots x {per_shot})",
        is_lower_bound=timed,
    )


def check_limit(estimated: CostEstimate, max_cost: float | None, backend: str) -> None:
    """Raise `BudgetExceededError` unless the cost is known and within ``max_cost``."""
    if max_cost is None:
        return
    if estimated.amount is None or estimated.is_lower_bound:
        raise BudgetExceededError(
            f"{backend} cannot promise a cost under {max_cost:g}: {estimated.basis}",
            backend=backend,
            hint="Leave out `max_cost` to run anyway",
        )
    if estimated.amount > max_cost:
        raise BudgetExceededError(
            f"{backend} would cost {estimated.amount:g} {estimated.currency or ''} "
            f"({estimated.basis}), above max_cost={max_cost:g}",
            backend=backend,
            hint="Use fewer shots or another backend, or raise `max_cost`",
        )
