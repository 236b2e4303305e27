"""A local double of a device.

Owns: `make_twin`: a simulator with the map, gates and noise that a backend reports.
Knows nothing of: vendors; the calibration record is the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coratrix.backend import registry
from coratrix.backend.configuration import BackendConfiguration, BackendType
from coratrix.backend.errors import BackendUnavailableError
from coratrix.backend.interface import BackendInterface


def make_twin(backend: BackendInterface, connection_params: Mapping[str, Any]) -> BackendInterface:
    """A simulator called ``<name>_twin`` made from the present calibration of ``backend``.

    Args:
        connection_params: parameters of the simulator, e.g. ``{"seed": 7}``.

    Raises:
        BackendUnavailableError: the backend publishes no calibration.
    """
    calibration = backend.get_calibration()
    if calibration is None:
        raise BackendUnavailableError(
            f"{backend.name} publishes no calibration, so it has no twin",
            retryable=False,
            hint="Give a noise_model to the simulator yourself",
        )
    config = BackendConfiguration(
        f"{backend.name}_twin",
        BackendType.SIMULATOR,
        {"calibration": calibration.to_dict(), **connection_params},
    )
    simulator: Any = registry.backend_class("simulator")
    return simulator(config)  # type: ignore[no-any-return]
