"""What goes wrong, where, and how often.

Owns: the plan of faults. Knows nothing of: gRPC handlers; ``handlers.py`` asks it before and after each call.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from dataclasses import dataclass

import grpc


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One fault of one call.

    Attributes:
        status: gRPC status with which the call is refused.
        retry_after_s: Sent as ``google.rpc.RetryInfo`` beside ``status``.
        accepted: The call does its work first, and only then goes wrong.
        silent: No answer, ever.
        slow_s: Seconds that pass before the answer.
        dropped: The TCP connections are cut.
        malformed: The answer is these bytes instead of a message.
    """

    status: grpc.StatusCode | None = None
    message: str = "injected"
    retry_after_s: float | None = None
    accepted: bool = False
    silent: bool = False
    slow_s: float = 0.0
    dropped: bool = False
    malformed: bytes | None = None


class FaultPlan:
    """Faults waiting for their call, first in, first out, per RPC."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Fault]] = defaultdict(list)
        self._lock = threading.Lock()

    def add(self, rpc: str, fault: Fault, *, times: int = 1) -> None:
        with self._lock:
            self._waiting[rpc] += [fault] * times

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def take(self, rpc: str) -> Fault | None:
        with self._lock:
            return self._waiting[rpc].pop(0) if self._waiting[rpc] else None
