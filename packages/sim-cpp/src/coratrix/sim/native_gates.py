"""Gates that a device lacks, as gates that it has.

Owns: the rules, each exact up to a global phase. Knows nothing of: noise, coupling maps, circuits.

Every gate ends in one-qubit gates and CX (`coratrix.core.decompose`); CX ends in the device's own entangling gate, a
run of one-qubit gates in at most two pulses between changes of frame.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from coratrix.core.decompose import reduce
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import Gate, standard

Step: TypeAlias = tuple[Gate, tuple[int, ...]]
Matrix: TypeAlias = npt.NDArray[Any]
PI: Final = math.pi
SYMMETRIC: Final = frozenset({"cz", "swap", "iswap", "rzz", "rxx", "ryy", "cp", "cs", "csdg"})
"""Gates that mean the same with their two qubits exchanged."""


class NotNative(Exception):
    """No rule leads from this gate to the device's gates."""


def rewrite(
    gate: Gate, qubits: tuple[int, ...], native: frozenset[str], runs: Callable[[str, int, int], bool]
) -> list[Step]:
    """``gate`` as native steps.

    Args:
        runs: whether a native two-qubit gate runs on an ordered pair.

    Raises:
        NotNative: the gate is too large a matrix, or the device cannot entangle or turn.
    """
    steps: list[Step] = []
    for inner, places in with_cx(gate, qubits):
        steps += [(inner, places)] if len(places) == 1 else _cx(places[0], places[1], native, runs)
    return _turns(steps, native)


def with_cx(gate: Gate, qubits: tuple[int, ...]) -> list[Step]:
    """``gate`` as one-qubit gates and CX, its global phase left out."""
    try:
        return [step for step in reduce(gate, qubits, _is_simple) if step[1]]
    except CircuitExportError as exc:
        raise NotNative(str(exc)) from exc


def _is_simple(gate: Gate) -> bool:
    return gate.num_qubits == 1 or gate.name == "cx"


# two qubits ---------------------------------------------------------------------------------------


def _cx(a: int, b: int, native: frozenset[str], runs: Callable[[str, int, int], bool]) -> list[Step]:
    """CX on (a, b) by whichever entangling gate the device has there, its control first where that matters."""
    for name in ("cx", "cz", "ecr", "rzz", "rzx", "rxx", "ryy", "iswap"):
        if name not in native:
            continue
        if runs(name, a, b):
            return _cx_by(name, (a, b), a, b)
        if runs(name, b, a):
            if name in SYMMETRIC:
                return _cx_by(name, (b, a), a, b)
            turned = [(standard("h"), (q,)) for q in (a, b)]
            return [*turned, *_cx_by(name, (b, a), b, a), *turned]
    raise NotNative(f"qubits {a} and {b} share none of the gates that it could be made of")


def _cx_by(name: str, order: tuple[int, int], a: int, b: int) -> list[Step]:
    """exp(iπ/4·ZX)·RZ(π/2)·RX(π/2) is CX; each entangling gate is exp(±iπ/4·PP) in some frame."""
    h_a, h_b = (standard("h"), (a,)), (standard("h"), (b,))
    frame = [(standard("rz", PI / 2), (a,)), (standard("rx", PI / 2), (b,))]
    match name:
        case "cx":
            return [(standard("cx"), order)]
        case "cz":
            return [h_b, (standard("cz"), order), h_b]
        case "ecr":
            flips = [(standard("x"), (a,)), (standard("z"), (a,)), (standard("x"), (b,))]
            return [(standard("ecr"), order), *flips, *frame]
        case "rzx":
            return [(standard("rzx", -PI / 2), order), *frame]
        case "rzz":
            return [h_b, (standard("rzz", -PI / 2), order), h_b, *frame]
        case "rxx":
            return [h_a, (standard("rxx", -PI / 2), order), h_a, *frame]
        case "ryy":  # the frame that takes Y to Z on a and Y to X on b
            into = [(standard("rx", -PI / 2), (a,)), (standard("rz", PI / 2), (b,))]
            back = [(standard("rx", PI / 2), (a,)), (standard("rz", -PI / 2), (b,))]
            return [*into, (standard("ryy", -PI / 2), order), *back, *frame]
        case _:  # iSWAP·RX(π/2)·iSWAP is exp(−iπ/4·ZY)·ZZ or its inverse
            swap = (standard("iswap"), order)
            middle = [
                swap,
                (standard("rx", PI / 2), (a,)),
                swap,
                (standard("z"), (a,)),
                (standard("z"), (b,)),
            ]
            return [(standard("s"), (b,)), *middle, (standard("sdg"), (b,)), *frame]


# one qubit ----------------------------------------------------------------------------------------


def _turns(steps: list[Step], native: frozenset[str]) -> list[Step]:
    """Runs of one-qubit gates on a qubit multiplied and written with the device's pulses."""
    out: list[Step] = []
    waiting: dict[int, Matrix] = {}
    for gate, qubits in steps:
        if len(qubits) == 1:
            waiting[qubits[0]] = gate.matrix() @ waiting.get(qubits[0], np.eye(2))
            continue
        for qubit in qubits:
            if qubit in waiting:
                out += _pulses(waiting.pop(qubit), qubit, native)
        out.append((gate, qubits))
    for qubit, matrix in waiting.items():
        out += _pulses(matrix, qubit, native)
    return out


def _pulses(matrix: Matrix, qubit: int, native: frozenset[str]) -> list[Step]:
    theta, phi, lam = _angles(matrix)
    frame = next((name for name in ("rz", "p") if name in native), None)
    if theta < 1e-12 and frame:
        return _frame(frame, phi + lam, qubit)
    if "u" in native:
        return [(standard("u", theta, phi, lam), (qubit,))]
    pulse = standard("sx") if "sx" in native else standard("rx", PI / 2) if "rx" in native else None
    if frame and pulse is not None:
        angles = [lam - PI / 2, phi + PI / 2] if abs(theta - PI / 2) < 1e-12 else [lam, theta + PI, phi + PI]
        out = _frame(frame, angles[0], qubit)
        for angle in angles[1:]:
            out += [(pulse, (qubit,)), *_frame(frame, angle, qubit)]
        return out
    if frame and "ry" in native:
        return [*_frame(frame, lam, qubit), (standard("ry", theta), (qubit,)), *_frame(frame, phi, qubit)]
    raise NotNative("no one-qubit pulses among " + " ".join(sorted(native)))


def _frame(name: str, angle: float, qubit: int) -> list[Step]:
    angle = math.remainder(angle, 2 * PI)
    return [] if abs(angle) < 1e-12 else [(standard(name, angle), (qubit,))]


def _angles(matrix: Matrix) -> tuple[float, float, float]:
    """θ, φ, λ with matrix = U(θ, φ, λ) up to a phase, 0 ≤ θ ≤ π."""
    theta = 2 * math.atan2(abs(matrix[1, 0]), abs(matrix[0, 0]))
    if abs(matrix[0, 0]) < 1e-12:
        return PI, float(np.angle(-matrix[1, 0] / matrix[0, 1])), 0.0
    phi = 0.0 if abs(matrix[1, 0]) < 1e-12 else float(np.angle(matrix[1, 0] / matrix[0, 0]))
    return theta, phi, float(np.angle(matrix[1, 1] / matrix[0, 0])) - phi


def _u(theta: float, phi: float, lam: float) -> Matrix:
    return standard("u", theta, phi, lam).matrix()
