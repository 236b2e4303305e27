"""Random circuits: the round trip keeps them, and Qiskit Aer draws from the distribution that ours define."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from qiskit import transpile
from qiskit_aer import AerSimulator

from coratrix.core import QuantumCircuit
from coratrix.core.errors import CoratrixError
from coratrix.core.operations import WhileLoop
from coratrix.providers.ibm.convert import from_foreign, to_foreign
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match
from coratrix.testing.strategies import circuits

SLOW = settings(
    max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(circuit=circuits(max_qubits=5, with_unitaries=True, with_measurements=True, with_reset=True))
def test_a_circuit_comes_back_as_it_was(circuit: QuantumCircuit) -> None:
    assert from_foreign(to_foreign(circuit)) == circuit


@settings(max_examples=100, deadline=None, derandomize=True)
@given(circuit=circuits(max_qubits=4, with_feedforward=True, with_reset=True))
def test_a_dynamic_circuit_comes_back_with_the_same_meaning(circuit: QuantumCircuit) -> None:
    """Conditions may be written otherwise, so distributions are compared, not instructions."""
    back = from_foreign(to_foreign(circuit))

    try:
        wanted = outcome_probabilities(circuit)
    except CoratrixError:  # a loop that may go past its bound
        return
    found = outcome_probabilities(back)
    for key in set(wanted) | set(found):
        assert np.isclose(wanted.get(key, 0.0), found.get(key, 0.0), atol=1e-10)


def drawn_by_aer(circuit: QuantumCircuit, shots: int) -> dict[str, int]:
    simulator = AerSimulator(seed_simulator=11)
    counts: dict[str, Any] = (
        simulator.run(transpile(to_foreign(circuit), simulator, optimization_level=0), shots=shots)
        .result()
        .get_counts()
    )
    return {key.replace(" ", "")[::-1]: int(count) for key, count in counts.items()}


@SLOW
@given(circuit=circuits(max_qubits=4, max_instructions=12, with_feedforward=True, with_reset=True))
def test_aer_agrees_on_the_counts(circuit: QuantumCircuit) -> None:
    if any(isinstance(instruction.operation, WhileLoop) for instruction in circuit):
        return  # Aer does not know our bound, and such a loop may never end
    measured = circuit.copy()
    register = measured.add_register("final", circuit.num_qubits)
    measured.measure(range(circuit.num_qubits), register)

    assert_counts_match(drawn_by_aer(measured, 3000), outcome_probabilities(measured))


def test_the_twin_has_the_noise_of_its_device(local_backend: Any) -> None:
    pytest.importorskip("coratrix.sim", reason="needs coratrix-sim-cpp")
    from coratrix.backend import BackendManager
    from coratrix.core.noise import NoiseModel

    lagos = local_backend()
    manager = BackendManager()
    manager.register_backend("ibm_quantum", lagos)
    circuit = QuantumCircuit(3).x(0).cx(0, 1).sx(2).cx(1, 2).measure_all()
    record = lagos.get_calibration()

    counts = manager.twin("ibm_quantum").execute(circuit, shots=40_000, seed=3).counts

    assert_counts_match(counts, outcome_probabilities(circuit, NoiseModel.from_calibration(record)))
    with pytest.raises(AssertionError):
        assert_counts_match(counts, outcome_probabilities(circuit))
