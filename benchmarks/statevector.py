"""Statevector simulators beside one another: the same circuits, one thread, alternating in one run.

    python benchmarks/statevector.py                       # the default rows, a table on standard output
    python benchmarks/statevector.py --qubits 16 20 --workloads brick qft --peers coratrix prism-q

CPU seconds of the process (user + system), medians over the repeats; "total" builds the simulator's own circuit
from the gate list and runs it, "run" only runs it. Before anything is timed, every simulator's state is compared
with ours, and ours with the others': a simulator that disagrees is reported and not timed.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from typing import Any

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("OMP_PROC_BIND", "false")

import numpy as np  # noqa: E402  the threads are set before any library reads them
from statevector_peers import PEERS  # noqa: E402
from statevector_workloads import WORKLOADS  # noqa: E402

TOLERANCE = {"double": 1e-10, "single": 1e-5}


def cpu() -> float:
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def disagreement(a: np.ndarray, b: np.ndarray) -> float:
    """Largest difference of amplitudes, a common phase apart: peers differ in what they call a global phase."""
    a, b = a.astype(complex), b.astype(complex)
    overlap = np.vdot(a, b)
    return float(np.max(np.abs(a * (overlap / abs(overlap)) - b)))


def prepare(names: list[str], gates: Any, n: int, precision: str) -> dict[str, Any]:
    """The peers that serve this row and agree with ours."""
    ours = PEERS["coratrix"](precision)
    wanted = np.array(ours.state(ours.run(ours.build(gates, n)), n))
    ready = {"coratrix": ours}
    for name in names:
        if name == "coratrix":
            continue
        try:
            peer = PEERS[name](precision)
        except (NotImplementedError, ImportError):
            continue
        found = peer.state(peer.run(peer.build(gates, n)), n)
        if (gap := disagreement(wanted, np.asarray(found))) > TOLERANCE[precision]:
            print(f"  {name} differs from ours by {gap:.1e}: not timed", flush=True)
            continue
        ready[name] = peer
    return ready


def measure(peers: dict[str, Any], gates: Any, n: int, repeats: int) -> dict[str, tuple[float, float]]:
    """(total, run) of each peer, in seconds; peers take turns."""
    totals: dict[str, list[float]] = {name: [] for name in peers}
    runs: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            start = cpu()
            prepared = peer.build(gates, n)
            middle = cpu()
            result = peer.run(prepared)
            end = cpu()
            del result, prepared
            totals[name].append(end - start)
            runs[name].append(end - middle)
    return {name: (statistics.median(totals[name]), statistics.median(runs[name])) for name in peers}


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1e3:.3g}"


def row(workload: str, n: int, precision: str, times: dict[str, tuple[float, float]]) -> str:
    ours = times["coratrix"]
    others = {name: pair for name, pair in times.items() if name != "coratrix"}
    cells = [f"{workload} n={n} {'c64' if precision == 'single' else 'c128'}"]
    for kind in (0, 1):
        best = min(others, key=lambda name: others[name][kind]) if others else "-"
        reference = others[best][kind] if others else float("nan")
        cells += [
            milliseconds(ours[kind]),
            f"{best} {milliseconds(reference)}",
            f"{ours[kind] / reference:.2f}",
        ]
    rest = sorted(others.items(), key=lambda item: item[1][1])
    cells.append(", ".join(f"{name} {milliseconds(pair[0])}/{milliseconds(pair[1])}" for name, pair in rest))
    return "| " + " | ".join(cells) + " |"


def plot(results: dict[str, dict[str, tuple[float, float]]], path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(10, 0.5 * len(results) + 1.5))
    for name in PEERS:
        rows = [(k, times[name][1]) for k, times in enumerate(results.values()) if name in times]
        axes.plot([t * 1e3 for _, t in rows], [k for k, _ in rows], "o", label=name)
    axes.set_yticks(range(len(results)), list(results))
    axes.set_xscale("log")
    axes.set_xlabel("run, CPU milliseconds, one thread")
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--qubits", type=int, nargs="+", default=[4, 10, 16, 20])
    parser.add_argument("--workloads", nargs="+", default=list(WORKLOADS), choices=list(WORKLOADS))
    parser.add_argument("--precisions", nargs="+", default=["single", "double"], choices=["single", "double"])
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS))
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--plot", type=Path, help="also write a picture")
    chosen = parser.parse_args()
    print("milliseconds of CPU time, one thread, medians\n")
    print("| row | ours total | best peer | ratio | ours run | best peer | ratio | all peers total/run |")
    print("|---|---|---|---|---|---|---|---|")
    results = {}
    for workload in chosen.workloads:
        for n in chosen.qubits:
            gates = WORKLOADS[workload](n)
            for precision in chosen.precisions:
                peers = prepare(chosen.peers, gates, n, precision)
                repeats = chosen.repeats if n < 22 else 3
                times = measure(peers, gates, n, repeats if n > 10 else 5 * repeats)
                results[f"{workload} n={n} {precision}"] = times
                print(row(workload, n, precision, times), flush=True)
    if chosen.plot:
        plot(results, chosen.plot)


if __name__ == "__main__":
    main()
