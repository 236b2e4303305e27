"""How each simulator is handed the same noisy circuit: exact, by trajectories, or as a Clifford circuit.

A row's noise is (p, gamma): after every gate, on each of its qubits, a depolarizing channel with total error
probability p (each Pauli p/3), then amplitude damping gamma. Owns: `build` and `run` per peer and method.
Knows nothing of: timing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from statevector_workloads import GateList, u_matrix

Noise = tuple[float, float]
METHODS = ("exact", "trajectories", "clifford")


class Coratrix:
    single = False
    methods = METHODS

    def __init__(self) -> None:
        from coratrix.core import QuantumCircuit, gate
        from coratrix.core.noise import amplitude_damping, depolarizing_from_error_probability
        from coratrix.sim import _engine
        from coratrix.sim.program import encode

        self.circuit_class, self.gate = QuantumCircuit, gate
        self.damping, self.depolarizing = amplitude_damping, depolarizing_from_error_probability
        self.engine, self.encode = _engine, encode

    def build(self, method: str, gates: GateList, n: int, noise: Noise) -> Any:
        p, gamma = noise
        channels = [self.depolarizing(p, 1)] if p else []
        channels += [self.damping(gamma)] if gamma else []
        circuit = self.circuit_class(n)
        for name, qubits, params in gates:
            circuit.add_gate(self.gate(name, *params), qubits)
            for qubit in qubits:
                for channel in channels:
                    circuit.channel(channel, qubit)
        if method == "exact":
            return self.encode(circuit)
        circuit.measure_all()
        return self.encode(circuit)

    def run(self, method: str, built: Any, shots: int) -> Any:
        settings = self.engine.Settings(self.single, method == "exact", 1, stabilizer=method == "clifford")
        if method == "exact":
            return self.engine.probabilities(built, settings)
        return self.engine.run(built, shots, 1, settings).counts(dict)


class CoratrixSingle(Coratrix):
    single = True
    methods = ("trajectories",)


class Prism:
    methods = METHODS

    def __init__(self) -> None:
        import prism_q

        self.prism = prism_q

    def build(self, method: str, gates: GateList, n: int, noise: Noise) -> Any:
        builder, channel = self.prism.CircuitBuilder(n), self.prism.NoiseChannel
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            getattr(builder, name)(*params, *wires)
        if method != "exact":
            builder.measure_all()
        circuit = builder.build()
        model = self.prism.NoiseModel.empty(circuit)
        for index, (_, qubits, _) in enumerate(gates):
            for qubit in qubits:
                if noise[0]:
                    model.add_event(index, channel.depolarizing(noise[0]), [n - 1 - qubit])
                if noise[1]:
                    model.add_event(index, channel.amplitude_damping(noise[1]), [n - 1 - qubit])
        return circuit, model

    def run(self, method: str, built: Any, shots: int) -> Any:
        (circuit, model), kind = built, self.prism.BackendKind
        if method == "clifford":
            return self._counts(self.prism.CompiledSampler(circuit, 1, model).sample_counts(shots))
        simulation = self.prism.simulate(circuit).noise(model).seed(1)
        if method == "exact":
            return np.asarray(simulation.backend(kind.density_matrix()).run().probabilities)
        return self._counts(simulation.backend(kind.statevector()).sample_counts(shots).counts())

    def _counts(self, counts: dict[str, int]) -> dict[str, int]:
        """Bit k of its keys is its qubit k, which is our n-1-k."""
        return {key[::-1]: count for key, count in counts.items()}


class Qsim:
    methods = ("trajectories",)

    def __init__(self) -> None:
        import cirq
        import qsimcirq

        self.cirq = cirq
        self.simulator = qsimcirq.QSimSimulator({"t": 1, "f": 3, "v": 0}, seed=1)

    def build(self, method: str, gates: GateList, n: int, noise: Noise) -> Any:
        cirq = self.cirq
        wires = cirq.LineQubit.range(n)
        p, gamma = noise
        ops = []
        for name, qubits, params in gates:
            gate = cirq.CZ if name == "cz" else cirq.MatrixGate(u_matrix(*params), unitary_check=False)
            ops.append(gate(*[wires[q] for q in qubits]))
            for q in qubits:
                ops += [cirq.depolarize(p)(wires[q])] if p else []
                ops += [cirq.amplitude_damp(gamma)(wires[q])] if gamma else []
        return cirq.Circuit(ops, cirq.measure(*wires, key="m"))

    def run(self, method: str, built: Any, shots: int) -> Any:
        bits = self.simulator.run(built, repetitions=shots).measurements["m"]
        rows, counts = np.unique(bits, axis=0, return_counts=True)
        return {"".join(map(str, row)): int(count) for row, count in zip(rows, counts, strict=True)}


class Aer:
    methods = METHODS

    def __init__(self) -> None:
        import qiskit
        import qiskit_aer

        self.qiskit, self.aer = qiskit, qiskit_aer

    def build(self, method: str, gates: GateList, n: int, noise: Noise) -> Any:
        errors = self.aer.noise
        p, gamma = noise
        channels = [errors.depolarizing_error(4 * p / 3, 1).to_instruction()] if p else []
        channels += [errors.amplitude_damping_error(gamma).to_instruction()] if gamma else []
        circuit = self.qiskit.QuantumCircuit(n)
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            getattr(circuit, name)(*params, *wires)
            for wire in wires:
                for channel in channels:
                    circuit.append(channel, [wire])
        if method == "exact":
            circuit.save_probabilities()
        else:
            circuit.measure_all()
        return circuit

    def run(self, method: str, built: Any, shots: int) -> Any:
        name = {"exact": "density_matrix", "trajectories": "statevector", "clifford": "stabilizer"}[method]
        simulator = self.aer.AerSimulator(method=name, max_parallel_threads=1, seed_simulator=1)
        result = simulator.run(built, shots=1 if method == "exact" else shots).result()
        return result.data()["probabilities"] if method == "exact" else result.get_counts()


class Qulacs:
    methods = ("exact", "trajectories")

    def __init__(self) -> None:
        import qulacs

        self.qulacs = qulacs

    def build(self, method: str, gates: GateList, n: int, noise: Noise) -> Any:
        if method == "trajectories" and noise[1]:
            raise NotImplementedError("minutes with damping")
        made = self.qulacs.gate
        p, gamma = noise
        circuit = self.qulacs.QuantumCircuit(n)
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            circuit.add_gate(made.CZ(*wires) if name == "cz" else made.DenseMatrix(wires, u_matrix(*params)))
            for wire in wires:
                if p:
                    circuit.add_gate(made.DepolarizingNoise(wire, p))
                if gamma:
                    circuit.add_gate(made.AmplitudeDampingNoise(wire, gamma))
        return circuit, n

    def run(self, method: str, built: Any, shots: int) -> Any:
        circuit, n = built
        if method == "exact":
            rho = self.qulacs.DensityMatrix(n)
            circuit.update_quantum_state(rho)
            return rho.get_matrix().diagonal().real
        samples = self.qulacs.NoiseSimulator(circuit, self.qulacs.QuantumState(n)).execute(shots)
        values, counts = np.unique(samples, return_counts=True)
        return {format(int(v), f"0{n}b"): int(c) for v, c in zip(values, counts, strict=True)}


class Stim:
    methods = ("clifford",)

    def __init__(self) -> None:
        import stim

        self.stim = stim

    def build(self, method: str, gates: GateList, n: int, noise: Noise) -> Any:
        names = {"h": "H", "s": "S", "x": "X", "cx": "CX", "cz": "CZ"}
        circuit = self.stim.Circuit()
        for name, qubits, _ in gates:
            circuit.append(names[name], qubits)
            circuit.append("DEPOLARIZE1", qubits, noise[0])
        circuit.append("M", range(n))
        return circuit, n

    def run(self, method: str, built: Any, shots: int) -> Any:
        circuit, n = built
        packed = circuit.compile_sampler(seed=1).sample_bit_packed(shots)
        rows, counts = np.unique(packed, axis=0, return_counts=True)
        bits = np.unpackbits(rows, axis=1, count=n, bitorder="little") + ord("0")
        return {row.tobytes().decode(): int(count) for row, count in zip(bits, counts, strict=True)}


PEERS = {
    "coratrix": Coratrix,
    "coratrix-c64": CoratrixSingle,
    "prism-q": Prism,
    "qsim-c64": Qsim,
    "aer": Aer,
    "qulacs": Qulacs,
    "stim": Stim,
}
