"""pyquil's programs as our circuits.

Owns: the walk over a program's instructions, its registers, parameters and conditionals. Pure.
Knows nothing of: machines and services. What a circuit of ours cannot hold is refused by name.

Qubit k stays qubit k. Quil keeps no order of declarations: regions of bits come in the order of
``PRAGMA CORATRIX-REGISTERS``, else sorted by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitError, CircuitImportError
from coratrix.core.noise import Channel
from coratrix.core.operations import Barrier, ChannelOp, Delay, IfElse, Instruction, Measure, Reset
from coratrix.core.parameters import ParameterLike

from . import control_flow as flow
from .foreign_gates import Definitions, gates

if TYPE_CHECKING:
    from pyquil import Program

Matrix: TypeAlias = np.ndarray[Any, Any]

_SKIPPED = ("Nop", "Declare", "DefGate", "DefPermutationGate", "DefGateByPaulis")
_OUR_PRAGMAS = ("CORATRIX-QUBITS", "CORATRIX-REGISTERS", "ADD-KRAUS", "READOUT-POVM")


def circuit_of(program: Program, misreads: dict[int, Matrix] | None = None) -> QuantumCircuit:
    """The circuit that ``program`` describes.

    Args:
        misreads: is given the confusion matrices (rows true states) of ``PRAGMA READOUT-POVM`` by qubit;
            without it that pragma is refused, since a circuit cannot hold it.

    Raises:
        CircuitImportError: the program holds something that a circuit of ours cannot.
    """
    try:
        return _Reader(program, misreads).circuit()
    except CircuitImportError:
        raise
    except CircuitError as exc:
        raise CircuitImportError(f"Quil program: {exc}") from exc


class _Reader:
    """One pass over a program."""

    def __init__(self, program: Program, misreads: dict[int, Matrix] | None = None) -> None:
        _refuse_pulses(program)
        self.misreads = misreads
        self.program = program
        self.instructions: list[Any] = list(program.instructions)
        self.pragmas = [i for i in self.instructions if type(i).__name__ == "Pragma"]
        self.definitions = Definitions({d.name: d for d in program.defined_gates})
        self.channels = kraus_operators(self.pragmas)
        self.values: dict[str, float] = {}
        self.reals: dict[str, int] = {}
        self.offsets: dict[str, int] = {}

    def circuit(self) -> QuantumCircuit:
        registers = self._declared()
        self._read_values()
        steps = [step for instruction in self.instructions for step in self._steps(instruction)]
        body = _instructions(flow.structured(steps))
        circuit = QuantumCircuit(self._num_qubits(body), "quil", registers=registers)
        for instruction in body:
            circuit.append(instruction)
        circuit.metadata.update(self._metadata())
        return circuit

    # declarations ----------------------------------------------------------------------------

    def _declared(self) -> list[tuple[str, int]]:
        bits: dict[str, int] = {}
        for name, declaration in self.program.declarations.items():
            if declaration.shared_region is not None:
                raise CircuitImportError(f"region {name!r} shares memory with another (SHARING)")
            if declaration.memory_type == "BIT":
                bits[name] = declaration.memory_size
            elif declaration.memory_type == "REAL":
                self.reals[name] = declaration.memory_size
            else:
                raise CircuitImportError(f"region {name!r} holds {declaration.memory_type}, not BIT or REAL")
        ordered = [(name, bits[name]) for name in self._order(bits)]
        for place, (name, _) in enumerate(ordered):
            self.offsets[name] = sum(size for _, size in ordered[:place])
        return ordered

    def _order(self, bits: Mapping[str, int]) -> list[str]:
        for pragma in self.pragmas:
            if pragma.command == "CORATRIX-REGISTERS":
                named = [str(argument) for argument in pragma.args]
                if sorted(named) == sorted(bits):
                    return named
        return sorted(bits)

    def _clbit(self, reference: Any) -> int:
        if reference.name not in self.offsets:
            raise CircuitImportError(f"{reference} is not a declared bit")
        size = self.program.declarations[reference.name].memory_size
        if not 0 <= reference.offset < size:
            raise CircuitImportError(f"{reference} is outside its region of {size} bits")
        return self.offsets[reference.name] + int(reference.offset)

    def _read_values(self) -> None:
        """``MOVE theta[0] 0.5`` before all else gives a parameter its number, as a memory map does."""
        body = [i for i in self.instructions if type(i).__name__ not in (*_SKIPPED, "Pragma")]
        for instruction in body:
            if type(instruction).__name__ != "ClassicalMove":
                break
            left, right = instruction.left, instruction.right
            if left.name not in self.reals or not isinstance(right, int | float):
                break
            self.values[self._parameter_name(left)] = float(right)
            self.instructions.remove(instruction)

    def _parameter_name(self, reference: Any) -> str:
        size = self.reals.get(reference.name)
        if size is None or not 0 <= reference.offset < size:
            raise CircuitImportError(f"{reference} is not a declared REAL")
        return str(reference.name) if size == 1 else f"{reference.name}[{reference.offset}]"

    # instructions ----------------------------------------------------------------------------

    def _steps(self, instruction: Any) -> Iterable[Any]:
        kind = type(instruction).__name__
        if kind in _SKIPPED:
            return ()
        if kind == "Pragma":
            return self._pragma(instruction)
        jump = self._jump(kind, instruction)
        if jump is not None:
            return (jump,)
        if kind == "Gate":
            return self._gate(instruction)
        if kind == "Measurement":
            return (self._measurement(instruction),)
        return self._other(kind, instruction)

    def _jump(self, kind: str, instruction: Any) -> Any:
        if kind == "JumpTarget":
            return flow.Label(_label(instruction.label))
        if kind == "Jump":
            return flow.Jump(_label(instruction.target))
        if kind in ("JumpWhen", "JumpUnless"):
            value = int(kind == "JumpWhen")
            return flow.JumpIf(_label(instruction.target), self._clbit(instruction.condition), value)
        return flow.Halt() if kind == "Halt" else None

    def _gate(self, gate: Any) -> list[Instruction]:
        qubits = tuple(_qubits(gate))
        kraus = self.channels.get((gate.name, qubits))
        if kraus is not None and not gate.modifiers:
            return [Instruction(ChannelOp(Channel.from_kraus(kraus)), qubits)]
        return [
            Instruction(ours, places)
            for ours, places in gates(gate, qubits, self.definitions, self._parameter_value)
        ]

    def _parameter_value(self, reference: Any) -> ParameterLike | str:
        name = self._parameter_name(reference)
        return self.values.get(name, name)

    def _measurement(self, measurement: Any) -> Instruction:
        (qubit,) = _qubits(measurement)
        if measurement.classical_reg is None:
            raise CircuitImportError(f"MEASURE {qubit} keeps no result; name a bit, or leave it out")
        return Instruction(Measure(), (qubit,), (self._clbit(measurement.classical_reg),))

    def _other(self, kind: str, instruction: Any) -> list[Instruction]:
        if kind == "ResetQubit":
            return [Instruction(Reset(), tuple(_qubits(instruction)))]
        if kind == "Reset":
            return [Instruction(Reset(), (qubit,)) for qubit in sorted(self.program.get_qubit_indices())]
        if kind == "Fence":
            qubits = tuple(_fixed(qubit) for qubit in instruction.qubits)
            return [Instruction(Barrier(len(qubits)), qubits)]
        if kind == "DelayQubits":
            duration = complex(instruction.duration).real
            return [Instruction(Delay(duration), (_fixed(qubit),)) for qubit in instruction.qubits]
        raise CircuitImportError(f"a circuit cannot hold the instruction {instruction.out()!r}")

    def _pragma(self, pragma: Any) -> tuple[Any, ...]:
        if pragma.command == "READOUT-POVM":
            if self.misreads is None:
                raise CircuitImportError(f"a circuit cannot hold {pragma.out()!r}; give a noise model")
            qubit, matrix = confusion(pragma)
            self.misreads[qubit] = matrix
        return ()

    def _metadata(self) -> dict[str, Any]:
        """What has no place in a circuit and changes no counts: hints to the compiler, number of shots."""
        hints = [pragma.out() for pragma in self.pragmas if pragma.command not in _OUR_PRAGMAS]
        shots = self.program.num_shots
        return {**({"pragmas": hints} if hints else {}), **({"num_shots": shots} if shots > 1 else {})}

    def _num_qubits(self, body: Iterable[Instruction]) -> int:
        used = 1 + max((qubit for i in body for qubit in i.qubits), default=0)
        for pragma in self.pragmas:
            if pragma.command == "CORATRIX-QUBITS":
                return max(used, int(str(pragma.args[0])))
        return used


def _instructions(steps: Iterable[Any]) -> tuple[Instruction, ...]:
    """Branches as conditionals."""
    return tuple(_conditional(step) if isinstance(step, flow.Branch) else step for step in steps)


def _conditional(branch: flow.Branch) -> Instruction:
    operation = IfElse(branch.condition, _instructions(branch.then), _instructions(branch.otherwise))
    return Instruction(operation, operation.qubits, operation.clbits)


def _qubits(instruction: Any) -> list[int]:
    try:
        found = instruction.get_qubit_indices()
    except (RuntimeError, TypeError, ValueError) as exc:
        raise CircuitImportError(f"{instruction.out()!r} acts on a qubit without a number") from exc
    return [int(qubit) for qubit in found]


def _fixed(qubit: Any) -> int:
    index = getattr(qubit, "index", qubit)
    if not isinstance(index, int):
        raise CircuitImportError(f"{qubit} is a qubit without a number")
    return index


def _label(label: Any) -> str:
    return str(getattr(label, "name", label))


def _refuse_pulses(program: Any) -> None:
    for what in ("calibrations", "measure_calibrations", "frames", "waveforms"):
        if getattr(program, what, None):
            raise CircuitImportError(
                f"the program has {what.replace('_', ' ')} (Quil-T), which a circuit cannot hold"
            )


def confusion(pragma: Any) -> tuple[int, Matrix]:
    """The qubit and the confusion matrix of ``PRAGMA READOUT-POVM q "(p00 p01 p10 p11)"``, p(read|true)."""
    entries = [float(text) for text in pragma.freeform_string.strip('"() ').split()]
    if len(entries) != 4:
        raise CircuitImportError(f"{pragma.out()!r} lists {len(entries)} chances, not 4")
    return int(str(pragma.args[0])), np.array(entries).reshape(2, 2).T


def kraus_operators(pragmas: Iterable[Any]) -> dict[tuple[str, tuple[int, ...]], list[Matrix]]:
    """``PRAGMA ADD-KRAUS gate qubits "(entries, row by row)"``."""
    found: dict[tuple[str, tuple[int, ...]], list[Matrix]] = {}
    for pragma in pragmas:
        if pragma.command == "ADD-KRAUS":
            name, *where = (str(argument) for argument in pragma.args)
            entries = pragma.freeform_string.strip('"() ').replace("i", "j").split()
            side = 2 ** len(where)
            if len(entries) != side * side:
                raise CircuitImportError(f"{pragma.out()!r} lists {len(entries)} entries, not {side * side}")
            operator = np.array([complex(entry) for entry in entries]).reshape(side, side)
            found.setdefault((name, tuple(map(int, where))), []).append(operator)
    return found
