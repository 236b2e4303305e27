"""Measurements and resets put into a circuit one by one: the short way and the longer one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coratrix.core import CircuitError, Instruction, Measure, QuantumCircuit
from coratrix.core.operations import Reset


def circuit() -> QuantumCircuit:
    return QuantumCircuit(3, num_clbits=2)


def test_one_is_put_as_append_puts_it() -> None:
    qubit: Any
    bit: Any
    wanted = circuit().append(Instruction(Measure(), (2,), (1,))).append(Instruction(Reset(), (0,)))

    for qubit, bit, zero in [(2, 1, 0), ([np.int64(2)], [np.int64(1)], np.int64(0))]:
        made = circuit().measure(qubit, bit).reset(zero)
        assert made == wanted
        assert made.instructions == wanted.instructions
        assert list(made.special_instructions) == list(wanted.special_instructions)
        assert made.has_measurements


def test_several_are_put_one_after_the_other() -> None:
    assert circuit().measure([2, 0], [0, 1]) == circuit().measure(2, 0).measure(0, 1)
    assert circuit().reset(2, 0) == circuit().reset(2).reset(0)
    assert circuit().reset() == circuit()


@pytest.mark.parametrize(
    ("qubit", "bit"), [(3, 0), (-1, 0), (0, 2), (0, -1), (0.0, 0), ([0, 1], 0), (0, [0, 1]), ([0, 0], [0, 1])]
)
def test_a_measurement_that_does_not_fit_is_refused(qubit: Any, bit: Any) -> None:
    made = circuit()

    with pytest.raises((CircuitError, TypeError)):
        made.measure(qubit, bit)

    assert len(made) == 0


@pytest.mark.parametrize("qubits", [(3,), (-1,), (0.0,), (1, 1), ("0",)])
def test_a_reset_that_does_not_fit_is_refused(qubits: tuple[Any, ...]) -> None:
    made = circuit()

    with pytest.raises(CircuitError):
        made.reset(*qubits)

    assert len(made) == 0
