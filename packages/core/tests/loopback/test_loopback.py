"""The loopback proxy, driven by a client that nobody here wrote: http.client with full TLS checks."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from coratrix.testing.loopback import (
    CertificateAuthority,
    LoopbackProxy,
    Request,
    Response,
    answer,
    delay,
    drop_after,
    drop_before,
    forward_to,
    garble,
    silent_after,
    truncate,
)

HOST = "api.vendor.example"


class Vendor:
    """Answers with what it was asked, and counts."""

    def __init__(self) -> None:
        self.seen: list[Request] = []

    def __call__(self, request: Request) -> Response:
        self.seen.append(request)
        if request.path == "/crash":
            raise RuntimeError("a defect of the stand-in")
        if request.path == "/empty":
            return Response(status=204)
        return Response.of_json(
            {"method": request.method, "query": request.query, "body": request.body.decode()}
        )


@pytest.fixture
def vendor() -> Vendor:
    return Vendor()


@pytest.fixture(scope="module")
def ca(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    return CertificateAuthority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def proxy(vendor: Vendor, ca: CertificateAuthority) -> Iterator[LoopbackProxy]:
    with LoopbackProxy({"*.vendor.example": vendor}, ca=ca) as proxy:
        yield proxy


_opened: list[http.client.HTTPSConnection] = []


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def connect(proxy: LoopbackProxy, host: str = HOST, timeout: float = 10.0) -> http.client.HTTPSConnection:
    """Connects as `requests` does: CONNECT through the proxy, then TLS checked against the CA alone."""
    environment = proxy.environment()
    trust = ssl.create_default_context(cafile=environment["REQUESTS_CA_BUNDLE"])
    address = urlsplit(environment["HTTPS_PROXY"])
    connection = http.client.HTTPSConnection(
        address.hostname or "", address.port, context=trust, timeout=timeout
    )
    connection.set_tunnel(host, 443)
    _opened.append(connection)
    return connection


def ask(
    connection: http.client.HTTPConnection, method: str, target: str, body: bytes | None = None
) -> tuple[int, bytes]:
    connection.request(method, target, body=body)
    reply = connection.getresponse()
    return reply.status, reply.read()


def test_a_service_sees_the_request_and_the_client_its_answer(proxy: LoopbackProxy, vendor: Vendor) -> None:
    connection = connect(proxy)

    status, body = ask(connection, "POST", "/jobs?tag=a&tag=b", b"payload")
    again, _ = ask(connection, "GET", "/empty")

    assert (status, again) == (200, 204)
    assert json.loads(body) == {"method": "POST", "query": {"tag": ["a", "b"]}, "body": "payload"}
    assert [one.host for one in vendor.seen] == [HOST, HOST]
    assert [(one.status, one.reached_service) for one in proxy.log] == [(200, True), (204, True)]


def test_a_chunked_body_arrives_whole(proxy: LoopbackProxy, vendor: Vendor) -> None:
    connection = connect(proxy)

    connection.request("PUT", "/blob", body=iter([b"one,", b"two"]), encode_chunked=True)
    connection.getresponse().read()

    assert vendor.seen[0].body == b"one,two"


def test_only_who_trusts_the_test_authority_gets_through(proxy: LoopbackProxy) -> None:
    address = urlsplit(proxy.url)
    distrusting = http.client.HTTPSConnection(
        address.hostname or "", address.port, context=ssl.create_default_context(), timeout=10
    )
    distrusting.set_tunnel(HOST, 443)

    with pytest.raises(ssl.SSLCertVerificationError):
        distrusting.request("GET", "/")
    distrusting.close()

    assert ask(connect(proxy), "GET", "/")[0] == 200


def test_an_unknown_host_is_refused_and_remembered(proxy: LoopbackProxy) -> None:
    with pytest.raises(OSError, match="502"):
        connect(proxy, "telemetry.example").request("GET", "/")

    assert proxy.strays == ["telemetry.example"]


def test_an_invented_answer_never_reaches_the_service(proxy: LoopbackProxy, vendor: Vendor) -> None:
    rule = proxy.faults.on("GET", HOST, "/jobs/.*", answer(429, b"slow down", {"Retry-After": "1"}), times=2)
    connection = connect(proxy)

    statuses = [ask(connection, "GET", "/jobs/7")[0] for _ in range(3)]
    other = ask(connection, "POST", "/jobs/7")[0]

    assert (statuses, other) == ([429, 429, 200], 200)
    assert rule.hits == 2
    assert len(vendor.seen) == 2


def test_skip_lets_the_first_requests_pass(proxy: LoopbackProxy) -> None:
    proxy.faults.on("GET", "*", ".*", answer(500), skip=1)
    connection = connect(proxy)

    assert [ask(connection, "GET", "/")[0] for _ in range(3)] == [200, 500, 200]


@pytest.mark.parametrize(("fault", "accepted"), [(drop_before(), 0), (drop_after(), 1)])
def test_a_dropped_connection_is_reset_before_or_after_the_service_accepted(
    proxy: LoopbackProxy, vendor: Vendor, fault: object, accepted: int
) -> None:
    proxy.faults.on("POST", "*", "/jobs", fault)  # type: ignore[arg-type]

    with pytest.raises((ConnectionError, ssl.SSLError)):
        ask(connect(proxy), "POST", "/jobs", b"x")

    assert len(vendor.seen) == accepted
    assert proxy.count("POST", path="/jobs") == 1
    assert proxy.count("POST", path="/jobs", reached=True) == accepted


def test_silence_lasts_until_the_client_gives_up(proxy: LoopbackProxy, vendor: Vendor) -> None:
    proxy.faults.on("GET", "*", "/silent", silent_after())

    with pytest.raises(TimeoutError):
        ask(connect(proxy, timeout=0.2), "GET", "/silent")

    assert len(vendor.seen) == 1


def test_closing_the_proxy_ends_a_silent_connection(vendor: Vendor, ca: CertificateAuthority) -> None:
    proxy = LoopbackProxy({"*": vendor}, ca=ca)
    proxy.faults.on("GET", "*", ".*", silent_after())
    outcome: list[BaseException] = []

    def client() -> None:
        try:
            ask(connect(proxy, timeout=30), "GET", "/")
        except Exception as error:
            outcome.append(error)

    thread = threading.Thread(target=client)
    thread.start()
    while not proxy.log:
        threading.Event().wait(0.005)
    proxy.close()
    thread.join(timeout=10)

    assert not thread.is_alive()
    assert len(outcome) == 1


def test_a_garbled_body_keeps_the_status(proxy: LoopbackProxy) -> None:
    proxy.faults.on("GET", "*", ".*", garble(b"{"))
    connection = connect(proxy)

    assert ask(connection, "GET", "/") == (200, b"{")


def test_a_truncated_body_ends_too_early(proxy: LoopbackProxy) -> None:
    proxy.faults.on("GET", "*", ".*", truncate())

    with pytest.raises(http.client.IncompleteRead):
        ask(connect(proxy), "GET", "/")


def test_a_delayed_answer_comes_late(proxy: LoopbackProxy) -> None:
    proxy.faults.on("GET", "*", ".*", delay(0.3))
    impatient = connect(proxy, timeout=0.05)

    with pytest.raises(TimeoutError):
        ask(impatient, "GET", "/")
    patient = connect(proxy)

    assert ask(patient, "GET", "/")[0] == 200


def test_a_host_that_is_cut_off_cannot_be_reached(proxy: LoopbackProxy) -> None:
    proxy.faults.cut_off(HOST, times=1)

    with pytest.raises(OSError, match=r"reset|closed"):
        connect(proxy).request("GET", "/")
    healthy = connect(proxy)

    assert ask(healthy, "GET", "/")[0] == 200


def test_faults_that_never_struck_are_named(proxy: LoopbackProxy) -> None:
    rule = proxy.faults.on("DELETE", "*", "/never", answer(500))

    assert proxy.faults.unused == [rule]


def test_a_crash_of_the_stand_in_is_no_fault_of_the_vendor(vendor: Vendor, ca: CertificateAuthority) -> None:
    proxy = LoopbackProxy({"*": vendor}, ca=ca)
    connection = connect(proxy)
    status, _ = ask(connection, "GET", "/crash")

    assert status == 500
    with pytest.raises(AssertionError, match="a defect of the stand-in"):
        proxy.close()


class _Upstream(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        text = f"{self.headers['Host']} {self.path} ".encode() + body
        self.send_response(201)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None: ...


def test_a_local_server_can_stand_behind_a_host(ca: CertificateAuthority) -> None:
    with HTTPServer(("127.0.0.1", 0), _Upstream) as upstream:
        thread = threading.Thread(target=upstream.serve_forever, args=(0.02,))
        thread.start()
        with LoopbackProxy({HOST: forward_to("127.0.0.1", upstream.server_port)}, ca=ca) as proxy:
            connection = connect(proxy)
            status, body = ask(connection, "POST", "/b?x=1", b"data")
            connection.close()
        upstream.shutdown()
        thread.join()

    assert (status, body) == (201, f"{HOST} /b?x=1 data".encode())


def test_plain_http_is_served_too(proxy: LoopbackProxy) -> None:
    address = urlsplit(proxy.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    status, _ = ask(connection, "GET", f"http://{HOST}/plain?q=1")
    connection.close()

    assert status == 200
    assert (proxy.log[0].request.scheme, proxy.log[0].request.target) == ("http", "/plain?q=1")


def test_a_certificate_can_be_taken_for_a_server_of_ones_own(
    ca: CertificateAuthority, tmp_path: Path
) -> None:
    chain, key = ca.issue("127.0.0.1")
    (tmp_path / "server.pem").write_bytes(key + chain)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tmp_path / "server.pem")
    ours, theirs = socket.socketpair()
    trust = ssl.create_default_context(cafile=str(ca.bundle))
    handshake = threading.Thread(target=lambda: server.wrap_socket(ours, server_side=True).close())
    handshake.start()

    with trust.wrap_socket(theirs, server_hostname="127.0.0.1") as client:
        assert client.version() is not None
    handshake.join()
