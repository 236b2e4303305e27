"""Everything that the service was asked and what it keeps: requests, programs, jobs.

Owns: the counting by which tests prove "at most once". Knows nothing of: gRPC, faults, circuits.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from cirq_google.cloud import quantum

State = quantum.ExecutionStatus.State


@dataclass(frozen=True, kw_only=True)
class Request:
    """One call as it arrived."""

    rpc: str
    message: object
    metadata: dict[str, str]


@dataclass(kw_only=True)
class StoredJob:
    """A job: the message as created, and the end that it will come to after some polls."""

    message: quantum.QuantumJob
    outcome: quantum.ExecutionStatus
    result: quantum.QuantumResult | None
    polls_left: int
    is_cancelled: bool = False

    def poll(self) -> quantum.QuantumJob:
        """The job as it looks now; each look brings it one step nearer to its end."""
        job = quantum.QuantumJob(self.message)
        job.execution_status = self._status()
        self.polls_left = max(0, self.polls_left - 1)
        return job

    @property
    def is_done(self) -> bool:
        return self.is_cancelled or self.polls_left == 0

    def _status(self) -> quantum.ExecutionStatus:
        if self.is_cancelled:
            return quantum.ExecutionStatus(state=State.CANCELLED)
        if self.polls_left == 0:
            return self.outcome
        return quantum.ExecutionStatus(state=State.RUNNING if self.polls_left == 1 else State.READY)


@dataclass
class Ledger:
    """What arrived, in order."""

    requests: list[Request] = field(default_factory=list)
    programs: dict[str, quantum.QuantumProgram] = field(default_factory=dict)
    jobs: dict[str, StoredJob] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def record(self, rpc: str, message: object, metadata: dict[str, str]) -> None:
        with self.lock:
            self.requests.append(Request(rpc=rpc, message=message, metadata=metadata))

    def count(self, rpc: str) -> int:
        with self.lock:
            return sum(request.rpc == rpc for request in self.requests)

    def forget_requests(self) -> None:
        with self.lock:
            self.requests.clear()
