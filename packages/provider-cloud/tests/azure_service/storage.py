"""Blob storage: containers, block blobs, and shared access signatures that are really checked.

Owns: `BlobStorage`. A signature is computed again by Azure's own ``azure.storage.blob`` and compared.
Knows nothing of: jobs.
"""

from __future__ import annotations

import datetime
import hmac
from email.utils import formatdate
from urllib.parse import unquote

from azure.storage.blob import generate_blob_sas, generate_container_sas

from azure_service.names import STORAGE_ACCOUNT, STORAGE_KEY
from coratrix.testing.loopback import Request, Response

_HOST = f"https://{STORAGE_ACCOUNT}.blob.core.windows.net"
_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Refusal(Exception):
    """An answer of the service in place of the blob."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status, self.code = status, code


class BlobStorage:
    """Blobs by container and name.

    Attributes:
        blobs: the contents; a test may look and change.
        sas_lives_s: how long a signature made now is good for; negative makes it expired at birth.
    """

    def __init__(self) -> None:
        self.blobs: dict[str, dict[str, bytes]] = {}
        self.sas_lives_s = 3600.0

    def container_uri(self, container: str) -> str:
        """The container (made if new) with a signature to read, write and create."""
        self.blobs.setdefault(container, {})
        sas = generate_container_sas(
            STORAGE_ACCOUNT, container, account_key=STORAGE_KEY, permission="rcw", expiry=self._expiry()
        )
        return f"{_HOST}/{container}?{sas}"

    def blob_uri(self, container: str, blob: str, permission: str = "r") -> str:
        """One blob with a signature."""
        sas = generate_blob_sas(
            STORAGE_ACCOUNT, container, blob,
            account_key=STORAGE_KEY, permission=permission, expiry=self._expiry(),
        )  # fmt: skip
        return f"{_HOST}/{container}/{blob}?{sas}"

    def read(self, container: str, blob: str) -> bytes | None:
        """What the provider finds there."""
        return self.blobs.get(container, {}).get(blob)

    def write(self, container: str, blob: str, content: bytes) -> None:
        """What the provider leaves there."""
        self.blobs[container][blob] = content

    def __call__(self, request: Request) -> Response:
        try:
            return self._answer(request)
        except Refusal as refusal:
            said = f"<Code>{refusal.code}</Code><Message>{refusal.code}</Message>"
            body = f"<?xml version='1.0'?><Error>{said}</Error>"
            headers = {"Content-Type": "application/xml", "x-ms-error-code": refusal.code}
            return Response(status=refusal.status, headers=headers, body=body.encode())

    # inside ----------------------------------------------------------------------------------

    def _answer(self, request: Request) -> Response:
        container, _, blob = unquote(request.path).lstrip("/").partition("/")
        query = {name: values[0] for name, values in request.query.items()}
        if request.host != f"{STORAGE_ACCOUNT}.blob.core.windows.net":
            raise Refusal(400, "InvalidUri")
        self._check_signature(query, container, blob, "w" if request.method == "PUT" else "r")
        if container not in self.blobs:
            raise Refusal(404, "ContainerNotFound")
        if request.method == "PUT":
            return self._put(request, container, blob)
        if blob not in self.blobs[container]:
            raise Refusal(404, "BlobNotFound")
        return _content(self.blobs[container][blob], request)

    def _put(self, request: Request, container: str, blob: str) -> Response:
        if request.headers.get("x-ms-blob-type") != "BlockBlob":
            raise Refusal(400, "InvalidHeaderValue")
        if request.headers.get("if-none-match") == "*" and blob in self.blobs[container]:
            raise Refusal(409, "BlobAlreadyExists")
        self.blobs[container][blob] = request.body
        return Response(status=201, headers=_blob_headers(request.body))

    def _check_signature(self, query: dict[str, str], container: str, blob: str, needed: str) -> None:
        sas = {name: query.get(name, "") for name in ("sr", "sp", "se", "sv", "sig")}
        if not sas["sig"] or sas["sr"] not in ("b", "c"):
            raise Refusal(403, "AuthenticationFailed")
        terms = {"account_key": STORAGE_KEY, "permission": sas["sp"], "expiry": sas["se"]}
        again = (
            generate_container_sas(STORAGE_ACCOUNT, container, **terms)
            if sas["sr"] == "c"
            else generate_blob_sas(STORAGE_ACCOUNT, container, blob, **terms)
        )
        expected = dict(part.split("=", 1) for part in again.split("&"))
        if not hmac.compare_digest(unquote(expected["sig"]), sas["sig"]) or expected["sv"] != sas["sv"]:
            raise Refusal(403, "AuthenticationFailed")
        if sas["se"] < _now().strftime(_TIME):
            raise Refusal(403, "AuthenticationFailed")
        if needed not in sas["sp"]:
            raise Refusal(403, "AuthorizationPermissionMismatch")

    def _expiry(self) -> datetime.datetime:
        return _now() + datetime.timedelta(seconds=self.sas_lives_s)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _blob_headers(content: bytes) -> dict[str, str]:
    return {
        "ETag": f'"0x{hash(content) & 0xFFFFFFFF:X}"',
        "Last-Modified": formatdate(usegmt=True),
        "x-ms-version": "2025-07-05",
        "x-ms-request-id": "0",
    }


def _content(content: bytes, request: Request) -> Response:
    """A whole blob; a range is honoured as Azure does, 206 with its place."""
    headers = {
        **_blob_headers(content), "x-ms-blob-type": "BlockBlob", "Accept-Ranges": "bytes",
        "Content-Type": "application/octet-stream",
    }  # fmt: skip
    asked = request.headers.get("x-ms-range") or request.headers.get("range")
    if asked is None or request.method == "HEAD":
        return Response(headers={**headers, "Content-Length": str(len(content))}, body=content)
    first, _, last = asked.removeprefix("bytes=").partition("-")
    start, end = int(first), min(int(last or len(content)), len(content) - 1)
    if start >= len(content):
        raise Refusal(416, "InvalidRange")
    place = {"Content-Range": f"bytes {start}-{end}/{len(content)}"}
    return Response(status=206, headers={**headers, **place}, body=content[start : end + 1])
