"""The command line of the benchmarks, and how their results are shown.

Owns: the options, the table, the list of what is not ahead, the picture. Knows nothing of: any simulator.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import platform
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from duel import OURS, Goal, Row, Times, fits, measure, prepare, use_threads
from peers import PEERS

_HEAD = "| row | total: ours | best peer | ratio | run: ours | best peer | ratio | goal | met, total / run | others |"


def main(description: str | None, rows: Sequence[Row]) -> None:
    """Parse the command line, run the rows that it names, print and draw."""
    given = _parser(description).parse_args()
    chosen = [row for row in rows if _is_wanted(row, given)]
    if given.list:
        print("\n".join(row.title for row in chosen))
        return
    use_threads(given.threads)
    print(_conditions(given.threads, given.peers))
    print(f"\n{_HEAD}\n|{'---|' * _HEAD.count(' | ')}---|", flush=True)
    results: dict[str, dict[str, Times]] = {}
    behind = []
    for row in chosen:
        problem = row.problem()
        if not fits(problem, row.precision):
            print(f"{row.title}: not enough free memory", flush=True)
            continue
        peers = prepare(row, problem, given.peers, given.threads)
        times = measure(peers, problem, repeats=given.repeats, budget_s=given.budget, threads=given.threads)
        results[row.title] = times
        print(_line(row, times), flush=True)
        behind += _behind(row, times)
    print("\nNot ahead:", *(behind or ["nothing"]), sep="\n- ")
    if given.plot:
        plot(results, given.plot, given.threads)


def _parser(description: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rows", nargs="+", metavar="TEXT", help="only rows whose title has one of these in it"
    )
    parser.add_argument("--precisions", nargs="+", default=["single", "double"], choices=["single", "double"])
    parser.add_argument("--peers", nargs="+", default=list(PEERS), choices=list(PEERS), metavar="PEER")
    parser.add_argument("--threads", type=int, default=1, help="1: CPU seconds; more: wall seconds")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each; five times that if brief")
    parser.add_argument(
        "--budget", type=float, default=20, help="seconds of a peer in a row, then no more turns"
    )
    parser.add_argument("--large", action="store_true", help="also rows that take minutes")
    parser.add_argument("--list", action="store_true", help="name the rows and stop")
    parser.add_argument("--plot", type=Path, help="also write a picture")
    return parser


def _is_wanted(row: Row, given: argparse.Namespace) -> bool:
    named = given.rows is None or any(text in row.title for text in given.rows)
    return named and row.precision in given.precisions and (given.large or not row.is_large)


def _conditions(threads: int, names: Sequence[str]) -> str:
    """What the figures hold for."""
    distributions = dict.fromkeys(PEERS[name].distribution for name in [OURS, *names])
    kind = "CPU" if threads == 1 else "wall"
    load = os.getloadavg()[0]
    return (
        f"Milliseconds of {kind} time, {threads} thread{'s' * (threads > 1)}, medians; "
        f"{datetime.now():%Y-%m-%d %H:%M}, {_processor()}, {os.cpu_count()} cores, load {load:.1f}\n"
        + ", ".join(_version(name) for name in distributions)
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor()


def _version(distribution: str) -> str:
    try:
        found = importlib.metadata.distribution(distribution)
    except importlib.metadata.PackageNotFoundError:
        return f"{distribution} (absent)"
    own = "" if "manylinux" in (found.read_text("WHEEL") or "") else " (built here)"
    return f"{distribution} {found.version}{own}"


def _line(row: Row, times: dict[str, Times]) -> str:
    cells = [row.title]
    for kind in ("total", "run"):
        ours, best = getattr(times[OURS], kind), _fastest(times, kind)
        peer = getattr(times[best], kind) if best else float("nan")
        cells += [_ms(ours), f"{best or '-'} {_ms(peer)}", f"{ours / peer:.2f}"]
    cells += [f"{row.goal.ahead:g} / {row.goal.near:g}" if row.goal.near else f"{row.goal.ahead:g}"]
    cells += [" / ".join(_verdict(row.goal, _ratio(times, kind)) for kind in ("total", "run"))]
    rest = sorted((each.run, name, each) for name, each in times.items() if name != OURS)
    cells += [", ".join(f"{name} {_ms(each.total)}/{_ms(each.run)}" for _, name, each in rest)]
    return "| " + " | ".join(cells) + " |"


def _fastest(times: dict[str, Times], kind: str) -> str:
    """The fastest of the others; other faces of ours are not peers."""
    others = [name for name in times if not name.startswith(OURS)]
    return min(others, key=lambda name: getattr(times[name], kind), default="")


def _ratio(times: dict[str, Times], kind: str) -> float:
    best = _fastest(times, kind)
    return float(getattr(times[OURS], kind) / getattr(times[best], kind)) if best else float("nan")


def _verdict(goal: Goal, ratio: float) -> str:
    if ratio <= goal.near:
        return "near the limit"
    return "ahead" if ratio <= goal.ahead else "**behind**"


def _behind(row: Row, times: dict[str, Times]) -> list[str]:
    return [
        f"{row.title}, {kind}: {_ratio(times, kind):.2f} of {_fastest(times, kind)}, goal {row.goal.ahead:g}"
        for kind in ("total", "run")
        if not _ratio(times, kind) <= row.goal.ahead
    ]


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g}" if seconds < 1 else f"{seconds * 1e3:.0f}"


def plot(results: dict[str, dict[str, Times]], path: Path, threads: int) -> None:
    """Every peer's time as a multiple of ours, row by row; left of the line is faster than ours."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(
        1, 2, sharey=True, figsize=(13, 0.28 * len(results) + 1.8), layout="constrained"
    )
    names = [name for name in PEERS if name != OURS and any(name in times for times in results.values())]
    for axis, kind in zip(axes, ("total", "run"), strict=True):
        for index, name in enumerate(names):
            places = [place for place, times in enumerate(results.values()) if name in times]
            ratios = [
                getattr(times[name], kind) / getattr(times[OURS], kind)
                for times in results.values()
                if name in times
            ]
            axis.plot(ratios, places, "o^sDvP*X"[index % 8], label=name, alpha=0.8)
        axis.axvline(1, color="black")
        axis.set(xscale="log", xlabel=f"{kind}: {'CPU' if threads == 1 else 'wall'} time / ours")
        axis.grid(axis="x", alpha=0.3)
    axes[0].set_yticks(range(len(results)), list(results))
    axes[0].invert_yaxis()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
    figure.savefig(path)
