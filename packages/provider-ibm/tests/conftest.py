"""Makes the stand-in of the vendor importable, and keeps the user's own settings out of every test."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _nobodys_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No credentials, no saved accounts, no proxies, no job store of the person who runs the tests."""
    for name in ("IBM_QUANTUM_TOKEN", "QISKIT_IBM_TOKEN", "QISKIT_IBM_INSTANCE", "QISKIT_IBM_CHANNEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CORATRIX_JOBS_URL", f"sqlite:///{tmp_path}/jobs.db")
