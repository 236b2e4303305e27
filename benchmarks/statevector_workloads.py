"""The circuits of the benchmarks, as neutral gate lists.

A gate is (name, qubits, params) with the names of coratrix.core; "unitary" carries its matrix as params[0], the
first qubit being the most significant bit; "measure" carries its classical bit, "x_if" and "z_if" the bit that
must read 1. Owns: the workloads. Knows nothing of: simulators.
"""

from __future__ import annotations

from typing import Any

import numpy as np

GateList = list[tuple[str, tuple[int, ...], tuple[Any, ...]]]


def u_matrix(theta: float, phi: float, lam: float) -> np.ndarray:
    """The gate "u", for simulators that have none like it."""
    c, s = np.cos(theta / 2), np.sin(theta / 2)
    return np.array([[c, -np.exp(1j * lam) * s], [np.exp(1j * phi) * s, np.exp(1j * (phi + lam)) * c]])


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


def ghz(n: int) -> GateList:
    """(|0…0⟩ + |1…1⟩)/√2."""
    return [("h", (0,), ()), *[("cx", (q, q + 1), ()) for q in range(n - 1)]]


def teleport() -> GateList:
    """A state of qubit 0 goes to qubit 2, corrected by two measured bits, and is measured into bit 2."""
    return [
        ("u", (0,), (1.1, 0.4, 0.7)),
        ("h", (1,), ()),
        ("cx", (1, 2), ()),
        ("cx", (0, 1), ()),
        ("h", (0,), ()),
        ("measure", (0,), (0,)),
        ("measure", (1,), (1,)),
        ("x_if", (2,), (1,)),
        ("z_if", (2,), (0,)),
        ("measure", (2,), (2,)),
    ]


def repeat(n: int, rounds: int = 5) -> GateList:
    """Rounds of a short brick circuit and a measurement of every qubit, each into bits of its own."""
    out: GateList = []
    for k in range(rounds):
        out += brick(n, 2, seed=8 + k)
        out += [("measure", (q,), (k * n + q,)) for q in range(n)]
    return out


def pauli_strings(n: int, count: int = 50, weight: int = 6, seed: int = 6) -> list[str]:
    """Different random Pauli strings of weight at most ``weight``; the leftmost letter is qubit 0."""
    rng = np.random.default_rng(seed)
    out: dict[str, None] = {}
    while len(out) < count:
        letters = ["I"] * n
        for qubit in rng.choice(n, rng.integers(1, weight + 1), replace=False):
            letters[qubit] = str(rng.choice(list("XYZ")))
        out["".join(letters)] = None
    return list(out)
