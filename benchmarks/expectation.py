"""The expectation value of a sum of 50 random Pauli strings after a variational circuit.

python benchmarks/expectation.py
"""

from __future__ import annotations

import report
from duel import Goal, Row
from problems import Problem
from statevector_workloads import pauli_strings, vqe

_GOALS = {(20, "single"): Goal(ahead=0.6, near=0.2), (20, "double"): Goal(ahead=0.4, near=0.12)}


def _row(n: int, precision: str) -> Row:
    return Row(
        name=f"vqe n={n}, 50 strings",
        problem=lambda: Problem(task="expectation", n=n, gates=vqe(n), paulis=tuple(pauli_strings(n))),
        precision=precision,
        goal=_GOALS.get((n, precision), Goal()),
    )


ROWS = [_row(n, p) for n in (12, 20) for p in ("single", "double")]

if __name__ == "__main__":
    report.main(__doc__, ROWS)
