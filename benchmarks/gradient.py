"""Gradients beside other simulators: the same ansatz and Hamiltonian, one thread, alternating in one run.

    python benchmarks/gradient.py                          # RY/RZ/CX layers, n = 12 and 20, 50 Pauli terms
    python benchmarks/gradient.py --qubits 16 --layers 5 --repeats 5

CPU seconds of the process, medians. "runs" is the gradient in units of that simulator's own run of the same circuit;
the gradient of ours includes writing the circuit and the chain rule. Before anything is timed, each peer's gradient is
compared with ours.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402  the threads are set before any library reads them
from statevector_workloads import GateList, pauli_strings, vqe  # noqa: E402

TOLERANCE = {"double": 1e-9, "single": 2e-4}


def cpu() -> float:
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


class Coratrix:
    def __init__(self, precision: str, gates: GateList, n: int, terms: list[str]) -> None:
        from coratrix.backend import BackendConfiguration
        from coratrix.core import Parameter, PauliSum, QuantumCircuit
        from coratrix.sim import SimulatorBackend, _engine
        from coratrix.sim.program import encode

        params = {"precision": precision, "num_threads": 1}
        self.backend = SimulatorBackend(BackendConfiguration("bench", "simulator", params))
        self.observable = PauliSum(dict.fromkeys(terms, 1.0))
        self.circuit, self.values = QuantumCircuit(n), {}
        for name, qubits, angles in gates:
            named = [Parameter(f"t{len(self.values) + k}") for k in range(len(angles))]
            self.values.update(zip((each.name for each in named), angles, strict=True))
            getattr(self.circuit, name)(*named, *qubits)
        program = encode(self.circuit.bind(self.values))
        settings = _engine.Settings(precision == "single", False, 1)
        self.run: Callable[[], Any] = lambda: _engine.state(program, settings)

    def gradient(self) -> np.ndarray:
        _, slopes = self.backend.gradient(self.circuit, self.observable, self.values)
        return np.array([slopes[name] for name in self.values])


class Lightning:
    """PennyLane's lightning.qubit, `adjoint`; its run returns one ⟨Z⟩ and not the state."""

    def __init__(self, precision: str, gates: GateList, n: int, terms: list[str]) -> None:
        import pennylane as qml

        dtype = np.complex64 if precision == "single" else np.complex128
        device = qml.device("lightning.qubit", wires=n, c_dtype=dtype)
        words = [qml.pauli.string_to_pauli_word(text) for text in terms]
        table = {"ry": qml.RY, "rz": qml.RZ, "cx": qml.CNOT}
        with qml.QueuingManager.stop_recording():
            ops = [table[name](*angles, wires=qubits) for name, qubits, angles in gates]
            hamiltonian = qml.Hamiltonian([1.0] * len(words), words)
        angles_only = range(sum(len(angles) for _, _, angles in gates))
        tape = qml.tape.QuantumScript(ops, [qml.expval(hamiltonian)], trainable_params=angles_only)
        plain = qml.tape.QuantumScript(ops, [qml.expval(qml.Z(0))])
        adjoint = qml.devices.ExecutionConfig(gradient_method="adjoint")
        self.run = lambda: device.execute(plain)
        self._derivatives = lambda: device.compute_derivatives(tape, adjoint)

    def gradient(self) -> np.ndarray:
        return np.array(self._derivatives(), dtype=float).ravel()


class Prism:
    """PRISM-Q; its qubit 0 is the least significant, so wires are reversed."""

    def __init__(self, precision: str, gates: GateList, n: int, terms: list[str]) -> None:
        if precision == "single":
            raise NotImplementedError("double precision only")
        import prism_q

        builder, slots = prism_q.CircuitBuilder(n), 0
        for name, qubits, angles in gates:
            getattr(builder, name)(*angles, *(n - 1 - q for q in qubits))
            if angles:
                builder.param(slots)
                slots += 1
        circuit, links = builder.build(), builder.parameter_links()
        kind = prism_q.BackendKind.statevector()
        hamiltonian = [
            (1.0, [(n - 1 - q, letter) for q, letter in enumerate(text) if letter != "I"]) for text in terms
        ]
        self.run = lambda: prism_q.simulate(circuit).backend(kind).state_vector()
        self._gradient = lambda: prism_q.simulate(circuit).expectation_gradient(hamiltonian, links)

    def gradient(self) -> np.ndarray:
        return np.asarray(self._gradient()[1])


PEERS = {"coratrix": Coratrix, "lightning adjoint": Lightning, "prism-q": Prism}


def prepare(precision: str, gates: GateList, n: int, terms: list[str]) -> dict[str, Any]:
    """The simulators that serve this row and agree with ours."""
    ready: dict[str, Any] = {}
    for name, peer in PEERS.items():
        try:
            made = peer(precision, gates, n, terms)
        except (NotImplementedError, ImportError):
            continue
        found = made.gradient()
        wanted = ready["coratrix"].gradient() if ready else found
        if (gap := float(np.max(np.abs(found - wanted)))) > TOLERANCE[precision]:
            print(f"  {name} differs from ours by {gap:.1e}: not timed", flush=True)
            continue
        ready[name] = made
    return ready


def measure(peers: dict[str, Any], repeats: int) -> dict[str, tuple[float, float]]:
    """(run, gradient) of each, in CPU seconds; they take turns."""
    times: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            for kind, work in enumerate((peer.run, peer.gradient)):
                start = cpu()
                work()
                times[name][kind].append(cpu() - start)
    return {
        name: (statistics.median(runs), statistics.median(grads)) for name, (runs, grads) in times.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--qubits", type=int, nargs="+", default=[12, 20])
    parser.add_argument("--layers", type=int, default=10)
    parser.add_argument("--terms", type=int, default=50)
    parser.add_argument("--precisions", nargs="+", default=["single", "double"], choices=["single", "double"])
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    print("milliseconds of CPU time, one thread, medians\n")
    print("| row | simulator | run | gradient | in runs | ours / it |\n|---|---|---|---|---|---|")
    for n in chosen.qubits:
        gates, terms = vqe(n, chosen.layers), list(dict.fromkeys(pauli_strings(n, chosen.terms)))
        for precision in chosen.precisions:
            times = measure(prepare(precision, gates, n, terms), chosen.repeats)
            ours = times["coratrix"][1]
            row = f"n={n}, {2 * n * chosen.layers} parameters, {'c64' if precision == 'single' else 'c128'}"
            for name, (run, gradient) in times.items():
                figures = (
                    f"{run * 1e3:.3g} | {gradient * 1e3:.3g} | {gradient / run:.1f} | {ours / gradient:.2f}"
                )
                print(f"| {row} | {name} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
