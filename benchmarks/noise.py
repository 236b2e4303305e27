"""Noisy simulations beside one another: the same circuits, one thread, peers taking turns in one run.

    python benchmarks/noise.py                    # the rows of the page, a table on standard output
    python benchmarks/noise.py --grid             # every width, error rate and number of shots
    python benchmarks/noise.py --rows exact-10 "damping-16 1e-3 1k" --repeats 5
    python benchmarks/noise.py --memory           # peaks of memory of our own runs

CPU seconds of the process, medians; "total" starts from the neutral gate list, "run" from the simulator's own
circuit. Checked before anything is timed: exact answers agree entry by entry, samples qubit by qubit within five
standard errors of the difference. A peer that disagrees is reported and not timed. What would take more than half a
minute a run by a rough estimate is left out unless --all is given, and the table says so.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402
from noise_peers import PEERS, Noise  # noqa: E402
from statevector_workloads import GateList, brick  # noqa: E402


def clifford(n: int, depth: int, seed: int = 7) -> GateList:
    """Layers of random H, S and X, and CX or CZ on neighbouring pairs, shifted by one every other layer."""
    rng = np.random.default_rng(seed)
    out: GateList = []
    for layer in range(depth):
        out += [(str(rng.choice(["h", "s", "x"])), (q,), ()) for q in range(n)]
        out += [(str(rng.choice(["cx", "cz"])), (q, q + 1), ()) for q in range(layer % 2, n - 1, 2)]
    return out


@dataclass(frozen=True, kw_only=True)
class Row:
    method: str
    n: int
    depth: int
    noise: Noise
    shots: int = 0

    @property
    def gates(self) -> GateList:
        return clifford(self.n, self.depth) if self.method == "clifford" else brick(self.n, self.depth)


LONGEST_S = 30.0
# Milliseconds at n = 16: of one shot, of one whose history is its own, of one with damping; measured once, roughly.
SHOT_MS = {
    "coratrix": (0.0, 1.5, 4.0),
    "coratrix-c64": (0.0, 1.0, 2.0),
    "prism-q": (0.0, 5.0, 70.0),
    "qsim-c64": (3.0, 0.0, 3.5),
    "aer": (80.0, 0.0, 200.0),
    "qulacs": (0.0, 10.0, 100.0),
}
EXACT_S = {"coratrix": 0.3, "prism-q": 2.6, "aer": 30.0, "qulacs": 300.0}  # at n = 12


def estimated_s(peer: str, row: Row) -> float:
    """What one run will about take."""
    if row.method == "clifford":
        return 100.0 if peer == "aer" else 0.1
    if row.method == "exact":
        return EXACT_S.get(peer, 0.0) * 4.0 ** (row.n - 12)
    every, own, damped = SHOT_MS[peer]
    sites = sum(len(qubits) for _, qubits, _ in row.gates)
    with_events = 1 - np.exp(-sites * (row.noise[0] + row.noise[1]))
    per_shot = (
        damped * (1 if every or peer == "prism-q" else with_events)
        if row.noise[1]
        else every + own * with_events
    )
    return float(row.shots * per_shot * 1e-3 * 2.0 ** (row.n - 16))


def _sampled(n: int, noise: Noise, shots: int) -> Row:
    return Row(method="trajectories", n=n, depth=10, noise=noise, shots=shots)


SHOTS = {"100": 100, "1k": 1000, "10k": 10_000, "100k": 100_000}
GRID = {
    **{f"exact-{n}": Row(method="exact", n=n, depth=5, noise=(0.01, 0.01)) for n in range(6, 13)},
    **{
        f"{kind}-{n} {rate} {many}": _sampled(
            n, (float(rate), float(rate) if kind == "damping" else 0), shots
        )
        for kind in ("pauli", "damping")
        for n in (12, 14, 16, 18, 20)
        for rate in ("1e-2", "1e-3", "1e-4")
        for many, shots in SHOTS.items()
    },
    "clifford-100": Row(method="clifford", n=100, depth=10, noise=(1e-3, 0), shots=10_000),
    "clifford-1000": Row(method="clifford", n=1000, depth=10, noise=(1e-3, 0), shots=1000),
}
PAGE = (
    *(f"exact-{n}" for n in (6, 8, 10, 12)),
    "pauli-12 1e-2 1k",
    "pauli-12 1e-3 100k",
    "pauli-16 1e-2 100",
    "pauli-16 1e-3 1k",
    "pauli-16 1e-4 1k",
    "pauli-20 1e-3 100",
    "damping-12 1e-3 1k",
    "damping-16 1e-3 1k",
    "damping-20 1e-3 100",
    "clifford-100",
    "clifford-1000",
)


def cpu() -> float:
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def marginals(counts: dict[str, int], n: int) -> np.ndarray:
    """How often each qubit reads 1."""
    total = sum(counts.values())
    keys = np.array([[c == "1" for c in key] for key in counts])
    return np.asarray(np.array(list(counts.values())) @ keys / total)


def complaint(row: Row, ours: Any, theirs: Any) -> str:
    """Why the two cannot both be right; empty if they can."""
    if row.method == "exact":
        gap = float(np.max(np.abs(np.asarray(ours) - np.asarray(theirs))))
        return f"differs by {gap:.1e}" if gap > 1e-10 else ""
    a, b = marginals(ours, row.n), marginals(theirs, row.n)
    mean = (a + b) / 2
    sigma = np.sqrt(2 * mean * (1 - mean) / row.shots + 1e-12)
    worst = float(np.max(np.abs(a - b) / sigma))
    return f"a qubit is {worst:.1f} standard errors away" if worst > 5 else ""


def prepare(row: Row, names: list[str], everything: bool) -> tuple[dict[str, Any], list[str]]:
    """The peers that serve this row and agree with ours; and a word on each that was left out."""
    ready: dict[str, Any] = {}
    left_out: list[str] = []
    wanted = None
    for name in names:
        if row.method not in PEERS[name].methods:
            continue
        if (seconds := estimated_s(name, row)) > LONGEST_S and not everything:
            left_out.append(f"{name} left out, about {seconds:.0f} s")
            continue
        try:
            peer = PEERS[name]()
            found = peer.run(row.method, peer.build(row.method, row.gates, row.n, row.noise), row.shots)
        except (ImportError, NotImplementedError) as exc:
            left_out.append(f"{name}: {exc}")
            continue
        wanted = found if wanted is None else wanted
        if words := complaint(row, wanted, found):
            left_out.append(f"{name}: {words}, not timed")
            continue
        ready[name] = peer
    return ready, left_out


def measure(row: Row, peers: dict[str, Any], repeats: int) -> dict[str, tuple[float, float]]:
    """(total, run) in CPU seconds; peers take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            start = cpu()
            built = peer.build(row.method, row.gates, row.n, row.noise)
            middle = cpu()
            peer.run(row.method, built, row.shots)
            end = cpu()
            times[name].append((end - start, end - middle))
    return {name: tuple(map(statistics.median, zip(*pairs, strict=True))) for name, pairs in times.items()}  # type: ignore[misc]


def line(name: str, row: Row, times: dict[str, tuple[float, float]], left_out: list[str]) -> str:
    ours = times.get("coratrix", (float("nan"), float("nan")))
    others = {peer: pair for peer, pair in times.items() if not peer.startswith("coratrix")}
    fastest = min(others, key=lambda peer: others[peer][1], default="")
    cells = [name, f"p={row.noise[0]:g} γ={row.noise[1]:g}", str(row.shots or "exact")]
    cells.append(f"{ours[0] * 1e3:.3g} / {ours[1] * 1e3:.3g}")
    if single := times.get("coratrix-c64"):
        cells[-1] += f" (c64 {single[0] * 1e3:.3g} / {single[1] * 1e3:.3g})"
    best = others.get(fastest, (float("nan"), float("nan")))
    cells += [f"{fastest} {best[0] * 1e3:.3g} / {best[1] * 1e3:.3g}" if fastest else "-"]
    cells += [f"{ours[0] / best[0]:.2f} / {ours[1] / best[1]:.2f}"]
    cells.append(", ".join([f"{peer} {pair[1] * 1e3:.3g}" for peer, pair in others.items()] + left_out))
    return "| " + " | ".join(cells) + " |"


def peak(method: str, n: int) -> None:
    """Print the growth of this process's peak over one run of ours, in bytes and in states."""
    ours = PEERS["coratrix"]()
    ours.run(method, ours.build(method, brick(4, 2), 4, (1e-3, 1e-3)), 10)
    built = ours.build(method, brick(n, 10), n, (1e-3, 1e-3))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours.run(method, built, 200)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    state = 8 << 2 * n if method == "exact" else 16 << n
    print(
        f"| {method} n={n} | {state / 2**20:.0f} MiB | {grown / 2**20:.0f} MiB | {grown / state:.2f} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", default=list(PAGE), choices=list(GRID), metavar="ROW")
    parser.add_argument("--grid", action="store_true", help="every row there is, hours of them")
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="also what takes minutes a run")
    parser.add_argument("--memory", action="store_true", help="peaks of memory instead of times")
    parser.add_argument("--peak", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.peak:
        return peak(given.peak[0], int(given.peak[1]))
    if given.memory:
        print("| run | one state | peak above the start | in states |\n|---|---|---|---|", flush=True)
        for method, n in (("exact", 12), ("exact", 13), ("trajectories", 16), ("trajectories", 20)):
            subprocess.run([sys.executable, __file__, "--peak", method, str(n)], check=True)
        return None
    print("| row | noise | shots | ours, total / run, ms | fastest peer | ratio | runs, ms |", flush=True)
    print("|---|---|---|---|---|---|---|", flush=True)
    names = ["coratrix", *[name for name in given.peers if name != "coratrix"]]
    for name in GRID if given.grid else given.rows:
        row = GRID[name]
        peers, left_out = prepare(row, names, given.all)
        print(line(name, row, measure(row, peers, given.repeats), left_out), flush=True)
    return None


if __name__ == "__main__":
    main()
