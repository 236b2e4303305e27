"""The account that the tests speak to: its hosts, devices, jobs, and what may go wrong in it.

Owns: routing of Runtime requests and the account's settings. Runs in the test's own process.
"""

from __future__ import annotations

import json
import re
import uuid
from functools import cache
from importlib import resources
from typing import Any

from pydantic import ValidationError

from coratrix.testing.loopback import Request, Response, Service
from ibm_service import execution
from ibm_service.identity import Identity
from ibm_service.jobs import FINAL, Ledger, ServiceJob
from ibm_service.wire import Device, JobQuery, JobRunParams, error, missing_headers, one_of_each

API_KEY = "canary-7f3a-loopback-api-key"
CRN = (
    "crn:v1:bluemix:public:quantum-computing:us-east:a/0123456789abcdef:"
    "11111111-2222-3333-4444-555555555555::"
)
RUNTIME_HOST = "quantum.cloud.ibm.com"
DEVICES = {"ibm_lagos": "lagos", "ibm_torino": "torino"}  # IBM's own recordings, part of the SDK


class IBMCloud:
    """One account with one instance and two devices.

    Attributes:
        ledger: every job that was accepted.
        course: the states that a new job goes through, one for each look at it.
        paused: devices that do not take jobs.
        queue: jobs waiting, by device.
        usage: answer of ``GET /instances/usage``.
        seed: of the simulation that stands for the device; the job's number is added.
    """

    def __init__(self) -> None:
        self.identity = Identity(API_KEY, {CRN: "loopback-instance"})
        self.ledger = Ledger()
        self.course = ["Running", "Completed"]
        self.paused: set[str] = set()
        self.queue = {"ibm_lagos": 7, "ibm_torino": 3}
        self.usage: dict[str, Any] = {
            "instance_id": CRN,
            "usage_consumed_seconds": 60,
            "usage_limit_seconds": 600,
            "usage_limit_reached": False,
        }
        self.seed = 20_260
        self.failure: tuple[str, int] | None = None
        self.hide_results = 0  # answer 204 to so many requests for a result

    def services(self) -> dict[str, Service]:
        """What to hand to a `LoopbackProxy`."""
        return {
            "iam.cloud.ibm.com": self.identity.iam,
            "api.global-search-tagging.cloud.ibm.com": self.identity.search,
            "globalcatalog.cloud.ibm.com": self.identity.catalog,
            RUNTIME_HOST: self.runtime,
        }

    def runtime(self, request: Request) -> Response:
        """The Runtime API."""
        if missing := missing_headers(request):
            return error(400, 1200, f"missing headers: {', '.join(missing)}")
        if not self.identity.accepts(request):
            return error(401, 1217, "The token is not valid or has expired.")
        if request.headers["service-crn"] not in self.identity.instances:
            return error(403, 1211, "The instance is not accessible.")
        path = request.path.removeprefix("/api/v1")
        for method, pattern, handler in self._routes():
            if method == request.method and (match := re.fullmatch(pattern, path)):
                return handler(request, **match.groupdict())  # type: ignore[no-any-return]
        return error(404, 1234, f"no route for {request.method} {path}")

    def _routes(self) -> list[tuple[str, str, Any]]:
        device, job = r"/backends/(?P<name>[^/]+)", r"/jobs/(?P<job_id>[^/]+)"
        return [
            ("GET", "/backends", self._backends),
            ("GET", f"{device}/configuration", self._configuration),
            ("GET", f"{device}/properties", self._properties),
            ("GET", f"{device}/status", self._status),
            ("GET", "/instances/usage", lambda _: Response.of_json(self.usage)),
            ("POST", "/jobs", self._create),
            ("GET", "/jobs", self._list),
            ("GET", job, self._job),
            ("GET", f"{job}/results", self._results),
            ("GET", f"{job}/metrics", self._metrics),
            ("POST", f"{job}/cancel", self._cancel),
        ]

    # devices

    def _backends(self, request: Request) -> Response:
        wanted = one_of_each(request.query)
        if unknown := set(wanted) - {"fields", "include_mocks"}:
            return error(400, 1200, f"unknown query {sorted(unknown)}")
        with_wait = wanted.get("fields") == "wait_time_seconds"
        return Response.of_json({"devices": [self._device(name, with_wait) for name in DEVICES]})

    def _device(self, name: str, with_wait: bool) -> dict[str, Any]:
        state = {"name": "paused", "reason": "calibrating"} if name in self.paused else {"name": "online"}
        queued = self.queue[name]
        return Device(
            name=name,
            status=state,
            is_simulator=False,
            qubits=_recorded(name, "conf")["n_qubits"],
            queue_length=queued,
            wait_time_seconds={"average": 60 * queued, "p50": 45 * queued, "p95": 200 * queued}  # type: ignore[arg-type]
            if with_wait
            else None,
        ).model_dump(exclude_none=True)

    def _configuration(self, _: Request, name: str) -> Response:
        return self._recording(name, "conf")

    def _properties(self, _: Request, name: str) -> Response:
        return self._recording(name, "props")

    def _recording(self, name: str, what: str) -> Response:
        if name not in DEVICES:
            return error(404, 1216, f"backend {name} does not exist")
        return Response.of_json(_recorded(name, what))

    def _status(self, _: Request, name: str) -> Response:
        if name not in DEVICES:
            return error(404, 1216, f"backend {name} does not exist")
        word = "paused" if name in self.paused else "active"
        answer = {"state": True, "status": word, "message": word, "backend_version": "1.0.0"}
        return Response.of_json({**answer, "length_queue": self.queue[name]})

    # jobs

    def _create(self, request: Request) -> Response:
        try:
            body = JobRunParams.model_validate_json(request.body)
        except ValidationError as exc:
            return error(400, 1200, str(exc))
        if body.backend not in DEVICES:
            return error(404, 1216, f"backend {body.backend} does not exist")
        number = len(self.ledger)
        job = ServiceJob(
            id=f"d{uuid.uuid4().hex[:19]}",
            request=body,
            user_agent=request.headers["x-qx-client-application"],
            course=["Failed"] if self.failure else list(self.course),
            run=lambda: execution.run(
                body.program_id, body.params, _target(body.backend), self.seed + number
            ),
        )
        if self.failure:
            job.reason, job.reason_code = self.failure
        self.ledger.add(job)
        return Response.of_json({"id": job.id, "backend": body.backend})

    def _list(self, request: Request) -> Response:
        try:
            query = JobQuery.model_validate(one_of_each(request.query, "tags"))
        except ValidationError as exc:
            return error(400, 1200, str(exc))
        found = self.ledger.tagged(query.tags)
        page = found[query.offset : query.offset + query.limit]
        return Response.of_json(
            {
                "jobs": [job.to_json() for job in page],
                "count": len(found),
                "offset": query.offset,
                "limit": query.limit,
            }
        )

    def _job(self, request: Request, job_id: str) -> Response:
        job = self.ledger.get(job_id)
        if job is None:
            return error(404, 1291, f"Job not found. Job ID: {job_id}")
        job.look()
        return Response.of_json(job.to_json(with_params=request.query.get("exclude_params") != ["true"]))

    def _results(self, _: Request, job_id: str) -> Response:
        job = self.ledger.get(job_id)
        if job is None:
            return error(404, 1291, f"Job not found. Job ID: {job_id}")
        if job.result is None or self.hide_results > 0:
            self.hide_results -= 1
            return Response(status=204)
        return Response(body=job.result.encode(), headers={"Content-Type": "application/json"})

    def _metrics(self, _: Request, job_id: str) -> Response:
        job = self.ledger.get(job_id)
        if job is None:
            return error(404, 1291, f"Job not found. Job ID: {job_id}")
        return Response.of_json(job.metrics())

    def _cancel(self, _: Request, job_id: str) -> Response:
        job = self.ledger.get(job_id)
        if job is None:
            return error(404, 1291, f"Job not found. Job ID: {job_id}")
        if job.status in FINAL:
            return error(409, 1296, "Job is in non cancellable status.")
        job.status, job.course = "Cancelled", []
        return Response(status=204)


@cache
def _recorded(name: str, what: str) -> dict[str, Any]:
    """IBM's own recording of the device's configuration ("conf") or properties ("props")."""
    short = DEVICES[name]
    folder = resources.files("qiskit_ibm_runtime.fake_provider.backends") / short
    return json.loads((folder / f"{what}_{short}.json").read_text())  # type: ignore[no-any-return]


@cache
def _target(name: str) -> Any:
    """What the device accepts, built from the recordings by the SDK's own code."""
    from qiskit_ibm_runtime.fake_provider import FakeLagosV2, FakeTorino

    return {"lagos": FakeLagosV2, "torino": FakeTorino}[DEVICES[name]]().target
