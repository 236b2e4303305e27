"""The five ways to write one linear map on density matrices, and the roads between them.

Owns: Kraus operators ↔ superoperator ↔ Choi ↔ chi ↔ Pauli transfer matrix, as pure functions on arrays.
Knows nothing of: channel names, circuits, noise models.

d = 2**n. The first qubit is the most significant bit of every index.

==============  ============  ====================================================================
name            shape         definition
==============  ============  ====================================================================
Kraus           k × (d, d)    ρ → Σ KρK†
superoperator   (d², d²)      on column-stacked ρ: vec(AρB) = (Bᵀ⊗A) vec ρ, so S = Σ K*⊗K
Choi            (d², d²)      Σ_ij |i⟩⟨j| ⊗ E(|i⟩⟨j|), trace d
chi             (d², d²)      ρ → Σ_ab χ_ab P_a ρ P_b / d, trace d for a channel
PTM             (d², d²)      R_ab = Tr(P_a E(P_b)) / d, real
==============  ============  ====================================================================

Paulis P_a run over I, X, Y, Z of the first qubit slowest. Choi, chi and trace conventions are Qiskit's;
Cirq's and many papers' χ is ours divided by d.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import product

import numpy as np
import numpy.typing as npt

from coratrix.core.observables import pauli_matrix

Matrix = npt.NDArray[np.complex128]
RealMatrix = npt.NDArray[np.float64]


def pauli_labels(num_qubits: int) -> tuple[str, ...]:
    """All 4**n Pauli strings, ``II, IX, IY, IZ, XI, …``."""
    return tuple("".join(letters) for letters in product("IXYZ", repeat=num_qubits))


def kraus_to_superoperator(kraus: Sequence[Matrix]) -> Matrix:
    """S = Σ K*⊗K."""
    dim = kraus[0].shape[0]
    total = np.zeros((dim * dim, dim * dim), dtype=np.complex128)
    for operator in kraus:
        total += np.kron(operator.conj(), operator)
    return total


def superoperator_to_choi(superoperator: Matrix) -> Matrix:
    """The same numbers in another place: S[(l,k),(j,i)] = ⟨k|E(|i⟩⟨j|)|l⟩ = Λ[(i,k),(j,l)]. Its own
    inverse."""
    dim = _side(superoperator)
    return superoperator.reshape(dim, dim, dim, dim).transpose(3, 1, 2, 0).reshape(dim**2, dim**2)


def choi_to_superoperator(choi: Matrix) -> Matrix:
    """The inverse of `superoperator_to_choi`, which undoes itself."""
    return superoperator_to_choi(choi)


def choi_to_kraus(choi: Matrix, *, drop_below: float = 1e-14) -> tuple[Matrix, ...]:
    """K = √λ · unstacked eigenvector, for each eigenvalue λ above ``drop_below``; strongest first.

    The map must be completely positive; a negative eigenvalue is the caller's to refuse.
    """
    dim = _side(choi)
    values, vectors = np.linalg.eigh((choi + choi.conj().T) / 2)
    return tuple(
        np.sqrt(value) * vector.reshape(dim, dim).T
        for value, vector in zip(values[::-1], vectors.T[::-1], strict=True)
        if value > drop_below
    )


def superoperator_to_chi(superoperator: Matrix) -> Matrix:
    """χ_ab = v_a† Λ v_b / d with v_a = vec P_a."""
    stacked = _stacked_paulis(_side(superoperator))
    choi = superoperator_to_choi(superoperator)
    chi: Matrix = stacked.conj().T @ choi @ stacked / _side(superoperator)
    return chi


def chi_to_superoperator(chi: Matrix) -> Matrix:
    """The inverse of `superoperator_to_chi`; the vec P_a are orthogonal with norm √d."""
    stacked = _stacked_paulis(_side(chi))
    return choi_to_superoperator(stacked @ chi @ stacked.conj().T / _side(chi))


def superoperator_to_ptm(superoperator: Matrix) -> RealMatrix:
    """R_ab = Tr(P_a E(P_b)) / d; real because a channel maps Hermitian to Hermitian."""
    stacked = _stacked_paulis(_side(superoperator))
    ptm: Matrix = stacked.conj().T @ superoperator @ stacked / _side(superoperator)
    return ptm.real


def ptm_to_superoperator(ptm: RealMatrix | Matrix) -> Matrix:
    """The inverse of `superoperator_to_ptm`."""
    dim = _side(ptm)
    stacked = _stacked_paulis(dim)
    superoperator: Matrix = stacked @ ptm @ stacked.conj().T / dim
    return superoperator


@lru_cache(maxsize=8)
def _stacked_paulis(dim: int) -> Matrix:
    """Columns vec P_a (column-stacked), one per Pauli string."""
    num_qubits = dim.bit_length() - 1
    columns = [pauli_matrix(label).T.reshape(-1) for label in pauli_labels(num_qubits)]
    stacked = np.stack(columns, axis=1)
    stacked.flags.writeable = False
    return stacked


def _side(square: Matrix | RealMatrix) -> int:
    """d of a d² × d² matrix."""
    return math.isqrt(square.shape[0])
