"""The connection parameters of Google Quantum AI, typed and checked.

Owns: `GoogleParameters`. Knows nothing of: the SDK, the network; secrets stay `Secret`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from coratrix.backend.errors import ConfigurationError
from coratrix.backend.secrets import Secret

SIMULATOR = "simulator"
DEFAULT_ENDPOINT = "quantum.googleapis.com"

Processor = Literal["willow_pink", "weber", "rainbow"]
GatesetName = Literal["cz", "sycamore", "sqrt_iswap"]

_ONLY_OFFLINE = ("processor", "noise", "simulator")
_ONLY_SERVICE = (
    "service_account_file", "access_token", "quota_project", "endpoint",
    "run_name", "snapshot_id", "device_config_name",
)  # fmt: skip


class GoogleParameters(BaseModel):
    """What ``connection_params`` may hold for provider ``google``.

    Attributes:
        device: ``"simulator"``, or the id of a processor of Google's service.
        project: the Google Cloud project; by default that of the credentials.
        processor: the virtual processor behind ``"simulator"``.
        noise: of the virtual processor: ``"device"`` is its published median calibration.
        simulator: what runs a virtual processor: ``"qsim"``, or Cirq's ``"density_matrix"``.
        gateset: two-qubit gate to compile to; by default Sycamore's where the device has it, else CZ.
        service_account_file: key file of a service account; by default the application-default credentials.
        access_token: a bearer token that somebody else keeps fresh.
        quota_project: the project to which requests are counted, where it is another.
        endpoint: host and port of the service.
        run_name, snapshot_id, device_config_name: which of the processor's configurations runs the job;
            one of the first two goes with the third.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    provider: str = "google"
    device: str = Field(default=SIMULATOR, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    project: str | None = Field(default=None, pattern=r"^[A-Za-z0-9][A-Za-z0-9:._-]*$")
    processor: Processor = "willow_pink"
    noise: Literal["device", "none"] = "device"
    simulator: Literal["qsim", "density_matrix"] = "qsim"
    gateset: GatesetName | None = None
    service_account_file: str | None = None
    access_token: Secret | None = None
    quota_project: str | None = None
    endpoint: str = Field(default=DEFAULT_ENDPOINT, pattern=r"^[A-Za-z0-9.-]+(:\d+)?$")
    run_name: str | None = None
    snapshot_id: str | None = None
    device_config_name: str | None = None

    @model_validator(mode="after")
    def _parts_fit(self) -> GoogleParameters:
        foreign = _ONLY_SERVICE if self.is_offline else _ONLY_OFFLINE
        given = sorted(self.model_fields_set.intersection(foreign))
        if given:
            other = "a processor of the service" if self.is_offline else "device 'simulator'"
            raise ValueError(f"{', '.join(given)} belongs to {other}; device is {self.device!r}")
        if self.service_account_file is not None and self.access_token is not None:
            raise ValueError("give either service_account_file or access_token")
        if self.run_name is not None and self.snapshot_id is not None:
            raise ValueError("give either run_name or snapshot_id")
        if (self.run_name or self.snapshot_id) and not self.device_config_name:
            raise ValueError("run_name and snapshot_id need device_config_name")
        if self.device_config_name and not (self.run_name or self.snapshot_id):
            raise ValueError("device_config_name needs run_name or snapshot_id")
        return self

    @property
    def is_offline(self) -> bool:
        """Whether circuits run in this process."""
        return self.device == SIMULATOR


def parse_parameters(params: Mapping[str, Any], *, backend: str) -> GoogleParameters:
    """The parameters, or a `ConfigurationError` that names each one that is wrong."""
    try:
        return GoogleParameters.model_validate(dict(params))
    except ValidationError as exc:
        problems = "; ".join(_problem(error) for error in exc.errors(include_input=False, include_url=False))
    raise ConfigurationError(f"connection_params of {backend!r}: {problems}")  # no cause: it may hold secrets


def _problem(error: Any) -> str:
    name = ".".join(map(str, error["loc"]))
    if error["type"] == "extra_forbidden":
        known = list(GoogleParameters.model_fields)
        close = difflib.get_close_matches(name, known, n=1)
        return f"{name} is unknown; " + (
            f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"
        )
    message = str(error["msg"]).removeprefix("Value error, ")
    return f"{name}: {message}" if name else message
