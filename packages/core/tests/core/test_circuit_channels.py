"""Channels put into a circuit: the short way and the longer one."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from coratrix.core import CircuitError, Instruction, QuantumCircuit
from coratrix.core.noise import depolarizing
from coratrix.core.operations import ChannelOp


@pytest.mark.parametrize("num_qubits", [1, 2, 3])
def test_a_channel_is_placed_as_append_places_it(num_qubits: int) -> None:
    channel, qubits = depolarizing(0.1, num_qubits), (2, 0, 3)[:num_qubits]

    circuit = QuantumCircuit(4).channel(channel, *qubits).channel(channel, *map(np.int64, qubits))

    instruction = Instruction(ChannelOp(channel), qubits)
    assert circuit == QuantumCircuit(4).append(instruction).append(instruction)
    assert circuit.instructions == (instruction, instruction)
    assert list(circuit.special_instructions) == [instruction, instruction]
    assert {type(qubit) for each in circuit.instructions for qubit in each.qubits} == {int}


@pytest.mark.parametrize(
    ("num_qubits", "qubits", "words"),
    [
        (1, (4,), "qubits 0 to 3"),
        (1, (-1,), "qubits 0 to 3"),
        (1, (), "1 qubits; got 0"),
        (1, (0, 1), "1 qubits; got 2"),
        (1, (0.0,), "qubit numbers"),
        (2, (1, 1), "repeated"),
        (2, (0, 4), "qubits 0 to 3"),
        (2, (-1, 0), "qubits 0 to 3"),
        (2, (0,), "2 qubits; got 1"),
        (3, (0, 1, 0), "repeated"),
    ],
)
def test_a_channel_that_does_not_fit_is_refused_again_and_again(
    num_qubits: int, qubits: tuple[Any, ...], words: str
) -> None:
    circuit, channel = QuantumCircuit(4), depolarizing(0.1, num_qubits)

    for _ in range(2):
        with pytest.raises(CircuitError, match=words):
            circuit.channel(channel, *qubits)

    assert len(circuit) == 0


def test_channels_are_told_apart_however_short_they_live() -> None:
    circuit = QuantumCircuit(1)
    for k in range(100):
        circuit.channel(depolarizing(k / 200), 0)  # the next may be made where this one was

    strengths = [each.operation.channel.params["p"] for each in circuit.instructions]

    assert strengths == [k / 200 for k in range(100)]


def test_a_circuit_with_channels_is_copied_and_pickled_whole() -> None:
    channel = depolarizing(0.1)
    circuit = QuantumCircuit(2).channel(channel, 0).h(1)

    for twin in (circuit.copy(), copy.deepcopy(circuit), pickle.loads(pickle.dumps(circuit))):
        assert twin == circuit
        assert twin.channel(channel, 1) == QuantumCircuit(2).channel(channel, 0).h(1).channel(channel, 1)
