"""qulacs, with gates merged into blocks or not; double precision only. Its wheel has no vector instructions:
`nox -s bench -- --native …` builds it for this machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import qulacs
from agreement import of_integers, of_rows
from problems import Problem
from qulacs.circuit import QuantumCircuitOptimizer
from statevector_workloads import GateList, u_matrix

from peers import Peer


class Qulacs(Peer):
    def __init__(self, precision: str, threads: int, block: int) -> None:
        self.block = block

    def build(self, problem: Problem) -> Any:
        if problem.task == "batch":
            return [self.circuit(gates, problem.n) for gates in problem.circuits]
        circuit = self.circuit(problem.gates, problem.n)
        return (circuit, self._observable(problem)) if problem.task == "expectation" else circuit

    def circuit(self, gates: GateList, n: int) -> Any:
        circuit = qulacs.QuantumCircuit(n)
        for name, qubits, params in gates:
            circuit.add_gate(self._gate(name, [n - 1 - q for q in qubits], params))
        if self.block:
            QuantumCircuitOptimizer().optimize(circuit, self.block)
        return circuit

    def _gate(self, name: str, wires: list[int], params: tuple[Any, ...]) -> Any:
        g = qulacs.gate
        if name in ("rx", "ry", "rz"):  # its own rotations turn the other way
            return {"rx": g.RX, "ry": g.RY, "rz": g.RZ}[name](wires[0], -params[0])
        if name == "cp":
            return g.DenseMatrix(wires, np.diag([1, 1, 1, np.exp(1j * params[0])]))
        if name == "rzz":
            return g.PauliRotation(wires, [3, 3], -params[0])
        if name == "u":
            return g.DenseMatrix(wires[0], u_matrix(*params))
        if name == "unitary":
            return g.DenseMatrix(wires[::-1], params[0])
        if name == "measure":
            return g.Measurement(wires[0], params[0])
        if name in ("x_if", "z_if"):
            gate = g.X(wires[0]) if name == "x_if" else g.Z(wires[0])
            return g.Adaptive(gate, lambda bits, bit=params[0]: bits[bit] == 1)
        return {"h": g.H, "cz": g.CZ, "cx": g.CNOT, "swap": g.SWAP}[name](*wires)

    def _observable(self, problem: Problem) -> Any:
        observable = qulacs.Observable(problem.n)
        last = problem.n - 1
        for text in problem.paulis:
            words = [f"{letter} {last - q}" for q, letter in enumerate(text) if letter != "I"]
            observable.add_operator(1.0, " ".join(words))
        return observable

    def run(self, built: Any, problem: Problem) -> Any:
        if problem.clbits:
            return self._shot_by_shot(built, problem)
        if problem.task == "state":
            return self._state(built, problem.n)
        if problem.task == "expectation":
            circuit, observable = built
            return observable.get_expectation_value(self._state(circuit, problem.n))
        if problem.task == "batch":
            return [self._state(each, problem.n).sampling(problem.shots) for each in built]
        return self._state(built, problem.n).sampling(problem.shots)

    def _state(self, circuit: Any, n: int) -> Any:
        state = qulacs.QuantumState(n)
        circuit.update_quantum_state(state)
        return state

    def _shot_by_shot(self, circuit: Any, problem: Problem) -> Any:
        state, rows = qulacs.QuantumState(problem.n), []
        for _ in range(problem.shots):
            state.set_zero_state()
            circuit.update_quantum_state(state)
            rows.append([state.get_classical_value(bit) for bit in range(problem.clbits)])
        return rows

    def answer(self, result: Any, problem: Problem) -> Any:
        if problem.task == "batch":
            return [of_integers(each, problem.n) for each in result]
        if problem.task == "counts":
            return of_rows(np.array(result)) if problem.clbits else of_integers(result, problem.n)
        return result if problem.task == "expectation" else result.get_vector()
