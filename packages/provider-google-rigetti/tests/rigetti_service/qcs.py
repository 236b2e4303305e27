"""QCS over HTTP: the issuer of tokens, the list of processors, their instruction sets and their accessors.

Owns: the JSON of QCS. Knows nothing of: jobs (controller.py).
"""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable
from urllib.parse import parse_qs

from coratrix.testing.loopback.exchange import Request, Response
from rigetti_service.ledger import Ledger

PROCESSOR = "Ankaa-loop"
NODES = (0, 1, 2, 7, 8, 9)
EDGES = ((0, 1), (1, 2), (0, 7), (1, 8), (2, 9), (7, 8), (8, 9))
TIMESTAMP = "2026-11-20T10:00:00.000Z"


class Tokens:
    """Issues bearer tokens and knows which are good."""

    def __init__(self) -> None:
        self._serial = itertools.count(1)
        self.good: set[str] = set()
        self.refresh_tokens = {"refresh-canary-5f1c"}
        self.clients = {"machine": "client-canary-77aa"}

    def issue(self, issuer: str, life_s: float = 3600) -> str:
        """A JSON Web Token, as the SDK looks at its expiry; nobody checks the signature here."""
        now = int(time.time())
        claims = {
            "sub": "user",
            "iss": issuer,
            "iat": now,
            "exp": int(now + life_s),
            "aud": "api://qcs",
            "n": next(self._serial),
        }
        parts = ({"alg": "HS256", "typ": "JWT"}, claims)
        encoded = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts
        ]
        token = ".".join([*encoded, "c2lnbmF0dXJl"])
        self.good.add(token)
        return token

    def accepts(self, authorization: str) -> bool:
        return authorization.removeprefix("Bearer ") in self.good


class Issuer:
    """``POST {issuer}/v1/token``."""

    def __init__(self, ledger: Ledger, tokens: Tokens) -> None:
        self.ledger = ledger
        self.tokens = tokens

    def __call__(self, request: Request) -> Response:
        form = {key: values[0] for key, values in parse_qs(request.body.decode()).items()}
        self.ledger.note("issuer", f"{request.method} {request.path}", form, dict(request.headers))
        if not request.path.endswith("/v1/token"):
            return Response.of_json({"error": "not_found"}, 404)
        if not self._is_known(form, request.headers.get("authorization", "")):
            return Response.of_json({"error": "invalid_grant", "error_description": "no such grant"}, 401)
        token = self.tokens.issue(f"http://{request.headers.get('host', '')}")
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
        if "refresh_token" in form:
            answer["refresh_token"] = form["refresh_token"]
        return Response.of_json(answer)

    def _is_known(self, form: dict[str, str], authorization: str) -> bool:
        if form.get("grant_type") == "refresh_token":
            return form.get("refresh_token") in self.tokens.refresh_tokens
        pairs = {f"{client}:{secret}" for client, secret in self.tokens.clients.items()}
        given = f"{form.get('client_id')}:{form.get('client_secret')}"
        if authorization.startswith("Basic "):
            given = base64.b64decode(authorization.removeprefix("Basic ")).decode()
        return given in pairs


class Qcs:
    """The REST API."""

    def __init__(self, ledger: Ledger, tokens: Tokens, gateway: Callable[[], str]) -> None:
        self.ledger = ledger
        self.tokens = tokens
        self.gateway = gateway
        self.live = True

    def __call__(self, request: Request) -> Response:
        self.ledger.note("qcs", f"{request.method} {request.path}", None, dict(request.headers))
        if not self.tokens.accepts(request.headers.get("authorization", "")):
            return problem(401, "unauthorized", "the token is not valid")
        path = request.path
        base = f"/v1/quantumProcessors/{PROCESSOR}"
        if path == "/v1/quantumProcessors":
            return Response.of_json({"quantumProcessors": [{"id": PROCESSOR}, {"id": "Old-1"}]})
        if path == f"{base}/instructionSetArchitecture":
            return Response.of_json(instruction_set())
        if path == f"{base}/accessors":
            accessor = {
                "accessType": "gateway.v1",
                "live": self.live,
                "rank": 0,
                "url": self.gateway(),
                "id": "gate",
            }
            return Response.of_json({"accessors": [accessor]})
        return problem(404, "not_found", f"no {path}")


def problem(status: int, code: str, message: str) -> Response:
    return Response.of_json({"code": code, "message": message, "requestId": "loopback"}, status)


def instruction_set() -> dict[str, object]:
    """A corner of an Ankaa lattice: qubit numbers with a gap, every figure different."""
    return {
        "name": PROCESSOR,
        "architecture": {
            "family": "Ankaa",
            "nodes": [{"node_id": node} for node in NODES],
            "edges": [{"node_ids": list(edge)} for edge in EDGES],
        },
        "instructions": [
            _instruction("RX", 1, ["theta"], [_site([n], "fRX", 0.9990 + n / 1e5) for n in NODES]),
            _instruction("RZ", 1, ["theta"], [_site([n], "fRZ", 1.0) for n in NODES]),
            _instruction("I", 1, [], [_site([n], "fI", 0.9995) for n in NODES]),
            _instruction("CZ", 2, [], [_site(list(e), "fCZ", 0.98 + i / 1000) for i, e in enumerate(EDGES)]),
            _instruction(
                "ISWAP", 2, [], [_site(list(e), "fISWAP", 0.97 + i / 1000) for i, e in enumerate(EDGES)]
            ),
            _instruction("MEASURE", 1, [], [_site([n], "fRO", 0.95 + n / 1000) for n in NODES]),
            _instruction("RESET", 1, [], [_site([n], "fActiveReset", 0.99) for n in NODES]),
        ],
        "benchmarks": [
            _instruction(
                "randomized_benchmark_1q", 1, [], [_site([n], "fRB", 0.9985 + n / 1e5) for n in NODES]
            ),
            _instruction("randomized_benchmark_simultaneous_1q", len(NODES), [], [_simultaneous()]),
        ],
    }


def _instruction(
    name: str, count: int, parameters: list[str], sites: list[dict[str, object]]
) -> dict[str, object]:
    return {
        "name": name,
        "node_count": count,
        "parameters": [{"name": parameter} for parameter in parameters],
        "characteristics": [],
        "sites": sites,
    }


def _site(nodes: list[int], name: str, value: float) -> dict[str, object]:
    return {
        "node_ids": nodes,
        "characteristics": [{"name": name, "value": value, "error": 0.0005, "timestamp": TIMESTAMP}],
    }


def _simultaneous() -> dict[str, object]:
    """One site of all qubits, with a figure for each."""
    figures = [_site([n], "fRB", 0.9975 + n / 1e5) for n in NODES]
    each = [{**site["characteristics"][0], "node_ids": site["node_ids"]} for site in figures]  # type: ignore[index]
    return {"node_ids": list(NODES), "characteristics": each}
