"""Expectation values as functions of a circuit's parameters: gradients and sweeps.

Owns: one call of the engine for each, and the way from the program's parameters to the circuit's.
Knows nothing of: backends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core import PauliSum, QuantumCircuit
from coratrix.sim import _engine, memory
from coratrix.sim.parametric import ParametricProgram


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
    form = ParametricProgram(circuit)
    x, z, coefficients = observable.padded(circuit.num_qubits).masks()
    value, slopes = _engine.gradient(form.bound(values), x, z, coefficients, settings)
    return value, form.chain(values, slopes)


def sweep(
    circuit: QuantumCircuit,
    observable: PauliSum,
    sets: Iterable[Mapping[Any, float]],
    settings: _engine.Settings,
    *,
    single: bool,
) -> npt.NDArray[np.float64]:
    """The value for each set of parameters."""
    _check_width(circuit.num_qubits, single)
    form, listed = ParametricProgram(circuit), list(sets)
    if not listed:
        return np.empty(0)
    x, z, coefficients = observable.padded(circuit.num_qubits).masks()
    rows = np.array([form.numbers(each) for each in listed], dtype=np.float64).reshape(len(listed), -1)
    return _engine.sweep(form.bound(listed[0]), rows, x, z, coefficients, settings)


def _check_width(num_qubits: int, single: bool) -> None:
    refused = memory.refusal(num_qubits, density=False, single=single)
    if refused is not None:
        raise refused
