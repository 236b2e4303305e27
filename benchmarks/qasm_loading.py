"""How fast OpenQASM text becomes a circuit: ours beside qiskit.qasm2, qiskit.qasm3 and pyqasm, in one run.

    pip install 'coratrix-core[qasm]' qiskit qiskit-qasm3-import pyqasm
    python benchmarks/qasm_loading.py --lines 10000 100000 --repeats 5

The programs are written here: flat random circuits, and circuits of user-defined gates. Loaders take turns,
so that a change of the machine's load meets all of them; the table gives the median and the range. A loader
that is not installed is left out and named; one that needs longer than ``--patience`` seconds is not asked
again. qiskit.qasm2 keeps user-defined gates as they are; the others put the gates of their bodies in place.
"""

from __future__ import annotations

import argparse
import importlib
import random
import statistics
import time
from collections.abc import Callable
from typing import Any

Loader = Callable[[str], Any]
QUBITS = 20


def flat(lines: int, version: int, seed: int = 1) -> str:
    """Lines of one gate each on random qubits, a third of them with an angle."""
    pick = random.Random(seed)
    head = _head(version)
    for _ in range(lines):
        a, b = pick.sample(range(QUBITS), 2)
        angle = pick.uniform(-3, 3)
        head.append(pick.choice([f"h q[{a}];", f"rz({angle!r}) q[{a}];", f"cx q[{a}], q[{b}];"]))
    return "\n".join(head)


def nested(lines: int, version: int, seed: int = 2) -> str:
    """Calls of two user-defined gates, one through the other, with computed angles."""
    pick = random.Random(seed)
    head = _head(version)
    head.append("gate inner(t) a, b { cx a, b; rz(t/2) b; cx a, b; }")
    head.append("gate outer(t, s) a, b { h a; inner(t + s) a, b; ry(-s) b; }")
    for k in range(lines):
        a, b = pick.sample(range(QUBITS), 2)
        head.append(f"outer({k % 7}*pi/8, {pick.uniform(-3, 3)!r}) q[{a}], q[{b}];")
    return "\n".join(head)


def _head(version: int) -> list[str]:
    if version == 2:
        return ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{QUBITS}];", f"creg c[{QUBITS}];"]
    return ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{QUBITS}] q;", f"bit[{QUBITS}] c;"]


def loaders(version: int) -> dict[str, Loader]:
    """Every loader of a version that is installed."""
    from coratrix.core import qasm

    found: dict[str, Loader] = {"coratrix": qasm.loads}
    others = {2: [("qiskit.qasm2", "loads")], 3: [("qiskit.qasm3", "loads")]}[version]
    for module, function in others:
        _add(found, module, module, lambda m, f=function: getattr(m, f))
    _add(found, "pyqasm", "pyqasm", lambda m: lambda text: _unrolled(m, text))
    return found


def _add(found: dict[str, Loader], name: str, module: str, take: Callable[[Any], Loader]) -> None:
    try:
        found[name] = take(importlib.import_module(module))
    except ImportError as exc:
        print(f"({name} is left out: {exc})")


def _unrolled(pyqasm: Any, text: str) -> Any:
    """pyqasm gives a tree first; unrolling checks it and puts gates in place, as the others do at once."""
    program = pyqasm.loads(text)
    program.unroll()
    return program


def measured(
    text: str, candidates: dict[str, Loader], repeats: int, patience_s: float
) -> dict[str, list[float]]:
    """Seconds of each loader, in turns."""
    seconds: dict[str, list[float]] = {name: [] for name in candidates}
    for _ in range(repeats):
        for name, load in candidates.items():
            if seconds[name] and seconds[name][-1] > patience_s:
                continue
            begin = time.perf_counter()
            load(text)
            seconds[name].append(time.perf_counter() - begin)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--patience", type=float, default=20.0)
    options = parser.parse_args()
    print("| program | version | lines | loader | median s | range s | lines/s |")
    print("|---|---|---|---|---|---|---|")
    for version in (2, 3):
        candidates = loaders(version)
        tired: set[str] = set()
        for lines in sorted(options.lines):
            for make in (flat, nested):
                asked = {name: load for name, load in candidates.items() if name not in tired}
                result = measured(make(lines, version), asked, options.repeats, options.patience)
                for name, seconds in result.items():
                    middle = statistics.median(seconds)
                    tired |= {name} if middle > options.patience else set()
                    spread = f"{min(seconds):.3f} to {max(seconds):.3f}"
                    print(f"| {make.__name__} | {version} | {lines} | {name} | {middle:.3f} | {spread} "
                          f"| {lines / middle:,.0f} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
