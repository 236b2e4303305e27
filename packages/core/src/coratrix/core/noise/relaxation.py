"""Channels of energy loss and dephasing: damping, thermal relaxation, reset.

Owns: their definitions. Knows nothing of: noise models, circuits, devices.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.representations import Matrix, choi_to_kraus
from coratrix.core.noise.validity import check_positive, check_range


def amplitude_damping(gamma: float) -> Channel:
    """ρ → K₀ρK₀† + K₁ρK₁†, K₀ = diag(1, √(1−γ)), K₁ = √γ|0⟩⟨1|.

    γ is the probability that |1⟩ decays to |0⟩; coherences × √(1−γ). The same in Aer, Cirq, Braket and
    PennyLane.
    """
    gamma = check_range(gamma, "amplitude_damping gamma")
    return Channel(
        name="amplitude_damping", num_qubits=1, params={"gamma": gamma}, kraus_builder=_amplitude_damping
    )


def generalized_amplitude_damping(gamma: float, excited_population: float = 0.0) -> Channel:
    """Decay with strength γ towards diag(1−p₁, p₁), p₁ = ``excited_population``; coherences × √(1−γ).

    The pair of `amplitude_damping` has weight 1−p₁ and its mirror K = diag(√(1−γ), 1), √γ|1⟩⟨0| weight p₁.
    Aer's ``amplitude_damping_error(γ, p₁)`` is the same. Cirq's ``generalized_amplitude_damp(p, γ)`` and
    Braket's ``GeneralizedAmplitudeDamping(γ, p)`` take the weight of the downward pair: p = 1−p₁.
    """
    return Channel(
        name="generalized_amplitude_damping",
        num_qubits=1,
        params={
            "gamma": check_range(gamma, "generalized_amplitude_damping gamma"),
            "excited_population": check_range(
                excited_population, "generalized_amplitude_damping excited_population"
            ),
        },
        kraus_builder=_generalized_amplitude_damping,
    )


def phase_damping(lam: float) -> Channel:
    """ρ → K₀ρK₀† + K₁ρK₁†, K₀ = diag(1, √(1−λ)), K₁ = diag(0, √λ): coherences × √(1−λ).

    Equal to `phase_flip` with p = (1−√(1−λ))/2, and written so where errors are drawn. The same λ in Aer,
    Cirq and Braket; some texts call the factor itself 1−λ.
    """
    lam = check_range(lam, "phase_damping lam")
    return Channel(
        name="phase_damping",
        num_qubits=1,
        params={"lam": lam},
        kraus_builder=_phase_damping,
        pauli_builder=_phase_damping_as_flip,
    )


def phase_amplitude_damping(gamma: float, lam: float, excited_population: float = 0.0) -> Channel:
    """Decay γ and dephasing λ at once: coherences × √(1−γ−λ), with γ + λ ≤ 1.

    Aer's ``phase_amplitude_damping_error``. Not the same as `amplitude_damping` then `phase_damping`, which
    multiply coherences by √((1−γ)(1−λ)).
    """
    gamma = check_range(gamma, "phase_amplitude_damping gamma")
    lam = check_range(lam, "phase_amplitude_damping lam")
    check_range(gamma + lam, "phase_amplitude_damping gamma + lam")
    excited = check_range(excited_population, "phase_amplitude_damping excited_population")
    return Channel(
        name="phase_amplitude_damping",
        num_qubits=1,
        params={"gamma": gamma, "lam": lam, "excited_population": excited},
        kraus_builder=_phase_amplitude_damping,
    )


def thermal_relaxation(t1: float, t2: float, time: float, excited_population: float = 0.0) -> Channel:
    """Waiting ``time`` seconds: populations relax to diag(1−p₁, p₁) with e^(−t/t₁), coherences × e^(−t/t₂).

    ``t1`` and ``t2`` in the same unit as ``time`` (seconds elsewhere in Coratrix); ``math.inf`` switches one
    off. Aer's ``thermal_relaxation_error`` has the same parameters. For t₂ ≤ t₁ it is a random choice of I, Z
    and resets, and its Kraus operators are those: whether anything happens does not depend on the state, and
    trajectories draw it beforehand. Aer does the same. Cirq has no channel of this name.

    Raises:
        InvalidNoiseError: t₂ > 2·t₁, which no physical process has, or a time is not positive.
    """
    t1 = check_positive(t1, "thermal_relaxation t1")
    t2 = check_positive(t2, "thermal_relaxation t2")
    if t2 > 2 * t1 * (1 + 1e-12):
        raise InvalidNoiseError(f"thermal_relaxation t2 is {t2:g} s with t1 = {t1:g} s; allowed is t2 ≤ 2·t1")
    time = check_positive(time, "thermal_relaxation time", or_zero=True)
    if math.isinf(time):
        raise InvalidNoiseError("thermal_relaxation time is infinite; use reset_error for full relaxation")
    excited = check_range(excited_population, "thermal_relaxation excited_population")
    return Channel(
        name="thermal_relaxation",
        num_qubits=1,
        params={"t1": t1, "t2": t2, "time": time, "excited_population": excited},
        kraus_builder=_thermal_relaxation,
    )


def reset_error(p0: float, p1: float = 0.0) -> Channel:
    """ρ → (1−p₀−p₁)ρ + p₀|0⟩⟨0| + p₁|1⟩⟨1|: the qubit is put to 0 or to 1 by chance. Aer's
    ``reset_error``."""
    p0 = check_range(p0, "reset_error p0")
    p1 = check_range(p1, "reset_error p1")
    check_range(p0 + p1, "reset_error p0 + p1")
    return Channel(name="reset_error", num_qubits=1, params={"p0": p0, "p1": p1}, kraus_builder=_reset_error)


# Builders: Kraus operators from exactly the parameters of the constructor above.


def _amplitude_damping(gamma: float) -> Sequence[Matrix]:
    return [_matrix(1, 0, 0, math.sqrt(1 - gamma)), _matrix(0, math.sqrt(gamma), 0, 0)]


def _generalized_amplitude_damping(gamma: float, excited_population: float) -> Sequence[Matrix]:
    down, up = math.sqrt(1 - excited_population), math.sqrt(excited_population)
    keep, jump = math.sqrt(1 - gamma), math.sqrt(gamma)
    downward = [down * _matrix(1, 0, 0, keep), down * _matrix(0, jump, 0, 0)]
    upward = [up * _matrix(keep, 0, 0, 1), up * _matrix(0, 0, jump, 0)]
    return downward + upward if excited_population > 0 else downward


def _phase_damping(lam: float) -> Sequence[Matrix]:
    return [_matrix(1, 0, 0, math.sqrt(1 - lam)), _matrix(0, 0, 0, math.sqrt(lam))]


def _phase_damping_as_flip(lam: float) -> dict[str, float]:
    p = lam / (1 + math.sqrt(1 - lam)) / 2  # (1 − √(1−λ))/2 without cancellation
    return {"I": 1 - p, "Z": p}


def _phase_amplitude_damping(gamma: float, lam: float, excited_population: float) -> Sequence[Matrix]:
    return _relaxation(gamma, math.sqrt(max(0.0, 1 - gamma - lam)), excited_population)


def _thermal_relaxation(t1: float, t2: float, time: float, excited_population: float) -> Sequence[Matrix]:
    if t2 <= t1:
        return _relaxation_as_mixture(t1, t2, time, excited_population)
    return _relaxation(-math.expm1(-time / t1), math.exp(-time / t2), excited_population)


def _relaxation_as_mixture(t1: float, t2: float, time: float, excited_population: float) -> Sequence[Matrix]:
    """I, Z and resets by chance: a reset ends every coherence, Z with probability half of the rest more."""
    reset = -math.expm1(-time / t1)
    flip = (1 - reset) * -math.expm1(-time * (1 / t2 - 1 / t1)) / 2
    stay, turn = math.sqrt(1 - reset - flip), math.sqrt(flip)
    resets = _resets(reset * (1 - excited_population), reset * excited_population)
    return _nonzero([_matrix(stay, 0, 0, stay), _matrix(turn, 0, 0, -turn), *resets])


def _relaxation(gamma: float, coherence: float, excited_population: float) -> Sequence[Matrix]:
    """Kraus operators of: |1⟩ loses γ(1−p₁) to |0⟩, |0⟩ loses γp₁ to |1⟩, coherences × ``coherence``.

    The Choi matrix splits into the two jumps and a 2 × 2 block of what stays, diagonal (a, b), off-diagonal
    c.
    """
    up, down = gamma * excited_population, gamma * (1 - excited_population)
    choi = np.zeros((4, 4), dtype=np.complex128)
    choi[0, 0], choi[1, 1] = 1 - up, up
    choi[2, 2], choi[3, 3] = down, 1 - down
    choi[0, 3] = choi[3, 0] = coherence
    return choi_to_kraus(choi)


def _reset_error(p0: float, p1: float) -> Sequence[Matrix]:
    stay = math.sqrt(max(0.0, 1 - p0 - p1))
    return _nonzero([_matrix(stay, 0, 0, stay), *_resets(p0, p1)])


def _resets(p0: float, p1: float) -> Sequence[Matrix]:
    to_zero, to_one = math.sqrt(p0), math.sqrt(p1)
    return [
        _matrix(to_zero, 0, 0, 0),
        _matrix(0, to_zero, 0, 0),
        _matrix(0, 0, to_one, 0),
        _matrix(0, 0, 0, to_one),
    ]


def _nonzero(operators: Sequence[Matrix]) -> Sequence[Matrix]:
    return [operator for operator in operators if operator.any()]


def _matrix(a: float, b: float, c: float, d: float) -> Matrix:
    return np.array([[a, b], [c, d]], dtype=np.complex128)
