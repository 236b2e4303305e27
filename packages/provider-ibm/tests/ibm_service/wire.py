"""The Runtime API's shapes: what a request must look like, and what an answer does look like.

Owns: pydantic models transcribed from IBM's OpenAPI description, and the check of headers and queries.
Where the SDK is known to differ from the description, a comment says so.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from coratrix.testing.loopback import Request, Response

Tag = Annotated[str, StringConstraints(max_length=86)]
Tags = Annotated[list[Tag], Field(max_length=8)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class JobRunParams(_Strict):
    """Body of ``POST /v1/jobs``."""

    program_id: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    backend: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
    params: dict[str, Any]
    tags: Tags = []
    # the description has these in lower case; the SDK sends upper case
    log_level: Literal["CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"] | None = None
    cost: Annotated[int, Field(ge=0, le=10_800)] | None = None
    runtime: str | None = None
    session_id: str | None = None
    calibration_id: str | None = None
    private: bool | None = None


class JobQuery(_Strict):
    """Query of ``GET /v1/jobs``; ``include_mocks`` is the SDK's, not in the description."""

    limit: Annotated[int, Field(ge=1, le=200)] = 200
    offset: Annotated[int, Field(ge=0)] = 0
    pending: bool | None = None
    program: str | None = None
    backend: str | None = None
    created_after: datetime.datetime | None = None
    created_before: datetime.datetime | None = None
    sort: Literal["ASC", "DESC"] = "DESC"
    tags: list[str] = []
    session_id: str | None = None
    exclude_params: bool = True
    include_mocks: bool | None = None


class JobState(_Strict):
    status: Literal["Queued", "Running", "Completed", "Cancelled", "Failed"]
    reason: str | None = None
    reason_code: Annotated[int, Field(ge=1000, le=9999)] | None = None
    reason_solution: str | None = None


class JobResponse(_Strict):
    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]
    backend: str
    state: JobState
    status: Literal["Queued", "Running", "Completed", "Cancelled", "Cancelled - Ran too long", "Failed"]
    params: dict[str, Any] | None = None
    program: dict[str, str]
    created: datetime.datetime
    cost: int
    tags: Tags
    estimated_running_time_seconds: float
    usage: dict[str, Any] | None = None


class WaitTime(_Strict):
    average: int
    p50: int
    p95: int


class Device(_Strict):
    """One entry of ``GET /v1/backends``."""

    name: str
    status: dict[str, str]
    is_simulator: bool
    qubits: int
    queue_length: int
    clops: dict[str, Any] | None = None
    processor_type: dict[str, str | None] | None = None
    performance_metrics: dict[str, Any] = {}
    wait_time_seconds: WaitTime | None = None


def one_of_each(query: Mapping[str, list[str]], *lists: str) -> dict[str, Any]:
    """A query as keyword values; names in ``lists`` keep all theirs."""
    return {name: values if name in lists else values[-1] for name, values in query.items()}


def error(status: int, code: int, message: str, solution: str = "") -> Response:
    """IBM's `ErrorContainer`."""
    entry = {"code": code, "message": message, "solution": solution, "more_info": "https://ibm.biz/errors"}
    return Response.of_json({"trace": "loopback", "errors": [entry]}, status=status)


def missing_headers(request: Request) -> list[str]:
    """Headers that every Runtime request must carry."""
    wanted = ("authorization", "service-crn", "ibm-api-version", "x-qx-client-application")
    return [name for name in wanted if not request.headers.get(name)]
