"""The guide speaks to IBM; here IBM's hosts are on this machine, and nothing of the user's is touched."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "packages/provider-ibm/tests"))  # the stand-in of IBM Quantum


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("CORATRIX_BACKEND_CONFIG", "CORATRIX_DEFAULT_BACKEND", "IBM_QUANTUM_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")


@pytest.fixture
def ibm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[object]:
    """IBM Quantum on loopback: the real SDK with its default end points reaches it through a proxy."""
    from ibm_service import IBMCloud
    from ibm_service.cloud import API_KEY

    from coratrix.testing.loopback import CertificateAuthority, LoopbackProxy

    cloud = IBMCloud()
    monkeypatch.setenv("HOME", str(tmp_path))
    with LoopbackProxy(cloud.services(), ca=CertificateAuthority(tmp_path)) as proxy:
        for name, value in proxy.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("IBM_QUANTUM_TOKEN", API_KEY)
        yield cloud
