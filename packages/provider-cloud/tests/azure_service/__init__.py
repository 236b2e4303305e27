"""Azure Quantum on this machine: Entra ID, Resource Manager, the workspace's data plane, blob storage.

Requests are checked against the models of Azure's own SDK, SAS tokens against signatures that Azure's own
library computes again, and every program is really run, by simulators that nobody here wrote. Which faults
strike on the way is the proxy's business (`coratrix.testing.loopback`); what the service itself does wrong
is asked of `AzureCloud`.
"""

from __future__ import annotations

from azure_service.cloud import AzureCloud, azure_error
from azure_service.names import (
    API_KEY,
    CLIENT_ID,
    CLIENT_SECRET,
    LOCATION,
    RESOURCE_GROUP,
    SUBSCRIPTION,
    TENANT,
    WORKSPACE,
)

__all__ = [
    "API_KEY",
    "CLIENT_ID",
    "CLIENT_SECRET",
    "LOCATION",
    "RESOURCE_GROUP",
    "SUBSCRIPTION",
    "TENANT",
    "WORKSPACE",
    "AzureCloud",
    "azure_error",
]
