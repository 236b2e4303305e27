"""Circuits between Qiskit and us: the converter of entry point ``coratrix.converters``, key ``qiskit``.

Owns: the two names that `coratrix.core.interop` calls. Pure.
"""

from __future__ import annotations

from typing import Any

from coratrix.core import QuantumCircuit


def from_foreign(circuit: Any) -> QuantumCircuit:
    """A `qiskit.QuantumCircuit` as ours.

    Raises:
        CircuitImportError: naming what cannot be carried.
    """
    from coratrix.core.errors import CircuitImportError
    from coratrix.providers.ibm.from_qiskit import from_qiskit

    if not hasattr(circuit, "data") or not hasattr(circuit, "cregs"):
        raise CircuitImportError(
            f"a {type(circuit).__name__} of Qiskit is not a circuit; give a QuantumCircuit"
        )
    return from_qiskit(circuit)


def to_foreign(circuit: QuantumCircuit) -> Any:
    """Our circuit as a `qiskit.QuantumCircuit`.

    Raises:
        CircuitExportError: naming what cannot be carried.
    """
    from coratrix.providers.ibm import sdk
    from coratrix.providers.ibm.to_qiskit import to_qiskit

    sdk.load()

    return to_qiskit(circuit)
