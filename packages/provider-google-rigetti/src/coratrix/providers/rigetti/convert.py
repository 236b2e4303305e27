"""Circuits to pyquil's programs and back: the converter that ``coratrix.converters`` names.

Owns: `from_foreign`, `to_foreign`. Imports pyquil only when called. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitImportError

from .from_quil import circuit_of
from .quil import foreign_text

if TYPE_CHECKING:
    from pyquil import Program


def to_foreign(circuit: QuantumCircuit) -> Program:
    """``circuit`` as a `pyquil.Program` with the same unitary, registers and conditionals.

    Raises:
        CircuitExportError: Quil cannot carry something in it; it is named.
    """
    from pyquil import Program

    return Program(foreign_text(circuit))


def from_foreign(program: Any) -> QuantumCircuit:
    """A `pyquil.Program` as our circuit.

    Raises:
        CircuitImportError: it is not a program, or holds something that a circuit cannot; it is named.
    """
    from pyquil import Program

    if not isinstance(program, Program):
        kind = f"{type(program).__module__}.{type(program).__qualname__}"
        raise CircuitImportError(f"only a pyquil.Program can be read; got a {kind}")
    return circuit_of(program)


def from_text(quil: str) -> QuantumCircuit:
    """The text of a Quil program as our circuit."""
    from pyquil import Program

    try:
        program = Program(quil)
    except Exception as exc:  # each of pyquil's parsers has its own class
        raise CircuitImportError(f"Quil program: {exc}") from exc
    return circuit_of(program)
