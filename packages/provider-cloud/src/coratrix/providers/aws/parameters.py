"""The connection parameters of Amazon Braket, typed and checked.

Owns: `BraketParameters`. Knows nothing of: the SDK, the network; secrets stay `Secret`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from coratrix.backend.errors import ConfigurationError
from coratrix.backend.secrets import Secret, guard
from coratrix.providers.aws.devices import Device, device_named


class BraketParameters(BaseModel):
    """What ``connection_params`` may hold for provider ``aws``.

    Attributes:
        device: a name (``"SV1"``, ``"Garnet"``), an ARN, or ``"local"``, ``"braket_sv"``, ``"braket_dm"``.
        region: where a simulator runs; a QPU has its own. By default the AWS chain's.
        profile: of ``~/.aws/config``; without it and without keys the AWS credential chain decides.
        s3_bucket: for results; by default Braket's own ``amazon-braket-REGION-ACCOUNT``.
        s3_prefix: folder in the bucket.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    provider: str = "aws"
    device: str
    region: str | None = Field(default=None, pattern=r"^[a-z]{2}(-[a-z]+)+-\d+$")
    profile: str | None = None
    aws_access_key_id: Secret | None = None
    aws_secret_access_key: Secret | None = None
    aws_session_token: Secret | None = None
    s3_bucket: str | None = Field(default=None, min_length=3, max_length=63)
    s3_prefix: str = Field(default="coratrix", min_length=1, max_length=900)

    @field_validator("s3_prefix")
    @classmethod
    def _no_outer_slashes(cls, value: str) -> str:
        return value.strip("/")

    @model_validator(mode="after")
    def _keys_come_in_pairs(self) -> BraketParameters:
        if (self.aws_access_key_id is None) != (self.aws_secret_access_key is None):
            raise ValueError("aws_access_key_id and aws_secret_access_key go together")
        if self.aws_access_key_id is not None and self.profile is not None:
            raise ValueError("give either keys or a profile")
        return self

    @property
    def target(self) -> Device:
        """The device meant."""
        return device_named(self.device)

    @property
    def session_region(self) -> str | None:
        """The region to speak to: a QPU's own, else the one given, else None (the AWS chain's)."""
        return self.target.region or self.region


def parse_parameters(params: Mapping[str, Any], *, backend: str) -> BraketParameters:
    """The parameters, or a `ConfigurationError` that names each one that is wrong."""
    try:
        return BraketParameters.model_validate(guard(params))
    except ValidationError as exc:
        problems = "; ".join(_problem(error) for error in exc.errors(include_input=False, include_url=False))
        raise ConfigurationError(
            f"connection_params of {backend!r}: {problems}"
        ) from None  # may hold secrets


def _problem(error: Any) -> str:
    name = ".".join(map(str, error["loc"])) or "parameters"
    if error["type"] == "missing":
        return f"{name} is missing; give a name, an ARN, or 'local' for the SDK's own simulator"
    if error["type"] != "extra_forbidden":
        return f"{name}: {error['msg']}"
    known = list(BraketParameters.model_fields)
    close = difflib.get_close_matches(name, known, n=1)
    return f"no parameter {name!r}; " + (
        f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    )
