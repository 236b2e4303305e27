"""The door between Coratrix's circuits and Cirq's, found through the entry point ``coratrix.converters``.

Owns: the two names of that entry point. Knows nothing of: devices and services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coratrix.core.circuit import QuantumCircuit

from .from_cirq import from_cirq
from .to_cirq import to_cirq

if TYPE_CHECKING:
    import cirq


def from_foreign(circuit: cirq.AbstractCircuit) -> QuantumCircuit:
    """A ``cirq.Circuit`` or ``cirq.FrozenCircuit`` as ours; see `from_cirq`."""
    return from_cirq(circuit).circuit


def to_foreign(circuit: QuantumCircuit) -> cirq.Circuit:
    """Our circuit as a ``cirq.Circuit``; see `to_cirq`."""
    return to_cirq(circuit)
