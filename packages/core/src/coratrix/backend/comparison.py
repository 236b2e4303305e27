"""One circuit on several backends, side by side.

Owns: `Comparison`, its rows, and their table, plot and notebook view. A backend that fails is a row
like any other.
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from coratrix.backend.batch import Admission
from coratrix.backend.cost import CostEstimate
from coratrix.backend.errors import BackendError
from coratrix.backend.interface import BackendInterface, failed_result
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.distances import Distance, distance
from coratrix.core.result import ExecutionResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADINGS = ("backend", "outcome", "total variation", "Hellinger", "time", "cost")


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """One backend's result; distances are to the reference and None where either side has no counts."""

    name: str
    result: ExecutionResult
    total_variation: Distance | None = None
    hellinger: Distance | None = None
    cost: CostEstimate | None = None

    def cells(self) -> tuple[str, ...]:
        """The row as text, under `HEADINGS`."""
        outcome = "ok" if self.result.success else f"failed: {self.result.error}"
        time = self.result.execution_time
        return (
            self.name,
            outcome,
            _distance_cell(self.total_variation),
            _distance_cell(self.hellinger),
            "unknown" if time is None else f"{time:.3g} s",
            _cost_cell(self.cost),
        )


@dataclass(frozen=True, kw_only=True)
class Comparison(Mapping[str, ExecutionResult]):
    """Results by name of backend, with distances to the reference's counts."""

    rows: tuple[ComparisonRow, ...]
    reference: str | None
    shots: int

    def __getitem__(self, name: str) -> ExecutionResult:
        for row in self.rows:
            if row.name == name:
                return row.result
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (row.name for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Results, distances and costs as JSON data, by name of backend."""
        return {
            row.name: {
                "result": row.result.to_dict(),
                "total_variation": None if row.total_variation is None else asdict(row.total_variation),
                "hellinger": None if row.hellinger is None else asdict(row.hellinger),
                "cost": None if row.cost is None else asdict(row.cost),
            }
            for row in self.rows
        }

    def __str__(self) -> str:
        table = [HEADINGS, *(row.cells() for row in self.rows)]
        widths = [max(len(line[column]) for line in table) for column in range(len(HEADINGS))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in table
        ]
        lines.append(f"distances to {self.reference}, {self.shots} shots each" if self.reference else "")
        return "\n".join(line.rstrip() for line in lines).rstrip()

    def _repr_html_(self) -> str:
        def line(cells: tuple[str, ...], tag: str) -> str:
            return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>"

        body = "".join(line(row.cells(), "td") for row in self.rows)
        return f"<table><thead>{line(HEADINGS, 'th')}</thead><tbody>{body}</tbody></table>"

    def plot(self, *, ax: Axes | None = None) -> Axes:
        """Grouped bars of the probabilities of all backends that succeeded; needs matplotlib."""
        try:
            from matplotlib import pyplot as plt
        except ImportError as exc:
            raise ImportError("plots need matplotlib: pip install 'coratrix-core[plot]'") from exc
        axes = ax or plt.subplots()[1]
        good = [row for row in self.rows if row.result.success]
        keys = sorted({key for row in good for key in row.result.counts})
        width = 0.8 / max(1, len(good))
        for place, row in enumerate(good):
            probabilities = row.result.probabilities()
            errors = row.result.standard_error
            axes.bar(
                [k + place * width for k in range(len(keys))],
                [probabilities.get(key, 0.0) for key in keys],
                width,
                yerr=[errors.get(key, 0.0) for key in keys],
                label=row.name,
            )
        axes.set_xticks([k + 0.4 - width / 2 for k in range(len(keys))], keys, rotation=90)
        axes.set_ylabel("probability")
        axes.legend()
        return axes


def compare(
    circuit: QuantumCircuit,
    shots: int,
    backends: Mapping[str, BackendInterface],
    *,
    reference: str | None,
    admitted: Admission,
    options: Mapping[str, Any],
) -> Comparison:
    """Run ``circuit`` on all of ``backends``; the reference is the one named, else the first with counts.

    Backends elsewhere run at the same time, those of this machine one after the other, since they would
    spoil each other's times. ``admitted`` may refuse a backend before anything is sent to it.
    """

    def run(name: str) -> tuple[ExecutionResult, CostEstimate | None]:
        return _run(name, backends[name], circuit, shots, admitted, options)

    here = {name for name, backend in backends.items() if _is_here(backend)}
    with ThreadPoolExecutor(max(1, len(backends) - len(here)), "coratrix-compare") as threads:
        elsewhere = {name: threads.submit(run, name) for name in backends if name not in here}
        ran = {name: run(name) for name in backends if name in here}
        ran |= {name: future.result() for name, future in elsewhere.items()}
    results = {name: ran[name][0] for name in backends}
    chosen = reference or next((name for name, result in results.items() if result.counts), None)
    base = results.get(chosen or "")
    rows = tuple(
        ComparisonRow(
            name=name,
            result=result,
            total_variation=_distance(result, base, "total_variation"),
            hellinger=_distance(result, base, "hellinger"),
            cost=ran[name][1],
        )
        for name, result in results.items()
    )
    return Comparison(rows=rows, reference=chosen, shots=shots)


def _is_here(backend: BackendInterface) -> bool:
    try:
        return backend.get_capabilities().is_local
    except BackendError:
        return False  # its run will say what is wrong


def _run(
    name: str,
    backend: BackendInterface,
    circuit: QuantumCircuit,
    shots: int,
    admitted: Admission,
    options: Mapping[str, Any],
) -> tuple[ExecutionResult, CostEstimate | None]:
    try:
        cost = backend.estimate_cost([circuit], shots)
        with admitted(name, backend, [circuit], shots):
            return backend.execute(circuit, shots, **options), cost
    except BackendError as exc:
        return failed_result(exc, backend.name), None


def _distance(result: ExecutionResult, base: ExecutionResult | None, metric: str) -> Distance | None:
    if base is None or not base.counts or not result.counts:
        return None
    return distance(result.counts, base.counts, metric=metric)


def _distance_cell(d: Distance | None) -> str:
    if d is None:
        return "-"
    return f"{d.value:.4f} ± {d.standard_error:.4f} (chance {d.expected_by_chance:.4f})"


def _cost_cell(cost: CostEstimate | None) -> str:
    if cost is None:
        return "-"
    if cost.amount == 0.0:
        return "free"
    return "unknown" if cost.amount is None else f"{cost.amount:g} {cost.currency or ''}".strip()
