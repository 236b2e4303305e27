"""Owns what every gate can do: its matrix, its inverse, its powers, itself under controls.

Knows nothing of the table, of circuits, and of the kinds of gate, which are in coratrix.core.gate.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from coratrix.core.gate_table import Matrix
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike
from coratrix.core.unitary import maps_paulis_to_paulis


class Gate(ABC):
    """A unitary operation on ``num_qubits`` qubits."""

    __slots__ = ()

    name: str
    params: tuple[ParameterLike, ...]
    num_qubits: int
    num_clbits: ClassVar[int] = 0

    @abstractmethod
    def matrix(self) -> Matrix:
        """The (2^k, 2^k) matrix, read-only, the first qubit being the most significant bit of the index."""

    @abstractmethod
    def inverse(self) -> Gate:
        """The gate that undoes this one."""

    @abstractmethod
    def power(self, exponent: float) -> Gate:
        """This gate to a real power.

        A rotation turns by ``exponent`` times its angle; every other gate takes the principal branch, whose
        eigenvalues' phases lie in (−π, π] before they are scaled.
        """

    @abstractmethod
    def controlled(self, num_controls: int = 1, ctrl_state: str | int | None = None) -> Gate:
        """This gate under controls, which come first in the list of qubits.

        ``ctrl_state`` says which reading of them switches it on: a text, the first control leftmost, or its
        integer in base two; all ones by default. Where the table has a name for the outcome, that gate is
        returned: ``XGate().controlled() == CXGate()``.
        """

    @abstractmethod
    def bind(self, values: Mapping[Any, float]) -> Gate:
        """This gate with numbers in place of the named parameters; others stay."""

    @property
    def label(self) -> str:
        """What a drawing writes for this gate."""
        return self.name

    @property
    def parameters(self) -> frozenset[Parameter]:
        """The parameters that still have no number."""
        return frozenset().union(*(p.parameters for p in self.params if isinstance(p, ParameterExpression)))

    @property
    def is_diagonal(self) -> bool:
        """Whether the matrix is diagonal."""
        matrix = self.matrix()
        return bool(np.count_nonzero(matrix - np.diag(np.diag(matrix))) == 0)

    @property
    def is_permutation(self) -> bool:
        """Whether every entry of the matrix is 0 or 1."""
        matrix = self.matrix()
        return bool(np.all((matrix == 0) | (matrix == 1)))

    @property
    def is_hermitian(self) -> bool:
        """Whether the gate is its own inverse."""
        matrix = self.matrix()
        return bool(np.allclose(matrix, matrix.conj().T, atol=1e-12, rtol=0))

    @property
    def is_clifford(self) -> bool:
        """Whether the gate maps Pauli operators to Pauli operators; False while a parameter stands open."""
        return not self.parameters and maps_paulis_to_paulis(self.matrix())

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a gate cannot be changed; make another instead of setting {name}")
