"""What a processor can do, from its specification.

Owns: `capabilities_of`. Pure; knows nothing of: the network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.core.gate_table import GATES

if TYPE_CHECKING:
    import cirq

ACCEPTED_GATES = (*sorted(GATES), "unitary", "controlled")
"""Names of gates that are accepted in a circuit: all, since each is compiled to the processor's own."""


def capabilities_of(device: cirq.Device, *, as_of: float | None = None, **more: Any) -> BackendCapabilities:
    """The capabilities of a processor with this specification; ``more`` overrides."""
    import cirq

    metadata: Any = device.metadata
    index = qubit_index(device)
    pairs = sorted(tuple(sorted(index[qubit] for qubit in pair)) for pair in metadata.qubit_pairs)
    facts: dict[str, Any] = {
        "max_qubits": len(index),
        "native_gates": native_gates(device),
        "coupling_map": tuple(pairs),
        "supports_mid_circuit_measurement": True,
        "supports_reset": cirq.ResetChannel() in metadata.gateset,
        "supports_cancel": True,
        "as_of": as_of,
        "extra": {"qubits": [str(qubit) for qubit in index]},
    }
    return BackendCapabilities(available_gates=ACCEPTED_GATES, **facts | more)


def qubit_index(device: cirq.Device) -> dict[Any, int]:
    """Our number of each qubit of the device: their place in Cirq's order."""
    metadata: Any = device.metadata
    return {qubit: index for index, qubit in enumerate(sorted(metadata.qubit_set))}


def native_gates(device: cirq.Device) -> tuple[str, ...]:
    """The processor's own gates; those that our table lacks under Cirq's names."""
    import cirq
    import cirq_google

    metadata: Any = device.metadata
    candidates = {
        "u": cirq.PhasedXZGate(x_exponent=0.1, z_exponent=0.2, axis_phase_exponent=0.3),
        "p": cirq.Z**0.1,
        "cz": cirq.CZ,
        "syc": cirq_google.SYC,
        "sqrt_iswap": cirq.SQRT_ISWAP,
    }
    return tuple(name for name, gate in candidates.items() if gate in metadata.gateset)
