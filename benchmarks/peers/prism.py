"""PRISM-Q: its statevector backend, and its own choice of backend."""

from __future__ import annotations

from typing import Any

import numpy as np
import prism_q
from agreement import of_counts
from problems import Problem
from statevector_workloads import GateList

from peers import Peer

_OTHER_NAMES = {"cp": "cphase"}


class Prism(Peer):
    def __init__(self, precision: str, threads: int) -> None:
        self.kind = prism_q.BackendKind.statevector()

    def build(self, problem: Problem) -> Any:
        if problem.task == "batch":
            return [self.circuit(gates, problem) for gates in problem.circuits]
        circuit = self.circuit(problem.gates, problem)
        if problem.task != "expectation":
            return circuit
        last = problem.n - 1
        return circuit, [
            [(last - q, letter) for q, letter in enumerate(text) if letter != "I"] for text in problem.paulis
        ]

    def circuit(self, gates: GateList, problem: Problem) -> Any:
        n = problem.n
        builder, gate = prism_q.CircuitBuilder(n, problem.clbits), prism_q.Gate
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            if name == "unitary":
                builder.gate(gate.unitary(params[0]), wires)
            elif name == "measure":
                builder.measure(wires[0], params[0])
            elif name in ("x_if", "z_if"):
                condition = prism_q.ClassicalCondition.bit(params[0])
                builder.conditional(condition, gate.x() if name == "x_if" else gate.z(), wires)
            else:
                getattr(builder, _OTHER_NAMES.get(name, name))(*params, *wires)
        if problem.task in ("counts", "batch") and not problem.clbits:
            builder.measure_all()
        return builder.build()

    def run(self, built: Any, problem: Problem) -> Any:
        if problem.task == "state":
            return self._simulation(built).state_vector()
        if problem.task == "expectation":
            circuit, terms = built
            return sum(self._simulation(circuit).expectation_values(terms))
        if problem.task == "batch":
            return [self._simulation(each).sample_counts(problem.shots).counts() for each in built]
        return self._simulation(built).sample_counts(problem.shots).counts()

    def _simulation(self, circuit: Any) -> Any:
        return prism_q.simulate(circuit).backend(self.kind)

    def answer(self, result: Any, problem: Problem) -> Any:
        """Character k of its counts is its bit k; measured whole, that is its qubit k, our n-1-k."""
        whole = problem.clbits == 0
        if problem.task == "batch":
            return [of_counts(each, reverse=whole) for each in result]
        if problem.task == "counts":
            return of_counts(result, reverse=whole)
        return result if problem.task == "expectation" else np.asarray(result)


class PrismAuto(Prism):
    def __init__(self, precision: str, threads: int) -> None:
        self.kind = prism_q.BackendKind.auto()
