"""Owns the kinds of gate: a row of the table, any unitary matrix, or a gate under controls.

Gates are frozen, hashable values without qubits; an Instruction puts one on qubits. The first qubit of a gate
is the most significant bit of its matrix (coratrix.core.bits). Knows nothing of circuits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

import numpy as np

from coratrix.core.abstract_gate import Gate as Gate
from coratrix.core.errors import CircuitError
from coratrix.core.gate_arguments import (
    bound_param,
    control_state,
    daggered,
    exponent_value,
    plain_numbers,
    short_angle,
)
from coratrix.core.gate_table import CONTROLLED, GATES, GateSpec, Matrix, controlled_matrix
from coratrix.core.parameters import ParameterLike, angle, named_values
from coratrix.core.unitary import (
    MAX_CLIFFORD_QUBITS,
    MAX_MATRIX_QUBITS,
    unitary_array,
    unitary_arrays,
    unitary_power,
)


class StandardGate(Gate):
    """A row of the table with its parameters."""

    __slots__ = ("_hash", "name", "num_qubits", "params", "spec")

    spec: GateSpec

    def __init__(self, name: str, *params: ParameterLike) -> None:
        spec = GATES.get(name)
        if spec is None:
            raise CircuitError(f"the table has no gate {name!r}; coratrix.core.gate() knows aliases too")
        if len(params) != len(spec.params):
            wants = f"{len(spec.params)} ({', '.join(spec.params)})" if spec.params else "no"
            raise CircuitError(f"{name} takes {wants} parameters; got {len(params)}")
        self._fill(spec, tuple([angle(param, what=f"an angle of {name}") for param in params]))

    def _fill(self, spec: GateSpec, params: tuple[ParameterLike, ...]) -> None:
        put = object.__setattr__
        put(self, "name", spec.name)
        put(self, "spec", spec)
        put(self, "num_qubits", spec.num_qubits)
        put(self, "params", params)
        put(self, "_hash", None)

    @property
    def label(self) -> str:
        if not self.params:
            return self.name
        return f"{self.name}({', '.join(short_angle(param) for param in self.params)})"

    def matrix(self) -> Matrix:
        if not self.params:
            return self.spec.matrix()
        matrix = self.spec.matrix(*plain_numbers(self.params, self.name))
        matrix.setflags(write=False)
        return matrix

    def inverse(self) -> Gate:
        if self.spec.inverse is not None:
            name, params = self.spec.inverse(*self.params)
            return self if name == self.name and not params else standard(name, *params)
        if self.spec.base:
            return standard(self.spec.base, *self.params).inverse().controlled(self.spec.num_controls)
        return UnitaryGate(self.matrix().conj().T, label=f"{self.name}†")

    def power(self, exponent: float) -> Gate:
        exponent = exponent_value(exponent)
        if exponent == 1:
            return self
        if exponent == -1:
            return self.inverse()
        if self.spec.power is not None:
            name, params = self.spec.power(exponent, *self.params)
            return standard(name, *params)
        if self.is_hermitian and exponent % 2 == 1:
            return self
        if self.spec.base:
            return standard(self.spec.base, *self.params).power(exponent).controlled(self.spec.num_controls)
        return _matrix_gate(unitary_power(self.matrix(), exponent), f"{self.name}^{exponent:g}")

    def controlled(self, num_controls: int = 1, ctrl_state: str | int | None = None) -> Gate:
        state = control_state(num_controls, ctrl_state)
        if self.name == "cu" and self.params[3] == 0:
            inner, base = 1, standard("u", *self.params[:3])
        elif self.spec.base is None:
            return _under_controls(self, num_controls, state)
        else:
            inner, base = self.spec.num_controls, standard(self.spec.base, *self.params)
        return _under_controls(base, num_controls + inner, (state << inner) | (2**inner - 1))

    def bind(self, values: Mapping[Any, float]) -> Gate:
        if not self.parameters:
            return self
        named = named_values(values)
        return StandardGate(self.name, *(bound_param(param, named) for param in self.params))

    @property
    def is_diagonal(self) -> bool:
        return self.spec.is_diagonal

    @property
    def is_permutation(self) -> bool:
        return self.spec.is_permutation

    @property
    def is_hermitian(self) -> bool:
        return self.spec.is_hermitian

    @property
    def is_clifford(self) -> bool:
        return super().is_clifford if self.params else self.spec.is_clifford

    def __eq__(self, other: object) -> bool:
        if isinstance(other, StandardGate):
            return self is other or (self.name == other.name and self.params == other.params)
        return NotImplemented

    def __hash__(self) -> int:
        if self._hash is None:
            object.__setattr__(self, "_hash", hash((self.name, self.params)))
        return int(self._hash)

    _hash: Any

    def __reduce__(self) -> tuple[Any, ...]:
        return standard, (self.name, *self.params)

    def __repr__(self) -> str:
        return f"gate({', '.join((repr(self.name), *(repr(param) for param in self.params)))})"


class UnitaryGate(Gate):
    """A gate given by its matrix, at most 12 qubits; ``name`` is always ``"unitary"``."""

    __slots__ = ("_label", "_matrix", "num_qubits")

    name = "unitary"
    params = ()
    _matrix: Matrix
    _label: str | None

    def __init__(self, matrix: Any, label: str | None = None) -> None:
        self._fill(unitary_array(matrix), label)

    @classmethod
    def several(cls, matrices: Sequence[Any]) -> list[UnitaryGate]:
        """A gate for each matrix, checked in one stroke where they are alike in size."""
        new, fill = cls.__new__, cls._fill
        gates = []
        for array in unitary_arrays(matrices):
            gate = new(cls)
            fill(gate, array, None)
            gates.append(gate)
        return gates

    def _fill(self, array: Matrix, label: str | None) -> None:
        _put_num_qubits(self, len(array).bit_length() - 1)
        _put_matrix(self, array)
        _put_label(self, label)

    @property
    def label(self) -> str:
        return self._label or "unitary"

    @property
    def given_label(self) -> str | None:
        """The label that was given, if any."""
        return self._label

    def matrix(self) -> Matrix:
        return self._matrix

    def inverse(self) -> UnitaryGate:
        return UnitaryGate(self._matrix.conj().T, label=daggered(self._label))

    def power(self, exponent: float) -> Gate:
        exponent = exponent_value(exponent)
        if exponent == 1:
            return self
        label = f"{self._label}^{exponent:g}" if self._label else None
        return UnitaryGate(unitary_power(self._matrix, exponent), label=label)

    def controlled(self, num_controls: int = 1, ctrl_state: str | int | None = None) -> Gate:
        return _under_controls(self, num_controls, control_state(num_controls, ctrl_state))

    def bind(self, values: Mapping[Any, float]) -> Gate:
        return self

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UnitaryGate):
            return NotImplemented
        return self is other or np.array_equal(self._matrix, other._matrix)

    def __hash__(self) -> int:
        matrix = self._matrix
        return hash((len(matrix), complex(matrix[0, 0]), complex(matrix[-1, -1])))

    def __reduce__(self) -> tuple[Any, ...]:
        return UnitaryGate, (self._matrix, self._label)

    def __repr__(self) -> str:
        return f"UnitaryGate(<{self._matrix.shape[0]}x{self._matrix.shape[0]}>, label={self._label!r})"


UNITARY_SLOTS: Final = tuple([vars(UnitaryGate)[slot] for slot in ("num_qubits", "_matrix", "_label")])
"""The descriptors of what a gate given by its matrix holds, for who fills one without a call: `bulk`."""

_put_num_qubits, _put_matrix, _put_label = (
    slot.__set__ for slot in UNITARY_SLOTS
)  # nothing else writes there


class ControlledGate(Gate):
    """A gate under controls that the table has no name for; ``name`` is always ``"controlled"``.

    Make one by ``gate.controlled(...)``, which gives the named gate where there is one.

    Attributes:
        base: the gate on the last qubits.
        num_controls: how many of the first qubits are controls.
        ctrl_state: what the controls must read, first control leftmost, as an integer in base two.
    """

    __slots__ = ("base", "ctrl_state", "name", "num_controls", "num_qubits", "params")

    base: Gate
    num_controls: int
    ctrl_state: int

    def __init__(self, base: Gate, num_controls: int = 1, ctrl_state: str | int | None = None) -> None:
        state = control_state(num_controls, ctrl_state)
        put = object.__setattr__
        put(self, "name", "controlled")
        put(self, "params", base.params)
        put(self, "num_qubits", base.num_qubits + num_controls)
        put(self, "base", base)
        put(self, "num_controls", num_controls)
        put(self, "ctrl_state", state)

    @property
    def ctrl_bits(self) -> str:
        """The control state as text, the first control leftmost."""
        return format(self.ctrl_state, f"0{self.num_controls}b")

    @property
    def label(self) -> str:
        return f"ctrl[{self.ctrl_bits}] {self.base.label}"

    def matrix(self) -> Matrix:
        if self.num_qubits > MAX_MATRIX_QUBITS:
            raise CircuitError(f"the matrix of a gate on {self.num_qubits} qubits is too large to write out")
        matrix = controlled_matrix(self.base.matrix(), self.num_controls, self.ctrl_state)
        matrix.setflags(write=False)
        return matrix

    def inverse(self) -> Gate:
        return _under_controls(self.base.inverse(), self.num_controls, self.ctrl_state)

    def power(self, exponent: float) -> Gate:
        return _under_controls(self.base.power(exponent), self.num_controls, self.ctrl_state)

    def controlled(self, num_controls: int = 1, ctrl_state: str | int | None = None) -> Gate:
        state = control_state(num_controls, ctrl_state)
        total = num_controls + self.num_controls
        return _under_controls(self.base, total, (state << self.num_controls) | self.ctrl_state)

    def bind(self, values: Mapping[Any, float]) -> Gate:
        if not self.parameters:
            return self
        return ControlledGate(self.base.bind(values), self.num_controls, self.ctrl_state)

    @property
    def is_diagonal(self) -> bool:
        return self.base.is_diagonal

    @property
    def is_permutation(self) -> bool:
        return self.base.is_permutation

    @property
    def is_hermitian(self) -> bool:
        return self.base.is_hermitian

    @property
    def is_clifford(self) -> bool:
        return self.num_qubits <= MAX_CLIFFORD_QUBITS and super().is_clifford

    def _key(self) -> tuple[Any, ...]:
        return self.base, self.num_controls, self.ctrl_state

    def __eq__(self, other: object) -> bool:
        return self._key() == other._key() if isinstance(other, ControlledGate) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._key())

    def __reduce__(self) -> tuple[Any, ...]:
        return ControlledGate, self._key()

    def __repr__(self) -> str:
        return f"ControlledGate({self.base!r}, {self.num_controls}, ctrl_state={self.ctrl_bits!r})"


@cache
def _parameterless(name: str) -> StandardGate:
    return StandardGate(name)


def standard(name: str, *params: ParameterLike) -> StandardGate:
    """A row of the table by its canonical name; those without parameters are made once and shared."""
    return StandardGate(name, *params) if params else _parameterless(name)


def with_numbers(name: str, params: tuple[float, ...]) -> StandardGate:
    """`standard` for numbers that a gate or `angle` has passed before: nothing is checked again."""
    if not params:
        return _parameterless(name)
    gate = StandardGate.__new__(StandardGate)
    gate._fill(GATES[name], params)
    return gate


def _under_controls(base: Gate, num_controls: int, state: int) -> Gate:
    """The named gate for ``base`` under these controls, or a ControlledGate."""
    if isinstance(base, ControlledGate) or (isinstance(base, StandardGate) and base.spec.base):
        return base.controlled(num_controls, state)
    if isinstance(base, StandardGate) and state == 2**num_controls - 1:
        if base.name == "u" and num_controls == 1:
            return standard("cu", *base.params, 0.0)
        if name := CONTROLLED.get((base.name, num_controls)):
            return standard(name, *base.params)
    return ControlledGate(base, num_controls, state)


def _matrix_gate(matrix: Matrix, label: str) -> Gate:
    """The row without parameters that has exactly this matrix to rounding, or a UnitaryGate."""
    for spec in GATES.values():
        if spec.params or 2**spec.num_qubits != len(matrix):
            continue
        if np.allclose(spec.matrix(), matrix, atol=1e-15, rtol=0):
            return standard(spec.name)
    return UnitaryGate(matrix, label=label)
