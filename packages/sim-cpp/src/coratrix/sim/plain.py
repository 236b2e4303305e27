"""The short way for what is asked most: gates and measurements without noise, on few qubits or Clifford.

Owns: which circuits are plain, and how the engine is handed one as it stands, in one call. Such a circuit needs no
copy with its noise written in, no choice of a method beyond one question, and no look at the memory; for circuits of a
few qubits these take longer than the run. What the engine does is the same. Knows nothing of: options, results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy.typing as npt

from coratrix.core import QuantumCircuit
from coratrix.core.operations import Measure
from coratrix.sim import _engine
from coratrix.sim.abilities import MAX_SHOTS
from coratrix.sim.memory import ALWAYS_THERE
from coratrix.sim.program import HEADS

WIDEST_STATE: Final = (ALWAYS_THERE // 16).bit_length() - 1
"""A state of so many qubits, of 16 bytes an amplitude, is run without asking for the memory."""

_WIDEST: Final = 64
"""Of circuits that need no state, and their classical bits."""

_state_of, _run_of, _run_batch_of = HEADS.state, HEADS.run, HEADS.run_batch  # bound once, not at every call

KINDS: Final = frozenset({"auto", "statevector", "trajectories"})
"""Each ``simulator_type`` that runs a plain circuit on a state, or by stabilizers where those do."""


def plain_form(circuit: Any, shots: Any, most_qubits: int) -> _engine.PlainCircuit | None:
    """The circuit as the engine takes it, measured whole if it measures nothing; None where there is more to it.

    What is left to the engine: to see whether every entry is plain, and whether a wide circuit is Clifford.
    """
    if type(circuit) is not QuantumCircuit or type(shots) is not int or not 1 <= shots <= MAX_SHOTS:
        return None
    n, bits, others = circuit.num_qubits, circuit.num_clbits, circuit.special_instructions
    if n > most_qubits or n > _WIDEST or bits > _WIDEST or circuit.global_phase:
        return None
    if others:
        return (circuit.entries, n, bits, False) if type(others[0].operation) is Measure else None
    return None if bits else (circuit.entries, n, n, True)


def layout_of(circuit: QuantumCircuit) -> tuple[tuple[str, int], ...]:
    """The registers of its counts, as names and sizes."""
    registers = circuit.registers
    if not registers:
        return (("meas", circuit.num_qubits),)
    return tuple([(register.name, register.size) for register in registers])


def plain_state(circuit: Any, settings: _engine.Settings) -> npt.NDArray[Any] | None:
    """The amplitudes; None where there is more to the circuit than gates on few qubits."""
    if (
        type(circuit) is not QuantumCircuit
        or circuit.num_qubits > WIDEST_STATE
        or circuit.special_instructions
        or circuit.global_phase  # open ones are true too
    ):
        return None
    return _state_of(circuit.entries, circuit.num_qubits, settings)


def plain_run(
    form: _engine.PlainCircuit, shots: int, seed: int, settings: _engine.Settings
) -> _engine.Readings | None:
    """The readings; None where there is more to the circuit than was to be seen."""
    return _run_of(form, shots, seed, settings, WIDEST_STATE)


def plain_batch(
    circuits: Sequence[Any],
    shots: Sequence[Any],
    seeds: Sequence[int],
    settings: _engine.Settings,
    most_qubits: int,
) -> list[_engine.Readings] | None:
    """The readings of several circuits; None unless all are plain."""
    forms = []
    for circuit, count in zip(circuits, shots, strict=True):
        form = plain_form(circuit, count, most_qubits)
        if form is None:
            return None
        forms.append(form)
    return _run_batch_of(forms, shots, seeds, settings, WIDEST_STATE)
