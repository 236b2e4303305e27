"""A CONNECT proxy that ends TLS itself and answers each vendor host with a service of the test.

Owns: sockets, threads, acting out faults, the log of exchanges.
Knows nothing of: what the services say. It never opens a connection to the outside.
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import struct
import threading
import traceback
from collections.abc import Mapping
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from coratrix.testing.loopback.ca import CertificateAuthority
from coratrix.testing.loopback.exchange import Exchange, Request, Response, Service
from coratrix.testing.loopback.faults import Fault, FaultKind, FaultPlan

_NO_BODY = {204, 304}


class LoopbackProxy:
    """Serves ``services`` (host pattern → service) until it is closed; one thread per connection.

    A host that no pattern matches is refused and remembered in ``strays``: nothing leaves this machine.
    A service that raises answers 500 to its client, and `close` raises its traceback, so that a defect
    of the stand-in can never pass for a fault of the vendor.
    """

    def __init__(self, services: Mapping[str, Service], *, ca: CertificateAuthority) -> None:
        self.faults = FaultPlan()
        self.strays: list[str] = []
        self._services = dict(services)
        self._ca = ca
        self._log: list[Exchange] = []
        self._crashes: list[str] = []
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._server = _Server(("127.0.0.1", 0), self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def environment(self) -> dict[str, str]:
        """What a client's environment must hold; it takes the place of these names, nothing else."""
        bundle = str(self._ca.bundle)
        trust = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
        proxies = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
        silenced = dict.fromkeys(("NO_PROXY", "no_proxy"), "")
        return dict.fromkeys(trust, bundle) | dict.fromkeys(proxies, self.url) | silenced

    @property
    def log(self) -> list[Exchange]:
        """All exchanges so far, in the order in which they ended."""
        with self._lock:
            return list(self._log)

    def count(self, method: str = "*", host: str = "*", path: str = ".*", *, reached: bool = False) -> int:
        """How many requests came; with ``reached``, how many of them a service really saw."""
        return sum(
            fnmatchcase(one.request.method, method)
            and fnmatchcase(one.request.host, host)
            and re.fullmatch(path, one.request.path) is not None
            and (one.reached_service or not reached)
            for one in self.log
        )

    def forget(self) -> None:
        """Empty the log and the plan of faults, between two parts of a test."""
        self.faults.clear()
        with self._lock:
            self._log.clear()

    def close(self) -> None:
        """Hang up on every client and stop. Raises if a service crashed meanwhile."""
        self._closing.set()
        self._server.shutdown()
        self._server.hang_up()
        self._server.server_close()
        self._thread.join()
        if self._crashes:
            raise AssertionError("a loopback service crashed:\n" + "\n".join(self._crashes))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # Called by the connections' threads.

    def _service_for(self, host: str) -> Service | None:
        for pattern, service in self._services.items():
            if fnmatchcase(host, pattern):
                return service
        self.strays.append(host)
        return None

    def _ask(self, request: Request) -> Response:
        service = self._service_for(request.host)
        if service is None:
            return Response(status=502, body=f"no loopback service for {request.host}".encode())
        try:
            return service(request)
        except Exception:
            crash = f"{request.method} {request.host}{request.target}\n{traceback.format_exc()}"
            self._crashes.append(crash)
            return Response(status=500, body=b"loopback service crashed")

    def _record(self, request: Request, *, reached: bool, status: int | None, fault: Fault | None) -> None:
        entry = Exchange(
            request=request, reached_service=reached, status=status, fault=str(fault) if fault else None
        )
        with self._lock:
            self._log.append(entry)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # hang_up() ends the threads; none is waited for
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], proxy: LoopbackProxy) -> None:
        self.proxy = proxy
        self._live: set[socket.socket] = set()
        super().__init__(address, _Connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._live.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._live.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for live in list(self._live):
            with contextlib.suppress(OSError):
                live.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in mid-sentence is part of the play."""


class _Hangup(Exception):
    """Leaves the handler at once; the connection is already gone."""


class _Connection(BaseHTTPRequestHandler):
    """One client connection: perhaps a CONNECT, then requests until either side has enough."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and waiting for an ACK costs 40 ms
    server: _Server
    _tunnel: str | None = None

    def do_CONNECT(self) -> None:
        host = self.path.rpartition(":")[0].strip("[]").lower()
        request = Request(method="CONNECT", host=host, target="")
        if self.server.proxy.faults.take(request):
            self._reset()
        if self.server.proxy._service_for(host) is None:
            self.send_error(502, f"no loopback service for {host}")
            self.close_connection = True
            return
        self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._start_tls(host)

    def _start_tls(self, host: str) -> None:
        raw = self.connection
        tls = self.server.proxy._ca.server_context(host).wrap_socket(raw, server_side=True)
        self.server._live.discard(raw)  # wrap_socket detached it
        self.server._live.add(tls)
        self.request = self.connection = tls
        self.rfile = tls.makefile("rb", -1)
        self.wfile = _Writer(tls)  # type: ignore[assignment]
        self._tunnel = host
        self.close_connection = False

    def handle(self) -> None:
        with contextlib.suppress(_Hangup, OSError, ssl.SSLError):
            super().handle()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        self.server._live.discard(self.connection)
        with contextlib.suppress(OSError):
            self.connection.close()

    def _exchange(self) -> None:
        request = self._read()
        proxy = self.server.proxy
        fault = proxy.faults.take(request)
        kind = fault.kind if fault else None
        if kind in (FaultKind.DROP_BEFORE, FaultKind.SILENT_BEFORE):
            proxy._record(request, reached=False, status=None, fault=fault)
            self._reset() if kind is FaultKind.DROP_BEFORE else self._stay_silent()
        if kind is FaultKind.DELAY and fault:
            proxy._closing.wait(fault.seconds)
        invented = fault.response if fault else None
        response = invented or proxy._ask(request)
        answered = kind not in (FaultKind.DROP_AFTER, FaultKind.SILENT_AFTER)
        proxy._record(
            request, reached=invented is None, status=response.status if answered else None, fault=fault
        )
        if not answered:
            self._reset() if kind is FaultKind.DROP_AFTER else self._stay_silent()
        if kind is FaultKind.GARBLE and fault:
            response = Response(status=response.status, headers=response.headers, body=fault.body)
        self._answer(response, cut_short=kind is FaultKind.TRUNCATE)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _exchange

    def _read(self) -> Request:
        url = urlsplit(self.path)
        plain = self._tunnel is None
        host = self._tunnel or url.hostname or self.headers.get("Host", "").partition(":")[0]
        target = (url.path or "/") + (f"?{url.query}" if url.query else "") if plain else self.path
        headers = {name.lower(): value for name, value in self.headers.items()}
        return Request(
            method=self.command, host=host.lower(), target=target, headers=headers,
            body=self._read_body(), scheme="http" if plain else "https",
        )  # fmt: skip

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():  # trailers
            pass
        return body

    def _answer(self, response: Response, *, cut_short: bool) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        has_length = any(name.lower() == "content-length" for name in response.headers)
        if response.status not in _NO_BODY and not has_length:
            self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        if self.command == "HEAD" or response.status in _NO_BODY:
            return
        if cut_short:
            self.wfile.write(response.body[: len(response.body) // 2])
            self.close_connection = True
            return
        self.wfile.write(response.body)

    def _reset(self) -> None:
        """End the connection as a crash does: TCP reset, no TLS goodbye."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.server._live.discard(self.connection)
        self.rfile.close()  # else the socket outlives close()
        self.connection.close()
        raise _Hangup

    def _stay_silent(self) -> None:
        """Say nothing until the client or the proxy hangs up."""
        while self.connection.recv(4096):
            pass
        raise _Hangup

    def log_message(self, format: str, *args: Any) -> None:
        """The exchanges are logged as values, not as text."""


class _Writer:
    """An unbuffered file to write on a TLS socket, as http.server expects it."""

    closed = False

    def __init__(self, tls: ssl.SSLSocket) -> None:
        self._tls = tls

    def write(self, data: bytes) -> int:
        self._tls.sendall(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is buffered."""

    def close(self) -> None:
        """The socket is closed by the connection."""
