"""The two calls of Rigetti's controller that the SDK does not make, or not safely.

`GetControllerJobStatus` is not in the SDK. `ExecuteControllerJob` is, but the SDK sends it again by itself
when the answer is lost, and so runs a job twice; here it is sent once.

Owns: their messages, field by field. Knows nothing of: circuits.
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from coratrix.backend.clock import Deadline
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
)
from coratrix.backend.jobs import JobState
from coratrix.backend.secrets import Secret

from . import wire
from .door import translated
from .settings import Session

_SERVICE: Final = "/services.controller.Controller/"
_STATES: Final = {
    1: JobState.QUEUED,
    2: JobState.RUNNING,
    3: JobState.SUCCEEDED,
    4: JobState.FAILED,
    5: JobState.CANCELLED,
    6: JobState.RUNNING,  # post-processing
}


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """Where a job stands, and within how many seconds it should start, if the service says."""

    state: JobState
    estimated_delay_s: tuple[float, float] | None = None


class Controller:
    """The controller of one processor.

    Args:
        address: asked once for the gateway's URL.
    """

    def __init__(self, processor: str, session: Session, address: Callable[[Deadline], str]) -> None:
        self._processor = processor
        self._session = session
        self._address = address
        self._channel: Any = None
        self._lock = threading.Lock()

    def execute(self, encrypted_job: str, deadline: Deadline) -> str:
        """Send a translated job once; its id.

        Raises:
            BackendError: with ``outcome_unknown`` when the controller may have it nevertheless.
        """
        request = (
            wire.data(3, b"") + wire.data(101, self._processor) + wire.data(201, _message(encrypted_job))
        )
        answer = self._call("ExecuteControllerJob", request, deadline)
        try:
            (job_id,) = wire.texts(wire.fields(answer), 1)
        except ValueError as exc:
            raise BackendResponseError(
                "the answer to ExecuteControllerJob holds no job id", outcome_unknown=True
            ) from exc
        return job_id

    def status(self, job_id: str, deadline: Deadline) -> JobStatus:
        """Where a job stands."""
        request = wire.data(1, job_id) + wire.data(101, self._processor)
        answer = self._call("GetControllerJobStatus", request, deadline)
        try:
            return _status(answer)
        except ValueError as exc:
            raise BackendResponseError(f"the status of job {job_id} cannot be read: {exc}") from exc

    def close(self) -> None:
        with self._lock:
            if self._channel is not None:
                self._channel.close()
                self._channel = None

    def _call(self, name: str, request: bytes, deadline: Deadline) -> bytes:
        """A unary call; a token that is refused is refreshed once, since nothing was done then."""
        token = self._session.token()
        try:
            return self._send(name, request, token, deadline)
        except BackendAuthError:
            fresh = self._session.token(refused=token)
            return self._send(name, request, fresh, deadline)

    def _send(self, name: str, request: bytes, token: Secret, deadline: Deadline) -> bytes:
        import grpc  # type: ignore[import-untyped]

        method = self.open(deadline).unary_unary(_SERVICE + name)
        left = deadline.left()
        try:
            answer = method(
                request,
                timeout=None if left == float("inf") else left,
                metadata=(("authorization", f"Bearer {token.reveal()}"),),
            )
            return bytes(answer)
        except grpc.RpcError as exc:
            failure = _error(name, exc)
        raise failure  # out here, so that grpc's error, which holds the token, is not its context

    def open(self, deadline: Deadline) -> Any:
        """The channel; the first time its address is asked for."""
        with self._lock:
            if self._channel is None:
                self._channel = _channel(self._address(deadline))
            return self._channel


def _channel(url: str) -> Any:
    import grpc

    parts = urlsplit(url)
    options = [("grpc.enable_retries", 0), ("grpc.max_receive_message_length", -1)]
    if parts.scheme == "https":
        port = parts.port or 443
        return grpc.secure_channel(f"{parts.hostname}:{port}", grpc.ssl_channel_credentials(), options)
    return grpc.insecure_channel(f"{parts.hostname}:{parts.port or 80}", options)


def _error(name: str, error: Any) -> BackendError:
    """grpc's error as ours; whether the request may have been taken is decided here."""
    code = str(error.code()).removeprefix("StatusCode.")
    spelled = "".join(
        word.capitalize() for word in code.split("_")
    )  # as qcs_sdk spells it: NOT_FOUND → NotFound
    ours = translated(name, RuntimeError(f"status: {spelled}, message: {error.details()}"))
    never_sent = "failed to connect" in str(error.details()) or "Connection refused" in str(error.details())
    lost = (BackendConnectionError, BackendTimeoutError, BackendResponseError)
    is_refusal = spelled not in (
        "Unavailable",
        "DeadlineExceeded",
        "Unknown",
        "Internal",
        "Cancelled",
        "Aborted",
    )
    ours.outcome_unknown = not never_sent and (isinstance(ours, lost) or not is_refusal)
    return ours


def _message(encrypted_job: str) -> bytes:
    """The SDK's JSON of an encrypted job as its protobuf message."""
    job = json.loads(encrypted_job)
    encryption = job.get("encryption") or {}
    sealed = wire.data(1, encryption.get("keyId", "")) + wire.data(
        2, base64.b64decode(encryption.get("nonce", ""))
    )
    return wire.data(1, base64.b64decode(job["job"])) + wire.data(2, sealed)


def _status(answer: bytes) -> JobStatus:
    message = wire.fields(answer)
    delay = wire.inner(message, 2)
    state = _STATES.get(wire.whole(message, 1) or 0, JobState.RUNNING)
    return JobStatus(
        state=state, estimated_delay_s=None if delay is None else (_seconds(delay, 1), _seconds(delay, 2))
    )


def _seconds(delay: wire.Fields, field: int) -> float:
    duration = wire.inner(delay, field) or {}
    return (wire.whole(duration, 1) or 0) + (wire.whole(duration, 2) or 0) / 1e9
