"""Each channel against its closed form, written here independently of the Kraus operators."""

from __future__ import annotations

import json
import math
import pickle

import numpy as np
import pytest

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise import (
    CHANNELS,
    Channel,
    amplitude_damping,
    bit_flip,
    bit_phase_flip,
    channel,
    channel_defects,
    channel_from_dict,
    channel_to_dict,
    coherent_error,
    depolarizing,
    depolarizing_from_error_probability,
    generalized_amplitude_damping,
    kraus,
    mixed_unitary,
    pauli,
    phase_amplitude_damping,
    phase_damping,
    phase_flip,
    reset_error,
    thermal_relaxation,
)

X = np.array([[0, 1], [1, 0]], dtype=complex)
Y = np.array([[0, -1j], [1j, 0]])
Z = np.diag([1.0 + 0j, -1])
RHO = np.array([[0.35, 0.2 - 0.3j], [0.2 + 0.3j, 0.65]])  # no symmetry to hide behind
ROTATION = np.array([[math.cos(0.3), -1j * math.sin(0.3)], [-1j * math.sin(0.3), math.cos(0.3)]])

EXAMPLES = [
    depolarizing(0.12),
    depolarizing(0.12, 2),
    depolarizing(4 / 3),
    depolarizing_from_error_probability(0.3, 2),
    pauli({"XI": 0.1, "YZ": 0.25}),
    bit_flip(0.1),
    phase_flip(0.9),
    bit_phase_flip(0.1),
    amplitude_damping(0.2),
    generalized_amplitude_damping(0.2, 0.3),
    phase_damping(0.3),
    phase_amplitude_damping(0.1, 0.2, 0.3),
    thermal_relaxation(50e-6, 30e-6, 2e-6, 0.1),
    thermal_relaxation(50e-6, 90e-6, 2e-6),
    reset_error(0.1, 0.25),
    coherent_error(ROTATION),
    kraus([math.sqrt(0.9) * np.eye(4), math.sqrt(0.1) * np.kron(ROTATION, X)]),
    mixed_unitary([(0.25, ROTATION), (0.75, np.eye(2))]),
]


def after(noise: Channel, rho: np.ndarray = RHO) -> np.ndarray:
    return sum(k @ rho @ k.conj().T for k in noise.kraus())


def population_and_coherence(excited: float, coherence: complex) -> np.ndarray:
    return np.array([[1 - excited, coherence], [np.conj(coherence), excited]])


P1, C01 = RHO[1, 1].real, RHO[0, 1]


@pytest.mark.parametrize(
    ("noise", "expected"),
    [
        (depolarizing(0.12), 0.88 * RHO + 0.12 * np.eye(2) / 2),
        (depolarizing(4 / 3), (X @ RHO @ X + Y @ RHO @ Y + Z @ RHO @ Z) / 3),
        (bit_flip(0.1), 0.9 * RHO + 0.1 * X @ RHO @ X),
        (bit_phase_flip(0.1), 0.9 * RHO + 0.1 * Y @ RHO @ Y),
        (phase_flip(0.1), population_and_coherence(P1, 0.8 * C01)),
        (pauli({"X": 0.1, "Y": 0.2}), 0.7 * RHO + 0.1 * X @ RHO @ X + 0.2 * Y @ RHO @ Y),
        (amplitude_damping(0.2), population_and_coherence(0.8 * P1, math.sqrt(0.8) * C01)),
        (
            generalized_amplitude_damping(0.2, 0.3),
            population_and_coherence(0.8 * P1 + 0.2 * 0.3, math.sqrt(0.8) * C01),
        ),
        (phase_damping(0.3), population_and_coherence(P1, math.sqrt(0.7) * C01)),
        (
            phase_amplitude_damping(0.1, 0.2, 0.3),
            population_and_coherence(0.9 * P1 + 0.1 * 0.3, math.sqrt(0.7) * C01),
        ),
        (
            thermal_relaxation(50e-6, 30e-6, 2e-6, 0.1),
            population_and_coherence(0.1 + (P1 - 0.1) * math.exp(-1 / 25), math.exp(-1 / 15) * C01),
        ),
        (
            thermal_relaxation(50e-6, 100e-6, 2e-6),  # t2 = 2·t1 is pure energy loss
            after(amplitude_damping(1 - math.exp(-1 / 25))),
        ),
        (reset_error(0.1, 0.25), 0.65 * RHO + np.diag([0.1, 0.25])),
        (coherent_error(ROTATION), ROTATION @ RHO @ ROTATION.conj().T),
        (mixed_unitary([(0.25, X), (0.75, Z)]), 0.25 * X @ RHO @ X + 0.75 * Z @ RHO @ Z),
    ],
    ids=str,
)
def test_one_qubit_channels_have_their_closed_form(noise: Channel, expected: np.ndarray) -> None:
    assert np.allclose(after(noise), expected, atol=1e-15, rtol=0)


@pytest.mark.parametrize(
    ("t1", "t2", "excited"), [(50e-6, 30e-6, 0.1), (2.0, 2.0, 0.0), (math.inf, 1e-5, 0.3), (1e-9, 1e-9, 0.2)]
)
def test_relaxation_with_t2_up_to_t1_is_a_choice_of_identity_z_and_resets(
    t1: float, t2: float, excited: float
) -> None:
    noise = thermal_relaxation(t1, t2, 2e-6, excited)
    coherence = math.exp(-2e-6 / t2) * C01
    population = excited + (P1 - excited) * math.exp(-2e-6 / t1)

    for operator in noise.kraus():
        diagonal = not (operator[0, 1] or operator[1, 0])
        is_turn = diagonal and math.isclose(abs(operator[0, 0]), abs(operator[1, 1]))
        assert is_turn or np.count_nonzero(operator) == 1
    assert np.allclose(after(noise), population_and_coherence(population, coherence), atol=1e-15, rtol=0)


def test_where_errors_are_drawn_phase_damping_is_a_flip_of_the_phase() -> None:
    noise = phase_damping(0.3)

    assert Channel.from_kraus(noise.drawn_kraus()).is_close(noise, atol=1e-15)
    assert all(abs(operator[0, 0]) == abs(operator[1, 1]) for operator in noise.drawn_kraus())
    damping = amplitude_damping(0.2)
    assert damping.drawn_kraus() is damping.kraus()


def test_depolarizing_on_n_qubits_replaces_the_state_by_the_mixed_one() -> None:
    for n in (1, 2, 3):
        rho = np.diag(np.arange(1.0, 2**n + 1)) / sum(range(1, 2**n + 1)) + 0.01j * (
            np.eye(2**n, k=1) - np.eye(2**n, k=-1)
        )

        assert np.allclose(
            after(depolarizing(0.3, n), rho), 0.7 * rho + 0.3 * np.eye(2**n) / 2**n, atol=1e-15
        )


def test_two_qubit_paulis_have_the_first_qubit_leftmost() -> None:
    rho = np.zeros((4, 4), dtype=complex)
    rho[0, 0] = 1

    flipped = after(pauli({"XI": 0.25}), rho)

    assert np.allclose(np.diag(flipped), [0.75, 0, 0.25, 0])


@pytest.mark.parametrize("noise", EXAMPLES, ids=str)
def test_every_channel_is_one_and_all_its_forms_agree(noise: Channel) -> None:
    assert channel_defects(noise.superoperator()).is_cptp
    for form in ("superoperator", "choi", "chi", "ptm"):
        assert getattr(Channel, f"from_{form}")(getattr(noise, form)()).is_close(noise, atol=1e-12)
    assert Channel.from_kraus(noise.kraus()).is_close(noise, atol=1e-15)


@pytest.mark.parametrize("noise", EXAMPLES, ids=str)
def test_channels_are_values(noise: Channel) -> None:
    assert pickle.loads(pickle.dumps(noise)) == noise
    assert channel_from_dict(json.loads(json.dumps(channel_to_dict(noise)))) == noise
    assert len({noise, channel_from_dict(channel_to_dict(noise))}) == 1
    assert noise.name in CHANNELS


@pytest.mark.parametrize("noise", EXAMPLES, ids=str)
def test_matrices_cannot_be_changed(noise: Channel) -> None:
    with pytest.raises(ValueError, match="read-only"):
        noise.kraus()[0][0, 0] = 7
    with pytest.raises(ValueError, match="read-only"):
        noise.superoperator()[0, 0] = 7


def test_no_noise_is_exactly_the_identity() -> None:
    silent = [
        depolarizing(0),
        bit_flip(0),
        amplitude_damping(0),
        phase_damping(0),
        thermal_relaxation(1, 1, 0),
    ]
    for noise in silent:
        assert np.allclose(noise.superoperator(), np.eye(4), atol=1e-15)


def test_the_pauli_view_finds_pauli_channels_only() -> None:
    assert depolarizing(0.4).pauli_probabilities() == pytest.approx({"I": 0.7, "X": 0.1, "Y": 0.1, "Z": 0.1})
    assert phase_damping(0.75).pauli_probabilities() == pytest.approx({"I": 0.75, "Z": 0.25})
    assert kraus([math.sqrt(0.9) * np.eye(2), math.sqrt(0.1) * Y]).pauli_probabilities() == pytest.approx(
        {"I": 0.9, "Y": 0.1}
    )
    assert bit_flip(0.1).tensor(phase_flip(0.2)).pauli_probabilities() == pytest.approx(
        {"II": 0.72, "IZ": 0.18, "XI": 0.08, "XZ": 0.02}
    )
    for other in (amplitude_damping(0.1), reset_error(0.1), coherent_error(ROTATION)):
        assert other.pauli_probabilities() is None


@pytest.mark.parametrize("noise", [n for n in EXAMPLES if n.pauli_probabilities() is not None], ids=str)
def test_the_pauli_view_is_the_same_map(noise: Channel) -> None:
    probabilities = noise.pauli_probabilities()

    assert sum(probabilities.values()) == pytest.approx(1, abs=1e-14)
    assert pauli(probabilities).is_close(noise, atol=1e-14)


def test_the_mixed_unitary_view() -> None:
    view = mixed_unitary([(0.25, ROTATION), (0.75, Z)]).mixed_unitary()

    assert [p for p, _ in view] == pytest.approx([0.25, 0.75])
    assert np.allclose(view[0][1], ROTATION)
    assert amplitude_damping(0.1).mixed_unitary() is None


def test_composition_tensor_and_expansion() -> None:
    damp, turn = amplitude_damping(0.3), coherent_error(ROTATION)
    rho = np.kron(RHO, [[0.8, 0.1j], [-0.1j, 0.2]])

    assert np.allclose(after(damp.then(turn)), ROTATION @ after(damp) @ ROTATION.conj().T, atol=1e-15)
    assert not damp.then(turn).is_close(turn.then(damp), atol=1e-3)
    both = damp.tensor(turn)
    assert np.allclose(
        after(both, rho), np.kron(after(damp), after(turn, np.array([[0.8, 0.1j], [-0.1j, 0.2]]))), atol=1e-15
    )
    assert both.expand(2, (1, 0)).is_close(turn.tensor(damp), atol=1e-14)
    nothing = Channel.from_unitary(np.eye(2))
    assert damp.expand(3, (1,)).is_close(nothing.tensor(damp).tensor(nothing), atol=1e-14)
    assert both.expand(3, (2, 0)).is_close(turn.tensor(nothing).tensor(damp), atol=1e-14)


def test_damping_at_once_is_not_damping_in_sequence() -> None:
    at_once = phase_amplitude_damping(0.1, 0.2)
    in_sequence = amplitude_damping(0.1).then(phase_damping(0.2))

    assert at_once.superoperator()[1, 1] == pytest.approx(math.sqrt(0.7))
    assert in_sequence.superoperator()[1, 1] == pytest.approx(math.sqrt(0.9 * 0.8))


def test_average_gate_fidelity_is_the_average_over_pure_states() -> None:
    noise = amplitude_damping(0.3).then(coherent_error(ROTATION))
    octahedron = [np.array(v) for v in ([1, 0], [0, 1])]  # six states that form a 2-design
    octahedron += [np.array([1, s]) / math.sqrt(2) for s in (1, -1, 1j, -1j)]

    average = np.mean([np.vdot(v, after(noise, np.outer(v, v.conj())) @ v).real for v in octahedron])

    assert noise.average_gate_fidelity() == pytest.approx(average, abs=1e-14)
    assert depolarizing(0.12, 2).average_gate_fidelity() == pytest.approx(1 - 0.12 * 3 / 4)
    assert coherent_error(ROTATION).average_gate_fidelity(ROTATION) == pytest.approx(1)


def test_diamond_norm_bounds_meet_where_the_norm_is_known() -> None:
    assert depolarizing(0.12).diamond_norm_bounds() == pytest.approx((2 * 0.09, 2 * 0.09))
    assert pauli({"XI": 0.1, "YZ": 0.25}).diamond_norm_bounds() == pytest.approx((0.7, 0.7))
    angle = 0.6  # of ROTATION about X: ‖U − 1‖◇ = 2·sin(angle/2)
    assert coherent_error(ROTATION).diamond_norm_bounds() == pytest.approx((2 * math.sin(angle / 2),) * 2)
    low, high = amplitude_damping(0.3).diamond_norm_bounds()
    on_excited = 2 * 0.3  # trace distance of what happens to |1⟩, one of the inputs the norm ranges over
    assert low <= high
    assert on_excited <= high + 1e-12


def test_depolarizing_by_error_probability_is_the_other_convention() -> None:
    for n, factor in ((1, 4 / 3), (2, 16 / 15)):
        assert depolarizing_from_error_probability(0.3, n).params["p"] == pytest.approx(0.3 * factor)
        probabilities = depolarizing_from_error_probability(0.3, n).pauli_probabilities()
        assert probabilities["I" * n] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: depolarizing(1.4), r"depolarizing p on 1 qubit\(s\) is 1.4; allowed is 0 to 1.33333"),
        (lambda: depolarizing(1.1, 2), "allowed is 0 to 1.06667"),
        (lambda: depolarizing(0.1, 0), "num_qubits is 0"),
        (lambda: bit_flip(-0.1), "bit_flip p is -0.1; allowed is 0 to 1"),
        (lambda: phase_flip(float("nan")), "phase_flip p is nan"),
        (lambda: amplitude_damping("0.1"), "amplitude_damping gamma is '0.1'"),
        (lambda: phase_damping(True), "phase_damping lam is True"),
        (lambda: generalized_amplitude_damping(0.1, 1.5), "excited_population is 1.5"),
        (lambda: phase_amplitude_damping(0.7, 0.6), r"gamma \+ lam is 1.3"),
        (
            lambda: thermal_relaxation(1e-6, 3e-6, 1e-7),
            "t2 is 3e-06 s with t1 = 1e-06 s; allowed is t2 ≤ 2·t1",
        ),
        (lambda: thermal_relaxation(0, 1e-6, 1e-7), "t1 is 0 s; it must be above 0"),
        (lambda: thermal_relaxation(1e-6, 1e-6, -1e-7), "time is -1e-07 s; it must be 0 or more"),
        (lambda: reset_error(0.7, 0.7), r"p0 \+ p1 is 1.4"),
        (lambda: pauli({"X": 0.7, "Y": 0.7}), "sum of the error probabilities is 1.4"),
        (lambda: pauli({"I": 0.5, "X": 0.1}), "add up to 0.6"),
        (lambda: pauli({"X": 0.1, "XX": 0.1}), "labels of one width"),
        (lambda: pauli({"Q": 0.1}), "contains Q"),
        (lambda: mixed_unitary([(0.5, X)]), "add up to 0.5"),
        (lambda: mixed_unitary([(1.0, X * 1.1)]), "does not preserve the trace"),
        (lambda: coherent_error([[1, 1], [0, 1]]), "does not preserve the trace"),
        (lambda: kraus([np.eye(2) * 0.99]), r"largest entry of ΣK†K − I is 0.0199"),
        (lambda: kraus([np.eye(2), np.eye(4)]), "one shape"),
        (lambda: kraus([]), "one or more matrices"),
        (lambda: kraus([np.eye(3)]), "side a power of 2"),
        (lambda: kraus([np.full((2, 2), np.nan)]), "nan or inf"),
        (lambda: Channel.from_choi(np.diag([1.5, -0.5, -0.5, 1.5])), "lowest Choi eigenvalue is -0.5"),
        (lambda: Channel.from_ptm(np.diag([1, 1, 1.0, -1.0])), "not completely positive"),
        (lambda: Channel.from_superoperator(np.eye(2)), "side a power of 4"),
        (lambda: amplitude_damping(0.1).then(depolarizing(0.1, 2)), "acts on 2 qubits"),
        (lambda: amplitude_damping(0.1).expand(2, (2,)), "do not all lie"),
        (lambda: depolarizing(0.1, 2).expand(3, (1, 1)), "2 different qubits"),
        (lambda: channel("depolarising", p=0.1), "did you mean 'depolarizing'"),
        (lambda: channel("bit_flip", q=0.1), "its parameters are p"),
        (lambda: channel_from_dict({"p": 0.1}), "a channel is"),
    ],
)
def test_what_is_no_channel_is_refused_with_its_value_and_range(make: object, message: str) -> None:
    with pytest.raises(InvalidNoiseError, match=message):
        make()  # type: ignore[operator]


def test_the_transpose_is_not_completely_positive() -> None:
    transpose = np.eye(4)[[0, 2, 1, 3]]

    defects = channel_defects(transpose)

    assert defects.trace == 0
    assert defects.positivity == pytest.approx(1)
    assert "lowest Choi eigenvalue is -1" in str(defects)


@pytest.mark.parametrize(
    ("form", "matrix", "words"),
    [
        ("choi", -np.eye(4) / 2, "Choi matrix is not a channel.*lowest Choi eigenvalue is -0.5"),
        ("chi", np.diag([1.0, 0.5, 0, 0]), "chi matrix is not a channel.*does not preserve the trace"),
        ("ptm", np.diag([1.0, 1, 1, -1]), "Pauli transfer matrix is not a channel.*eigenvalue is -1"),
    ],
)
def test_a_matrix_that_is_no_channel_is_refused_by_the_name_it_came_under(
    form: str, matrix: np.ndarray, words: str
) -> None:
    with pytest.raises(InvalidNoiseError, match=words):
        getattr(Channel, f"from_{form}")(matrix)
