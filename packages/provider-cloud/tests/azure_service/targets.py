"""The targets of the workspace, in the shape of the service's ``providerStatus``.

Owns: `catalogue`. Figures are those of the public documentation where it gives one, else plausible.
"""

from __future__ import annotations

from typing import Any

INPUT_FORMATS: dict[str, dict[str, str]] = {
    "ionq": {"ionq.circuit.v1": "ionq.quantum-results.v1"},
    "quantinuum": {"honeywell.openqasm.v1": "honeywell.quantum-results.v1"},
    "rigetti": {"rigetti.quil.v1": "rigetti.quil-results.v1"},
    "pasqal": {"pasqal.pulser.v1": "pasqal.pulser-results.v1"},
}
"""What each provider takes besides QIR, and what it answers with."""

QIR_OUTPUT = "microsoft.quantum-results.v2"


def catalogue() -> dict[str, dict[str, Any]]:
    """Targets by id; a test may change them."""
    rows = (
        ("ionq.simulator", "Available", 3, 29, "Base"),
        ("ionq.qpu.forte-1", "Degraded", 77_000, 36, "Base"),
        ("ionq.qpu.aria-1", "Unavailable", 0, 25, "Base"),
        ("quantinuum.sim.h2-1e", "Available", 9, 32, "Adaptive_RI"),
        ("quantinuum.qpu.h2-1", "Available", 600, 56, "Adaptive_RI"),
        ("rigetti.sim.qvm", "Available", 5, 20, "Base"),
        ("pasqal.sim.emu-tn", "Available", 0, 100, None),
    )
    return {row[0]: _target(*row) for row in rows}


def provider_of(target: str) -> str:
    return target.partition(".")[0]


def provider_status(targets: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The targets by provider, as the service lists them."""
    return [
        {
            "id": provider,
            "currentAvailability": "Available",
            "targets": [target for name, target in targets.items() if provider_of(name) == provider],
        }
        for provider in dict.fromkeys(map(provider_of, targets))
    ]


def _target(name: str, availability: str, queue_s: int, qubits: int, profile: str | None) -> dict[str, Any]:
    return {
        "id": name,
        "currentAvailability": availability,
        "averageQueueTime": queue_s,
        "statusPage": f"https://status.example/{name}",
        "numQubits": qubits,
        "targetProfile": profile,
        "metadata": None,
    }
