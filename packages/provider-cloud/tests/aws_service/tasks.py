"""The quantum tasks that the stand-in was given, and how it runs them.

Owns: `Task`, `Ledger`: acceptance (once per client token), states, execution, result documents.
Knows nothing of: HTTP. The simulators and schemas are AWS's.
"""

from __future__ import annotations

import json
import threading
import uuid
import warnings
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from braket.default_simulator import DensityMatrixSimulator, StateVectorSimulator
from braket.ir.openqasm import Program
from braket.task_result import GateModelTaskResult

from aws_service.devices import DM1, Device
from aws_service.programs import check_program
from aws_service.wire import AwsError, model

FINAL = {"COMPLETED", "FAILED", "CANCELLED"}
WAY = ("CREATED", "QUEUED", "RUNNING", "COMPLETED")


@dataclass(kw_only=True)
class Task:
    """One accepted task. It takes one step along ``WAY`` each time it is asked for, unless held."""

    arn: str
    device: Device
    request: dict[str, Any]
    status: str = "CREATED"
    failure_reason: str | None = None
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    ended_at: str | None = None
    result: str | None = None
    polls: int = 0

    @property
    def directory(self) -> str:
        return f"{self.request['outputS3KeyPrefix']}/{self.arn.rpartition('/')[2]}"

    @property
    def result_key(self) -> str:
        return f"{self.directory}/results.json"

    def end(self, status: str, reason: str | None = None) -> None:
        self.status, self.failure_reason = status, reason
        self.ended_at = datetime.now(UTC).isoformat()

    def run(self) -> None:
        """Execute the circuit and end as COMPLETED, or as FAILED with the simulator's words."""
        program = Program.parse_raw(self.request["action"])
        simulator = DensityMatrixSimulator() if self.device.arn == DM1 else StateVectorSimulator()
        try:
            with warnings.catch_warnings():  # "noise-free circuit on the density matrix simulator"
                warnings.simplefilter("ignore", UserWarning)
                outcome = simulator.run_openqasm(program, shots=self.request["shots"])
        except Exception as exc:  # the service reports it, whatever it is
            self.end("FAILED", f"{type(exc).__name__}: {exc}")
            return
        outcome.taskMetadata.id, outcome.taskMetadata.deviceId = self.arn, self.device.arn
        outcome.taskMetadata.shots = self.request["shots"]
        self.result = GateModelTaskResult.parse_raw(outcome.json()).json()
        self.end("COMPLETED")

    def summary(self) -> dict[str, Any]:
        shown = ("quantumTaskArn", "status", "deviceArn", "shots", "createdAt", "tags")
        shown += ("outputS3Bucket", "outputS3Directory")
        return {name: value for name, value in self.details().items() if name in shown}

    def details(self) -> dict[str, Any]:
        waiting = self.status in ("CREATED", "QUEUED")
        found: dict[str, Any] = {
            "quantumTaskArn": self.arn,
            "status": self.status,
            "deviceArn": self.device.arn,
            "deviceParameters": self.request.get("deviceParameters", "{}"),
            "shots": self.request["shots"],
            "outputS3Bucket": self.request["outputS3Bucket"],
            "outputS3Directory": self.directory,
            "createdAt": self.created_at,
            "tags": self.request.get("tags", {}),
            "queueInfo": {
                "queue": "QUANTUM_TASKS_QUEUE",
                "position": "3" if waiting else "None",
                "queuePriority": "Normal",
            },
            "associations": [],
        }
        newer = {  # members that older versions of botocore do not know
            "numSuccessfulShots": self.request["shots"] if self.status == "COMPLETED" else 0,
            "actionMetadata": {"actionType": "braket.ir.openqasm.program"},
        }
        known = model().shape_for("GetQuantumTaskResponse").members
        found |= {name: value for name, value in newer.items() if name in known}
        if self.failure_reason:
            found["failureReason"] = self.failure_reason
        if self.ended_at:
            found["endedAt"] = self.ended_at
        return found


class Ledger:
    """All tasks by ARN, in order; ``submissions`` counts requests, accepted or not.

    Attributes:
        hold: while true, no task gets further than QUEUED.
        fail_next: reasons; each ends one coming task as FAILED.
        limit: most tasks that may be under way at once; None has no limit.
    """

    def __init__(self, account: str) -> None:
        self.tasks: dict[str, Task] = {}
        self.submissions = 0
        self.hold = False
        self.fail_next: list[str] = []
        self.limit: int | None = None
        self.most_under_way = 0
        self._account = account
        self._by_token: dict[str, Task] = {}
        self._lock = threading.RLock()

    def __len__(self) -> int:
        return len(self.tasks)

    @property
    def last(self) -> Task:
        return list(self.tasks.values())[-1]

    def create(self, request: dict[str, Any], device: Device, region: str) -> Task:
        """Accept a task; a client token that was seen before gives the same task again."""
        with self._lock:
            self.submissions += 1
            known = self._by_token.get(request["clientToken"])
            if known:
                if known.request != request:
                    raise AwsError("ValidationException", "clientToken was used with other parameters")
                return known
            self._refuse_if_not_runnable(request, device)
            arn = f"arn:aws:braket:{region}:{self._account}:quantum-task/{uuid.uuid4()}"
            task = Task(arn=arn, device=device, request=request)
            self.tasks[arn] = self._by_token[request["clientToken"]] = task
            self.most_under_way = max(self.most_under_way, self._under_way())
            return task

    def _under_way(self) -> int:
        return sum(task.status not in FINAL for task in self.tasks.values())

    def _refuse_if_not_runnable(self, request: dict[str, Any], device: Device) -> None:
        if device.status == "RETIRED":
            raise AwsError("DeviceRetiredException", f"Device {device.arn} is retired.")
        if device.status == "OFFLINE":
            raise AwsError("DeviceOfflineException", f"Device {device.arn} is offline.")
        if self.limit is not None and self._under_way() >= self.limit:
            raise AwsError("ThrottlingException", "Too many concurrent quantum tasks")
        least, most = device.properties["service"]["shotsRange"]
        if not least <= request["shots"] <= most:
            raise AwsError("ValidationException", f"shots must be between {least} and {most}")
        try:
            check_program(Program.parse_raw(request["action"]), device)
        except ValueError as exc:
            raise AwsError("ValidationException", str(exc)) from exc
        json.loads(request.get("deviceParameters", "{}"))

    def get(self, arn: str) -> Task:
        with self._lock:
            if arn not in self.tasks:
                raise AwsError("ResourceNotFoundException", f"Quantum task {arn} does not exist")
            return self.tasks[arn]

    def look(self, arn: str) -> Task:
        """The task, one step further than when it was last looked at."""
        with self._lock:
            task = self.get(arn)
            task.polls += 1
            if task.status == "CANCELLING":
                task.end("CANCELLED")
            elif task.status not in FINAL and not (self.hold and task.status == "QUEUED"):
                self._step(task)
            return task

    def _step(self, task: Task) -> None:
        following = WAY[WAY.index(task.status) + 1]
        if following == "COMPLETED" and self.fail_next:
            task.end("FAILED", self.fail_next.pop(0))
        elif following == "COMPLETED":
            task.run()
        else:
            task.status = following

    def cancel(self, arn: str) -> Task:
        with self._lock:
            task = self.get(arn)
            if task.status in FINAL:
                raise AwsError("ConflictException", f"Quantum task is in terminal state {task.status}")
            task.status = "CANCELLING"
            return task
