"""The connection parameters of Azure Quantum, typed and checked.

Owns: `AzureParameters`, `ConnectionString`, and where the workspace's address comes from.
Knows nothing of: the SDK, the network; secrets stay `Secret`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from coratrix.backend.errors import ConfigurationError
from coratrix.backend.secrets import Secret

LOCAL = "local"
CONNECTION_STRING_VARIABLE = "AZURE_QUANTUM_CONNECTION_STRING"

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_RESOURCE_ID = re.compile(
    r"/subscriptions/([^/\s]+)/resourceGroups/([^/\s]+)/providers/Microsoft\.Quantum/Workspaces/([^/\s]+)",
    re.IGNORECASE,
)
_CONNECTION_STRING = re.compile(
    r"SubscriptionId=([^;\s]+);ResourceGroupName=([^;\s]+);WorkspaceName=([^;\s]+);ApiKey=([^;\s]+);"
    r"QuantumEndpoint=https://([a-z0-9]+)(-v2)?\.quantum\.azure\.com/?;?",
    re.IGNORECASE,
)
_TARGETS = "'ionq.simulator', 'quantinuum.qpu.h2-1', 'rigetti.sim.qvm'"
_WAYS = "Give subscription_id, resource_group and workspace, or resource_id, or connection_string"


class AzureParameters(BaseModel):
    """What ``connection_params`` may hold for provider ``azure``.

    Attributes:
        target: the device, e.g. ``"ionq.simulator"``, or ``"local"`` for the simulator of Microsoft's qdk;
            without it, the first use says which targets the workspace has.
        subscription_id, resource_group, workspace: the workspace's address.
        resource_id: the same in one text, ``/subscriptions/.../Workspaces/NAME``.
        connection_string: the same with an access key, as the portal shows it.
        location: the workspace's region; looked up with Entra ID, needed with an API key.
        workspace_kind: ``"v1"`` or ``"v2"``, needed with an API key where it is not ``"v1"``.
        api_key: an access key of the workspace; without it Entra ID is asked.
        tenant_id, client_id, client_secret: a service principal; by default the chain of
            ``DefaultAzureCredential`` (environment, managed identity, Azure CLI, ...).
        interactive: may open a browser to log in; never done unasked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    provider: str = "azure"
    target: str | None = None
    subscription_id: str | None = None
    resource_group: str | None = Field(default=None, min_length=1, max_length=90)
    workspace: str | None = Field(default=None, min_length=2, max_length=54)
    resource_id: str | None = None
    connection_string: Secret | None = None
    location: str | None = None
    workspace_kind: Literal["v1", "v2"] = "v1"
    api_key: Secret | None = None
    tenant_id: str | None = None
    client_id: str | None = None
    client_secret: Secret | None = None
    interactive: bool = False

    @field_validator("target")
    @classmethod
    def _a_target_has_a_provider(cls, value: str | None) -> str | None:
        if value not in (None, LOCAL) and not re.fullmatch(
            r"[a-z0-9-]+(\.[a-z0-9-]+)+", str(value), re.IGNORECASE
        ):
            raise ValueError(f"{value!r} is not the id of a target, e.g. {_TARGETS}, or {LOCAL!r}")
        return value

    @field_validator("resource_id")
    @classmethod
    def _a_resource_id_names_a_workspace(cls, value: str | None) -> str | None:
        if value is not None and not _RESOURCE_ID.fullmatch(value):
            raise ValueError(
                "it reads /subscriptions/GUID/resourceGroups/NAME/providers/Microsoft.Quantum/Workspaces/NAME"
            )
        return value

    @field_validator("location")
    @classmethod
    def _a_location_is_one_word(cls, value: str | None) -> str | None:
        return None if value is None else value.replace(" ", "").lower()

    @model_validator(mode="after")
    def _one_way_to_say_it(self) -> AzureParameters:
        named = (self.subscription_id, self.resource_group, self.workspace)
        ways = [any(named), self.resource_id is not None, self.connection_string is not None]
        if sum(ways) > 1:
            raise ValueError(f"the workspace is given in {sum(ways)} ways. {_WAYS}")
        if any(named) and not all(named):
            raise ValueError(f"the workspace's address is not complete. {_WAYS}")
        if self.api_key is not None and self.connection_string is None and self.location is None:
            raise ValueError("with api_key, location is needed too: the region of the workspace")
        principal = (self.tenant_id, self.client_id, self.client_secret)
        if any(principal) and not all(principal):
            raise ValueError("tenant_id, client_id and client_secret go together")
        return self

    @property
    def is_local(self) -> bool:
        """Whether circuits run on this machine."""
        return self.target == LOCAL

    @property
    def provider_id(self) -> str:
        """The provider of the target, e.g. ``"ionq"``; empty without a target."""
        return (self.target or "").partition(".")[0].lower()

    @property
    def address(self) -> tuple[str, str, str] | None:
        """Subscription, resource group and workspace, where they are written without a secret."""
        if self.resource_id is not None:
            found = _RESOURCE_ID.fullmatch(self.resource_id)
            return (found[1], found[2], found[3]) if found else None
        if self.subscription_id and self.resource_group and self.workspace:
            return self.subscription_id, self.resource_group, self.workspace
        return None


@dataclass(frozen=True, kw_only=True, repr=False)
class ConnectionString:
    """A workspace with its access key."""

    subscription_id: str
    resource_group: str
    workspace: str
    api_key: str
    location: str
    kind: str = "v1"

    @classmethod
    def parse(cls, text: str) -> ConnectionString:
        """Read what the portal shows under Access keys; the text is never repeated in an error."""
        found = _CONNECTION_STRING.fullmatch(text.strip())
        if found is None:
            raise ConfigurationError(
                "the connection string cannot be read",
                hint="Copy it whole: SubscriptionId=...;ResourceGroupName=...;WorkspaceName=...;ApiKey=...;"
                "QuantumEndpoint=https://REGION.quantum.azure.com/;",
            )
        subscription, group, workspace, key, location, kind = found.groups()
        return cls(
            subscription_id=subscription, resource_group=group, workspace=workspace, api_key=key,
            location=location, kind="v2" if kind else "v1",
        )  # fmt: skip

    @property
    def address(self) -> tuple[str, str, str]:
        return self.subscription_id, self.resource_group, self.workspace

    def text(self) -> str:
        """The form in which the SDK takes it; a secret."""
        suffix = "-v2" if self.kind == "v2" else ""
        return (
            f"SubscriptionId={self.subscription_id};ResourceGroupName={self.resource_group};"
            f"WorkspaceName={self.workspace};ApiKey={self.api_key};"
            f"QuantumEndpoint=https://{self.location}{suffix}.quantum.azure.com/;"
        )

    def __repr__(self) -> str:
        return f"<ConnectionString of {self.workspace!r}>"


def key_access(params: AzureParameters, environment: Mapping[str, str]) -> ConnectionString | None:
    """The access key to use, from the parameters or the environment; None means Entra ID.

    Raises:
        ConfigurationError: no workspace is named anywhere, its address cannot be, or the environment names
            another one. Asked at the first use, so that a configuration can be written without an account.
    """
    if params.address is not None and not _GUID.fullmatch(params.address[0]):
        raise ConfigurationError(
            f"subscription_id is {params.address[0]!r}, which is not a GUID",
            hint="The portal shows it on the workspace's Overview; `az account show` prints it",
        )
    if params.connection_string is not None:
        return ConnectionString.parse(params.connection_string.reveal())
    if params.api_key is not None and params.address is not None:
        subscription, group, workspace = params.address
        return ConnectionString(
            subscription_id=subscription, resource_group=group, workspace=workspace,
            api_key=params.api_key.reveal(), location=str(params.location), kind=params.workspace_kind,
        )  # fmt: skip
    if environment.get(CONNECTION_STRING_VARIABLE):  # the SDK would read it too, whatever it names
        found = _of_environment(params, environment[CONNECTION_STRING_VARIABLE])
        if params.client_secret is None and not params.interactive:
            return found
    if params.address is None:
        raise ConfigurationError(f"no workspace is named for target {params.target!r}", hint=_WAYS)
    return None


def _of_environment(params: AzureParameters, text: str) -> ConnectionString:
    found = ConnectionString.parse(text)
    if params.address is not None and [p.lower() for p in params.address] != [
        p.lower() for p in found.address
    ]:
        raise ConfigurationError(
            f"the configuration names workspace {params.address[2]!r} and {CONNECTION_STRING_VARIABLE} "
            f"another one, {found.workspace!r}",
            hint="Unset the variable, or name the same workspace in both",
        )
    return found


def parse_parameters(params: Mapping[str, Any], *, backend: str) -> AzureParameters:
    """The parameters, or a `ConfigurationError` that names each one that is wrong."""
    try:
        return AzureParameters.model_validate(dict(params))
    except ValidationError as exc:
        problems = "; ".join(_problem(error) for error in exc.errors(include_input=False, include_url=False))
        raise ConfigurationError(
            f"connection_params of {backend!r}: {problems}"
        ) from None  # may hold secrets


def _problem(error: Any) -> str:
    name = ".".join(map(str, error["loc"])) or "parameters"
    if error["type"] != "extra_forbidden":
        return f"{name}: {error['msg']}"
    known = list(AzureParameters.model_fields)
    close = difflib.get_close_matches(name, known, n=1)
    return f"no parameter {name!r}; " + (
        f"did you mean {close[0]!r}?" if close else f"known: {', '.join(known)}"
    )
