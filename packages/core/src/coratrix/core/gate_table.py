"""Owns the gate table as data: one row per gate, with its matrix, inverse, power and flags.

A row's matrix has the gate's first qubit as the most significant bit of the index. Angles and phases follow
Qiskit's definitions. Knows nothing of the Gate classes, which read this table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.complex128]
Call: TypeAlias = tuple[str, tuple[Any, ...]]
"""A gate by name and parameters, before it is an object."""

PI: Final = math.pi


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GateSpec:
    """One row of the table.

    Attributes:
        name: the canonical lower-case name, as in OpenQASM's libraries and Qiskit.
        num_qubits: how many qubits it acts on.
        params: the names of its parameters, in order.
        matrix: the matrix for given numbers.
        inverse: name and parameters of the inverse, or None where the table has none.
        power: name and parameters of a real power, or None where the table has none.
        base: for a controlled gate, the row that its controls switch on.
        num_controls: how many of its first qubits are controls.
        is_diagonal: diagonal for all parameters.
        is_permutation: every entry is 0 or 1.
        is_clifford: maps Pauli operators to Pauli operators (asked of the numbers if it has parameters).
        is_hermitian: its own inverse.
    """

    name: str
    num_qubits: int
    params: tuple[str, ...] = ()
    matrix: Callable[..., Matrix]
    inverse: Callable[..., Call] | None = None
    power: Callable[..., Call] | None = None
    base: str | None = None
    num_controls: int = 0
    is_diagonal: bool = False
    is_permutation: bool = False
    is_clifford: bool = False
    is_hermitian: bool = False

    @property
    def num_params(self) -> int:
        return len(self.params)


def controlled_matrix(inner: Matrix, num_controls: int, ctrl_state: int | None = None) -> Matrix:
    """``inner`` where the controls (the most significant bits) read ``ctrl_state``; identity elsewhere."""
    size = inner.shape[0]
    state = 2**num_controls - 1 if ctrl_state is None else ctrl_state
    out = np.eye(size * 2**num_controls, dtype=complex)
    out[state * size : (state + 1) * size, state * size : (state + 1) * size] = inner
    return out


def _m(*rows: tuple[complex, ...]) -> Matrix:
    return np.array(rows, dtype=complex)


_I = _m((1, 0), (0, 1))
_X = _m((0, 1), (1, 0))
_Y = _m((0, -1j), (1j, 0))
_Z = _m((1, 0), (0, -1))
_H = _m((1, 1), (1, -1)) / math.sqrt(2)
_SX = _m((1 + 1j, 1 - 1j), (1 - 1j, 1 + 1j)) / 2
_SWAP = np.eye(4, dtype=complex)[[0, 2, 1, 3]]


def _cis(theta: float) -> complex:
    return complex(math.cos(theta), math.sin(theta))


def _phase_matrix(theta: float) -> Matrix:
    return _m((1, 0), (0, _cis(theta)))


def _u_matrix(theta: float, phi: float, lam: float) -> Matrix:
    c, s = math.cos(theta / 2), math.sin(theta / 2)
    return _m((c, -_cis(lam) * s), (_cis(phi) * s, _cis(phi + lam) * c))


def _cu_matrix(theta: float, phi: float, lam: float, gamma: float) -> Matrix:
    return controlled_matrix(_cis(gamma) * _u_matrix(theta, phi, lam), 1)


def _rotation(pauli: NDArray[Any]) -> Callable[[float], Matrix]:
    """θ ↦ exp(−iθP/2) for a P with P² = 1."""
    identity = np.eye(pauli.shape[0], dtype=complex)
    return lambda theta: math.cos(theta / 2) * identity - 1j * math.sin(theta / 2) * pauli


def _fixed(matrix: Matrix) -> Callable[[], Matrix]:
    matrix.setflags(write=False)
    return lambda: matrix


def _named(name: str) -> Callable[..., Call]:
    return lambda *params: (name, params)


def _scaled(name: str) -> Callable[..., Call]:
    """The power of a rotation: it turns by ``exponent`` times its angle."""
    return lambda exponent, *params: (name, tuple(exponent * param for param in params))


def _turned(name: str, angle: float) -> Callable[..., Call]:
    return lambda exponent: (name, (exponent * angle,))


def _negated(name: str) -> Callable[..., Call]:
    return lambda *params: (name, tuple(-param for param in params))


_ROWS: Final[dict[str, GateSpec]] = {}


def _row(name: str, num_qubits: int, matrix: Callable[..., Matrix], **fields: Any) -> None:
    _ROWS[name] = GateSpec(name=name, num_qubits=num_qubits, matrix=matrix, **fields)


def _constant(name: str, matrix: NDArray[Any], **fields: Any) -> None:
    flags = dict.fromkeys(fields.pop("flags", "").split(), True)
    if flags.get("is_hermitian"):
        fields.setdefault("inverse", _named(name))
    _row(name, matrix.shape[0].bit_length() - 1, _fixed(matrix.astype(complex)), **fields, **flags)


def _turning(name: str, matrix: Callable[..., Matrix], num_qubits: int, **fields: Any) -> None:
    """A gate with one angle that forms a group: its inverse turns back, its power turns further."""
    _row(name, num_qubits, matrix, params=("theta",), inverse=_negated(name), power=_scaled(name), **fields)


def _control(
    name: str, base: str, num_controls: int = 1, *, flags: str = "", inverse: str | None = None
) -> None:
    """A row whose first qubits control another row."""
    row = _ROWS[base]
    claims = dict.fromkeys(flags.split(), True)
    fields: dict[str, Any] = {"base": base, "num_controls": num_controls, "params": row.params, **claims}
    if row.params:
        fields |= {"inverse": _negated(name), "power": _scaled(name)}
        matrix: Callable[..., Matrix] = lambda *p: controlled_matrix(row.matrix(*p), num_controls)  # noqa: E731
    else:
        fields["inverse"] = _named(inverse or name) if inverse or "is_hermitian" in claims else None
        matrix = _fixed(controlled_matrix(row.matrix(), num_controls))
    _row(name, row.num_qubits + num_controls, matrix, **fields, is_diagonal=row.is_diagonal)


def _fill() -> None:
    _constant(
        "id", _I, flags="is_diagonal is_permutation is_clifford is_hermitian", power=lambda _: ("id", ())
    )
    _constant("x", _X, flags="is_permutation is_clifford is_hermitian")
    _constant("y", _Y, flags="is_clifford is_hermitian")
    _constant("z", _Z, flags="is_diagonal is_clifford is_hermitian", power=_turned("p", PI))
    _constant("h", _H, flags="is_clifford is_hermitian")
    _constant(
        "s",
        np.diag([1, 1j]),
        flags="is_diagonal is_clifford",
        inverse=_named("sdg"),
        power=_turned("p", PI / 2),
    )
    _constant(
        "sdg",
        np.diag([1, -1j]),
        flags="is_diagonal is_clifford",
        inverse=_named("s"),
        power=_turned("p", -PI / 2),
    )
    _constant(
        "t",
        np.diag([1, (1 + 1j) / math.sqrt(2)]),
        flags="is_diagonal",
        inverse=_named("tdg"),
        power=_turned("p", PI / 4),
    )
    _constant(
        "tdg",
        np.diag([1, (1 - 1j) / math.sqrt(2)]),
        flags="is_diagonal",
        inverse=_named("t"),
        power=_turned("p", -PI / 4),
    )
    _constant("sx", _SX, flags="is_clifford", inverse=_named("sxdg"))
    _constant("sxdg", _SX.conj().T, flags="is_clifford", inverse=_named("sx"))

    _turning("p", _phase_matrix, 1, is_diagonal=True)
    _row(
        "u",
        1,
        _u_matrix,
        params=("theta", "phi", "lam"),
        inverse=lambda theta, phi, lam: ("u", (-theta, -lam, -phi)),
    )
    _turning("rx", _rotation(_X), 1)
    _turning("ry", _rotation(_Y), 1)
    _turning("rz", _rotation(_Z), 1, is_diagonal=True)

    _control("cx", "x", flags="is_permutation is_clifford is_hermitian")
    _control("cy", "y", flags="is_clifford is_hermitian")
    _control("cz", "z", flags="is_clifford is_hermitian")
    _control("ch", "h", flags="is_hermitian")
    _control("cs", "s", inverse="csdg")
    _control("csdg", "sdg", inverse="cs")
    _control("csx", "sx")
    for angle_gate in ("p", "rx", "ry", "rz"):
        _control(f"c{angle_gate}", angle_gate)
    _row(
        "cu",
        2,
        _cu_matrix,
        params=("theta", "phi", "lam", "gamma"),
        inverse=lambda theta, phi, lam, gamma: ("cu", (-theta, -lam, -phi, -gamma)),
    )

    _constant("swap", _SWAP, flags="is_permutation is_clifford is_hermitian")
    _constant("iswap", np.diag([1, 1j, 1j, 1]) @ _SWAP, flags="is_clifford")
    _constant("dcx", np.eye(4, dtype=complex)[[0, 2, 3, 1]], flags="is_permutation is_clifford")
    _constant("ecr", (np.kron(_X, _I) - np.kron(_Y, _X)) / math.sqrt(2), flags="is_clifford is_hermitian")
    _turning("rxx", _rotation(np.kron(_X, _X)), 2)
    _turning("ryy", _rotation(np.kron(_Y, _Y)), 2)
    _turning("rzz", _rotation(np.kron(_Z, _Z)), 2, is_diagonal=True)
    _turning("rzx", _rotation(np.kron(_Z, _X)), 2)

    _control("ccx", "x", 2, flags="is_permutation is_hermitian")
    _control("ccz", "z", 2, flags="is_hermitian")
    _control("cswap", "swap", flags="is_permutation is_hermitian")
    _control("c3x", "x", 3, flags="is_permutation is_hermitian")
    _control("c4x", "x", 4, flags="is_permutation is_hermitian")


_fill()

GATES: Final[Mapping[str, GateSpec]] = MappingProxyType(_ROWS)
"""Every named gate, by canonical name."""

CONTROLLED: Final[Mapping[tuple[str, int], str]] = MappingProxyType(
    {(row.base, row.num_controls): row.name for row in _ROWS.values() if row.base}
)
"""The named gate, if there is one, for a base gate and a number of controls."""

ALIASES: Final[Mapping[str, str]] = MappingProxyType({
    "i": "id", "identity": "id", "not": "x", "hadamard": "h", "phase": "p", "u1": "p", "phaseshift": "p",
    "u3": "u", "si": "sdg", "ti": "tdg", "v": "sx", "vi": "sxdg", "vdg": "sxdg",
    "cnot": "cx", "cphase": "cp", "cu1": "cp", "cphaseshift": "cp", "cv": "csx",
    "toffoli": "ccx", "ccnot": "ccx", "fredkin": "cswap", "xx": "rxx", "yy": "ryy", "zz": "rzz",
    "cccx": "c3x", "ccccx": "c4x",
})  # fmt: skip
"""Other names for rows with the same parameters."""
