"""Who the account is: its ids, its region, its secrets (all invented)."""

from __future__ import annotations

import base64

TENANT = "11111111-2222-3333-4444-555555555555"
SUBSCRIPTION = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"
RESOURCE_GROUP = "loopback-rg"
WORKSPACE = "loopback-ws"
LOCATION = "westeurope"
CLIENT_ID = "99999999-8888-7777-6666-555555555555"
CLIENT_SECRET = "canary~client~secret~0000"
API_KEY = "canary-api-key-0000"
STORAGE_ACCOUNT = "loopbackstore"
STORAGE_KEY = base64.b64encode(b"canary storage key, 64 bytes long".ljust(64, b".")).decode()

ARM_SCOPE = "https://management.azure.com/.default"
DATA_SCOPE = "https://quantum.microsoft.com/.default"

BASE = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{RESOURCE_GROUP}"
    f"/providers/Microsoft.Quantum/workspaces/{WORKSPACE}"
)
