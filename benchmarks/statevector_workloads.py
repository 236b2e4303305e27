"""The circuits of the statevector benchmark, as neutral gate lists.

A gate is (name, qubits, params) with the names of coratrix.core; "unitary" carries its matrix as params[0], the
first qubit being the most significant bit. Owns: the workloads. Knows nothing of: simulators.
"""

from __future__ import annotations

from typing import Any

import numpy as np

GateList = list[tuple[str, tuple[int, ...], tuple[Any, ...]]]


def qft(n: int, seed: int = 1) -> GateList:
    """Random RY on every qubit, then the quantum Fourier transform with its swaps."""
    rng = np.random.default_rng(seed)
    out: GateList = [("ry", (q,), (float(rng.uniform(0, 3)),)) for q in range(n)]
    for q in range(n):
        out.append(("h", (q,), ()))
        out += [("cp", (k, q), (float(np.pi / 2 ** (k - q)),)) for k in range(q + 1, n)]
    return out + [("swap", (q, n - 1 - q), ()) for q in range(n // 2)]


def brick(n: int, depth: int = 20, seed: int = 2) -> GateList:
    """Layers of random U on every qubit and CZ on neighbouring pairs, shifted by one every other layer."""
    rng = np.random.default_rng(seed)
    out: GateList = []
    for layer in range(depth):
        out += [("u", (q,), tuple(map(float, rng.uniform(0, 3, 3)))) for q in range(n)]
        out += [("cz", (q, q + 1), ()) for q in range(layer % 2, n - 1, 2)]
    return out


def qv(n: int, seed: int = 3) -> GateList:
    """Quantum volume: n layers of Haar SU(4) on a random pairing."""
    rng = np.random.default_rng(seed)
    out: GateList = []
    for _ in range(n):
        order = rng.permutation(n)
        for k in range(n // 2):
            z = rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4))
            q, r = np.linalg.qr(z)
            unitary = q * (np.diag(r) / abs(np.diag(r)))
            out.append(("unitary", (int(order[2 * k]), int(order[2 * k + 1])), (unitary,)))
    return out


def qaoa(n: int, rounds: int = 5, seed: int = 4) -> GateList:
    """QAOA on a random graph with 3n/2 edges: RZZ on the edges, RX on every qubit."""
    rng = np.random.default_rng(seed)
    pairs = [(a, b) for a in range(n) for b in range(a + 1, n)]
    edges = [pairs[k] for k in rng.choice(len(pairs), min(len(pairs), 3 * n // 2), replace=False)]
    out: GateList = [("h", (q,), ()) for q in range(n)]
    for _ in range(rounds):
        gamma, beta = map(float, rng.uniform(0, 3, 2))
        out += [("rzz", edge, (gamma,)) for edge in edges]
        out += [("rx", (q,), (beta,)) for q in range(n)]
    return out


def vqe(n: int, layers: int = 10, seed: int = 5) -> GateList:
    """Layers of RY and RZ on every qubit and a ladder of CX."""
    rng = np.random.default_rng(seed)
    out: GateList = []
    for _ in range(layers):
        out += [("ry", (q,), (float(rng.uniform(0, 3)),)) for q in range(n)]
        out += [("rz", (q,), (float(rng.uniform(0, 3)),)) for q in range(n)]
        out += [("cx", (q, q + 1), ()) for q in range(n - 1)]
    return out


WORKLOADS = {"qft": qft, "brick": brick, "qv": qv, "qaoa": qaoa, "vqe": vqe}


def pauli_strings(n: int, count: int = 50, weight: int = 6, seed: int = 6) -> list[str]:
    """Random Pauli strings of weight at most ``weight``; the leftmost letter is qubit 0."""
    rng = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        letters = ["I"] * n
        for qubit in rng.choice(n, rng.integers(1, weight + 1), replace=False):
            letters[qubit] = str(rng.choice(list("XYZ")))
        out.append("".join(letters))
    return out
