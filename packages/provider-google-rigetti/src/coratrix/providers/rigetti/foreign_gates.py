"""pyquil's gates as ours.

Owns: Quil's standard gates, modifiers, DEFGATEs and symbolic angles. Pure.
Knows nothing of: registers, measurement, jumps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import numpy as np

from coratrix.core.errors import CircuitImportError
from coratrix.core.gate import Gate, UnitaryGate
from coratrix.core.gates import gate as table_gate
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike

Placed: TypeAlias = "tuple[Gate, tuple[int, ...]]"
Look: TypeAlias = Callable[[Any], "ParameterLike | str"]
"""What stands behind a memory reference: its number, or the name of a parameter."""

_SAME: Final = {
    "I": "id", "X": "x", "Y": "y", "Z": "z", "H": "h", "S": "s", "T": "t", "RX": "rx", "RY": "ry", "RZ": "rz",
    "PHASE": "p", "CNOT": "cx", "CZ": "cz", "CPHASE": "cp", "SWAP": "swap", "ISWAP": "iswap", "CCNOT": "ccx",
    "CSWAP": "cswap",
}  # fmt: skip


@dataclass
class Definitions:
    """The program's DEFGATEs by name; a fixed matrix is read once."""

    by_name: Mapping[str, Any]
    _unitaries: dict[str, UnitaryGate] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.by_name

    def gate(self, name: str, params: Sequence[ParameterLike]) -> Gate:
        definition = self.by_name[name]
        if params:
            return UnitaryGate(_evaluated(definition, params), label=name)
        if name not in self._unitaries:
            self._unitaries[name] = UnitaryGate(_fixed_matrix(definition), label=name)
        return self._unitaries[name]


def gates(gate: Any, qubits: tuple[int, ...], definitions: Definitions, look: Look) -> list[Placed]:
    """The gates, in order, that one of pyquil's gates on ``qubits`` means."""
    params = [_angle(param, look) for param in gate.params]
    return _modified(list(gate.modifiers), gate.name, params, qubits, definitions)


def _modified(
    modifiers: list[str],
    name: str,
    params: list[ParameterLike],
    qubits: tuple[int, ...],
    defined: Definitions,
) -> list[Placed]:
    if not modifiers:
        return _plain(name, params, qubits, defined)
    first, rest = modifiers[0], modifiers[1:]
    if first == "DAGGER":
        inner = _modified(rest, name, params, qubits, defined)
        return [(ours.inverse(), places) for ours, places in reversed(inner)]
    if first == "CONTROLLED":
        inner = _modified(rest, name, params, qubits[1:], defined)
        return [(ours.controlled(), (qubits[0], *places)) for ours, places in inner]
    if first == "FORKED" and len(params) % 2 == 0:
        half = len(params) // 2
        return [
            (ours.controlled(1, state), (qubits[0], *places))
            for state, part in enumerate((params[:half], params[half:]))
            for ours, places in _modified(rest, name, part, qubits[1:], defined)
        ]
    raise CircuitImportError(f"modifier {first} on {name} with {len(params)} parameters means nothing")


def _plain(
    name: str, params: list[ParameterLike], qubits: tuple[int, ...], defined: Definitions
) -> list[Placed]:
    if name in defined:
        return [(defined.gate(name, params), qubits)]
    if name in _SAME:
        return [(table_gate(_SAME[name], *params), qubits)]
    if name in _PRODUCTS and len(params) == 1 and len(qubits) == 2:
        return _PRODUCTS[name](params[0], *qubits)
    return [(_known_matrix(name, params), qubits)]


def _known_matrix(name: str, params: Sequence[ParameterLike]) -> UnitaryGate:
    """A gate that pyquil knows by its matrix only."""
    from pyquil.simulation.matrices import QUANTUM_GATES

    if name not in QUANTUM_GATES:
        raise CircuitImportError(f"no gate of Quil is named {name!r}, and the program does not define it")
    numbers = _numbers(name, params)
    known = QUANTUM_GATES[name]
    try:
        return UnitaryGate(known(*numbers) if callable(known) else known, label=name)
    except TypeError as exc:
        raise CircuitImportError(f"{name} does not take {len(numbers)} parameters") from exc


def _phase_of(theta: ParameterLike, a: int, b: int, state: str) -> list[Placed]:
    """A phase of theta where the pair (a, b) reads ``state``."""
    flips = [(table_gate("x"), (qubit,)) for qubit, bit in zip((a, b), state, strict=True) if bit == "0"]
    return [*flips, (table_gate("cp", theta), (a, b)), *flips]


def _pswap(theta: ParameterLike, a: int, b: int) -> list[Placed]:
    """SWAP with a phase of theta on what is exchanged."""
    parity = (table_gate("cx"), (a, b))
    return [parity, (table_gate("p", theta), (b,)), parity, (table_gate("swap"), (a, b))]


def _xy(theta: ParameterLike, a: int, b: int) -> list[Placed]:
    """exp(iθ(XX + YY)/4)."""
    turn = -0.5 * theta
    return [(table_gate(name, turn), (a, b)) for name in ("rxx", "ryy")]


_PRODUCTS: Final[Mapping[str, Callable[..., list[Placed]]]] = {
    "CPHASE00": lambda theta, a, b: _phase_of(theta, a, b, "00"),
    "CPHASE01": lambda theta, a, b: _phase_of(theta, a, b, "01"),
    "CPHASE10": lambda theta, a, b: _phase_of(theta, a, b, "10"),
    "PSWAP": _pswap,
    "XY": _xy,
}


# definitions ---------------------------------------------------------------------------------


def _fixed_matrix(definition: Any) -> np.ndarray[Any, Any]:
    """The matrix of a DEFGATE; pyquil forgets which form it read, so its text is asked."""
    head, _, rest = definition.out().partition("\n")
    if "AS PERMUTATION" in head:
        columns = [int(word) for word in rest.replace(",", " ").split()]
        return np.eye(len(columns))[columns]  # row k has its 1 in column p(k), as in quilc
    if "AS PAULI-SUM" in head:
        raise CircuitImportError(f"DEFGATE {definition.name} is given as a Pauli sum; give its matrix")
    if definition.parameters:
        raise CircuitImportError(f"DEFGATE {definition.name} is used without its parameters")
    return np.array(definition.matrix, dtype=complex)


def _evaluated(definition: Any, params: Sequence[ParameterLike]) -> np.ndarray[Any, Any]:
    from pyquil.quilatom import substitute

    if "AS PAULI-SUM" in definition.out().partition("\n")[0]:
        raise CircuitImportError(f"DEFGATE {definition.name} is given as a Pauli sum; give its matrix")
    if len(definition.parameters or ()) != len(params):
        raise CircuitImportError(f"DEFGATE {definition.name} does not take {len(params)} parameters")
    numbers = dict(zip(definition.parameters, _numbers(definition.name, params), strict=True))
    return np.array([[complex(substitute(e, numbers)) for e in row] for row in definition.matrix])


def _numbers(name: str, params: Sequence[ParameterLike]) -> list[float]:
    if any(isinstance(param, ParameterExpression) for param in params):
        raise CircuitImportError(
            f"{name} is known by its matrix, which needs numbers; bind its parameters first"
        )
    return [float(param) for param in params]


# angles --------------------------------------------------------------------------------------

_ARITHMETIC: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "Add": lambda a, b: a + b,
    "Sub": lambda a, b: a - b,
    "Mul": lambda a, b: a * b,
    "Div": lambda a, b: a / b,
    "Pow": lambda a, b: a**b,
}


def _angle(value: Any, look: Look) -> ParameterLike:
    """A number, or an expression of our parameters."""
    kind = type(value).__name__
    if isinstance(value, int | float | complex | np.number):
        number = complex(value)
        if abs(number.imag) > 1e-15 or not math.isfinite(number.real):
            raise CircuitImportError(f"an angle is a finite real number; got {value}")
        return number.real
    if kind == "MemoryReference":
        found = look(value)
        return Parameter(found) if isinstance(found, str) else found
    if kind in _ARITHMETIC:
        return _ARITHMETIC[kind](_angle(value.op1, look), _angle(value.op2, look))  # type: ignore[no-any-return]
    if kind == "Function":
        return _function(str(value.name).lower(), _angle(value.expression, look))
    raise CircuitImportError(f"the angle {value} is of a kind that a parameter cannot be ({kind})")


def _function(name: str, operand: ParameterLike) -> ParameterLike:
    if name not in ("sin", "cos", "exp", "sqrt"):
        raise CircuitImportError(f"an angle uses the function {name!r}, which a parameter cannot")
    if isinstance(operand, ParameterExpression):
        return ParameterExpression(name, (operand,))
    return float(getattr(math, name)(operand))
