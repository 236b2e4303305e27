"""Runs programs on the simulators inside Braket's SDK: no account, no network.

Owns: `LocalClient`, a `VendorClient` whose jobs die with the process, and the one thread that runs them.
Knows nothing of: circuits, AWS.

The simulators' compiled kernels are parallel themselves and not safe to enter from two threads: with Numba's
default layer the process ends in a segmentation fault. So one circuit runs at a time in a process.
"""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Deadline
from coratrix.backend.errors import JobNotFoundError, ProviderNotInstalledError
from coratrix.backend.jobs import JobState
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.core.calibration import DeviceCalibration
from coratrix.providers.aws.capabilities import capabilities_of
from coratrix.providers.aws.devices import Device
from coratrix.providers.aws.normalise import RawCounts
from coratrix.providers.aws.program import BraketProgram


@cache
def _thread() -> ThreadPoolExecutor:
    """The one thread of this process that simulates."""
    return ThreadPoolExecutor(1, thread_name_prefix="coratrix-braket-local")


class LocalClient:
    """Jobs on this machine."""

    submits_once = True

    def __init__(self, device: Device) -> None:
        self._device = device
        self._simulator = local_simulator(device)
        self._lock = threading.Lock()
        self._jobs: dict[str, Future[tuple[RawCounts, float]]] = {}

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        program: BraketProgram = submission.program
        with self._lock:
            if key not in self._jobs:
                self._jobs[key] = _thread().submit(self._run, program, int(shots))
        return key

    def _run(self, program: BraketProgram, shots: int) -> tuple[RawCounts, float]:
        """The raw counts and the seconds they took."""
        from braket.ir.openqasm import Program

        started = time.perf_counter()
        task = self._simulator.run(Program(source=program.source), shots=0 if program.is_exact else shots)
        return _raw(task.result(), program), time.perf_counter() - started

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        return key if key in self._jobs else None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        future = self._job(vendor_job_id)
        if future.cancelled():
            return JobSnapshot(state=JobState.CANCELLED)
        if not future.done():
            return JobSnapshot(state=JobState.RUNNING if future.running() else JobState.QUEUED)
        if (error := future.exception()) is not None:
            return JobSnapshot(
                state=JobState.FAILED, error=f"{type(error).__name__}: {error}", error_code="failed"
            )
        return JobSnapshot(state=JobState.SUCCEEDED, execution_time=future.result()[1])

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> RawCounts:
        return self._job(vendor_job_id).result(timeout=0)[0]

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        return self._job(vendor_job_id).cancel()

    def _job(self, job_id: str) -> Future[tuple[RawCounts, float]]:
        if job_id not in self._jobs:
            raise JobNotFoundError(f"job {job_id} ran in another process, and a local job ends with it")
        return self._jobs[job_id]

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        return capabilities_of(json.loads(self._simulator.properties.json()), self._device)

    def calibration(self, *, deadline: Deadline) -> DeviceCalibration | None:
        return None

    def status(self, *, deadline: Deadline) -> StatusReport:
        return StatusReport(status=BackendStatus.ONLINE, message="runs on this machine")

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        waiting = sum(not job.done() for job in list(self._jobs.values()))
        return QueueInfo(length=waiting, source="local")

    def close(self) -> None:
        """Nothing is held open."""


def local_simulator(device: Device) -> Any:
    """The SDK's simulator object."""
    try:
        from braket.devices import LocalSimulator
    except ImportError as exc:
        raise ProviderNotInstalledError(
            f"Amazon Braket's SDK cannot be imported: {exc}",
            hint="pip install 'coratrix-provider-cloud[aws]'",
        ) from exc
    return LocalSimulator(device.local)


def _raw(result: Any, program: BraketProgram) -> RawCounts:
    if program.is_exact:
        columns = tuple(sorted(program.qubits or ()))
        return RawCounts(qubits=columns, probabilities=result.result_types[0].value)
    counts = {str(key): int(count) for key, count in result.measurement_counts.items()}
    return RawCounts(qubits=tuple(int(q) for q in result.measured_qubits), counts=counts)
