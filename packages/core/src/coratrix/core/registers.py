"""Owns the classical register: a name for a run of classical bits.

Bits are flat numbers 0, 1, … over the whole circuit; a register turns its own index into that number. Knows
nothing of circuits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import overload

from coratrix.core.errors import CircuitError


@dataclass(frozen=True, slots=True)
class ClassicalRegister:
    """``size`` classical bits under a name.

    ``register[0]`` is the circuit-wide number of its bit 0, as ``circuit.measure(2, register[0])`` needs.

    Attributes:
        name: how counts are grouped and what OpenQASM calls it.
        size: the number of its bits, at least 1.
        offset: the circuit-wide number of its bit 0; set by the circuit that declares it.
    """

    name: str
    size: int
    offset: int = 0

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name:
            raise CircuitError(f"a register's name is a text that is not empty; got {self.name!r}")
        if type(self.size) is not int or self.size < 1:
            raise CircuitError(f"register {self.name!r} has a size of at least 1; got {self.size!r}")

    @property
    def bits(self) -> tuple[int, ...]:
        """The circuit-wide numbers of its bits, bit 0 first."""
        return tuple(range(self.offset, self.offset + self.size))

    def __len__(self) -> int:
        return self.size

    def __iter__(self) -> Iterator[int]:
        return iter(self.bits)

    @overload
    def __getitem__(self, index: int) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[int, ...]: ...
    def __getitem__(self, index: int | slice) -> int | tuple[int, ...]:
        try:
            return self.bits[index]
        except IndexError:
            raise IndexError(f"register {self.name!r} has {self.size} bits; none is {index}") from None
