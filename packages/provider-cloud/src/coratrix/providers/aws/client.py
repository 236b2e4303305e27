"""Speaks to Amazon Braket; nothing else here does.

Owns: `BraketClient`: the requests of a task's life and those about the device.
Knows nothing of: circuits, counts, how a connection is made (sessions.py). Exceptions leave through
`errors.aws_errors`. A task's client token is our job id: the service takes it once, however often it is sent.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Clock, Deadline
from coratrix.backend.errors import BackendError
from coratrix.backend.jobs import JobState
from coratrix.backend.resilience import Resilience
from coratrix.backend.status import QueueInfo, StatusReport
from coratrix.core.calibration import DeviceCalibration
from coratrix.providers.aws.calibration import calibration_of
from coratrix.providers.aws.capabilities import capabilities_of, count_of, queue_of, status_of
from coratrix.providers.aws.devices import Device, region_of_task
from coratrix.providers.aws.errors import aws_errors
from coratrix.providers.aws.normalise import RawCounts, parse_results
from coratrix.providers.aws.parameters import BraketParameters
from coratrix.providers.aws.program import BraketProgram
from coratrix.providers.aws.sessions import AwsSessions

JOB_TAG = "coratrix-job"
STATES = {
    "CREATED": JobState.QUEUED,
    "QUEUED": JobState.QUEUED,
    "RUNNING": JobState.RUNNING,
    "CANCELLING": JobState.RUNNING,
    "COMPLETED": JobState.SUCCEEDED,
    "FAILED": JobState.FAILED,
    "CANCELLED": JobState.CANCELLED,
}


class BraketClient:
    """A `VendorClient` for one device; thread-safe."""

    submits_once = True

    def __init__(self, parameters: BraketParameters, *, clock: Clock, numbers: Resilience) -> None:
        self._aws = AwsSessions(parameters, numbers)
        self._parameters, self._clock = parameters, clock
        self._device: Device = parameters.target
        self._completed: dict[
            str, Mapping[str, Any]
        ] = {}  # tasks that ended, until their results are fetched

    # a task's life ---------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        from braket.ir.openqasm import Program

        program: BraketProgram = submission.program
        request: dict[str, Any] = {
            "clientToken": key,
            "deviceArn": self._device.arn,
            "shots": int(shots),
            "outputS3Bucket": self._aws.bucket(),
            "outputS3KeyPrefix": self._parameters.s3_prefix,
            "action": Program(source=program.source).json(),
            "tags": _tags(key, options.tags),
        }
        if options.physical_qubits:
            request["deviceParameters"] = _no_rewiring(self._device.arn, len(options.physical_qubits))
        if token := os.environ.get("AMZN_BRAKET_JOB_TOKEN"):  # inside a hybrid job
            request["jobToken"] = token
        if options.reservation_arn:
            request["associations"] = [
                {"arn": options.reservation_arn, "type": "RESERVATION_TIME_WINDOW_ARN"}
            ]
        with aws_errors("CreateQuantumTask", submitting=True):
            return str(self._aws.braket().create_quantum_task(**request)["quantumTaskArn"])

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        for task in self._tasks():
            deadline.check("SearchQuantumTasks")
            if task.get("tags", {}).get(JOB_TAG) == key:
                return str(task["quantumTaskArn"])
        return None

    def _tasks(self) -> Iterator[Mapping[str, Any]]:
        """Summaries of the account's tasks on this device."""
        ours = {"name": "deviceArn", "operator": "EQUAL", "values": [self._device.arn]}
        with aws_errors("SearchQuantumTasks"):
            pages = self._aws.braket().get_paginator("search_quantum_tasks")
            for page in pages.paginate(filters=[ours], PaginationConfig={"PageSize": 100}):
                yield from page["quantumTasks"]

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        task = self.task(vendor_job_id)
        if task.get("status") == "COMPLETED":
            self._completed[vendor_job_id] = task
        return snapshot_of(task)

    def task(self, arn: str) -> Mapping[str, Any]:
        """The answer of GetQuantumTask."""
        with aws_errors("GetQuantumTask"):
            client = self._aws.braket(region_of_task(arn))
            found: Mapping[str, Any] = client.get_quantum_task(
                quantumTaskArn=arn, additionalAttributeNames=["QueueInfo"]
            )
            return found

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> RawCounts:
        task = self._completed.get(vendor_job_id) or self.task(vendor_job_id)
        with aws_errors("fetching the results from S3"):
            stored = self._aws.s3(region_of_task(vendor_job_id)).get_object(
                Bucket=task["outputS3Bucket"], Key=f"{task['outputS3Directory']}/results.json"
            )
            text = stored["Body"].read().decode("utf-8")
        self._completed.pop(vendor_job_id, None)
        return parse_results(text)

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        try:
            with aws_errors("CancelQuantumTask"):
                client = self._aws.braket(region_of_task(vendor_job_id))
                client.cancel_quantum_task(quantumTaskArn=vendor_job_id)
        except BackendError as exc:
            if exc.code == "conflict":  # it has ended already
                return False
            raise
        return True

    # the device ------------------------------------------------------------------------------

    def _device_details(self) -> Mapping[str, Any]:
        with aws_errors(f"GetDevice {self._device.name}"):
            found: Mapping[str, Any] = self._aws.braket().get_device(deviceArn=self._device.arn)
            return found

    def _properties(self) -> dict[str, Any]:
        details = self._device_details()
        with aws_errors(f"GetDevice {self._device.name}"):
            properties: dict[str, Any] = json.loads(details["deviceCapabilities"])
            return properties

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        return capabilities_of(self._properties(), self._device)

    def calibration(self, *, deadline: Deadline) -> DeviceCalibration | None:
        """The device's calibration record, where it has one."""
        return calibration_of(self._properties(), self._device)

    def status(self, *, deadline: Deadline) -> StatusReport:
        details = self._device_details()
        with aws_errors("reading the device's execution windows"):
            windows = json.loads(details["deviceCapabilities"])["service"].get("executionWindows") or ()
            return status_of(details, windows, self._clock.time())

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        return queue_of(self._device_details(), self._clock.time())

    def close(self) -> None:
        self._aws.close()


def snapshot_of(task: Mapping[str, Any]) -> JobSnapshot:
    """GetQuantumTask in our words."""
    with aws_errors("GetQuantumTask"):
        state = STATES[task["status"]]
        position, _ = count_of((task.get("queueInfo") or {}).get("position"))
        metadata: dict[str, Any] = {"device_arn": task["deviceArn"]}
        if task.get("endedAt") and task.get("createdAt"):
            metadata["vendor_elapsed_s"] = (task["endedAt"] - task["createdAt"]).total_seconds()
        failed = state is JobState.FAILED
        return JobSnapshot(
            state=state,
            error=task.get("failureReason") if failed else None,
            error_code="failed" if failed else None,
            queue_position=position,
            metadata=metadata,
        )


def _tags(key: str, words: tuple[str, ...]) -> dict[str, str]:
    """Our id, by which a task is found again, and the caller's words as far as AWS allows them."""
    tags = {JOB_TAG: key}
    if words:
        tags["coratrix-tags"] = re.sub(r"[^\w .:/=+@-]", "-", " ".join(words))[:256]
    return tags


def _no_rewiring(arn: str, num_qubits: int) -> str:
    """Device parameters that keep the program's qubits, by the SDK's own classes."""
    from braket.device_schema import GateModelParameters
    from braket.device_schema.ionq import IonqDeviceParameters
    from braket.device_schema.rigetti import RigettiDeviceParameters
    from braket.device_schema.simulators import GateModelSimulatorDeviceParameters

    kinds = {"ionq": IonqDeviceParameters, "rigetti": RigettiDeviceParameters}
    kind = next((k for name, k in kinds.items() if f"/{name}/" in arn), GateModelSimulatorDeviceParameters)
    paradigm = GateModelParameters(qubitCount=num_qubits, disableQubitRewiring=True)
    return str(kind(paradigmParameters=paradigm).json(exclude_none=True))
