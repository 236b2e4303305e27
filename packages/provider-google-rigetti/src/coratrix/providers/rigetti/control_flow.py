"""Jumps between lines, as the conditionals that they mean.

Owns: `structured`, which turns a list of steps with forward jumps into nested branches.
Knows nothing of: Quil, gates; a plain step is whatever the caller put there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from coratrix.core.errors import CircuitImportError
from coratrix.core.operations import Condition

_MAX_BITS: Final = 10
_MAX_DEPTH: Final = 100


@dataclass(frozen=True, slots=True)
class Label:
    name: str


@dataclass(frozen=True, slots=True)
class Jump:
    target: str


@dataclass(frozen=True, slots=True)
class JumpIf:
    """Jumps to ``target`` where ``clbit`` reads ``value``."""

    target: str
    clbit: int
    value: int


@dataclass(frozen=True, slots=True)
class Halt:
    pass


@dataclass(frozen=True, slots=True)
class Branch:
    """What a conditional jump means."""

    condition: Condition
    then: tuple[Any, ...]
    otherwise: tuple[Any, ...]


Step = Any
"""A `Label`, a `Jump`, a `JumpIf`, a `Halt`, or anything else: a plain step."""


def structured(steps: Sequence[Step]) -> tuple[Any, ...]:
    """The steps with every jump turned into a `Branch`.

    Raises:
        CircuitImportError: a jump goes backwards (a loop), to no label, or the paths are too tangled.
    """
    return _Flow(steps).between(0, len(steps), depth=0)


class _Flow:
    """The graph of the steps; position ``len(steps)`` is the end."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self.end = len(steps)
        self.labels = {step.name: at for at, step in enumerate(steps) if isinstance(step, Label)}
        self._budget = 20 * len(steps) + 1000

    def between(self, start: int, stop: int, depth: int) -> tuple[Any, ...]:
        """The steps from ``start`` until the paths reach ``stop``."""
        if depth > _MAX_DEPTH:
            raise CircuitImportError(f"conditionals nest deeper than {_MAX_DEPTH}")
        out: list[Any] = []
        at, stop = self.settled(start), self.settled(stop)
        while at < stop:
            step = self.steps[at]
            if isinstance(step, JumpIf):
                meeting = self.settled(self.meeting[at])
                branch = self._branch(at, meeting, depth)
                out += [branch] if branch is not None else []
                at = meeting
            else:
                out.append(step)
                at = self.settled(at + 1)
            self._budget -= 1
            if self._budget < 0:
                raise CircuitImportError("the jumps are too tangled to be written as conditionals")
        return tuple(out)

    def _branch(self, at: int, meeting: int, depth: int) -> Branch | None:
        """The branch that begins at a conditional jump and whose paths meet again at ``meeting``."""
        tests, leaves = self._decision(at, meeting)
        bits = tuple(dict.fromkeys(self.steps[test].clbit for test in tests))
        if len(leaves) > 2 or len(bits) > _MAX_BITS:
            tests, bits = [at], (self.steps[at].clbit,)
            leaves = list(dict.fromkeys(self._ways(at)))
        if len(leaves) == 1:
            return None
        then = min(leaves)
        (other,) = (leaf for leaf in leaves if leaf != then)
        values = [value for value in range(2 ** len(bits)) if self._leaf(at, set(tests), bits, value) == then]
        condition = Condition(bits, values)
        return Branch(
            condition, self.between(then, meeting, depth + 1), self.between(other, meeting, depth + 1)
        )

    def _decision(self, at: int, meeting: int) -> tuple[list[int], list[int]]:
        """The conditional jumps that follow each other with nothing between, and where they lead."""
        tests, leaves, waiting = [], [], [at]
        while waiting:
            place = waiting.pop()
            if place in tests or place in leaves:
                continue
            if place < meeting and isinstance(self._step(place), JumpIf):
                tests.append(place)
                waiting += reversed(self._ways(place))
            else:
                leaves.append(place)
        return sorted(tests), leaves

    def _leaf(self, at: int, tests: set[int], bits: tuple[int, ...], value: int) -> int:
        while at in tests:
            step = self.steps[at]
            jumps = (value >> bits.index(step.clbit) & 1) == step.value
            at = self._ways(at)[0 if jumps else 1]
        return at

    def _ways(self, at: int) -> tuple[int, int]:
        """Where a conditional jump leads: if it jumps, and if not."""
        return self.settled(self._target(at)), self.settled(at + 1)

    def _step(self, at: int) -> Step:
        return self.steps[at] if at < self.end else None

    def settled(self, at: int) -> int:
        """The first position from ``at`` on that does or decides something."""
        while at < self.end:
            step = self.steps[at]
            if isinstance(step, Halt):
                return self.end
            if isinstance(step, Jump):
                at = self._target(at)
            elif isinstance(step, Label):
                at += 1
            else:
                return at
        return at

    def _target(self, at: int) -> int:
        name = self.steps[at].target
        if name not in self.labels:
            raise CircuitImportError(f"a jump goes to the label {name!r}, which does not exist")
        if self.labels[name] <= at:
            raise CircuitImportError(f"the jump back to {name!r} is a loop without a bound; unroll it")
        return self.labels[name]

    @cached_property
    def meeting(self) -> list[int]:
        """For each position the nearest later one that every path from it passes (its postdominator)."""
        nearest = [self.end] * (self.end + 1)
        for at in range(self.end - 1, -1, -1):
            nearest[at] = self._common(nearest, self._next(at))
        return nearest

    def _next(self, at: int) -> tuple[int, ...]:
        step = self.steps[at]
        if isinstance(step, Halt):
            return (self.end,)
        if isinstance(step, Jump):
            return (self._target(at),)
        return (self._target(at), at + 1) if isinstance(step, JumpIf) else (at + 1,)

    @staticmethod
    def _common(nearest: list[int], places: tuple[int, ...]) -> int:
        first, *others = places
        for place in others:
            while first != place:
                if first < place:
                    first = nearest[first]
                else:
                    place = nearest[place]
        return first
