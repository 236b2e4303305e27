"""The textbook simulator that judges the fast ones: dense numpy, slow, obvious.

Owns: exact states, outcome distributions and expectation values of circuits of a few qubits.
Knows nothing of: engines, backends, sampling.

A state is kept as a tensor with one axis of length 2 per qubit, qubit 0 first, so that flattening it gives
amplitudes with qubit 0 as the most significant bit. A density matrix has n row axes, then n column axes. A
circuit that measures is followed along every outcome at once: `Branches` maps what the classical bits read to
the unnormalised density matrix of having come there. Branches that read the same are added up, which is exact
because all that follows is linear.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.gate import Gate
from coratrix.core.noise import NoiseModel
from coratrix.core.observables import PauliSum, pauli_matrix
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Reset,
    WhileLoop,
)

Array = npt.NDArray[np.complex128]
Bits = tuple[int, ...]
Branches = dict[Bits, Array]
Noise = NoiseModel | Mapping[str, Any] | None

_PROJECTORS = (np.diag([1.0 + 0j, 0]), np.diag([0, 1.0 + 0j]))
_LOWER = np.array([[0, 1], [0, 0]], dtype=np.complex128)  # |0⟩⟨1|


def final_state(circuit: QuantumCircuit) -> Array:
    """The ``(2**n,)`` amplitudes after a circuit of gates, delays and barriers, starting from |0…0⟩.

    Raises:
        ValueError: the circuit measures, resets or has noise or control flow; use `density_matrix`.
    """
    state = np.zeros([2] * circuit.num_qubits, dtype=np.complex128)
    state.flat[0] = 1
    for instruction in circuit.instructions:
        operation = instruction.operation
        if isinstance(operation, Gate):
            state = apply(operation.matrix(), instruction.qubits, state)
        elif not isinstance(operation, Barrier | Delay):
            raise ValueError(f"{operation.name} has no state vector; ask for density_matrix")
    return _phase(circuit) * state.reshape(-1)


def unitary(circuit: QuantumCircuit) -> Array:
    """The ``(2**n, 2**n)`` matrix of a circuit of gates: each basis state is sent through it."""
    n = circuit.num_qubits
    columns = np.eye(2**n, dtype=np.complex128).reshape([2] * n + [2**n])
    for instruction in circuit.instructions:
        operation = instruction.operation
        if isinstance(operation, Gate):
            columns = apply(operation.matrix(), instruction.qubits, columns)
        elif not isinstance(operation, Barrier | Delay):
            raise ValueError(f"{operation.name} is not unitary")
    return _phase(circuit) * columns.reshape(2**n, 2**n)


def density_matrix(circuit: QuantumCircuit, noise_model: Noise = None) -> Array:
    """The ``(2**n, 2**n)`` state after the circuit, averaged over all outcomes that occurred in it."""
    size = 2**circuit.num_qubits
    total = sum(run(circuit, noise_model).values())
    return np.asarray(total, dtype=np.complex128).reshape(size, size)


def conditional_states(circuit: QuantumCircuit, noise_model: Noise = None) -> dict[str, Array]:
    """For each reading of the classical bits the unnormalised density matrix; its trace is the
    probability."""
    size = 2**circuit.num_qubits
    return {_key(bits): rho.reshape(size, size) for bits, rho in run(circuit, noise_model).items()}


def outcome_probabilities(circuit: QuantumCircuit, noise_model: Noise = None) -> dict[str, float]:
    """The exact probability of each counts key, readout errors included; keys of probability 0 are left out.

    A circuit with no measurement is measured whole.
    """
    model, whole = NoiseModel.of(noise_model), circuit.measured_whole()
    probabilities = {bits: _trace(rho) for bits, rho in run(whole, model).items()}
    for clbits, confusion in model.correlated_readout(whole):
        probabilities = _misread_jointly(probabilities, clbits, confusion)
    return {_key(bits): p for bits, p in sorted(probabilities.items()) if p > 1e-15}


def expectation(circuit: QuantumCircuit, observable: PauliSum, noise_model: Noise = None) -> float:
    """Tr(ρO) of the state after the circuit, averaged over outcomes."""
    rho = density_matrix(circuit, noise_model)
    padded = observable.padded(circuit.num_qubits)
    return float(sum((c * np.trace(pauli_matrix(label) @ rho)).real for label, c in padded))


def run(circuit: QuantumCircuit, noise_model: Noise = None) -> Branches:
    """Every reading of the classical bits at the end, with its unnormalised density tensor."""
    model = NoiseModel.of(noise_model)
    rho = np.zeros([2] * (2 * circuit.num_qubits), dtype=np.complex128)
    rho.flat[0] = 1
    start: Branches = {(0,) * circuit.num_clbits: rho}
    return _run_all(model.applied_to(circuit).instructions, start, model)


def apply(matrix: Array, axes: Sequence[int], tensor: Array) -> Array:
    """The tensor with ``matrix`` acting on some of its axes, the first of them most significant."""
    k = len(axes)
    operator = np.asarray(matrix).reshape([2] * (2 * k))
    contracted = np.tensordot(operator, tensor, axes=(range(k, 2 * k), axes))
    return np.moveaxis(contracted, range(k), axes)


def _sandwich(operators: Iterable[Array], qubits: Sequence[int], rho: Array) -> Array:
    """ΣKρK† with K on ``qubits``: K on the row axes, K* on the column axes."""
    columns = [q + rho.ndim // 2 for q in qubits]
    total = np.zeros_like(rho)
    for operator in operators:
        total += apply(np.conj(operator), columns, apply(operator, qubits, rho))
    return total


def _run_all(instructions: Iterable[Instruction], branches: Branches, model: NoiseModel) -> Branches:
    for instruction in instructions:
        branches = _run_one(instruction, branches, model)
    return branches


def _run_one(instruction: Instruction, branches: Branches, model: NoiseModel) -> Branches:
    operation, qubits = instruction.operation, instruction.qubits
    if isinstance(operation, Gate):
        return _on_each(branches, (operation.matrix(),), qubits)
    if isinstance(operation, ChannelOp):
        return _on_each(branches, operation.channel.kraus(), qubits)
    if isinstance(operation, Reset):
        return _on_each(branches, (_PROJECTORS[0], _LOWER), qubits)
    if isinstance(operation, Measure):
        return _measure(branches, qubits[0], instruction.clbits[0], model)
    if isinstance(operation, IfElse):
        return _if_else(operation, branches, model)
    if isinstance(operation, WhileLoop):
        return _while(operation, branches, model)
    if isinstance(operation, Barrier | Delay):
        return branches  # the noise of a delay already stands in the circuit
    raise TypeError(f"the reference does not know the operation {operation!r}")


def _on_each(branches: Branches, operators: Iterable[Array], qubits: Sequence[int]) -> Branches:
    kraus = tuple(operators)
    return {bits: _sandwich(kraus, qubits, rho) for bits, rho in branches.items()}


def _measure(branches: Branches, qubit: int, clbit: int, model: NoiseModel) -> Branches:
    """The state collapses on the true value; the bit takes the reported one."""
    matrix = model.readout(qubit)
    confusion = np.eye(2) if matrix is None else matrix
    after: Branches = {}
    for bits, rho in branches.items():
        for true, projector in enumerate(_PROJECTORS):
            collapsed = _sandwich((projector,), (qubit,), rho)
            for reported in (0, 1):
                _add(after, _with_bit(bits, clbit, reported), confusion[true, reported] * collapsed)
    return after


def _if_else(operation: IfElse, branches: Branches, model: NoiseModel) -> Branches:
    yes, no = _split(operation.condition, branches)
    after = _run_all(operation.then_body, yes, model)
    for bits, rho in _run_all(operation.else_body, no, model).items():
        _add(after, bits, rho)
    return after


def _while(operation: WhileLoop, branches: Branches, model: NoiseModel) -> Branches:
    done: Branches = {}
    for _ in range(operation.max_iterations):
        branches, stopped = _split(operation.condition, branches)
        for bits, rho in stopped.items():
            _add(done, bits, rho)
        branches = _run_all(operation.body, branches, model)
    for bits, rho in branches.items():
        _add(done, bits, rho)
    return done


def _split(condition: Any, branches: Branches) -> tuple[Branches, Branches]:
    yes = {bits: rho for bits, rho in branches.items() if condition.holds(bits)}
    return yes, {bits: rho for bits, rho in branches.items() if bits not in yes}


def _add(branches: Branches, bits: Bits, rho: Array) -> None:
    if _trace(rho) > 0:
        branches[bits] = branches[bits] + rho if bits in branches else rho


def _trace(rho: Array) -> float:
    size = 2 ** (rho.ndim // 2)
    return float(np.trace(rho.reshape(size, size)).real)


def _with_bit(bits: Bits, position: int, value: int) -> Bits:
    return (*bits[:position], value, *bits[position + 1 :])


def _misread_jointly(
    probabilities: Mapping[Bits, float], clbits: Sequence[int], confusion: npt.NDArray[np.float64]
) -> dict[Bits, float]:
    """Each true reading of ``clbits`` (first most significant) spread over the reported ones."""
    after: dict[Bits, float] = {}
    for bits, p in probabilities.items():
        true = int("".join(str(bits[c]) for c in clbits), 2)
        for reported, weight in enumerate(confusion[true]):
            changed = list(bits)
            for clbit, character in zip(clbits, format(reported, f"0{len(clbits)}b"), strict=True):
                changed[clbit] = int(character)
            after[tuple(changed)] = after.get(tuple(changed), 0.0) + p * float(weight)
    return after


def _key(bits: Bits) -> str:
    return "".join(map(str, bits))


def _phase(circuit: QuantumCircuit) -> complex:
    return complex(np.exp(1j * float(circuit.global_phase)))
