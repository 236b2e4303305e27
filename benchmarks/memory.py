"""Peak memory of our simulator beside the size of the state: 16·2^n bytes, 8·2^n in single precision.

    python benchmarks/memory.py                    # 20 to 26 qubits
    python benchmarks/memory.py --large            # 28 qubits in double, 29 in single precision: 4 GiB each
    python benchmarks/memory.py --qubits 24 --tasks counts

Every run has a process of its own, and its figure is the growth of that process's peak (VmHWM, so Linux only) over
the one before the run, the interpreter and the libraries left out. At the end, circuits that cannot fit are refused:
what that took is shown too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from statevector_workloads import brick, pauli_strings

TASKS = ("state", "counts", "expectation")
MIB = 1 << 20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--qubits", type=int, nargs="+", default=[20, 22, 24, 26])
    parser.add_argument("--precisions", nargs="+", default=["single", "double"], choices=["single", "double"])
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS)
    parser.add_argument("--large", action="store_true", help="28 qubits in double, 29 in single precision")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        task, n, precision = given.one
        print(line(task, int(n), precision), flush=True)
        return
    print(
        "| task | state, MiB | peak, MiB | beyond the state, MiB | seconds |\n|---|---|---|---|---|",
        flush=True,
    )
    for run in [*_wanted(given), *_too_large()]:
        subprocess.run([sys.executable, __file__, "--one", *run], check=True)


def _wanted(given: argparse.Namespace) -> Iterator[tuple[str, str, str]]:
    sizes = [(n, precision) for n in given.qubits for precision in given.precisions]
    sizes = [(28, "double"), (29, "single")] if given.large else sizes
    yield from ((task, str(n), precision) for task in given.tasks for n, precision in sizes)


def _too_large() -> Iterator[tuple[str, str, str]]:
    """The smallest states that the free memory cannot hold."""
    free = free_bytes()
    for precision, size in (("single", 8), ("double", 16)):
        yield "state", str((free // size).bit_length()), precision


def free_bytes() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))


def peak_bytes() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))


def line(task: str, n: int, precision: str) -> str:
    """One run in this process."""
    from coratrix.backend import BackendConfiguration
    from coratrix.backend.errors import InsufficientMemoryError
    from coratrix.sim import SimulatorBackend

    backend = SimulatorBackend(
        BackendConfiguration("memory", "simulator", {"precision": precision, "seed": 1})
    )
    answer(backend, task, 4)  # what is loaded and made once
    before, started = peak_bytes(), time.perf_counter()
    try:
        answer(backend, task, n)
        title = f"{task} n={n} {precision}"
    except InsufficientMemoryError:
        title = f"refused: {task} n={n} {precision}"
    seconds, grown = time.perf_counter() - started, peak_bytes() - before
    state = (8 if precision == "single" else 16) << n
    beyond = "-" if title.startswith("refused") else f"{(grown - state) / MIB:.1f}"
    return f"| {title} | {state / MIB:.0f} | {grown / MIB:.1f} | {beyond} | {seconds:.2f} |"


def answer(backend: Any, task: str, n: int) -> Any:
    from coratrix.core import PauliSum, QuantumCircuit

    circuit = QuantumCircuit(n)
    for name, qubits, params in brick(n, 4):
        getattr(circuit, name)(*params, *qubits)
    if task == "state":
        return backend.statevector(circuit)
    if task == "counts":
        return backend.execute(circuit, 1000)
    return backend.expectation(circuit, PauliSum(dict.fromkeys(pauli_strings(n, 10, 3), 1.0)))


if __name__ == "__main__":
    main()
