"""IBM Cloud around the Runtime: IAM tokens, Global Search and the Global Catalog.

Owns: which API key is right, which tokens are valid. Knows nothing of: jobs, devices.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from urllib.parse import parse_qs

from coratrix.testing.loopback import Request, Response

GRANT = "urn:ibm:params:oauth:grant-type:apikey"
PLAN_ID = "850b20a5-38cd-4e64-a2ee-9b4ae5ea63c7"


def _part(data: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


class Identity:
    """Gives bearer tokens for one API key, and knows the instances of its account."""

    def __init__(self, api_key: str, instances: dict[str, str], *, token_life_s: int = 3600) -> None:
        self.api_key = api_key
        self.instances = instances  # CRN -> name
        self.token_life_s = token_life_s
        self._tokens: dict[str, float] = {}

    def iam(self, request: Request) -> Response:
        """``POST /identity/token``."""
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        if request.method != "POST" or request.path != "/identity/token" or form.get("grant_type") != GRANT:
            return Response.of_json({"errorCode": "BXNIM0100E", "errorMessage": "unknown request"}, 400)
        if form.get("apikey") != self.api_key:
            refusal = {"errorCode": "BXNIM0415E", "errorMessage": "Provided API key could not be found."}
            return Response.of_json(refusal, 400)  # IAM really answers 400 to a wrong key
        now = int(time.time())
        claims: dict[str, object] = {"iat": now, "exp": now + self.token_life_s, "jti": uuid.uuid4().hex}
        token = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}.{_part({'sig': 'loopback'})}"
        self._tokens[token] = now + self.token_life_s
        return Response.of_json(
            {
                "access_token": token,
                "refresh_token": "not_supported",
                "token_type": "Bearer",
                "expires_in": self.token_life_s,
                "expiration": now + self.token_life_s,
            }
        )

    def revoke_all(self) -> None:
        """All tokens given so far are refused from now on."""
        self._tokens.clear()

    def accepts(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and self._tokens.get(token, 0.0) > time.time()

    def search(self, request: Request) -> Response:
        """``POST /v3/resources/search`` of Global Search."""
        if not self.accepts(request):
            return Response.of_json({"message": "unauthorized"}, 401)
        if request.json().get("query") != "service_name:quantum-computing":
            return Response.of_json({"message": "unknown query"}, 400)
        items = [
            {
                "crn": crn,
                "name": name,
                "service_plan_unique_id": PLAN_ID,
                "doc": {"extensions": [{"id": "1234"}]},
                "tags": [],
            }
            for crn, name in self.instances.items()
        ]
        return Response.of_json({"items": items, "limit": 100})

    def catalog(self, request: Request) -> Response:
        """``GET /api/v1/{plan}`` of the Global Catalog."""
        if not self.accepts(request):
            return Response.of_json({"message": "unauthorized"}, 401)
        if request.path != f"/api/v1/{PLAN_ID}":
            return Response.of_json({"message": "no such entry"}, 404)
        return Response.of_json(
            {
                "overview_ui": {"en": {"display_name": "Open"}},
                "metadata": {"pricing": {"type": "free"}},
            }
        )
