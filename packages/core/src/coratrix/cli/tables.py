"""Tables and histograms as text, by rich.

Owns: how results look on a terminal. Knows nothing of: where they come from.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from coratrix.core.result import ExecutionResult

BAR_WIDTH = 40
MOST_ROWS = 32

out = Console(highlight=False, markup=False)  # "[aws]" is a part of a name, not a colour
err = Console(highlight=False, markup=False, stderr=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> None:
    """Print rows under headings; ids stay on one line, so that they can be copied."""
    listed = list(rows)
    drawn = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left")
    for place, heading in enumerate(headings):
        whole = max((len(str(row[place])) for row in listed), default=0) if heading == "id" else None
        drawn.add_column(heading, overflow="fold", min_width=whole)  # a command cut short is of no use
    for row in listed:
        drawn.add_row(*("unknown" if cell is None else str(cell) for cell in row))
    out.print(drawn)


def counts(result: ExecutionResult) -> None:
    """Print counts as a table with a bar for each key, most frequent first."""
    total = sum(result.counts.values())
    ordered = sorted(result.counts.items(), key=lambda item: (-item[1], item[0]))
    largest = ordered[0][1] if ordered else 1
    drawn = Table("outcome", "counts", "probability", "", box=box.SIMPLE_HEAD)
    for key, count in ordered[:MOST_ROWS]:
        drawn.add_row(
            key, str(count), f"{count / total:.4f}", "█" * max(1, round(BAR_WIDTH * count / largest))
        )
    out.print(drawn)
    if len(ordered) > MOST_ROWS:
        out.print(f"and {len(ordered) - MOST_ROWS} outcomes more (--json lists all)")


def facts(pairs: Mapping[str, object]) -> None:
    """Print names and values, one a line."""
    drawn = Table(show_header=False, box=None, pad_edge=False)
    for name, value in pairs.items():
        drawn.add_row(name, "unknown" if value is None else str(value))
    out.print(drawn)
