"""Owns QuantumCircuit: an ordered list of instructions on numbered qubits and classical bits.

Every argument is checked on entry, so that a circuit that exists makes sense. Knows nothing of backends,
files and simulation.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Self, TypeAlias

from coratrix.core import serialization
from coratrix.core.bulk import GateTuple, checked_entries
from coratrix.core.checks import are_plain_qubits, checked_clbits, checked_instruction, checked_qubits
from coratrix.core.circuit_entries import Recorded
from coratrix.core.drawing import draw, draw_html
from coratrix.core.entries import entry_of, gate_entry, moved_entry
from coratrix.core.errors import CircuitError
from coratrix.core.gate import Gate
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
    measurements_of,
)
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike, angle, named_values
from coratrix.core.registers import ClassicalRegister
from coratrix.core.transforms import bound, inverted, longest_path, measure_something, open_parameters, walk

Body: TypeAlias = "QuantumCircuit | Callable[[QuantumCircuit], object]"

MAX_QUBITS: Final = 100_000
MAX_CLBITS: Final = 1_000_000
_MEASURE: Final = Measure()
_RESET: Final = Reset()


class QuantumCircuit(Recorded):
    """Instructions on ``num_qubits`` qubits and any number of classical registers.

    Two circuits are equal when their qubits, registers, global phase and instructions are; name and metadata
    are labels and do not count.

    Args:
        num_qubits: at least 1, at most 100 000.
        name: a label.
        num_clbits: gives the circuit one register ``c`` of that many bits.
        registers: classical registers as (name, size), in the order of declaration.
        global_phase: the angle γ of a factor exp(iγ) on the whole state.
        metadata: anything that JSON can carry; travels with the circuit.
    """

    __hash__ = None  # type: ignore[assignment]  # it can change; see digest()

    def __init__(
        self,
        num_qubits: int,
        name: str = "circuit",
        *,
        num_clbits: int = 0,
        registers: Iterable[ClassicalRegister | tuple[str, int]] = (),
        global_phase: ParameterLike = 0.0,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if type(num_qubits) is not int and (isinstance(num_qubits, bool) or not isinstance(num_qubits, int)):
            raise CircuitError(f"a circuit has a whole number of qubits; got {num_qubits!r}")
        if not 1 <= num_qubits <= MAX_QUBITS:
            raise CircuitError(f"a circuit has 1 to {MAX_QUBITS} qubits; got {num_qubits}")
        self.num_qubits = num_qubits
        self.num_clbits = 0
        self.name = name
        self.metadata: dict[str, Any] = dict(metadata) if metadata else {}
        self._global_phase: ParameterLike = 0.0
        if type(global_phase) is not float or global_phase:
            self._global_phase = angle(global_phase, what="the global phase")
        self._registers: list[ClassicalRegister] = []
        Recorded.__init__(self)
        for register in registers:
            self.add_register(*(register if isinstance(register, tuple) else (register.name, register.size)))
        if num_clbits:
            self.add_register("c", num_clbits)

    # Reading

    @property
    def registers(self) -> tuple[ClassicalRegister, ...]:
        """The classical registers in the order of declaration."""
        return tuple(self._registers)

    def register(self, name: str) -> ClassicalRegister:
        """The classical register of this name."""
        for register in self._registers:
            if register.name == name:
                return register
        names = ", ".join(register.name for register in self._registers) or "none"
        raise CircuitError(f"no classical register is named {name!r}; the circuit has {names}")

    @property
    def global_phase(self) -> ParameterLike:
        """The angle γ of a factor exp(iγ) on the whole state."""
        return self._global_phase

    @global_phase.setter
    def global_phase(self, value: ParameterLike) -> None:
        self._global_phase = angle(value, what="the global phase")

    @property
    def parameters(self) -> frozenset[Parameter]:
        """The parameters that still have no number."""
        found = open_parameters(self._others)
        phase = self._global_phase
        return frozenset(found | phase.parameters if isinstance(phase, ParameterExpression) else found)

    @property
    def has_measurements(self) -> bool:
        """Whether anything is measured, in the bodies of conditionals and loops too."""
        return measure_something(reversed(self._others))  # nearly always the last does

    def count_ops(self) -> dict[str, int]:
        """How often each operation occurs, by name, the most frequent first; bodies are counted too."""
        return dict(Counter(op.operation.name for op in walk(self._instructions)).most_common())

    def depth(self) -> int:
        """The length of the longest chain of operations, barriers not counted, conditionals as one."""
        return longest_path(self._instructions)

    def __bool__(self) -> bool:
        return True  # a circuit without instructions is still a circuit

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, QuantumCircuit):
            return NotImplemented
        return self is other or (
            self.num_qubits == other.num_qubits
            and self._registers == other._registers
            and self._global_phase == other._global_phase
            and self._entries == other._entries
        )

    def __repr__(self) -> str:
        return (
            f"<QuantumCircuit {self.name!r}: {self.num_qubits} qubits, {self.num_clbits} bits, "
            f"{len(self)} instructions>"
        )

    # Building

    def add_register(self, name: str, size: int) -> ClassicalRegister:
        """Declare a classical register after the present ones."""
        register = ClassicalRegister(name, size, self.num_clbits)
        if name in [other.name for other in self._registers]:
            raise CircuitError(f"a register named {name!r} is declared already")
        if self.num_clbits + size > MAX_CLBITS:
            raise CircuitError(f"a circuit has at most {MAX_CLBITS} classical bits; {name!r} would pass that")
        self._registers.append(register)
        self.num_clbits += size
        return register

    def add_gate(self, gate: Gate, qubits: Sequence[int], *, condition: Condition | None = None) -> Self:
        """Put a gate on qubits, in the gate's own order; with a condition, only where that holds.

        Raises:
            CircuitError: a qubit is out of range or repeated, or their number is not the gate's.
        """
        if not isinstance(gate, Gate):
            raise CircuitError(f"add_gate takes a Gate, such as HGate() or gate('h'); got {gate!r}")
        checked = self._qubits(qubits, gate.num_qubits, gate)
        if condition is not None:
            return self._conditional(IfElse(condition, (Instruction(gate, checked),)))
        return self._add(gate_entry(gate, checked))

    def extend(self, gates: Iterable[GateTuple]) -> Self:
        """Add many gates at once, each as (name, qubits, parameters): ``("cx", (0, 1), ())``.

        Names are those of `gate`, and ``"unitary"``, whose one parameter is its matrix. All are checked before the
        first is added. This is the shortest way for a program that has such a list.

        Raises:
            UnknownGateError: the table has no gate of that name.
            CircuitError: qubits or parameters do not fit; the message says which.
        """
        return self._add_sorted(*checked_entries(gates, self.num_qubits))

    def append(self, instruction: Instruction) -> Self:
        """Add an instruction, its qubits and bits checked, those of its bodies too."""
        return self._add(entry_of(checked_instruction(instruction, self.num_qubits, self.num_clbits)))

    def measure(self, qubits: int | Iterable[int], clbits: int | Iterable[int]) -> Self:
        """Measure qubits into classical bits, one for one."""
        if (  # nearly always, and quickly seen to fit
            type(qubits) is int
            and type(clbits) is int
            and 0 <= qubits < self.num_qubits
            and 0 <= clbits < self.num_clbits
        ):
            return self._put(Instruction(_MEASURE, (qubits,), (clbits,)))
        sources = (qubits,) if isinstance(qubits, int) else tuple(qubits)
        targets = (clbits,) if isinstance(clbits, int) else tuple(clbits)
        if len(sources) != len(targets):
            raise CircuitError(f"{len(sources)} qubits cannot be measured into {len(targets)} bits")
        sources = self._qubits(sources, len(sources), _MEASURE)
        targets = self._clbits(targets)
        return self._add(*[Instruction(_MEASURE, (q,), (c,)) for q, c in zip(sources, targets, strict=True)])

    def measure_all(self) -> Self:
        """Measure every qubit: into the bits there are if they are as many, else into a new register."""
        first = 0
        if self.num_clbits != self.num_qubits or self.has_measurements:
            first = self.add_register(self._free_name("meas"), self.num_qubits).offset
        measurements = measurements_of(self.num_qubits, first)
        return self._add_sorted(measurements, measurements)

    def reset(self, *qubits: int) -> Self:
        """Put qubits into |0⟩."""
        if are_plain_qubits(qubits, 1, self.num_qubits):
            return self._put(Instruction(_RESET, qubits))
        checked = self._qubits(qubits, len(qubits), _RESET)
        return self._add(*[Instruction(_RESET, (qubit,)) for qubit in checked])

    def barrier(self, *qubits: int) -> Self:
        """A barrier on the given qubits, or on all."""
        chosen = qubits or tuple(range(self.num_qubits))
        operation = Barrier(len(chosen))
        return self._add(Instruction(operation, self._qubits(chosen, len(chosen), operation)))

    def delay(self, duration_s: float, *qubits: int) -> Self:
        """Let the given qubits, or all, wait for so many seconds."""
        operation = Delay(float(duration_s))
        chosen = qubits or tuple(range(self.num_qubits))
        checked = self._qubits(chosen, len(chosen), operation)
        return self._add(*[Instruction(operation, (qubit,)) for qubit in checked])

    def channel(self, channel: Any, *qubits: int) -> Self:
        """Put a noise channel on qubits."""
        if (known := self._channel_ops) is None:
            known = self._channel_ops = {}
        operation = known.get(id(channel))
        if operation is None:  # it keeps the channel alive, and so the id its own
            operation = known[id(channel)] = ChannelOp(channel)
        instruction = Instruction(operation, qubits)
        if not are_plain_qubits(qubits, channel.num_qubits, self.num_qubits):
            return self.append(instruction)
        return self._put(instruction)

    def if_test(self, condition: Condition, then: Body, otherwise: Body | None = None) -> Self:
        """Do ``then`` where the condition holds, else ``otherwise``.

        A body is a circuit on the same qubits and bits, or a function that adds to an empty one.
        """
        other = () if otherwise is None else self._body(otherwise)
        return self._conditional(IfElse(condition, self._body(then), other))

    def while_loop(self, condition: Condition, body: Body, max_iterations: int) -> Self:
        """Repeat ``body`` while the condition holds; an engine refuses to go past ``max_iterations``."""
        return self._conditional(WhileLoop(condition, self._body(body), max_iterations))

    # Transforming

    def copy(self, name: str | None = None) -> QuantumCircuit:
        """An independent copy."""
        twin = QuantumCircuit.__new__(QuantumCircuit)  # all of this was checked
        own = {"metadata": dict(self.metadata), "_registers": self._registers.copy()}
        vars(twin).update(vars(self) | own, name=self.name if name is None else name)
        return twin._recorded(self._entries.copy(), self._others.copy(), self._made)

    def compose(
        self,
        other: QuantumCircuit,
        qubits: Sequence[int] | None = None,
        clbits: Sequence[int] | None = None,
    ) -> QuantumCircuit:
        """This circuit, then ``other`` on the given qubits and bits (by default the first ones).

        Where this circuit has no classical bits and none are named, ``other``'s registers are taken over.
        """
        result = self.copy()
        if clbits is None and not self.num_clbits:
            for register in other.registers:
                result.add_register(register.name, register.size)
        chosen = range(other.num_qubits) if qubits is None else qubits
        on_qubits = result._qubits(chosen, other.num_qubits, other)
        on_clbits = result._clbits(range(other.num_clbits) if clbits is None else clbits)
        if len(on_clbits) != other.num_clbits:
            raise CircuitError(f"{other.name!r} has {other.num_clbits} bits; {len(on_clbits)} were given")
        result._add(*[moved_entry(entry, on_qubits, on_clbits) for entry in other._entries])
        result.global_phase = self._global_phase + other.global_phase
        return result

    def inverse(self) -> QuantumCircuit:
        """The circuit that undoes this one.

        Raises:
            CircuitError: it measures, resets, or has noise or control flow.
        """
        twin = self._empty(-self._global_phase, f"{self.name}†")
        backwards = reversed(list(enumerate(self._instructions)))
        return twin._add(*[entry_of(inverted(op, at)) for at, op in backwards])

    def power(self, exponent: int) -> QuantumCircuit:
        """This circuit ``exponent`` times over; of its inverse if that is negative."""
        if type(exponent) is not int:
            raise CircuitError(f"a circuit is raised to a whole number; got {exponent!r}")
        unit = self if exponent >= 0 else self.inverse()
        twin = self._empty(unit._global_phase * abs(exponent), f"{self.name}^{exponent}")
        return twin._add_sorted(unit._entries * abs(exponent), unit._others * abs(exponent))

    def bind(self, values: Mapping[Parameter | str, float]) -> QuantumCircuit:
        """This circuit with numbers in place of some or all parameters.

        Raises:
            CircuitError: a name is not a parameter of the circuit, or a number is NaN or infinite.
        """
        named = named_values(values)
        known = {parameter.name for parameter in self.parameters}
        if unknown := sorted(set(named) - known):
            has = ", ".join(sorted(known)) or "none"
            raise CircuitError(f"the circuit has no parameter {', '.join(unknown)}; it has {has}")
        phase = self._global_phase
        twin = self._empty(phase.bind(named) if isinstance(phase, ParameterExpression) else phase)
        return twin._add(
            *[entry_of(bound(e, named)) if isinstance(e, Instruction) else e for e in self._entries]
        )

    def measured_whole(self) -> QuantumCircuit:
        """This circuit, with every qubit measured at the end if it measures nothing itself."""
        return self if self.has_measurements else self.copy().measure_all()

    # Showing and storing

    def draw(self, width: int = 100) -> str:
        """The circuit as text, folded at ``width`` characters."""
        return draw(self, width)

    def __str__(self) -> str:
        return self.draw()

    def _repr_html_(self) -> str:
        return draw_html(self)

    def to_dict(self) -> dict[str, Any]:
        """The circuit as JSON types, with a ``schema_version``."""
        return serialization.circuit_to_dict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> QuantumCircuit:
        """The circuit that ``to_dict`` wrote."""
        return serialization.circuit_from_dict(data)

    def to_json(self) -> str:
        """The circuit as JSON text."""
        return serialization.dumps(self)

    @classmethod
    def from_json(cls, text: str) -> QuantumCircuit:
        """The circuit that ``to_json`` wrote."""
        return serialization.loads(text)

    def digest(self) -> str:
        """SHA-256, in hex, of all that equality looks at: equal circuits have equal digests."""
        return hashlib.sha256(serialization.canonical(self).encode()).hexdigest()

    # Inner

    def _empty(self, global_phase: ParameterLike, name: str | None = None) -> QuantumCircuit:
        twin = self.copy(name)._recorded([], [])
        twin.global_phase = global_phase
        return twin

    def _conditional(self, operation: IfElse | WhileLoop) -> Self:
        return self.append(Instruction(operation, operation.qubits, operation.clbits))

    def _body(self, body: Body) -> tuple[Instruction, ...]:
        if not isinstance(body, QuantumCircuit):
            build, body = body, self._empty(0.0)
            build(body)
        if body.num_qubits > self.num_qubits or body.num_clbits > self.num_clbits:
            raise CircuitError("a body has the qubits and bits of the circuit around it, or fewer")
        return body.instructions

    def _free_name(self, wish: str) -> str:
        if not self._registers:
            return wish
        taken = {register.name for register in self._registers}
        names = (wish, *(f"{wish}{k}" for k in range(len(taken) + 1)))
        return next(name for name in names if name not in taken)

    def _qubits(self, qubits: Iterable[int], wanted: int, operation: Any) -> tuple[int, ...]:
        return checked_qubits(qubits, wanted, operation, self.num_qubits)

    def _clbits(self, clbits: Iterable[int]) -> tuple[int, ...]:
        return checked_clbits(clbits, self.num_clbits)
