"""Passes a request on to a local HTTP server, for vendors whose stand-in is a server of its own.

Owns: `forward_to`. Knows nothing of: TLS (the proxy ended it) and faults.
"""

from __future__ import annotations

import http.client

from coratrix.testing.loopback.exchange import Request, Response, Service

_PER_CONNECTION = {"connection", "keep-alive", "proxy-connection", "transfer-encoding", "content-length"}


def forward_to(address: str, port: int, *, timeout_s: float = 30.0) -> Service:
    """A service that asks ``http://address:port`` and keeps the ``Host`` header of the vendor's name."""

    def service(request: Request) -> Response:
        connection = http.client.HTTPConnection(address, port, timeout=timeout_s)
        try:
            headers = {k: v for k, v in request.headers.items() if k not in _PER_CONNECTION | {"expect"}}
            connection.request(request.method, request.target, body=request.body or None, headers=headers)
            reply = connection.getresponse()
            kept = {k: v for k, v in reply.getheaders() if k.lower() not in _PER_CONNECTION}
            body = reply.read()
            if request.method == "HEAD":  # its length speaks of a body that is not sent
                kept["Content-Length"] = reply.getheader("Content-Length") or "0"
            return Response(status=reply.status, headers=kept, body=body)
        finally:
            connection.close()

    return service
