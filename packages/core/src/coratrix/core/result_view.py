"""How a result looks: the bar chart and the notebook table.

Owns: drawing. Knows nothing of: how counts come about. matplotlib is imported on the first plot only.
"""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from coratrix.core.result import ExecutionResult

MOST_ROWS = 32


def counts_plot(result: ExecutionResult, *, ax: Axes | None, most: int) -> Axes:
    """Bars of probability with one-standard-error whiskers, in the order of the keys."""
    ax = ax if ax is not None else _new_axes()
    probabilities, errors = result.probabilities(), result.standard_error
    shown = sorted(_most_frequent(result, most))
    ax.bar(shown, [probabilities[key] for key in shown], yerr=[errors[key] for key in shown], capsize=3)
    ax.set_ylabel("probability")
    ax.set_xlabel("outcome (qubit 0 leftmost)")
    ax.tick_params(axis="x", rotation=90 if len(shown) > 8 else 0)
    if left_out := len(result.counts) - len(shown):
        ax.set_title(f"{left_out} rarer outcomes are not shown")
    return ax


def counts_html(result: ExecutionResult) -> str:
    """A notebook table: the outcomes, most frequent first, or the reason of the failure."""
    head = f"<b>{escape(result.backend or 'result')}</b>"
    if not result.success:
        return f"<div>{head}: failed, {escape(result.error or 'no reason given')}</div>"
    probabilities, errors = result.probabilities(), result.standard_error
    rows = "".join(
        f"<tr><td><code>{key}</code></td><td>{result.counts[key]}</td>"
        f"<td>{probabilities[key]:.4f} ± {errors[key]:.4f}</td>"
        f"<td><meter min='0' max='1' value='{probabilities[key]:.6f}'></meter></td></tr>"
        for key in _most_frequent(result, MOST_ROWS)
    )
    left_out = len(result.counts) - MOST_ROWS
    more = f"<div>{left_out} rarer outcomes are not shown</div>" if left_out > 0 else ""
    columns = "<tr><th>outcome</th><th>count</th><th>probability</th><th></th></tr>"
    return f"<div>{head}: {sum(result.counts.values())} shots</div><table>{columns}{rows}</table>{more}"


def _most_frequent(result: ExecutionResult, most: int) -> list[str]:
    return sorted(result.counts, key=lambda key: (-result.counts[key], key))[:most]


def _new_axes() -> Axes:
    try:
        import matplotlib.pyplot as plt
    except ImportError as exc:
        raise ImportError("plots need matplotlib: pip install 'coratrix-core[plot]'") from exc
    return plt.subplots()[1]
