"""Who may come in: a certificate for localhost, bearer tokens, and service-account keys.

Owns: the test's certificate authority and keys, made anew in each run. Knows nothing of: RPCs.
"""

from __future__ import annotations

import datetime
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from google.auth import jwt

DEFAULT_HOST = "quantum.googleapis.com"


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A self-signed certificate for localhost and Google's host, and its key, in PEM."""

    certificate: bytes
    key: bytes


def make_certificate() -> Certificate:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    hosts = [x509.DNSName("localhost"), x509.DNSName(DEFAULT_HOST)]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Certificate(certificate=certificate.public_bytes(serialization.Encoding.PEM), key=_pem(key))


def _pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )


class Identities:
    """The bearer tokens and service accounts known to the service, each with its project."""

    def __init__(self) -> None:
        self._tokens: dict[str, str] = {}
        self._accounts: dict[str, tuple[bytes, str]] = {}

    def allow_token(self, token: str, *, project: str) -> None:
        self._tokens[token] = project

    def make_service_account(self, path: Path, *, project: str) -> Path:
        """Write a service-account key file as the cloud console would, and remember its public half."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        email = f"runner@{project}.iam.gserviceaccount.com"
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        self._accounts[email] = (public, project)
        path.write_text(
            json.dumps(
                {
                    "type": "service_account",
                    "project_id": project,
                    "private_key_id": "1",
                    "private_key": _pem(key).decode(),
                    "client_email": email,
                    "client_id": "1",
                    "token_uri": "https://127.0.0.1:1/token",
                }
            )
        )
        return path

    def project_of(self, authorization: str) -> str | None:
        """The project of a header ``Bearer …``, or None where nobody knows it."""
        scheme, _, token = authorization.partition(" ")
        if scheme != "Bearer":
            return None
        return self._tokens.get(token) or self._project_of_jwt(token)

    def _project_of_jwt(self, token: str) -> str | None:
        for email, (public, project) in self._accounts.items():
            try:
                claims = jwt.decode(token, certs=public)
            except Exception:
                continue
            if claims["iss"] == email:
                return project
        return None
