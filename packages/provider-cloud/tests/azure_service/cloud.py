"""The stand-in as a whole: which host answers what, and who may ask.

Owns: `AzureCloud`, its credentials, Resource Manager. Knows nothing of: faults on the way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from azure_service.entra import Entra
from azure_service.names import (
    API_KEY,
    ARM_SCOPE,
    BASE,
    CLIENT_ID,
    CLIENT_SECRET,
    DATA_SCOPE,
    LOCATION,
    RESOURCE_GROUP,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
)
from azure_service.storage import BlobStorage
from azure_service.workspace import Workspace
from coratrix.testing.loopback import Fault, Request, Response, Service
from coratrix.testing.loopback import answer as fault_answer

_ENDPOINT = f"https://{LOCATION}.quantum.azure.com/"


def azure_error(
    status: int, code: str = "Injected", message: str = "injected", headers: Mapping[str, str] | None = None
) -> Fault:
    """A fault that answers with an error in Azure's form."""
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return fault_answer(status, body, {"Content-Type": "application/json", **(headers or {})})


class AzureCloud:
    """One tenant with one workspace and its storage account.

    Attributes:
        entra, storage, workspace: its parts; tests look into them and change them.
        api_keys_on: whether access keys are enabled on the workspace.
    """

    def __init__(self) -> None:
        self.entra = Entra()
        self.storage = BlobStorage()
        self.workspace = Workspace(self.storage)
        self.api_keys_on = True

    @property
    def services(self) -> dict[str, Service]:
        """Host patterns for `LoopbackProxy`."""
        return {
            "login.microsoftonline.com": self.entra,
            "management.azure.com": self.resource_manager,
            f"{LOCATION}.quantum.azure.com": self.data_plane,
            "*.blob.core.windows.net": self.storage,
        }

    def connection_string(self, api_key: str = API_KEY) -> str:
        """What the portal shows under Access keys."""
        return (
            f"SubscriptionId={SUBSCRIPTION};ResourceGroupName={RESOURCE_GROUP};WorkspaceName={WORKSPACE};"
            f"ApiKey={api_key};QuantumEndpoint={_ENDPOINT};"
        )

    def entra_environment(self) -> dict[str, str]:
        """A service principal, as a user exports it."""
        return {
            "AZURE_TENANT_ID": TENANT,
            "AZURE_CLIENT_ID": CLIENT_ID,
            "AZURE_CLIENT_SECRET": CLIENT_SECRET,
        }

    def data_plane(self, request: Request) -> Response:
        """The workspace, for those who may; a refusal has an empty body, as on the real service."""
        key = request.headers.get("x-ms-quantum-api-key")
        by_key = self.api_keys_on and key == API_KEY
        by_token = self.entra.opens(request.headers.get("authorization", ""), DATA_SCOPE)
        return self.workspace(request) if by_key or by_token else Response(status=401)

    def resource_manager(self, request: Request) -> Response:
        """Where the workspace is."""
        if not self.entra.opens(request.headers.get("authorization", ""), ARM_SCOPE):
            error = {"code": "AuthenticationFailed", "message": "Authentication failed."}
            return Response.of_json({"error": error}, 401)
        if request.path.lower() != BASE.lower():
            error = {"code": "ResourceNotFound", "message": f"The resource {request.path} was not found."}
            return Response.of_json({"error": error}, 404)
        return Response.of_json(
            {
                "id": BASE,
                "name": WORKSPACE,
                "location": LOCATION,
                "properties": {
                    "endpointUri": _ENDPOINT,
                    "workspaceKind": "V1",
                    "provisioningState": "Succeeded",
                },
            }
        )
