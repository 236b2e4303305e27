"""PennyLane's lightning.qubit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pennylane as qml
from agreement import of_integers, of_rows
from problems import Problem
from statevector_workloads import GateList

from peers import Peer

_NAMES = {
    "h": "Hadamard",
    "cz": "CZ",
    "cx": "CNOT",
    "swap": "SWAP",
    "rx": "RX",
    "ry": "RY",
    "rz": "RZ",
    "cp": "ControlledPhaseShift",
    "rzz": "IsingZZ",
    "u": "U3",
}


class Lightning(Peer):
    def __init__(self, precision: str, threads: int) -> None:
        self.dtype = np.complex64 if precision == "single" else np.complex128

    def build(self, problem: Problem) -> Any:
        device = qml.device("lightning.qubit", wires=problem.n, c_dtype=self.dtype, seed=1)
        if problem.clbits:
            return self._dynamic(device, problem)
        tapes = [self._tape(gates, problem) for gates in problem.circuits or (problem.gates,)]
        tapes, _ = device.preprocess()[0](tuple(tapes))
        return device, tapes

    def _tape(self, gates: GateList, problem: Problem) -> Any:
        with qml.QueuingManager.stop_recording():
            operations = [self._operation(*gate) for gate in gates]
            asked, shots = self._asked(problem), problem.shots or None
        return qml.tape.QuantumScript(operations, [asked], shots=shots)

    def _operation(self, name: str, qubits: tuple[int, ...], params: tuple[Any, ...]) -> Any:
        if name == "unitary":
            return qml.QubitUnitary(params[0], wires=qubits, unitary_check=False)
        return getattr(qml, _NAMES[name])(*params, wires=qubits)

    def _asked(self, problem: Problem) -> Any:
        if problem.task == "state":
            return qml.state()
        if problem.task == "expectation":
            words = [qml.pauli.string_to_pauli_word(text) for text in problem.paulis]
            return qml.expval(qml.Hamiltonian([1.0] * len(words), words))
        return qml.sample(wires=range(problem.n))

    def _dynamic(self, device: Any, problem: Problem) -> Any:
        """Its fastest way with measurements inside a circuit is the one that walks the tree of outcomes."""

        @qml.set_shots(problem.shots)
        @qml.qnode(device, mcm_method="tree-traversal")
        def circuit() -> Any:
            bits: dict[int, Any] = {}
            for name, qubits, params in problem.gates:
                if name == "measure":
                    bits[params[0]] = qml.measure(qubits[0])
                elif name in ("x_if", "z_if"):
                    gate = qml.PauliX if name == "x_if" else qml.PauliZ
                    qml.cond(bits[params[0]], gate)(wires=qubits[0])
                else:
                    self._operation(name, qubits, params)
            return qml.counts([bits[k] for k in range(problem.clbits)])

        return circuit

    def run(self, built: Any, problem: Problem) -> Any:
        if problem.clbits:
            return built()
        device, tapes = built
        results = device.execute(tapes)
        return results if problem.task == "batch" else results[0]

    def answer(self, result: Any, problem: Problem) -> Any:
        if problem.task == "batch":
            return [of_rows(each) for each in result]
        if problem.task != "counts":
            return np.asarray(result) if problem.task == "state" else float(result)
        if not problem.clbits:
            return of_rows(result)
        values = [int(key, 2) for key, count in result.items() for _ in range(int(count))]
        return of_integers(values, problem.clbits)
