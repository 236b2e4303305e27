"""scaluq, with gates merged into blocks or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import scaluq
from agreement import of_integers
from problems import Problem
from statevector_workloads import GateList

from peers import Peer


class Scaluq(Peer):
    def __init__(self, precision: str, threads: int, block: int) -> None:
        self.space = getattr(scaluq.default, "f32" if precision == "single" else "f64")
        self.block = block

    def build(self, problem: Problem) -> Any:
        if problem.task == "batch":
            return [self.circuit(gates, problem.n) for gates in problem.circuits]
        circuit = self.circuit(problem.gates, problem.n)
        return (circuit, self._observable(problem)) if problem.task == "expectation" else circuit

    def circuit(self, gates: GateList, n: int) -> Any:
        circuit = self.space.Circuit()
        for name, qubits, params in gates:
            circuit.add_gate(self._gate(name, [n - 1 - q for q in qubits], params))
        if self.block:
            circuit.optimize(self.block)
        return circuit

    def _gate(self, name: str, wires: list[int], params: tuple[Any, ...]) -> Any:
        g = self.space.gate
        plain = {"h": g.H, "swap": g.Swap, "rx": g.RX, "ry": g.RY, "rz": g.RZ, "u": g.U3}
        if name == "cz":
            return g.CZ(*wires)
        if name == "cx":
            return g.CX(*wires)
        if name == "cp":
            return g.U1(wires[1], params[0], [wires[0]])
        if name == "rzz":
            pauli = self.space.PauliOperator(f"Z {wires[0]} Z {wires[1]}", 1.0)
            return g.PauliRotation(pauli, params[0])
        if name == "unitary":
            return g.DenseMatrix(wires[::-1], params[0])
        return plain[name](*wires, *params)

    def _observable(self, problem: Problem) -> Any:
        last = problem.n - 1
        texts = [
            " ".join(f"{letter} {last - q}" for q, letter in enumerate(text) if letter != "I")
            for text in problem.paulis
        ]
        return self.space.Operator([self.space.PauliOperator(text, 1.0) for text in texts])

    def run(self, built: Any, problem: Problem) -> Any:
        if problem.task == "state":
            return self._state(built, problem.n)
        if problem.task == "expectation":
            circuit, observable = built
            return observable.get_expectation_value(self._state(circuit, problem.n))
        if problem.task == "batch":
            return [self._state(each, problem.n).sampling(problem.shots) for each in built]
        return self._state(built, problem.n).sampling(problem.shots)

    def _state(self, circuit: Any, n: int) -> Any:
        state = self.space.StateVector(n)
        circuit.update_quantum_state(state)
        return state

    def answer(self, result: Any, problem: Problem) -> Any:
        if problem.task == "batch":
            return [of_integers(each, problem.n) for each in result]
        if problem.task == "counts":
            return of_integers(result, problem.n)
        return result.real if problem.task == "expectation" else np.asarray(result.get_amplitudes())
