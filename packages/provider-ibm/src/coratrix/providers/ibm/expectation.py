"""Expectation values through IBM's estimator, by the same pipeline as counts.

Owns: `Expectation`, the estimator's pub, and the run. Knows nothing of: HTTP, bit order of counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from coratrix.backend.provider import CircuitValidationError, Deadline, UnknownOptionError
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.interop import adopt
from coratrix.core.observables import PauliSum

if TYPE_CHECKING:
    from coratrix.providers.ibm.backend import IBMBackend


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """What the estimator found.

    Attributes:
        values: one for each observable, in order.
        standard_errors: one for each, as the estimator reports them.
        job_id: our id of the job.
    """

    values: tuple[float, ...]
    standard_errors: tuple[float, ...]
    job_id: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The first observable's value."""
        return self.values[0]

    @property
    def standard_error(self) -> float:
        """The first observable's standard error."""
        return self.standard_errors[0]


@dataclass(frozen=True)
class Estimation(Sequence[QuantumCircuit]):
    """The one circuit of an estimator job, with what is asked of it."""

    circuit: QuantumCircuit
    observables: tuple[PauliSum, ...]
    precision: float
    resilience_level: int | None

    def __len__(self) -> int:
        return 1

    @overload
    def __getitem__(self, index: int) -> QuantumCircuit: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[QuantumCircuit]: ...
    def __getitem__(self, index: int | slice) -> QuantumCircuit | Sequence[QuantumCircuit]:
        return (self.circuit,)[index]


def run(
    backend: IBMBackend,
    circuit: Any,
    observables: PauliSum | Sequence[PauliSum],
    *,
    precision: float,
    resilience_level: int | None,
    options: Mapping[str, Any],
) -> Expectation:
    """Submit one estimator job and wait for it.

    Raises:
        BackendError: nothing was run, or the job's end is not known.
        ExecutionFailedError: IBM ran it and reports failure.
    """
    ours = adopt(circuit)
    listed = [observables] if isinstance(observables, PauliSum) else list(observables)
    _check(ours, listed, precision, resilience_level, backend)
    parsed = backend._parse(options)
    deadline = Deadline.after(parsed.timeout, backend.clock)
    asked = Estimation(ours, tuple(listed), precision, resilience_level)
    job = backend._submit(asked, round(1 / precision**2), parsed, deadline)
    result = job.result(None if parsed.timeout is None else deadline.left()).raise_for_status()
    return Expectation(
        values=tuple(result.metadata["expectation_values"]),
        standard_errors=tuple(result.metadata["standard_errors"]),
        job_id=result.job_id,
        metadata=dict(result.metadata),
    )


def _check(
    circuit: QuantumCircuit,
    observables: Sequence[PauliSum],
    precision: float,
    resilience_level: int | None,
    backend: IBMBackend,
) -> None:
    report = backend.validate(circuit)
    report.raise_for_issues(backend.name)
    if circuit.has_measurements:
        raise CircuitValidationError("an expectation value is of a state: leave out the measurements")
    if not observables:
        raise CircuitValidationError("no observable was given")
    for observable in observables:
        if observable.num_qubits != circuit.num_qubits:
            raise CircuitValidationError(
                f"the observable is on {observable.num_qubits} qubits, the circuit on {circuit.num_qubits}",
                hint="observable.padded(n) puts identities on further qubits",
            )
        if not observable.is_hermitian:
            raise CircuitValidationError("an observable's coefficients must be real")
    if not precision > 0:
        raise CircuitValidationError(f"precision is {precision}; it must be above 0")
    if resilience_level is not None and (backend.parameters.is_local or resilience_level not in (0, 1, 2)):
        raise UnknownOptionError(
            f"resilience_level is {resilience_level}; IBM's estimator takes 0, 1 or 2, on the service only",
            backend=backend.name,
        )


def estimation_pub(isa: Any, asked: Estimation) -> tuple[Any, list[Any]]:
    """The transpiled circuit with the observables on the qubits where it put ours."""
    observables = [_pauli_op(observable) for observable in asked.observables]
    return isa, [observable.apply_layout(isa.layout, isa.num_qubits) for observable in observables]


def _pauli_op(observable: PauliSum) -> Any:
    """Qiskit's operator; its labels have qubit 0 rightmost."""
    from qiskit.quantum_info import SparsePauliOp

    return SparsePauliOp.from_list([(label[::-1], coefficient) for label, coefficient in observable])
