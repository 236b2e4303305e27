"""qsim through cirq; single precision only."""

from __future__ import annotations

from typing import Any

import cirq
import numpy as np
import qsimcirq
from agreement import of_rows
from problems import Problem
from statevector_workloads import GateList, u_matrix

from peers import Peer

_FIXED = {"h": cirq.H, "cz": cirq.CZ, "cx": cirq.CNOT, "swap": cirq.SWAP}
_LETTERS = {"X": cirq.X, "Y": cirq.Y, "Z": cirq.Z}


class Qsim(Peer):
    def __init__(self, precision: str, threads: int, fused: int) -> None:
        self.simulator = qsimcirq.QSimSimulator({"t": threads, "f": fused, "v": 0}, seed=1)

    def build(self, problem: Problem) -> Any:
        if problem.task == "batch":
            return [self.circuit(gates, problem) for gates in problem.circuits]
        circuit = self.circuit(problem.gates, problem)
        return (circuit, self._observable(problem)) if problem.task == "expectation" else circuit

    def circuit(self, gates: GateList, problem: Problem) -> Any:
        wires = cirq.LineQubit.range(problem.n)
        circuit = cirq.Circuit(
            self._operation(name, [wires[q] for q in qubits], params) for name, qubits, params in gates
        )
        circuit.append(cirq.I(q) for q in sorted(set(wires) - circuit.all_qubits()))
        if problem.task in ("counts", "batch") and not problem.clbits:
            circuit.append(cirq.measure(*wires, key="all"))
        return circuit

    def _operation(self, name: str, wires: list[Any], params: tuple[Any, ...]) -> Any:
        if name in _FIXED:
            return _FIXED[name](*wires)
        if name in ("rx", "ry", "rz"):
            return getattr(cirq, name)(params[0])(*wires)
        if name == "cp":
            return cirq.CZPowGate(exponent=params[0] / np.pi)(*wires)
        if name == "rzz":
            return cirq.ZZPowGate(exponent=params[0] / np.pi, global_shift=-0.5)(*wires)
        if name == "measure":
            return cirq.measure(*wires, key=str(params[0]))
        matrix = params[0] if name == "unitary" else u_matrix(*params)
        return cirq.MatrixGate(matrix, unitary_check=False)(*wires)

    def _observable(self, problem: Problem) -> Any:
        wires = cirq.LineQubit.range(problem.n)
        return cirq.PauliSum.from_pauli_strings(
            cirq.PauliString({wires[q]: _LETTERS[letter] for q, letter in enumerate(text) if letter != "I"})
            for text in problem.paulis
        )

    def run(self, built: Any, problem: Problem) -> Any:
        if problem.task == "state":
            return self.simulator.simulate(built).final_state_vector
        if problem.task == "expectation":
            circuit, observable = built
            return self.simulator.simulate_expectation_values(circuit, [observable])[0]
        if problem.task == "batch":
            return [self.simulator.run(each, repetitions=problem.shots) for each in built]
        return self.simulator.run(built, repetitions=problem.shots)

    def answer(self, result: Any, problem: Problem) -> Any:
        if problem.task == "batch":
            return [of_rows(each.measurements["all"]) for each in result]
        if problem.task == "counts":
            keys = [str(bit) for bit in range(problem.clbits)] or ["all"]
            return of_rows(np.hstack([result.measurements[key] for key in keys]))
        return result.real if problem.task == "expectation" else result
