"""The simulators of the benchmarks, each handed the same problems.

Owns: `PEERS` and what a peer is; one file per simulator has its class. A peer gets qubit q as its own qubit n-1-q
where it counts from the least significant end, so that all walk memory alike, and the settings that were its
fastest. Knows nothing of: timing.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from problems import Problem

BOTH = ("single", "double")
PLAIN = frozenset({"state", "expectation", "counts", "batch"})
DYNAMIC = frozenset({"measurement inside", "feed-forward"})


class Peer(ABC):
    """A simulator with its settings; made from a precision, a number of threads, and the options of its kind."""

    @abstractmethod
    def build(self, problem: Problem) -> Any:
        """Its own circuits, from the neutral gate lists."""

    @abstractmethod
    def run(self, built: Any, problem: Problem) -> Any:
        """The work that is timed apart; the result is left in the simulator's own form."""

    @abstractmethod
    def answer(self, result: Any, problem: Problem) -> Any:
        """Amplitudes with qubit 0 most significant, a number, `agreement.Readings`, or a list of those."""

    def whole(self, problem: Problem) -> Callable[[], Any] | None:
        """What a user would call from the gate list on, where that is not `build` and `run`."""
        return None


@dataclass(frozen=True)
class Kind:
    """Where a peer's class is, what it can do, and with which options it is made."""

    module: str
    name: str
    distribution: str
    precisions: tuple[str, ...] = BOTH
    abilities: frozenset[str] = PLAIN
    options: tuple[tuple[str, Any], ...] = ()

    def make(self, precision: str, threads: int) -> Any:
        made = getattr(importlib.import_module(f"peers.{self.module}"), self.name)
        return made(precision, threads, **dict(self.options))


def _qsim(fused: int, *abilities: str) -> Kind:
    able = frozenset(abilities or ("state", "expectation"))
    return Kind("qsim", "Qsim", "qsimcirq", ("single",), able, (("fused", fused),))


def _scaluq(block: int) -> Kind:
    return Kind("scaluq_peer", "Scaluq", "scaluq", options=(("block", block),))


PEERS = {
    "coratrix": Kind("ours", "Coratrix", "coratrix-sim-cpp", abilities=PLAIN | DYNAMIC),
    "coratrix:arrays": Kind("ours", "CoratrixArrays", "coratrix-sim-cpp", abilities=DYNAMIC | {"counts"}),
    "prism-q": Kind("prism", "Prism", "prism-q", ("double",)),
    "prism-q:auto": Kind("prism", "PrismAuto", "prism-q", ("double",), PLAIN | DYNAMIC),
    "qsim:f2": _qsim(2),
    "qsim:f3": _qsim(3, *PLAIN, "measurement inside"),
    "qsim:f4": _qsim(4),
    "lightning": Kind("lightning", "Lightning", "pennylane-lightning", abilities=PLAIN | DYNAMIC),
    "scaluq:b2": _scaluq(2),
    "scaluq:b0": _scaluq(0),
    "aer": Kind("aer", "Aer", "qiskit-aer", abilities=PLAIN | DYNAMIC),
    "qulacs:b2": Kind("qulacs_peer", "Qulacs", "qulacs", ("double",), options=(("block", 2),)),
    "qulacs:b0": Kind(
        "qulacs_peer", "Qulacs", "qulacs", ("double",), PLAIN | DYNAMIC, options=(("block", 0),)
    ),
}
