"""Cirq's operations as our gates.

Owns: `gates_of`: a named gate of the table where there is one, else rotations, else the matrix, else what the
operation is made of. Knows nothing of: measurement, noise, classical control.

Cirq's powers carry a phase: ``X**t`` is exp(iπt/2)·RX(πt). It is kept: as a phase of the whole circuit, or,
under controls, as a phase gate on a control.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from coratrix.core.errors import CircuitImportError
from coratrix.core.gate import Gate, UnitaryGate, standard
from coratrix.core.parameters import ParameterLike

from .symbols import radians

if TYPE_CHECKING:
    import cirq

Placed: TypeAlias = tuple[Gate, tuple[int, ...]]
"""A gate and the positions of its qubits among the operation's."""

_LARGEST_MATRIX = 3
"""Qubits up to which an unknown gate becomes a matrix before its decomposition is tried."""
_LARGEST_LAST_RESORT = 10


@dataclass(frozen=True, kw_only=True)
class GateList:
    """Gates in order, and the angle γ of a factor exp(iγ) before them."""

    gates: tuple[Placed, ...]
    phase: float = 0.0


def gates_of(operation: cirq.Operation) -> GateList:
    """``operation`` as gates on the positions of its own qubits.

    Raises:
        CircuitImportError: it is no gate, or no gate that can be taken apart.
    """
    import cirq

    operation = operation.untagged
    if any(qubit.dimension != 2 for qubit in operation.qubits):
        raise CircuitImportError(f"{operation} acts on a system that has not two levels")
    if isinstance(operation, cirq.ControlledOperation):
        listed = _controlled(operation)
        if listed is not None:
            return listed
    gate = operation.gate
    if isinstance(gate, cirq.ControlledGate):
        listed = _controlled(gate.on(*operation.qubits))
        if listed is not None:
            return listed
    for kind in type(gate).__mro__:
        if kind in rules():
            listed = rules()[kind](gate)
            if listed is not None:
                return listed
    return _unnamed(operation)


def _unnamed(operation: cirq.Operation) -> GateList:
    """A gate that the table does not have: its matrix while that is small, else what it is made of."""
    import cirq

    count = len(operation.qubits)
    if cirq.has_unitary(operation) and count <= _LARGEST_MATRIX:
        return _matrix(operation)
    parts = cirq.decompose_once(operation, default=None)
    if parts is not None:
        return _joined(parts, operation.qubits, phase=_lost_phase(operation, parts))
    if cirq.has_unitary(operation) and count <= _LARGEST_LAST_RESORT:
        return _matrix(operation)
    raise CircuitImportError(f"{operation} is no gate that Coratrix has, and Cirq cannot take it apart")


def _lost_phase(operation: cirq.Operation, parts: Sequence[cirq.Operation]) -> float:
    """The phase by which Cirq's decomposition differs, which it may; not asked of large gates."""
    import cirq
    import numpy as np

    if not cirq.has_unitary(operation) or len(operation.qubits) > _LARGEST_LAST_RESORT:
        return 0.0
    made = cirq.Circuit(parts).unitary(operation.qubits, operation.qubits)
    return cmath.phase(complex(np.vdot(made, cirq.unitary(operation))))


def _matrix(operation: cirq.Operation) -> GateList:
    import cirq

    unitary = cirq.unitary(operation)
    if not operation.qubits:
        return GateList(gates=(), phase=cmath.phase(complex(unitary[0, 0])))
    label = getattr(operation.gate, "_name", None)
    return _one(UnitaryGate(unitary, label if isinstance(label, str) else None))


def _joined(parts: Iterable[cirq.Operation], qubits: Sequence[cirq.Qid], *, phase: float) -> GateList:
    place = {qubit: position for position, qubit in enumerate(qubits)}
    gates: list[Placed] = []
    for part in parts:
        if not set(part.qubits) <= place.keys():
            raise CircuitImportError(f"{part} needs qubits that the circuit does not have")
        listed = gates_of(part)
        phase += listed.phase
        moved = [place[qubit] for qubit in part.qubits]
        gates += [
            (gate, tuple(moved[position] for position in positions)) for gate, positions in listed.gates
        ]
    return GateList(gates=tuple(gates), phase=phase)


def _one(gate: Gate, phase: float = 0.0) -> GateList:
    return GateList(gates=((gate, tuple(range(gate.num_qubits))),), phase=phase)


def _on(*steps: tuple[str, tuple[ParameterLike, ...], tuple[int, ...]]) -> GateList:
    return GateList(gates=tuple((standard(name, *params), positions) for name, params, positions in steps))


# --- controls -----------------------------------------------------------------------------------------------


def _controlled(operation: Any) -> GateList | None:
    """The gates under plain controls; None where the controls' values are no plain product."""
    import cirq

    values = operation.control_values
    if not isinstance(values, cirq.ProductOfSums) or any(len(choices) != 1 for choices in values):
        return None
    state = "".join(str(choices[0]) for choices in values)
    count = len(state)
    inner = gates_of(operation.sub_operation)
    gates: list[Placed] = [
        (gate.controlled(count, state), (*range(count), *(count + position for position in positions)))
        for gate, positions in inner.gates
    ]
    return GateList(gates=(*_phase_on_controls(inner.phase, state), *gates))


def _phase_on_controls(phase: float, state: str) -> tuple[Placed, ...]:
    """exp(iγ) where the controls read ``state``: a phase on the last control under the others."""
    if not phase:
        return ()
    last = len(state) - 1
    gate: Gate = standard("p", phase)
    if last:
        gate = gate.controlled(last, state[:last])
    turned: Placed = (gate, tuple(range(last + 1)))
    if state[last] == "1":
        return (turned,)
    flip: Placed = (standard("x"), (last,))
    return (flip, turned, flip)


# --- one rule for each of Cirq's families -------------------------------------------------------------------


@cache
def rules() -> dict[type, Callable[[Any], GateList | None]]:
    """Rules by class of gate; None from a rule means that it does not know this member of the family."""
    import cirq

    return {
        cirq.IdentityGate: lambda gate: _on(*(("id", (), (k,)) for k in range(gate.num_qubits()))),
        cirq.GlobalPhaseGate: _global_phase,
        cirq.XPowGate: lambda gate: _power(gate, {1.0: "x", 0.5: "sx", -0.5: "sxdg"}, "rx", _x_power),
        cirq.YPowGate: lambda gate: _power(gate, {1.0: "y"}, "ry", _y_power),
        cirq.ZPowGate: lambda gate: _power(gate, _Z_NAMES, "rz", lambda e: _on(("p", (radians(e),), (0,)))),
        cirq.HPowGate: lambda gate: _power(gate, {1.0: "h"}, None, _h_power),
        cirq.CZPowGate: lambda gate: _power(
            gate, _CZ_NAMES, None, lambda e: _on(("cp", (radians(e),), (0, 1)))
        ),
        cirq.CXPowGate: lambda gate: _power(gate, {1.0: "cx", 0.5: "csx"}, None, _cx_power),
        cirq.SwapPowGate: lambda gate: _power(gate, {1.0: "swap"}, None, None),
        cirq.ISwapPowGate: lambda gate: _power(gate, {}, None, _iswap_power),
        cirq.FSimGate: _fsim,
        cirq.PhasedXPowGate: _phased_x,
        cirq.PhasedXZGate: _phased_xz,
        cirq.XXPowGate: lambda gate: _power(gate, {}, "rxx", None),
        cirq.YYPowGate: lambda gate: _power(gate, {}, "ryy", None),
        cirq.ZZPowGate: lambda gate: _power(gate, {}, "rzz", None),
        cirq.CCXPowGate: lambda gate: _power(gate, {1.0: "ccx"}, None, _ccx_power),
        cirq.CCZPowGate: lambda gate: _power(gate, {1.0: "ccz"}, None, _ccz_power),
        cirq.CSwapGate: lambda _: _one(standard("cswap")),
    }


_Z_NAMES = {1.0: "z", 0.5: "s", -0.5: "sdg", 0.25: "t", -0.25: "tdg"}
_CZ_NAMES = {1.0: "cz", 0.5: "cs", -0.5: "csdg"}


def _power(
    gate: Any, names: dict[float, str], rotation: str | None, general: Callable[[Any], GateList] | None
) -> GateList | None:
    """A power exp(iπts)·Gᵗ of an involution G.

    Args:
        names: the table's names of some powers.
        rotation: the table's exp(−iθG/2), which is exp(−iθ/2)·G^(θ/π).
        general: Gᵗ for any t, exact.
    """
    import cirq

    exponent, shift = gate.exponent, gate.global_shift
    if cirq.is_parameterized(gate):
        if rotation and shift == -0.5:
            return _one(standard(rotation, radians(exponent)))
        return general(exponent) if general and not shift else None
    exponent = float(exponent)
    if name := names.get(_principal(exponent)):
        return _one(standard(name), math.pi * exponent * shift)
    if rotation and (shift or not general or rotation != "rz"):
        return _one(standard(rotation, math.pi * exponent), math.pi * exponent * (shift + 0.5))
    if general is None:
        return None
    return replace(general(exponent), phase=math.pi * exponent * shift)


def _principal(exponent: float) -> float:
    """The exponent in (−1, 1]; a power of an involution does not change by 2."""
    rest = exponent % 2.0
    return rest - 2.0 if rest > 1.0 else rest


def _x_power(exponent: Any) -> GateList:
    return _on(("h", (), (0,)), ("p", (radians(exponent),), (0,)), ("h", (), (0,)))


def _y_power(exponent: Any) -> GateList:
    inner = _x_power(exponent).gates
    return GateList(gates=((standard("sdg"), (0,)), *inner, (standard("s"), (0,))))


def _h_power(exponent: Any) -> GateList:
    """H is Z seen after a turn of −π/4 about Y."""
    quarter = math.pi / 4
    return _on(("ry", (-quarter,), (0,)), ("p", (radians(exponent),), (0,)), ("ry", (quarter,), (0,)))


def _cx_power(exponent: Any) -> GateList:
    return _on(("h", (), (1,)), ("cp", (radians(exponent),), (0, 1)), ("h", (), (1,)))


def _ccz_power(exponent: Any) -> GateList:
    return _one(standard("p", radians(exponent)).controlled(2))


def _ccx_power(exponent: Any) -> GateList:
    hadamard: Placed = (standard("h"), (2,))
    return GateList(gates=(hadamard, *_ccz_power(exponent).gates, hadamard))


def _iswap_power(exponent: Any) -> GateList:
    """exp(iπt(XX+YY)/4)."""
    if exponent == 1:
        return _one(standard("iswap"))
    angle = radians(exponent * -0.5)
    return _on(("rxx", (angle,), (0, 1)), ("ryy", (angle,), (0, 1)))


def _fsim(gate: Any) -> GateList:
    """exp(−iθ(XX+YY)/2), then a phase of −φ on |11⟩."""
    from .symbols import from_sympy

    theta, phi = from_sympy(gate.theta), from_sympy(gate.phi)
    return _on(("rxx", (theta,), (0, 1)), ("ryy", (theta,), (0, 1)), ("cp", (-phi,), (0, 1)))


def _phased_x(gate: Any) -> GateList | None:
    """Z^p·Xᵗ·Z^−p, where RX(θ) = U(θ, −π/2, π/2)."""
    import cirq

    axis, exponent, shift = gate.phase_exponent, gate.exponent, gate.global_shift
    if cirq.is_parameterized(gate):
        return None if shift else _in_axis(axis, exponent, axis)
    turns = [float(value) for value in (exponent, axis - 0.5, 0.5 - axis)]
    return _one(standard("u", *(math.pi * t for t in turns)), math.pi * float(exponent) * (shift + 0.5))


def _phased_xz(gate: Any) -> GateList:
    """Z^z·Z^a·X^x·Z^−a."""
    import cirq

    axis, x, z = gate.axis_phase_exponent, gate.x_exponent, gate.z_exponent
    if cirq.is_parameterized(gate):
        return _in_axis(axis, x, axis + z)
    turns = [float(value) for value in (x, z + axis - 0.5, 0.5 - axis)]
    return _one(standard("u", *(math.pi * t for t in turns)), math.pi * float(x) / 2)


def _in_axis(before: Any, exponent: Any, after: Any) -> GateList:
    first: Placed = (standard("p", radians(-before)), (0,))
    last: Placed = (standard("p", radians(after)), (0,))
    return GateList(gates=(first, *_x_power(exponent).gates, last))


def _global_phase(gate: Any) -> GateList | None:
    import cirq

    if cirq.is_parameterized(gate):
        raise CircuitImportError(
            f"{gate} is a global phase with a parameter; give the parameter a value first"
        )
    return GateList(gates=(), phase=cmath.phase(complex(gate.coefficient)))
