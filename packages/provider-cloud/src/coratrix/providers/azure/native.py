"""The providers' own formats: IonQ's JSON, OpenQASM 2 for Quantinuum, Quil for Rigetti.

Owns: `NATIVE` and one writer per format. Each starts from the gates that qdk compiled for the base profile,
so that a gate means the same whichever way it is sent; global phases are gone by then. Pure.
Knows nothing of: circuits, targets, jobs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from coratrix.backend.errors import CircuitValidationError
from coratrix.providers.azure.qir import QirGate

Writer = Callable[[Sequence[QirGate], int, Sequence[int]], bytes]


@dataclass(frozen=True, kw_only=True)
class NativeFormat:
    """A provider's format.

    Attributes:
        reads_qubits: the result knows qubits, not bits.
    """

    input_format: str
    output_format: str
    content_type: str
    write: Writer
    reads_qubits: bool = False


def _plain(gates: Sequence[QirGate]) -> Iterator[QirGate]:
    """The same up to a global phase, with gates that every format has: no SWAP, CY, SX or two-qubit turns."""
    for gate in gates:
        rule = _REWRITTEN.get(gate.name)
        yield from rule(gate) if rule else (gate,)


def _gate(name: str, *qubits: int, params: tuple[float, ...] = ()) -> QirGate:
    return QirGate(name=name, params=params, qubits=qubits)


def _cy(gate: QirGate) -> list[QirGate]:
    control, target = gate.qubits
    return [_gate("s_adj", target), _gate("cx", control, target), _gate("s", target)]


def _swap(gate: QirGate) -> list[QirGate]:
    a, b = gate.qubits
    return [_gate("cx", a, b), _gate("cx", b, a), _gate("cx", a, b)]


def _turn_about(before: str, angle: float) -> Callable[[QirGate], list[QirGate]]:
    """exp(-iθ/2·P⊗P): ZZ by two CX and an RZ, in the basis where P is Z."""

    def rule(gate: QirGate) -> list[QirGate]:
        a, b = gate.qubits
        middle = [_gate("cx", a, b), _gate("rz", b, params=gate.params), _gate("cx", a, b)]
        if not before:
            return middle
        into = [_gate(before, q, params=(angle,) if angle else ()) for q in (a, b)]
        back = [_gate(before, q, params=(-angle,) if angle else ()) for q in (a, b)]
        return [*into, *middle, *back]

    return rule


_REWRITTEN: dict[str, Callable[[QirGate], list[QirGate]]] = {
    "cy": _cy,
    "swap": _swap,
    "sx": lambda gate: [_gate("rx", *gate.qubits, params=(math.pi / 2,))],
    "rxx": _turn_about("h", 0.0),
    "ryy": _turn_about("rx", math.pi / 2),
    "rzz": _turn_about("", 0.0),
}


def _named(gate: QirGate, names: dict[str, str], language: str) -> str:
    if gate.name not in names:
        raise CircuitValidationError(f"{language} has no form of {gate.name!r}")
    return names[gate.name]


# IonQ ------------------------------------------------------------------------------------------

_IONQ = {
    "x": "x", "y": "y", "z": "z", "h": "h", "s": "s", "s_adj": "si", "t": "t", "t_adj": "ti",
    "sx": "v", "rx": "rx", "ry": "ry", "rz": "rz", "rxx": "xx", "ryy": "yy", "rzz": "zz",
    "cx": "x", "cy": "y", "cz": "z", "ccx": "x", "swap": "swap",
}  # fmt: skip
_CONTROLS = {"cx": 1, "cy": 1, "cz": 1, "ccx": 2}


def _ionq(gates: Sequence[QirGate], num_qubits: int, measured: Sequence[int]) -> bytes:
    """IonQ measures every qubit by itself; which ones count is told apart when the result is read."""
    listed = []
    for gate in gates:
        count = _CONTROLS.get(gate.name, 0)
        entry: dict[str, Any] = {
            "gate": _named(gate, _IONQ, "IonQ's format"),
            "targets": list(gate.qubits[count:]),
        }
        if count:
            entry["controls"] = list(gate.qubits[:count])
        if gate.params:
            entry["rotation"] = gate.params[0]
        listed.append(entry)
    return json.dumps({"gateset": "qis", "qubits": num_qubits, "circuit": listed}).encode()


# OpenQASM 2 ------------------------------------------------------------------------------------

_OPENQASM2 = {
    "x": "x", "y": "y", "z": "z", "h": "h", "s": "s", "s_adj": "sdg", "t": "t", "t_adj": "tdg",
    "rx": "rx", "ry": "ry", "rz": "rz", "cx": "cx", "cz": "cz", "ccx": "ccx",
}  # fmt: skip


def _openqasm2(gates: Sequence[QirGate], num_qubits: int, measured: Sequence[int]) -> bytes:
    lines = ["OPENQASM 2.0;", 'include "qelib1.inc";', f"qreg q[{num_qubits}];", f"creg m[{len(measured)}];"]
    for gate in _plain(gates):
        angle = f"({gate.params[0]!r})" if gate.params else ""
        places = ", ".join(f"q[{q}]" for q in gate.qubits)
        lines.append(f"{_named(gate, _OPENQASM2, 'OpenQASM 2')}{angle} {places};")
    lines += [f"measure q[{qubit}] -> m[{bit}];" for bit, qubit in enumerate(measured)]
    return ("\n".join(lines) + "\n").encode()


# Quil ------------------------------------------------------------------------------------------

# Modifiers such as DAGGER are Quil too, and pyQuil's own simulator passes over them without a word.
_QUIL = {
    "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "t": "T",
    "s_adj": f"PHASE({-math.pi / 2!r})", "t_adj": f"PHASE({-math.pi / 4!r})",
    "rx": "RX", "ry": "RY", "rz": "RZ", "cx": "CNOT", "cz": "CZ", "ccx": "CCNOT",
}  # fmt: skip


def _quil(gates: Sequence[QirGate], num_qubits: int, measured: Sequence[int]) -> bytes:
    lines = [f"DECLARE ro BIT[{len(measured)}]"]
    for gate in _plain(gates):
        angle = f"({gate.params[0]!r})" if gate.params else ""
        lines.append(f"{_named(gate, _QUIL, 'Quil')}{angle} {' '.join(map(str, gate.qubits))}")
    lines += [f"MEASURE {qubit} ro[{bit}]" for bit, qubit in enumerate(measured)]
    return ("\n".join(lines) + "\n").encode()


NATIVE: dict[str, NativeFormat] = {
    "ionq": NativeFormat(
        input_format="ionq.circuit.v1", output_format="ionq.quantum-results.v1",
        content_type="application/json", write=_ionq, reads_qubits=True,
    ),
    "quantinuum": NativeFormat(
        input_format="honeywell.openqasm.v1", output_format="honeywell.quantum-results.v1",
        content_type="application/qasm", write=_openqasm2,
    ),
    "rigetti": NativeFormat(
        input_format="rigetti.quil.v1", output_format="rigetti.quil-results.v1",
        content_type="text/plain", write=_quil,
    ),
}  # fmt: skip
"""By provider."""
