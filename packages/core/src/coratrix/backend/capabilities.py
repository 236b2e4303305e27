"""What a backend can do, as data.

Owns: `BackendCapabilities`. Knows nothing of: how a provider finds these facts out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class BackendCapabilities:
    """Limits and features; None means that the provider does not say.

    Attributes:
        max_qubits: largest circuit.
        max_shots: most shots of one execution.
        supports_noise: a noise model is accepted and applied.
        available_gates: names of gates accepted in a circuit (after our own decomposition), sorted;
            None where any gate is.
        native_gates: names of gates that the device itself runs.
        coupling_map: pairs of qubits that can share a gate; None for all to all.
        max_circuits_per_job: how many circuits one job of the vendor carries.
        noise_channels: names of the channels a noise model may use; None for any.
        price: what a run costs, e.g. ``{"currency": "USD", "per_task": 0.3, "per_shot": 0.0009}``.
    """

    max_qubits: int | None = None
    max_shots: int | None = None
    supports_noise: bool = False
    available_gates: tuple[str, ...] | None = None
    native_gates: tuple[str, ...] | None = None
    coupling_map: tuple[tuple[int, int], ...] | None = None
    max_circuits_per_job: int | None = 1
    supports_mid_circuit_measurement: bool = False
    supports_reset: bool = False
    supports_conditionals: bool = False
    supports_loops: bool = False
    supports_seed: bool = False
    supports_statevector: bool = False
    supports_cancel: bool = False
    noise_channels: tuple[str, ...] | None = None
    price: Mapping[str, Any] | None = None
    is_local: bool = False
    as_of: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)
