"""What can go wrong between a client and a vendor, and when it does.

Owns: the vocabulary of faults and `FaultPlan`, which hands each to the requests it is meant for.
Knows nothing of: sockets (proxy.py acts a fault out) and vendors.

| fault | the vendor sees the request | the client sees |
|---|---|---|
| ``answer(503)`` | no | that status, body and headers |
| ``delay(seconds)`` | yes, late | the answer, late |
| ``drop_before()`` / ``drop_after()`` | no / yes | the connection reset, no answer |
| ``silent_before()`` / ``silent_after()`` | no / yes | nothing, for ever (until either side hangs up) |
| ``garble(body)`` | yes | the vendor's status with another body |
| ``truncate()`` | yes | half of the body, then the end of the connection |
| ``unreachable()`` | no | no connection to that host at all |
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from coratrix.testing.loopback.exchange import Request, Response


class FaultKind(Enum):
    ANSWER = "answer"
    DELAY = "delay"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    SILENT_BEFORE = "silent_before"
    SILENT_AFTER = "silent_after"
    GARBLE = "garble"
    TRUNCATE = "truncate"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that goes wrong; made by the functions below."""

    kind: FaultKind
    response: Response | None = None
    seconds: float = 0.0
    body: bytes = b""

    def __str__(self) -> str:
        return f"answer {self.response.status}" if self.response else self.kind.value


def answer(status: int, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Fault:
    """The client gets this in place of the vendor's answer; the vendor sees nothing."""
    return Fault(kind=FaultKind.ANSWER, response=Response(status=status, body=body, headers=headers or {}))


def delay(seconds: float) -> Fault:
    return Fault(kind=FaultKind.DELAY, seconds=seconds)


def drop_before() -> Fault:
    return Fault(kind=FaultKind.DROP_BEFORE)


def drop_after() -> Fault:
    """The vendor accepts the request and its answer is lost: the case that makes duplicate jobs."""
    return Fault(kind=FaultKind.DROP_AFTER)


def silent_before() -> Fault:
    return Fault(kind=FaultKind.SILENT_BEFORE)


def silent_after() -> Fault:
    return Fault(kind=FaultKind.SILENT_AFTER)


def garble(body: bytes = b"<html>not what was asked for") -> Fault:
    return Fault(kind=FaultKind.GARBLE, body=body)


def truncate() -> Fault:
    return Fault(kind=FaultKind.TRUNCATE)


def unreachable() -> Fault:
    return Fault(kind=FaultKind.UNREACHABLE)


@dataclass(kw_only=True)
class FaultRule:
    """A fault, the requests it is for, and how often it has struck (``hits``).

    ``method`` and ``host`` are shell patterns, ``path`` a regular expression that must match the
    whole path (without the query). The first ``skip`` matching requests pass untouched, the next
    ``times`` are struck (None: all of them).
    """

    fault: Fault
    method: str
    host: str
    path: str
    times: int | None = 1
    skip: int = 0
    hits: int = 0
    seen: int = field(default=0, repr=False)

    def matches(self, request: Request) -> bool:
        connecting = request.method == "CONNECT"
        if connecting != (self.fault.kind is FaultKind.UNREACHABLE):
            return False
        if not fnmatchcase(request.host, self.host):
            return False
        if connecting:
            return True
        return fnmatchcase(request.method, self.method) and re.fullmatch(self.path, request.path) is not None

    def strike(self) -> bool:
        """Count one matching request; say whether it is struck."""
        self.seen += 1
        struck = self.seen > self.skip and (self.times is None or self.hits < self.times)
        self.hits += struck
        return struck


class FaultPlan:
    """The faults to come. The first rule that matches a request and still strikes wins; thread-safe."""

    def __init__(self) -> None:
        self._rules: list[FaultRule] = []
        self._lock = threading.Lock()

    def on(
        self, method: str, host: str, path: str, fault: Fault, *, times: int | None = 1, skip: int = 0
    ) -> FaultRule:
        """Plan ``fault`` for requests like these; the returned rule counts its hits."""
        rule = FaultRule(fault=fault, method=method, host=host, path=path, times=times, skip=skip)
        with self._lock:
            self._rules.append(rule)
        return rule

    def cut_off(self, host: str, *, times: int | None = None) -> FaultRule:
        """Make a host unreachable."""
        return self.on("CONNECT", host, ".*", unreachable(), times=times)

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def take(self, request: Request) -> Fault | None:
        """The fault for this request, counted as used, or None."""
        with self._lock:
            for rule in self._rules:
                if rule.matches(request) and rule.strike():
                    return rule.fault
        return None

    @property
    def unused(self) -> list[FaultRule]:
        """Rules that never struck: a test that planned a fault should end with none."""
        with self._lock:
            return [rule for rule in self._rules if rule.hits == 0]
