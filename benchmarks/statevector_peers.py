"""How each simulator is handed a neutral gate list, and what it gives back.

Owns: one class per peer with `build` (its own circuit), `run` (the work that is timed apart) and `state` (the
amplitudes in Coratrix's order, qubit 0 most significant, to check agreement). Every peer gets qubit q as its own
qubit n-1-q where it counts from the least significant end, so that all walk memory alike.
Knows nothing of: timing.
"""

from __future__ import annotations

from typing import Any

import numpy as np

GateList = list[tuple[str, tuple[int, ...], tuple[Any, ...]]]


def u_matrix(theta: float, phi: float, lam: float) -> np.ndarray:
    c, s = np.cos(theta / 2), np.sin(theta / 2)
    return np.array([[c, -np.exp(1j * lam) * s], [np.exp(1j * phi) * s, np.exp(1j * (phi + lam)) * c]])


class Coratrix:
    def __init__(self, precision: str) -> None:
        from coratrix.backend import BackendConfiguration
        from coratrix.sim import SimulatorBackend, _engine
        from coratrix.sim.program import encode

        self.engine, self.encode = _engine, encode
        params = {"precision": precision, "num_threads": 1}
        self.backend = SimulatorBackend(BackendConfiguration("bench", "simulator", params))
        self.settings = _engine.Settings(precision == "single", False, 1)

    def build(self, gates: GateList, n: int) -> Any:
        from coratrix.core import QuantumCircuit

        circuit = QuantumCircuit(n)
        for name, qubits, params in gates:
            if name == "unitary":
                circuit.unitary(params[0], qubits)
            else:
                getattr(circuit, name)(*params, *qubits)
        return self.encode(circuit)

    def run(self, program: Any) -> Any:
        return self.engine.state(program, self.settings)

    def state(self, result: Any, n: int) -> np.ndarray:
        return result


class Prism:
    def __init__(self, precision: str) -> None:
        if precision == "single":
            raise NotImplementedError("double precision only")
        import prism_q

        self.prism = prism_q

    def build(self, gates: GateList, n: int) -> Any:
        builder, gate = self.prism.CircuitBuilder(n), self.prism.Gate
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            if name == "unitary":
                builder.gate(gate.unitary(params[0]), wires)
            elif name == "cp":
                builder.cphase(*params, *wires)
            else:
                getattr(builder, name)(*params, *wires)
        return builder.build()

    def run(self, circuit: Any) -> Any:
        prism = self.prism
        return prism.simulate(circuit).backend(prism.BackendKind.statevector()).state_vector()

    def state(self, result: Any, n: int) -> np.ndarray:
        return np.asarray(result)


class Qsim:
    def __init__(self, precision: str, fused: int = 3) -> None:
        if precision == "double":
            raise NotImplementedError("single precision only")
        import cirq
        import qsimcirq

        self.cirq = cirq
        self.simulator = qsimcirq.QSimSimulator({"t": 1, "f": fused, "v": 0})
        self.qsim = qsimcirq

    def build(self, gates: GateList, n: int) -> Any:
        cirq, wires = self.cirq, self.cirq.LineQubit.range(n)
        ops = [self._operation(name, [wires[q] for q in qubits], params) for name, qubits, params in gates]
        circuit = cirq.Circuit(ops)
        missing = sorted(set(wires) - circuit.all_qubits())
        circuit.append(cirq.I(q) for q in missing)
        return circuit

    def _operation(self, name: str, wires: list[Any], params: tuple[Any, ...]) -> Any:
        cirq = self.cirq
        table = {"h": cirq.H, "cz": cirq.CZ, "cx": cirq.CNOT, "swap": cirq.SWAP}
        if name in table:
            return table[name](*wires)
        if name in ("rx", "ry", "rz"):
            return getattr(cirq, name)(params[0])(*wires)
        if name == "cp":
            return cirq.CZPowGate(exponent=params[0] / np.pi)(*wires)
        if name == "rzz":
            return cirq.ZZPowGate(exponent=params[0] / np.pi, global_shift=-0.5)(*wires)
        matrix = params[0] if name == "unitary" else u_matrix(*params)
        return cirq.MatrixGate(matrix, unitary_check=False)(*wires)

    def run(self, circuit: Any) -> Any:
        return self.simulator.simulate(circuit).final_state_vector

    def state(self, result: Any, n: int) -> np.ndarray:
        return result


class Lightning:
    def __init__(self, precision: str) -> None:
        import pennylane as qml

        self.qml = qml
        self.dtype = np.complex64 if precision == "single" else np.complex128

    def build(self, gates: GateList, n: int) -> Any:
        qml = self.qml
        table = {
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
        ops = []
        with qml.QueuingManager.stop_recording():
            for name, qubits, params in gates:
                if name == "unitary":
                    ops.append(qml.QubitUnitary(params[0], wires=qubits, unitary_check=False))
                else:
                    ops.append(getattr(qml, table[name])(*params, wires=qubits))
        self.wires = n
        tape = qml.tape.QuantumScript(ops, [qml.state()])
        device = qml.device("lightning.qubit", wires=n, c_dtype=self.dtype)
        (tape,), _ = device.preprocess()[0]((tape,))
        return device, tape

    def run(self, prepared: Any) -> Any:
        device, tape = prepared
        return device.execute(tape)

    def state(self, result: Any, n: int) -> np.ndarray:
        return np.asarray(result)


class Scaluq:
    def __init__(self, precision: str, block: int = 2) -> None:
        import scaluq

        self.space = getattr(scaluq.default, "f32" if precision == "single" else "f64")
        self.block = block

    def build(self, gates: GateList, n: int) -> Any:
        circuit = self.space.Circuit()
        for name, qubits, params in gates:
            circuit.add_gate(self._gate(name, [n - 1 - q for q in qubits], params))
        if self.block:
            circuit.optimize(self.block)
        return circuit, n

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

    def run(self, prepared: Any) -> Any:
        circuit, n = prepared
        state = self.space.StateVector(n)
        circuit.update_quantum_state(state)
        return state

    def state(self, result: Any, n: int) -> np.ndarray:
        return np.asarray(result.get_amplitudes())


class Aer:
    def __init__(self, precision: str) -> None:
        from qiskit_aer import AerSimulator

        self.simulator = AerSimulator(
            method="statevector", precision=precision, max_parallel_threads=1, fusion_enable=True
        )

    def build(self, gates: GateList, n: int) -> Any:
        from qiskit import QuantumCircuit

        circuit = QuantumCircuit(n)
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            if name == "unitary":
                circuit.unitary(params[0], wires[::-1])
            else:
                getattr(circuit, name)(*params, *wires)
        circuit.save_statevector()
        return circuit

    def run(self, circuit: Any) -> Any:
        return self.simulator.run(circuit).result().data(0)["statevector"]

    def state(self, result: Any, n: int) -> np.ndarray:
        return np.asarray(result)


class Qulacs:
    def __init__(self, precision: str) -> None:
        if precision == "single":
            raise NotImplementedError("double precision only")
        import qulacs
        from qulacs.circuit import QuantumCircuitOptimizer

        self.qulacs, self.optimizer = qulacs, QuantumCircuitOptimizer()

    def build(self, gates: GateList, n: int) -> Any:
        circuit = self.qulacs.QuantumCircuit(n)
        for name, qubits, params in gates:
            circuit.add_gate(self._gate(name, [n - 1 - q for q in qubits], params))
        self.optimizer.optimize(circuit, 2)
        return circuit, n

    def _gate(self, name: str, wires: list[int], params: tuple[Any, ...]) -> Any:
        g = self.qulacs.gate
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
        return {"h": g.H, "cz": g.CZ, "cx": g.CNOT, "swap": g.SWAP}[name](*wires)

    def run(self, prepared: Any) -> Any:
        circuit, n = prepared
        state = self.qulacs.QuantumState(n)
        circuit.update_quantum_state(state)
        return state

    def state(self, result: Any, n: int) -> np.ndarray:
        return result.get_vector()


PEERS = {
    "coratrix": Coratrix,
    "prism-q": Prism,
    "qsim:f3": Qsim,
    "qsim:f2": lambda precision: Qsim(precision, 2),
    "lightning": Lightning,
    "scaluq:b2": Scaluq,
    "scaluq:b0": lambda precision: Scaluq(precision, 0),
    "aer": Aer,
    "qulacs": Qulacs,
}
