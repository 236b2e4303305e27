"""How far a batch has come, told to a function or shown as a bar.

Owns: `Progress`, `reporting`. Knows nothing of: what is in progress.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[int, int], None]  # told how many are done, of how many


@contextmanager
def reporting(progress: Progress | bool | None, total: int) -> Iterator[Callable[[int], None]]:
    """A function to tell how many are done.

    Args:
        progress: True shows a bar on standard error, or in the notebook; a function is called with
            ``(done, total)``; None and False show nothing.
    """
    if progress is True:
        with _bar(total) as tell:
            yield tell
    elif progress:
        yield lambda done: progress(done, total)
    else:
        yield lambda done: None


@contextmanager
def _bar(total: int) -> Iterator[Callable[[int], None]]:
    try:
        from rich import progress as rich_progress
        from rich.console import Console
    except ImportError:
        with _line(total) as tell:
            yield tell
        return
    columns = (
        *rich_progress.Progress.get_default_columns(),
        rich_progress.MofNCompleteColumn(),
    )
    with rich_progress.Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("circuits", total=total)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def _line(total: int) -> Iterator[Callable[[int], None]]:
    """The same without rich: one line that is written over."""

    def tell(done: int) -> None:
        sys.stderr.write(f"\r{done} of {total} circuits")
        sys.stderr.flush()

    try:
        yield tell
    finally:
        sys.stderr.write("\n")
