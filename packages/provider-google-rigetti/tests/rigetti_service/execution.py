"""Runs Quil as the real machines would, with pyquil's own simulators.

Owns: Quil text → rows of bits per region. Nothing of the adapter is used here, so that the two can be
compared. `PyQVM` runs programs shot by shot; where all measurements come last, one state is sampled instead.
PyQVM knows no modifiers and no ``RESET q``: both are rewritten with what pyquil itself offers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from pyquil import Program
from pyquil.gates import MEASURE, X
from pyquil.pyqvm import PyQVM
from pyquil.quilatom import Label, MemoryReference
from pyquil.quilbase import (
    Declare,
    DefGate,
    Gate,
    Jump,
    JumpTarget,
    JumpUnless,
    JumpWhen,
    Measurement,
    Pragma,
    Reset,
    ResetQubit,
)
from pyquil.simulation import NumpyWavefunctionSimulator, ReferenceDensitySimulator
from pyquil.simulation.matrices import QUANTUM_GATES
from pyquil.simulation.tools import lifted_gate, lifted_gate_matrix

Rows = dict[str, list[list[int]]]
PAULIS = [QUANTUM_GATES[name] for name in "IXYZ"]


class QuilProblem(Exception):
    """The program cannot be run; the text is what the server answers."""


def run(
    quil: str,
    shots: int,
    seed: int | None = None,
    gate_noise: Sequence[float] | None = None,
    measurement_noise: Sequence[float] | None = None,
) -> Rows:
    """Rows of every BIT region, one row per shot."""
    program = parsed(quil)
    sizes = {
        d.name: d.memory_size
        for d in program.instructions
        if isinstance(d, Declare) and d.memory_type == "BIT"
    }
    plain = _without_modifiers(program)
    noisy = bool(gate_noise or measurement_noise or _pragmas(plain, "ADD-KRAUS", "READOUT-POVM"))
    random = np.random.RandomState(seed)
    if _is_terminal(plain):
        bits = _sampled(plain, shots, random, noisy, gate_noise, measurement_noise)
        return _rows(plain, bits, sizes, shots)
    if noisy:
        raise QuilProblem("this stand-in runs noise only where all measurements come last")
    return _shot_by_shot(plain, shots, random)


def parsed(quil: str) -> Program:
    try:
        program = Program(quil)
        program.get_qubit_indices()
    except Exception as exc:
        raise QuilProblem(f"parse error: {exc}") from exc
    return program


def _num_qubits(program: Program) -> int:
    return max(program.get_qubit_indices(), default=0) + 1


def _without_modifiers(program: Program) -> Program:
    """Every modified or parametric gate as a DEFGATE with its matrix; ``RESET q`` as a measured flip."""
    out = Program()
    defined = {definition.name: definition for definition in program.defined_gates}
    names = (f"G{index}" for index in itertools.count())
    labels = (f"NORESET{index}" for index in itertools.count())
    body: list[object] = []
    for instruction in program.instructions:
        if isinstance(instruction, Gate):
            body.append(_plain_gate(instruction, defined, names, out))
        elif isinstance(instruction, ResetQubit):
            body += _measured_flip(instruction, next(labels))
        elif not isinstance(instruction, DefGate):
            body.append(instruction)
    if any(isinstance(instruction, ResetQubit) for instruction in program.instructions):
        body.insert(0, Declare("resetscratch", "BIT", 1))
    out += body
    out.num_shots = program.num_shots
    return out


def _plain_gate(gate: Gate, defined: dict[str, DefGate], names: itertools.count[str], out: Program) -> Gate:
    if not gate.modifiers and (gate.name in defined or not gate.params):
        if gate.name in defined:
            definition = DefGate(gate.name, _matrix(Gate(gate.name, [], list(gate.qubits)), defined))
            if gate.name not in {d.name for d in out.defined_gates}:
                out += definition
        return gate
    definition = DefGate(next(names), _matrix(gate, defined))
    out += definition
    return definition.get_constructor()(*gate.qubits)


def _matrix(gate: Gate, defined: dict[str, DefGate]) -> np.ndarray:
    """The gate's matrix on its own qubits in the order written, the first most significant."""
    if gate.name not in defined:
        return lifted_gate(_on_descending_qubits(gate), len(gate.qubits))
    return _defined_matrix(gate, defined)


def _on_descending_qubits(gate: Gate) -> Gate:
    """The same gate on qubits k-1 … 0, so that lifting it leaves the matrix alone."""
    size = len(gate.qubits)
    head = gate.out().split(" ")[:-size]
    return Program(" ".join([*head, *(str(size - 1 - k) for k in range(size))])).instructions[0]


def _defined_matrix(gate: Gate, defined: dict[str, DefGate]) -> np.ndarray:
    definition = defined[gate.name]
    matrix = np.asarray(definition.matrix, dtype=complex)
    for modifier in reversed(gate.modifiers):
        if modifier == "DAGGER":
            matrix = matrix.conj().T
        elif modifier == "CONTROLLED":
            matrix = np.block([[np.eye(len(matrix)), np.zeros_like(matrix)], [np.zeros_like(matrix), matrix]])
        else:
            raise QuilProblem(f"modifier {modifier} on a DEFGATE")
    return matrix


def _measured_flip(reset: ResetQubit, label: str) -> list[object]:
    scratch = MemoryReference("resetscratch", 0)
    target = Label(label)
    return [MEASURE(reset.qubit, scratch), JumpUnless(target, scratch), X(reset.qubit), JumpTarget(target)]


def _is_terminal(program: Program) -> bool:
    measured: set[int] = set()
    for instruction in program.instructions:
        if isinstance(instruction, (Jump, JumpWhen, JumpUnless)):
            return False
        if isinstance(instruction, (Reset, ResetQubit)) and measured:
            return False
        if isinstance(instruction, Gate) and measured & set(instruction.get_qubit_indices()):
            return False
        if isinstance(instruction, Measurement):
            measured |= set(instruction.get_qubit_indices())
    return True


def _sampled(
    program: Program,
    shots: int,
    random: np.random.RandomState,
    noisy: bool,
    gate_noise: Sequence[float] | None,
    measurement_noise: Sequence[float] | None,
) -> np.ndarray:
    """Bits of all qubits, [shots, qubits], qubit 0 first."""
    count = _num_qubits(program)
    matrices = {d.name: np.asarray(d.matrix, dtype=complex) for d in program.defined_gates}
    if not noisy:
        pure = NumpyWavefunctionSimulator(count, random)
        for gate in _gates(program):
            pure.do_gate_matrix(_plain_matrix(gate, matrices), gate.get_qubit_indices())
        return pure.sample_bitstrings(shots)
    mixed = ReferenceDensitySimulator(count, random)
    kraus = _kraus(program)
    for gate in _gates(program):
        qubits = list(gate.get_qubit_indices())
        for_gate = kraus.get((gate.name, tuple(qubits)))
        if for_gate is not None:
            _channel(mixed, for_gate, qubits, count)
            continue
        mixed.do_gate_matrix(_plain_matrix(gate, matrices), qubits)
        for qubit in qubits if gate_noise else ():
            _channel(mixed, _pauli_channel(gate_noise), [qubit], count)
    measured = {q for m in program.instructions if isinstance(m, Measurement) for q in m.get_qubit_indices()}
    for qubit in sorted(measured) if measurement_noise else ():
        _channel(mixed, _pauli_channel(measurement_noise), [qubit], count)
    return _misread(mixed.sample_bitstrings(shots), program, random)


def _plain_matrix(gate: Gate, matrices: dict[str, np.ndarray]) -> np.ndarray:
    try:
        return matrices[gate.name] if gate.name in matrices else QUANTUM_GATES[gate.name]
    except KeyError:
        raise QuilProblem(f"unknown gate {gate.name}") from None


def _gates(program: Program) -> list[Gate]:
    return [instruction for instruction in program.instructions if isinstance(instruction, Gate)]


def _pauli_channel(weights: Sequence[float]) -> list[np.ndarray]:
    px, py, pz = weights
    return [np.sqrt(p) * pauli for p, pauli in zip((1 - px - py - pz, px, py, pz), PAULIS, strict=True)]


def _channel(
    state: ReferenceDensitySimulator, kraus: list[np.ndarray], qubits: list[int], count: int
) -> None:
    lifted = [lifted_gate_matrix(operator, qubits, count) for operator in kraus]
    state.density = sum(operator @ state.density @ operator.conj().T for operator in lifted)


def _pragmas(program: Program, *names: str) -> list[Pragma]:
    return [p for p in program.instructions if isinstance(p, Pragma) and p.command in names]


def _kraus(program: Program) -> dict[tuple[str, tuple[int, ...]], list[np.ndarray]]:
    """``PRAGMA ADD-KRAUS gate qubits "(row major entries)"``: the operators that replace a gate."""
    found: dict[tuple[str, tuple[int, ...]], list[np.ndarray]] = {}
    for pragma in _pragmas(program, "ADD-KRAUS"):
        name, *qubits = (str(argument) for argument in pragma.args)
        entries = [complex(text.replace("i", "j")) for text in pragma.freeform_string.strip('"() ').split()]
        size = 2 ** len(qubits)
        found.setdefault((name, tuple(map(int, qubits))), []).append(np.array(entries).reshape(size, size))
    return found


def _misread(bits: np.ndarray, program: Program, random: np.random.RandomState) -> np.ndarray:
    """``PRAGMA READOUT-POVM q "(p00 p01 p10 p11)"``: p(read|true), row by row."""
    out = bits.copy()
    for pragma in _pragmas(program, "READOUT-POVM"):
        qubit = int(str(pragma.args[0]))
        _, _, p10, p11 = (float(text) for text in pragma.freeform_string.strip('"() ').split())
        chance = np.where(bits[:, qubit] == 1, p11, p10)
        out[:, qubit] = random.uniform(size=len(bits)) < chance
    return out


def _rows(program: Program, bits: np.ndarray, sizes: dict[str, int], shots: int) -> Rows:
    regions = {name: np.zeros((shots, size), dtype=int) for name, size in sizes.items()}
    for measurement in program.instructions:
        if isinstance(measurement, Measurement) and measurement.classical_reg is not None:
            (qubit,) = measurement.get_qubit_indices()
            target = measurement.classical_reg
            regions[target.name][:, target.offset] = bits[:, qubit]
    return {name: rows.tolist() for name, rows in regions.items()}


class _Machine(PyQVM):
    """PyQVM keeps matrices as arrays of objects, on which its own measurement fails."""

    def _extract_defined_gates(self) -> None:
        super()._extract_defined_gates()
        self.defined_gates = {name: np.asarray(m, dtype=complex) for name, m in self.defined_gates.items()}


def _shot_by_shot(program: Program, shots: int, random: np.random.RandomState) -> Rows:
    machine = _Machine(_num_qubits(program), seed=int(random.randint(2**31)))
    machine.execute(program.copy().wrap_in_numshots_loop(shots))
    return {name: rows.tolist() for name, rows in machine._memory_results.items() if name != "resetscratch"}
