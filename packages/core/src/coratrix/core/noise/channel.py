"""One noise channel: a named, immutable, completely positive trace-preserving map.

Owns: `Channel`, its five matrix forms, its algebra and its measures.
Knows nothing of: how each named channel is defined (its family's module says), noise models, circuits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.frozen_dict import FrozenDict
from coratrix.core.noise import representations as forms
from coratrix.core.noise.representations import Matrix, RealMatrix
from coratrix.core.noise.validity import check_kraus, check_superoperator, square_matrix
from coratrix.core.observables import pauli_matrix

KrausBuilder = Callable[..., Sequence[Matrix]]
PauliBuilder = Callable[..., Mapping[str, float]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Channel:
    """A channel as data: its name and parameters; matrices are made when asked for.

    The first qubit is the most significant bit of every matrix. Make one with a function of
    `coratrix.core.noise` (`depolarizing`, `amplitude_damping`, …) or from matrices with ``Channel.from_*``.

    Attributes:
        name: the key of this kind of channel in `CHANNELS`, e.g. ``"amplitude_damping"``.
        num_qubits: how many qubits it acts on.
        params: exactly the arguments of the constructor of that name.
        kraus_builder: Kraus operators from the parameters; a Pauli channel needs none.
        pauli_builder: Pauli probabilities from the parameters, for a Pauli channel.
    """

    name: str
    num_qubits: int
    params: Mapping[str, Any]
    kraus_builder: KrausBuilder | None = None
    pauli_builder: PauliBuilder | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", FrozenDict(self.params))

    # --- made from matrices -------------------------------------------------------------------------------

    @classmethod
    def from_kraus(cls, operators: Sequence[npt.ArrayLike]) -> Channel:
        """ρ → Σ KρK†.

        Raises:
            InvalidNoiseError: sizes differ, or ΣK†K is not I; the message names the defect.
        """
        matrices = check_kraus(operators, "Kraus map")
        return cls(
            name="kraus",
            num_qubits=len(matrices[0]).bit_length() - 1,
            params={"operators": matrices},
            kraus_builder=_given_kraus,
        )

    @classmethod
    def from_unitary(cls, unitary: npt.ArrayLike) -> Channel:
        """ρ → UρU†: a coherent error."""
        (matrix,) = check_kraus([unitary], "coherent error")
        return cls(
            name="coherent",
            num_qubits=len(matrix).bit_length() - 1,
            params={"unitary": matrix},
            kraus_builder=_given_unitary,
        )

    @classmethod
    def from_superoperator(cls, superoperator: npt.ArrayLike) -> Channel:
        """From S with vec ρ → S vec ρ, columns of ρ stacked (Qiskit's ``SuperOp``; Cirq stacks rows)."""
        return cls._checked(square_matrix(superoperator, "superoperator", base=4), "superoperator")

    @classmethod
    def from_choi(cls, choi: npt.ArrayLike) -> Channel:
        """From Λ = Σ |i⟩⟨j| ⊗ E(|i⟩⟨j|), trace 2**n."""
        matrix = square_matrix(choi, "Choi matrix", base=4)
        return cls._checked(forms.choi_to_superoperator(matrix), "Choi matrix")

    @classmethod
    def from_chi(cls, chi: npt.ArrayLike) -> Channel:
        """From χ with ρ → Σ χ_ab P_a ρ P_b / 2**n, trace 2**n."""
        matrix = square_matrix(chi, "chi matrix", base=4)
        return cls._checked(forms.chi_to_superoperator(matrix), "chi matrix")

    @classmethod
    def from_ptm(cls, ptm: npt.ArrayLike) -> Channel:
        """From the Pauli transfer matrix R_ab = Tr(P_a E(P_b)) / 2**n."""
        matrix = square_matrix(ptm, "Pauli transfer matrix", base=4)
        return cls._checked(forms.ptm_to_superoperator(matrix), "Pauli transfer matrix")

    @classmethod
    def _checked(cls, superoperator: Matrix, what: str) -> Channel:
        check_superoperator(superoperator, what)
        return cls.from_kraus(forms.choi_to_kraus(forms.superoperator_to_choi(superoperator)))

    # --- written as matrices ------------------------------------------------------------------------------

    def kraus(self) -> tuple[Matrix, ...]:
        """Read-only operators K with ρ → ΣKρK†. For a Pauli channel each is √p times a Pauli, none with p =
        0."""
        return self._kraus

    def superoperator(self) -> Matrix:
        """S = ΣK*⊗K on column-stacked ρ, ``(4**n, 4**n)``, read-only."""
        return self._superoperator

    def choi(self) -> Matrix:
        """Λ = Σ |i⟩⟨j| ⊗ E(|i⟩⟨j|), trace 2**n."""
        return forms.superoperator_to_choi(self._superoperator)

    def chi(self) -> Matrix:
        """χ with ρ → Σ χ_ab P_a ρ P_b / 2**n, Paulis in the order I, X, Y, Z, first qubit slowest."""
        return forms.superoperator_to_chi(self._superoperator)

    def ptm(self) -> RealMatrix:
        """R_ab = Tr(P_a E(P_b)) / 2**n."""
        return forms.superoperator_to_ptm(self._superoperator)

    @cached_property
    def _kraus(self) -> tuple[Matrix, ...]:
        if self.kraus_builder is not None:
            return tuple(_frozen(operator) for operator in self.kraus_builder(**self.params))
        return self.drawn_kraus()

    @cached_property
    def _superoperator(self) -> Matrix:
        return _frozen(forms.kraus_to_superoperator(self._kraus))

    # --- views for engines that draw errors ---------------------------------------------------------------

    def pauli_probabilities(self) -> dict[str, float] | None:
        """Pauli string to probability if this is a Pauli channel (identity included), else ``None``."""
        if self.pauli_builder is not None:
            return dict(self.pauli_builder(**self.params))
        chi = self.chi() / 2**self.num_qubits
        diagonal = np.diag(chi).real
        if np.abs(chi - np.diag(diagonal)).max() > 1e-12:
            return None
        labels = forms.pauli_labels(self.num_qubits)
        return {label: float(p) for label, p in zip(labels, diagonal, strict=True) if p > 1e-15}

    def mixed_unitary(self) -> tuple[tuple[float, Matrix], ...] | None:
        """``((probability, unitary), …)`` if each Kraus operator is a multiple of a unitary, else ``None``.

        The probabilities then do not depend on the state, so an error is drawn without a norm.
        """
        view = []
        for operator in self._kraus:
            square = operator.conj().T @ operator
            p = float(square[0, 0].real)
            if np.abs(square - p * np.eye(len(square))).max() > 1e-12:
                return None
            if p > 0:
                view.append((p, operator / np.sqrt(p)))
        return tuple(view)

    def drawn_kraus(self) -> tuple[Matrix, ...]:
        """Kraus operators to draw from: Paulis where the channel is known as a Pauli channel, else `kraus`."""
        if self.pauli_builder is None:
            return self._kraus
        paulis = self.pauli_builder(**self.params)
        return tuple(_frozen(np.sqrt(p) * pauli_matrix(label)) for label, p in paulis.items() if p > 0)

    # --- algebra ------------------------------------------------------------------------------------------

    def then(self, later: Channel) -> Channel:
        """This channel, then ``later`` on the same qubits, as one channel."""
        if later.num_qubits != self.num_qubits:
            raise InvalidNoiseError(
                f"{later.name} acts on {later.num_qubits} qubits, {self.name} on {self.num_qubits}; "
                "expand the smaller one first"
            )
        return Channel.from_superoperator(later.superoperator() @ self._superoperator)

    def tensor(self, other: Channel) -> Channel:
        """This channel on the first qubits and ``other`` on the following ones."""
        return Channel.from_kraus([np.kron(a, b) for a in self._kraus for b in other.kraus()])

    def expand(self, num_qubits: int, qubits: Sequence[int]) -> Channel:
        """This channel on ``qubits`` of a register of ``num_qubits``, nothing on the others.

        ``channel.expand(2, (1, 0))`` is a two-qubit channel with its qubits exchanged.
        """
        qubits = tuple(qubits)
        if len(set(qubits)) != self.num_qubits or len(qubits) != self.num_qubits:
            raise InvalidNoiseError(f"{self.name} acts on {self.num_qubits} different qubits, found {qubits}")
        if not all(0 <= q < num_qubits for q in qubits):
            raise InvalidNoiseError(f"qubits {qubits} do not all lie in a register of {num_qubits}")
        return Channel.from_kraus([embed(operator, qubits, num_qubits) for operator in self._kraus])

    # --- measures -----------------------------------------------------------------------------------------

    def process_fidelity(self, target: npt.ArrayLike | None = None) -> float:
        """F_pro = Σ|Tr U†K|² / d² to the unitary ``target`` (identity by default)."""
        dim = 1 << self.num_qubits
        unitary = np.eye(dim) if target is None else np.asarray(target)
        return float(sum(abs(np.vdot(unitary, operator)) ** 2 for operator in self._kraus)) / dim**2

    def average_gate_fidelity(self, target: npt.ArrayLike | None = None) -> float:
        """F_avg = (d·F_pro + 1)/(d + 1): the fidelity averaged over all pure input states."""
        dim = 1 << self.num_qubits
        return (dim * self.process_fidelity(target) + 1) / (dim + 1)

    def diamond_norm_bounds(self, target: npt.ArrayLike | None = None) -> tuple[float, float]:
        """Lower and upper bound of ‖E − U‖◇ (from 0 to 2) to the unitary ``target`` (identity by default).

        With J the Choi matrix of the difference: ‖J‖₁/d ≤ ‖E − U‖◇ ≤ ‖Tr_out|J|‖∞. They meet for Pauli
        channels, where the norm is 2·(1 − p_I).
        """
        dim = 1 << self.num_qubits
        unitary = np.eye(dim, dtype=complex) if target is None else np.asarray(target, dtype=complex)
        difference = self.choi() - forms.superoperator_to_choi(forms.kraus_to_superoperator([unitary]))
        values, vectors = np.linalg.eigh(difference)
        absolute = (vectors * np.abs(values)) @ vectors.conj().T
        traced = np.einsum("ikjk->ij", absolute.reshape(dim, dim, dim, dim))
        return float(np.abs(values).sum() / dim), float(np.linalg.eigvalsh(traced)[-1])

    def is_close(self, other: Channel, *, atol: float = 1e-10) -> bool:
        """Whether both are the same map, however they are written."""
        return self.num_qubits == other.num_qubits and np.allclose(
            self._superoperator, other.superoperator(), rtol=0, atol=atol
        )

    # --- identity -----------------------------------------------------------------------------------------

    @cached_property
    def _key(self) -> tuple[Any, ...]:
        return (self.name, self.num_qubits, _hashable(self.params))

    def __eq__(self, other: object) -> bool:
        return self._key == other._key if isinstance(other, Channel) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key)

    def __reduce__(self) -> tuple[Callable[[dict[str, Any]], Channel], tuple[dict[str, Any]]]:
        return _rebuild, (
            {
                "name": self.name,
                "num_qubits": self.num_qubits,
                "params": dict(self.params),
                "kraus_builder": self.kraus_builder,
                "pauli_builder": self.pauli_builder,
            },
        )

    def __repr__(self) -> str:
        shown = ", ".join(
            f"{k}={v!r}" if not isinstance(v, np.ndarray | tuple) else f"{k}=…"
            for k, v in self.params.items()
        )
        return f"{self.name}({shown})"


def embed(matrix: Matrix, qubits: Sequence[int], num_qubits: int) -> Matrix:
    """The operator on ``qubits``, first most significant, as one on the register; identity elsewhere."""
    rest = [q for q in range(num_qubits) if q not in qubits]
    whole = np.kron(matrix, np.eye(2 ** len(rest))).reshape([2] * (2 * num_qubits))
    where = np.argsort([*qubits, *rest])  # where[q] is the axis that now holds qubit q
    axes = [*where, *(num_qubits + where)]
    return np.asarray(whole.transpose(axes).reshape(2**num_qubits, 2**num_qubits), dtype=np.complex128)


def _given_kraus(operators: tuple[Matrix, ...]) -> tuple[Matrix, ...]:
    return operators


def _given_unitary(unitary: Matrix) -> tuple[Matrix, ...]:
    return (unitary,)


def _rebuild(fields: dict[str, Any]) -> Channel:
    return Channel(**fields)


def _frozen(matrix: Matrix) -> Matrix:
    copy = np.array(matrix, dtype=np.complex128)
    copy.flags.writeable = False
    return copy


def _hashable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return tuple(sorted((k, _hashable(v)) for k, v in value.items()))
    if isinstance(value, np.ndarray):
        return (value.shape, (value + 0.0).tobytes())  # + 0.0 makes −0.0 equal 0.0
    if isinstance(value, tuple | list):
        return tuple(_hashable(v) for v in value)
    return value
