"""Qiskit Aer's statevector method, its fusion on."""

from __future__ import annotations

from typing import Any

import numpy as np
from agreement import of_counts
from problems import Problem
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer import AerSimulator
from statevector_workloads import GateList

from peers import Peer


class Aer(Peer):
    def __init__(self, precision: str, threads: int) -> None:
        self.simulator = AerSimulator(
            method="statevector",
            precision=precision,
            max_parallel_threads=threads,
            fusion_enable=True,
            seed_simulator=1,
        )

    def build(self, problem: Problem) -> Any:
        if problem.task == "batch":
            return [self.circuit(gates, problem) for gates in problem.circuits]
        circuit = self.circuit(problem.gates, problem)
        if problem.task == "state":
            circuit.save_statevector()
        if problem.task == "expectation":
            circuit.save_expectation_value(SparsePauliOp(list(problem.paulis)), range(problem.n))
        return circuit

    def circuit(self, gates: GateList, problem: Problem) -> Any:
        n = problem.n
        circuit = QuantumCircuit(n, problem.clbits)
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            if name == "unitary":
                circuit.unitary(params[0], wires[::-1])
            elif name == "measure":
                circuit.measure(wires[0], params[0])
            elif name in ("x_if", "z_if"):
                with circuit.if_test((circuit.clbits[params[0]], 1)):
                    getattr(circuit, name[0])(wires[0])
            else:
                getattr(circuit, name)(*params, *wires)
        if problem.task in ("counts", "batch") and not problem.clbits:
            circuit.measure_all()
        return circuit

    def run(self, built: Any, problem: Problem) -> Any:
        result = self.simulator.run(built, shots=problem.shots or 1).result()
        if problem.task == "state":
            return result.data(0)["statevector"]
        return result.data(0)["expectation_value"] if problem.task == "expectation" else result.get_counts()

    def answer(self, result: Any, problem: Problem) -> Any:
        """The leftmost character of its counts is its last bit; measured whole, that is our qubit 0."""
        if problem.task == "batch":
            return [of_counts(each) for each in result]
        if problem.task == "counts":
            return of_counts(dict(result), reverse=problem.clbits > 0)
        return np.asarray(result) if problem.task == "state" else float(np.real(result))
