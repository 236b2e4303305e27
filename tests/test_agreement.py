"""Every simulator that needs no account says what the textbook says, in the same keys.

The judge is `coratrix.testing.reference`; most of the judged are other people's engines, each reached through
the conversion, the bit order and the registers of its provider. What a backend cannot run it must refuse
before running: the table below says which, so that nothing is left out unseen.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import pytest

from coratrix.backend import BackendConfiguration, BackendInterface
from coratrix.backend.registry import backend_class
from coratrix.core import GATES, QuantumCircuit, gate
from coratrix.core.operations import Condition
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match

SEEDS = (11, 12, 13)
SHOTS = 3000


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A backend, what it can run, how many circuits of each kind it is given, and how many shots of those
    that measure and go on."""

    params: Mapping[str, Any] = field(default_factory=dict)
    needs: str
    kinds: frozenset[str]
    is_noisy: bool = False
    circuits: int = 3
    slow_shots: int = SHOTS


EVERYTHING = frozenset({"classical", "unitary", "middle", "reset", "feed_forward"})
ENGINES = {
    "simulator": Engine(needs="coratrix.sim", kinds=EVERYTHING),
    "ibm aer_simulator": Engine(params={"device": "aer_simulator"}, needs="qiskit_aer", kinds=EVERYTHING),
    "ibm basic_simulator": Engine(
        params={"device": "basic_simulator"},
        needs="qiskit_ibm_runtime",
        kinds=EVERYTHING - {"feed_forward"},
        slow_shots=500,
    ),
    "ibm fake_lagos": Engine(
        params={"device": "fake_lagos"},
        needs="qiskit_ibm_runtime",
        kinds=frozenset({"classical"}),
        is_noisy=True,
    ),
    "aws local": Engine(params={"device": "local"}, needs="braket.default_simulator", kinds=EVERYTHING),
    "azure local": Engine(params={"target": "local"}, needs="qdk", kinds=EVERYTHING),
    "google noiseless": Engine(
        params={"device": "simulator", "noise": "none"},
        needs="qsimcirq",
        kinds=EVERYTHING - {"feed_forward"},
        circuits=2,
    ),
    "google noisy": Engine(
        params={"device": "simulator"}, needs="qsimcirq", kinds=frozenset({"classical"}), is_noisy=True
    ),
    "rigetti qvm": Engine(
        params={"device": "qvm", "engine": "in-process"}, needs="pyquil", kinds=EVERYTHING, slow_shots=300
    ),
}


@cache
def backend_of(name: str) -> BackendInterface:
    engine, provider = ENGINES[name], name.split()[0]
    config = BackendConfiguration("judged", "cloud", {"provider": provider, **engine.params})
    made: BackendInterface = backend_class(provider)(config)
    return made


def started(rng: np.random.Generator) -> QuantumCircuit:
    """Three qubits of which no two are alike, and two registers, the longer one first."""
    circuit = QuantumCircuit(3, registers=[("late", 2), ("early", 1)])
    for qubit in range(3):
        circuit.ry(0.5 + 0.6 * qubit, qubit).rz(rng.uniform(-3, 3), qubit)
    return circuit


def add_gates(circuit: QuantumCircuit, rng: np.random.Generator, count: int) -> QuantumCircuit:
    """Gates of the whole table on qubits in any order, and one under a control that reads 0."""
    names = sorted(name for name, row in GATES.items() if row.num_qubits <= 3)
    for name in rng.choice(names, count):
        row = GATES[name]
        angles = rng.uniform(-3, 3, row.num_params)
        circuit.add_gate(gate(name, *angles), [int(q) for q in rng.permutation(3)[: row.num_qubits]])
    under = gate("u", *rng.uniform(-3, 3, 3)).controlled(2, "01")
    return circuit.add_gate(under, [int(q) for q in rng.permutation(3)])


def measured(circuit: QuantumCircuit, rng: np.random.Generator) -> QuantumCircuit:
    return circuit.measure([int(q) for q in rng.permutation(3)], [int(c) for c in rng.permutation(3)])


def classical(rng: np.random.Generator) -> QuantumCircuit:
    """Permutations, and little else: one key is seen far more often than the others."""
    circuit = QuantumCircuit(3, registers=[("late", 2), ("early", 1)]).x(int(rng.integers(3)))
    for name in rng.choice(["x", "cx", "swap", "ccx", "cswap"], 5):
        circuit.add_gate(gate(name), [int(q) for q in rng.permutation(3)[: GATES[name].num_qubits]])
    return measured(circuit.ry(0.5, 1), rng)


def unitary(rng: np.random.Generator) -> QuantumCircuit:
    return measured(add_gates(started(rng), rng, 10), rng)


def middle(rng: np.random.Generator) -> QuantumCircuit:
    """A qubit is measured and goes on; what it showed is kept in the last bit."""
    circuit = add_gates(started(rng), rng, 3).measure(1, 2)
    return add_gates(circuit, rng, 3).measure([2, 0], [0, 1])


def reset(rng: np.random.Generator) -> QuantumCircuit:
    circuit = add_gates(started(rng), rng, 3).measure(2, 1).reset(2)
    return circuit.ry(0.4, 2).cx(2, 0).measure([0, 2], [2, 0])


def feed_forward(rng: np.random.Generator) -> QuantumCircuit:
    """What two qubits showed decides over the third, with and without an else; bits are read as a number."""
    circuit = add_gates(started(rng), rng, 3).measure([0, 1], [1, 0])
    circuit.if_test(Condition((0, 1), (1,)), lambda b: b.ry(1.1, 2).x(0), lambda b: b.h(2))
    circuit.if_test(Condition((1,), (1,)), lambda b: b.ry(0.7, 2))
    return circuit.cx(2, 1).measure(2, 2)


KINDS: Mapping[str, Callable[[np.random.Generator], QuantumCircuit]] = {
    each.__name__: each for each in (classical, unitary, middle, reset, feed_forward)
}


@cache
def circuit_of(kind: str, seed: int) -> tuple[QuantumCircuit, Mapping[str, float]]:
    """The first circuit drawn whose keys, turned round, would have other probabilities."""
    rng = np.random.default_rng(seed)
    while True:
        circuit = KINDS[kind](rng)
        expected = outcome_probabilities(circuit)
        if max(abs(p - expected.get(key[::-1], 0.0)) for key, p in expected.items()) > 0.15:
            return circuit, expected


def seed_of(name: str, kind: str, seed: int) -> dict[str, int]:
    """Braket's simulator takes a seed from us only for circuits with one distribution at their end."""
    is_seeded = not (name == "aws local" and kind in ("middle", "reset", "feed_forward"))
    return {"seed": seed} if is_seeded else {}


def check_installed(engine: Engine) -> None:
    top = engine.needs.partition(".")[0]
    if importlib.util.find_spec(top) is None or importlib.util.find_spec(engine.needs) is None:
        pytest.skip(f"{engine.needs} is not installed")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ENGINES)
def test_the_counts_are_those_of_the_textbook(name: str, kind: str) -> None:
    engine = ENGINES[name]
    check_installed(engine)
    backend = backend_of(name)
    shots = SHOTS if kind in ("classical", "unitary") else engine.slow_shots

    for seed in SEEDS[: engine.circuits]:
        circuit, expected = circuit_of(kind, seed)
        if kind not in engine.kinds:
            if not engine.is_noisy:
                assert not backend.validate(circuit, shots)
            continue
        result = backend.execute(circuit, shots, **seed_of(name, kind, seed)).raise_for_status()

        assert list(result.registers) == ["late", "early"]
        assert sum(result.counts.values()) == shots
        if engine.is_noisy:
            assert max(result.counts, key=result.counts.__getitem__) == max(
                expected, key=expected.__getitem__
            )
        else:
            assert_counts_match(result.counts, expected)
