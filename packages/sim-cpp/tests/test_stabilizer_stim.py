"""The stabilizer method against Stim: the same circuits, written for both side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from coratrix.backend import BackendConfiguration
from coratrix.core import GATES, QuantumCircuit, condition_equals, gate
from coratrix.core.gate import UnitaryGate
from coratrix.core.noise import bit_flip, depolarizing_from_error_probability, pauli
from coratrix.sim import SimulatorBackend
from coratrix.testing import reference

stim = pytest.importorskip("stim")

Bits = npt.NDArray[np.bool_]

IN_STIM = {
    "id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "S_DAG", "sx": "SQRT_X",
    "sxdg": "SQRT_X_DAG", "cx": "CX", "cy": "CY", "cz": "CZ", "swap": "SWAP", "iswap": "ISWAP",
}  # fmt: skip
BY_TABLEAU = ("dcx", "ecr")
QUARTERS = ("p", "rx", "ry", "rz", "rxx", "ryy", "rzz", "rzx")


def simulator(**params: Any) -> SimulatorBackend:
    given = {"simulator_type": "stabilizer", "seed": 5, **params}
    return SimulatorBackend(BackendConfiguration("sim", "simulator", given))


@dataclass
class Pair:
    """One circuit, ours and Stim's; ``last`` has the record that each classical bit ends with."""

    num_qubits: int
    num_clbits: int
    rng: np.random.Generator
    ours: QuantumCircuit = field(init=False)
    lines: list[str] = field(default_factory=list)
    last: dict[int, int] = field(default_factory=dict)
    records: int = 0

    def __post_init__(self) -> None:
        self.ours = QuantumCircuit(self.num_qubits, num_clbits=self.num_clbits)

    def some(self, count: int) -> list[int]:
        return [int(q) for q in self.rng.permutation(self.num_qubits)[:count]]

    def write(self, name: str, qubits: list[int]) -> None:
        self.lines.append(f"{name} {' '.join(map(str, qubits))}")

    def unitary(self, matrix: npt.NDArray[Any], qubits: list[int]) -> None:
        for step in stim.Tableau.from_unitary_matrix(matrix, endian="big").to_circuit("elimination"):
            self.write(step.name, [qubits[target.value] for target in step.targets_copy()])

    def gate(self, name: str) -> None:
        row = GATES[name]
        if row.num_qubits > self.num_qubits:
            return
        params = [float(self.rng.integers(-4, 9)) * np.pi / 2 for _ in range(row.num_params)]
        qubits = self.some(row.num_qubits)
        self.ours.add_gate(gate(name, *params), qubits)
        if name in IN_STIM:
            self.write(IN_STIM[name], qubits)
        else:
            self.unitary(gate(name, *params).matrix(), qubits)

    def matrix(self) -> None:
        """A random Clifford matrix on up to three qubits, with a phase that changes nothing."""
        qubits = self.some(min(self.num_qubits, int(self.rng.integers(1, 4))))
        inner = Pair(len(qubits), 0, self.rng)
        for _ in range(12):
            inner.gate(str(self.rng.choice(["h", "s", "sx", "cx", "cz", "iswap"])))
        unitary = reference.unitary(inner.ours) * np.exp(1j * self.rng.uniform(0, 6))
        self.ours.add_gate(UnitaryGate(unitary), qubits)
        self.unitary(unitary, qubits)

    def measure(self, qubit: int, clbit: int) -> None:
        self.ours.measure(qubit, clbit)
        self.write("M", [qubit])
        self.last[clbit] = self.records
        self.records += 1

    def reset(self) -> None:
        [qubit] = self.some(1)
        self.ours.reset(qubit)
        self.write("R", [qubit])

    def feed_forward(self) -> None:
        if not self.last:
            return
        clbit = int(self.rng.choice(list(self.last)))
        name, [qubit] = str(self.rng.choice(["x", "y", "z"])), self.some(1)
        self.ours.if_test(condition_equals(clbit, 1), lambda body: body.add_gate(gate(name), [qubit]))
        self.lines.append(f"C{name.upper()} rec[{self.last[clbit] - self.records}] {qubit}")

    def noise(self, p: float) -> None:
        kind = self.rng.integers(4)
        if kind == 0 or self.num_qubits == 1:
            qubits = self.some(1)
            self.ours.channel(depolarizing_from_error_probability(p, 1), *qubits)
            self.write(f"DEPOLARIZE1({p})", qubits)
        elif kind == 1:
            qubits = self.some(2)
            self.ours.channel(depolarizing_from_error_probability(p, 2), *qubits)
            self.write(f"DEPOLARIZE2({p})", qubits)
        elif kind == 2:
            qubits = self.some(1)
            self.ours.channel(bit_flip(p), *qubits)
            self.write(f"X_ERROR({p})", qubits)
        else:
            a, b = self.some(2)
            self.ours.channel(pauli({"XY": p, "ZI": p / 3}), a, b)
            self.lines.append(f"CORRELATED_ERROR({p}) X{a} Y{b}")
            self.lines.append(f"ELSE_CORRELATED_ERROR({p / 3 / (1 - p)}) Z{a}")

    def readings(self, shots: int, seed: int, **params: Any) -> tuple[Bits, Bits]:
        """A row per shot and a column per classical bit: ours, and Stim's."""
        rows, counts = simulator(**params).sample(self.ours, shots, seed=seed)
        bits = np.unpackbits(rows.view(np.uint8), axis=1, count=self.num_clbits, bitorder="little")
        records = stim.Circuit("\n".join(self.lines)).compile_sampler(seed=seed).sample(shots)
        theirs = np.zeros((shots, self.num_clbits), dtype=bool)
        for clbit, record in self.last.items():
            theirs[:, clbit] = records[:, record]
        return np.repeat(bits.astype(bool), counts, axis=0), theirs


def random_pair(num_qubits: int, seed: int, steps: int, p: float = 0.0) -> Pair:
    pair = Pair(num_qubits, 2 * num_qubits, np.random.default_rng(seed))
    names = [*IN_STIM, *BY_TABLEAU, *QUARTERS]
    for _ in range(steps):
        kind = pair.rng.random()
        if kind < 0.05:
            pair.measure(pair.some(1)[0], int(pair.rng.integers(pair.num_clbits)))
        elif kind < 0.08:
            pair.reset()
        elif kind < 0.13:
            pair.feed_forward()
        elif kind < 0.16:
            pair.matrix()
        elif kind < 0.4 and p > 0:
            pair.noise(p)
        else:
            pair.gate(str(pair.rng.choice(names)))
    for qubit in range(num_qubits):
        pair.measure(qubit, num_qubits + qubit if qubit % 3 == 0 else qubit)
    return pair


def rank(rows: Bits) -> int:
    """Over GF(2)."""
    left, found = rows.copy(), 0
    for column in range(left.shape[1]):
        places = found + np.flatnonzero(left[found:, column])
        if len(places):
            left[[found, places[0]]] = left[[places[0], found]]
            others = np.flatnonzero(left[:, column])
            left[others[others != found]] ^= left[found]
            found += 1
    return found


@pytest.mark.parametrize("num_qubits", [1, 2, 3, 5, 8, 13, 20, 31, 45, 60])
def test_possible_readings_are_stims_exactly(num_qubits: int) -> None:
    """Readings without noise are all sums of some rows and a constant. Both spans are the same, signs included."""
    for seed in range(6):
        pair = random_pair(num_qubits, 100 * num_qubits + seed, 15 * num_qubits)

        ours, theirs = pair.readings(2 * pair.num_clbits + 50, seed)

        start = theirs[0]
        both = rank(np.concatenate([ours, theirs]) ^ start)
        assert rank(ours ^ start) == both == rank(theirs ^ start)


def furthest(ours: Bits, theirs: Bits) -> float:
    """How far any bit, or sum of two bits, is from Stim's, in standard errors of the difference."""
    pairs = [(a, b) for a in range(ours.shape[1]) for b in range(a)]
    worst = 0.0
    for a, b in [*pairs, *((a, a) for a in range(ours.shape[1]))]:
        one, two = (bits[:, a] if a == b else bits[:, a] ^ bits[:, b] for bits in (ours, theirs))
        mean = (one.mean() + two.mean()) / 2
        worst = max(worst, abs(one.mean() - two.mean()) / np.sqrt(2 * mean * (1 - mean) / len(one) + 1e-12))
    return worst


@pytest.mark.parametrize(
    ("num_qubits", "steps", "p"), [(2, 30, 0.1), (5, 80, 0.03), (12, 150, 0.02), (25, 300, 0.01)]
)
def test_noisy_bits_and_pairs_of_bits_are_as_likely_as_stims(num_qubits: int, steps: int, p: float) -> None:
    for seed in range(3):
        pair = random_pair(num_qubits, 7000 + 10 * num_qubits + seed, steps, p)

        ours, theirs = pair.readings(20_000, seed)

        assert furthest(ours, theirs) < 5.5


def test_a_surface_code_has_stims_detection_rates() -> None:
    """Distance 3, three rounds, every kind of noise: sums of bits that would be certain without noise."""
    given = stim.Circuit.generated(
        "surface_code:rotated_memory_x",
        distance=3,
        rounds=3,
        after_clifford_depolarization=0.01,
        before_measure_flip_probability=0.02,
        after_reset_flip_probability=0.03,
    )
    circuit = from_stim(given)
    to_detectors = given.compile_m2d_converter()
    shots = 40_000

    rows, counts = simulator().sample(circuit, shots, seed=3)

    bits = np.unpackbits(rows.view(np.uint8), axis=1, count=given.num_measurements, bitorder="little")
    ours = to_detectors.convert(
        measurements=np.repeat(bits.astype(bool), counts, axis=0), append_observables=True
    )
    theirs = given.compile_detector_sampler(seed=4).sample(shots, append_observables=True)
    assert furthest(ours, theirs) < 5.5


ONE_BY_ONE = {
    "R": lambda circuit, p, q: circuit.reset(q),
    "RX": lambda circuit, p, q: circuit.reset(q).h(q),
    "H": lambda circuit, p, q: circuit.h(q),
    "X_ERROR": lambda circuit, p, q: circuit.channel(bit_flip(p), q),
    "Z_ERROR": lambda circuit, p, q: circuit.channel(pauli({"Z": p}), q),
    "DEPOLARIZE1": lambda circuit, p, q: circuit.channel(depolarizing_from_error_probability(p, 1), q),
    "M": lambda circuit, k, q: circuit.measure(q, k),
    "MR": lambda circuit, k, q: circuit.measure(q, k).reset(q),
    "MX": lambda circuit, k, q: circuit.h(q).measure(q, k).h(q),
}
TWO_BY_TWO = {
    "CX": lambda circuit, p, a, b: circuit.cx(a, b),
    "DEPOLARIZE2": lambda circuit, p, a, b: circuit.channel(depolarizing_from_error_probability(p, 2), a, b),
}
SAYS_NOTHING = ("DETECTOR", "OBSERVABLE_INCLUDE", "QUBIT_COORDS", "SHIFT_COORDS", "TICK")


def from_stim(given: Any) -> QuantumCircuit:
    """A generated circuit of Stim's as ours, record k being classical bit k."""
    circuit = QuantumCircuit(given.num_qubits, num_clbits=given.num_measurements)
    records = iter(range(given.num_measurements))
    for step in given.flattened():
        qubits = [target.value for target in step.targets_copy()]
        argument = (step.gate_args_copy() or [0.0])[0]
        if step.name in ONE_BY_ONE:
            for qubit in qubits:
                number = next(records) if step.name.startswith("M") else argument
                ONE_BY_ONE[step.name](circuit, number, qubit)
        elif step.name in TWO_BY_TWO:
            for a, b in zip(qubits[::2], qubits[1::2], strict=True):
                TWO_BY_TWO[step.name](circuit, argument, a, b)
        else:
            assert step.name in SAYS_NOTHING
    assert next(records, None) is None
    return circuit
