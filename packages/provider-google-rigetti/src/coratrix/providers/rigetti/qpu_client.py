"""Programs on a quantum processor: quilc, translation, the controller, results.

Owns: the order of these calls, their bounds, and what is remembered between them.
Knows nothing of: circuits. Every exception leaves through door.py.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Deadline
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendResponseError,
    CircuitValidationError,
    JobNotFoundError,
)
from coratrix.backend.jobs import JobState
from coratrix.backend.secrets import Secret
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport

from .controller import Controller
from .door import bounded, probe, translated, vendor_errors
from .instruction_set import Device, read_device
from .parameters import RigettiParameters
from .quilc import compile_program
from .settings import Addresses, Session

QUILC_HINT: Final = "Start it (quilc -S), or name it: quilc_url, or QCS_SETTINGS_APPLICATIONS_QUILC_URL"
RESULTS_KEPT: Final = 100
T = TypeVar("T")


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
        self._parameters = parameters
        self._addresses = addresses
        self._processor = parameters.device
        self._session = Session(configuration)
        self._sdk_client: Any = None
        self._controller = Controller(self._processor, self._session, self._gateway)
        self._isa: Any = None
        self._results: dict[str, Mapping[str, Any]] = {}
        self._queue = QueueInfo()
        self._lock = threading.Lock()

    # before sending ----------------------------------------------------------------------------

    def compile(self, quil: str, shots: int, deadline: Deadline) -> Compiled:
        """Native, translated and encrypted; nothing is queued by it."""
        from qcs_sdk.qpu.translation import translate_async

        target = self._target_device(deadline)
        probe(self._addresses.quilc, "quilc", self._parameters.probe_timeout_s, QUILC_HINT)
        patience = Deadline.after(deadline.left_or(self._parameters.compile_timeout_s))
        native = compile_program(self._addresses.quilc, quil, target, patience)
        translation = self._ask(
            "translating the native program",
            lambda client: translate_async(native.quil, shots, self._processor, client),
            deadline,
        )
        self._controller.open(deadline)  # so that nothing but the job itself is left to be sent
        return Compiled(
            encrypted_job=translation.program,
            ro_sources=dict(translation.ro_sources or {}),
            metadata={"native_quil": native.quil, **_figures(native.metadata)},
        )

    def _target_device(self, deadline: Deadline) -> Mapping[str, Any]:
        """The processor as quilc wants it described.

        pyquil's public function for this warns of its own inner call; that call is made here instead.
        """
        from pyquil.quantum_processor.transformers import qcs_isa_to_compiler_isa

        isa = self._instruction_set(deadline)
        with vendor_errors("describing the processor to quilc"):
            return {"isa": qcs_isa_to_compiler_isa(isa)._dict(by_alias=True), "specs": {}}

    def device(self, deadline: Deadline) -> Device:
        """The processor's qubits, pairs and figures, asked anew."""
        self._isa = None
        return read_device(self._instruction_set(deadline))

    def _instruction_set(self, deadline: Deadline) -> Any:
        """The instruction set, kept: the service is asked once per client, or after `refresh`."""
        from qcs_sdk.qpu.isa import get_instruction_set_architecture_async

        if self._isa is None:
            self._isa = self._ask(
                f"asking QCS for {self._processor}",
                lambda client: get_instruction_set_architecture_async(self._processor, client),
                deadline,
            )
        return self._isa

    def _ask(self, doing: str, call: Callable[[Any], Awaitable[T]], deadline: Deadline) -> T:
        """An asynchronous call of the SDK, bounded, with a client that is fit to be used.

        After a token could not be fetched the SDK's client never answers again, so it is thrown away; and it
        keeps a token that the service refuses for as long as the token's own date allows, so a new client
        asks once more.
        """
        with self._lock:
            client, is_fresh = self._sdk_client, self._sdk_client is None
        try:
            return self._ask_once(doing, call, client, deadline)
        except BackendAuthError:
            if is_fresh:
                raise
        return self._ask_once(doing, call, None, deadline)

    def _ask_once(
        self, doing: str, call: Callable[[Any], Awaitable[T]], client: Any, deadline: Deadline
    ) -> T:
        client = client or self._new_client()
        try:
            answer = bounded(doing, lambda: call(client), self._brief(deadline))
        except BackendError:
            self._sdk_client = None
            raise
        self._sdk_client = client
        return answer

    def _new_client(self) -> Any:
        from qcs_sdk.client import QCSClient

        at = self._addresses
        return QCSClient(self._session.sdk_session(), at.api, at.grpc, at.quilc, at.qvm)

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

    def _request(self, path: str, token: Secret, deadline: Deadline) -> Any:
        import httpx

        try:
            return httpx.get(
                self._addresses.api + path,
                params={"pageSize": "100"},
                headers={"authorization": f"Bearer {token.reveal()}"},
                timeout=self._brief(deadline).left(),
            )
        except httpx.TimeoutException:
            failure = translated(f"asking QCS for {path}", RuntimeError("did not finish before timeout"))
        except httpx.HTTPError as exc:
            failure = BackendConnectionError(f"asking QCS for {path}: {exc}")
        raise failure  # out here, so that httpx's error, whose request holds the token, is not its context

    def _brief(self, deadline: Deadline) -> Deadline:
        """The deadline of one request: what hangs is asked again, while there is time."""
        return Deadline.after(deadline.left_or(self._parameters.request_timeout_s))

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
        except CircuitValidationError as exc:  # nothing was asked about a circuit
            raise BackendResponseError(exc.message, provider_message=exc.provider_message) from exc

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

        found = self._ask(
            f"fetching the results of job {job_id}",
            lambda client: retrieve_results_async(job_id, self._processor, client),
            deadline,
        )
        with vendor_errors(f"reading the results of job {job_id}"):
            columns = {node: list(part.data.to_i32()) for node, part in found.buffers.items()}
        duration = found.execution_duration_microseconds
        return {"columns": columns, "duration_s": None if duration is None else duration / 1e6}

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        """Ask; the service promises nothing, and heeds it only before the job begins."""
        from qcs_sdk.qpu.api import cancel_job_async

        self._ask(
            f"cancelling job {vendor_job_id}",
            lambda client: cancel_job_async(vendor_job_id, self._processor, client),
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

        known = self._ask("asking QCS for its processors", list_quantum_processors_async, deadline)
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


def _figures(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """quilc's figures of the native program, without those that it left out."""
    names = ("gate_depth", "gate_volume", "multiqubit_gate_depth", "topological_swaps", "program_fidelity")
    found = {name: metadata.get(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}
