"""Observables: weighted sums of Pauli strings.

Owns: `PauliSum`, its algebra, its bit masks for engines, its grouping for measurement.
Knows nothing of: circuits, backends. Bit order is that of `coratrix.core.bits`: the leftmost letter is qubit
0.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from numbers import Complex
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import CircuitError

PAULI_MATRICES: Mapping[str, npt.NDArray[np.complex128]] = {
    "I": np.array([[1, 0], [0, 1]], dtype=complex),
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=complex),
    "Z": np.array([[1, 0], [0, -1]], dtype=complex),
}

# The product of two letters as (phase, letter): XY = iZ and its cyclic turns.
_PRODUCTS: dict[tuple[str, str], tuple[complex, str]] = {
    **{(p, p): (1, "I") for p in "IXYZ"},
    **{("I", p): (1, p) for p in "XYZ"},
    **{(p, "I"): (1, p) for p in "XYZ"},
    **{(a, b): (1j, c) for a, b, c in ("XYZ", "YZX", "ZXY")},
    **{(b, a): (-1j, c) for a, b, c in ("XYZ", "YZX", "ZXY")},
}

_SPARSE_LETTER = re.compile(r"([IXYZ])(\d+)")


@dataclass(frozen=True, init=False)
class PauliSum:
    """Σ coefficient · Pauli string, e.g. ``PauliSum({"XIZ": 0.5, "ZZI": -1.0})``. Immutable, hashable.

    ``+ -`` and products with numbers and with ``@`` do the algebra; terms with coefficient 0 vanish. In a sum
    of two widths the narrower one is padded with identities on its higher qubits, so qubit numbers keep their
    meaning.
    """

    num_qubits: int
    _terms: tuple[tuple[str, complex], ...]

    __array_ufunc__ = None  # so that a numpy number times a sum asks the sum

    def __init__(self, terms: Mapping[str, complex], *, num_qubits: int | None = None) -> None:
        widths = {len(label) for label in terms} | ({num_qubits} if num_qubits is not None else set())
        if len(widths) != 1:
            raise CircuitError(
                f"Pauli labels of one width expected, found widths {sorted(widths)}; "
                "an empty sum needs num_qubits"
            )
        for label, coefficient in terms.items():
            _check_term(label, coefficient)
        kept = tuple(sorted((label, complex(c)) for label, c in terms.items() if c != 0))
        object.__setattr__(self, "num_qubits", widths.pop())
        object.__setattr__(self, "_terms", kept)

    @classmethod
    def term(cls, sparse: str, coefficient: complex = 1.0, *, num_qubits: int | None = None) -> PauliSum:
        """One term from its non-identity letters: ``PauliSum.term("X0 Z2", 0.5)`` is ``0.5·XIZ``.

        ``num_qubits`` defaults to the highest qubit named plus one. ``""`` is the identity.
        """
        letters: dict[int, str] = {}
        for word in sparse.split():
            match = _SPARSE_LETTER.fullmatch(word)
            if match is None or int(match[2]) in letters:
                raise CircuitError(
                    f"Pauli term {sparse!r}: expected words like X0 Z2, each qubit once; found {word!r}"
                )
            letters[int(match[2])] = match[1]
        width = max(letters, default=0) + 1 if num_qubits is None else num_qubits
        if max(letters, default=-1) >= width:
            raise CircuitError(f"Pauli term {sparse!r} names qubit {max(letters)}, there are {width} qubits")
        return cls({"".join(letters.get(q, "I") for q in range(width)): coefficient})

    @property
    def terms(self) -> dict[str, complex]:
        """Label to coefficient, a fresh dictionary in alphabetical order."""
        return dict(self._terms)

    def __len__(self) -> int:
        return len(self._terms)

    def __iter__(self) -> Iterator[tuple[str, complex]]:
        return iter(self._terms)

    @property
    def is_hermitian(self) -> bool:
        """Whether every coefficient is real, so that expectation values are."""
        return all(c.imag == 0 for _, c in self._terms)

    def padded(self, num_qubits: int) -> PauliSum:
        """The same observable on more qubits, identities on the new ones."""
        if num_qubits < self.num_qubits:
            raise CircuitError(f"a sum over {self.num_qubits} qubits does not fit on {num_qubits}")
        if num_qubits == self.num_qubits:
            return self
        tail = "I" * (num_qubits - self.num_qubits)
        return PauliSum({label + tail: c for label, c in self._terms}, num_qubits=num_qubits)

    def __add__(self, other: object) -> PauliSum:
        if isinstance(other, Complex):
            other = PauliSum({"I" * self.num_qubits: complex(other)})
        if not isinstance(other, PauliSum):
            return NotImplemented
        width = max(self.num_qubits, other.num_qubits)
        total = self.padded(width).terms
        for label, c in other.padded(width):
            total[label] = total.get(label, 0) + c
        return PauliSum(total, num_qubits=width)

    __radd__ = __add__

    def __neg__(self) -> PauliSum:
        return self * -1

    def __sub__(self, other: object) -> PauliSum:
        return self + (-other) if isinstance(other, PauliSum | Complex) else NotImplemented

    def __rsub__(self, other: object) -> PauliSum:
        return -self + other

    def __mul__(self, factor: object) -> PauliSum:
        if not isinstance(factor, Complex):
            return NotImplemented
        scale = complex(factor)
        return PauliSum({label: c * scale for label, c in self._terms}, num_qubits=self.num_qubits)

    __rmul__ = __mul__

    def __truediv__(self, divisor: complex) -> PauliSum:
        return self * (1 / divisor)

    def __matmul__(self, other: PauliSum) -> PauliSum:
        """The operator product, narrower side padded."""
        if not isinstance(other, PauliSum):
            return NotImplemented
        width = max(self.num_qubits, other.num_qubits)
        total: dict[str, complex] = {}
        for a, ca in self.padded(width):
            for b, cb in other.padded(width):
                phase, label = _label_product(a, b)
                total[label] = total.get(label, 0) + phase * ca * cb
        return PauliSum(total, num_qubits=width)

    def matrix(self) -> npt.NDArray[np.complex128]:
        """The dense ``(2**n, 2**n)`` matrix, qubit 0 the most significant bit of the index."""
        size = 2**self.num_qubits
        total = np.zeros((size, size), dtype=complex)
        for label, c in self._terms:
            total += c * pauli_matrix(label)
        return total

    def masks(
        self,
    ) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64], npt.NDArray[np.complex128]]:
        """``(x, z, coefficients)``, one entry per term, for engines that index amplitudes.

        Qubit q is bit n−1−q, as in an amplitude's index. A term acts as
        P|j⟩ = i^popcount(x & z) · (−1)^popcount(j & z) · |j ^ x⟩. At most 64 qubits.
        """
        if self.num_qubits > 64:
            raise CircuitError(f"masks hold 64 qubits, this sum has {self.num_qubits}; use bits() instead")
        x = [int("".join("1" if p in "XY" else "0" for p in label), 2) for label, _ in self._terms]
        z = [int("".join("1" if p in "ZY" else "0" for p in label), 2) for label, _ in self._terms]
        coefficients = np.array([c for _, c in self._terms], dtype=complex)
        return np.array(x, dtype=np.uint64), np.array(z, dtype=np.uint64), coefficients

    def bits(self) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], npt.NDArray[np.complex128]]:
        """``(x, z, coefficients)`` with x and z of shape (terms, qubits), for any number of qubits."""
        shape = (len(self), self.num_qubits)
        x = np.array([[p in "XY" for p in label] for label, _ in self._terms], dtype=bool).reshape(shape)
        z = np.array([[p in "ZY" for p in label] for label, _ in self._terms], dtype=bool).reshape(shape)
        return x, z, np.array([c for _, c in self._terms], dtype=complex)

    def qubit_wise_commuting_groups(self) -> list[PauliSum]:
        """The terms split so that each group is measurable in one setting per qubit; first fit, large terms
        first.

        Two terms go together when on every qubit their letters are equal or one is I.
        """
        groups: list[tuple[list[str], dict[str, complex]]] = []
        for label, c in sorted(self._terms, key=lambda term: (-abs(term[1]), term[0])):
            for basis, members in groups:
                if all(p == "I" or b in ("I", p) for p, b in zip(label, basis, strict=True)):
                    basis[:] = [b if p == "I" else p for p, b in zip(label, basis, strict=True)]
                    members[label] = c
                    break
            else:
                groups.append((list(label), {label: c}))
        return [PauliSum(members) for _, members in groups]

    def __repr__(self) -> str:
        body = ", ".join(f"{label!r}: {_short(c)}" for label, c in self._terms)
        return f"PauliSum({{{body}}}, num_qubits={self.num_qubits})"

    def to_dict(self) -> dict[str, Any]:
        """JSON values: ``{"num_qubits": n, "terms": {label: [real, imag]}}``."""
        return {"num_qubits": self.num_qubits, "terms": {label: [c.real, c.imag] for label, c in self._terms}}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PauliSum:
        """Read what `to_dict` wrote."""
        terms = {label: complex(real, imag) for label, (real, imag) in data["terms"].items()}
        return cls(terms, num_qubits=data["num_qubits"])


def pauli_matrix(label: str) -> npt.NDArray[np.complex128]:
    """The dense matrix of one Pauli string, leftmost letter the most significant qubit."""
    matrix: npt.NDArray[np.complex128] = np.ones((1, 1), dtype=np.complex128)
    for letter in label:
        matrix = np.kron(matrix, PAULI_MATRICES[letter]).astype(np.complex128, copy=False)
    return matrix


def _check_term(label: str, coefficient: object) -> None:
    if wrong := sorted(set(label) - set("IXYZ")):
        raise CircuitError(
            f"Pauli label {label!r} contains {', '.join(wrong)}; allowed letters are I, X, Y, Z"
        )
    if not isinstance(coefficient, Complex) or not np.isfinite(complex(coefficient)):
        raise CircuitError(f"coefficient of {label!r} is {coefficient!r}; expected a finite number")


def _label_product(a: str, b: str) -> tuple[complex, str]:
    phase, letters = complex(1), []
    for p, q in zip(a, b, strict=True):
        factor, letter = _PRODUCTS[p, q]
        phase *= factor
        letters.append(letter)
    return phase, "".join(letters)


def _short(c: complex) -> str:
    return repr(c.real) if c.imag == 0 else repr(c)
