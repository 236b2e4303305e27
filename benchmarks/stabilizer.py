"""Counts and readings of Clifford circuits, beside Stim and PRISM-Q: the same circuits, one thread, taking turns.

    python benchmarks/stabilizer.py                      # every row, a table on standard output
    python benchmarks/stabilizer.py --rows ghz-1M surface-7 --repeats 15

CPU seconds of the process, medians. "total" starts from the neutral gate list, "run" from the simulator's own circuit;
both end with what the row asks for: every reading packed into bits ("bits"), or how often each text was seen
("counts"). Ours then has the readings sorted out and counted in either case. Checked before anything is timed: every
bit, and every sum of two neighbouring bits, agrees with ours within five standard errors of the difference.
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

for variable in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[variable] = "1"

import numpy as np  # noqa: E402

Step = tuple[str, tuple[int, ...], float]
"""A gate, "measure", "reset", or an error channel ("flip", "depolarize") with its probability."""


def clifford(n: int, depth: int, p: float = 0.0, seed: int = 7) -> list[Step]:
    """Layers of random H, S, X or √X, and CX or CZ on neighbouring pairs, shifted by one every other layer."""
    rng = np.random.default_rng(seed)
    steps: list[Step] = []
    for layer in range(depth):
        steps += [(str(rng.choice(["h", "s", "x", "sx"])), (q,), 0.0) for q in range(n)]
        steps += [(str(rng.choice(["cx", "cz"])), (q, q + 1), 0.0) for q in range(layer % 2, n - 1, 2)]
    if p > 0:
        steps = [each for s in steps for each in (s, *(("depolarize", (q,), p) for q in s[1]))]
    return steps + [("measure", (q,), 0.0) for q in range(n)]


def ghz(n: int) -> list[Step]:
    chain: list[Step] = [("cx", (q, q + 1), 0.0) for q in range(n - 1)]
    return [("h", (0,), 0.0), *chain, *(("measure", (q,), 0.0) for q in range(n))]


def surface(distance: int, p: float = 1e-3) -> list[Step]:
    """Stim's rotated surface code, as many rounds as its distance, its four kinds of noise at probability p."""
    import stim

    given = stim.Circuit.generated(
        "surface_code:rotated_memory_z",
        distance=distance,
        rounds=distance,
        after_clifford_depolarization=p,
        before_measure_flip_probability=p,
        after_reset_flip_probability=p,
        before_round_data_depolarization=p,
    )
    names = {
        "H": ["h"],
        "CX": ["cx"],
        "R": ["reset"],
        "M": ["measure"],
        "MR": ["measure", "reset"],
        "X_ERROR": ["flip"],
        "DEPOLARIZE1": ["depolarize"],
        "DEPOLARIZE2": ["depolarize"],
    }
    steps: list[Step] = []
    for step in given.flattened():
        targets = [target.value for target in step.targets_copy()]
        width = 2 if step.name in ("CX", "DEPOLARIZE2") else 1
        argument = (step.gate_args_copy() or [0.0])[0]
        for k in range(0, len(targets), width) if step.name in names else ():
            steps += [(name, tuple(targets[k : k + width]), argument) for name in names[step.name]]
    return steps


@dataclass(frozen=True)
class Row:
    steps: Callable[[], list[Step]]
    shots: int
    wants: str = "bits"
    without: tuple[str, ...] = ()  # peers that do not take the circuit


ROWS = {
    "clifford-100 1k": Row(lambda: clifford(100, 10), 1000),
    "clifford-100 100k": Row(lambda: clifford(100, 10), 100_000),
    "clifford-100 100k counts": Row(lambda: clifford(100, 10), 100_000, "counts"),
    "clifford-1000 1k": Row(lambda: clifford(1000, 10), 1000),
    "clifford-1000 1k counts": Row(lambda: clifford(1000, 10), 1000, "counts"),
    "clifford-500x200 1k": Row(lambda: clifford(500, 200), 1000),
    "noisy-100 10k counts": Row(lambda: clifford(100, 10, 1e-3), 10_000, "counts"),
    "noisy-1000 1k counts": Row(lambda: clifford(1000, 10, 1e-3), 1000, "counts"),
    "surface-7 100k": Row(lambda: surface(7), 100_000, without=("prism-q",)),
    "ghz-20 1k counts": Row(lambda: ghz(20), 1000, "counts"),
    "ghz-20 1M counts": Row(lambda: ghz(20), 1_000_000, "counts"),
}


def num_qubits(steps: list[Step]) -> int:
    return 1 + max(max(qubits) for _, qubits, _ in steps)


class Coratrix:
    def __init__(self) -> None:
        from coratrix.core import QuantumCircuit
        from coratrix.core.noise import bit_flip, depolarizing_from_error_probability
        from coratrix.sim import _engine
        from coratrix.sim.program import encode

        self.circuit_class, self.engine, self.encode = QuantumCircuit, _engine, encode
        self.flip, self.depolarizing = bit_flip, depolarizing_from_error_probability
        self.settings = _engine.Settings(threads=1, stabilizer=True)

    def build(self, steps: list[Step]) -> Any:
        circuit = self.circuit_class(
            num_qubits(steps), num_clbits=sum(name == "measure" for name, _, _ in steps)
        )
        channels: dict[Any, Any] = {}
        record = 0
        gates: list[Any] = []
        for name, qubits, p in steps:
            if name not in ("measure", "reset", "flip", "depolarize"):
                gates.append((name, qubits, ()))
                continue
            circuit.extend(gates)
            gates.clear()
            if name == "measure":
                circuit.measure(qubits[0], record)
                record += 1
            elif name == "reset":
                circuit.reset(qubits[0])
            else:
                key = name, p, len(qubits)
                if key not in channels:
                    channels[key] = self.flip(p) if name == "flip" else self.depolarizing(p, len(qubits))
                circuit.channel(channels[key], *qubits)
        return self.encode(circuit.extend(gates))

    def run(self, built: Any, shots: int, wants: str) -> Any:
        if self.engine.stabilizer_obstacle(built) is not None:  # as a backend asks before it runs
            raise ValueError("not a Clifford circuit")
        if wants == "counts":
            return self.engine.run(built, shots, 1, self.settings).counts(dict)
        return self.engine.run(built, shots, 1, self.settings).arrays()

    def readings(self, found: Any, width: int) -> np.ndarray:
        rows, counts = found
        bits = np.unpackbits(rows.view(np.uint8), axis=1, count=width, bitorder="little")
        return np.repeat(bits, counts, axis=0)


class Prism:
    def __init__(self) -> None:
        import prism_q

        self.prism = prism_q

    def build(self, steps: list[Step]) -> Any:
        builder = self.prism.CircuitBuilder(num_qubits(steps))
        errors = []
        place = -1
        for name, qubits, p in steps:
            if name == "depolarize":
                errors.append((place, qubits[0], p))
            elif name == "measure":
                break  # all at the end, of all qubits
            else:
                getattr(builder, name)(*qubits)
                place += 1
        builder.measure_all()
        circuit = builder.build()
        if not errors:
            return circuit, None
        model = self.prism.NoiseModel.empty(circuit)
        for place, qubit, p in errors:
            model.add_event(place, self.prism.NoiseChannel.depolarizing(p), [qubit])
        return circuit, model

    def run(self, built: Any, shots: int, wants: str) -> Any:
        circuit, model = built
        sampler = self.prism.CompiledSampler(circuit, 1, model)
        return sampler.sample_counts(shots) if wants == "counts" else sampler.sample_packed(shots)

    def readings(self, found: Any, width: int) -> np.ndarray:
        return np.unpackbits(found, axis=1, count=width, bitorder="little")


class Stim:
    def __init__(self) -> None:
        import stim

        self.stim = stim
        self.names = {"sx": "SQRT_X", "reset": "R", "measure": "M", "flip": "X_ERROR"}

    def build(self, steps: list[Step]) -> Any:
        lines = []
        for name, qubits, p in steps:  # text: appending gate by gate takes Stim 30 times as long
            word = f"DEPOLARIZE{len(qubits)}" if name == "depolarize" else self.names.get(name, name.upper())
            argument = f"({p})" if p else ""
            lines.append(f"{word}{argument} {' '.join(map(str, qubits))}")
        return self.stim.Circuit("\n".join(lines))

    def run(self, built: Any, shots: int, wants: str) -> Any:
        packed = built.compile_sampler(seed=1).sample_bit_packed(shots)
        if wants == "bits":
            return packed
        rows, counts = np.unique(packed, axis=0, return_counts=True)
        width = built.num_measurements
        text = (np.unpackbits(rows, axis=1, count=width, bitorder="little") + ord("0")).tobytes().decode()
        return {text[k * width : (k + 1) * width]: int(count) for k, count in enumerate(counts)}

    def readings(self, found: Any, width: int) -> np.ndarray:
        return np.unpackbits(found, axis=1, count=width, bitorder="little")


PEERS = {"coratrix": Coratrix, "prism-q": Prism, "stim": Stim}


def cpu() -> float:
    return time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID)


def complaint(ours: np.ndarray, theirs: np.ndarray) -> str:
    """Why the two cannot both be right; empty if they can."""
    worst = 0.0
    for shift in (0, 1):
        one, two = (bits if shift == 0 else bits[:, 1:] ^ bits[:, :-1] for bits in (ours, theirs))
        mean = (one.mean(axis=0) + two.mean(axis=0)) / 2
        sigma = np.sqrt(2 * mean * (1 - mean) / len(ours) + 1e-12)
        worst = max(worst, float(np.max(np.abs(one.mean(axis=0) - two.mean(axis=0)) / sigma)))
    return f"{worst:.1f} standard errors away" if worst > 5 else ""


def prepare(row: Row, steps: list[Step], peers: dict[str, Any]) -> dict[str, Any]:
    """The peers that take this circuit and agree with ours."""
    ready: dict[str, Any] = {}
    width = sum(name == "measure" for name, _, _ in steps)
    shots = 20_000
    ours = None
    for name, peer in peers.items():
        if name in row.without:
            continue
        found = peer.readings(peer.run(peer.build(steps), shots, "bits"), width)
        ours = found if ours is None else ours
        if words := complaint(ours, found):
            print(f"  {name}: {words}: not timed", flush=True)
        else:
            ready[name] = peer
    return ready


def measure(row: Row, steps: list[Step], peers: dict[str, Any], repeats: int) -> dict[str, Any]:
    """(total, run) in CPU seconds; peers take turns."""
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in peers}
    for _ in range(repeats):
        for name, peer in peers.items():
            start = cpu()
            built = peer.build(steps)
            middle = cpu()
            found = peer.run(built, row.shots, row.wants)
            end = cpu()
            del found
            times[name].append((end - start, end - middle))
    return {name: tuple(map(statistics.median, zip(*pairs, strict=True))) for name, pairs in times.items()}


def line(name: str, times: dict[str, Any]) -> str:
    ours = times["coratrix"]
    cells = [name, f"{ours[0] * 1e3:.3g} / {ours[1] * 1e3:.3g}"]
    for peer in PEERS:
        if peer == "coratrix":
            continue
        if peer not in times:
            cells += ["-", "-"]
            continue
        total, run = times[peer]
        cells += [f"{total * 1e3:.3g} / {run * 1e3:.3g}", f"{ours[0] / total:.2f} / {ours[1] / run:.2f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS), metavar="ROW")
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    peers: dict[str, Any] = {}
    for name, made in PEERS.items():
        try:
            peers[name] = made()
        except ImportError as exc:
            print(f"  {name}: {exc}", flush=True)
    print("| row, total / run in ms | ours | PRISM-Q | ratio | Stim | ratio |", flush=True)
    print("|---|---|---|---|---|---|", flush=True)
    for name in given.rows:
        steps = ROWS[name].steps()
        ready = prepare(ROWS[name], steps, peers)
        print(line(name, measure(ROWS[name], steps, ready, given.repeats)), flush=True)


if __name__ == "__main__":
    main()
