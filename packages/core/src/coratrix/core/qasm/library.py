"""Owns what gate names mean in OpenQASM, and the modifiers ctrl, inv and pow.

A call of a gate becomes an Expansion: gates of our table on the call's own qubits, and a global phase. Knows
nothing of text.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np

from coratrix.core.errors import CircuitError
from coratrix.core.gate import Gate, UnitaryGate, standard
from coratrix.core.gate_table import GATES, Matrix
from coratrix.core.operations import Barrier, Delay
from coratrix.core.parameters import ParameterLike

Step: TypeAlias = "tuple[Gate | Barrier | Delay, tuple[int, ...]]"

MAX_STEPS: Final = 200_000
"""One call of a gate makes at most this many instructions."""

MAX_GROWN: Final = 1_000_000
"""Calls of gates, registers gone through, and loops make at most this many instructions together."""

MAX_DEPTH: Final = 100
"""Gates defined through gates defined through gates … deeper than this are refused."""

_MAX_POWER_QUBITS: Final = 6


@dataclass(frozen=True, slots=True)
class Expansion:
    """What one call of a gate does: steps on local qubits 0, 1, …, and a global phase."""

    num_qubits: int
    steps: tuple[Step, ...]
    phase: ParameterLike = 0.0

    def inverse(self) -> Expansion:
        """The steps undone in the opposite order."""
        steps = tuple((op.inverse() if isinstance(op, Gate) else op, at) for op, at in reversed(self.steps))
        return Expansion(self.num_qubits, steps, -self.phase)

    def controlled(self, ctrl_bits: str) -> Expansion:
        """Every step, and the phase, under controls that come first and must read ``ctrl_bits``."""
        controls = tuple(range(len(ctrl_bits)))
        steps: list[Step] = []
        for op, at in self.steps:
            moved = tuple(qubit + len(controls) for qubit in at)
            if isinstance(op, Gate):
                steps.append((op.controlled(len(controls), ctrl_bits), controls + moved))
            else:
                steps.append((op, moved))
        if self.phase != 0:
            steps.extend(_controlled_phase(self.phase, ctrl_bits))
        return Expansion(self.num_qubits + len(controls), tuple(steps))

    def power(self, exponent: float) -> Expansion:
        """A whole power by repetition, another by the gate's own rule or by the matrix."""
        if len(self.steps) == 1 and self.phase == 0 and isinstance(self.steps[0][0], Gate):
            gate, at = self.steps[0]
            return Expansion(self.num_qubits, ((_principal(gate, exponent), at),))
        if not self.steps:
            return Expansion(self.num_qubits, (), self.phase * exponent)
        if exponent == int(exponent):
            unit = self if exponent >= 0 else self.inverse()
            if len(self.steps) * abs(exponent) > MAX_STEPS:
                raise CircuitError(f"pow({exponent:g}) of {len(self.steps)} gates is too long a circuit")
            times = abs(int(exponent))
            return Expansion(self.num_qubits, unit.steps * times, unit.phase * times)
        if self.num_qubits > _MAX_POWER_QUBITS:
            raise CircuitError(f"pow({exponent:g}) of a gate needs at most {_MAX_POWER_QUBITS} qubits")
        powered = UnitaryGate(self.matrix()).power(exponent)
        return Expansion(self.num_qubits, ((powered, tuple(range(self.num_qubits))),))

    def matrix(self) -> Matrix:
        """The dense matrix, local qubit 0 the most significant bit; for few qubits and numbers only."""
        n = self.num_qubits
        state = np.eye(2**n, dtype=complex).reshape((2,) * n + (2**n,))
        for op, at in self.steps:
            if isinstance(op, Gate):
                k = len(at)
                tensor = op.matrix().reshape((2,) * (2 * k))
                state = np.moveaxis(np.tensordot(tensor, state, (range(k, 2 * k), at)), range(k), at)
        matrix: Matrix = np.exp(1j * float(self.phase)) * state.reshape(2**n, 2**n)
        return matrix


def _controlled_phase(phase: ParameterLike, ctrl_bits: str) -> list[Step]:
    """A factor exp(i phase) where the controls read ``ctrl_bits``."""
    last = len(ctrl_bits) - 1
    gate: Gate = standard("p", phase)
    if last:
        gate = gate.controlled(last, ctrl_bits[:-1])
    step: Step = (gate, tuple(range(last + 1)))
    if ctrl_bits[-1] == "1":
        return [step]
    flip: Step = (standard("x"), (last,))
    return [flip, step, flip]


def _principal(gate: Any, exponent: float) -> Gate:
    """The power that OpenQASM defines: the generator's eigenvalues are first brought into (−π, π]."""
    if exponent == int(exponent) or not gate.params or gate.parameters:
        return gate.power(exponent)  # type: ignore[no-any-return]
    return UnitaryGate(gate.matrix()).power(exponent)


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A gate's name with the numbers of its parameters and qubits, and what a call of it does.

    ``depth`` counts how many definitions stand on one another.
    """

    name: str
    num_params: int
    num_qubits: int
    expand: Callable[[tuple[ParameterLike, ...]], Expansion]
    depth: int = 0


def table_definition(name: str, gate_name: str | None = None) -> Definition:
    """A name for a row of our gate table."""
    row = GATES[gate_name or name]
    qubits = tuple(range(row.num_qubits))

    def expand(params: tuple[ParameterLike, ...]) -> Expansion:
        return Expansion(row.num_qubits, ((standard(row.name, *params), qubits),))

    return Definition(name, row.num_params, row.num_qubits, expand)


def _steps_definition(
    name: str, num_params: int, num_qubits: int, steps: Callable[..., Sequence[Step]]
) -> Definition:
    def expand(params: tuple[ParameterLike, ...]) -> Expansion:
        return Expansion(num_qubits, tuple(steps(*params)))

    return Definition(name, num_params, num_qubits, expand)


def _u2(phi: ParameterLike, lam: ParameterLike) -> list[Step]:
    return [(standard("u", math.pi / 2, phi, lam), (0,))]


def _u3_with_phase(params: tuple[ParameterLike, ...]) -> Expansion:
    """u2 and u3 of OpenQASM 3's library: U with the phase that makes its determinant 1 at theta = 0."""
    theta, phi, lam = params if len(params) == 3 else (math.pi / 2, *params)
    return Expansion(1, ((standard("u", theta, phi, lam), (0,)),), -(phi + lam) / 2)


def _rccx() -> list[Step]:
    h, t, tdg = standard("h"), standard("t"), standard("tdg")
    cx = standard("cx")
    return [
        (h, (2,)), (t, (2,)), (cx, (1, 2)), (tdg, (2,)), (cx, (0, 2)),
        (t, (2,)), (cx, (1, 2)), (tdg, (2,)), (h, (2,)),
    ]  # fmt: skip


def _rc3x() -> list[Step]:
    h, t, tdg, cx = (standard(name) for name in ("h", "t", "tdg", "cx"))
    return [
        (h, (3,)), (t, (3,)), (cx, (2, 3)), (tdg, (3,)), (h, (3,)), (cx, (0, 3)), (t, (3,)), (cx, (1, 3)),
        (tdg, (3,)), (cx, (0, 3)), (t, (3,)), (cx, (1, 3)), (tdg, (3,)), (h, (3,)), (t, (3,)), (cx, (2, 3)),
        (tdg, (3,)), (h, (3,)),
    ]  # fmt: skip


def _library(names: str, *others: Definition) -> dict[str, Definition]:
    """Definitions for ``name`` or ``name=row`` of the table, and others."""
    pairs = (word.partition("=") for word in names.split())
    library = {name: table_definition(name, row or name) for name, _, row in pairs}
    return library | {definition.name: definition for definition in others}


BUILTIN_2: Final = _library("U=u CX=cx")
BUILTIN_3: Final = _library("U=u")

QELIB1: Final = _library(
    "u3=u u1=p cx id u p x y z h s sdg t tdg rx ry rz sx sxdg cz cy swap ch ccx cswap crx cry crz cu1=cp "
    "cp csx cu rxx rzz c3x c4x",
    _steps_definition("u2", 2, 1, _u2),
    _steps_definition("u0", 1, 1, lambda _: [(standard("id"), (0,))]),
    _steps_definition("cu3", 3, 2, lambda *angles: [(standard("cu", *angles, 0.0), (0, 1))]),
    _steps_definition("rccx", 0, 3, _rccx),
    _steps_definition("rc3x", 0, 4, _rc3x),
    _steps_definition("c3sqrtx", 0, 4, lambda: [(standard("sx").controlled(3), (0, 1, 2, 3))]),
)
"""What ``include "qelib1.inc"`` defines, in its widest form."""

STDGATES: Final = _library(
    "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu CX=cx phase=p cphase=cp "
    "id u1=p",
    Definition("u2", 2, 1, _u3_with_phase),
    Definition("u3", 3, 1, _u3_with_phase),
)
"""What ``include "stdgates.inc"`` defines."""

INCLUDES: Final = {"qelib1.inc": QELIB1, "stdgates.inc": STDGATES}


def recognised(definition: Definition) -> Definition:
    """The table's row where a definition has its name and its matrix, else the definition itself.

    A definition of ``rzz`` in a text that cannot rely on a library reads as our ``rzz``. Both are analytic in
    their angles; agreement at three points in general position, to rounding, is agreement everywhere.
    """
    row = GATES.get(definition.name)
    if row is None or (row.num_params, row.num_qubits) != (definition.num_params, definition.num_qubits):
        return definition
    for angles in ((0.731, -1.618, 2.393, 0.577), (-2.039, 0.915, 1.325, -0.261), (3.7, 4.669, -5.1, 2.502)):
        params = angles[: row.num_params]
        try:
            matrix = definition.expand(params).matrix()
        except (CircuitError, ArithmeticError):
            return definition
        if not np.allclose(matrix, row.matrix(*params), atol=1e-12, rtol=0):
            return definition
    return table_definition(definition.name)
