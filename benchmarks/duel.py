"""Simulators beside one another: the same problems, in turn, in one run.

Owns: who takes part, that they agree before they are timed, the clock, the turns.
Knows nothing of: any simulator, any circuit, how results are shown.
"""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from agreement import complaint
from memory import free_bytes
from peers import PEERS
from problems import Problem

OURS = "coratrix"
BRIEF_S = 5e-3  # runs shorter than this are repeated more often


@dataclass(frozen=True, kw_only=True)
class Goal:
    """Our time over that of the fastest peer: what counts as ahead, and what is near the machine's limit."""

    ahead: float = 1.0
    near: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a table.

    Attributes:
        problem: makes the problem; called when its turn comes.
        any_precision: peers of double precision alone take part in single precision too, as the answer does
            not show the precision.
        peers: the only ones asked, where others would take minutes; by default all.
        is_large: left out unless asked for.
    """

    name: str
    problem: Callable[[], Problem]
    precision: str
    goal: Goal = field(default_factory=Goal)
    any_precision: bool = False
    peers: tuple[str, ...] = ()
    is_large: bool = False

    @property
    def title(self) -> str:
        return f"{self.name} {'c64' if self.precision == 'single' else 'c128'}"


@dataclass(frozen=True, kw_only=True)
class Times:
    """Seconds: ``total`` from the neutral gate list to the answer, ``run`` from the simulator's own circuit."""

    total: float
    run: float


def use_threads(count: int) -> None:
    """Start this program again with every library told so; they read it when they are loaded."""
    names = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    wanted = {**dict.fromkeys(names, str(count)), "OMP_PROC_BIND": "false"}
    if any(os.environ.get(name) != value for name, value in wanted.items()):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **wanted})


def clock(threads: int) -> Callable[[], float]:
    """CPU seconds of the process with one thread, which other work does not disturb; else wall seconds."""
    if threads == 1:
        return lambda: time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)
    return time.perf_counter


def fits(problem: Problem, precision: str) -> bool:
    """Whether four states (ours, a peer's, and what comparing them takes) fit into the free memory."""
    return 4 * ((8 if precision == "single" else 16) << problem.n) < free_bytes()


def prepare(row: Row, problem: Problem, names: list[str], threads: int) -> dict[str, Any]:
    """The peers that serve this row and agree with ours, ours first."""
    ready: dict[str, Any] = {}
    wanted = None
    for name in [OURS, *[name for name in names if name != OURS]]:
        peer = _seat(row, problem, name, threads)
        if peer is None:
            continue
        found = peer.answer(peer.run(peer.build(problem), problem), problem)
        wanted = found if wanted is None else wanted
        if words := complaint(problem.task, row.precision, wanted, found):
            print(f"{row.title}: {name} {words}: not timed", flush=True)
            continue
        ready[name] = peer
    return ready


def _seat(row: Row, problem: Problem, name: str, threads: int) -> Any:
    """The peer, or None where it does not serve this row."""
    kind = PEERS[name]
    if row.peers and name not in (OURS, *row.peers):
        return None
    precision = row.precision
    if precision not in kind.precisions and row.any_precision and "double" in kind.precisions:
        precision = "double"
    if precision not in kind.precisions or not problem.needs <= kind.abilities:
        return None
    try:
        return kind.make(precision, threads)
    except ImportError as exc:
        print(f"{row.title}: {name}: {exc}", flush=True)
        return None


def measure(
    peers: dict[str, Any], problem: Problem, *, repeats: int, budget_s: float, threads: int
) -> dict[str, Times]:
    """Medians over the turns; a peer that has used up its budget takes no further turn."""
    now = clock(threads)
    rng = random.Random(len(peers))
    totals: dict[str, list[float]] = {name: [] for name in peers}
    runs: dict[str, list[float]] = {name: [] for name in peers}
    _round(peers, problem, now, rng, totals, runs)
    brief = min(each[0] for each in runs.values()) < BRIEF_S
    for _ in range(repeats * (5 if brief else 1) - 1):
        playing = {name: peer for name, peer in peers.items() if sum(totals[name]) < budget_s}
        _round(playing, problem, now, rng, totals, runs)
    return {
        name: Times(total=statistics.median(totals[name]), run=statistics.median(runs[name]))
        for name in peers
    }


def _round(
    peers: dict[str, Any],
    problem: Problem,
    now: Callable[[], float],
    rng: random.Random,
    totals: dict[str, list[float]],
    runs: dict[str, list[float]],
) -> None:
    """One turn of each, and one of each whole call, in an order of the round's own.

    In a fixed order a simulator with two faces would always find its caches as it left them itself.
    """
    turns = [(name, None) for name in peers]
    turns += [(name, whole) for name, peer in peers.items() if (whole := peer.whole(problem)) is not None]
    rng.shuffle(turns)
    for name, whole in turns:
        if whole is None:
            _parts(name, peers[name], problem, now, totals, runs)
            continue
        start = now()
        result = whole()
        totals[name].append(now() - start)
        del result


def _parts(
    name: str,
    peer: Any,
    problem: Problem,
    now: Callable[[], float],
    totals: dict[str, list[float]],
    runs: dict[str, list[float]],
) -> None:
    """Building and running, which are the total where there is no whole call."""
    start = now()
    built = peer.build(problem)
    middle = now()
    result = peer.run(built, problem)
    end = now()
    del result, built
    runs[name].append(end - middle)
    if peer.whole(problem) is None:
        totals[name].append(end - start)
