"""Braket's `Circuit` and ours, both ways: what ``coratrix.converters`` calls for ``braket``.

Owns: `from_foreign`, `to_foreign`: order of qubits, measurement, noise, barriers. Pure; imports the SDK late.
Knows nothing of: devices, tasks. (What is sent to a device is written by program.py.)

Braket names qubits by any numbers and leaves out those that are not used; ours are 0 … n−1. A circuit on
qubits 2 and 7 becomes one on 0 and 1, and its metadata keep the names for the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError, CircuitImportError, InvalidNoiseError
from coratrix.core.gate import Gate
from coratrix.core.noise import (
    Channel,
    amplitude_damping,
    bit_flip,
    depolarizing_from_error_probability,
    generalized_amplitude_damping,
    pauli,
    phase_damping,
    phase_flip,
)
from coratrix.core.operations import Barrier, ChannelOp, Instruction, Measure
from coratrix.core.parameters import ParameterExpression
from coratrix.providers.aws.foreign_gates import from_instruction, to_instructions, unsupported
from coratrix.providers.aws.symbols import to_braket

if TYPE_CHECKING:
    from braket.circuits import Circuit

QUBITS_KEY = "braket_qubits"
REGISTER = "b"  # Braket's own name for its bits


def from_foreign(circuit: Circuit) -> QuantumCircuit:
    """Our circuit for a ``braket.circuits.Circuit``.

    Raises:
        CircuitImportError: it holds what ours cannot: pulses, verbatim boxes, result types, noise with a
            free parameter.
    """
    labels = sorted(int(qubit) for qubit in circuit.qubits)
    if not labels:
        raise CircuitImportError("the Braket circuit has no qubits")
    if circuit.result_types:
        names = ", ".join(sorted({type(one).__name__ for one in circuit.result_types}))
        raise CircuitImportError(f"result types cannot be carried ({names}); read the counts instead")
    num_bits = sum(type(one.operator).__name__ == "Measure" for one in circuit.instructions)
    registers = [(REGISTER, num_bits)] if num_bits else []
    ours = QuantumCircuit(len(labels), "braket", registers=registers)
    if labels != list(range(len(labels))):
        ours.metadata[QUBITS_KEY] = labels
    place = {label: k for k, label in enumerate(labels)}
    for instruction in circuit.instructions:
        _add(ours, instruction, place)
    return ours


def _add(ours: QuantumCircuit, instruction: Any, place: dict[int, int]) -> None:
    from braket.circuits import Gate as BraketGate
    from braket.circuits import Noise

    operator, name = instruction.operator, type(instruction.operator).__name__
    qubits = tuple(place[int(qubit)] for qubit in instruction.target)
    if isinstance(operator, BraketGate):
        for gate, on in from_instruction(instruction, place):
            if on:
                ours.add_gate(gate, on)
            else:
                ours.global_phase = ours.global_phase + gate.params[0]
    elif isinstance(operator, Noise):
        ours.append(Instruction(ChannelOp(_channel(operator)), qubits))
    elif name == "Measure":
        taken = sum(isinstance(one.operation, Measure) for one in ours.instructions)
        ours.measure(qubits[0], taken)
    elif name == "Barrier":
        ours.barrier(*qubits)
    else:
        raise CircuitImportError(f"Braket's {name} cannot be carried")


def _channel(noise: Any) -> Channel:
    """Our channel for a noise operator: by name where both have it, else by its Kraus operators."""
    from braket.circuits import noises

    values = [getattr(value, "expression", value) for value in getattr(noise, "parameters", ())]
    if any(getattr(value, "free_symbols", None) for value in values):
        raise CircuitImportError(f"{type(noise).__name__} has a free parameter; bind it first")
    numbers = [float(value) for value in values]
    try:
        if isinstance(noise, noises.BitFlip):
            return bit_flip(*numbers)
        if isinstance(noise, noises.PhaseFlip):
            return phase_flip(*numbers)
        if isinstance(noise, noises.Depolarizing):
            return depolarizing_from_error_probability(numbers[0])
        if isinstance(noise, noises.TwoQubitDepolarizing):
            return depolarizing_from_error_probability(numbers[0], num_qubits=2)
        if isinstance(noise, noises.AmplitudeDamping):
            return amplitude_damping(*numbers)
        if isinstance(noise, noises.PhaseDamping):
            return phase_damping(*numbers)
        if isinstance(noise, noises.GeneralizedAmplitudeDamping):
            return generalized_amplitude_damping(float(noise.gamma), 1 - float(noise.probability))
        if isinstance(noise, noises.PauliChannel):
            return pauli({"X": float(noise.probX), "Y": float(noise.probY), "Z": float(noise.probZ)})
        return Channel.from_kraus(noise.to_matrix())
    except InvalidNoiseError as exc:
        raise CircuitImportError(f"Braket's {type(noise).__name__}: {exc}") from exc


# ours to theirs -------------------------------------------------------------------------------


def to_foreign(circuit: QuantumCircuit) -> Circuit:
    """A ``braket.circuits.Circuit`` for ours; a qubit without an operation gets Braket's ``i``.

    Raises:
        CircuitExportError: it has what a Braket circuit cannot hold: anything after a measurement, reset,
            delay, control flow, several registers, bits that nothing is measured into, or a name of a
            parameter that Braket refuses.
    """
    from braket.circuits import Circuit as BraketCircuit

    _refuse_bits_without_a_place(circuit)
    labels = _labels(circuit)
    theirs = BraketCircuit()
    for instruction in _gates(circuit):
        for one in _instructions(instruction, labels):
            theirs.add_instruction(one)
    for qubit in _idle(circuit):
        theirs.i(labels[qubit])
    if not _is_zero(circuit.global_phase):
        theirs.gphase(to_braket(circuit.global_phase))
    for one in sorted(_measurements(circuit), key=lambda m: m.clbits[0]):
        theirs.measure(labels[one.qubits[0]])
    return theirs


def _labels(circuit: QuantumCircuit) -> list[int]:
    kept = circuit.metadata.get(QUBITS_KEY)
    if isinstance(kept, list) and len(kept) == circuit.num_qubits:
        return [int(label) for label in kept]
    return list(range(circuit.num_qubits))


def _measurements(circuit: QuantumCircuit) -> list[Instruction]:
    return [one for one in circuit.instructions if isinstance(one.operation, Measure)]


def _gates(circuit: QuantumCircuit) -> Iterator[Instruction]:
    """All but the measurements, none of which may come after one on the same qubit."""
    measured: set[int] = set()
    for one in circuit.instructions:
        is_measure = isinstance(one.operation, Measure)
        if measured.intersection(one.qubits) and not isinstance(one.operation, Barrier):
            raise unsupported(f"{one.name} after measuring qubit {one.qubits[0]}", "measure at the end")
        if is_measure:
            measured.update(one.qubits)
        else:
            yield one


def _refuse_bits_without_a_place(circuit: QuantumCircuit) -> None:
    """Braket has one register, whose bits are the measurements in their order."""
    bits = [one.clbits[0] for one in _measurements(circuit)]
    if len(circuit.registers) > 1:
        names = ", ".join(register.name for register in circuit.registers)
        raise unsupported(f"several registers ({names})", "BraketBackend.execute keeps them")
    if sorted(bits) != list(range(circuit.num_clbits)):
        raise unsupported("a bit that is measured into never or twice", "give each bit one measurement")


def _instructions(instruction: Instruction, labels: list[int]) -> Iterator[Any]:
    operation = instruction.operation
    qubits = tuple(labels[q] for q in instruction.qubits)
    if isinstance(operation, Gate):
        yield from to_instructions(operation, qubits)
    elif isinstance(operation, ChannelOp):
        yield _noise(operation.channel, qubits)
    elif isinstance(operation, Barrier):
        from braket.circuits import Instruction as BraketInstruction
        from braket.circuits.compiler_directives import Barrier as BraketBarrier

        yield BraketInstruction(BraketBarrier(list(qubits)), target=qubits)
    else:
        raise unsupported(operation.name, "BraketBackend's local simulators may run it")


def _noise(channel: Channel, qubits: tuple[int, ...]) -> Any:
    from braket.circuits import Instruction as BraketInstruction
    from braket.circuits import noises

    if channel.num_qubits > 2:
        raise unsupported(f"a noise channel on {channel.num_qubits} qubits", "Braket's act on 1 or 2")
    try:
        return BraketInstruction(_named_noise(channel) or noises.Kraus(list(channel.kraus())), target=qubits)
    except ValueError as exc:
        raise CircuitExportError(f"Braket refuses noise channel {channel.name!r}: {exc}") from exc


def _named_noise(channel: Channel) -> Any:
    """Braket's own class, where it has the channel and its range allows the strength."""
    from braket.circuits import noises

    from coratrix.providers.aws.noise import named

    classes = {
        "bit_flip": noises.BitFlip,
        "phase_flip": noises.PhaseFlip,
        "depolarizing": noises.Depolarizing,
        "two_qubit_depolarizing": noises.TwoQubitDepolarizing,
        "amplitude_damping": noises.AmplitudeDamping,
        "phase_damping": noises.PhaseDamping,
        "generalized_amplitude_damping": noises.GeneralizedAmplitudeDamping,
        "pauli_channel": noises.PauliChannel,
    }
    found = named(channel)
    return None if found is None else classes[found[0]](*found[1])


def _idle(circuit: QuantumCircuit) -> list[int]:
    """Qubits on which nothing but measurement or a barrier stands; Braket would forget them."""
    used = {
        q for one in circuit.instructions if isinstance(one.operation, Gate | ChannelOp) for q in one.qubits
    }
    return [q for q in range(circuit.num_qubits) if q not in used]


def _is_zero(phase: Any) -> bool:
    return not isinstance(phase, ParameterExpression) and phase == 0
