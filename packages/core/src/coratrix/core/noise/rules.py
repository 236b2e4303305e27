"""A model's gate noise spelt out rule by rule, for formats that cannot hold our precedence.

Owns: which gates and which qubits need an entry of their own. Knows nothing of: any foreign format.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import permutations

import numpy as np

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.gate_table import GATES
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.gate_noise import Placed
from coratrix.core.noise.model import NoiseModel


def placed_on_positions(model: NoiseModel, name: str, qubits: tuple[int, ...] | None = None) -> list[Placed]:
    """Channels after a gate of the table with their positions among its qubits.

    Without ``qubits``: what holds wherever no rule for given qubits applies.
    """
    placed = model.gate_noise(name, qubits).placed(range(GATES[name].num_qubits))
    for position, qubit in enumerate(qubits or ()):
        if noise := model.qubit_errors.get(str(qubit)):
            placed += noise.placed((position,))
    return placed


def special_qubits(model: NoiseModel, name: str, num_qubits: int | None) -> list[tuple[int, ...]]:
    """The qubits on which a gate's noise has a rule of its own, by gate or by qubit.

    Raises:
        InvalidNoiseError: the model has noise of single qubits and ``num_qubits`` was not given.
    """
    named = [tuple(map(int, key.split()[1:])) for key in model.gate_errors if key.startswith(f"{name} ")]
    noisy = {int(key) for key in model.qubit_errors}
    if not noisy:
        return named
    if num_qubits is None:
        raise InvalidNoiseError("the model has qubit_errors; say num_qubits so that every gate can be listed")
    touched = (p for p in permutations(range(num_qubits), GATES[name].num_qubits) if noisy & set(p))
    return list(dict.fromkeys([*named, *touched]))


@lru_cache(maxsize=256)
def combined(placed: tuple[Placed, ...], arity: int) -> Channel:
    """Channels on positions, one after the other, as one channel on all ``arity`` qubits."""
    whole = np.eye(4**arity, dtype=np.complex128)
    for channel, positions in placed:
        whole = channel.expand(arity, positions).superoperator() @ whole
    return Channel.from_superoperator(whole)


def refuse_idle(model: NoiseModel, target: str) -> None:
    """Raise if the model has idle noise, which the target cannot hold."""
    if any(not idle.is_silent for idle in model.idle.values()):
        raise InvalidNoiseError(
            f"{target} has no place for idle noise; drop it with replace(model, idle={{}}, durations={{}}) "
            "or write the noise into the circuit with model.applied_to(circuit)"
        )


def refuse_joint_readout(model: NoiseModel, target: str) -> None:
    """Raise if readout errors are given on several qubits at once."""
    if joint := [key for key in model.readout_errors if " " in key]:
        raise InvalidNoiseError(f"{target} has no place for the joint readout error on qubits {joint[0]}")


def refuse_names(model: NoiseModel, known: tuple[str, ...], target: str) -> None:
    """Raise if a gate that the target cannot name has noise of its own."""
    names = {key.split()[0] for key in model.gate_errors}
    if unknown := sorted(names - set(known)):
        raise InvalidNoiseError(f"{target} has no name for gate_errors of {', '.join(unknown)}")
