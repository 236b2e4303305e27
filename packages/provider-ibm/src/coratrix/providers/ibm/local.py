"""Runs jobs in this process: on IBM's snapshots of devices (``fake_…``) or on a plain simulator.

Owns: `LocalClient`, the choice of simulator, and whether the device's noise is applied.
Knows nothing of: accounts, the network. A job lives as long as the client.
"""

from __future__ import annotations

import difflib
import threading
import uuid
from typing import Any

from coratrix.backend.provider import (
    BackendCapabilities,
    BackendStatus,
    Clock,
    ConfigurationError,
    Deadline,
    JobNotFoundError,
    JobSnapshot,
    JobState,
    ProviderNotInstalledError,
    QueueInfo,
    StatusReport,
    Submission,
)
from coratrix.core.calibration import DeviceCalibration
from coratrix.providers.ibm import device as devices
from coratrix.providers.ibm.parameters import IBMParameters
from coratrix.providers.ibm.program import Program


class LocalClient:
    """A `VendorClient` whose jobs run on threads of this process."""

    submits_once = True

    def __init__(self, parameters: IBMParameters, clock: Clock) -> None:
        self._parameters, self._clock = parameters, clock
        self._lock = threading.Lock()
        self._device: Any = None
        self._jobs: dict[str, Any] = {}
        self._keys: dict[str, str] = {}

    def device(self, deadline: Deadline) -> Any:
        """The device or simulator as Qiskit sees it."""
        with self._lock:
            if self._device is None:
                self._device = _find(self._parameters.device)
            return self._device

    def facts(self) -> dict[str, Any]:
        """What ran where, for the metadata of each result."""
        name = self._parameters.device
        uses_aer = _has_aer() and name != "basic_simulator"
        return {
            "mode": "local",
            "device": name,
            "simulator": "qiskit-aer" if uses_aer else "qiskit BasicSimulator",
            "device_noise_applied": name.startswith("fake_") and uses_aer,
        }

    # a job's life -----------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        with self._lock:
            known = self._keys.get(key)
        if known:
            return known
        job_id = f"local-{uuid.uuid4().hex}"
        job = self._started(submission.program, self.device(deadline), shots)
        with self._lock:
            self._keys[key], self._jobs[job_id] = job_id, job
        return job_id

    def _started(self, program: Program, device: Any, shots: int) -> Any:
        pubs = list(program.pubs)
        if program.primitive == "sampler" and not self.facts()["simulator"].startswith("qiskit-aer"):
            device, pubs = _basic_simulator(), [_without_idle_qubits(pub) for pub in pubs]
        options = {} if program.seed is None else {"seed_simulator": program.seed}
        if program.primitive == "estimator":
            from qiskit.primitives import BackendEstimatorV2

            return BackendEstimatorV2(backend=device, options=options).run(pubs, precision=program.precision)
        from qiskit.primitives import BackendSamplerV2

        return BackendSamplerV2(backend=device, options=options).run(pubs, shots=shots)

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        return self._keys.get(key)

    def _job(self, vendor_job_id: str) -> Any:
        try:
            return self._jobs[vendor_job_id]
        except KeyError:
            raise JobNotFoundError(
                f"local job {vendor_job_id} is not in this process",
                hint="A local job lives as long as its backend; its finished results are in the job store",
            ) from None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        job = self._job(vendor_job_id)
        if job.cancelled():
            return JobSnapshot(state=JobState.CANCELLED)
        if not job.in_final_state():  # done() is false for a job that failed
            return JobSnapshot(state=JobState.RUNNING if job.running() else JobState.QUEUED)
        try:
            job.result()
        except Exception as exc:  # whatever the simulator raised is the job's failure
            return JobSnapshot(
                state=JobState.FAILED, error=f"{type(exc).__name__}: {exc}", error_code="simulator"
            )
        return JobSnapshot(state=JobState.SUCCEEDED)

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> Any:
        return self._job(vendor_job_id).result()

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        return bool(self._job(vendor_job_id).cancel())

    # the device -------------------------------------------------------------------------------

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        return devices.capabilities(
            self.device(deadline), is_local=True, has_control_flow=self.facts()["simulator"] == "qiskit-aer"
        )

    def calibration(self, *, deadline: Deadline) -> DeviceCalibration | None:
        return devices.calibration(self.device(deadline))

    def status(self, *, deadline: Deadline) -> StatusReport:
        self.device(deadline)
        return StatusReport(status=BackendStatus.ONLINE, message="runs here", as_of=self._clock.time())

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        waiting = sum(not job.in_final_state() for job in list(self._jobs.values()))
        return QueueInfo(length=waiting, source="local", as_of=self._clock.time())

    def close(self) -> None:
        """Finished jobs stay readable; there is nothing to release."""


def _has_aer() -> bool:
    try:
        import qiskit_aer  # noqa: F401
    except ImportError:
        return False
    return True


def _find(name: str) -> Any:
    if name == "basic_simulator":
        return _basic_simulator()
    if name == "aer_simulator":
        return _aer_simulator()
    return _snapshot(name)


def _basic_simulator() -> Any:
    from qiskit.providers.basic_provider import BasicSimulator

    return BasicSimulator()


def _aer_simulator() -> Any:
    if not _has_aer():
        raise ProviderNotInstalledError(
            "device 'aer_simulator' needs qiskit-aer", hint="pip install qiskit-aer, or use 'basic_simulator'"
        )
    from qiskit_aer import AerSimulator

    return AerSimulator()


def _snapshot(name: str) -> Any:
    from qiskit_ibm_runtime import fake_provider

    classes = [value for value in vars(fake_provider).values() if hasattr(value, "backend_name")]
    known = {kind.backend_name: kind for kind in classes}
    if name not in known:
        close = ", ".join(difflib.get_close_matches(name, known, n=3)) or ", ".join(sorted(known)[:5]) + ", …"
        raise ConfigurationError(f"the SDK has no device snapshot {name!r}", hint=f"Snapshots: {close}")
    return known[name]()


def _without_idle_qubits(pub: Any) -> Any:
    """The same pub on the qubits it uses: a plain simulator would store the idle ones too."""
    circuit, *rest = pub if isinstance(pub, tuple) else (pub,)
    used = sorted({circuit.find_bit(bit).index for item in circuit.data for bit in item.qubits})
    from qiskit import QuantumCircuit

    small = QuantumCircuit(max(1, len(used)), global_phase=circuit.global_phase)
    small.add_register(*circuit.cregs)
    place = {circuit.qubits[old]: new for new, old in enumerate(used)}
    for item in circuit.data:
        if item.operation.name == "barrier":
            continue
        clbits = [circuit.find_bit(bit).index for bit in item.clbits]
        small.append(item.operation, [place[bit] for bit in item.qubits], clbits)
    return (small, *rest) if isinstance(pub, tuple) else small
