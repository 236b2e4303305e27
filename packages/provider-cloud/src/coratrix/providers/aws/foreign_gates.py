"""Braket's gate objects and ours, one by one.

Owns: which class of ``braket.circuits.gates`` a gate of ours is, and what their gates are that we lack.
Knows nothing of: circuits, measurement.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from coratrix.core.decompose import Step, phase, reduce
from coratrix.core.errors import (
    CircuitError,
    CircuitExportError,
    CircuitImportError,
    UnboundParameterError,
)
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate, standard
from coratrix.core.parameters import ParameterExpression, ParameterLike
from coratrix.core.unitary import unitary_power
from coratrix.providers.aws.dialect import BRAKET_NAMES
from coratrix.providers.aws.symbols import from_braket, to_braket

CLASSES: Mapping[str, str] = {
    "id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "Si", "t": "T", "tdg": "Ti",
    "sx": "V", "sxdg": "Vi", "p": "PhaseShift", "u": "U", "rx": "Rx", "ry": "Ry", "rz": "Rz",
    "cx": "CNot", "cy": "CY", "cz": "CZ", "csx": "CV", "cp": "CPhaseShift", "swap": "Swap",
    "iswap": "ISwap", "ecr": "ECR", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "ccx": "CCNot", "cswap": "CSwap",
}  # fmt: skip
"""Our gate to Braket's class, for gates with the same matrix and parameters."""

OURS: Mapping[str, str] = {theirs: ours for ours, theirs in CLASSES.items()}

assert CLASSES.keys() == BRAKET_NAMES.keys()


# ours to theirs -------------------------------------------------------------------------------


def to_instructions(gate: Gate, qubits: tuple[int, ...]) -> Iterator[Any]:
    """Braket instructions for ``gate``: its own class, a class with controls, or several."""
    try:
        for step, on in reduce(gate, qubits, _is_one_instruction):
            yield _instruction(step, on)
    except UnboundParameterError as exc:
        raise CircuitExportError(
            f"{gate.label} cannot be written for Braket before it is bound: {exc}"
        ) from exc


def _is_one_instruction(gate: Gate) -> bool:
    if isinstance(gate, UnitaryGate) or gate.name in CLASSES:
        return True
    if gate.parameters:  # Circuit.make_bound_circuit of SDK 1.127.5 forgets the controls of what it binds
        return False
    if isinstance(gate, ControlledGate):
        return isinstance(gate.base, StandardGate) and gate.base.name in CLASSES
    return isinstance(gate, StandardGate) and gate.spec.base in CLASSES


def _instruction(gate: Gate, qubits: tuple[int, ...]) -> Any:
    from braket.circuits import Instruction, gates

    if not qubits:
        return Instruction(gates.GPhase(to_braket(gate.params[0])), target=[])
    if isinstance(gate, UnitaryGate):
        return Instruction(gates.Unitary(gate.matrix(), display_name=gate.given_label or "U"), target=qubits)
    base, controls, state = _split(gate)
    operator = getattr(gates, CLASSES[base.name])(*map(to_braket, base.params))
    if not controls:
        return Instruction(operator, target=qubits)
    return Instruction(operator, target=qubits[controls:], control=qubits[:controls], control_state=state)


def _split(gate: Gate) -> tuple[Gate, int, str]:
    """The gate whose class Braket has, the number of controls before it, and what they read."""
    if isinstance(gate, ControlledGate):
        return gate.base, gate.num_controls, gate.ctrl_bits
    if isinstance(gate, StandardGate) and gate.name not in CLASSES and gate.spec.base:
        controls = gate.spec.num_controls
        return standard(gate.spec.base, *gate.params), controls, "1" * controls
    return gate, 0, ""


# theirs to ours -------------------------------------------------------------------------------


def from_instruction(instruction: Any, place: Mapping[int, int]) -> Iterator[Step]:
    """Our gates for one Braket gate with its controls and power; ``place`` numbers the qubits.

    A step on no qubits is a global phase.
    """
    operator = instruction.operator
    name = type(operator).__name__
    params = [from_braket(param) for param in getattr(operator, "parameters", ())]
    targets = tuple(place[int(qubit)] for qubit in instruction.target)
    controls = tuple(place[int(qubit)] for qubit in instruction.control)
    power, state = float(instruction.power), "".join(str(bit) for bit in instruction.control_state)
    if name == "GPhase":
        yield from _phase(params[0] * power, controls, state)
    elif not controls and power == 1 and name in _STEPS:
        yield from _STEPS[name](*params)(*targets)
    else:
        gate = _raised(_single(name, operator, params), power, operator)
        yield (gate.controlled(len(controls), state) if controls else gate), (*controls, *targets)


def _phase(angle: ParameterLike, controls: tuple[int, ...], state: str) -> Iterator[Step]:
    """A global phase, which under controls is a phase of the last control."""
    if not controls:
        yield phase(angle)
        return
    *others, last = controls
    turned = standard("p", angle)
    flip: list[Step] = [(standard("x"), (last,))] if state[-1] == "0" else []
    yield from flip
    yield (turned.controlled(len(others), state[:-1]) if others else turned), (*others, last)
    yield from flip


def _single(name: str, operator: Any, params: list[ParameterLike]) -> Gate:
    """One gate of ours for an operator: from the table, or by its matrix."""
    if name in OURS:
        return standard(OURS[name], *params)
    if name == "PulseGate" or not hasattr(operator, "to_matrix"):
        raise CircuitImportError(f"Braket's {name} cannot be carried: it is given by pulses")
    if any(isinstance(param, ParameterExpression) for param in params):
        raise CircuitImportError(
            f"Braket's {name} has a free parameter and controls or a power: bind it first"
        )
    label = operator.ascii_symbols[0] if name == "Unitary" else name
    return UnitaryGate(operator.to_matrix(), label=label)


def _raised(gate: Gate, power: float, operator: Any) -> Gate:
    """The gate to a power as Braket takes it: of the matrix, on the principal branch."""
    if power == 1:
        return gate
    if power == int(power):
        return gate.power(power)
    if gate.parameters:
        raise CircuitImportError(f"{gate.label} with a free parameter to the power {power:g}: bind it first")
    matrix = unitary_power(np.asarray(operator.to_matrix()), power)
    try:
        ours = gate.power(power)
    except CircuitError:
        return UnitaryGate(matrix, label=f"{gate.label}^{power:g}")
    same = np.allclose(ours.matrix(), matrix, atol=1e-13, rtol=0)
    return ours if same else UnitaryGate(matrix, label=f"{gate.label}^{power:g}")


Placed = Callable[..., Iterator[Step]]


def _turned(name: str, angle: ParameterLike, *by: ParameterLike) -> Placed:
    """A gate between turns about Z of its qubits: RZ(by)·gate·RZ(−by)."""

    def placed(*qubits: int) -> Iterator[Step]:
        for qubit, turn in zip(qubits, by, strict=True):
            yield standard("rz", -turn), (qubit,)
        yield standard(name, angle), qubits
        for qubit, turn in zip(qubits, by, strict=True):
            yield standard("rz", turn), (qubit,)

    return placed


def _gpi(angle: ParameterLike) -> Placed:
    def placed(qubit: int) -> Iterator[Step]:
        yield standard("x"), (qubit,)
        yield standard("rz", 2 * angle), (qubit,)

    return placed


def _xy(angle: ParameterLike) -> Placed:
    def placed(*qubits: int) -> Iterator[Step]:
        yield standard("rxx", -angle / 2), qubits
        yield standard("ryy", -angle / 2), qubits

    return placed


def _pswap(angle: ParameterLike) -> Placed:
    def placed(*qubits: int) -> Iterator[Step]:
        yield standard("swap"), qubits
        yield standard("rzz", angle), qubits
        yield phase(angle / 2)

    return placed


def _cphase(state: str) -> Callable[[ParameterLike], Placed]:
    """A phase where the two qubits read ``state``."""

    def with_angle(angle: ParameterLike) -> Placed:
        def placed(*qubits: int) -> Iterator[Step]:
            flips: list[Step] = [
                (standard("x"), (q,)) for q, bit in zip(qubits, state, strict=True) if bit == "0"
            ]
            yield from flips
            yield standard("cp", angle), qubits
            yield from flips

        return placed

    return with_angle


_STEPS: Mapping[str, Callable[..., Placed]] = {
    "GPi": _gpi,
    "GPi2": lambda phi: _turned("rx", math.pi / 2, phi),
    "PRx": lambda theta, phi: _turned("rx", theta, phi),
    "MS": lambda phi_0, phi_1, theta: _turned("rxx", theta, phi_0, phi_1),
    "XY": _xy,
    "PSwap": _pswap,
    "CPhaseShift00": _cphase("00"),
    "CPhaseShift01": _cphase("01"),
    "CPhaseShift10": _cphase("10"),
}
"""Braket's gates that our table lacks, in gates that it has."""


def unsupported(name: str, hint: str) -> CircuitExportError:
    """The refusal of something that a Braket circuit cannot hold."""
    return CircuitExportError(f"a Braket circuit cannot hold {name}; {hint}")
