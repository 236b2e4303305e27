"""Owns what a circuit keeps of its instructions: a list of entries, shown as Instructions to whoever asks.

Knows nothing of checks and registers: what is added here was checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Self

from coratrix.core.circuit_gates import GateMethods
from coratrix.core.entries import Entry, instruction_of
from coratrix.core.operations import ChannelOp, Instruction


class Recorded(GateMethods):
    """Entries in order. They are only ever added, so that what was shown of them stays true."""

    _entries: list[Entry]
    _others: list[Instruction]  # the entries that are Instructions
    _made: list[Instruction]  # the first entries as Instructions, as far as somebody has looked
    _channel_ops: dict[int, ChannelOp] | None  # by the identity of the channel, once there are any

    def __init__(self) -> None:
        self._recorded([], [])

    def _recorded(
        self, entries: list[Entry], others: list[Instruction], made: Sequence[Instruction] = ()
    ) -> Self:
        """Begin with these lists, which from now on are its own."""
        self._entries, self._others = entries, others
        self._made, self._channel_ops = list(made), None
        return self

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """What the circuit does, in order."""
        return tuple(self._instructions)

    @property
    def entries(self) -> Sequence[Entry]:
        """The same in the short form of `coratrix.core.entries`, which is there already; not to be changed."""
        return self._entries

    @property
    def special_instructions(self) -> Sequence[Instruction]:
        """The instructions that are no gates with numbers: measurements, channels, open parameters, loops …

        Whoever looks for one of these need not walk through the rest. Not to be changed.
        """
        return self._others

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Instruction]:
        return iter(self._instructions)

    def __getstate__(self) -> dict[str, Any]:
        # a pickle holds each thing once, and no identities
        return self.__dict__ | {"_made": [], "_channel_ops": None}

    @property
    def _instructions(self) -> list[Instruction]:
        made = self._made
        if len(made) < len(self._entries):
            made += map(instruction_of, self._entries[len(made) :])
        return made

    def _add(self, *entries: Entry) -> Self:
        return self._add_sorted(entries, [entry for entry in entries if isinstance(entry, Instruction)])

    def _put(self, instruction: Instruction) -> Self:
        """Add an instruction that is no gate, its qubits and bits checked."""
        self._entries.append(instruction)
        self._others.append(instruction)
        return self

    def _add_sorted(self, entries: Sequence[Entry], others: Sequence[Instruction]) -> Self:
        """Add entries; ``others`` are those of them that are Instructions."""
        self._entries += entries
        self._others += others
        return self
