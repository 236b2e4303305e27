"""One HTTP request and its answer, as values.

Owns: `Request`, `Response`, the `Service` type and the `Exchange` that the proxy logs.
Knows nothing of: sockets, TLS, faults, vendors.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, kw_only=True)
class Request:
    """What the client asked. ``target`` is the path with its query, as it stood on the wire."""

    method: str
    host: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    scheme: str = "https"

    @property
    def path(self) -> str:
        """The path without the query, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Response:
    """What the service answers. The proxy adds ``Content-Length``."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @classmethod
    def of_json(cls, value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        return cls(
            status=status,
            headers={"Content-Type": "application/json", **(headers or {})},
            body=json.dumps(value).encode(),
        )


Service = Callable[[Request], Response]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One line of the proxy's log.

    ``reached_service`` says whether the vendor saw the request; ``status`` is what the client was
    sent, None where the connection died or stayed silent instead.
    """

    request: Request
    reached_service: bool
    status: int | None
    fault: str | None = None
