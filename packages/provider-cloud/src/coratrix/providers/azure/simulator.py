"""Runs QIR on the simulator of Microsoft's qdk: no account, no network.

Owns: `LocalClient`, a `VendorClient` whose jobs are threads and die with the process.
Knows nothing of: circuits, Azure. Results have the form of the service's, so that they are read the same way.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Deadline
from coratrix.backend.errors import JobNotFoundError
from coratrix.backend.jobs import JobState
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.providers.azure.convert import QIR_RESULTS, AzureProgram
from coratrix.providers.azure.qir import qdk_without_telemetry

MAX_QUBITS = 20  # every shot is simulated anew: 20 qubits take about a second each

PROFILE = "Adaptive_RIF"


class LocalClient:
    """Jobs on this machine."""

    submits_once = True

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[str, Future[tuple[dict[str, Any], float]]] = {}
        self._threads: ThreadPoolExecutor | None = None

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        with self._lock:
            if key not in self._jobs:
                self._threads = self._threads or ThreadPoolExecutor(2, thread_name_prefix="coratrix-qdk")
                self._jobs[key] = self._threads.submit(_run, submission.program, int(shots), options.seed)
        return key

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        return key if key in self._jobs else None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        future = self._job(vendor_job_id)
        if future.cancelled():
            return JobSnapshot(state=JobState.CANCELLED)
        if not future.done():
            return JobSnapshot(state=JobState.RUNNING if future.running() else JobState.QUEUED)
        if (error := future.exception()) is not None:
            said = f"{type(error).__name__}: {error}"
            return JobSnapshot(state=JobState.FAILED, error=said, error_code="failed")
        return JobSnapshot(state=JobState.SUCCEEDED, execution_time=future.result()[1])

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> dict[str, Any]:
        return self._job(vendor_job_id).result(timeout=0)[0]

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        return self._job(vendor_job_id).cancel()

    def _job(self, job_id: str) -> Future[tuple[dict[str, Any], float]]:
        if job_id not in self._jobs:
            raise JobNotFoundError(f"job {job_id} ran in another process, and a local job ends with it")
        return self._jobs[job_id]

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        return BackendCapabilities(
            max_qubits=MAX_QUBITS,
            supports_mid_circuit_measurement=True,
            supports_reset=True,
            supports_conditionals=True,
            supports_seed=True,
            supports_cancel=True,
            is_local=True,
            extra={"target": "local", "target_profile": PROFILE, "input_formats": ["qir"]},
        )

    def status(self, *, deadline: Deadline) -> StatusReport:
        qdk_without_telemetry()
        return StatusReport(status=BackendStatus.ONLINE, message="runs on this machine")

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        waiting = sum(not job.done() for job in list(self._jobs.values()))
        return QueueInfo(length=waiting, source="local")

    def close(self) -> None:
        with self._lock:
            if self._threads is not None:
                self._threads.shutdown(wait=False)
                self._threads = None


def _run(program: AzureProgram, shots: int, seed: int | None) -> tuple[dict[str, Any], float]:
    """The result in the service's form, and the seconds it took."""
    qdk_without_telemetry()
    from qdk.simulation import run_qir

    started = time.perf_counter()
    outcomes = run_qir(program.data.decode(), shots, seed=seed, type="cpu")
    counted = Counter(tuple(int(str(bit) == "One") for bit in outcome) for outcome in outcomes)
    histogram = [{"Outcome": list(bits), "Count": count} for bits, count in counted.items()]
    seconds = time.perf_counter() - started
    return {"format": QIR_RESULTS, "payload": {"Results": [{"Histogram": histogram}]}}, seconds
