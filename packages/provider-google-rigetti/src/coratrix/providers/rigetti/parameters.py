"""What a user may write in ``connection_params`` of a Rigetti backend.

Owns: `RigettiParameters` and its defaults. Knows nothing of: files, the environment, pyquil.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from coratrix.backend.errors import ConfigurationError

QVM_DEVICE = "qvm"


def _chances(value: tuple[float, float, float] | None) -> tuple[float, float, float] | None:
    if value is not None and (min(value) < 0 or sum(value) > 1):
        raise ValueError("three chances (X, Y, Z), none negative, at most 1 together")
    return value


PauliWeights = Annotated[tuple[float, float, float] | None, AfterValidator(_chances)]
HttpUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")]
RpcUrl = Annotated[str, StringConstraints(pattern=r"^tcp://[^/\s:]+:\d+$")]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class RigettiParameters(BaseModel):
    """Validated ``connection_params``.

    Attributes:
        device: ``"qvm"``, or the id of a quantum processor, e.g. ``"Ankaa-3"``.
        engine: for the QVM: ``"http"`` (a server must answer), ``"in-process"`` (no server), or ``"auto"``:
            the server that the parameters, the environment or the settings name, which must answer; else a
            server at pyquil's default address where one answers; else in-process.
        qvm_url, quilc_url, api_url, grpc_url: instead of those in the environment and the settings.
        profile: name of a profile in the QCS settings.
        gate_noise: chances of an X, Y, Z error on each qubit of a gate, after it (QVM only).
        measurement_noise: the same before each measurement (QVM only).
        probe_timeout_s: how long a server may take to take a connection.
        qvm_timeout_s: how long one run on the QVM may take.
        compile_timeout_s: how long quilc may take.
        request_timeout_s: how long one request to QCS may take before it is made again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    provider: Literal["rigetti"] = "rigetti"
    device: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] = QVM_DEVICE
    engine: Literal["auto", "http", "in-process"] = "auto"
    qvm_url: HttpUrl | None = None
    quilc_url: RpcUrl | None = None
    api_url: HttpUrl | None = None
    grpc_url: HttpUrl | None = None
    profile: str | None = None
    gate_noise: PauliWeights = None
    measurement_noise: PauliWeights = None
    probe_timeout_s: Seconds = 1.0
    qvm_timeout_s: Seconds = 300.0
    compile_timeout_s: Seconds = 60.0
    request_timeout_s: Seconds = 15.0

    @property
    def is_qvm(self) -> bool:
        """Whether circuits are simulated rather than sent to a processor."""
        return self.device == QVM_DEVICE


def parse(name: str, connection_params: Mapping[str, Any]) -> RigettiParameters:
    """Validated parameters of the backend ``name``.

    Raises:
        ConfigurationError: naming every parameter that is unknown or out of range.
    """
    try:
        parameters = RigettiParameters(**dict(connection_params))
    except ValidationError as exc:
        problems = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in exc.errors(include_url=False)
        )
        known = ", ".join(RigettiParameters.model_fields)
        raise ConfigurationError(f"{name}: {problems}", hint=f"Parameters: {known}") from None
    _check_combination(name, parameters)
    return parameters


def _check_combination(name: str, given: RigettiParameters) -> None:
    """What makes no sense together is refused rather than ignored."""
    if given.is_qvm and given.engine == "in-process" and given.qvm_url:
        raise ConfigurationError(f"{name}: qvm_url names a server and engine 'in-process' wants none")
    noisy = given.gate_noise is not None or given.measurement_noise is not None
    if not given.is_qvm and (noisy or given.engine != "auto" or given.qvm_url):
        raise ConfigurationError(
            f"{name}: gate_noise, measurement_noise, engine, qvm_url are for the QVM, not {given.device!r}"
        )
