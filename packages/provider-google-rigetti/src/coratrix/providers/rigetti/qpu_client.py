"""Programs on a quantum processor: quilc, translation, the controller, results.

Owns: the order of these calls, their bounds, and what is remembered between them.
Knows nothing of: circuits. Every exception leaves through door.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Deadline
from coratrix.backend.errors import (
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendResponseError,
    JobNotFoundError,
)
from coratrix.backend.jobs import JobState
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport

from .controller import Controller
from .door import bounded, probe, translated, vendor_errors
from .instruction_set import Device, read_device
from .parameters import RigettiParameters
from .settings import Addresses, Session

QUILC_HINT: Final = "Start it (quilc -S), or name it: quilc_url, or QCS_SETTINGS_APPLICATIONS_QUILC_URL"
RESULTS_KEPT: Final = 100


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A program ready for the controller, and what its results will mean.

    Attributes:
        encrypted_job: as the translation service gave it.
        ro_sources: which read-out node holds which element of memory.
        metadata: what quilc says of the native program.
    """

    encrypted_job: str
    ro_sources: Mapping[str, str]
    metadata: Mapping[str, Any]


class QpuClient:
    """The client of one quantum processor."""

    submits_once = False  # the controller takes no key of ours

    def __init__(self, parameters: RigettiParameters, addresses: Addresses, configuration: Any) -> None:
        from qcs_sdk.client import QCSClient

        self._parameters = parameters
        self._addresses = addresses
        self._processor = parameters.device
        self._session = Session(configuration)
        self._client = QCSClient(
            self._session.sdk_session(), addresses.api, addresses.grpc, addresses.quilc, addresses.qvm
        )
        self._controller = Controller(self._processor, self._session, self._gateway)
        self._isa: Any = None
        self._results: dict[str, Mapping[str, Any]] = {}
        self._queue = QueueInfo()
        self._lock = threading.Lock()

    # before sending ----------------------------------------------------------------------------

    def compile(self, quil: str, shots: int, deadline: Deadline) -> Compiled:
        """Native, translated and encrypted; nothing is queued by it."""
        from qcs_sdk.compiler.quilc import CompilerOpts, QuilcClient, TargetDevice, compile_program_async
        from qcs_sdk.qpu.translation import translate_async

        isa = self._instruction_set(deadline)
        probe(self._addresses.quilc, "quilc", self._parameters.probe_timeout_s, QUILC_HINT)
        with vendor_errors("describing the processor to quilc"):
            target = TargetDevice.from_isa(isa)
        patience = Deadline.after(deadline.left_or(self._parameters.compile_timeout_s))
        opts = CompilerOpts(timeout=patience.left(), protoquil=True)  # without it quilc loses the shots
        quilc = QuilcClient.new_rpcq(self._addresses.quilc)
        native = bounded(
            "compiling with quilc", lambda: compile_program_async(quil, target, quilc, opts), patience
        )
        translation = bounded(
            "translating the native program",
            lambda: translate_async(native.program, shots, self._processor, self._client),
            deadline,
        )
        return Compiled(
            encrypted_job=translation.program,
            ro_sources=dict(translation.ro_sources or {}),
            metadata={"native_quil": native.program, **_figures(native.native_quil_metadata)},
        )

    def device(self, deadline: Deadline) -> Device:
        """The processor's qubits, pairs and figures, asked anew."""
        self._isa = None
        return read_device(self._instruction_set(deadline))

    def _instruction_set(self, deadline: Deadline) -> Any:
        """The instruction set, kept: the service is asked once per client, or after `refresh`."""
        from qcs_sdk.qpu.isa import get_instruction_set_architecture_async

        if self._isa is None:
            self._isa = bounded(
                f"asking QCS for {self._processor}",
                lambda: get_instruction_set_architecture_async(self._processor, self._client),
                deadline,
            )
        return self._isa

    def _gateway(self, deadline: Deadline) -> str:
        """The controller's address: the processor's live gateway of the best rank."""
        live = [a for a in self._accessors(deadline) if a.get("accessType") == "gateway.v1" and a.get("live")]
        if not live:
            raise BackendConnectionError(f"{self._processor} has no gateway that is live")
        return str(min(live, key=lambda accessor: accessor.get("rank") or 0)["url"])

    def _accessors(self, deadline: Deadline) -> list[dict[str, Any]]:
        answer = self._get(f"/v1/quantumProcessors/{self._processor}/accessors", deadline)
        if not isinstance(answer, dict) or not isinstance(answer.get("accessors"), list):
            raise BackendResponseError("QCS's list of accessors cannot be read")
        return list(answer["accessors"])

    def _get(self, path: str, deadline: Deadline) -> Any:
        """A GET of our own; the token is refreshed once when it is refused."""
        token = self._session.token()
        response = self._request(path, token, deadline)
        if response.status_code in (401, 403):
            response = self._request(path, self._session.token(refused=token), deadline)
        if response.status_code != 200:
            text = f"status code {response.status_code}: {response.text[:300]}"
            raise translated(f"asking QCS for {path}", RuntimeError(text))
        try:
            return response.json()
        except ValueError as exc:
            raise BackendResponseError(f"QCS's answer to {path} is not JSON") from exc

    def _request(self, path: str, token: str, deadline: Deadline) -> Any:
        import httpx

        left = deadline.left()
        try:
            return httpx.get(
                self._addresses.api + path,
                params={"pageSize": "100"},
                headers={"authorization": f"Bearer {token}"},
                timeout=None if left == float("inf") else left,
            )
        except httpx.TimeoutException:
            raise translated(
                f"asking QCS for {path}", RuntimeError("did not finish before timeout")
            ) from None
        except httpx.HTTPError as exc:  # without its request, which holds the token
            raise BackendConnectionError(f"asking QCS for {path}: {exc}") from None

    # jobs --------------------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        return self._controller.execute(submission.program.encrypted_job, deadline)

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        """None: the controller neither takes a key of ours nor lists its jobs."""
        return None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        status = self._about(vendor_job_id, lambda: self._controller.status(vendor_job_id, deadline))
        delay = status.estimated_delay_s
        if delay is not None:
            self._queue = QueueInfo(estimated_wait_time=delay[1], source="provider", as_of=time.time())
        if status.state is JobState.SUCCEEDED:
            result = self.fetch(vendor_job_id, deadline=deadline)
            return JobSnapshot(state=status.state, execution_time=result["duration_s"])
        if status.state is JobState.FAILED:
            return JobSnapshot(
                state=status.state, error=self._reason(vendor_job_id, deadline), error_code="job_failed"
            )
        told = {} if delay is None else {"estimated_delay_s": list(delay)}
        return JobSnapshot(state=status.state, metadata=told)

    def _about(self, job_id: str, ask: Any) -> Any:
        try:
            return ask()
        except BackendNotFoundError as exc:
            raise JobNotFoundError(
                f"{self._processor} knows no job {job_id}", provider_message=exc.message
            ) from exc

    def _reason(self, job_id: str, deadline: Deadline) -> str:
        """Why a job failed: the results' refusal says it."""
        try:
            self._retrieve(job_id, deadline)
        except BackendError as exc:
            return exc.provider_message or exc.message
        return "the controller says that the job failed, and gives no reason"

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> Mapping[str, Any]:
        """Columns of bits per read-out node; asked for once."""
        with self._lock:
            kept = self._results.get(vendor_job_id)
        if kept is not None:
            return kept
        result = self._about(vendor_job_id, lambda: self._retrieve(vendor_job_id, deadline))
        with self._lock:
            if len(self._results) >= RESULTS_KEPT:
                del self._results[next(iter(self._results))]
            self._results[vendor_job_id] = result
        return result  # type: ignore[no-any-return]

    def _retrieve(self, job_id: str, deadline: Deadline) -> Mapping[str, Any]:
        from qcs_sdk.qpu.api import retrieve_results_async

        found = bounded(
            f"fetching the results of job {job_id}",
            lambda: retrieve_results_async(job_id, self._processor, self._client),
            deadline,
        )
        with vendor_errors(f"reading the results of job {job_id}"):
            columns = {node: list(part.data.to_i32()) for node, part in found.buffers.items()}
        duration = found.execution_duration_microseconds
        return {"columns": columns, "duration_s": None if duration is None else duration / 1e6}

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        """Ask; the service promises nothing, and heeds it only before the job begins."""
        from qcs_sdk.qpu.api import cancel_job_async

        bounded(
            f"cancelling job {vendor_job_id}",
            lambda: cancel_job_async(vendor_job_id, self._processor, self._client),
            deadline,
        )
        status = self._about(vendor_job_id, lambda: self._controller.status(vendor_job_id, deadline))
        return bool(status.state is JobState.CANCELLED)

    # what it can do, how it is ------------------------------------------------------------------

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        device = self.device(deadline)
        return BackendCapabilities(
            max_qubits=device.num_qubits,
            native_gates=device.native_gates,
            coupling_map=device.coupling_map,
            supports_cancel=True,
            extra={"device": self._processor, "qubits": list(device.nodes), "compiler": "quilc"},
        )

    def status(self, *, deadline: Deadline) -> StatusReport:
        from qcs_sdk.qpu import list_quantum_processors_async

        known = bounded(
            "asking QCS for its processors", lambda: list_quantum_processors_async(self._client), deadline
        )
        if self._processor not in known:
            listed = ", ".join(sorted(known)) or "none"
            return StatusReport(
                status=BackendStatus.OFFLINE,
                message=f"QCS does not list {self._processor}; it lists {listed}",
            )
        live = any(accessor.get("live") for accessor in self._accessors(deadline))
        status = BackendStatus.ONLINE if live else BackendStatus.OFFLINE
        return StatusReport(
            status=status, message="" if live else f"no accessor of {self._processor} is live"
        )

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        """The delay that the controller last named for a queued job of ours; no other figure exists."""
        return self._queue

    def close(self) -> None:
        self._controller.close()


def _figures(metadata: Any) -> dict[str, Any]:
    """quilc's figures of the native program, without those that it left out."""
    names = ("gate_depth", "gate_volume", "multiqubit_gate_depth", "topological_swaps", "program_fidelity")
    found = {name: getattr(metadata, name, None) for name in names}
    return {name: value for name, value in found.items() if value is not None}
