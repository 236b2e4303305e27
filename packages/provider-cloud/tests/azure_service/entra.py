"""Entra ID (login.microsoftonline.com) as far as a service principal needs it.

Owns: tokens, and for which audience each was given. Knows nothing of: what they open.
"""

from __future__ import annotations

import time
from urllib.parse import parse_qs

from azure_service.names import CLIENT_ID, CLIENT_SECRET, TENANT
from coratrix.testing.loopback import Request, Response

_AUTHORITY = f"https://login.microsoftonline.com/{TENANT}"


class Entra:
    """Gives a token to the one client that knows the one secret.

    Attributes:
        lives_s: how long a token is good for.
        issued: how many tokens were given.
    """

    def __init__(self) -> None:
        self.lives_s = 3600.0
        self.issued = 0
        self._tokens: dict[str, tuple[str, float]] = {}

    def __call__(self, request: Request) -> Response:
        if request.path == f"/{TENANT}/v2.0/.well-known/openid-configuration":
            return Response.of_json(_discovery())
        if request.path == f"/{TENANT}/oauth2/v2.0/token" and request.method == "POST":
            return self._token({k: v[0] for k, v in parse_qs(request.body.decode()).items()})
        return Response.of_json({"error": "invalid_tenant", "error_description": "AADSTS90002"}, 400)

    def opens(self, authorization: str, scope: str) -> bool:
        """Whether this header carries a token for ``scope`` that has not expired."""
        kind, _, token = authorization.partition(" ")
        given, until = self._tokens.get(token, ("", 0.0))
        return kind == "Bearer" and given == scope and time.time() < until

    def _token(self, form: dict[str, str]) -> Response:
        if form.get("grant_type") != "client_credentials" or form.get("client_id") != CLIENT_ID:
            return Response.of_json(
                {"error": "unauthorized_client", "error_description": "AADSTS700016: no such application"},
                400,
            )
        if form.get("client_secret") != CLIENT_SECRET:
            return Response.of_json(
                {
                    "error": "invalid_client",
                    "error_description": "AADSTS7000215: Invalid client secret provided.",
                },
                401,
            )
        self.issued += 1
        token = f"canary-token-{self.issued}"
        self._tokens[token] = (form["scope"], time.time() + self.lives_s)
        return Response.of_json(
            {"token_type": "Bearer", "expires_in": int(self.lives_s), "access_token": token}
        )


def _discovery() -> dict[str, object]:
    return {
        "token_endpoint": f"{_AUTHORITY}/oauth2/v2.0/token",
        "authorization_endpoint": f"{_AUTHORITY}/oauth2/v2.0/authorize",
        "issuer": f"{_AUTHORITY}/v2.0",
        "jwks_uri": f"{_AUTHORITY}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token"],
        "tenant_region_scope": "EU",
    }
