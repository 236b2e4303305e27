"""Our circuits as circuits of a device's instruction set (ISA), ready for a primitive.

Owns: `Program`, transpiling, and the check that nothing else is ever sent. Pure, given the device.
Knows nothing of: jobs, credentials, the network.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from coratrix.backend.provider import CircuitValidationError
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm.to_qiskit import to_qiskit


@dataclass(frozen=True, kw_only=True)
class Program:
    """What one job carries: pubs of one primitive, all in the device's instruction set."""

    primitive: Literal["sampler", "estimator"]
    pubs: tuple[Any, ...]
    seed: int | None = None
    max_execution_time: int | None = None
    dynamical_decoupling: bool = False
    resilience_level: int | None = None
    precision: float | None = None
    tags: tuple[str, ...] = ()


def isa_circuits(
    circuits: Sequence[QuantumCircuit], device: Any, *, optimization_level: int, seed: int | None
) -> list[Any]:
    """Circuits for ``device`` that do the same, with registers ``r0, r1, …`` in place of our names.

    Raises:
        CircuitValidationError: a circuit has no measurement, or does not fit the device.
    """
    from qiskit.transpiler import TranspilerError, generate_preset_pass_manager

    manager = generate_preset_pass_manager(
        optimization_level=optimization_level, backend=device, seed_transpiler=seed
    )
    prepared = []
    for circuit in circuits:
        names = [f"r{k}" for k in range(len(circuit.registers))]
        try:
            prepared.append(manager.run(to_qiskit(circuit, register_names=names)))
        except TranspilerError as exc:
            raise CircuitValidationError(
                f"{circuit.name!r} cannot be fitted to {device.name}: {exc}"
            ) from exc
        require_isa(prepared[-1], device, circuit.name)
    return prepared


def require_isa(isa: Any, device: Any, name: str) -> None:
    """Raise unless the device has every instruction of ``isa`` on its qubits."""
    if problem := _not_isa(isa, device.target, {bit: k for k, bit in enumerate(isa.qubits)}):
        raise CircuitValidationError(
            f"{name!r} was not brought into the instructions of {device.name}: {problem}"
        )


def _not_isa(circuit: Any, target: Any, places: Mapping[Any, int]) -> str | None:
    if circuit.num_qubits > (target.num_qubits or circuit.num_qubits):
        return f"it has {circuit.num_qubits} qubits, the device {target.num_qubits}"
    for item in circuit.data:
        operation, qubits = item.operation, tuple(places[bit] for bit in item.qubits)
        if operation.name == "barrier":
            continue
        if blocks := getattr(operation, "blocks", ()):
            if operation.name not in target.operation_names:
                return f"it has no {operation.name!r}"
            for block in blocks:
                inside = dict(zip(block.qubits, qubits, strict=True))
                if problem := _not_isa(block, target, inside):
                    return problem
        elif not target.instruction_supported(operation.name, qubits):
            return f"it has no {operation.name!r} on qubits {list(qubits)}"
    return None


def layout_of(circuit: QuantumCircuit) -> list[list[Any]]:
    """Names and sizes of our registers, as the job record keeps them."""
    return [[register.name, register.size] for register in circuit.registers]


def conversion_facts(isa: Sequence[Any]) -> list[dict[str, Any]]:
    """What transpiling made of each circuit: depth, two-qubit gates, and which device qubits are used."""
    return [
        {
            "depth": circuit.depth(),
            "two_qubit_gates": circuit.num_nonlocal_gates(),
            "physical_qubits": _physical(circuit),
        }
        for circuit in isa
    ]


def _physical(circuit: Any) -> list[int] | None:
    """The device's qubit for each of ours, at the start."""
    return None if circuit.layout is None else list(circuit.layout.initial_index_layout(filter_ancillas=True))
