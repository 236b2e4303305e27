"""Channels that apply a random Pauli operator: depolarizing, bit and phase flips, any mixture of Paulis.

Owns: their definitions and probabilities. Knows nothing of: noise models, circuits.
"""

from __future__ import annotations

from collections.abc import Mapping

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.channel import Channel, PauliBuilder
from coratrix.core.noise.representations import pauli_labels
from coratrix.core.noise.validity import check_range


def depolarizing(p: float, num_qubits: int = 1) -> Channel:
    """ρ → (1−p)ρ + p·I/2**n: with weight p the state is replaced by the fully mixed one.

    With N = 4**n each of the N−1 non-identity Paulis has probability p/N; p may reach N/(N−1), where the
    identity has none. This is Qiskit Aer's parameter. Cirq's ``depolarize``, Braket's ``Depolarizing`` and
    ``TwoQubitDepolarizing``, PennyLane, qulacs and QuEST take the total error probability q instead, each
    Pauli q/(N−1): p = q·N/(N−1), which `depolarizing_from_error_probability` does.
    """
    _check_num_qubits(num_qubits)
    size = 4**num_qubits
    p = check_range(p, f"depolarizing p on {num_qubits} qubit(s)", high=size / (size - 1))
    return Channel(
        name="depolarizing",
        num_qubits=num_qubits,
        params={"p": p, "num_qubits": num_qubits},
        pauli_builder=_depolarizing,
    )


def depolarizing_from_error_probability(q: float, num_qubits: int = 1) -> Channel:
    """ρ → (1−q)ρ + q/(N−1)·Σ PρP over the non-identity Paulis: the parameter of Cirq, Braket and
    PennyLane."""
    _check_num_qubits(num_qubits)
    size = 4**num_qubits
    q = check_range(q, "depolarizing error probability q")
    return depolarizing(q * size / (size - 1), num_qubits)


def pauli(probabilities: Mapping[str, float]) -> Channel:
    """ρ → Σ p_P PρP. The identity takes what the given probabilities leave.

    Labels are over the channel's qubits, first qubit leftmost, as in Cirq's ``asymmetric_depolarize``; Qiskit
    Aer's ``pauli_error`` writes the first qubit rightmost.
    """
    widths = {len(label) for label in probabilities}
    if len(widths) != 1 or 0 in widths:
        raise InvalidNoiseError(
            f"pauli: expected labels of one width, 1 or more, found {list(probabilities)}"
        )
    num_qubits = widths.pop()
    kept: dict[str, float] = {}
    for label, p in sorted(probabilities.items()):
        if wrong := sorted(set(label) - set("IXYZ")):
            raise InvalidNoiseError(
                f"pauli: label {label!r} contains {', '.join(wrong)}; allowed are I, X, Y, Z"
            )
        kept[label] = check_range(p, f"pauli probability of {label}")
    return Channel(
        name="pauli",
        num_qubits=num_qubits,
        params={"probabilities": _with_identity(kept, num_qubits)},
        pauli_builder=_pauli,
    )


def bit_flip(p: float) -> Channel:
    """ρ → (1−p)ρ + p·XρX. The same in Cirq, Braket and PennyLane; in Aer ``pauli_error([("X", p), …])``."""
    return _flip("bit_flip", _bit_flip, p)


def phase_flip(p: float) -> Channel:
    """ρ → (1−p)ρ + p·ZρZ: coherences × (1−2p). The same in Cirq, Braket and PennyLane."""
    return _flip("phase_flip", _phase_flip, p)


def bit_phase_flip(p: float) -> Channel:
    """ρ → (1−p)ρ + p·YρY. In Cirq ``asymmetric_depolarize(p_x=0, p_y=p, p_z=0)``."""
    return _flip("bit_phase_flip", _bit_phase_flip, p)


def _flip(name: str, builder: PauliBuilder, p: float) -> Channel:
    return Channel(name=name, num_qubits=1, params={"p": check_range(p, f"{name} p")}, pauli_builder=builder)


# Builders: Pauli string to probability, from exactly the parameters of the constructor above.


def _depolarizing(p: float, num_qubits: int) -> Mapping[str, float]:
    identity, *errors = pauli_labels(num_qubits)
    each = p / 4**num_qubits
    return {identity: 1 - len(errors) * each, **dict.fromkeys(errors, each)}


def _pauli(probabilities: Mapping[str, float]) -> Mapping[str, float]:
    return probabilities


def _bit_flip(p: float) -> Mapping[str, float]:
    return {"I": 1 - p, "X": p}


def _phase_flip(p: float) -> Mapping[str, float]:
    return {"I": 1 - p, "Z": p}


def _bit_phase_flip(p: float) -> Mapping[str, float]:
    return {"I": 1 - p, "Y": p}


def _with_identity(kept: dict[str, float], num_qubits: int) -> dict[str, float]:
    identity = "I" * num_qubits
    errors = sum(p for label, p in kept.items() if label != identity)
    check_range(errors, "pauli: the sum of the error probabilities")
    if identity in kept and abs(kept[identity] + errors - 1) > 1e-9:
        raise InvalidNoiseError(f"pauli: the probabilities add up to {kept[identity] + errors:g}, not 1")
    return {identity: max(0.0, 1 - errors)} | {k: p for k, p in kept.items() if k != identity and p > 0}


def _check_num_qubits(num_qubits: object) -> None:
    if not isinstance(num_qubits, int) or isinstance(num_qubits, bool) or num_qubits < 1:
        raise InvalidNoiseError(f"num_qubits is {num_qubits!r}; expected a whole number, 1 or more")
