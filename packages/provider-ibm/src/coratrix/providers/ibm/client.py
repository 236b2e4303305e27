"""Speaks to IBM's service through the SDK.

Owns: login, choice of the device, and the requests of a job's life. Every exception leaves through
`vendor_errors`. Knows nothing of: our circuits, bit order.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from coratrix.backend.provider import (
    BackendAuthError,
    BackendCapabilities,
    BackendError,
    BackendResponseError,
    BackendStatus,
    BackendUnavailableError,
    Clock,
    Deadline,
    JobSnapshot,
    JobState,
    QueueInfo,
    RateLimiter,
    StatusReport,
    Submission,
    limiter_of,
)
from coratrix.core.calibration import DeviceCalibration
from coratrix.providers.ibm import device as devices
from coratrix.providers.ibm import transport
from coratrix.providers.ibm.parameters import LEAST_BUSY, IBMParameters
from coratrix.providers.ibm.program import Program
from coratrix.providers.ibm.vendor_errors import vendor_errors

log = logging.getLogger(__name__)

TOKEN_VARIABLE, INSTANCE_VARIABLE = "IBM_QUANTUM_TOKEN", "QISKIT_IBM_INSTANCE"
KEPT_HANDLES = 256

_STATES = {
    "QUEUED": JobState.QUEUED,
    "RUNNING": JobState.RUNNING,
    "COMPLETED": JobState.SUCCEEDED,
    "CANCELLED": JobState.CANCELLED,
    "CANCELLED - RAN TOO LONG": JobState.FAILED,
    "FAILED": JobState.FAILED,
}
RAN_TOO_LONG = 1305
_STATUSES = {
    "online": BackendStatus.ONLINE,
    "paused": BackendStatus.MAINTENANCE,
    "offline": BackendStatus.OFFLINE,
}


class ServiceClient:
    """A `VendorClient` for IBM's Runtime service."""

    submits_once = False  # IBM takes no idempotency key; our tag makes a lost job findable

    def __init__(self, parameters: IBMParameters, clock: Clock) -> None:
        self._parameters, self._clock = parameters, clock
        self._limiter = _jobs_limiter(parameters, clock)
        self._lock = threading.Lock()
        self._service: Any = None
        self._device: Any = None
        self._tried: set[str] = set()
        self._handles: OrderedDict[str, Any] = OrderedDict()

    # the connection ---------------------------------------------------------------------------

    def device(self, deadline: Deadline) -> Any:
        """The device as Qiskit sees it; logs in at first use."""
        with self._calling("connecting", deadline):
            return self._connected()[1]

    @contextmanager
    def _calling(self, doing: str, deadline: Deadline) -> Iterator[transport.Call]:
        with transport.calling(deadline) as call, vendor_errors(doing, call):
            yield call

    def _connected(self) -> tuple[Any, Any]:
        """The service and the device. No lock is held while IBM is asked."""
        if self._device is None:
            service = self._logged_in()
            device = self._chosen(service)
            with self._lock:
                self._service, self._device = service, device
        return self._service, self._device

    def _logged_in(self) -> Any:
        service = transport.guarded_service(**self._account(), token=self._token())
        if not service._backends_info_per_instance.get(transport.api(service)._instance):
            transport.api(service).list_backends()  # the SDK hid why this failed: ask again, and let it out
        return service

    def _token(self) -> str | None:
        """The key; None lets the SDK look for its own variables and saved accounts."""
        secret = self._parameters.token
        return secret.reveal() if secret is not None else os.environ.get(TOKEN_VARIABLE)

    def _account(self) -> dict[str, Any]:
        chosen = self._parameters
        given = {
            "channel": chosen.channel,
            "instance": chosen.instance or os.environ.get(INSTANCE_VARIABLE),
            "name": chosen.account,
            "region": chosen.region,
            "plans_preference": list(chosen.plans_preference) if chosen.plans_preference else None,
        }
        return {name: value for name, value in given.items() if value is not None}

    def _chosen(self, service: Any) -> Any:
        fractional = self._parameters.use_fractional_gates
        if self._parameters.device != LEAST_BUSY:
            return service.backend(self._parameters.device, use_fractional_gates=fractional)
        return service.least_busy(operational=True, simulator=False, use_fractional_gates=fractional)

    @contextmanager
    def _api(self, doing: str, deadline: Deadline) -> Iterator[Any]:
        with self._calling(doing, deadline):
            yield transport.api(self._connected()[0])

    def _ask(self, doing: str, deadline: Deadline, request: Any) -> Any:
        """``request(api)``; once more with a new token where the old one was refused."""
        try:
            with self._api(doing, deadline) as api:
                return request(api)
        except BackendAuthError as exc:
            if exc.code != "auth" or self._service is None:
                raise
            transport.forget_token(self._service)
        with self._api(doing, deadline) as api:
            return request(api)

    # a job's life -----------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        """Send the job, tagged with ``key``; after a 5xx, first look whether it is there all the same."""
        if key in self._tried and (found := self._found_after_all(key, deadline)):
            return found
        self.device(deadline)
        if self._limiter is not None:
            self._limiter.wait_turn(deadline)
        try:
            job = self._sent(submission.program, key, shots, deadline)
        except BackendUnavailableError:
            self._tried.add(key)
            raise
        self._tried.discard(key)
        self._handles[job.job_id()] = job
        while len(self._handles) > KEPT_HANDLES:
            self._handles.popitem(last=False)
        return str(job.job_id())

    def _found_after_all(self, key: str, deadline: Deadline) -> str | None:
        try:
            return self.find(key, deadline=deadline)
        except BackendError as exc:
            exc.outcome_unknown = True  # the earlier try may be a job; only looking could tell
            raise

    def _sent(self, program: Program, key: str, shots: int, deadline: Deadline) -> Any:
        def run(_: Any) -> Any:
            primitive, keywords = _primitive(program, self._connected()[1], shots)
            primitive.options.environment.job_tags = [key, *program.tags]
            return primitive.run(list(program.pubs), **keywords)

        return self._ask("submitting", deadline, run)

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        """The newest job tagged with ``key``; more than one would be a defect, and is logged."""
        page = self._ask("looking for a job", deadline, lambda api: api.jobs_get(limit=10, job_tags=[key]))
        jobs = page["jobs"]
        if len(jobs) > 1:
            log.error("%d jobs carry tag %s: %s", len(jobs), key, ", ".join(job["id"] for job in jobs))
        return str(jobs[-1]["id"]) if jobs else None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        data = self._ask("polling", deadline, lambda api: api.job_get(vendor_job_id))
        try:
            told = data["state"]
            state = _STATES[told["status"].upper()]
        except (KeyError, TypeError, AttributeError) as exc:
            raise BackendResponseError(f"polling: no state in {str(data)[:200]}", retryable=True) from exc
        if told.get("reason_code") == RAN_TOO_LONG:
            state = JobState.FAILED
        metadata = {"ibm_estimated_seconds": data.get("estimated_running_time_seconds")}
        return JobSnapshot(
            state=state,
            error=_reason(told) if state is JobState.FAILED else None,
            error_code=str(told["reason_code"]) if told.get("reason_code") else None,
            metadata={name: value for name, value in metadata.items() if value is not None},
            **(self._figures(vendor_job_id, deadline) if state.is_final else {}),
        )

    def _figures(self, vendor_job_id: str, deadline: Deadline) -> dict[str, Any]:
        """Times and cost of a job that ended; not knowing them loses nothing."""
        try:
            return figures(self.metrics(vendor_job_id, deadline=deadline))
        except (BackendError, AttributeError, TypeError, ValueError) as exc:
            log.info("no metrics of job %s: %s", vendor_job_id, exc)
            return {}

    def metrics(self, vendor_job_id: str, *, deadline: Deadline) -> dict[str, Any]:
        """IBM's own metrics of a job: time stamps, usage, versions."""
        found: dict[str, Any] = self._ask(
            "reading metrics", deadline, lambda api: api.job_metadata(vendor_job_id)
        )
        return found

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> Any:
        """The `PrimitiveResult`; the handle of the submission is used while there is one."""

        def read(_: Any) -> Any:
            job = self._handles.get(vendor_job_id) or self._service.job(vendor_job_id)
            return job.result()

        result = self._ask("fetching the result", deadline, read)
        if result is None:
            raise BackendResponseError("the job is done and its result is not there yet", retryable=True)
        return result

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        try:
            self._ask("cancelling", deadline, lambda api: api.job_cancel(vendor_job_id))
        except BackendError as exc:
            if exc.code == "quota":  # IBM's 409 means here that the job has ended
                return False
            raise
        return True

    # the device -------------------------------------------------------------------------------

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        return devices.capabilities(self.device(deadline), is_local=False)

    def calibration(self, *, deadline: Deadline) -> DeviceCalibration | None:
        with self._calling("reading the calibration", deadline):
            return devices.calibration(self._connected()[1])

    def status(self, *, deadline: Deadline) -> StatusReport:
        entry = self._entry(deadline)
        told = entry.get("status") or {}
        return StatusReport(
            status=_STATUSES.get(told.get("name", ""), BackendStatus.UNKNOWN),
            message=told.get("reason") or told.get("name") or "",
            as_of=self._clock.time(),
        )

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        entry = self._entry(deadline)
        wait = entry.get("wait_time_seconds") or {}
        return QueueInfo(
            length=entry.get("queue_length"),
            estimated_wait_time=wait.get("average"),
            source="provider",
            as_of=self._clock.time(),
        )

    def _entry(self, deadline: Deadline) -> Mapping[str, Any]:
        """The service's own entry of the device, with IBM's estimate of the wait."""
        name = self.device(deadline).name
        answer = self._ask(
            "asking for the device's state",
            deadline,
            lambda _: transport.get_json(self._service, "/backends", fields="wait_time_seconds"),
        )
        for entry in answer.get("devices", []):
            if entry.get("name") == name:
                return dict(entry)
        raise BackendResponseError(f"IBM lists no device {name} for this instance any more")

    def usage(self, *, deadline: Deadline) -> dict[str, Any]:
        """What the instance has used and has left, in seconds of device time."""
        found: dict[str, Any] = self._ask("asking for the usage", deadline, lambda _: self._service.usage())
        return found

    def rep_delay(self, deadline: Deadline) -> float | None:
        """Seconds between two shots, by default; None where the device does not say."""
        found = getattr(self.device(deadline).configuration(), "default_rep_delay", None)
        return None if found is None else float(found)

    def close(self) -> None:
        with self._lock:
            service, self._service, self._device = self._service, None, None
            self._handles.clear()
        if service is not None:
            transport.api(service)._session.close()


def _jobs_limiter(parameters: IBMParameters, clock: Clock) -> RateLimiter | None:
    """IBM's limit on submissions, shared by all backends of this process with the same account."""
    rate = parameters.jobs_per_minute
    if not rate:
        return None
    account = (parameters.channel, parameters.instance, parameters.account, parameters.token)
    return limiter_of(("ibm jobs", *account), rate_per_s=rate / 60, burst=max(1, int(rate)), clock=clock)


def _reason(told: Mapping[str, Any]) -> str:
    parts = [told.get("reason") or "the job failed; IBM gave no reason", told.get("reason_solution")]
    return " ".join(str(part) for part in parts if part)


def figures(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """IBM's metrics as fields of a `JobSnapshot`; unknown figures are absent."""
    from datetime import datetime

    stamps = metrics.get("timestamps") or {}
    moments = {name: datetime.fromisoformat(text) for name, text in stamps.items() if text}
    found: dict[str, Any] = {}
    if "running" in moments and "created" in moments:
        found["queue_time"] = max(0.0, (moments["running"] - moments["created"]).total_seconds())
    nanoseconds = metrics.get("circuits_execution_time_ns")
    usage = metrics.get("usage") or {}
    seconds = usage.get("qpu_charge_time_seconds") if usage.get("status") == "complete" else None
    if nanoseconds is not None:
        found["execution_time"] = float(nanoseconds) * 1e-9
    if seconds is not None:
        found.setdefault("execution_time", float(seconds))
        found |= {"cost": float(seconds), "currency": "device seconds"}
    return found


def _primitive(program: Program, device: Any, shots: int) -> tuple[Any, dict[str, Any]]:
    """The SDK's primitive with our options, and the keywords of its ``run``."""
    if program.primitive == "estimator":
        from qiskit_ibm_runtime.executor_estimator import EstimatorV2 as Estimator

        primitive: Any = Estimator(mode=device)
        if program.resilience_level is not None:
            primitive.options.resilience_level = program.resilience_level
        keywords: dict[str, Any] = {"precision": program.precision}
    else:
        from qiskit_ibm_runtime.executor_sampler import Sampler

        primitive = Sampler(mode=device)
        keywords = {"shots": shots}
    primitive.options.dynamical_decoupling.enable = program.dynamical_decoupling
    if program.max_execution_time is not None:
        primitive.options.max_execution_time = program.max_execution_time
    return primitive, keywords
