"""A plain HTTP endpoint on loopback that acts out planned faults.

Owns: sockets and faults of HTTP. Knows nothing of: what is asked and answered; a ``Handler`` says that.
Faults are planned as for any vendor (``coratrix.testing.loopback.faults``), the endpoint's name being the host.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from coratrix.testing.loopback.exchange import Request, Response
from coratrix.testing.loopback.faults import Fault, FaultKind, FaultPlan

Handler = Callable[[Request], Response]


class HttpEndpoint:
    """Serves ``handler`` on a port of its own until closed; ``crashes`` holds what it raised."""

    def __init__(self, name: str, handler: Handler, faults: FaultPlan) -> None:
        self.name = name
        self.handler = handler
        self.faults = faults
        self.crashes: list[BaseException] = []
        self.closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], endpoint: HttpEndpoint) -> None:
        self.endpoint = endpoint
        super().__init__(address, _Connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is no news."""


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are in the ledger."""

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        endpoint = self.server.endpoint
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(
            method=self.command,
            host=endpoint.name,
            target=self.path,
            headers=headers,
            body=body,
            scheme="http",
        )
        fault = endpoint.faults.take(request)
        if fault is None:
            self._answer(self._handled(request))
        else:
            self._act(fault, request)

    def _handled(self, request: Request) -> Response:
        try:
            return self.server.endpoint.handler(request)
        except Exception as exc:  # a defect of the stand-in must never pass for a fault of the vendor
            self.server.endpoint.crashes.append(exc)
            return Response(status=500, body=repr(exc).encode())

    def _act(self, fault: Fault, request: Request) -> None:
        if fault.kind is FaultKind.ANSWER and fault.response is not None:
            self._answer(fault.response)
        elif fault.kind is FaultKind.DROP_BEFORE:
            self._drop()
        elif fault.kind is FaultKind.SILENT_BEFORE:
            self._stay_silent()
        elif fault.kind is FaultKind.DELAY:
            self.server.endpoint.closing.wait(fault.seconds)
            self._answer(self._handled(request))
        else:
            self._act_after(fault, self._handled(request))

    def _act_after(self, fault: Fault, response: Response) -> None:
        if fault.kind is FaultKind.DROP_AFTER:
            self._drop()
        elif fault.kind is FaultKind.SILENT_AFTER:
            self._stay_silent()
        elif fault.kind is FaultKind.GARBLE:
            self._answer(Response(status=response.status, headers=response.headers, body=fault.body))
        elif fault.kind is FaultKind.TRUNCATE:
            self._answer(response, sent=len(response.body) // 2)
            self._drop()
        else:
            raise AssertionError(f"no such fault here: {fault}")

    def _answer(self, response: Response, sent: int | None = None) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body[:sent])

    def _drop(self) -> None:
        """Close with a reset, so that the client learns it at once."""
        self.wfile.flush()
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _stay_silent(self) -> None:
        """Nothing, until the test is over or the client hangs up."""
        self.connection.settimeout(0.05)
        while not self.server.endpoint.closing.is_set():
            try:
                if not self.connection.recv(1):
                    break
            except TimeoutError:
                continue
            except OSError:
                break
        self.close_connection = True


def unused_port() -> int:
    """A port of loopback on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], timeout_s: float = 5.0) -> bool:
    """Whether ``condition`` came true in time; looks often, so tests need no sleeps."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True
