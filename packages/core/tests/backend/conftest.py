"""What several of these tests are run with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from coratrix.backend.provider import MemoryJobStore
from coratrix.backend.sql_store import SqlJobStore
from coratrix.backend.store import JobStore


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[JobStore]:
    """Each kind of store that needs no server."""
    made: JobStore = (
        MemoryJobStore() if request.param == "memory" else SqlJobStore(f"sqlite:///{tmp_path}/jobs.db")
    )
    yield made
    made.close()
