"""Small circuits: where the time of one goes, beside PRISM-Q and scaluq.

    python benchmarks/small_circuits.py                 # every row
    python benchmarks/small_circuits.py --repeats 300 --rows brick batch

CPU microseconds of the process, one thread, medians; all take turns in one run. Each starts at the same neutral gate
list. "build" makes the simulator's own circuit, "run" its state or its counts. Ours builds in two ways: by the gate
methods (`circuit.u(...)`, one call a gate) and by `circuit.extend`, one call a list; "encode" turns the circuit into
the engine's program and "engine" is the run alone, below the public face. Before anything is timed the states must
agree with ours, and what counts say of each qubit lies within 5 standard errors of our probabilities. "ratio" is
ours (extend, public face) over the faster peer, whole.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"
os.environ.setdefault("OMP_PROC_BIND", "false")

import numpy as np  # noqa: E402  the threads are set before any library reads them
import prism_q  # noqa: E402
import scaluq  # noqa: E402
from statevector_workloads import WORKLOADS, GateList, brick  # noqa: E402

from coratrix.backend import BackendConfiguration  # noqa: E402
from coratrix.core import QuantumCircuit  # noqa: E402
from coratrix.sim import SimulatorBackend, _engine  # noqa: E402
from coratrix.sim.program import encode  # noqa: E402

SHOTS = 1000
BATCH = 1000


class Ours:
    """Coratrix at its public face."""

    def __init__(self) -> None:
        params = {"num_threads": 1, "seed": 5}
        self.backend = SimulatorBackend(BackendConfiguration("bench", "simulator", params))
        self.settings = _engine.Settings(False, False, 1)

    def build(self, gates: GateList, n: int, measured: bool) -> QuantumCircuit:
        circuit = QuantumCircuit(n).extend(gates)
        return circuit.measure_all() if measured else circuit

    def state(self, circuit: QuantumCircuit) -> Any:
        return self.backend.statevector(circuit)

    def counts(self, circuit: QuantumCircuit) -> Mapping[str, int]:
        return self.backend.execute(circuit, SHOTS).counts

    def batch(self, circuits: Sequence[QuantumCircuit]) -> list[Mapping[str, int]]:
        return [result.counts for result in self.backend.execute_batch(circuits, SHOTS)]


class Prism:
    """PRISM-Q; its qubit n-1-q is our q, so that both walk memory alike."""

    def build(self, gates: GateList, n: int, measured: bool) -> Any:
        builder, gate = prism_q.CircuitBuilder(n), prism_q.Gate
        for name, qubits, params in gates:
            wires = [n - 1 - q for q in qubits]
            if name == "unitary":
                builder.gate(gate.unitary(params[0]), wires)
            else:
                getattr(builder, "cphase" if name == "cp" else name)(*params, *wires)
        return builder.measure_all().build() if measured else builder.build()

    def state(self, circuit: Any) -> Any:
        return self._simulation(circuit).state_vector()

    def counts(self, circuit: Any) -> Any:
        return self._simulation(circuit).sample_counts(SHOTS).counts()

    def batch(self, circuits: Sequence[Any]) -> list[Any]:
        return [self.counts(circuit) for circuit in circuits]

    def _simulation(self, circuit: Any) -> Any:
        return prism_q.simulate(circuit).backend(prism_q.BackendKind.statevector())


class Scaluq:
    """scaluq, gates merged into blocks of two qubits except for single calls of few gates."""

    def __init__(self) -> None:
        self.space = scaluq.default.f64

    def build(self, gates: GateList, n: int, measured: bool) -> Any:
        circuit = self.space.Circuit()
        for name, qubits, params in gates:
            circuit.add_gate(self._gate(name, [n - 1 - q for q in qubits], params))
        if n > 4:
            circuit.optimize(2)
        return circuit, n

    def _gate(self, name: str, wires: list[int], params: tuple[Any, ...]) -> Any:
        g = self.space.gate
        plain = {
            "h": g.H, "swap": g.Swap, "rx": g.RX, "ry": g.RY, "rz": g.RZ, "u": g.U3, "cz": g.CZ, "cx": g.CX,
        }  # fmt: skip
        if name == "cp":
            return g.U1(wires[1], params[0], [wires[0]])
        if name == "rzz":
            return g.PauliRotation(self.space.PauliOperator(f"Z {wires[0]} Z {wires[1]}", 1.0), params[0])
        if name == "unitary":
            return g.DenseMatrix(wires[::-1], params[0])
        return plain[name](*wires, *params)

    def state(self, built: Any) -> Any:
        circuit, n = built
        state = self.space.StateVector(n)
        circuit.update_quantum_state(state)
        return state

    def counts(self, built: Any) -> Any:
        return self.state(built).sampling(SHOTS, 5)

    def batch(self, circuits: Sequence[Any]) -> list[Any]:
        return [self.counts(circuit) for circuit in circuits]


PEERS: dict[str, Any] = {"prism-q": Prism, "scaluq": Scaluq}


def cpu() -> float:
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def medians(works: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, float]:
    """CPU microseconds of each piece of work; they take turns."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            start = cpu()
            result = work()
            times[name].append(cpu() - start)
            del result
    return {name: statistics.median(taken) * 1e6 for name, taken in times.items()}


def amplitudes(result: Any) -> np.ndarray:
    return np.asarray(result.get_amplitudes() if hasattr(result, "get_amplitudes") else result)


def require_same_state(name: str, ours: Any, theirs: Any) -> None:
    """Equal up to a global phase, to rounding."""
    a, b = amplitudes(ours), amplitudes(theirs)
    overlap = np.vdot(a, b)
    gap = float(np.max(np.abs(a * (overlap / abs(overlap)) - b)))
    if gap > 1e-10:
        raise SystemExit(f"{name}: amplitudes differ by {gap:.1e}")


def require_likely_counts(name: str, counts: Any, probabilities: np.ndarray) -> None:
    """The probability of reading 1 from each qubit within 5 standard errors."""
    n = len(probabilities).bit_length() - 1
    seen = np.zeros(len(probabilities))
    if isinstance(counts, list):
        seen += np.bincount(counts, minlength=len(seen))
    else:
        for key, count in counts.items():
            seen[int(key if name == "coratrix" else key[::-1], 2)] += count
    bits = np.arange(len(seen))[:, None] >> np.arange(n) & 1
    wanted, found = probabilities @ bits, seen @ bits / SHOTS
    if seen.sum() != SHOTS or (np.abs(found - wanted) > 5 * np.sqrt(wanted * (1 - wanted) / SHOTS)).any():
        raise SystemExit(f"{name}: counts of {n} qubits are not those of the state")


def by_methods(gates: GateList, n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    for name, qubits, params in gates:
        if name == "unitary":
            circuit.unitary(params[0], qubits)
        else:
            getattr(circuit, name)(*params, *qubits)
    return circuit


def state_row(workload: str, n: int, repeats: int) -> str:
    """From the gate list to the amplitudes."""
    gates, ours = WORKLOADS[workload](n), Ours()
    others = {name: make() for name, make in PEERS.items()}
    wanted = ours.state(ours.build(gates, n, False))
    for name, peer in others.items():
        require_same_state(name, wanted, peer.state(peer.build(gates, n, False)))
    circuit = ours.build(gates, n, False)
    program = encode(circuit)
    found = medians(
        {
            "methods": lambda: by_methods(gates, n),
            "extend": lambda: ours.build(gates, n, False),
            "encode": lambda: encode(circuit),
            "engine": lambda: _engine.state(program, ours.settings),
            "whole": lambda: ours.state(ours.build(gates, n, False)),
            **whole_and_build(others, lambda peer, built: peer.state(built), gates, n, False),
        },
        repeats,
    )
    return line(f"{workload} n={n}, {len(gates)} gates", found, others)


def counts_row(workload: str, n: int, repeats: int) -> str:
    """From the gate list to the counts of 1,000 shots."""
    gates, ours = WORKLOADS[workload](n), Ours()
    others = {name: make() for name, make in PEERS.items()}
    probabilities = np.abs(ours.state(ours.build(gates, n, False))) ** 2
    for name, peer in {"coratrix": ours, **others}.items():
        require_likely_counts(name, peer.counts(peer.build(gates, n, True)), probabilities)
    circuit = ours.build(gates, n, True)
    program = encode(circuit)
    found = medians(
        {
            "methods": lambda: by_methods(gates, n).measure_all(),
            "extend": lambda: ours.build(gates, n, True),
            "encode": lambda: encode(circuit),
            "engine": lambda: _engine.run(program, SHOTS, 5, ours.settings),
            "whole": lambda: ours.counts(ours.build(gates, n, True)),
            **whole_and_build(others, lambda peer, built: peer.counts(built), gates, n, True),
        },
        repeats,
    )
    return line(f"{workload} n={n}, {SHOTS} shots", found, others)


def batch_row(repeats: int) -> str:
    """A thousand different circuits of 4 qubits, 1,000 shots each; microseconds per circuit."""
    lists, ours = [brick(4, 5, seed) for seed in range(BATCH)], Ours()
    others = {name: make() for name, make in PEERS.items()}

    def built(peer: Any) -> list[Any]:
        return [peer.build(gates, 4, True) for gates in lists]

    for name, peer in {"coratrix": ours, **others}.items():
        for gates, counts in zip(lists[:20], peer.batch(built(peer)[:20]), strict=True):
            require_likely_counts(name, counts, np.abs(ours.state(ours.build(gates, 4, False))) ** 2)
    circuits = built(ours)
    programs, seeds = [encode(circuit) for circuit in circuits], list(range(BATCH))
    found = medians(
        {
            "methods": lambda: [by_methods(gates, 4).measure_all() for gates in lists],
            "extend": lambda: built(ours),
            "encode": lambda: [encode(circuit) for circuit in circuits],
            "engine": lambda: _engine.run_batch(programs, [SHOTS] * BATCH, seeds, ours.settings),
            "whole": lambda: ours.batch(built(ours)),
            **{name: lambda peer=peer: peer.batch(built(peer)) for name, peer in others.items()},
            **{f"{name} build": lambda peer=peer: built(peer) for name, peer in others.items()},
        },
        max(repeats // 10, 5),
    )
    per_circuit = {name: taken / BATCH for name, taken in found.items()}
    return line(f"batch of {BATCH}, n=4, 28 gates, {SHOTS} shots", per_circuit, others)


def whole_and_build(
    others: Mapping[str, Any], finish: Callable[[Any, Any], Any], gates: GateList, n: int, measured: bool
) -> dict[str, Callable[[], Any]]:
    """Each peer's whole call, and its building alone."""
    whole = {name: lambda p=peer: finish(p, p.build(gates, n, measured)) for name, peer in others.items()}
    build = {f"{name} build": lambda p=peer: p.build(gates, n, measured) for name, peer in others.items()}
    return {**whole, **build}


def line(title: str, found: Mapping[str, float], others: Mapping[str, Any]) -> str:
    best = min(others, key=lambda name: found[name])
    ours = [f"{found[part]:.1f}" for part in ("methods", "extend", "encode", "engine", "whole")]
    theirs = [f"{found[name]:.1f} ({found[f'{name} build']:.1f})" for name in others]
    ratio = f"{found['whole'] / found[best]:.2f}"
    return f"| {' | '.join([title, *ours, *theirs, ratio])} |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", default=[*WORKLOADS, "counts", "batch"])
    parser.add_argument("--qubits", type=int, nargs="+", default=[4, 10])
    parser.add_argument("--repeats", type=int, default=200)
    chosen = parser.parse_args()
    peers = " | ".join(f"{name} whole (build)" for name in PEERS)
    print(f"| µs | methods | extend | encode | engine | whole | {peers} | ratio |")
    print("|---" * (7 + len(PEERS)) + "|")
    for row in chosen.rows:
        if row == "batch":
            print(batch_row(chosen.repeats), flush=True)
        elif row == "counts":
            for n in chosen.qubits:
                print(counts_row("brick", n, chosen.repeats), flush=True)
        else:
            for n in chosen.qubits:
                print(state_row(row, n, chosen.repeats), flush=True)


if __name__ == "__main__":
    main()
