"""A thousand different circuits of 4 qubits, 1,000 shots of each.

python benchmarks/batch.py

Counts are left as each simulator hands them over; `small_circuits.py --rows batch` reads those of all.
"""

from __future__ import annotations

import report
from duel import Goal, Row
from problems import Problem
from statevector_workloads import brick


def _problem() -> Problem:
    circuits = tuple(brick(4, 5, seed) for seed in range(1000))
    return Problem(task="batch", n=4, circuits=circuits, shots=1000)


ROWS = [
    Row(
        name="1000 circuits n=4, 1000 shots",
        problem=_problem,
        precision=precision,
        goal=Goal(ahead=0.7, near=0.3),
        any_precision=True,
    )
    for precision in ("single", "double")
]

if __name__ == "__main__":
    report.main(__doc__, ROWS)
