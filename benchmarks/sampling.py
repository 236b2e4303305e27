"""Readings of a random circuit and of a GHZ state on 20 qubits.

    python benchmarks/sampling.py
    python benchmarks/sampling.py --rows brick --peers prism-q qulacs:b2

Each peer gives readings in its own form: counted, a list of integers, rows of bits. Ours and PRISM-Q's are counted,
and become text when somebody reads them, which is not timed for either; `coratrix:arrays` are ours as arrays.
`small_circuits.py` reads the counts of all.
"""

from __future__ import annotations

import report
from duel import Goal, Row
from problems import Problem
from statevector_workloads import brick, ghz

_BRICK_GOALS = {"single": Goal(ahead=0.3, near=0.12), "double": Goal(ahead=0.6, near=0.35)}
_GHZ_GOAL = Goal(ahead=1.0, near=0.5)
_LISTS = ("coratrix:arrays", "prism-q", "prism-q:auto", "qsim:f3", "scaluq:b2", "qulacs:b2")


def _brick(precision: str) -> Row:
    return Row(
        name="brick n=20 depth 5, 1M shots",
        problem=lambda: Problem(task="counts", n=20, gates=brick(20, 5), shots=1_000_000),
        precision=precision,
        goal=_BRICK_GOALS[precision],
        peers=_LISTS,  # the others take 5 to 15 seconds
    )


def _ghz(shots: int, precision: str) -> Row:
    return Row(
        name=f"GHZ n=20, {shots} shots",
        problem=lambda: Problem(task="counts", n=20, gates=ghz(20), shots=shots),
        precision=precision,
        goal=_GHZ_GOAL,
        any_precision=True,
        peers=_LISTS if shots > 1000 else (),
    )


ROWS = [
    *[_brick(p) for p in ("single", "double")],
    *[_ghz(shots, p) for shots in (1000, 1_000_000) for p in ("single", "double")],
]

if __name__ == "__main__":
    report.main(__doc__, ROWS)
