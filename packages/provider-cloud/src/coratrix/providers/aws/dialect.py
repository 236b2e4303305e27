"""Braket's dialect of OpenQASM 3: which words a device knows, and how one gate is written in them.

Owns: `Dialect`, Braket's names for our gates, the text of one gate, of numbers and of matrices.
Knows nothing of: circuits, measurement, the SDK. Pure.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate

BRAKET_NAMES: Mapping[str, str] = {
    "id": "i",
    "sdg": "si",
    "tdg": "ti",
    "sx": "v",
    "sxdg": "vi",
    "p": "phaseshift",
    "u": "U",
    "cx": "cnot",
    "csx": "cv",
    "cp": "cphaseshift",
    "rxx": "xx",
    "ryy": "yy",
    "rzz": "zz",
    "ccx": "ccnot",
    **{name: name for name in ("x", "y", "z", "h", "s", "t", "rx", "ry", "rz")},
    **{name: name for name in ("cy", "cz", "swap", "iswap", "ecr", "cswap")},
}
"""Our gate to Braket's, for gates with the same matrix and parameters; the others are decomposed."""

MAX_MATRIX_QUBITS = 8  # a matrix of more is longer as text than the gates it would become


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """What a device accepts in a program.

    Attributes:
        operations: Braket's names of gates, in lower case.
        has_controls: ``ctrl @`` and ``negctrl @`` may stand before a gate.
        has_matrices: ``#pragma braket unitary`` is accepted.
        noise: names of noise pragmas, e.g. ``"kraus"``; empty where noise is refused.
        is_dynamic: measurement in mid-circuit, reset and ``if`` are accepted.
        needs_all_qubits: every qubit declared must be used (and is given an ``i`` where it is not).
        measures_all: every qubit in use must be measured.
        has_barrier: ``barrier`` is accepted.
    """

    operations: frozenset[str]
    has_controls: bool = False
    has_matrices: bool = False
    noise: frozenset[str] = frozenset()
    is_dynamic: bool = False
    needs_all_qubits: bool = False
    measures_all: bool = False
    has_barrier: bool = False

    def without_pragmas(self) -> Dialect:
        """The same device inside a block, where pragmas may not stand."""
        return Dialect(operations=self.operations, has_controls=self.has_controls, is_dynamic=self.is_dynamic)

    def fits(self, gate: Gate) -> bool:
        """Whether ``gate`` can be written as one statement."""
        if isinstance(gate, UnitaryGate):
            return self.has_matrices and gate.num_qubits <= MAX_MATRIX_QUBITS
        if isinstance(gate, ControlledGate):
            return self.has_controls and isinstance(gate.base, StandardGate) and self._knows(gate.base.name)
        if self._knows(gate.name):
            return True
        base = gate.spec.base if isinstance(gate, StandardGate) else None
        return base is not None and self.has_controls and self._knows(base)

    def _knows(self, name: str) -> bool:
        return BRAKET_NAMES.get(name, "").lower() in self.operations

    def text(self, gate: Gate, places: list[str]) -> str:
        """The statement for a gate that `fits`."""
        targets = ", ".join(places)
        if isinstance(gate, UnitaryGate):
            return f"#pragma braket unitary({matrix_text(gate.matrix())}) {targets}"
        if isinstance(gate, ControlledGate):
            return f"{_modifiers(gate.ctrl_bits)}{call_text(gate.base)} {targets};"
        if not self._knows(gate.name) and isinstance(gate, StandardGate) and gate.spec.base:
            base = StandardGate(gate.spec.base, *gate.params)
            return f"{_modifiers('1' * gate.spec.num_controls)}{call_text(base)} {targets};"
        return f"{call_text(gate)} {targets};"


def dialect_of(action: Mapping[str, Any], *, is_dynamic: bool = False) -> Dialect:
    """The dialect by a device's ``braket.ir.openqasm.program`` capabilities."""
    operations = frozenset(name.lower() for name in action.get("supportedOperations") or ())
    modifiers = {one.get("name") for one in action.get("supportedModifiers") or ()}
    pragmas = set(action.get("supportedPragmas") or ())
    return Dialect(
        operations=operations,
        has_controls={"ctrl", "negctrl"} <= modifiers,
        has_matrices="braket_unitary_matrix" in pragmas,
        noise=frozenset(p.removeprefix("braket_noise_") for p in pragmas if p.startswith("braket_noise_")),
        is_dynamic=is_dynamic,
        needs_all_qubits=bool(action.get("requiresContiguousQubitIndices")),
        measures_all=bool(action.get("requiresAllQubitsMeasurement")),
        has_barrier=is_dynamic or "barrier" in operations,
    )


def call_text(gate: Gate) -> str:
    """Braket's name of the gate with its angles: ``rx(0.3)``."""
    name = BRAKET_NAMES[gate.name]
    return f"{name}({', '.join(number_text(float(p)) for p in gate.params)})" if gate.params else name


def number_text(value: float) -> str:
    """A number as OpenQASM reads it back to the last bit."""
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be written in a program")
    return repr(float(value))


def matrix_text(matrix: npt.NDArray[np.complex128]) -> str:
    """A matrix as Braket's pragmas want it: ``[[1.0, 0], [0, 0.5 + 0.5im]]``."""
    rows = (", ".join(_entry_text(complex(entry)) for entry in row) for row in matrix)
    return "[" + ", ".join(f"[{row}]" for row in rows) + "]"


def _entry_text(z: complex) -> str:
    if z.imag == 0:
        return number_text(z.real) if z.real else "0"
    if z.real == 0:
        return f"{number_text(z.imag)}im"
    return f"{number_text(z.real)} {'-' if z.imag < 0 else '+'} {number_text(abs(z.imag))}im"


def _modifiers(ctrl_bits: str) -> str:
    """``"110"`` as ``ctrl(2) @ negctrl(1) @``: runs of equal controls, first control first."""
    words, rest = [], ctrl_bits
    while rest:
        run = len(rest) - len(rest.lstrip(rest[0]))
        words.append(f"{'ctrl' if rest[0] == '1' else 'negctrl'}({run}) @ ")
        rest = rest[run:]
    return "".join(words)
