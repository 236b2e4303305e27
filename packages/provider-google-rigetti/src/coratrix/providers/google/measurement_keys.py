"""Which key of a Cirq circuit is which classical bit of ours.

Cirq has keys, each with the qubits of one measurement; we have registers of bits that may be written again.
Every measurement gets a key of its own: bit 2 of register ``c`` is ``c_2``; where it is written several
times, the earlier outcomes are ``c_2~0``, ``c_2~1`` … and ``c_2`` is the last, which is what counts show.

Owns: that naming, and the tag by which a converted circuit remembers its registers and qubits.
Knows nothing of: gates, devices, results.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.operations import Measure

if TYPE_CHECKING:
    import cirq

_TAG_PREFIX = "coratrix:"


def bit_keys(registers: Iterable[tuple[str, int]]) -> list[str]:
    """The key of each classical bit, in flat order; letters, digits and ``_`` only, and no two alike."""
    keys: list[str] = []
    for name, size in registers:
        stem = re.sub(r"\W|^(?=\d)", "_", name, flags=re.ASCII)
        while any(f"{stem}_{index}" in keys for index in range(size)):
            stem += "_"
        keys += [f"{stem}_{index}" for index in range(size)]
    return keys


class KeySequence:
    """Hands out the key of each measurement of a circuit, in order, and knows the latest of each bit."""

    def __init__(self, circuit: QuantumCircuit) -> None:
        self._keys = bit_keys((register.name, register.size) for register in circuit.registers)
        self._writes_left = Counter(
            instruction.clbits[0] for instruction in circuit if isinstance(instruction.operation, Measure)
        )
        self._writes = Counter(self._writes_left)
        self._latest: dict[int, str] = {}

    def next_key(self, clbit: int) -> str:
        """The key of the measurement that writes ``clbit`` now."""
        self._writes_left[clbit] -= 1
        key = self._keys[clbit]
        if self._writes_left[clbit]:
            key = f"{key}~{self._writes[clbit] - self._writes_left[clbit] - 1}"
        self._latest[clbit] = key
        return key

    def latest(self, clbit: int) -> str | None:
        """The key that holds ``clbit`` now; None before its first measurement, when it reads 0."""
        return self._latest.get(clbit)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """What a Cirq circuit cannot say by itself: how many qubits, and which registers."""

    num_qubits: int
    registers: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, circuit: QuantumCircuit) -> Layout:
        registers = tuple((register.name, register.size) for register in circuit.registers)
        return cls(num_qubits=circuit.num_qubits, registers=registers)

    @classmethod
    def read(cls, circuit: cirq.AbstractCircuit) -> Layout | None:
        """The layout of a circuit that we converted; None of any other."""
        for tag in circuit.tags:
            if isinstance(tag, str) and tag.startswith(_TAG_PREFIX):
                data = json.loads(tag[len(_TAG_PREFIX) :])
                registers = tuple((name, size) for name, size in data["registers"])
                return cls(num_qubits=data["num_qubits"], registers=registers)
        return None

    def to_tag(self) -> str:
        registers = [list(register) for register in self.registers]
        return _TAG_PREFIX + json.dumps({"num_qubits": self.num_qubits, "registers": registers})


def clbit_of_key(key: str, keys: Sequence[str]) -> int | None:
    """The bit that a key of ours writes; None where it is not one of ours."""
    stem = key.partition("~")[0]
    return keys.index(stem) if stem in keys else None
