"""A process that is killed at any point loses no job and sends none twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
@pytest.mark.parametrize("more", [[], ["batch"]], ids=["jobs", "batch"])
def test_no_point_of_death_loses_or_doubles_a_job(more: list[str]) -> None:
    script = Path(__file__).with_name("kills.py")

    done = subprocess.run(
        [sys.executable, str(script), "1", *more], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) >= 30
    for row in rows:
        assert (row["tried"], row["killed"]) == (1, 1), row
        assert (row["lost"], row["doubled"], row["wrong"], row["unrecovered"]) == (0, 0, 0, 0), row
