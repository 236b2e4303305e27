"""A certificate authority for tests, valid on this machine for as long as its folder lives.

Owns: the CA's key, its bundle file, and certificates for any host name asked for.
Knows nothing of: HTTP, vendors. Needs ``cryptography`` (extra ``coratrix-core[testing]``).
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
import threading
from functools import lru_cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = datetime.timedelta(days=2)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


class CertificateAuthority:
    """Signs certificates for test hosts; clients trust it through the PEM file ``bundle``.

    One key serves the authority and all hosts: this protects nothing, it only satisfies TLS.
    """

    def __init__(self, folder: Path) -> None:
        self.bundle = folder / "loopback-ca.pem"
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._sign_itself()
        self.bundle.write_bytes(self._certificate.public_bytes(serialization.Encoding.PEM))
        self._lock = threading.Lock()
        self._context = lru_cache(maxsize=None)(self._new_context)

    def issue(self, host: str) -> tuple[bytes, bytes]:
        """The certificate chain and the private key for ``host``, both PEM (for a gRPC server, say)."""
        certificate = (
            self._builder(_name(host))
            .add_extension(x509.SubjectAlternativeName([_alternative(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        key = self._key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        pem = serialization.Encoding.PEM
        return certificate.public_bytes(pem) + self._certificate.public_bytes(pem), key

    def server_context(self, host: str) -> ssl.SSLContext:
        """A TLS context that proves to be ``host``; made once per host."""
        with self._lock:
            return self._context(host)

    def _new_context(self, host: str) -> ssl.SSLContext:
        chain, key = self.issue(host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        together = self._folder / "loopback-host.pem"  # load_cert_chain reads files only
        together.touch(mode=0o600)
        together.write_bytes(key + chain)
        context.load_cert_chain(together)
        together.unlink()
        return context

    def _sign_itself(self) -> x509.Certificate:
        return (
            self._builder(_name("Coratrix loopback tests"))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, subject: x509.Name) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        public = self._key.public_key()
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_name("Coratrix loopback tests"))
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _LIFE)
            .not_valid_after(now + _LIFE)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(public), critical=False)
        )
