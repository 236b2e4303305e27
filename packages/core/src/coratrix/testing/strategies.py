"""Hypothesis strategies for circuits, noise models and observables, lopsided on purpose.

Owns: how random test circuits look. Needs the extra ``coratrix-core[testing]``. Knows nothing of: engines,
backends.

Every circuit starts by turning each qubit by another angle, so that no two qubits are alike and no state is
its own mirror image: a reversed bit order, a swapped control or a transposed matrix then shows in the
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.gate_table import GATES
from coratrix.core.gates import UnitaryGate, gate
from coratrix.core.noise import (
    Channel,
    NoiseModel,
    ReadoutError,
    amplitude_damping,
    bit_phase_flip,
    depolarizing,
    generalized_amplitude_damping,
    pauli,
    phase_damping,
    reset_error,
    thermal_relaxation,
)
from coratrix.core.observables import PauliSum
from coratrix.core.operations import Condition, IfElse, Instruction, Measure, Reset, WhileLoop

CLIFFORD_GATES = tuple(name for name, row in GATES.items() if row.is_clifford and not row.params)

_SPECIAL_ANGLES = (0.0, math.pi, -math.pi / 2, math.pi / 4, 2 * math.pi, 1e-9)


def angles() -> SearchStrategy[float]:
    """Generic angles and those where a shortcut in a kernel may hide."""
    return st.one_of(st.floats(-2 * math.pi, 2 * math.pi), st.sampled_from(_SPECIAL_ANGLES))


def unitaries(num_qubits: int | SearchStrategy[int] = 1) -> SearchStrategy[npt.NDArray[np.complex128]]:
    """Haar-random unitary matrices on so many qubits."""
    sizes = st.just(num_qubits) if isinstance(num_qubits, int) else num_qubits
    return st.builds(_haar, sizes, st.integers(0, 2**32 - 1))


@st.composite
def circuits(
    draw: DrawFn,
    max_qubits: int = 5,
    *,
    min_qubits: int = 1,
    max_instructions: int = 20,
    gates: Sequence[str] | None = None,
    with_unitaries: bool = False,
    with_measurements: bool = False,
    with_feedforward: bool = False,
    with_reset: bool = False,
) -> QuantumCircuit:
    """Random circuits on at most ``max_qubits`` qubits.

    Args:
        max_qubits: the most qubits.
        min_qubits: the fewest.
        max_instructions: how many are drawn after the lopsided start, at most; bodies of conditionals come on
            top.
        gates: names to draw from; the whole gate table by default. With names given, the start uses the
            first few of these instead of rotations, so that a Clifford circuit stays one.
        with_unitaries: also random one- and two-qubit matrices.
        with_measurements: also measurements in the middle, into any bit; the circuit has two registers.
        with_feedforward: also conditionals and bounded loops; implies measurements.
        with_reset: also resets.
    """
    n = draw(st.integers(min_qubits, max_qubits))
    measured = with_measurements or with_feedforward
    registers = [("late", 1), ("early", draw(st.integers(1, 3)))] if measured else []
    circuit = QuantumCircuit(n, registers=registers)
    _start(circuit, gates)
    kinds = ["gate"] * 5 + ["unitary"] * with_unitaries + ["measure"] * measured
    kinds += ["reset"] * with_reset + ["if"] * with_feedforward + ["while"] * with_feedforward
    names = [name for name in (gates or GATES) if GATES[name].num_qubits <= n]
    for _ in range(draw(st.integers(1, max_instructions))):
        circuit.append(draw(_instructions(n, circuit.num_clbits, tuple(names), tuple(kinds))))
    return circuit


def channels(num_qubits: int = 1, *, max_error: float = 0.3) -> SearchStrategy[Channel]:
    """Channels of every family on so many qubits; two-qubit ones are not symmetric in their qubits."""
    p = st.floats(0, max_error)
    one = st.one_of(
        st.builds(depolarizing, p),
        st.builds(amplitude_damping, p),
        st.builds(phase_damping, p),
        st.builds(bit_phase_flip, p),
        st.builds(generalized_amplitude_damping, p, st.floats(0, 1)),
        st.builds(reset_error, p, p),
        st.builds(lambda a, b: thermal_relaxation(1.0, min(2.0, 0.1 + b), a), p, st.floats(0, 2)),
        st.builds(
            lambda u, a: Channel.from_kraus([math.sqrt(1 - a) * np.eye(2), math.sqrt(a) * u]), unitaries(), p
        ),
    )
    if num_qubits == 1:
        return one
    widened = st.lists(one, min_size=num_qubits, max_size=num_qubits).map(_tensor)
    lopsided = st.builds(
        lambda a, b: pauli({"X" + "Z" * (num_qubits - 1): a, "I" * (num_qubits - 1) + "Y": b}), p, p
    )
    return st.one_of(widened, lopsided, st.builds(depolarizing, p, st.just(num_qubits)))


@st.composite
def noise_models(draw: DrawFn, max_qubits: int = 5, *, max_error: float = 0.3) -> NoiseModel:
    """Models with some of: flat numbers, gate errors, a gate on given qubits, single qubits, lopsided
    readout."""
    p = st.one_of(st.just(0.0), st.floats(0, max_error))
    qubit = st.integers(0, max_qubits - 1)
    readout = st.builds(ReadoutError.from_flips, p, p)
    gate_errors = {"cx": draw(channels(2, max_error=max_error)), "h": draw(channels(max_error=max_error))}
    if max_qubits > 1:
        a, b = draw(st.permutations(range(max_qubits)))[:2]
        gate_errors[f"cx {a} {b}"] = draw(channels(2, max_error=max_error))
    return NoiseModel(
        depolarizing_error=draw(p),
        amplitude_damping_error=draw(p),
        phase_damping_error=draw(p),
        bit_flip_error=draw(p),
        phase_flip_error=draw(p),
        readout_error=draw(st.none() | readout),
        gate_errors=draw(st.fixed_dictionaries({}, optional={k: st.just(v) for k, v in gate_errors.items()})),
        qubit_errors={draw(qubit): draw(channels(max_error=max_error))} if draw(st.booleans()) else {},
        readout_errors={draw(qubit): draw(readout)} if draw(st.booleans()) else {},
        idle={"*": {"t1": 1.0, "t2": 0.7}} if draw(st.booleans()) else {},
        durations={"h": 0.01, "cx": 0.03, "measure": 0.05} if draw(st.booleans()) else {},
    )


def pauli_sums(num_qubits: int, *, max_terms: int = 6) -> SearchStrategy[PauliSum]:
    """Hermitian sums of 1 to ``max_terms`` Pauli strings."""
    labels = st.text("IXYZ", min_size=num_qubits, max_size=num_qubits)
    coefficients = st.floats(-2, 2)
    terms = st.dictionaries(labels, coefficients, min_size=1, max_size=max_terms)
    return terms.map(lambda chosen: PauliSum(chosen, num_qubits=num_qubits))


def _start(circuit: QuantumCircuit, gates: Sequence[str] | None) -> None:
    """Make every qubit differ from its neighbours."""
    singles = [name for name in gates or () if GATES[name].num_qubits == 1 and not GATES[name].params]
    for q in range(circuit.num_qubits):
        if gates is None:
            circuit.ry(0.4 + 0.37 * q, q).rz(0.9 - 0.23 * q, q)
        elif singles:
            circuit.add_gate(gate(singles[q % len(singles)]), [q])


@st.composite
def _instructions(
    draw: DrawFn, n: int, num_clbits: int, names: tuple[str, ...], kinds: tuple[str, ...]
) -> Instruction:
    kind = draw(st.sampled_from(kinds))
    if kind == "measure":
        clbit = draw(st.integers(0, num_clbits - 1))
        return Instruction(Measure(), (draw(st.integers(0, n - 1)),), (clbit,))
    if kind == "reset":
        return Instruction(Reset(), (draw(st.integers(0, n - 1)),))
    if kind in ("if", "while"):
        return draw(_conditionals(kind, n, num_clbits, names, kinds))
    if kind == "unitary":
        size = draw(st.integers(1, min(2, n)))
        return Instruction(UnitaryGate(draw(unitaries(size))), _some_qubits(draw, n, size))
    row = GATES[draw(st.sampled_from(names))]
    operation = gate(row.name, *(draw(angles()) for _ in row.params))
    return Instruction(operation, _some_qubits(draw, n, row.num_qubits))


@st.composite
def _conditionals(
    draw: DrawFn, kind: str, n: int, num_clbits: int, names: tuple[str, ...], kinds: tuple[str, ...]
) -> Instruction:
    plain = tuple(k for k in kinds if k not in ("if", "while"))
    body = st.lists(_instructions(n, num_clbits, names, plain), min_size=1, max_size=3).map(tuple)
    read = tuple(draw(st.permutations(range(num_clbits)))[: draw(st.integers(1, num_clbits))])
    values = draw(st.sets(st.integers(0, 2 ** len(read) - 1), min_size=1, max_size=2))
    condition = Condition(read, values, draw(st.booleans()))
    operation: IfElse | WhileLoop
    if kind == "if":
        operation = IfElse(condition, draw(body), draw(st.one_of(st.just(()), body)))
    else:
        operation = WhileLoop(condition, draw(body), draw(st.integers(1, 3)))
    return Instruction(operation, operation.qubits, operation.clbits)


def _some_qubits(draw: DrawFn, n: int, k: int) -> tuple[int, ...]:
    return tuple(draw(st.permutations(range(n)))[:k])


def _haar(num_qubits: int, seed: int) -> npt.NDArray[np.complex128]:
    """The Q of a complex Gaussian matrix, with the phases of R's diagonal taken out."""
    rng = np.random.default_rng(seed)
    size = 2**num_qubits
    q, r = np.linalg.qr(rng.normal(size=(size, size)) + 1j * rng.normal(size=(size, size)))
    phases = np.diag(r) / np.abs(np.diag(r))
    return np.asarray(q * phases, dtype=np.complex128)


def _tensor(factors: Sequence[Channel]) -> Channel:
    first, *others = factors
    for other in others:
        first = first.tensor(other)
    return first
