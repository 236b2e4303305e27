"""Runs what was submitted, with simulators that nobody here wrote.

QIR runs on Microsoft's own qdk; OpenQASM 2 on Qiskit Aer; Quil on pyQuil's QVM; IonQ's JSON, which has no
public simulator, is put gate by gate into a Qiskit circuit and run on its exact state.
Owns: `run`. Knows nothing of: HTTP, storage, jobs.

Qiskit is imported here, by the thread that makes the stand-in: version 2.6 crashes the process when it is
first imported by a thread that has ended since, and each connection is answered by a thread of its own.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qasm2, transpile
from qiskit.circuit import library as lib
from qiskit.quantum_info import Statevector
from qiskit_aer import AerSimulator


class BadProgram(Exception):
    """The provider's own words about a program that it cannot run."""


def run(input_format: str, program: bytes, params: dict[str, Any], *, profile: str, seed: int) -> Any:
    """The provider's result for ``program``, as the JSON value that it writes."""
    runner = _RUNNERS.get(input_format)
    if runner is None:
        raise BadProgram(f"the input format {input_format!r} is not known")
    try:
        return runner(program, params, profile, seed)
    except BadProgram:
        raise
    except Exception as exc:  # any complaint of a simulator is the provider's complaint
        raise BadProgram(f"{type(exc).__name__}: {exc}") from exc


def _shots(params: dict[str, Any]) -> int:
    shots = params.get("shots", params.get("count"))
    if not isinstance(shots, int) or not 1 <= shots <= 10_000:
        raise BadProgram(f"shots must be 1 to 10000, not {shots!r}")
    return shots


# QIR ---------------------------------------------------------------------------------------


def _qir(program: bytes, params: dict[str, Any], profile: str, seed: int) -> Any:
    from qdk.simulation import run_qir

    text = program if program[:2] == b"BC" else program.decode()
    entry = str(params.get("entryPoint"))
    if isinstance(text, str):
        if f"define i64 @{entry}(" not in text:
            raise BadProgram(f"the entry point {entry!r} is not in the program")
        declared = re.search(r'"qir_profiles"="(\w+)_profile"', text)
        if profile == "Base" and (declared is None or declared[1] != "base"):
            raise BadProgram("this target runs the base profile only")
    shots = [_plain(shot) for shot in run_qir(text, _shots(params), seed=seed)]
    counted = Counter(json.dumps(shot) for shot in shots)
    histogram = [{"Outcome": json.loads(k), "Display": k, "Count": n} for k, n in sorted(counted.items())]
    return {
        "DataFormat": "microsoft.quantum-results.v2",
        "Results": [{"Histogram": histogram, "Shots": shots}],
    }


def _plain(outcome: Any) -> Any:
    """qdk's outcome in the service's JSON: results 0 and 1, tuples as Item1, Item2, ..."""
    if isinstance(outcome, tuple):
        return {f"Item{k}": _plain(part) for k, part in enumerate(outcome, 1)}
    if isinstance(outcome, list):
        return [_plain(part) for part in outcome]
    return int(str(outcome) == "One")


# IonQ's JSON -------------------------------------------------------------------------------


def _ionq(program: bytes, params: dict[str, Any], profile: str, seed: int) -> Any:
    _shots(params)
    body = json.loads(program)
    if unknown := set(body) - {"qubits", "circuit", "gateset", "format"}:
        raise BadProgram(f"unknown fields {sorted(unknown)}")
    circuit = QuantumCircuit(body["qubits"])
    for entry in body["circuit"]:
        circuit.append(_ionq_gate(entry), _ionq_qubits(entry))
    probabilities = Statevector(circuit).probabilities()  # index: qubit 0 is the least significant bit
    return {"histogram": {str(k): float(p) for k, p in enumerate(probabilities) if p > 1e-12}}


def _ionq_qubits(entry: dict[str, Any]) -> list[int]:
    controls = entry.get("controls", [entry["control"]] if "control" in entry else [])
    targets = entry.get("targets", [entry["target"]] if "target" in entry else [])
    return [*controls, *targets]


def _ionq_gate(entry: dict[str, Any]) -> Any:
    """One gate of the format's documentation; rotations are in radians."""
    fixed: dict[str, Callable[[], Any]] = {
        "x": lib.XGate, "not": lib.XGate, "y": lib.YGate, "z": lib.ZGate, "h": lib.HGate, "s": lib.SGate,
        "si": lib.SdgGate, "t": lib.TGate, "ti": lib.TdgGate, "v": lib.SXGate, "vi": lib.SXdgGate,
        "cnot": lib.XGate, "swap": lib.SwapGate,
    }  # fmt: skip
    turning: dict[str, Callable[[float], Any]] = {
        "rx": lib.RXGate, "ry": lib.RYGate, "rz": lib.RZGate,
        "xx": lib.RXXGate, "yy": lib.RYYGate, "zz": lib.RZZGate,
    }  # fmt: skip
    name = entry["gate"]
    known = {"gate", "target", "targets", "control", "controls", "rotation"}
    if set(entry) - known or (name in turning) != ("rotation" in entry) or name not in {**fixed, **turning}:
        raise BadProgram(f"not a gate of this format: {entry}")
    gate = turning[name](entry["rotation"]) if name in turning else fixed[name]()
    controls = len(_ionq_qubits(entry)) - gate.num_qubits
    if controls < 0 or (name == "cnot" and controls == 0):
        raise BadProgram(f"too few qubits: {entry}")
    return gate.control(controls) if controls else gate


# OpenQASM 2 and Quil ------------------------------------------------------------------------


def _openqasm2(program: bytes, params: dict[str, Any], profile: str, seed: int) -> Any:
    circuit = qasm2.loads(program.decode())
    if not circuit.cregs:
        raise BadProgram("the program has no classical register")
    simulator = AerSimulator(seed_simulator=seed)
    job = simulator.run(
        transpile(circuit, simulator, optimization_level=0), shots=_shots(params), memory=True
    )
    memory = job.result().get_memory()  # "last register ... first register", bit 0 rightmost
    columns = zip(*(shot.split(" ")[::-1] for shot in memory), strict=True)
    return {register.name: list(column) for register, column in zip(circuit.cregs, columns, strict=True)}


def _quil(program: bytes, params: dict[str, Any], profile: str, seed: int) -> Any:
    from pyquil import Program  # here: it has no release for the newest Pythons
    from pyquil.pyqvm import PyQVM  # to leave with pyQuil 5; a test that comes here ignores its warning
    from pyquil.simulation import NumpyWavefunctionSimulator

    parsed = Program(program.decode())
    parsed.wrap_in_numshots_loop(_shots(params))
    width = max(parsed.get_qubit_indices(), default=0) + 1
    machine = PyQVM(width, quantum_simulator_type=NumpyWavefunctionSimulator, seed=seed)
    memory = machine.run(parsed).get_register_map()
    return {name: np.asarray(rows).astype(int).tolist() for name, rows in memory.items() if rows is not None}


_RUNNERS: dict[str, Callable[[bytes, dict[str, Any], str, int], Any]] = {
    "qir.v1": _qir,
    "ionq.circuit.v1": _ionq,
    "honeywell.openqasm.v1": _openqasm2,
    "rigetti.quil.v1": _quil,
}
