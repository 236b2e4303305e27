"""Noisy simulations beside one another: the same circuits, one thread, peers taking turns in one run.

    python benchmarks/noise.py                    # every row, a table on standard output
    python benchmarks/noise.py --rows exact-10 damping-16 --repeats 5
    python benchmarks/noise.py --memory           # peaks of memory of our own runs

CPU seconds of the process, medians; "total" starts from the neutral gate list, "run" from the simulator's own
circuit. Checked before anything is timed: exact answers agree entry by entry, samples qubit by qubit within five
standard errors of the difference. A peer that disagrees is reported and not timed. Rows name peers that would take
minutes, and leave them out unless --all is given.
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
    slow: tuple[str, ...] = ()

    @property
    def gates(self) -> GateList:
        return clifford(self.n, self.depth) if self.method == "clifford" else brick(self.n, self.depth)


def _exact(n: int) -> Row:
    return Row(
        method="exact",
        n=n,
        depth=5,
        noise=(0.01, 0.01),
        slow=("qulacs", "aer") if n > 10 else ("qulacs",) if n > 8 else (),
    )


def _sampled(n: int, noise: Noise, shots: int, *slow: str) -> Row:
    return Row(method="trajectories", n=n, depth=10, noise=noise, shots=shots, slow=slow)


ROWS = {
    **{f"exact-{n}": _exact(n) for n in (6, 8, 10, 12)},
    "pauli-12 1e-2": _sampled(12, (1e-2, 0), 1000, "aer"),
    "pauli-12 1e-3 100k": _sampled(12, (1e-3, 0), 100_000, "aer", "qsim-c64", "qulacs"),
    "pauli-16 1e-2": _sampled(16, (1e-2, 0), 100, "aer"),
    "pauli-16 1e-3": _sampled(16, (1e-3, 0), 1000, "aer"),
    "pauli-16 1e-4": _sampled(16, (1e-4, 0), 1000, "aer"),
    "pauli-20 1e-3": _sampled(20, (1e-3, 0), 100, "aer", "qulacs"),
    "damping-12 1e-3": _sampled(12, (1e-3, 1e-3), 1000, "aer", "prism-q"),
    "damping-16 1e-3": _sampled(16, (1e-3, 1e-3), 1000, "aer", "prism-q"),
    "damping-20 1e-3": _sampled(20, (1e-3, 1e-3), 100, "aer", "prism-q"),
    "clifford-100": Row(method="clifford", n=100, depth=10, noise=(1e-3, 0), shots=10_000, slow=("aer",)),
    "clifford-1000": Row(method="clifford", n=1000, depth=10, noise=(1e-3, 0), shots=1000, slow=("aer",)),
}


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


def prepare(row: Row, names: list[str], everything: bool) -> dict[str, Any]:
    """The peers that serve this row and agree with ours."""
    ready: dict[str, Any] = {}
    wanted = None
    for name in names:
        if row.method not in PEERS[name].methods or (name in row.slow and not everything):
            continue
        try:
            peer = PEERS[name]()
            found = peer.run(row.method, peer.build(row.method, row.gates, row.n, row.noise), row.shots)
        except (ImportError, NotImplementedError) as exc:
            print(f"  {name}: {exc}", flush=True)
            continue
        wanted = found if wanted is None else wanted
        if words := complaint(row, wanted, found):
            print(f"  {name}: {words}: not timed", flush=True)
            continue
        ready[name] = peer
    return ready


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


def line(name: str, row: Row, times: dict[str, tuple[float, float]]) -> str:
    ours = times["coratrix"]
    others = {peer: pair for peer, pair in times.items() if not peer.startswith("coratrix")}
    fastest = min(others, key=lambda peer: others[peer][1], default="")
    cells = [name, f"p={row.noise[0]:g} γ={row.noise[1]:g}", str(row.shots or "exact")]
    cells.append(f"{ours[0] * 1e3:.3g} / {ours[1] * 1e3:.3g}")
    if single := times.get("coratrix-c64"):
        cells[-1] += f" (c64 {single[0] * 1e3:.3g} / {single[1] * 1e3:.3g})"
    best = others.get(fastest, (float("nan"), float("nan")))
    cells += [f"{fastest} {best[0] * 1e3:.3g} / {best[1] * 1e3:.3g}" if fastest else "-"]
    cells += [f"{ours[0] / best[0]:.2f} / {ours[1] / best[1]:.2f}"]
    cells.append(", ".join(f"{peer} {pair[1] * 1e3:.3g}" for peer, pair in others.items()))
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
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--all", action="store_true", help="also peers that take minutes")
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
    for name in given.rows:
        row = ROWS[name]
        peers = prepare(row, names, given.all)
        print(line(name, row, measure(row, peers, given.repeats)), flush=True)
    return None


if __name__ == "__main__":
    main()
