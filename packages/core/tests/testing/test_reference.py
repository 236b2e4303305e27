"""The textbook simulator against closed forms and against simulators that nobody here wrote."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coratrix.core import QuantumCircuit
from coratrix.core.noise import (
    NoiseModel,
    ReadoutError,
    amplitude_damping,
    depolarizing,
    kraus,
    phase_damping,
    thermal_relaxation,
)
from coratrix.core.observables import PauliSum
from coratrix.core.operations import condition_equals
from coratrix.testing import reference


def lopsided(num_qubits: int = 3) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    circuit.h(0).ry(0.7, 1).cx(0, 2).rz(1.1, 2).u(0.3, -0.4, 1.9, 0).cp(0.8, 2, 1).ccx(1, 2, 0).rzx(0.6, 1, 0)
    return circuit.swap(1, 2).crx(0.9, 2, 0).sx(1).iswap(0, 1).rx(0.25, 0)


def embedded(matrix: np.ndarray, qubits: tuple[int, ...], n: int) -> np.ndarray:
    """The matrix on the whole register, entry by entry from the definition of the bit order."""
    k, size = len(qubits), 2**n
    whole = np.zeros((size, size), dtype=complex)
    for column in range(size):
        bits = [column >> (n - 1 - q) & 1 for q in range(n)]
        source = int("".join(str(bits[q]) for q in qubits), 2)
        for target in range(2**k):
            for position, q in enumerate(qubits):
                bits[q] = target >> (k - 1 - position) & 1
            whole[int("".join(map(str, bits)), 2), column] += matrix[target, source]
    return whole


def test_x_on_qubit_0_of_two_gives_10() -> None:
    circuit = QuantumCircuit(2).x(0)

    assert np.array_equal(reference.final_state(circuit), [0, 0, 1, 0])
    assert reference.outcome_probabilities(circuit) == {"10": 1.0}


def test_the_state_is_the_product_of_matrices_written_out_entry_by_entry() -> None:
    circuit = lopsided()
    state = np.eye(8)[0].astype(complex)
    whole = np.eye(8, dtype=complex)
    for operation, qubits, _ in circuit:
        matrix = embedded(operation.matrix(), qubits, 3)
        state, whole = matrix @ state, matrix @ whole

    assert np.allclose(reference.final_state(circuit), state, atol=1e-14, rtol=0)
    assert np.allclose(reference.unitary(circuit), whole, atol=1e-14, rtol=0)
    assert np.allclose(reference.density_matrix(circuit), np.outer(state, state.conj()), atol=1e-14, rtol=0)


def test_the_global_phase_is_kept() -> None:
    circuit = QuantumCircuit(1, global_phase=0.7).x(0)

    assert np.allclose(reference.final_state(circuit), [0, np.exp(0.7j)])


def test_expectation_is_that_of_the_state() -> None:
    observable = PauliSum({"XIZ": 0.5, "YXI": -1.25, "IIZ": 2.0})
    state = reference.final_state(lopsided())

    expected = np.vdot(state, observable.matrix() @ state).real

    assert reference.expectation(lopsided(), observable) == pytest.approx(expected, abs=1e-13)
    assert reference.expectation(QuantumCircuit(3).x(2), PauliSum.term("Z2")) == pytest.approx(-1)


def test_a_channel_on_two_qubits_is_not_the_channel_on_the_exchanged_ones() -> None:
    decay = amplitude_damping(0.3).tensor(phase_damping(0.4))
    base = QuantumCircuit(2).x(0).h(1)

    rho = reference.density_matrix(base.copy().channel(decay, 0, 1))
    swapped = reference.density_matrix(base.copy().channel(decay, 1, 0))

    assert rho[2, 2] == pytest.approx(0.7 * 0.5)
    assert rho[2, 3] == pytest.approx(0.7 * 0.5 * math.sqrt(0.6))
    assert swapped[2, 2] == pytest.approx(0.5 + 0.5 * 0.3)


def test_density_matrix_with_depolarizing_noise_has_its_closed_form() -> None:
    circuit = QuantumCircuit(2).x(0).cx(0, 1)
    p = 0.12

    rho = reference.density_matrix(circuit, {"depolarizing_error": p})

    after_x = np.diag([p / 2, 1 - p / 2])  # on qubit 0
    after_cx = (1 - p) * np.diag([p / 2, 0, 0, 1 - p / 2]) + p * np.eye(4) / 4
    assert np.trace(after_x) == 1
    assert np.allclose(rho, after_cx, atol=1e-15)


def test_a_bell_pair_measured_in_the_middle_keeps_its_correlation() -> None:
    circuit = QuantumCircuit(2, num_clbits=3).h(0).cx(0, 1).measure(1, 2).h(1).measure(0, 0).measure(1, 1)

    probabilities = reference.outcome_probabilities(circuit)

    assert probabilities == pytest.approx({"000": 0.25, "010": 0.25, "101": 0.25, "111": 0.25})


def test_reset_forgets_and_its_partner_stays_mixed() -> None:
    circuit = QuantumCircuit(2).h(0).cx(0, 1).reset(0)

    assert np.allclose(reference.density_matrix(circuit), np.diag([0.5, 0.5, 0, 0]), atol=1e-15)


def test_teleportation_moves_any_state() -> None:
    theta, phi = 0.83, 2.1
    circuit = QuantumCircuit(3, registers=[("a", 1), ("b", 1)])
    circuit.u(theta, phi, 0.0, 0).h(1).cx(1, 2).cx(0, 1).h(0).measure([0, 1], [0, 1])
    circuit.if_test(condition_equals(1, 1), QuantumCircuit(3).x(2))
    circuit.if_test(condition_equals(0, 1), QuantumCircuit(3).z(2))

    rho = reference.density_matrix(circuit)

    received = np.einsum("ajak->jk", rho.reshape(4, 2, 4, 2))
    sent = np.array([math.cos(theta / 2), np.exp(1j * phi) * math.sin(theta / 2)])
    assert np.allclose(received, np.outer(sent, sent.conj()), atol=1e-14)


def test_else_is_taken_where_the_condition_fails() -> None:
    circuit = QuantumCircuit(2, num_clbits=2).ry(2 * math.asin(math.sqrt(0.3)), 0).measure(0, 0)
    circuit.if_test(condition_equals(0, 1), lambda c: c.x(1), lambda c: c.h(1)).measure(1, 1)

    assert reference.outcome_probabilities(circuit) == pytest.approx({"00": 0.35, "01": 0.35, "11": 0.3})


def test_a_while_loop_repeats_until_success_or_its_bound() -> None:
    p = 0.3  # probability that a round fails
    circuit = QuantumCircuit(1, num_clbits=1).x(0).measure(0, 0)
    body = QuantumCircuit(1, num_clbits=1).reset(0).ry(2 * math.asin(math.sqrt(p)), 0).measure(0, 0)
    circuit.while_loop(condition_equals(0, 1), body, 3)

    assert reference.outcome_probabilities(circuit) == pytest.approx({"0": 1 - p**3, "1": p**3})


def test_register_conditions_read_bit_0_as_the_least_significant() -> None:
    circuit = QuantumCircuit(3, registers=[("c", 2), ("d", 1)]).x(0).measure([0, 1], [0, 1])
    circuit.if_test(condition_equals(circuit.register("c"), 1), lambda c: c.x(2)).measure(2, 2)

    assert reference.outcome_probabilities(circuit) == {"101": 1.0}


def test_a_readout_error_changes_the_bit_and_what_depends_on_it_but_not_the_state() -> None:
    model = NoiseModel(readout_errors={"0": ReadoutError.from_flips(0.1, 0.3)})
    circuit = QuantumCircuit(2, num_clbits=3).x(0).measure(0, 0)
    circuit.if_test(condition_equals(0, 1), lambda c: c.x(1)).measure(1, 1).measure(0, 2)

    probabilities = reference.outcome_probabilities(circuit, model)

    assert probabilities == pytest.approx({"111": 0.49, "110": 0.21, "001": 0.21, "000": 0.09})


def test_a_joint_readout_error_acts_on_the_bits_of_its_qubits() -> None:
    confusion = [[0.9, 0, 0, 0.1], [0, 1, 0, 0], [0.2, 0, 0.5, 0.3], [0, 0, 0, 1]]
    model = NoiseModel(readout_errors={"2 0": ReadoutError(confusion)})
    circuit = QuantumCircuit(3).x(2).x(1).measure_all()

    assert reference.outcome_probabilities(circuit, model) == pytest.approx(
        {"010": 0.2, "011": 0.5, "111": 0.3}
    )


def test_a_silent_model_changes_nothing_bit_for_bit() -> None:
    silent = NoiseModel(
        depolarizing_error=0.0, gate_errors={"cx": 0.0}, idle={"*": {}}, durations={"h": 1e-7}
    )
    circuit = lopsided()

    assert silent.is_silent
    assert np.array_equal(reference.density_matrix(circuit, silent), reference.density_matrix(circuit))


def test_waiting_for_a_partner_relaxes() -> None:
    model = NoiseModel(idle={"*": {"t1": 1e-4, "t2": 5e-5}}, durations={"sx": 2e-6})
    circuit = QuantumCircuit(2).x(1).sx(0).cx(0, 1)  # x takes no time: qubit 1 waits 2 µs for qubit 0

    rho = reference.density_matrix(circuit, model)

    by_hand = QuantumCircuit(2).x(1).channel(thermal_relaxation(1e-4, 5e-5, 2e-6), 1).sx(0).cx(0, 1)
    assert np.allclose(rho, reference.density_matrix(by_hand), atol=1e-15)


def test_what_has_no_state_vector_is_refused() -> None:
    with pytest.raises(ValueError, match="measure has no state vector"):
        reference.final_state(QuantumCircuit(1, num_clbits=1).measure(0, 0))
    with pytest.raises(ValueError, match="reset is not unitary"):
        reference.unitary(QuantumCircuit(1).reset(0))


def test_qiskit_gives_the_same_unitary() -> None:
    qiskit = pytest.importorskip("qiskit")
    info = pytest.importorskip("qiskit.quantum_info")
    theirs = qiskit.QuantumCircuit(3)
    theirs.h(0)
    theirs.ry(0.7, 1)
    theirs.cx(0, 2)
    theirs.rz(1.1, 2)
    theirs.u(0.3, -0.4, 1.9, 0)
    theirs.cp(0.8, 2, 1)
    theirs.ccx(1, 2, 0)
    theirs.rzx(0.6, 1, 0)
    theirs.swap(1, 2)
    theirs.crx(0.9, 2, 0)
    theirs.sx(1)
    theirs.iswap(0, 1)
    theirs.rx(0.25, 0)

    matrix = info.Operator(theirs.reverse_bits()).data

    assert np.allclose(reference.unitary(lopsided()), matrix, atol=1e-13, rtol=0)


def test_cirq_gives_the_same_noisy_state_after_measurement_and_reset() -> None:
    cirq = pytest.importorskip("cirq")
    q = cirq.LineQubit.range(3)
    operators = amplitude_damping(0.2).tensor(depolarizing(0.3)).kraus()
    theirs = cirq.Circuit(
        cirq.H(q[0]),
        cirq.ry(0.7)(q[1]),
        cirq.CNOT(q[0], q[2]),
        cirq.KrausChannel(operators)(q[2], q[0]),
        cirq.measure(q[1], key="m"),
        cirq.X(q[2]).with_classical_controls("m"),
        cirq.ResetChannel()(q[0]),
        cirq.H(q[1]),
        cirq.CZ(q[1], q[2]),
    )
    ours = QuantumCircuit(3, num_clbits=1).h(0).ry(0.7, 1).cx(0, 2).channel(kraus(operators), 2, 0)
    ours.measure(1, 0).if_test(condition_equals(0, 1), lambda c: c.x(2)).reset(0).h(1).cz(1, 2)

    states = reference.conditional_states(ours)

    # Cirq follows one outcome at a time; whichever it drew must be our branch of that outcome.
    result = cirq.DensityMatrixSimulator(dtype=np.complex128, seed=5).simulate(theirs)
    branch = states[str(int(result.measurements["m"][0]))]
    assert np.allclose(result.final_density_matrix, branch / np.trace(branch), atol=1e-10, rtol=0)
