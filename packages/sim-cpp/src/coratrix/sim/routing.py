"""A circuit brought onto a device's coupling map by swaps.

Owns: `Router`. Knows nothing of: native gates, noise, calibration records.

Greedy, with a look ahead: while no waiting gate has its two qubits side by side, the swap is made that brings
the waiting gates, and half as much the next twenty, closest together (Li, Ding, Xie, "Tackling the qubit mapping
problem for NISQ-era quantum devices", ASPLOS 2019, without its search for a first layout). Qubit k starts on the
device's qubit k. A measurement reads its qubit where it then is, so counts mean what they meant; a circuit that
measures nothing is brought back to its own qubits at the end, so that its state does.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Final, TypeAlias

from coratrix.core.gate import Gate, standard
from coratrix.core.operations import Instruction, Measure
from coratrix.core.transforms import moved, walk

LOOK_AHEAD: Final = 20
Placed: TypeAlias = tuple[int | None, Instruction]
"""The number of the caller's instruction, None for a swap of ours, and the instruction on the device's qubits."""


class Router:
    """Routes circuits on one map of unordered pairs."""

    def __init__(self, num_qubits: int, pairs: Iterable[tuple[int, int]]) -> None:
        near: dict[int, set[int]] = defaultdict(set)
        for a, b in pairs:
            near[a].add(b)
            near[b].add(a)
        self._near = [sorted(near[q]) for q in range(num_qubits)]
        self._steps = [self._distances(q) for q in range(num_qubits)]

    def is_reachable(self, a: int, b: int) -> bool:
        """Whether swaps can bring two qubits together."""
        return b in self._steps[a]

    def route(self, instructions: Sequence[Instruction], num_clbits: int) -> list[Placed]:
        """The instructions on the device's qubits, swaps among them."""
        where = list(range(len(self._near)))
        out = list(self._forward(instructions, where, range(num_clbits)))
        if not any(isinstance(each.operation, Measure) for each in walk(instructions)):
            out += self._back(where)
        return out

    def _distances(self, start: int, within: Collection[int] | None = None) -> dict[int, int]:
        found = {start: 0}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for there in self._near[here]:
                if there not in found and (within is None or there in within):
                    found[there] = found[here] + 1
                    queue.append(there)
        return found

    def _forward(
        self, instructions: Sequence[Instruction], where: list[int], clbits: Sequence[int]
    ) -> Iterator[Placed]:
        """``where[k]`` is where qubit k is, and is kept so."""
        order = _Order(instructions)
        in_vain = 0  # swaps since the last gate
        while order.ready:
            runnable = [k for k in order.ready if self._is_placed(instructions[k], where)]
            for k in runnable:
                yield k, moved(instructions[k], where, clbits)
                order.finish(k)
            if runnable:
                in_vain = 0
                continue
            waiting = [instructions[k].qubits for k in order.ready]
            stuck = in_vain > len(where)
            swap = (
                self._towards(waiting[0], where) if stuck else self._best(waiting, order.next_pairs(), where)
            )
            yield None, _swap(swap, where)
            in_vain += 1

    def _is_placed(self, instruction: Instruction, where: list[int]) -> bool:
        qubits = instruction.qubits
        if not (isinstance(instruction.operation, Gate) and len(qubits) == 2):
            return True
        a, b = (where[q] for q in qubits)
        return self._steps[a].get(b, 1) == 1  # what no swap can bring together is left to whoever refuses it

    def _towards(self, pair: tuple[int, ...], where: list[int]) -> tuple[int, int]:
        """One step on a shortest way: always ends."""
        a, b = (where[q] for q in pair)
        return a, min(self._near[a], key=lambda there: self._steps[there][b])

    def _best(
        self, waiting: list[tuple[int, ...]], later: list[tuple[int, ...]], where: list[int]
    ) -> tuple[int, int]:
        here = sorted({where[q] for pair in waiting for q in pair})
        swaps = [(a, b) for a in here for b in self._near[a]]
        return min(swaps, key=lambda swap: self._length(waiting, later, where, swap))

    def _length(
        self,
        waiting: list[tuple[int, ...]],
        later: list[tuple[int, ...]],
        where: list[int],
        swap: tuple[int, int],
    ) -> tuple[float, tuple[int, int]]:
        exchanged = {swap[0]: swap[1], swap[1]: swap[0]}

        def total(pairs: list[tuple[int, ...]]) -> float:
            steps = 0
            for a, b in pairs:
                there = exchanged.get(where[a], where[a]), exchanged.get(where[b], where[b])
                steps += self._steps[there[0]].get(there[1], 0)
            return steps / max(len(pairs), 1)

        return total(waiting) + total(later) / 2, swap

    def _back(self, where: list[int]) -> Iterator[Placed]:
        """Every qubit home: those furthest from some root first, so that nobody at home is moved again."""
        away = set(range(len(where)))
        while away:
            together = list(
                self._distances(min(away))
            )  # nearest first: without the last the rest still hangs together
            away -= set(together)
            left = set(together)
            for home in reversed(together):
                steps = self._distances(home, left)
                while (here := where[home]) != home:
                    closer = min(self._near[here], key=lambda q: steps.get(q, len(where)))
                    yield None, _swap((here, closer), where)
                left.remove(home)


def _swap(pair: tuple[int, int], where: list[int]) -> Instruction:
    a, b = pair
    at_a, at_b = where.index(a), where.index(b)
    where[at_a], where[at_b] = b, a
    return Instruction(standard("swap"), pair)


class _Order:
    """Which instructions may come next: each after all earlier ones on its qubits and bits."""

    def __init__(self, instructions: Sequence[Instruction]) -> None:
        self._after: dict[int, list[int]] = defaultdict(list)
        self._open = [0] * len(instructions)
        last: dict[tuple[str, int], int] = {}
        for k, each in enumerate(instructions):
            wires = [("q", q) for q in each.qubits] + [("c", c) for c in each.clbits]
            for before in {last[wire] for wire in wires if wire in last}:
                self._after[before].append(k)
                self._open[k] += 1
            last.update(dict.fromkeys(wires, k))
        self.ready = [k for k, count in enumerate(self._open) if count == 0]
        self._pairs = {
            k: each.qubits
            for k, each in enumerate(instructions)
            if isinstance(each.operation, Gate) and len(each.qubits) == 2
        }

    def finish(self, k: int) -> None:
        self.ready.remove(k)
        self._pairs.pop(k, None)
        for later in self._after[k]:
            self._open[later] -= 1
            if self._open[later] == 0:
                self.ready.append(later)

    def next_pairs(self) -> list[tuple[int, ...]]:
        """The qubits of the next gates on two qubits that are not ready yet."""
        ready = set(self.ready)
        out: list[tuple[int, ...]] = []
        for k, qubits in self._pairs.items():
            if k not in ready:
                out.append(qubits)
            if len(out) == LOOK_AHEAD:
                break
        return out
