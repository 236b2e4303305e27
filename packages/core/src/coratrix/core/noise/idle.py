"""What happens to a qubit that waits.

Owns: `Idle`, one qubit's relaxation, and how long an instruction takes. Knows nothing of: schedules.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.gate import UnitaryGate
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.gate_noise import refuse_unknown
from coratrix.core.noise.keys import gate_keys
from coratrix.core.noise.relaxation import thermal_relaxation
from coratrix.core.operations import Delay, Instruction


@dataclass(frozen=True, kw_only=True)
class Idle:
    """A waiting qubit's `thermal_relaxation`.

    Attributes:
        t1: seconds; infinite means no energy loss.
        t2: seconds, at most 2·t1; infinite means no dephasing.
        excited_population: probability of |1⟩ in equilibrium.
    """

    t1: float = math.inf
    t2: float = math.inf
    excited_population: float = 0.0

    def __post_init__(self) -> None:
        thermal_relaxation(self.t1, self.t2, 0.0, self.excited_population)  # refuses what is not physical

    @property
    def is_silent(self) -> bool:
        return math.isinf(self.t1) and math.isinf(self.t2)

    def channel(self, duration_s: float) -> Channel:
        """The channel of waiting so many seconds."""
        return _relaxation(self, duration_s)

    @classmethod
    def of(cls, value: Any) -> Idle:
        """From an `Idle` or its dictionary."""
        if isinstance(value, Idle):
            return value
        if not isinstance(value, Mapping):
            raise InvalidNoiseError(f"expected {{'t1': seconds, 't2': seconds}}, found {value!r}")
        refuse_unknown(value, ("t1", "t2", "excited_population"), "idle noise")
        given = dict(value)
        if "t2" not in given and "t1" in given:
            raise InvalidNoiseError("idle noise: t1 without t2; give both (t2 is at most 2·t1)")
        return cls(**given)

    def to_dict(self) -> dict[str, float]:
        """JSON values; infinite times are left out."""
        data = {"t1": self.t1, "t2": self.t2, "excited_population": self.excited_population}
        return {key: value for key, value in data.items() if value and not math.isinf(value)}


def duration_of(instruction: Instruction, durations: Mapping[str, float]) -> float:
    """Seconds by the most telling key that matches; a delay's own; 0 where none is given."""
    operation = instruction.operation
    if isinstance(operation, Delay):
        return operation.duration_s
    label = operation.given_label if isinstance(operation, UnitaryGate) else None
    for key in gate_keys(operation.name, label, instruction.qubits):
        if key in durations:
            return durations[key]
    return 0.0


@lru_cache(maxsize=4096)
def _relaxation(idle: Idle, duration_s: float) -> Channel:
    return thermal_relaxation(idle.t1, idle.t2, duration_s, idle.excited_population)
