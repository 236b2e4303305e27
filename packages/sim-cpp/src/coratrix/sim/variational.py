"""Circuits as functions of their parameters: gradients, and sweeps of expectation values and of counts.

Owns: one call of the engine for each, and the way from the program's parameters to the circuit's.
Knows nothing of: backends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core import PauliSum, QuantumCircuit
from coratrix.sim import _engine, memory
from coratrix.sim.parametric import Values, program_of


def gradient(
    circuit: QuantumCircuit,
    observable: PauliSum,
    values: Mapping[Any, float],
    settings: _engine.Settings,
    *,
    single: bool,
) -> tuple[float, dict[str, float]]:
    """The value and its derivative by each parameter, by name (adjoint method)."""
    _check_width(circuit.num_qubits + 1, single)
    form = program_of(circuit)
    x, z, coefficients = observable.padded(circuit.num_qubits).masks()
    program = form.program(form.table([values])[0])
    value, slopes = _engine.gradient(program, x, z, coefficients, settings)
    return value, form.chain(values, slopes)


def sweep(
    circuit: QuantumCircuit,
    observable: PauliSum,
    values: Values,
    settings: _engine.Settings,
    *,
    single: bool,
) -> npt.NDArray[np.float64]:
    """The value for each set of parameters."""
    _check_width(circuit.num_qubits, single)
    form = program_of(circuit)
    rows = form.table(values)
    if not len(rows):
        return np.empty(0)
    x, z, coefficients = observable.padded(circuit.num_qubits).masks()
    return _engine.sweep(form.program(rows[0]), rows, x, z, coefficients, settings)


def sweep_counts(
    circuit: QuantumCircuit,
    values: Values,
    shots: int,
    seeds: Sequence[int],
    settings: _engine.Settings,
) -> list[_engine.Readings]:
    """Readings for each set of parameters, each drawn with its own seed."""
    form = program_of(circuit)
    rows = form.table(values)
    return _engine.run_sweep(form.program(rows[0]), rows, shots, seeds, settings)


def _check_width(num_qubits: int, single: bool) -> None:
    refused = memory.refusal(num_qubits, density=False, single=single)
    if refused is not None:
        raise refused
