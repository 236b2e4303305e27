"""What a simulator takes over from a device: its map, its gates and its noise.

Owns: `Twin`: checks a circuit against a calibration record and writes it in the device's gates.
Knows nothing of: running, vendors.

A native gate runs as written. Any other gate is replaced, gate by gate and exactly, by native ones, each with its own
noise; nothing is cancelled across gates. With ``routing`` swaps bring qubits together that the map keeps apart
(`routing`), those of a gate on three qubits or more as it is written in CX; without, no gate is moved to other qubits.
What cannot be replaced is refused by name. A gate that the record knows on other qubits only is refused on these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from coratrix.backend.validation import ValidationIssue
from coratrix.core import GATES, QuantumCircuit
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.gate import Gate
from coratrix.core.noise import NoiseModel
from coratrix.core.operations import IfElse, Instruction, Measure, WhileLoop
from coratrix.core.transforms import walk
from coratrix.sim.native_gates import SYMMETRIC, NotNative, rewrite, with_cx
from coratrix.sim.routing import Placed, Router


class Twin:
    """The rules of one device, from its calibration record."""

    def __init__(self, record: DeviceCalibration, *, routing: bool = False) -> None:
        self.record = record
        self._routing = routing
        self.noise_model = NoiseModel.from_calibration(record)
        self.native = frozenset(record.native_gates)
        self._pairs = frozenset(record.coupling_map)
        self._known: dict[str, set[tuple[int, ...]]] = {}
        for gate in record.gates:
            self._known.setdefault(gate.name, set()).add(gate.qubits)

    @property
    def available_gates(self) -> tuple[str, ...]:
        """Names of the gates that run natively or are rewritten on some qubits."""
        return tuple(sorted({*GATES, "unitary", "controlled"}))

    def issues(self, circuit: QuantumCircuit) -> Iterator[ValidationIssue]:
        """Every gate that this device could not run, and why."""
        for index, instruction in self._placed(circuit):
            for inner in walk([instruction]):
                if isinstance(inner.operation, Gate) and not inner.operation.parameters:
                    try:
                        self._steps(inner)
                    except NotNative as exc:
                        yield self._issue(index, inner, str(exc))

    def written_natively(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """The same circuit, a global phase apart, in the device's own gates.

        With routing it may be as wide as the device, if it measures; its classical bits mean what they meant.
        """
        native = QuantumCircuit(
            self._width(circuit), circuit.name, registers=circuit.registers, metadata=circuit.metadata
        )
        for instruction in self._all(instruction for _, instruction in self._placed(circuit)):
            native.append(instruction)
        return native

    def _placed(self, circuit: QuantumCircuit) -> list[Placed]:
        if not (self._routing and self._pairs):
            return list(enumerate(circuit.instructions))
        width = self._width(circuit)
        pairs = [pair for pair in self._pairs if max(pair) < width]
        narrow = [(k, inner) for k, each in enumerate(circuit.instructions) for inner in self._on_pairs(each)]
        routed = Router(width, pairs).route([inner for _, inner in narrow], circuit.num_clbits)
        return [(None if k is None else narrow[k][0], instruction) for k, instruction in routed]

    def _on_pairs(self, instruction: Instruction) -> list[Instruction]:
        """A gate on three qubits or more as gates that swaps can bring together, unless the device has it."""
        gate, qubits = instruction.operation, instruction.qubits
        if not isinstance(gate, Gate) or len(qubits) < 3 or gate.name in self.native or gate.parameters:
            return [instruction]
        try:
            return [Instruction(inner, places) for inner, places in with_cx(gate, qubits)]
        except NotNative:
            return [instruction]  # and `_steps` says why

    def _width(self, circuit: QuantumCircuit) -> int:
        """A state of the whole circuit may not spill over onto qubits that the caller does not have."""
        if not self._routing or circuit.num_qubits > self.record.num_qubits:
            return circuit.num_qubits
        measures = any(isinstance(each.operation, Measure) for each in walk(circuit.instructions))
        return self.record.num_qubits if measures else circuit.num_qubits

    def _all(self, instructions: Iterable[Instruction]) -> list[Instruction]:
        out: list[Instruction] = []
        for instruction in instructions:
            operation = instruction.operation
            if isinstance(operation, Gate):
                out += self._steps(instruction)
            elif isinstance(operation, IfElse):
                then_body = tuple(self._all(operation.then_body))
                else_body = tuple(self._all(operation.else_body))
                changed = replace(operation, then_body=then_body, else_body=else_body)
                out.append(instruction._replace(operation=changed))
            elif isinstance(operation, WhileLoop):
                body = tuple(self._all(operation.body))
                out.append(instruction._replace(operation=replace(operation, body=body)))
            else:
                out.append(instruction)
        return out

    def _steps(self, instruction: Instruction) -> list[Instruction]:
        gate, qubits = instruction.operation, instruction.qubits
        assert isinstance(gate, Gate)
        if not self.native:
            self._check_map(qubits)
            return [instruction]
        if gate.name in self.native:
            for order in (qubits, qubits[::-1]) if gate.name in SYMMETRIC else (qubits,):
                if self._runs(gate.name, *order):
                    return [Instruction(gate, order)]
        self._check_map(qubits)
        steps = rewrite(gate, qubits, self.native, self._runs)
        for inner, places in steps:
            if not self._runs(inner.name, *places):
                raise NotNative(f"it needs {inner.name} on {places}, of which the record says nothing")
        return [Instruction(inner, places) for inner, places in steps]

    def _check_map(self, qubits: tuple[int, ...]) -> None:
        if len(qubits) == 2 and not self._coupled(*qubits) and not self._coupled(*qubits[::-1]):
            raise NotNative("the device has no gate between these qubits")

    def _runs(self, name: str, *qubits: int) -> bool:
        """On the map where it has two qubits, and known here unless the record knows it nowhere."""
        coupled = len(qubits) != 2 or self._coupled(*qubits)
        return coupled and (name not in self._known or qubits in self._known[name])

    def _coupled(self, a: int, b: int) -> bool:
        return not self._pairs or (a, b) in self._pairs

    def _issue(self, index: int | None, instruction: Instruction, reason: str) -> ValidationIssue:
        name, qubits = instruction.operation.name, instruction.qubits
        return ValidationIssue(
            code="not_on_device",
            message=f"{name} on {'qubit' if len(qubits) == 1 else 'qubits'} "
            f"{', '.join(map(str, qubits))}: {reason}",
            hint=self._hint(qubits),
            gate_index=index,
            qubits=qubits,
        )

    def _hint(self, qubits: tuple[int, ...]) -> str:
        native = "native gates: " + " ".join(sorted(self.native))
        if len(qubits) != 2 or not self._pairs:
            return native
        near = [f"{q} with {', '.join(map(str, self._neighbours(q))) or 'none'}" for q in qubits]
        advice = (
            "No swaps are put into blocks, and none lead out of a part of the device: choose other qubits"
            if self._routing
            else "Choose other qubits, or let swaps be put in: routing=True, as in manager.twin(name, routing=True)"
        )
        return f"coupled are {'; '.join(near)}. {advice}; {native}"

    def _neighbours(self, qubit: int) -> list[int]:
        return sorted({b for a, b in self._pairs if a == qubit} | {a for a, b in self._pairs if b == qubit})
