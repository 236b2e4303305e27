"""The dense unitary of a circuit, in a few lines that a reader can check; these tests compare with it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray

from coratrix.core import Barrier, Delay, Gate, QuantumCircuit

# how long one example takes says more of the machine than of the code
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")

Dense = Callable[[QuantumCircuit], NDArray[np.complex128]]


def unitary_of(circuit: QuantumCircuit) -> NDArray[np.complex128]:
    """Σ over the gates, qubit 0 the most significant bit; axis k of the tensor is qubit k."""
    n = circuit.num_qubits
    state = np.eye(2**n, dtype=complex).reshape((2,) * n + (2**n,))
    for operation, qubits, _ in circuit:
        if isinstance(operation, Barrier | Delay):
            continue
        assert isinstance(operation, Gate), operation
        k = len(qubits)
        tensor = operation.matrix().reshape((2,) * (2 * k))
        state = np.moveaxis(np.tensordot(tensor, state, (range(k, 2 * k), qubits)), range(k), qubits)
    return np.exp(1j * float(circuit.global_phase)) * state.reshape(2**n, 2**n)


@pytest.fixture(name="unitary_of", scope="session")
def unitary_of_fixture() -> Dense:
    return unitary_of
