"""A processor inside this process: Google's specification and median calibration, run by qsim or Cirq.

Owns: `VirtualProcessor`, a vendor client whose jobs are threads and die with the process.
Knows nothing of: our circuits, Google's service.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Deadline
from coratrix.backend.errors import InsufficientMemoryError, JobNotFoundError, ProviderNotInstalledError
from coratrix.backend.jobs import JobState
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.core.calibration import DeviceCalibration

from .parameters import GoogleParameters

if TYPE_CHECKING:
    import cirq
    import cirq_google

MAX_SHOTS = 5_000_000
"""The limit of cirq-google's own emulator."""

_KEPT_JOBS = 256
_BYTES_PER_AMPLITUDE = 8
_STATES_AT_ONCE = 2


@dataclass(frozen=True, kw_only=True)
class VirtualProgram:
    """What is run: a compiled circuit, and the seed of its randomness."""

    circuit: cirq.AbstractCircuit
    seed: int | None = None


class VirtualProcessor:
    """Jobs on this machine."""

    submits_once = True

    def __init__(self, parameters: GoogleParameters) -> None:
        self._parameters = parameters
        self._lock = threading.Lock()
        self._jobs: OrderedDict[str, Future[tuple[dict[str, list[int]], float]]] = OrderedDict()
        self._threads: ThreadPoolExecutor | None = None

    # jobs ------------------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        program: VirtualProgram = submission.program
        self.check_memory(len(program.circuit.all_qubits()))
        with self._lock:
            if key not in self._jobs:
                self._jobs[key] = self._pool().submit(self._run, program, int(shots))
                self._forget_old()
        return key

    def _pool(self) -> ThreadPoolExecutor:
        if self._threads is None:  # one at a time: qsim itself uses every core
            self._threads = ThreadPoolExecutor(1, thread_name_prefix="coratrix-google-virtual")
        return self._threads

    def _forget_old(self) -> None:
        for key in [key for key, job in self._jobs.items() if job.done()][:-_KEPT_JOBS]:
            del self._jobs[key]

    def _run(self, program: VirtualProgram, shots: int) -> tuple[dict[str, list[int]], float]:
        """The bits of each key, and the seconds they took."""
        started = time.perf_counter()
        result = self.simulator(program.seed).run(program.circuit, repetitions=shots)
        columns = {key: bits[:, 0].astype(int).tolist() for key, bits in result.measurements.items()}
        return columns, time.perf_counter() - started

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        return key if key in self._jobs else None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        job = self._job(vendor_job_id)
        if job.cancelled():
            return JobSnapshot(state=JobState.CANCELLED)
        if not job.done():
            return JobSnapshot(state=JobState.RUNNING if job.running() else JobState.QUEUED)
        if (error := job.exception()) is not None:
            return JobSnapshot(
                state=JobState.FAILED, error=f"{type(error).__name__}: {error}", error_code="failed"
            )
        return JobSnapshot(state=JobState.SUCCEEDED, execution_time=job.result()[1])

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> dict[str, list[int]]:
        return self._job(vendor_job_id).result(timeout=0)[0]

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        return self._job(vendor_job_id).cancel()

    def _job(self, job_id: str) -> Future[tuple[dict[str, list[int]], float]]:
        if job_id not in self._jobs:
            raise JobNotFoundError(f"job {job_id} ran in another process, and a local job ends with it")
        return self._jobs[job_id]

    # the processor ---------------------------------------------------------------------------

    @cached_property
    def _device(self) -> cirq_google.GridDevice:
        made: cirq_google.GridDevice = _sdk().create_device_from_processor_id(self._parameters.processor)
        return made

    def device(self, deadline: Deadline) -> cirq_google.GridDevice:
        """The processor's qubits, pairs and gates."""
        return self._device

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        from .capabilities import capabilities_of

        return capabilities_of(self._device, max_shots=MAX_SHOTS, supports_seed=True, is_local=True)

    def calibration(self, deadline: Deadline) -> DeviceCalibration:
        """The median calibration that cirq-google ships."""
        from .calibration import template_record

        _sdk()
        return template_record(self._parameters.processor)

    def status(self, *, deadline: Deadline) -> StatusReport:
        _sdk()
        return StatusReport(status=BackendStatus.ONLINE, message="runs on this machine")

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        waiting = sum(not job.done() for job in list(self._jobs.values()))
        return QueueInfo(length=waiting, source="local")

    # the engine ------------------------------------------------------------------------------

    def simulator(self, seed: int | None) -> Any:
        """Cirq's or qsim's simulator with the processor's noise; made anew, so that a seed repeats a run."""
        noise = self._noise_model
        if self._parameters.simulator == "density_matrix":
            import cirq

            return cirq.DensityMatrixSimulator(noise=noise, seed=seed)
        return qsim().QSimSimulator(noise=noise, seed=_seed_for_qsim(seed))

    @cached_property
    def _noise_model(self) -> Any:
        if self._parameters.noise == "none":
            return None
        sdk: Any = _sdk()
        import cirq_google

        properties = sdk.load_device_noise_properties(self._parameters.processor)
        return cirq_google.NoiseModelFromGoogleNoiseProperties(properties)

    def facts(self) -> dict[str, Any]:
        """Which engine and which noise runs, for the result's metadata."""
        has_noise = self._parameters.noise == "device"
        return {
            "processor": self._parameters.processor,
            "engine": _engine_name(self._parameters.simulator),
            "noise": f"median calibration of {self._parameters.processor}" if has_noise else "none",
        }

    def check_memory(self, num_qubits: int) -> None:
        """Refuse a state that would not fit, before it is made."""
        bits = 2 * num_qubits if self._parameters.simulator == "density_matrix" else num_qubits
        needed = _STATES_AT_ONCE * _BYTES_PER_AMPLITUDE << bits
        there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if needed > there:
            exponent = (there // (_STATES_AT_ONCE * _BYTES_PER_AMPLITUDE)).bit_length() - 1
            fits = exponent // 2 if self._parameters.simulator == "density_matrix" else exponent
            raise InsufficientMemoryError(
                f"{num_qubits} qubits need {needed:,} bytes here and the machine has {there:,}",
                hint=f"At most {fits} qubits fit",
            )

    def close(self) -> None:
        with self._lock:
            if self._threads is not None:
                self._threads.shutdown(wait=False)
                self._threads = None


def _seed_for_qsim(seed: int | None) -> int:
    """qsim takes 32 bits; without a seed it would take one of its own that never changes."""
    return secrets.randbits(31) if seed is None else seed % 2**31


def _engine_name(simulator: str) -> str:
    if simulator == "density_matrix":
        return f"cirq.DensityMatrixSimulator {metadata.version('cirq-core')}"
    return f"qsim {metadata.version('qsimcirq')}"


def _sdk() -> Any:
    from .sdk import sdk

    sdk()
    from cirq_google.engine import virtual_engine_factory

    return virtual_engine_factory


def qsim() -> Any:
    """qsim's binding to Cirq.

    Raises:
        ProviderNotInstalledError: it is not installed; Cirq's own simulator is asked for by name only.
    """
    try:
        import qsimcirq
    except ImportError as exc:
        raise ProviderNotInstalledError(
            f"qsimcirq cannot be imported: {exc}",
            hint="pip install 'coratrix-provider-google-rigetti[google]', or give simulator 'density_matrix'",
        ) from exc
    return qsimcirq
