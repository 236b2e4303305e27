"""Coratrix: through its public face, and for a state's run alone through the engine beneath it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from agreement import of_counts
from problems import Problem
from statevector_workloads import GateList

from coratrix.backend import BackendConfiguration
from coratrix.core import Condition, PauliSum, QuantumCircuit
from coratrix.sim import SimulatorBackend, _engine
from coratrix.sim.program import encode
from peers import Peer


class Coratrix(Peer):
    def __init__(self, precision: str, threads: int) -> None:
        params = {"precision": precision, "num_threads": threads, "seed": 1}
        self.backend = SimulatorBackend(BackendConfiguration("bench", "simulator", params))
        self.settings = _engine.Settings(precision == "single", False, threads)

    def build(self, problem: Problem) -> Any:
        if problem.task == "batch":
            return [self.circuit(gates, problem) for gates in problem.circuits]
        circuit = self.circuit(problem.gates, problem)
        if problem.task == "state":
            return encode(circuit)
        if problem.task == "expectation":
            return circuit, PauliSum(dict.fromkeys(problem.paulis, 1.0))
        return circuit

    def circuit(self, gates: GateList, problem: Problem) -> QuantumCircuit:
        circuit = QuantumCircuit(problem.n)
        if not problem.clbits:
            return circuit.extend(gates)
        circuit.add_register("c", problem.clbits)
        for name, qubits, params in gates:
            if name == "measure":
                circuit.measure(qubits, params)
            elif name in ("x_if", "z_if"):
                gate = QuantumCircuit.x if name == "x_if" else QuantumCircuit.z
                circuit.if_test(Condition(params, [1]), lambda body, gate=gate, q=qubits[0]: gate(body, q))
            else:
                getattr(circuit, name)(*params, *qubits)
        return circuit

    def run(self, built: Any, problem: Problem) -> Any:
        if problem.task == "state":
            return _engine.state(built, self.settings)
        if problem.task == "expectation":
            return self.backend.expectation(*built)
        if problem.task == "batch":
            return [result.counts for result in self.backend.execute_batch(built, problem.shots)]
        return self.backend.execute(built, problem.shots).counts  # made when they are read

    def whole(self, problem: Problem) -> Callable[[], Any] | None:
        """What a user calls for a state; `build` and `run` part it elsewhere, at the engine's door."""
        if problem.task != "state":
            return None
        return lambda: self.backend.statevector(self.circuit(problem.gates, problem))

    def answer(self, result: Any, problem: Problem) -> Any:
        if problem.task == "batch":
            return [of_counts(dict(each)) for each in result]
        return of_counts(dict(result)) if problem.task == "counts" else result


class CoratrixArrays(Coratrix):
    """Readings as arrays, without text."""

    def run(self, built: Any, problem: Problem) -> Any:
        return self.backend.sample(built, problem.shots)

    def answer(self, result: Any, problem: Problem) -> Any:
        words, weights = result
        width = problem.clbits or problem.n
        bits = np.unpackbits(words.view(np.uint8), axis=1, count=width, bitorder="little")
        return bits, weights
