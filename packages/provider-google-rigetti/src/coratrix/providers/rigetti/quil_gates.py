"""Our gates as statements of Quil.

Owns: one recipe per row of the gate table, in Quil's standard gates and modifiers. Every recipe is exact
together with the phase that it names, so that it may stand under controls.
Knows nothing of: pyquil, measurement, registers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import ControlledGate, Gate, UnitaryGate
from coratrix.core.parameters import ParameterExpression, ParameterLike

from .expressions import angle

PI: Final = math.pi


@dataclass(frozen=True, slots=True)
class Statement:
    """``CONTROLLED DAGGER NAME(params) qubits``: modifiers and their qubits from left to right."""

    name: str
    qubits: tuple[int, ...]
    params: tuple[ParameterLike, ...] = ()
    modifiers: tuple[str, ...] = ()

    def controlled(self, control: int) -> Statement:
        return replace(self, qubits=(control, *self.qubits), modifiers=("CONTROLLED", *self.modifiers))

    def __str__(self) -> str:
        params = f"({', '.join(map(angle, self.params))})" if self.params else ""
        return " ".join((*self.modifiers, self.name + params, *map(str, self.qubits)))


Product: TypeAlias = "tuple[list[Statement], ParameterLike]"
"""Statements in order, and the angle γ of a factor exp(iγ) by which the gate differs from them."""
Qubits: TypeAlias = Sequence[int]
Recipe: TypeAlias = "Callable[[Qubits, tuple[ParameterLike, ...]], Product]"
NameOf: TypeAlias = "Callable[[UnitaryGate], str]"


def product(gate: Gate, qubits: Qubits, name_of: NameOf) -> Product:
    """``gate`` on ``qubits``; ``name_of`` gives the DEFGATE that stands for a matrix."""
    if isinstance(gate, UnitaryGate):
        return [Statement(name_of(gate), tuple(qubits))], 0.0
    if isinstance(gate, ControlledGate):
        controls, targets = qubits[: gate.num_controls], qubits[gate.num_controls :]
        return _under_controls(product(gate.base, targets, name_of), controls, gate.ctrl_bits)
    recipe = RECIPES.get(gate.name)
    if recipe is None:
        raise CircuitExportError(f"gate {gate.name!r} has no counterpart in Quil; give it as a UnitaryGate")
    return recipe(qubits, gate.params)


def _under_controls(inner: Product, controls: Qubits, bits: str) -> Product:
    """The product under controls that must read ``bits``; its phase becomes a gate of the controls."""
    statements, phase = inner
    for control in reversed(controls):
        statements = [statement.controlled(control) for statement in statements]
    if _is_not_zero(phase):
        *others, last = controls
        turn = Statement("PHASE", (last,), (phase,))
        for control in reversed(others):
            turn = turn.controlled(control)
        statements = [*statements, turn]
    flips = [Statement("X", (control,)) for control, bit in zip(controls, bits, strict=True) if bit == "0"]
    return [*flips, *statements, *flips], 0.0


def _is_not_zero(phase: ParameterLike) -> bool:
    return isinstance(phase, ParameterExpression) or phase != 0.0


def _named(name: str, *modifiers: str) -> Recipe:
    """One statement of the same qubits and parameters."""
    return lambda q, p: ([Statement(name, tuple(q), p, modifiers)], 0.0)


def _turned(name: str, turn: float, phase: float = 0.0) -> Recipe:
    """A fixed angle of a rotation, with the phase that is missing."""
    return lambda q, _: ([Statement(name, tuple(q), (turn,))], phase)


def _controlled(recipe: Recipe) -> Recipe:
    """The recipe on the last qubits, under the first."""
    return lambda q, p: _under_controls(recipe(q[1:], p), q[:1], "1")


def _u(q: Qubits, p: tuple[ParameterLike, ...]) -> Product:
    """P(φ)·RY(θ)·P(λ)."""
    theta, phi, lam = p
    (qubit,) = q
    angles = (("PHASE", lam), ("RY", theta), ("PHASE", phi))
    return [Statement(name, (qubit,), (value,)) for name, value in angles], 0.0


def _cu(q: Qubits, p: tuple[ParameterLike, ...]) -> Product:
    statements, _ = _u(q[1:], p[:3])
    return _under_controls((statements, p[3]), q[:1], "1")


def _rzz(q: Qubits, p: tuple[ParameterLike, ...]) -> list[Statement]:
    a, b = q
    return [Statement("CNOT", (a, b)), Statement("RZ", (b,), p), Statement("CNOT", (a, b))]


def _around(before: Sequence[Statement], middle: Sequence[Statement], after: Sequence[Statement]) -> Product:
    return [*before, *middle, *after], 0.0


def _rxx(q: Qubits, p: tuple[ParameterLike, ...]) -> Product:
    turns = [Statement("H", (qubit,)) for qubit in q]
    return _around(turns, _rzz(q, p), turns)


def _ryy(q: Qubits, p: tuple[ParameterLike, ...]) -> Product:
    there, back = ([Statement("RX", (qubit,), (turn,)) for qubit in q] for turn in (PI / 2, -PI / 2))
    return _around(there, _rzz(q, p), back)


def _rzx(q: Qubits, p: tuple[ParameterLike, ...]) -> Product:
    turn = [Statement("H", (q[1],))]
    return _around(turn, _rzz(q, p), turn)


def _ecr(q: Qubits, p: tuple[ParameterLike, ...]) -> Product:
    """RZX(π/2), then X on the first qubit."""
    statements, _ = _rzx(q, (PI / 2,))
    return [*statements, Statement("X", (q[0],))], 0.0


def _dcx(q: Qubits, p: tuple[ParameterLike, ...]) -> Product:
    a, b = q
    return [Statement("CNOT", (a, b)), Statement("CNOT", (b, a))], 0.0


_SX: Final = _turned("RX", PI / 2, PI / 4)

RECIPES: Final[Mapping[str, Recipe]] = {
    "id": _named("I"),
    "x": _named("X"),
    "y": _named("Y"),
    "z": _named("Z"),
    "h": _named("H"),
    "s": _named("S"),
    "sdg": _named("S", "DAGGER"),
    "t": _named("T"),
    "tdg": _named("T", "DAGGER"),
    "sx": _SX,
    "sxdg": _turned("RX", -PI / 2, -PI / 4),
    "p": _named("PHASE"),
    "u": _u,
    "rx": _named("RX"),
    "ry": _named("RY"),
    "rz": _named("RZ"),
    "cx": _named("CNOT"),
    "cy": _named("Y", "CONTROLLED"),
    "cz": _named("CZ"),
    "ch": _named("H", "CONTROLLED"),
    "cs": _turned("CPHASE", PI / 2),
    "csdg": _turned("CPHASE", -PI / 2),
    "csx": _controlled(_SX),
    "cp": _named("CPHASE"),
    "crx": _named("RX", "CONTROLLED"),
    "cry": _named("RY", "CONTROLLED"),
    "crz": _named("RZ", "CONTROLLED"),
    "cu": _cu,
    "swap": _named("SWAP"),
    "iswap": _named("ISWAP"),
    "dcx": _dcx,
    "ecr": _ecr,
    "rxx": _rxx,
    "ryy": _ryy,
    "rzz": lambda q, p: (_rzz(q, p), 0.0),
    "rzx": _rzx,
    "ccx": _named("CCNOT"),
    "ccz": _named("Z", "CONTROLLED", "CONTROLLED"),
    "cswap": _named("CSWAP"),
    "c3x": _named("CCNOT", "CONTROLLED"),
    "c4x": _named("CCNOT", "CONTROLLED", "CONTROLLED"),
}
