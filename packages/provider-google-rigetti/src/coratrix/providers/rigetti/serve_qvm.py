"""``coratrix serve-qvm``: an HTTP server that any pyquil program takes for a QVM.

Owns: the socket and the command line. What is answered is in qvm_answers.py.
"""

from __future__ import annotations

import argparse
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from coratrix.backend.configuration import BackendConfiguration, BackendType
from coratrix.backend.errors import BackendError
from coratrix.backend.interface import BackendInterface

from .door import require_pyquil
from .qvm_answers import Answer, QvmAnswers, refusal

log = logging.getLogger(__name__)

HOST: Final = "127.0.0.1"
PORT: Final = 5000
MAX_BODY_BYTES: Final = 64 * 2**20


class QvmServer:
    """A QVM on a port; ``port`` 0 takes a free one. Answers until `close`."""

    def __init__(self, backend: BackendInterface, *, host: str = HOST, port: int = PORT) -> None:
        self._server = _Server((host, port), QvmAnswers(backend))
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True, name="coratrix-qvm"
        )
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def wait(self) -> None:
        """Block until it is closed."""
        self._thread.join()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, address: tuple[str, int], answers: QvmAnswers) -> None:
        self.answers = answers
        super().__init__(address, _Request)


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    wbufsize = -1  # head and body leave together, without Nagle's 40 ms between them
    disable_nagle_algorithm = True
    server: _Server

    def do_POST(self) -> None:
        size = self.headers.get("Content-Length", "")
        if not size.isdigit() or int(size) > MAX_BODY_BYTES:
            self.close_connection = True  # what follows cannot be told from the next request
            self._send(refusal(f"a request has a Content-Length of at most {MAX_BODY_BYTES} bytes", 413))
            return
        self._send(self.server.answers.answer(self.rfile.read(int(size))))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def log_message(self, format: str, *args: Any) -> None:
        log.info(format, *args)


def serve(host: str, port: int, backend: BackendInterface) -> None:
    """Answer as a QVM until interrupted."""
    with QvmServer(backend, host=host, port=port) as server:
        print(f"QVM at {server.url}, answered by {backend.name}", flush=True)
        server.wait()


def main(argv: list[str]) -> int:
    """The command line of ``coratrix serve-qvm``."""
    parser = argparse.ArgumentParser(
        prog="coratrix serve-qvm", description="Serve the QVM's protocol to pyquil."
    )
    parser.add_argument("--host", default=HOST, help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=PORT, help="port (default: %(default)s)")
    parser.add_argument("--backend", help="name in the configuration (default: the C++ simulator)")
    try:
        given = parser.parse_args(argv)
    except SystemExit as exc:  # help, or wrong usage
        return int(exc.code or 0)
    try:
        require_pyquil()
        serve(given.host, given.port, _backend(given.backend))
    except KeyboardInterrupt:
        return 0
    except (BackendError, OSError) as exc:
        print(f"coratrix serve-qvm: {exc}", file=sys.stderr)
        return 2
    return 0


def _backend(name: str | None) -> BackendInterface:
    """The configured backend of this name, or the simulator."""
    from coratrix.backend.manager import BackendManager
    from coratrix.backend.registry import backend_class

    if name is not None:
        return BackendManager().get_backend(name)
    return backend_class("simulator")(BackendConfiguration("simulator", BackendType.SIMULATOR))
