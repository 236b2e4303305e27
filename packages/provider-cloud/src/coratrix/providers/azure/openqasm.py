"""Our circuit as OpenQASM 3 in the dialect that Microsoft's qdk compiles.

Owns: `write`, and what qdk's own gates mean where that differs from the table of gates: it takes angles
modulo 2π, which flips the sign of a rotation and shows under a control; its ``csx`` controls a gate without
its phase; its ``U`` and ``rzx`` are right up to a phase; it has neither ``iswap`` nor ``c4x``. A bit that is
declared and never measured does not compile, so that only measured bits are declared.
Pure; knows nothing of: qdk, QIR.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.decompose import MAX_SYNTHESIS_QUBITS, euler_angles
from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import ControlledGate, Gate, UnitaryGate, standard
from coratrix.core.gate_table import GATES
from coratrix.core.operations import (
    Barrier,
    Condition,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Operation,
    Reset,
    bodies,
)
from coratrix.core.synthesis import synthesised

Places: TypeAlias = tuple[int, ...]
Rule: TypeAlias = "Callable[[tuple[float, ...], Places], list[Call]]"
_MAX_TERMS = 256
_TURNS = frozenset({"rx", "ry", "rz", "rxx", "ryy", "rzz"})
"""Rotations by half an angle: a full turn of 2π is a factor of -1."""
_NO_TURN = 1e-14
"""qdk keeps an angle in 53 bits, to within 7e-16."""


@dataclass(frozen=True, kw_only=True)
class Written:
    """A program, and which of the circuit's bits its only register ``m`` holds, in order."""

    source: str
    clbits: tuple[int, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Call:
    """One gate call of the text: ``name(params)`` on qubits under controls that read ``ctrl``."""

    name: str
    params: tuple[float, ...]
    qubits: Places
    ctrl: str = ""

    def __str__(self) -> str:
        ones, zeros = ([q for q, bit in zip(self.qubits, self.ctrl, strict=False) if bit == b] for b in "10")
        mods = _modifier("ctrl", ones) + _modifier("negctrl", zeros)
        params = f"({', '.join(map(repr, self.params))})" if self.params else ""
        places = (*ones, *zeros, *self.qubits[len(self.ctrl) :])
        return f"{mods}{self.name}{params} {', '.join(f'q[{q}]' for q in places)};".replace(" ;", ";")


def _modifier(word: str, controls: Sequence[int]) -> str:
    """All controls of a kind at once, those on 1 first: any other order stops qdk's compiler (1.33)."""
    return f"{word}({len(controls)}) @ " if controls else ""


def write(circuit: QuantumCircuit) -> Written:
    """The program of a circuit that measures.

    Raises:
        CircuitExportError: the circuit has what qdk cannot compile; the message names it.
    """
    measured = tuple(sorted(measured_bits(circuit.instructions)))
    place = {clbit: k for k, clbit in enumerate(measured)}
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{circuit.num_qubits}] q;"]
    lines += [f"bit[{len(measured)}] m;"] if measured else []
    lines += _body(circuit.instructions, place, "")
    names = {type(one.operation).__name__.lower() for one in circuit.instructions}
    return Written(
        source="\n".join(lines) + "\n",
        clbits=measured,
        left_out=tuple(sorted(names & {"barrier", "delay"})),
    )


def problem_of(operation: Operation) -> str | None:
    """Why an operation cannot be written, or None."""
    if isinstance(operation, UnitaryGate) and operation.num_qubits > MAX_SYNTHESIS_QUBITS:
        return f"a unitary on {operation.num_qubits} qubits; matrices of up to {MAX_SYNTHESIS_QUBITS} are decomposed"
    if isinstance(operation, ControlledGate):
        return problem_of(operation.base)
    if isinstance(operation, IfElse) and measured_bits(one for body in bodies(operation) for one in body):
        return "a measurement inside a conditional, which QIR cannot give back"
    return next((p for body in bodies(operation) for one in body if (p := problem_of(one.operation))), None)


def measured_bits(instructions: Sequence[Instruction] | Iterator[Instruction]) -> set[int]:
    """The classical bits that are measured into, in bodies too."""
    found: set[int] = set()
    for one in instructions:
        if isinstance(one.operation, Measure):
            found.update(one.clbits)
        for body in bodies(one.operation):
            found |= measured_bits(body)
    return found


def _body(instructions: Sequence[Instruction], place: dict[int, int], indent: str) -> list[str]:
    return [f"{indent}{line}" for one in instructions for line in _lines(one, place)]


def _lines(one: Instruction, place: dict[int, int]) -> list[str]:
    operation = one.operation
    if isinstance(operation, Gate):
        return [str(call) for call in calls(operation, one.qubits)]
    if isinstance(operation, Measure):
        return [f"m[{place[one.clbits[0]]}] = measure q[{one.qubits[0]}];"]
    if isinstance(operation, Reset):
        return [f"reset q[{one.qubits[0]}];"]
    if isinstance(operation, Barrier | Delay):
        return []  # qdk has no form of them; the caller is told in `left_out`
    if isinstance(operation, IfElse) and problem_of(operation) is None:
        return _branch(operation, place)
    problem = problem_of(operation)
    raise CircuitExportError(
        f"{operation.name} cannot be written for qdk" + (f": {problem}" if problem else "")
    )


# conditions -----------------------------------------------------------------------------------


def _branch(operation: IfElse, place: dict[int, int]) -> list[str]:
    claim = _claim(operation.condition, place)
    if isinstance(claim, bool):
        return _body(operation.then_body if claim else operation.else_body, place, "")
    lines = [f"if ({claim}) {{", *_body(operation.then_body, place, "  "), "}"]
    if operation.else_body:
        lines[-1] = "} else {"
        lines += [*_body(operation.else_body, place, "  "), "}"]
    return lines


def _claim(condition: Condition, place: dict[int, int]) -> str | bool:
    """The condition over register ``m``; a bit that is never measured reads 0."""
    known = [(k, place[bit]) for k, bit in enumerate(condition.clbits) if bit in place]
    never = sum(1 << k for k, bit in enumerate(condition.clbits) if bit not in place)
    values = sorted(value for value in condition.values if not value & never)
    if not known or len(values) in (0, 2 ** len(known)):
        return bool(values) is not condition.negated
    if len(values) > _MAX_TERMS:
        raise CircuitExportError(f"a condition with {len(values)} values is too long to write for qdk")
    terms = (" && ".join(f"{'' if v >> k & 1 else '!'}m[{at}]" for k, at in known) for v in values)
    text = " || ".join(f"({term})" for term in terms)
    return f"!({text})" if condition.negated else text


# gates ----------------------------------------------------------------------------------------


def calls(gate: Gate, qubits: Places) -> list[Call]:
    """A gate as calls of qdk's gates, exact with its global phase."""
    if isinstance(gate, ControlledGate):
        n = gate.num_controls
        return [
            Call(call.name, call.params, (*qubits[:n], *call.qubits), gate.ctrl_bits + call.ctrl)
            for call in calls(gate.base, qubits[n:])
        ]
    if isinstance(gate, UnitaryGate):
        return _unitary(gate, qubits)
    params = tuple(float(p) for p in gate.params)
    if gate.name in _TURNS:
        return _turn(gate.name, params[0], qubits)
    rule = _OTHERS.get(gate.name)
    return rule(params, qubits) if rule else [Call(gate.name, params, qubits)]


def _turn(name: str, angle: float, qubits: Places) -> list[Call]:
    """A rotation with its angle in [0, 2π) and the sign that this costs.

    An angle just below 2π would be rounded up to 0 with the sign lost: what is that near to no rotation is none.
    """
    turns = math.floor(angle / (2 * math.pi))
    rest = angle - 2 * math.pi * turns
    if min(rest, 2 * math.pi - rest) < _NO_TURN:
        turns, rest = round(angle / (2 * math.pi)), 0.0
    calls = [Call(name, (rest,), qubits)] if rest else []
    return [*calls, Call("gphase", (math.pi,), ())] if turns % 2 else calls


def _controlled(name: str) -> Rule:
    """The table's controlled rotation, as a control on our own rotation."""
    base = GATES[name].base or ""
    return lambda params, qubits: [
        Call(c.name, c.params, (qubits[0], *c.qubits), "1" + c.ctrl)
        for c in calls(standard(base, *params), qubits[1:])
    ]


def _unitary(gate: UnitaryGate, qubits: Places) -> list[Call]:
    if (problem := problem_of(gate)) is not None:
        raise CircuitExportError(problem)
    if gate.num_qubits == 1:
        return _one_qubit(gate, qubits[0])
    return [call for inner, places in synthesised(gate.matrix(), qubits) for call in _step(inner, places)]


def _step(gate: Gate, places: Places) -> list[Call]:
    return calls(gate, places) if places else [Call("gphase", (float(gate.params[0]),), ())]


def _one_qubit(gate: Gate, qubit: int) -> list[Call]:
    """exp(iα)·RZ(β)·RY(γ)·RZ(δ)."""
    alpha, beta, gamma, delta = euler_angles(gate)
    turns = (("rz", delta), ("ry", gamma), ("rz", beta))
    steps = [call for name, angle in turns if angle for call in _turn(name, angle, (qubit,))]
    return [*steps, Call("gphase", (alpha,), ())] if alpha else steps


def _rzx(theta: float, qubits: Places) -> list[Call]:
    h = Call("h", (), qubits[1:])
    return [h, *_turn("rzz", theta, qubits), h]


def _cu(params: tuple[float, ...], qubits: Places) -> list[Call]:
    *angles, gamma = params
    inner = [*_one_qubit(standard("u", *angles), qubits[1]), Call("gphase", (gamma,), ())]
    return [Call(c.name, c.params, (qubits[0], *c.qubits), "1") for c in inner]


_OTHERS: dict[str, Rule] = {
    "u": lambda p, q: _one_qubit(standard("u", *p), q[0]),
    "cu": _cu,
    **{name: _controlled(name) for name in ("crx", "cry", "crz")},
    "csx": lambda _, q: [Call("sx", (), q, "1")],
    "c4x": lambda _, q: [Call("x", (), q, "1111")],
    "rzx": lambda p, q: _rzx(p[0], q),
    "iswap": lambda _, q: [
        Call("swap", (), q), Call("cz", (), q), Call("s", (), q[:1]), Call("s", (), q[1:]),
    ],
}  # fmt: skip
