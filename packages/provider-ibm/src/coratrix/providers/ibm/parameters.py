"""``connection_params`` of an IBM backend, typed and checked; the names that IBM retired, translated once.

Owns: `IBMParameters` and `parse`. Knows nothing of: the SDK, the network, circuits.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coratrix.backend.provider import ConfigurationError, Secret

LEAST_BUSY = "least_busy"
SIMULATORS = ("aer_simulator", "basic_simulator")
RETIRED_SIMULATOR = "ibmq_qasm_simulator"
_RETIRED_PARTS = ("hub", "group", "project")


class IBMParameters(BaseModel):
    """What the user may say of an IBM backend.

    Attributes:
        device: a backend of the service, ``least_busy``, a snapshot ``fake_…`` of a device that runs
            here without an account, or one of the local simulators ``aer_simulator``, ``basic_simulator``.
        token: an IBM Cloud API key; else ``IBM_QUANTUM_TOKEN``, else what the SDK finds.
        instance: CRN or name; else ``QISKIT_IBM_INSTANCE``, else the SDK chooses.
        account: name of an account saved by the SDK.
        region, plans_preference: how the SDK chooses among instances.
        use_fractional_gates: ask for the device's ``rx`` and ``rzz`` of any angle.
        jobs_per_minute: IBM's limit on submissions per user; None for no limit of ours.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    provider: Literal["ibm"] = "ibm"
    device: Annotated[str, Field(min_length=1)] = LEAST_BUSY
    token: Secret | None = None
    instance: str | None = None
    account: str | None = None
    channel: Literal["ibm_quantum_platform", "ibm_cloud"] | None = None
    region: Literal["us-east", "eu-de"] | None = None
    plans_preference: tuple[str, ...] | None = None
    use_fractional_gates: bool = False
    jobs_per_minute: Annotated[float, Field(gt=0)] | None = 5.0

    @property
    def is_local(self) -> bool:
        """Whether the circuits run in this process, without an account."""
        return self.device.startswith("fake_") or self.device in SIMULATORS


def parse(params: Mapping[str, Any], backend: str) -> IBMParameters:
    """The parameters of backend ``backend``; retired names are accepted with one warning.

    Raises:
        ConfigurationError: naming each parameter that is unknown or cannot be.
    """
    current, notices = _modernised(dict(params))
    try:
        parsed = IBMParameters.model_validate(current)
    except ValidationError as exc:
        known = ", ".join(IBMParameters.model_fields)
        raise ConfigurationError(
            f"connection_params of {backend!r}: {'; '.join(map(_problem, exc.errors()))}",
            backend=backend,
            hint=f"Parameters: {known}",
        ) from None  # the original would show values, and one of them is a secret
    if notices:
        warnings.warn(f"{backend}: {'; '.join(notices)}", stacklevel=3)
    return parsed


def _problem(error: Any) -> str:
    return f"{'.'.join(map(str, error['loc']))}: {error['msg'].lower()}"


def _modernised(params: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The parameters as IBM has them today, and what to tell about those it has no more."""
    notices = []
    if gone := [name for name in _RETIRED_PARTS if params.pop(name, None) is not None]:
        notices.append(
            f"IBM retired {'/'.join(gone)} and they have no effect; "
            "give instance=<CRN or name>, or leave it out to let IBM choose"
        )
    if params.get("channel") == "ibm_quantum":
        params["channel"] = "ibm_quantum_platform"
        notices.append("channel 'ibm_quantum' is now 'ibm_quantum_platform'")
    if params.get("device") == RETIRED_SIMULATOR:
        params["device"] = _best_simulator()
        notices.append(
            f"IBM retired {RETIRED_SIMULATOR}; {params['device']!r} runs in its place on this machine, "
            "without noise. Give device='least_busy' or a name for hardware, 'fake_…' for a local twin"
        )
    return params, notices


def _best_simulator() -> str:
    from importlib.util import find_spec

    return "aer_simulator" if find_spec("qiskit_aer") else "basic_simulator"
