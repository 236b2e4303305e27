"""The workspace's data plane: targets, storage addresses, jobs.

Owns: `Workspace`, which checks requests against the SDK's own models and keeps the ledger of jobs.
Knows nothing of: tokens (cloud.py asked for them), simulators (machine.py), sockets.
"""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass, field
from typing import Any

from azure.quantum._client import models

from azure_service import machine
from azure_service.names import BASE
from azure_service.storage import BlobStorage
from azure_service.targets import INPUT_FORMATS, QIR_OUTPUT, catalogue, provider_of, provider_status
from coratrix.testing.loopback import Request, Response

_JOB_ID = r"[a-zA-Z0-9](?:-*[a-zA-Z0-9])*"
_FINAL = ("Succeeded", "Failed", "Cancelled")


class Refusal(Exception):
    """An error of the service in the place of its answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.response = Response.of_json({"error": {"code": code, "message": message}}, status)


@dataclass
class StoredJob:
    """One job as the service keeps it; ``body`` is what the client sent."""

    id: str
    body: dict[str, Any]
    status: str = "Waiting"
    polls: int = 0
    error: dict[str, Any] | None = None
    times: dict[str, str] = field(default_factory=dict)


class Workspace:
    """Jobs and targets of one workspace.

    Attributes:
        targets: by id; a test may change them.
        jobs: the ledger, in order of arrival; one entry for each job really accepted.
        repeats: how many times an accepted job was sent again with its own id.
        repeat_status: what the service answers then, 409 or 200.
        polls_to_end: how many questions a job answers before it has run.
        lose_results: while true, no result is written.
        result_override: bytes that are written in place of the result.
    """

    def __init__(self, storage: BlobStorage) -> None:
        self.storage = storage
        self.targets = catalogue()
        self.jobs: dict[str, StoredJob] = {}
        self.repeats = 0
        self.repeat_status = 409
        self.polls_to_end = 1
        self.lose_results = False
        self.result_override: bytes | None = None

    def __call__(self, request: Request) -> Response:
        try:
            return self._route(request)
        except Refusal as refusal:
            return refusal.response

    # routes ----------------------------------------------------------------------------------

    def _route(self, request: Request) -> Response:
        version = request.query.get("api-version", [""])[0]
        if not re.fullmatch(r"20\d\d-\d\d-\d\d(-preview)?", version):
            raise Refusal(400, "InvalidApiVersion", f"api-version {version!r} is not known")
        if not request.path.lower().startswith(BASE.lower() + "/"):
            raise Refusal(404, "WorkspaceNotFound", f"no workspace at {request.path}")
        rest = request.path[len(BASE) + 1 :]
        if (request.method, rest) == ("GET", "providerStatus"):
            return Response.of_json({"value": provider_status(self.targets)})
        if (request.method, rest) == ("POST", "storage/sasUri"):
            return self._sas_uri(_checked(models.BlobDetails, request))
        if found := re.fullmatch(rf"jobs/({_JOB_ID})(:cancel)?", rest):
            return self._job_route(request, found[1], cancel=bool(found[2]))
        raise Refusal(404, "NotFound", f"{request.method} {rest} is not served")

    def _job_route(self, request: Request, job_id: str, *, cancel: bool) -> Response:
        if cancel and request.method == "POST":
            self._cancel(self._known(job_id))
            return Response(status=204)
        if request.method == "PUT":
            return self._create(job_id, _checked(models.JobDetails, request))
        if request.method == "GET":
            job = self._known(job_id)
            self._advance(job)
            return Response.of_json(self._shown(job))
        raise Refusal(405, "MethodNotAllowed", request.method)

    def _sas_uri(self, asked: dict[str, Any]) -> Response:
        container, blob = asked["containerName"], asked.get("blobName")
        if not re.fullmatch(r"[a-z0-9](-?[a-z0-9]){2,62}", container):
            raise Refusal(400, "InvalidResourceName", f"{container!r} is not a container's name")
        whole = self.storage.container_uri(container)
        return Response.of_json({"sasUri": self.storage.blob_uri(container, blob, "rcw") if blob else whole})

    # jobs ------------------------------------------------------------------------------------

    def _known(self, job_id: str) -> StoredJob:
        if job_id not in self.jobs:
            raise Refusal(404, "JobNotFound", f"Job {job_id} was not found.")
        return self.jobs[job_id]

    def _create(self, job_id: str, body: dict[str, Any]) -> Response:
        if len(job_id) > 36:
            raise Refusal(400, "InvalidJobDefinition", f"a job id has at most 36 characters: {job_id}")
        if job_id in self.jobs:
            self.repeats += 1
            if self.repeat_status == 409:
                raise Refusal(409, "JobAlreadyExists", f"Job {job_id} already exists.")
            return Response.of_json(self._shown(self.jobs[job_id]))
        self._check_formats(body)
        job = StoredJob(job_id, body)
        job.times["creationTime"] = _now()
        self.jobs[job_id] = job
        return Response.of_json(self._shown(job), 201)

    def _check_formats(self, body: dict[str, Any]) -> None:
        target = self.targets.get(body["target"])
        if target is None or provider_of(body["target"]) != body["providerId"].lower():
            raise Refusal(400, "InvalidJobDefinition", f"target {body['target']!r} is not in this workspace")
        if target["currentAvailability"] == "Unavailable":
            raise Refusal(400, "TargetUnavailable", f"target {body['target']!r} takes no jobs now")
        provider = provider_of(body["target"])
        allowed = {**INPUT_FORMATS[provider], **({"qir.v1": QIR_OUTPUT} if target["targetProfile"] else {})}
        if allowed.get(body["inputDataFormat"]) != body.get("outputDataFormat"):
            raise Refusal(
                400, "InvalidJobDefinition",
                f"{provider} does not turn {body['inputDataFormat']} into {body.get('outputDataFormat')}",
            )  # fmt: skip

    def _cancel(self, job: StoredJob) -> None:
        if job.status in _FINAL:
            raise Refusal(409, "Conflict", f"Job {job.id} is {job.status} and cannot be cancelled.")
        job.status = "Cancelled"
        job.times["cancellationTime"] = _now()

    def _advance(self, job: StoredJob) -> None:
        job.polls += 1
        if job.status in _FINAL or job.polls < self.polls_to_end:
            return
        job.times.setdefault("beginExecutionTime", _now())
        if job.polls == self.polls_to_end:
            job.status = "Executing"
            return
        self._run(job)
        job.times["endExecutionTime"] = _now()

    def _run(self, job: StoredJob) -> None:
        container, blob = self._blob_of(job.body["inputDataUri"])
        program = self.storage.read(container, blob)
        profile = self.targets[job.body["target"]]["targetProfile"]
        try:
            if program is None:
                raise machine.BadProgram("the input blob does not exist")
            result = machine.run(
                job.body["inputDataFormat"], program, job.body.get("inputParams") or {},
                profile=profile, seed=1000 + list(self.jobs).index(job.id),
            )  # fmt: skip
        except machine.BadProgram as exc:
            job.status, job.error = "Failed", {"code": "InvalidInputData", "message": str(exc)}
            return
        if not self.lose_results:
            written = json.dumps(result).encode() if self.result_override is None else self.result_override
            self.storage.write(f"job-{job.id}", "rawOutputData", written)
        job.status = "Succeeded"

    def _blob_of(self, uri: str) -> tuple[str, str]:
        path = uri.partition("?")[0].split("/", 3)[3]
        container, _, blob = path.partition("/")
        return container, blob

    def _shown(self, job: StoredJob) -> dict[str, Any]:
        """The job as the service shows it: all that was sent, and what became of it."""
        billed = job.status == "Succeeded" and ".qpu." in job.body["target"]
        sent = {"metadata": None, "tags": [], "sessionId": None, "jobType": "QuantumComputing", **job.body}
        times = dict.fromkeys(("beginExecutionTime", "endExecutionTime", "cancellationTime"), None)
        return {
            **sent, **times, **job.times,
            "id": job.id, "itemType": "Job", "status": job.status, "errorData": job.error,
            "isCancelling": False, "outputDataUri": self.storage.blob_uri(f"job-{job.id}", "rawOutputData"),
            "costEstimate": _COST if billed else None,
        }  # fmt: skip


_COST = {
    "currencyCode": "USD",
    "events": [
        {
            "dimensionId": "gs1q", "dimensionName": "1Q gate shots", "measureUnit": "1q gate shot",
            "amountBilled": 0.0, "amountConsumed": 0.0, "unitPrice": 0.0,
        }
    ],
    "estimatedTotal": 12.42,
}  # fmt: skip


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat()


def _checked(model: type, request: Request) -> dict[str, Any]:
    """The request's body, if the SDK's own model of it allows every field and misses none."""
    try:
        body = request.json()
    except ValueError as exc:
        raise Refusal(400, "InvalidJson", str(exc)) from exc
    fields = {f._rest_name: f for f in model({})._attr_to_rest_field.values()}  # type: ignore[attr-defined]
    may_send = {name for name, f in fields.items() if not f._visibility or "create" in f._visibility}
    if unknown := set(body) - may_send:
        raise Refusal(400, "InvalidJobDefinition", f"fields that cannot be sent: {sorted(unknown)}")
    missing = [name for name in _REQUIRED[model.__name__] if not isinstance(body.get(name), str)]
    if missing:
        raise Refusal(400, "InvalidJobDefinition", f"missing or not a text: {missing}")
    return dict(body)


_REQUIRED = {
    "BlobDetails": ("containerName",),
    "JobDetails": ("name", "providerId", "target", "containerUri", "inputDataUri", "inputDataFormat"),
}
