"""What acts after one gate: the guide's five numbers, then any channels.

Owns: `GateNoise`, `GateChannel`, and the rule that puts them on the gate's qubits.
Knows nothing of: which gate it belongs to.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.catalogue import channel_from_dict, channel_to_dict
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.pauli_channels import bit_flip, depolarizing, phase_flip
from coratrix.core.noise.relaxation import amplitude_damping, phase_damping
from coratrix.core.noise.validity import check_range

FLAT_ERRORS: Mapping[str, Callable[[float], Channel]] = {
    "depolarizing_error": depolarizing,
    "amplitude_damping_error": amplitude_damping,
    "phase_damping_error": phase_damping,
    "bit_flip_error": bit_flip,
    "phase_flip_error": phase_flip,
}
"""The guide's keys in the order in which they act."""

Placed = tuple[Channel, tuple[int, ...]]


@dataclass(frozen=True, kw_only=True)
class GateChannel:
    """A channel and where it acts among a gate's qubits.

    Attributes:
        channel: the channel.
        on: positions in the gate's list of qubits, e.g. ``(1,)`` for the target of a ``cx``. ``None`` puts a
            one-qubit
            channel on each of the gate's qubits and a larger one on all of them in order.
    """

    channel: Channel
    on: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if self.on is not None and len(set(self.on)) != self.channel.num_qubits:
            raise InvalidNoiseError(
                f"{self.channel.name} acts on {self.channel.num_qubits} qubits; on={self.on} names others"
            )

    def positions(self, arity: int) -> list[tuple[int, ...]]:
        """The tuples of positions on which the channel acts after a gate on ``arity`` qubits."""
        size = self.channel.num_qubits
        if self.on is not None and max(self.on) < arity:
            return [self.on]
        if self.on is None and size == 1:
            return [(position,) for position in range(arity)]
        if self.on is None and size == arity:
            return [tuple(range(arity))]
        where = f" on positions {self.on}" if self.on else ""
        raise InvalidNoiseError(
            f"the channel {self.channel.name} acts on {size} qubits{where}; the gate has {arity}"
        )


@dataclass(frozen=True, kw_only=True)
class GateNoise:
    """What acts after a gate, in this order.

    Attributes:
        depolarizing_error: p of `depolarizing` on all the gate's qubits at once, the same p for any number of
            them.
        amplitude_damping_error: γ of `amplitude_damping` on each qubit.
        phase_damping_error: λ of `phase_damping` on each qubit.
        bit_flip_error: p of `bit_flip` on each qubit.
        phase_flip_error: p of `phase_flip` on each qubit.
        channels: further channels, in order.
    """

    depolarizing_error: float = 0.0
    amplitude_damping_error: float = 0.0
    phase_damping_error: float = 0.0
    bit_flip_error: float = 0.0
    phase_flip_error: float = 0.0
    channels: tuple[GateChannel, ...] = ()

    def __post_init__(self) -> None:
        for name in FLAT_ERRORS:
            object.__setattr__(self, name, check_range(getattr(self, name), name))
        object.__setattr__(self, "channels", tuple(_gate_channel(c) for c in self.channels))

    @property
    def is_silent(self) -> bool:
        """Whether nothing acts at all."""
        return self == _SILENT

    def placed(self, qubits: Sequence[int]) -> list[Placed]:
        """Channels with their qubits after a gate on ``qubits``; a number 0 gives no channel.

        Raises:
            InvalidNoiseError: a channel is for another number of qubits than the gate has.
        """
        return [(c, tuple(qubits[k] for k in positions)) for c, positions in _placements(self, len(qubits))]

    @classmethod
    def of(cls, value: Any) -> GateNoise:
        """From a number (depolarizing), a channel, several channels, a dictionary, or a `GateNoise`."""
        if isinstance(value, GateNoise):
            return value
        if isinstance(value, Mapping):
            return cls.from_dict(value)
        if isinstance(value, Channel | GateChannel):
            return cls(channels=(_gate_channel(value),))
        if isinstance(value, Iterable) and not isinstance(value, str):
            return cls(channels=tuple(_gate_channel(c) for c in value))
        return cls(depolarizing_error=value)

    def to_dict(self) -> dict[str, Any]:
        """The guide's keys, those that are not 0; further channels under ``channels``."""
        data: dict[str, Any] = {name: getattr(self, name) for name in FLAT_ERRORS if getattr(self, name)}
        if self.channels:
            data["channels"] = [
                channel_to_dict(c.channel) | ({} if c.on is None else {"on": list(c.on)})
                for c in self.channels
            ]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> GateNoise:
        """Read what `to_dict` wrote.

        Raises:
            InvalidNoiseError: a key that is not known (the message suggests one), or a value out of range.
        """
        refuse_unknown(data, [f.name for f in fields(cls)], "noise of a gate")
        values = dict(data)
        if "channels" in values:
            values["channels"] = tuple(_channel_entry(entry) for entry in values["channels"])
        return cls(**values)


def refuse_unknown(data: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    """Raise `InvalidNoiseError` for keys that are not known, with the nearest known one."""
    for key in data:
        if key not in known:
            close = difflib.get_close_matches(str(key), known, n=1)
            hint = f" (did you mean {close[0]!r}?)" if close else ""
            raise InvalidNoiseError(f"{where}: unknown key {key!r}{hint}; known: {', '.join(known)}")


@lru_cache(maxsize=4096)
def _placements(noise: GateNoise, arity: int) -> tuple[tuple[Channel, tuple[int, ...]], ...]:
    everywhere = tuple(range(arity))
    placed: list[tuple[Channel, tuple[int, ...]]] = []
    if noise.depolarizing_error:
        placed.append((depolarizing(noise.depolarizing_error, arity), everywhere))
    for name, constructor in list(FLAT_ERRORS.items())[1:]:
        if p := getattr(noise, name):
            placed += [(constructor(p), (k,)) for k in everywhere]
    for entry in noise.channels:
        placed += [(entry.channel, positions) for positions in entry.positions(arity)]
    return tuple(placed)


def _gate_channel(value: Any) -> GateChannel:
    if isinstance(value, Channel):
        return GateChannel(channel=value)
    if isinstance(value, GateChannel):
        return value
    raise InvalidNoiseError(f"expected a channel, found {value!r}; see coratrix.core.noise.CHANNELS")


def _channel_entry(entry: Mapping[str, Any]) -> GateChannel:
    channel = channel_from_dict({key: value for key, value in entry.items() if key != "on"})
    return GateChannel(channel=channel, on=tuple(entry["on"]) if "on" in entry else None)


_SILENT = GateNoise()
