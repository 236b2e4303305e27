"""Statevectors of five kinds of circuit, from 4 to 26 qubits.

    python benchmarks/statevector.py                             # the default rows
    python benchmarks/statevector.py --rows "brick n=20" "qft n=16" --peers prism-q qsim:f3
    python benchmarks/statevector.py --large --rows n=24 n=26    # minutes
    python benchmarks/statevector.py --threads 2 --plot times.png

Up to 10 qubits the total is that of a short call of the public face: most of it is building the circuit.
"""

from __future__ import annotations

import report
from duel import Goal, Row
from problems import Problem
from statevector_workloads import WORKLOADS

# Where a row has none, the goal is to be no slower than any peer.
_GOALS = {
    ("qft", 20, "single"): Goal(ahead=0.4, near=0.08),
    ("qft", 20, "double"): Goal(ahead=0.6, near=0.15),
    ("brick", 20, "single"): Goal(ahead=0.6, near=0.35),
    ("brick", 20, "double"): Goal(ahead=0.6, near=0.27),
    ("qv", 20, "single"): Goal(ahead=0.9, near=0.5),
    ("qv", 20, "double"): Goal(ahead=0.7, near=0.35),
    ("qaoa", 20, "single"): Goal(ahead=0.5, near=0.2),
    ("qaoa", 20, "double"): Goal(ahead=0.5, near=0.2),
    ("vqe", 20, "single"): Goal(ahead=0.6, near=0.35),
    ("vqe", 20, "double"): Goal(ahead=0.5, near=0.25),
    ("brick", 24, "single"): Goal(ahead=0.5, near=0.3),
    ("brick", 24, "double"): Goal(ahead=0.4, near=0.18),
    ("qv", 24, "single"): Goal(ahead=0.6, near=0.25),
    **{
        ("brick", n, precision): Goal(ahead=0.7, near=0.3)
        for n in (4, 10)
        for precision in ("single", "double")
    },
}
_FAST_PEERS = ("prism-q", "qsim:f2", "qsim:f3", "qsim:f4", "qulacs:b2")


def _row(workload: str, n: int, precision: str) -> Row:
    return Row(
        name=f"{workload} n={n}",
        problem=lambda: Problem(task="state", n=n, gates=WORKLOADS[workload](n)),
        precision=precision,
        goal=_GOALS.get((workload, n, precision), Goal()),
        peers=_FAST_PEERS if n >= 24 else (),
        is_large=n >= 24,
    )


ROWS = [
    *[_row(w, n, p) for w in WORKLOADS for n in (4, 10, 16, 20, 24) for p in ("single", "double")],
    _row("brick", 26, "single"),
]

if __name__ == "__main__":
    report.main(__doc__, ROWS)
