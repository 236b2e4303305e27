"""Qiskit's circuits as ours.

Owns: `from_qiskit`. Pure. What has no counterpart is built from its own definition; what has none is
refused by name, nothing is dropped.
Knows nothing of: targets, jobs, credentials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from coratrix.core import QuantumCircuit
from coratrix.core.errors import CircuitError, CircuitImportError
from coratrix.core.gate import Gate, StandardGate, UnitaryGate
from coratrix.core.gate_table import GATES
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Condition,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Reset,
    WhileLoop,
)
from coratrix.providers.ibm import conditions
from coratrix.providers.ibm.angles import AngleReader
from coratrix.providers.ibm.to_qiskit import LOOP_BOUND

MAX_NESTING = 200  # definitions within definitions, and bodies within bodies
DEFAULT_LOOP_BOUND = 1000  # of a while loop that states none
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "ps": 1e-12}
_LEGACY = {"u1": "p", "cu1": "cp", "u3": "u"}


def from_qiskit(theirs: Any) -> QuantumCircuit:
    """A `qiskit.QuantumCircuit` as ours: same registers in the same order, same bits, same phase.

    Bits outside of registers come last, in a register of their own named ``loose``.

    Raises:
        CircuitImportError: naming what cannot be carried.
    """
    registers, places = _registers(theirs)
    if theirs.num_qubits == 0:
        raise CircuitImportError(f"the circuit {theirs.name!r} has no qubits")
    if theirs.num_vars or theirs.num_stretches:
        raise CircuitImportError("classical variables and stretches cannot be carried")
    angle = AngleReader()
    ours = QuantumCircuit(
        theirs.num_qubits,
        theirs.name or "circuit",
        registers=registers,
        global_phase=angle(theirs.global_phase),
        metadata=theirs.metadata or {},
    )
    reader = _Reader(angle)
    scope = _Scope({bit: k for k, bit in enumerate(theirs.qubits)}, places, 0)
    try:
        for instruction in reader.read(theirs, scope):
            ours.append(instruction)
    except CircuitError as exc:
        raise CircuitImportError(f"the circuit {theirs.name!r} cannot be carried: {exc}") from exc
    ours.global_phase = ours.global_phase + reader.phase
    return ours


def _registers(theirs: Any) -> tuple[list[tuple[str, int]], dict[Any, int]]:
    """The classical registers, and the flat number of each bit."""
    registers: list[tuple[str, int]] = []
    places: dict[Any, int] = {}
    for register in theirs.cregs:
        if shared := [bit for bit in register if bit in places]:
            raise CircuitImportError(
                f"register {register.name!r} shares {len(shared)} bits with another, which cannot be carried"
            )
        if register.size:
            registers.append((register.name, register.size))
        places.update({bit: len(places) + k for k, bit in enumerate(register)})
    loose = [bit for bit in theirs.clbits if bit not in places]
    if loose:
        registers.append((_free({name for name, _ in registers}), len(loose)))
        places.update({bit: len(places) + k for k, bit in enumerate(loose)})
    return registers, places


def _free(taken: set[str]) -> str:
    names = ("loose", *(f"loose{k}" for k in range(len(taken))))
    return next(name for name in names if name not in taken)


class _Scope:
    """Where the bits of a circuit, definition or body are in our circuit."""

    def __init__(self, qubits: Mapping[Any, int], clbits: Mapping[Any, int], depth: int) -> None:
        if depth > MAX_NESTING:
            raise CircuitImportError(f"definitions nest deeper than {MAX_NESTING}")
        self.qubits, self.clbits, self.depth = qubits, clbits, depth

    def inside(self, block: Any, item: Any) -> _Scope:
        """The scope of ``block``, which the instruction ``item`` carries."""
        qubits = {inner: self.qubits[q] for inner, q in zip(block.qubits, item.qubits, strict=True)}
        clbits = dict(self.clbits)  # conditions inside may still name the outer circuit's bits
        clbits |= {inner: self.clbits[c] for inner, c in zip(block.clbits, item.clbits, strict=True)}
        return _Scope(qubits, clbits, self.depth + 1)


class _Reader:
    """Reads instructions one by one; phases of definitions add up in ``phase``."""

    def __init__(self, angle: AngleReader) -> None:
        self._angle = angle
        self.phase: Any = 0.0

    def read(self, circuit: Any, scope: _Scope) -> Iterator[Instruction]:
        for item in circuit.data:
            yield from self._item(item, scope)

    def _item(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        operation = item.operation
        qubits = tuple(scope.qubits[bit] for bit in item.qubits)
        clbits = tuple(scope.clbits[bit] for bit in item.clbits)
        if (simple := self._simple(operation, qubits)) is not None:
            yield Instruction(simple, qubits, clbits)
        elif operation.name == "global_phase":
            self.phase = self.phase + self._angle(operation.params[0])
        elif (gate := _gate(operation, self._angle)) is not None:
            yield Instruction(gate, _order(gate, qubits), ())
        elif (control := _CONTROL_FLOW.get(operation.name)) is not None:
            yield from control(self, item, scope)
        else:
            yield from self._definition(item, scope)

    def _simple(self, operation: Any, qubits: Sequence[int]) -> Any:
        match operation.name:
            case "measure":
                return Measure()
            case "reset":
                return Reset()
            case "barrier":
                return Barrier(len(qubits))
            case "delay":
                return Delay(_seconds(operation))
            case _:
                return None

    def _definition(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        operation = item.operation
        if operation.name == "kraus":
            yield self._kraus(item, scope)
            return
        definition = getattr(operation, "definition", None)
        if definition is None:
            yield self._by_matrix(item, scope)
            return
        yield from self._always(definition, item, scope)

    def _by_matrix(self, item: Any, scope: _Scope) -> Instruction:
        """A gate that gives only its matrix."""
        operation = item.operation
        try:
            matrix = operation.to_matrix()
        except Exception as exc:  # each class has its own way of having none
            raise CircuitImportError(
                f"{operation.name!r} ({type(operation).__name__}) has neither definition nor matrix"
            ) from exc
        gate = UnitaryGate(matrix, label=operation.name)
        return Instruction(gate, tuple(scope.qubits[bit] for bit in reversed(item.qubits)), ())

    def _kraus(self, item: Any, scope: _Scope) -> Instruction:
        from coratrix.core.noise import kraus

        channel = kraus(list(item.operation.params))
        return Instruction(ChannelOp(channel), tuple(scope.qubits[bit] for bit in reversed(item.qubits)), ())

    # control flow

    def _body(self, block: Any, item: Any, scope: _Scope) -> tuple[Instruction, ...]:
        """A branch's instructions. Its phase is left out: classical bits chose the branch, so no state
        ever interferes with the one of another branch."""
        before = self.phase
        body = tuple(self.read(block, scope.inside(block, item)))
        self.phase = before
        return body

    def _always(self, block: Any, item: Any, scope: _Scope) -> Iterator[Instruction]:
        """A block that is run whatever the bits read; its phase counts."""
        self.phase = self.phase + self._angle(block.global_phase)
        yield from self.read(block, scope.inside(block, item))

    def _if_else(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        condition = conditions.from_qiskit(item.operation.condition, scope.clbits)
        blocks = [self._body(block, item, scope) for block in item.operation.blocks]
        yield _placed(IfElse(condition, *blocks))

    def _while_loop(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        operation = item.operation
        condition = conditions.from_qiskit(operation.condition, scope.clbits)
        body = self._body(operation.blocks[0], item, scope)
        yield _placed(WhileLoop(condition, body, _loop_bound(operation.label)))

    def _for_loop(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        indices, parameter, block = item.operation.params
        for index in indices:
            turn = block if parameter is None else block.assign_parameters({parameter: index}, strict=False)
            yield from self._always(turn, item, scope)

    def _switch(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        """A chain of ifs: the first case that matches, or the default."""
        operation = item.operation
        otherwise: tuple[Instruction, ...] = ()
        for labels, block in reversed(list(operation.cases_specifier())):
            body = self._body(block, item, scope)
            if _is_default(labels):
                otherwise = body
                continue
            condition = _switch_condition(operation.target, labels, scope)
            otherwise = (_placed(IfElse(condition, body, otherwise)),)
        yield from otherwise

    def _box(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        operation = item.operation
        if getattr(operation, "duration", None) is not None:
            raise CircuitImportError("a box with a duration cannot be carried")
        yield from self._always(operation.blocks[0], item, scope)

    def _refuse(self, item: Any, scope: _Scope) -> Iterator[Instruction]:
        raise CircuitImportError(f"{item.operation.name!r} cannot be carried")


_CONTROL_FLOW: dict[str, Any] = {
    "if_else": _Reader._if_else,
    "while_loop": _Reader._while_loop,
    "for_loop": _Reader._for_loop,
    "switch_case": _Reader._switch,
    "box": _Reader._box,
    "break_loop": _Reader._refuse,
    "continue_loop": _Reader._refuse,
    "store": _Reader._refuse,
}


def _placed(operation: IfElse | WhileLoop) -> Instruction:
    return Instruction(operation, operation.qubits, operation.clbits)


def _is_default(labels: Sequence[Any]) -> bool:
    from qiskit.circuit import CASE_DEFAULT

    return any(label is CASE_DEFAULT for label in labels)


def _switch_condition(target: Any, labels: Sequence[Any], scope: _Scope) -> Condition:
    from qiskit.circuit import Clbit
    from qiskit.circuit.classical import expr

    wanted = {int(label) for label in labels}
    if isinstance(target, expr.Expr):
        return conditions.table(target, scope.clbits, lambda value: value in wanted)
    bits = [target] if isinstance(target, Clbit) else list(target)
    reachable = [value for value in wanted if value < 2 ** len(bits)]
    return Condition([scope.clbits[bit] for bit in bits], reachable)


def _loop_bound(label: str | None) -> int:
    if label and label.startswith(LOOP_BOUND):
        return int(label.removeprefix(LOOP_BOUND))
    return DEFAULT_LOOP_BOUND


def _seconds(operation: Any) -> float:
    if operation.unit not in _SECONDS or not isinstance(operation.duration, (int, float)):
        raise CircuitImportError(
            f"a delay of {operation.duration} {operation.unit} has no length in seconds; "
            "give it in s, ms, us, ns or ps"
        )
    return float(operation.duration) * _SECONDS[operation.unit]


# gates


def _gate(operation: Any, angle: AngleReader) -> Gate | None:
    """Our gate for Qiskit's; None where it must be built from its definition."""
    from qiskit.circuit import AnnotatedOperation, ControlledGate
    from qiskit.circuit.library import UnitaryGate as TheirUnitary

    if isinstance(operation, AnnotatedOperation):
        return _annotated(operation, angle)
    if isinstance(operation, TheirUnitary):
        return UnitaryGate(operation.to_matrix(), label=operation.label)
    if (name := _standard_name(operation)) is not None:
        return StandardGate(name, *(angle(param) for param in operation.params))
    if isinstance(operation, ControlledGate):
        return _controlled(operation, angle)
    if operation.name == "u2":
        return StandardGate("u", 1.5707963267948966, *(angle(param) for param in operation.params))
    return None


def _standard_name(operation: Any) -> str | None:
    """Our name of a gate that Qiskit itself defines; a user's gate of the same name does not count."""
    name: str = operation.name
    theirs = _classes().get(name)
    if theirs is None or operation.base_class is not theirs:
        return None
    if getattr(operation, "ctrl_state", None) not in (
        None,
        2 ** getattr(operation, "num_ctrl_qubits", 0) - 1,
    ):
        return None
    return _LEGACY.get(name, name)


@cache
def _classes() -> dict[str, Any]:
    from qiskit.circuit.library import get_standard_gate_name_mapping

    known = get_standard_gate_name_mapping()
    return {name: gate.base_class for name, gate in known.items() if name in GATES or name in _LEGACY}


def _controlled(operation: Any, angle: AngleReader) -> Gate | None:
    """A gate under controls; None where its base is only known by a definition."""
    base_operation = operation.base_gate
    if operation.name.startswith("cu") and len(operation.params) == 4:
        return None  # a CU with open controls carries a phase that its base does not show
    base = _gate(base_operation, angle)
    if base is None:
        return None
    state = format(operation.ctrl_state, f"0{operation.num_ctrl_qubits}b")[::-1]
    return base.controlled(operation.num_ctrl_qubits, state)


def _annotated(operation: Any, angle: AngleReader) -> Gate | None:
    """A gate under Qiskit's modifiers, applied from the first."""
    from qiskit.circuit import ControlModifier, InverseModifier, PowerModifier

    if any(isinstance(m, PowerModifier) and m.power != int(m.power) for m in operation.modifiers):
        return UnitaryGate(operation.to_matrix())  # Qiskit's branch of a root is not always ours
    gate = _gate(operation.base_op, angle)
    for modifier in operation.modifiers:
        if gate is None:
            return None
        if isinstance(modifier, InverseModifier):
            gate = gate.inverse()
        elif isinstance(modifier, PowerModifier):
            gate = gate.power(modifier.power)
        elif isinstance(modifier, ControlModifier):
            state = format(modifier.ctrl_state, f"0{modifier.num_ctrl_qubits}b")[::-1]
            gate = gate.controlled(modifier.num_ctrl_qubits, state)
    return gate


def _order(gate: Gate, qubits: tuple[int, ...]) -> tuple[int, ...]:
    """Our order of the qubits: that of a matrix is turned round, after any controls."""
    controls = getattr(gate, "num_controls", 0) if gate.name == "controlled" else 0
    base = gate.base if gate.name == "controlled" else gate  # type: ignore[attr-defined]
    if isinstance(base, UnitaryGate):
        return (*qubits[:controls], *reversed(qubits[controls:]))
    return qubits
