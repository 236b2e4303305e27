"""Which backend suits a circuit, and why.

Owns: `Policy`, `Candidate`, `Criterion`, `Selection`. Unknown figures rank behind known ones and
are named as unknown; nothing is invented. Costs in different currencies are not compared: nobody here knows
what one is worth in another.

Each policy orders by a few figures in turn, so a rank can be checked by reading them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Any

from coratrix.backend.cost import FREE, CostEstimate
from coratrix.backend.errors import BackendError, BackendUnavailableError, ConfigurationError
from coratrix.backend.interface import BackendInterface
from coratrix.backend.status import BackendStatus
from coratrix.core.circuit import QuantumCircuit

if TYPE_CHECKING:
    from coratrix.core.calibration import DeviceCalibration

UNUSABLE = frozenset({BackendStatus.OFFLINE, BackendStatus.RETIRED, BackendStatus.UNAUTHORIZED})


class Policy(StrEnum):
    """What to prefer."""

    BALANCED = "balanced"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    BEST_FIDELITY = "best_fidelity"
    LEAST_BUSY = "least_busy"

    @classmethod
    def parse(cls, value: Policy | str) -> Policy:
        try:
            return cls(value)
        except ValueError:
            allowed = ", ".join(policy.value for policy in cls)
            raise ConfigurationError(f"no policy {value!r}; policies: {allowed}") from None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """One backend with what is known of it for this circuit; None is unknown.

    Attributes:
        refused: why it cannot be used; empty when it can.
        wait_s: seconds until the job would start.
        fidelity: expected probability that no gate and no read-out errs, from calibration; 1 for a
            noiseless simulator.
    """

    name: str
    refused: tuple[str, ...] = ()
    status: BackendStatus = BackendStatus.UNKNOWN
    cost: CostEstimate = FREE
    queue_length: int | None = None
    queue_is_lower_bound: bool = False
    wait_s: float | None = None
    fidelity: float | None = None
    is_local: bool = False

    def explain(self) -> str:
        """One line: the figures, or the reasons for refusal."""
        if self.refused:
            return f"{self.name}: refused: {'; '.join(self.refused)}"
        shown = (COST, QUEUE, WAIT, FIDELITY)
        return ", ".join([f"{self.name}: {self.status}", *(f"{c.name} {c.show(self)}" for c in shown)])


@dataclass(frozen=True)
class Criterion:
    """One figure that candidates are ordered by, the smaller key first, unknown last."""

    name: str
    key: Callable[[Candidate], tuple[bool, float]]
    show: Callable[[Candidate], str]


def _known(value: float | None, text: str) -> str:
    return "unknown" if value is None else text


def _unknown_last(value: float | None) -> tuple[bool, float]:
    return (value is None, value or 0.0)


ONLINE = Criterion("status", lambda c: (c.status is not BackendStatus.ONLINE, 0.0), lambda c: str(c.status))
COST = Criterion(
    "cost",
    lambda c: _unknown_last(c.cost.amount),
    lambda c: _known(c.cost.amount, f"{c.cost.amount or 0.0:g} {c.cost.currency or ''}".strip()),
)
FREE_FIRST = Criterion(  # a total order even where amounts cannot be compared
    "cost", lambda c: _unknown_last(None if c.cost.amount is None else float(c.cost.amount > 0.0)), COST.show
)
QUEUE = Criterion(
    "queue",
    lambda c: _unknown_last(c.queue_length),
    lambda c: _known(c.queue_length, f"{'at least ' if c.queue_is_lower_bound else ''}{c.queue_length}"),
)
WAIT = Criterion(
    "wait", lambda c: _unknown_last(c.wait_s), lambda c: _known(c.wait_s, f"{c.wait_s or 0.0:g} s")
)
FIDELITY = Criterion(
    "fidelity",
    lambda c: _unknown_last(None if c.fidelity is None else -c.fidelity),
    lambda c: _known(c.fidelity, f"{c.fidelity or 0.0:.4f}"),
)

ORDER: dict[Policy, tuple[Criterion, ...]] = {
    Policy.CHEAPEST: (COST, FIDELITY, WAIT, QUEUE),
    Policy.FASTEST: (WAIT, QUEUE, COST),
    Policy.LEAST_BUSY: (QUEUE, WAIT, COST),
    Policy.BEST_FIDELITY: (FIDELITY, COST, WAIT, QUEUE),
    Policy.BALANCED: (ONLINE, FIDELITY, COST, WAIT, QUEUE),
}


@dataclass(frozen=True, kw_only=True)
class Selection:
    """All candidates, best first, the refused ones last."""

    policy: Policy
    candidates: tuple[Candidate, ...] = field(default=())

    def ranked(self) -> list[Candidate]:
        """Those that can be used, best first.

        Raises:
            BackendUnavailableError: none can; the message gives each one's reasons.
        """
        usable = [candidate for candidate in self.candidates if not candidate.refused]
        if not usable:
            listed = "\n".join(f"  - {candidate.explain()}" for candidate in self.candidates)
            raise BackendUnavailableError(f"no backend can run this circuit:\n{listed}", retryable=False)
        return usable

    @property
    def best(self) -> Candidate:
        """The first of `ranked`."""
        return self.ranked()[0]

    @property
    def currencies(self) -> tuple[str, ...]:
        """Of the candidates that can be used and cost something; where there are several, costs decide nothing
        among their backends."""
        usable = [candidate.cost for candidate in self.candidates if not candidate.refused]
        return _currencies(usable)

    def reasons(self) -> list[str]:
        """Why each candidate stands before the next one; empty for the last and for the refused."""
        usable = [candidate for candidate in self.candidates if not candidate.refused]
        ahead = [self._before(one, other) for one, other in pairwise(usable)]
        return [*ahead, *[""] * (len(self.candidates) - len(ahead))]

    def _before(self, one: Candidate, other: Candidate) -> str:
        for c in _criteria(self.policy, self.currencies):
            if c.key(one) != c.key(other):
                return f"before {other.name} by {c.name}: {c.show(one)} against {c.show(other)}"
        return f"level with {other.name}, and registered earlier"

    def explain(self) -> str:
        """Every candidate on a line, in order, with what put it before the next one."""
        criteria = ", then ".join(criterion.name for criterion in ORDER[self.policy])
        lines = [
            f"{rank}. {candidate.explain()}" + (f"; {reason}" if reason else "")
            for rank, (candidate, reason) in enumerate(zip(self.candidates, self.reasons(), strict=True), 1)
        ]
        return "\n".join([f"policy {self.policy.value}: by {criteria}", *self._caveats(), *lines])

    def _caveats(self) -> list[str]:
        if len(self.currencies) < 2:
            return []
        return [
            f"costs in {' and '.join(self.currencies)} cannot be compared: among them the other figures decide"
        ]

    def to_dict(self) -> dict[str, Any]:
        """The ranking as JSON data."""
        rows = [
            {**asdict(candidate), "status": str(candidate.status), "why": reason}
            for candidate, reason in zip(self.candidates, self.reasons(), strict=True)
        ]
        return {"policy": self.policy.value, "incomparable": self._caveats(), "candidates": rows}


def select(
    circuit: QuantumCircuit,
    shots: int,
    backends: Mapping[str, BackendInterface],
    *,
    policy: Policy | str = Policy.BALANCED,
    max_cost: float | None = None,
) -> Selection:
    """Rank ``backends`` for ``circuit`` by ``policy``."""
    chosen = Policy.parse(policy)
    candidates = [_examine(name, backend, circuit, shots, max_cost) for name, backend in backends.items()]
    criteria = _criteria(chosen, _currencies([c.cost for c in candidates if not c.refused]))
    ordered = sorted(candidates, key=lambda c: (bool(c.refused), [by.key(c) for by in criteria]))
    return Selection(policy=chosen, candidates=tuple(ordered))


def _currencies(costs: Iterable[CostEstimate]) -> tuple[str, ...]:
    return tuple(sorted({cost.currency or "no named currency" for cost in costs if cost.amount}))


def _criteria(policy: Policy, currencies: Sequence[str]) -> tuple[Criterion, ...]:
    """What ``policy`` orders by; with several currencies, free comes before priced, and priced is level."""
    by_cost = COST if len(currencies) < 2 else FREE_FIRST
    return tuple(by_cost if criterion is COST else criterion for criterion in ORDER[policy])


def expected_fidelity(circuit: QuantumCircuit, calibration: DeviceCalibration) -> float | None:
    """Product of (1 − error) over gates and measured qubits, with the device's median errors by arity.

    A first-order estimate for ranking: it knows neither the routing nor which qubits will be chosen.
    None when the calibration lacks an error that the circuit needs.
    """
    log_fidelity = 0.0
    for instruction in circuit.instructions:
        kind = getattr(instruction.operation, "name", "")
        if kind in ("barrier", "delay", "reset"):
            continue
        arity = len(instruction.qubits)
        error = _readout_error(calibration) if kind == "measure" else _gate_error(calibration, arity)
        if error is None:
            return None
        log_fidelity += math.log1p(-min(error, 1 - 1e-12))
    return math.exp(log_fidelity)


def _gate_error(calibration: DeviceCalibration, arity: int) -> float | None:
    """Median infidelity of the gates on ``arity`` qubits."""
    errors = [g.error for g in calibration.gates if len(g.qubits) == arity and g.error is not None]
    return median(errors) if errors else None


def _readout_error(calibration: DeviceCalibration) -> float | None:
    """Median over the qubits of the mean probability that a bit is misread."""
    errors = [(q.readout[0][1] + q.readout[1][0]) / 2 for q in calibration.qubits if q.readout is not None]
    return median(errors) if errors else None


def _examine(
    name: str, backend: BackendInterface, circuit: QuantumCircuit, shots: int, max_cost: float | None
) -> Candidate:
    """Ask a backend all that a ranking needs; what it cannot answer stays unknown."""
    try:
        report = backend.validate(circuit, shots)
        can = backend.get_capabilities()
        cost = backend.estimate_cost([circuit], shots)
    except BackendError as exc:
        return Candidate(name=name, refused=(str(exc),))
    status = backend.get_status()
    queue = backend.get_queue_info()
    refused = [*report.errors]
    if status in UNUSABLE:
        refused.append(f"status is {status}")
    if max_cost is not None and (cost.amount is None or cost.is_lower_bound or cost.amount > max_cost):
        refused.append(
            f"cost {'at least ' if cost.is_lower_bound else ''}"
            f"{'unknown' if cost.amount is None else cost.amount} against max_cost {max_cost:g}"
        )
    return Candidate(
        name=name,
        refused=tuple(refused),
        status=status,
        cost=cost,
        queue_length=queue.length,
        queue_is_lower_bound=queue.is_lower_bound,
        wait_s=queue.estimated_wait_time,
        fidelity=_fidelity(backend, circuit, can.is_local),
        is_local=can.is_local,
    )


def _fidelity(backend: BackendInterface, circuit: QuantumCircuit, is_local: bool) -> float | None:
    try:
        calibration = backend.get_calibration()
    except BackendError:
        return None
    if calibration is not None:
        return expected_fidelity(circuit.measured_whole(), calibration)
    return 1.0 if is_local else None
