"""The stand-in as a whole: which host answers what.

Owns: `BraketCloud`, its account, the S3 and STS verbs that Braket's results need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from aws_service.devices import Device, catalogue
from aws_service.tasks import Ledger
from aws_service.wire import AwsError, answer, operation_of, status_of, verify_signature
from coratrix.testing.loopback import Fault, Request, Response, Service
from coratrix.testing.loopback import answer as fault_answer

ACCOUNT = "123456789012"
ACCESS_KEY = "AKIALOOPBACKTESTKEY0"
SECRET_KEY = "wJalrLOOPBACKonly/canary0secret0canary0K"


def aws_error(code: str, message: str = "injected", *, headers: Mapping[str, str] | None = None) -> Fault:
    """A fault that answers with an error of the Braket service."""
    said = AwsError(code, message).response()
    return fault_answer(status_of(code), said.body, {**said.headers, **(headers or {})})


class BraketCloud:
    """An account with devices, tasks and buckets.

    Attributes:
        devices: by ARN; a test may change them.
        ledger: the tasks received.
        buckets: objects by bucket and key.
        lost_results: while true, S3 does not know the results.
    """

    def __init__(self) -> None:
        self.devices: dict[str, Device] = catalogue()
        self.ledger = Ledger(ACCOUNT)
        self.buckets: dict[str, dict[str, bytes]] = {}
        self.lost_results = False

    @property
    def services(self) -> dict[str, Service]:
        """Host patterns for `LoopbackProxy`."""
        return {
            "braket.*.amazonaws.com": self.braket,
            "sts.*.amazonaws.com": self.sts,
            "sts.amazonaws.com": self.sts,
            "*.s3.*.amazonaws.com": self.s3,
            "*.s3.amazonaws.com": self.s3,
        }

    def environment(self) -> dict[str, str]:
        """Credentials of the account, as a user exports them."""
        return {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}

    # Braket -----------------------------------------------------------------------------------

    def braket(self, request: Request) -> Response:
        try:
            region = verify_signature(request, ACCESS_KEY, SECRET_KEY, service="braket")
            if request.host != f"braket.{region}.amazonaws.com":
                raise AwsError("InvalidSignatureException", f"signed for {region}, sent to {request.host}")
            operation, parameters = operation_of(request)
            return answer(operation, self._perform(operation.name, parameters, region))
        except AwsError as exc:
            return exc.response()

    def _perform(self, operation: str, given: dict[str, Any], region: str) -> dict[str, Any]:
        if operation == "SearchDevices":
            here = [device for device in self.devices.values() if region in device.regions]
            return {"devices": [device.summary() for device in here]}
        if operation == "GetDevice":
            return self._device(given["deviceArn"], region).details()
        if operation == "CreateQuantumTask":
            device = self._device(given["deviceArn"], region)
            return {"quantumTaskArn": self.ledger.create(given, device, region).arn}
        if operation == "GetQuantumTask":
            task = self.ledger.look(given["quantumTaskArn"])
            if task.result is not None:
                bucket = self.buckets.setdefault(task.request["outputS3Bucket"], {})
                bucket.setdefault(task.result_key, task.result.encode())
            return task.details()
        if operation == "SearchQuantumTasks":
            return self._search(given)
        if operation == "CancelQuantumTask":
            task = self.ledger.cancel(given["quantumTaskArn"])
            return {"quantumTaskArn": task.arn, "cancellationStatus": "CANCELLING"}
        raise AwsError("AccessDeniedException", f"the stand-in has no {operation}")

    def _search(self, given: dict[str, Any]) -> dict[str, Any]:
        """Pages of two tasks, so that a client that reads only the first is found out."""
        device = next(f["values"][0] for f in given["filters"] if f["name"] == "deviceArn")
        found = [task for task in self.ledger.tasks.values() if task.device.arn == device]
        start = int(given.get("nextToken", "0"))
        page: dict[str, Any] = {"quantumTasks": [task.summary() for task in found[start : start + 2]]}
        if start + 2 < len(found):
            page["nextToken"] = str(start + 2)
        return page

    def _device(self, arn: str, region: str) -> Device:
        device = self.devices.get(arn)
        if device is None or region not in device.regions:
            raise AwsError("ResourceNotFoundException", f"Device {arn} does not exist in {region}")
        return device

    # S3 and STS -------------------------------------------------------------------------------

    def s3(self, request: Request) -> Response:
        """GET and PUT of an object, HEAD and PUT of a bucket (with its settings)."""
        try:
            verify_signature(request, ACCESS_KEY, SECRET_KEY, service="s3")
        except AwsError as exc:
            code = {"UnrecognizedClientException": "InvalidAccessKeyId"}.get(
                exc.code, "SignatureDoesNotMatch"
            )
            return _xml_error(403, code)
        bucket, key = request.host.split(".s3.")[0], unquote(request.path).lstrip("/")
        if request.method == "PUT" and not key:
            if (
                bucket in self.buckets
                and ".s3.us-east-1." not in request.host
                and ".s3.amazonaws" not in request.host
            ):
                return _xml_error(409, "BucketAlreadyOwnedByYou")
            self.buckets.setdefault(bucket, {})
            return Response(status=200)
        if bucket not in self.buckets:
            return _xml_error(404, "NoSuchBucket")
        if not key:
            return Response(status=200)
        found = self.buckets[bucket].get(key)
        if found is None or self.lost_results:
            return _xml_error(404, "NoSuchKey")
        return Response(status=200, headers={"Content-Type": "application/json"}, body=found)

    def sts(self, request: Request) -> Response:
        try:
            verify_signature(request, ACCESS_KEY, SECRET_KEY, service="sts")
        except AwsError as exc:
            return _xml_error(403, exc.code)
        body = (
            '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">'
            f"<GetCallerIdentityResult><Arn>arn:aws:iam::{ACCOUNT}:user/loopback</Arn>"
            f"<UserId>AIDALOOPBACK</UserId><Account>{ACCOUNT}</Account></GetCallerIdentityResult>"
            "<ResponseMetadata><RequestId>0</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
        )
        return Response(status=200, headers={"Content-Type": "text/xml"}, body=body.encode())


def _xml_error(status: int, code: str) -> Response:
    body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>{code}</Message></Error>"
    return Response(status=status, headers={"Content-Type": "application/xml"}, body=body.encode())
