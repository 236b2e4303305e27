"""Circuits that measure on their way: teleportation with feed-forward, and repeated rounds of measurement.

python benchmarks/dynamic.py
"""

from __future__ import annotations

import report
from duel import Goal, Row
from problems import Problem
from statevector_workloads import repeat, teleport


def _teleport(precision: str) -> Row:
    return Row(
        name="teleport, 10k shots",
        problem=lambda: Problem(task="counts", n=3, gates=teleport(), clbits=3, shots=10_000),
        precision=precision,
        goal=Goal(ahead=1.0, near=0.5),
        any_precision=True,
    )


def _repeat(precision: str) -> Row:
    return Row(
        name="repeat n=10, 5 rounds, 1k shots",
        problem=lambda: Problem(task="counts", n=10, gates=repeat(10), clbits=50, shots=1000),
        precision=precision,
        goal=Goal(ahead=0.7, near=0.4),
        any_precision=True,
        peers=("coratrix:arrays", "prism-q:auto", "qsim:f3", "aer", "qulacs:b0"),  # others take minutes
    )


ROWS = [make(p) for make in (_teleport, _repeat) for p in ("single", "double")]

if __name__ == "__main__":
    report.main(__doc__, ROWS)
