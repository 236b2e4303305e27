"""What goes wrong on the way to a processor, what the user gets, and how many jobs there are afterwards.

A fault strikes once, or for ever. In no case is there a second job, and nothing outlives its deadline.
"""

from __future__ import annotations

import time
from typing import Any

import pytest

from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    JobNotFoundError,
    RateLimitError,
    SubmissionUnknownError,
)
from coratrix.backend.provider import Resilience
from coratrix.core import QuantumCircuit
from coratrix.testing.loopback import faults

IMPATIENT = Resilience(
    attempts=3,
    first_pause_s=0.001,
    longest_pause_s=0.002,
    request_timeout_s=0.9,
    submit_timeout_s=1.5,
    first_poll_s=0.005,
    longest_poll_s=0.02,
    poll_patience_s=0.5,
    breaker_failures=1000,
)
LONGEST_S = 6.0
CIRCUIT = QuantumCircuit(2).x(0).measure_all()
ERROR_BODY = b'{"code": "x", "message": "injected", "requestId": "1"}'

PLACES = {  # where a fault strikes: method, host, path
    "token": ("POST", "issuer", ".*"),
    "instruction set": ("GET", "qcs", ".*instructionSetArchitecture"),
    "accessors": ("GET", "qcs", ".*accessors"),
    "quilc": ("RPC", "quilc", ".*"),
    "translate": ("GRPC", "grpc", "Translate.*"),
    "submit": ("GRPC", "grpc", "ExecuteControllerJob"),
    "poll": ("GRPC", "grpc", "GetControllerJobStatus"),
    "fetch": ("GRPC", "grpc", "GetControllerJobResults"),
}


def http(status: int, **headers: str) -> faults.Fault:
    return faults.answer(status, ERROR_BODY, {"Content-Type": "application/json", **headers})


def grpc(code: int) -> faults.Fault:
    return faults.answer(code, b"injected")


FAULTS = {
    "400": http(400), "401": http(401), "403": http(403), "404": http(404), "409": http(409),
    "424": http(424), "429": http(429),
    "429 later": http(429, **{"Retry-After": "1"}), "500": http(500), "503": http(503),
    "invalid": grpc(3), "deadline": grpc(4), "unknown job": grpc(5), "denied": grpc(7), "exhausted": grpc(8),
    "precondition": grpc(9), "internal": grpc(13), "unavailable": grpc(14), "unauthenticated": grpc(16),
    "refused": faults.answer(500, b"cannot compile"),
    "dropped": faults.drop_before(), "dropped after": faults.drop_after(), "silent": faults.silent_before(),
    "silent after": faults.silent_after(), "malformed": faults.garble(b"\xff\xff\xff\xff"),
    "truncated": faults.truncate(), "slow": faults.delay(0.2),
}  # fmt: skip

OK = None
LATE = (BackendTimeoutError, BackendUnavailableError, BackendConnectionError, RateLimitError)
# place → fault → (what comes of one strike, what comes of it for ever, jobs of one strike, jobs for ever)
Row = tuple[Any, Any, int, int]
ONCE_IS_NOTHING: Row = (OK, LATE, 1, 0)
REFUSED: Row = (BackendResponseError, BackendResponseError, 0, 0)
AUTH: Row = (OK, BackendAuthError, 1, 0)
UNKNOWN: Row = (SubmissionUnknownError, SubmissionUnknownError, 0, 0)
UNKNOWN_BUT_THERE: Row = (SubmissionUnknownError, SubmissionUnknownError, 1, 1)
AFTER: Row = (OK, LATE, 1, 1)

HTTP_ROWS: dict[str, Row] = {
    "400": REFUSED,
    "401": AUTH,
    "403": AUTH,
    "404": (BackendNotFoundError, BackendNotFoundError, 0, 0),
    "409": REFUSED,
    "424": REFUSED,
    "429": ONCE_IS_NOTHING,
    "429 later": ONCE_IS_NOTHING,
    "500": ONCE_IS_NOTHING,
    "503": ONCE_IS_NOTHING,
    "dropped": ONCE_IS_NOTHING,
    "dropped after": ONCE_IS_NOTHING,
    "silent": ONCE_IS_NOTHING,
    "silent after": ONCE_IS_NOTHING,
    "slow": (OK, OK, 1, 1),
    "malformed": REFUSED,
}
TABLE: dict[str, dict[str, Row]] = {
    "token": {
        **dict.fromkeys(("400", "401", "403"), (BackendAuthError, BackendAuthError, 0, 0)),
        **dict.fromkeys(("429", "500", "503", "dropped", "dropped after", "silent"), ONCE_IS_NOTHING),
        "slow": (OK, OK, 1, 1),
        "malformed": REFUSED,
    },
    "instruction set": {**HTTP_ROWS, "truncated": REFUSED},
    "accessors": {**HTTP_ROWS, "truncated": ONCE_IS_NOTHING},
    "quilc": {
        "refused": (CircuitValidationError, CircuitValidationError, 0, 0),
        "silent": ONCE_IS_NOTHING,
        "slow": (OK, OK, 1, 1),
        "malformed": REFUSED,
    },
    "translate": {
        "invalid": (CircuitValidationError, CircuitValidationError, 0, 0),
        "unknown job": (BackendNotFoundError, BackendNotFoundError, 0, 0),
        "precondition": (CircuitValidationError, CircuitValidationError, 0, 0),
        **dict.fromkeys(("denied", "unauthenticated"), AUTH),
        **dict.fromkeys(("deadline", "exhausted", "internal", "unavailable"), ONCE_IS_NOTHING),
        **dict.fromkeys(("dropped after", "silent", "silent after"), ONCE_IS_NOTHING),
        "slow": (OK, OK, 1, 1),
        "malformed": REFUSED,
    },
    "submit": {
        "invalid": (CircuitValidationError, CircuitValidationError, 0, 0),
        "unknown job": (BackendNotFoundError, BackendNotFoundError, 0, 0),
        "precondition": (CircuitValidationError, CircuitValidationError, 0, 0),
        **dict.fromkeys(("denied", "unauthenticated"), AUTH),
        "exhausted": ONCE_IS_NOTHING,
        **dict.fromkeys(("deadline", "internal", "unavailable", "dropped", "silent"), UNKNOWN),
        **dict.fromkeys(("dropped after", "silent after", "malformed"), UNKNOWN_BUT_THERE),
        "slow": (OK, OK, 1, 1),
    },
    "poll": {
        **dict.fromkeys(("invalid", "precondition", "malformed"), (BackendResponseError,) * 2 + (1, 1)),
        "unknown job": (JobNotFoundError, JobNotFoundError, 1, 1),
        **dict.fromkeys(("denied", "unauthenticated"), (OK, BackendAuthError, 1, 1)),
        **dict.fromkeys(("deadline", "exhausted", "internal", "unavailable", "dropped after"), AFTER),
        **dict.fromkeys(("silent", "silent after"), AFTER),
        "slow": (OK, OK, 1, 1),
    },
    "fetch": {
        **dict.fromkeys(("invalid", "precondition", "malformed"), (BackendResponseError,) * 2 + (1, 1)),
        "unknown job": (JobNotFoundError, JobNotFoundError, 1, 1),
        **dict.fromkeys(("denied", "unauthenticated"), (OK, BackendAuthError, 1, 1)),
        **dict.fromkeys(("deadline", "exhausted", "internal", "unavailable", "dropped after"), AFTER),
        **dict.fromkeys(("silent", "silent after"), AFTER),
        "slow": (OK, OK, 1, 1),
    },
}
CASES = [
    pytest.param(place, fault, once, id=f"{place}-{fault}-{'once' if once else 'for ever'}")
    for place, rows in TABLE.items()
    for fault in rows
    for once in (True, False)
]


@pytest.mark.parametrize(("place", "fault", "once"), CASES)
def test_a_fault_ends_in_the_result_or_the_documented_error(
    make: Any, service: Any, place: str, fault: str, once: bool
) -> None:
    row = TABLE[place][fault]
    wanted, jobs = (row[0], row[2]) if once else (row[1], row[3])
    backend = make(device="Ankaa-loop", resilience=IMPATIENT, compile_timeout_s=0.4, request_timeout_s=0.5)
    service.faults.on(*PLACES[place], FAULTS[fault], times=1 if once else None)

    started = time.monotonic()
    if wanted is None:
        assert backend.execute(CIRCUIT, 20, timeout=LONGEST_S).counts == {"10": 20}
    else:
        with pytest.raises(wanted) as caught:
            backend.execute(CIRCUIT, 20, timeout=LONGEST_S)
        assert isinstance(caught.value, BackendError)
        assert caught.value.backend == "rigetti"
    assert time.monotonic() - started < LONGEST_S
    assert len(service.ledger.jobs) == jobs


def test_a_lost_answer_is_told_with_the_job_and_the_job_is_not_sent_again(make: Any, service: Any) -> None:
    backend = make(device="Ankaa-loop", resilience=IMPATIENT)
    service.faults.on(*PLACES["submit"], faults.drop_after())

    with pytest.raises(SubmissionUnknownError) as caught:
        backend.submit(CIRCUIT, 20)
    caught.value.job.status()

    assert caught.value.job.status().value == "unknown"
    assert service.ledger.count("grpc", "ExecuteControllerJob") == 1
    assert len(service.ledger.jobs) == 1


def test_the_sdk_itself_sends_a_job_twice(service: Any) -> None:
    """Why the adapter does not submit through the SDK: if this fails, it may again."""
    import asyncio

    from qcs_sdk.client import QCSClient
    from qcs_sdk.qpu.api import submit_async
    from qcs_sdk.qpu.translation import translate_async

    client = QCSClient.load()

    async def send() -> str:
        native = "DECLARE ro BIT[1]\nRX(pi) 0\nMEASURE 0 ro[0]\n"
        job = await translate_async(native, 5, "Ankaa-loop", client)
        return await submit_async(job.program, {}, "Ankaa-loop", client)

    service.faults.on(*PLACES["submit"], faults.drop_after())
    asyncio.run(send())

    assert len(service.ledger.jobs) == 2


def test_our_request_is_the_sdks_request(make: Any, service: Any) -> None:
    """`ExecuteControllerJob` as we write it and as the SDK writes it, field by field."""
    import asyncio

    from qcs_sdk.client import QCSClient
    from qcs_sdk.qpu.api import submit_async

    backend = make(device="Ankaa-loop")
    submission = backend._convert([CIRCUIT], 20, backend._parse({}))
    client = QCSClient.load()

    async def send() -> str:
        return await submit_async(submission.program.encrypted_job, {}, "Ankaa-loop", client)

    asyncio.run(send())
    backend.submit(CIRCUIT, 20)

    theirs, ours = service.ledger.details("grpc", "ExecuteControllerJob")
    assert dict(ours) == dict(theirs)


@pytest.mark.parametrize("address", ["quilc_url", "api_url"])
def test_a_closed_port_is_told_within_two_seconds(make: Any, service: Any, address: str) -> None:
    from rigetti_service.endpoint import unused_port

    scheme = "tcp" if address == "quilc_url" else "http"
    url = f"{scheme}://127.0.0.1:{unused_port()}"
    backend = make(device="Ankaa-loop", resilience=IMPATIENT, request_timeout_s=0.3, **{address: url})
    started = time.monotonic()

    with pytest.raises((BackendConnectionError, BackendTimeoutError)):
        backend.execute(CIRCUIT, 20)

    assert time.monotonic() - started < 2.0
    assert service.ledger.jobs == {}


def test_a_gateway_that_cannot_be_reached_is_no_lost_answer(
    make: Any, service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was sent, and the error says so: the caller may simply try again."""
    from rigetti_service.endpoint import unused_port

    closed = f"http://127.0.0.1:{unused_port()}"
    monkeypatch.setattr(service.rest, "gateway", lambda: closed)
    backend = make(device="Ankaa-loop", resilience=IMPATIENT)

    with pytest.raises(BackendConnectionError) as caught:
        backend.submit(CIRCUIT, 20)

    assert not caught.value.outcome_unknown
    assert [record.state.value for record in backend.store.list()] == ["failed"]
    assert service.ledger.jobs == {}


def test_silent_quilcs_do_not_stop_the_sdk(make: Any, service: Any) -> None:
    """The SDK's own client of quilc would be stuck, and all of the SDK after a few of these."""
    backend = make(device="Ankaa-loop", resilience=IMPATIENT, compile_timeout_s=0.05)
    service.faults.on(*PLACES["quilc"], faults.silent_before(), times=12)
    for _ in range(4):
        with pytest.raises(BackendTimeoutError):
            backend.execute(CIRCUIT, 20)
    assert service.faults.unused == []

    assert make(device="Ankaa-loop").execute(CIRCUIT, 20).counts == {"10": 20}
