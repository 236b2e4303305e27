"""The strategies: what they promise about the circuits they make."""

from __future__ import annotations

import numpy as np
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from coratrix.core import QuantumCircuit
from coratrix.core.circuit import walk
from coratrix.core.noise import Channel, NoiseModel, channel_defects
from coratrix.core.observables import PauliSum
from coratrix.core.operations import IfElse, Measure, Reset, WhileLoop
from coratrix.testing import reference, strategies

FEW = settings(max_examples=30, deadline=None, derandomize=True)


@FEW
@given(circuit=strategies.circuits(4, with_unitaries=True))
def test_plain_circuits_keep_the_norm_and_agree_with_their_own_unitary(circuit: QuantumCircuit) -> None:
    state = reference.final_state(circuit)

    assert abs(np.vdot(state, state) - 1) < 1e-12
    assert np.allclose(reference.unitary(circuit)[:, 0], state, atol=1e-12)


@FEW
@given(
    circuit=strategies.circuits(3, max_instructions=8, with_feedforward=True, with_reset=True), data=st.data()
)
def test_noisy_dynamic_circuits_keep_the_trace(circuit: QuantumCircuit, data: st.DataObject) -> None:
    model = data.draw(strategies.noise_models(3))

    rho = reference.density_matrix(circuit, model)
    probabilities = reference.outcome_probabilities(circuit, model)

    assert abs(np.trace(rho) - 1) < 1e-10
    assert np.linalg.eigvalsh(rho)[0] > -1e-12
    assert abs(sum(probabilities.values()) - 1) < 1e-10


@FEW
@given(circuit=strategies.circuits(4, gates=strategies.CLIFFORD_GATES))
def test_chosen_gates_are_the_only_ones(circuit: QuantumCircuit) -> None:
    assert set(circuit.count_ops()) <= set(strategies.CLIFFORD_GATES)


@FEW
@given(circuit=strategies.circuits(5))
def test_no_state_starts_as_its_own_mirror_image(circuit: QuantumCircuit) -> None:
    n = circuit.num_qubits
    start = QuantumCircuit(n)
    for instruction in circuit.instructions[: 2 * n]:
        start.append(instruction)

    state = reference.final_state(start)
    mirrored = state.reshape([2] * n).transpose().reshape(-1)

    assert n == 1 or abs(np.vdot(state, mirrored)) < 0.99


def test_every_kind_of_instruction_occurs() -> None:
    dynamic = strategies.circuits(3, with_feedforward=True, with_reset=True)
    for kind in (Measure, Reset, IfElse, WhileLoop):
        found = find(
            dynamic,
            lambda circuit, kind=kind: any(isinstance(i.operation, kind) for i in walk(circuit)),
            settings=settings(derandomize=True, database=None, phases=[Phase.generate]),
        )
        assert found.num_clbits >= 2


@FEW
@given(channel=st.one_of(strategies.channels(), strategies.channels(2)))
def test_channels_are_channels(channel: Channel) -> None:
    assert channel_defects(channel.superoperator()).is_cptp


@FEW
@given(model=strategies.noise_models())
def test_models_survive_their_json(model: NoiseModel) -> None:
    assert NoiseModel.from_json(model.to_json()) == model


@FEW
@given(observable=strategies.pauli_sums(3))
def test_observables_are_hermitian(observable: PauliSum) -> None:
    assert observable.is_hermitian
    assert observable.num_qubits == 3
