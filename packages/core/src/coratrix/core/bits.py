"""Owns the one statement of bit order, and the few functions that apply it.

- Qubit 0 is the leftmost character of a counts key and the most significant bit of an amplitude's index:
  ``X`` on qubit 0 of two gives ``{"10": shots}`` and the amplitude at index 2.
- A gate's first qubit is the most significant bit of its matrix's index.
- Classical registers stand in a key in the order of declaration, bit 0 of each leftmost, with no spaces.
- Read as an integer (``c == 3``), a register's bit 0 is the least significant: the rule of OpenQASM.

Knows nothing of circuits, results or vendors; each vendor's package converts to this order at its own door.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def index_to_key(index: int, num_bits: int) -> str:
    """The counts key of an amplitude's index: ``index_to_key(2, 2) == "10"``."""
    return format(index, f"0{num_bits}b") if num_bits else ""


def key_to_index(key: str) -> int:
    """The amplitude's index of a counts key: ``key_to_index("10") == 2``."""
    return int(key, 2) if key else 0


def register_value(bits: Iterable[int]) -> int:
    """The integer that a classical register holds, its bits given from bit 0 on (the least significant)."""
    return sum(int(bit) << position for position, bit in enumerate(bits))


def register_bits(value: int, size: int) -> tuple[int, ...]:
    """The bits of ``value`` from bit 0 on, as a register of ``size`` holds them."""
    return tuple(value >> position & 1 for position in range(size))


def reversed_per_register(key: str, sizes: Sequence[int]) -> str:
    """The key with each register's bits, and the registers themselves, in the opposite order (Qiskit's)."""
    if sum(sizes) != len(key):
        raise ValueError(f"the key {key!r} has {len(key)} bits, but its registers have {sum(sizes)}")
    return key[::-1]
