"""A TCP relay that can cut its connections: the only way to lose an answer on the wire.

It is also a CONNECT proxy that leads every host to the same service, so that a client may keep its default
endpoint. Owns: sockets. Knows nothing of: gRPC or TLS; bytes pass through as they are.
"""

from __future__ import annotations

import socket
import struct
import threading


class Relay:
    """Listens on a free loopback port and passes bytes to ``target_port``."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._lock = threading.Lock()
        self.hosts: list[str] = []
        threading.Thread(target=self._accept, daemon=True, name="relay").start()

    def cut(self) -> None:
        """Reset every connection there is now."""
        with self._lock:
            pairs, self._pairs = self._pairs, set()
        for pair in pairs:
            _reset(pair[0])
            _reset(pair[1])

    def close(self) -> None:
        _reset(self._listener)
        self.cut()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(("127.0.0.1", self._target_port), timeout=5)
            except OSError:
                return
            server.settimeout(None)
            with self._lock:
                self._pairs.add((client, server))
            threading.Thread(
                target=self._serve, args=(client, server), daemon=True, name="relay-pump"
            ).start()

    def _serve(self, client: socket.socket, server: socket.socket) -> None:
        """Answer a CONNECT if there is one, then let bytes pass both ways."""
        try:
            if client.recv(1, socket.MSG_PEEK) == b"C":  # a TLS handshake begins with 22
                self.hosts.append(_answer_connect(client))
        except OSError:
            return
        threading.Thread(target=_pump, args=(server, client), daemon=True, name="relay-pump").start()
        _pump(client, server)


def _answer_connect(client: socket.socket) -> str:
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    return head.split()[1].decode()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    except OSError:
        pass
    finally:
        _reset(sink)


def _reset(connection: socket.socket) -> None:
    """Close at once with RST, so that the other side sees a broken connection and not a polite end."""
    try:
        if connection.getpeername():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    connection.close()
