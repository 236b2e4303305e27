"""What the simulator can do, as every backend says it.

Owns: the capabilities. Knows nothing of: running.
"""

from __future__ import annotations

from typing import Final

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.core import GATES
from coratrix.sim.parameters import SimulatorParameters
from coratrix.sim.twin import Twin

MAX_SHOTS: Final = 10_000_000
_EVERY_GATE: Final = tuple(sorted([*GATES, "unitary", "controlled"]))


def capabilities(parameters: SimulatorParameters, max_qubits: int, twin: Twin | None) -> BackendCapabilities:
    """Those of a simulator with these parameters; a twin has its device's gates and map."""
    record = parameters.calibration
    return BackendCapabilities(
        max_qubits=max_qubits,
        max_shots=MAX_SHOTS,
        supports_noise=parameters.supports_noise,
        available_gates=_EVERY_GATE if twin is None else twin.available_gates,
        native_gates=None if record is None else record.native_gates,
        coupling_map=None if record is None else record.coupling_map or None,
        max_circuits_per_job=None,
        supports_mid_circuit_measurement=True,
        supports_reset=True,
        supports_conditionals=True,
        supports_loops=True,
        supports_seed=True,
        supports_statevector=True,
        supports_cancel=False,
        is_local=True,
    )
