"""Under ``-W error`` the adapter works and says nothing, in a process of its own for each way to run."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

RUN = """
import json, sys
from coratrix.backend import BackendConfiguration
from coratrix.backend.provider import MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.core.operations import Condition
from coratrix.providers.rigetti import RigettiBackend
from coratrix.providers.rigetti.convert import from_foreign, to_foreign

circuit = QuantumCircuit(3, num_clbits=2).sx(0).sx(0).cx(0, 2).cswap(0, 1, 2).measure([1, 0], [0, 1])
params = {"provider": "rigetti", **json.loads(sys.argv[1])}
with RigettiBackend(BackendConfiguration("r", "hardware", params), store=MemoryJobStore()) as backend:
    result = backend.execute(from_foreign(to_foreign(circuit)), 20)
    backend.get_status_report(), backend.get_queue_info(), backend.get_calibration()
assert result.counts == {"11": 20}, result
"""


@pytest.mark.parametrize(
    "params", ['{"engine": "in-process"}', '{"engine": "http"}', '{"device": "Ankaa-loop"}'],
    ids=["in-process", "http", "processor"],
)  # fmt: skip
def test_no_warning_no_word_and_a_clean_exit(service: Any, params: str) -> None:
    del service
    command = [sys.executable, "-W", "error", "-c", RUN, params]

    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=os.environ)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
