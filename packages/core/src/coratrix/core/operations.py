"""Owns what a circuit can do besides gates, and the Instruction that puts an operation on qubits and bits.

Operations are frozen values. Bodies of ``IfElse`` and ``WhileLoop`` use the same flat numbers of qubits and
classical bits as the circuit around them. Knows nothing of the circuit itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple, TypeAlias

from coratrix.core.bits import register_value
from coratrix.core.errors import CircuitError
from coratrix.core.gate import Gate
from coratrix.core.registers import ClassicalRegister

if TYPE_CHECKING:
    from coratrix.core.noise import Channel

_MAX_TABLE_BITS: Final = 16


@dataclass(frozen=True, slots=True)
class Measure:
    """Measures one qubit in the computational basis into one classical bit."""

    name: ClassVar[str] = "measure"
    num_qubits: ClassVar[int] = 1
    num_clbits: ClassVar[int] = 1


_MEASURE = Measure()


@dataclass(frozen=True, slots=True)
class Reset:
    """Puts one qubit into |0⟩, whatever it was."""

    name: ClassVar[str] = "reset"
    num_qubits: ClassVar[int] = 1
    num_clbits: ClassVar[int] = 0


@dataclass(frozen=True, slots=True)
class Barrier:
    """Nothing moves across it; it does nothing else."""

    num_qubits: int
    name: ClassVar[str] = "barrier"
    num_clbits: ClassVar[int] = 0

    def __post_init__(self) -> None:
        if self.num_qubits < 1:
            raise CircuitError("a barrier stands on at least one qubit")


@dataclass(frozen=True, slots=True)
class Delay:
    """One qubit waits ``duration_s`` seconds; idle noise acts meanwhile."""

    duration_s: float
    name: ClassVar[str] = "delay"
    num_qubits: ClassVar[int] = 1
    num_clbits: ClassVar[int] = 0

    def __post_init__(self) -> None:
        if not (isinstance(self.duration_s, int | float) and 0 <= self.duration_s < math.inf):
            raise CircuitError(f"a delay lasts a finite time of at least 0 s; got {self.duration_s!r}")


@dataclass(frozen=True, slots=True)
class ChannelOp:
    """A noise channel that the circuit itself asks for."""

    channel: Channel
    name: ClassVar[str] = "channel"
    num_clbits: ClassVar[int] = 0

    @property
    def num_qubits(self) -> int:
        return self.channel.num_qubits


@dataclass(frozen=True, slots=True, init=False)
class Condition:
    """A claim about classical bits: the integer that they make is one of ``values``.

    The first bit is the least significant. Every boolean function of bits has this form; ``&``, ``|``, ``^``
    and ``~`` combine conditions.

    Attributes:
        clbits: the circuit-wide numbers of the bits.
        values: the integers for which the condition holds, or does not hold if ``negated``.
        negated: turns the claim round.
    """

    clbits: tuple[int, ...]
    values: frozenset[int]
    negated: bool

    def __init__(self, clbits: Iterable[int], values: Iterable[int], negated: bool = False) -> None:
        bits, numbers = tuple(int(bit) for bit in clbits), frozenset(int(value) for value in values)
        if not bits or len(set(bits)) != len(bits) or min(bits) < 0:
            raise CircuitError(f"a condition reads different classical bits, at least one; got {bits}")
        if any(not 0 <= number < 2 ** len(bits) for number in numbers):
            asked = ", ".join(map(str, sorted(numbers)[:8]))
            raise CircuitError(f"{len(bits)} bits hold 0 to {2 ** len(bits) - 1}; asked for {asked}")
        object.__setattr__(self, "clbits", bits)
        object.__setattr__(self, "values", numbers)
        object.__setattr__(self, "negated", bool(negated))

    def holds(self, bits: Sequence[int]) -> bool:
        """Whether it holds when the circuit's classical bits read ``bits``."""
        return (register_value(bits[bit] for bit in self.clbits) in self.values) is not self.negated

    def moved(self, clbits: Sequence[int]) -> Condition:
        """The same claim about other bits: bit ``k`` becomes ``clbits[k]``."""
        return Condition((clbits[bit] for bit in self.clbits), self.values, self.negated)

    def __invert__(self) -> Condition:
        return Condition(self.clbits, self.values, not self.negated)

    def __and__(self, other: Condition) -> Condition:
        return self._combined(other, lambda a, b: a and b)

    def __or__(self, other: Condition) -> Condition:
        return self._combined(other, lambda a, b: a or b)

    def __xor__(self, other: Condition) -> Condition:
        return self._combined(other, lambda a, b: a is not b)

    def _combined(self, other: Condition, rule: Any) -> Condition:
        clbits = tuple(dict.fromkeys((*self.clbits, *other.clbits)))
        if len(clbits) > _MAX_TABLE_BITS:
            raise CircuitError(
                f"a combined condition reads at most {_MAX_TABLE_BITS} bits; got {len(clbits)}: nest two ifs"
            )
        place = {bit: k for k, bit in enumerate(clbits)}
        mine, theirs = ([place[bit] for bit in side.clbits] for side in (self, other))

        def claim(side: Condition, places: list[int], value: int) -> bool:
            return (register_value(value >> k & 1 for k in places) in side.values) is not side.negated

        values = (v for v in range(2 ** len(clbits)) if rule(claim(self, mine, v), claim(other, theirs, v)))
        return Condition(clbits, values)


def condition_equals(bits: ClassicalRegister | int | Iterable[int], value: int) -> Condition:
    """The condition that a register, a bit, or several bits (least significant first) read ``value``."""
    if isinstance(bits, int):
        return Condition((bits,), (value,))
    return Condition(bits, (value,))


@dataclass(frozen=True, slots=True)
class IfElse:
    """Does ``then_body`` where the condition holds and ``else_body`` where it does not."""

    condition: Condition
    then_body: tuple[Instruction, ...]
    else_body: tuple[Instruction, ...] = ()
    name: ClassVar[str] = "if_else"

    @property
    def qubits(self) -> tuple[int, ...]:
        """The qubits that either body touches, in rising order."""
        return _touched_qubits((*self.then_body, *self.else_body))

    @property
    def clbits(self) -> tuple[int, ...]:
        """The classical bits that are read or written, in rising order."""
        return _touched_clbits(self.condition, (*self.then_body, *self.else_body))

    @property
    def num_qubits(self) -> int:
        return len(self.qubits)

    @property
    def num_clbits(self) -> int:
        return len(self.clbits)


@dataclass(frozen=True, slots=True)
class WhileLoop:
    """Repeats ``body`` while the condition holds, at most ``max_iterations`` times."""

    condition: Condition
    body: tuple[Instruction, ...]
    max_iterations: int
    name: ClassVar[str] = "while_loop"

    def __post_init__(self) -> None:
        if type(self.max_iterations) is not int or self.max_iterations < 1:
            raise CircuitError(f"a while loop's max_iterations is at least 1; got {self.max_iterations!r}")

    @property
    def qubits(self) -> tuple[int, ...]:
        """The qubits that the body touches, in rising order."""
        return _touched_qubits(self.body)

    @property
    def clbits(self) -> tuple[int, ...]:
        """The classical bits that are read or written, in rising order."""
        return _touched_clbits(self.condition, self.body)

    @property
    def num_qubits(self) -> int:
        return len(self.qubits)

    @property
    def num_clbits(self) -> int:
        return len(self.clbits)


Operation: TypeAlias = "Gate | Measure | Reset | Barrier | Delay | ChannelOp | IfElse | WhileLoop"


class Instruction(NamedTuple):
    """An operation on given qubits and classical bits.

    Attributes:
        operation: what is done.
        qubits: circuit-wide numbers, in the operation's own order.
        clbits: circuit-wide numbers of the classical bits that are read or written.
    """

    operation: Operation
    qubits: tuple[int, ...]
    clbits: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The operation's name."""
        return self.operation.name


def bodies(operation: Operation) -> tuple[tuple[Instruction, ...], ...]:
    """The bodies inside an operation; none for all but ``IfElse`` and ``WhileLoop``."""
    if isinstance(operation, IfElse):
        return operation.then_body, operation.else_body
    return (operation.body,) if isinstance(operation, WhileLoop) else ()


def measurements_of(num_qubits: int, first: int) -> tuple[Instruction, ...]:
    """Every qubit measured, qubit 0 into bit ``first``; small ones are made once and shared."""
    if num_qubits <= 64 and first == 0:
        return _from_the_first(num_qubits)
    return tuple([Instruction(_MEASURE, (qubit,), (first + qubit,)) for qubit in range(num_qubits)])


@cache
def _from_the_first(num_qubits: int) -> tuple[Instruction, ...]:
    return tuple(Instruction(_MEASURE, (qubit,), (qubit,)) for qubit in range(num_qubits))


def _touched_qubits(body: Iterable[Instruction]) -> tuple[int, ...]:
    return tuple(sorted({qubit for instruction in body for qubit in instruction.qubits}))


def _touched_clbits(condition: Condition, body: Iterable[Instruction]) -> tuple[int, ...]:
    written = {bit for instruction in body for bit in instruction.clbits}
    return tuple(sorted(written | set(condition.clbits)))
