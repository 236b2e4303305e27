"""Whether a circuit can run somewhere, with every reason why not.

Owns: `ValidationIssue`, `ValidationReport`, and the checks that follow from capabilities alone.
Pure: asks no network and no SDK. What `validate` accepts, `execute` does not refuse locally.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.errors import CircuitValidationError
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.entries import instruction_of
from coratrix.core.gates import Gate
from coratrix.core.operations import ChannelOp, IfElse, Instruction, Measure, Reset, WhileLoop


@dataclass(frozen=True, kw_only=True)
class ValidationIssue:
    """One reason why a circuit cannot run.

    Attributes:
        code: a stable word, e.g. ``"too_many_qubits"``.
        message: what was asked and what was found.
        hint: what to do.
        gate_index: index into ``circuit.instructions``; None for the circuit as a whole.
        qubits: the qubits concerned.
        limit: what the backend allows.
        actual: what the circuit has.
    """

    code: str
    message: str
    hint: str = ""
    gate_index: int | None = None
    qubits: tuple[int, ...] = ()
    limit: Any = None
    actual: Any = None

    def __str__(self) -> str:
        where = "" if self.gate_index is None else f"instruction {self.gate_index}: "
        return f"{where}{self.message}" + (f"; {self.hint}" if self.hint else "")


@dataclass(frozen=True)
class ValidationReport:
    """All issues at once; true when there are none."""

    issues: tuple[ValidationIssue, ...] = ()

    def __bool__(self) -> bool:
        return not self.issues

    @property
    def errors(self) -> list[str]:
        """The issues as sentences."""
        return [str(issue) for issue in self.issues]

    def raise_for_issues(self, backend: str) -> None:
        """Raise `CircuitValidationError` naming every issue, if there is one."""
        if self.issues:
            listed = "\n".join(f"  - {error}" for error in self.errors)
            raise CircuitValidationError(
                f"{backend} cannot run this circuit:\n{listed}", report=self, backend=backend
            )


_NO_ISSUES = ValidationReport()


def validate(
    circuit: QuantumCircuit,
    capabilities: BackendCapabilities,
    shots: object = None,
    extra: Iterable[ValidationIssue] = (),
) -> ValidationReport:
    """Every issue of ``circuit`` and ``shots`` against ``capabilities``, then ``extra``, in a fixed order."""
    issues = (
        *_shot_issues(shots, capabilities),
        *_circuit_issues(circuit, capabilities),
        *_operation_issues(circuit, capabilities),
        *_mid_circuit_issues(circuit, capabilities),
        *extra,
    )
    return ValidationReport(issues) if issues else _NO_ISSUES


def _shot_issues(shots: object, can: BackendCapabilities) -> Iterator[ValidationIssue]:
    if shots is None:
        return
    if isinstance(shots, bool) or not hasattr(shots, "__index__"):
        yield ValidationIssue(
            code="shots", message=f"shots is {shots!r}", hint="give a whole number, 1 or more", actual=shots
        )
    elif int(shots) < 1:
        yield ValidationIssue(
            code="shots", message=f"shots is {shots}", hint="give 1 or more", limit=1, actual=int(shots)
        )
    elif can.max_shots is not None and int(shots) > can.max_shots:
        yield ValidationIssue(
            code="too_many_shots",
            message=f"{int(shots)} shots asked, {can.max_shots} allowed",
            hint="split the run and add the counts",
            limit=can.max_shots,
            actual=int(shots),
        )


def _circuit_issues(circuit: QuantumCircuit, can: BackendCapabilities) -> Iterator[ValidationIssue]:
    if can.max_qubits is not None and circuit.num_qubits > can.max_qubits:
        yield ValidationIssue(
            code="too_many_qubits",
            message=f"the circuit has {circuit.num_qubits} qubits, {can.max_qubits} are there",
            hint="choose a larger backend or a smaller circuit",
            limit=can.max_qubits,
            actual=circuit.num_qubits,
        )
    if circuit.parameters:
        names = ", ".join(sorted(str(parameter) for parameter in circuit.parameters))
        yield ValidationIssue(
            code="unbound_parameters",
            message=f"parameters without a value: {names}",
            hint="call circuit.bind({...}) first",
        )


def _operation_issues(circuit: QuantumCircuit, can: BackendCapabilities) -> Iterator[ValidationIssue]:
    """Walks through the short forms: a gate that is known needs no second look, nor does a measurement."""
    known = None if can.available_gates is None else frozenset(can.available_gates)
    for index, entry in enumerate(circuit.entries):
        if type(entry) is tuple:
            if known is None or entry[0] in known:
                continue
        elif type(entry[0]) is Measure:
            continue
        yield from _instruction_issues(index, instruction_of(entry), can)


def _instruction_issues(
    index: int, instruction: Instruction, can: BackendCapabilities
) -> Iterator[ValidationIssue]:
    for inner in _flattened(instruction):
        name, refused = _refusal(inner.operation, can)
        if refused:
            yield ValidationIssue(
                code="unsupported_operation",
                message=refused,
                hint=_alternatives(can, name),
                gate_index=index,
                qubits=inner.qubits,
                limit=can.available_gates,
                actual=name,
            )


def _flattened(instruction: Instruction) -> Iterator[Instruction]:
    """The instruction and, where it has bodies, all that is inside them."""
    yield instruction
    operation = instruction.operation
    if isinstance(operation, IfElse):
        bodies = (*operation.then_body, *operation.else_body)
    elif isinstance(operation, WhileLoop):
        bodies = tuple(operation.body)
    else:
        bodies = ()
    for inner in bodies:
        yield from _flattened(inner)


def _refusal(operation: object, can: BackendCapabilities) -> tuple[str, str]:
    """The operation's name, and why this backend refuses it; the reason is empty when it does not."""
    name = str(getattr(operation, "name", type(operation).__name__.lower()))
    if isinstance(operation, Gate):
        known = can.available_gates is None or name in can.available_gates
        return name, "" if known else f"gate {name!r} is not available"
    if isinstance(operation, Reset) and not can.supports_reset:
        return name, "reset is not supported"
    if isinstance(operation, IfElse) and not can.supports_conditionals:
        return name, "operations conditioned on classical bits are not supported"
    if isinstance(operation, WhileLoop) and not can.supports_loops:
        return name, "loops on classical bits are not supported"
    if isinstance(operation, ChannelOp) and not can.supports_noise:
        return name, f"noise channel {name!r} cannot be applied here"
    return name, ""


def _alternatives(can: BackendCapabilities, name: str) -> str:
    if can.available_gates is None or name in ("reset", "if_else", "while_loop"):
        return "choose a backend that supports it, e.g. the simulator"
    return "available: " + " ".join(can.available_gates)


def _mid_circuit_issues(circuit: QuantumCircuit, can: BackendCapabilities) -> Iterator[ValidationIssue]:
    if can.supports_mid_circuit_measurement:
        return
    measured: set[int] = set()
    for index, instruction in enumerate(circuit.instructions):
        used = measured.intersection(instruction.qubits)
        if used and not getattr(instruction.operation, "is_barrier", False):
            qubit = min(used)
            yield ValidationIssue(
                code="mid_circuit_measurement",
                message=f"qubit {qubit} is used after it was measured, which is not supported",
                hint="measure at the end only, or choose a backend that supports it",
                gate_index=index,
                qubits=(qubit,),
            )
        if isinstance(instruction.operation, Measure):
            measured.update(instruction.qubits)
