"""Our gates as Cirq's operations.

Owns: one recipe per row of the gate table, exact in every factor of the global phase, so that a recipe may
stand under controls. Knows nothing of: measurement, classical bits, devices.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from coratrix.core.errors import CircuitError
from coratrix.core.gate import ControlledGate, Gate, UnitaryGate
from coratrix.core.parameters import ParameterLike

from .symbols import half_turns, to_sympy

if TYPE_CHECKING:
    import cirq

Recipe: TypeAlias = "Callable[[Sequence[cirq.Qid], tuple[ParameterLike, ...]], list[cirq.Operation]]"


def operations(gate: Gate, qubits: Sequence[cirq.Qid]) -> list[cirq.Operation]:
    """``gate`` on ``qubits`` as operations whose product is exactly its matrix."""
    import cirq

    if isinstance(gate, UnitaryGate):
        return [cirq.MatrixGate(gate.matrix(), name=gate.label).on(*qubits)]
    if isinstance(gate, ControlledGate):
        controls, targets = qubits[: gate.num_controls], qubits[gate.num_controls :]
        return _controlled(operations(gate.base, targets), controls, [int(bit) for bit in gate.ctrl_bits])
    recipe = recipes().get(gate.name)
    if recipe is None:
        raise CircuitError(f"gate {gate.name!r} has no counterpart in Cirq; give it as a UnitaryGate")
    return recipe(qubits, gate.params)


def _controlled(
    targets: list[cirq.Operation], controls: Sequence[cirq.Qid], values: Sequence[int]
) -> list[cirq.Operation]:
    return [target.controlled_by(*controls, control_values=values) for target in targets]


@cache
def recipes() -> Mapping[str, Recipe]:
    """The recipe of each row; made once, at the first conversion."""
    return {**_one_qubit(), **_two_qubits(), **_more_qubits()}


def _fixed(gate: cirq.Gate) -> Recipe:
    return lambda qubits, _: [gate.on(*qubits)]


def _rotation(family: Callable[[cirq.TParamVal], cirq.Gate]) -> Recipe:
    """A gate with one angle; ``family`` takes half turns."""
    return lambda qubits, params: [family(half_turns(params[0])).on(*qubits)]


def _one_qubit() -> dict[str, Recipe]:
    import cirq

    fixed: dict[str, cirq.Gate] = {
        "id": cirq.I, "x": cirq.X, "y": cirq.Y, "z": cirq.Z, "h": cirq.H, "s": cirq.S, "sdg": cirq.S**-1,
        "t": cirq.T, "tdg": cirq.T**-1, "sx": cirq.X**0.5, "sxdg": cirq.X**-0.5,
    }  # fmt: skip
    return {
        **{name: _fixed(gate) for name, gate in fixed.items()},
        "p": _rotation(lambda turns: cirq.ZPowGate(exponent=turns)),
        "u": lambda q, p: _u(q[0], *p),
        "rx": lambda q, p: [cirq.rx(to_sympy(p[0])).on(*q)],
        "ry": lambda q, p: [cirq.ry(to_sympy(p[0])).on(*q)],
        "rz": lambda q, p: [cirq.rz(to_sympy(p[0])).on(*q)],
    }


def _u(qubit: cirq.Qid, theta: ParameterLike, phi: ParameterLike, lam: ParameterLike) -> list[cirq.Operation]:
    """P(φ)·RY(θ)·P(λ), which is U with its phase."""
    import cirq

    return [
        cirq.ZPowGate(exponent=half_turns(lam)).on(qubit),
        cirq.ry(to_sympy(theta)).on(qubit),
        cirq.ZPowGate(exponent=half_turns(phi)).on(qubit),
    ]


def _two_qubits() -> dict[str, Recipe]:
    import cirq

    def under_control(name: str) -> Recipe:
        return lambda q, p: _controlled(recipes()[name](q[1:], p), q[:1], [1])

    def ising(power: type[cirq.XXPowGate] | type[cirq.YYPowGate] | type[cirq.ZZPowGate]) -> Recipe:
        return _rotation(lambda turns: power(exponent=turns, global_shift=-0.5))

    return {
        "cx": _fixed(cirq.CNOT), "cz": _fixed(cirq.CZ), "cs": _fixed(cirq.CZ**0.5),
        "csdg": _fixed(cirq.CZ**-0.5), "csx": _fixed(cirq.CNOT**0.5),
        "cp": _rotation(lambda turns: cirq.CZPowGate(exponent=turns)),
        **{f"c{name}": under_control(name) for name in ("y", "h", "rx", "ry", "rz")},
        "cu": lambda q, p: [
            *under_control("u")(q, p[:3]),
            cirq.ZPowGate(exponent=half_turns(p[3])).on(q[0]),
        ],
        "swap": _fixed(cirq.SWAP), "iswap": _fixed(cirq.ISWAP),
        "dcx": lambda q, _: [cirq.CNOT(q[0], q[1]), cirq.CNOT(q[1], q[0])],
        "ecr": lambda q, _: [*_rzx(q, math.pi / 2), cirq.X(q[0])],
        "rxx": ising(cirq.XXPowGate), "ryy": ising(cirq.YYPowGate), "rzz": ising(cirq.ZZPowGate),
        "rzx": lambda q, p: _rzx(q, p[0]),
    }  # fmt: skip


def _rzx(qubits: Sequence[cirq.Qid], theta: ParameterLike) -> list[cirq.Operation]:
    """exp(−iθ Z⊗X/2): a ZZ rotation seen in the second qubit's X basis."""
    import cirq

    middle = cirq.ZZPowGate(exponent=half_turns(theta), global_shift=-0.5).on(*qubits)
    return [cirq.H(qubits[1]), middle, cirq.H(qubits[1])]


def _more_qubits() -> dict[str, Recipe]:
    import cirq

    return {
        "ccx": _fixed(cirq.TOFFOLI),
        "ccz": _fixed(cirq.CCZ),
        "cswap": _fixed(cirq.FREDKIN),
        "c3x": _fixed(cirq.ControlledGate(cirq.X, num_controls=3)),
        "c4x": _fixed(cirq.ControlledGate(cirq.X, num_controls=4)),
    }
