"""AWS's REST dialect, judged by botocore's own data: the service model and the SigV4 signature.

Owns: finding the operation of a request, its parameters, the checks of both directions, error bodies.
Knows nothing of: devices, tasks.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any, ClassVar
from urllib.parse import unquote

import botocore.session
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.model import OperationModel, ServiceModel
from botocore.validate import ParamValidator

from coratrix.testing.loopback import Request, Response

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/(?P<date>\d{8})/(?P<region>[^/]+)/(?P<service>[^/]+)"
    r"/aws4_request, SignedHeaders=(?P<signed>[^,]+), Signature=(?P<signature>[0-9a-f]{64})"
)


class AwsError(Exception):
    """An error of the service's model; `response` says it as AWS does."""

    STATUS: ClassVar = {  # the ones that the model leaves to the front door
        "UnrecognizedClientException": 403,
        "InvalidSignatureException": 403,
        "ExpiredTokenException": 403,
        "UnknownOperationException": 404,
    }

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    def response(self) -> Response:
        return Response(
            status=status_of(self.code),
            headers={"Content-Type": "application/json", "x-amzn-ErrorType": self.code},
            body=json.dumps({"message": self.message}).encode(),
        )


@cache
def model() -> ServiceModel:
    return botocore.session.get_session().get_service_model("braket")


def status_of(code: str) -> int:
    if code in AwsError.STATUS:
        return AwsError.STATUS[code]
    return int(model().shape_for(code).metadata["error"]["httpStatusCode"])


def operation_of(request: Request) -> tuple[OperationModel, dict[str, Any]]:
    """The operation that the method and the path mean, with all its parameters, checked."""
    for name in model().operation_names:
        operation = model().operation_model(name)
        uri = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.http["requestUri"])
        found = re.fullmatch(uri, request.path)
        if found and operation.http["method"] == request.method:
            return operation, _parameters(operation, request, found.groupdict())
    raise AwsError("UnknownOperationException", f"{request.method} {request.path}")


def _parameters(operation: OperationModel, request: Request, path: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {name: unquote(value) for name, value in path.items()}
    for name, shape in operation.input_shape.members.items():
        if shape.serialization.get("location") == "querystring":
            values = request.query.get(shape.serialization["name"])
            if values:
                found[name] = values if shape.type_name == "list" else values[0]
    if request.body:
        found |= request.json()
    _check(found, operation.input_shape, operation.name)
    return found


def _check(value: dict[str, Any], shape: Any, name: str) -> None:
    report = ParamValidator().validate(value, shape)
    unknown = set(value) - set(shape.members)
    if report.has_errors() or unknown:
        raise AwsError("ValidationException", f"{name}: {report.generate_report()} {sorted(unknown) or ''}")


def answer(operation: OperationModel, value: dict[str, Any]) -> Response:
    """``value`` as the operation's answer; a value that the model does not allow is our defect."""
    report = ParamValidator().validate(value, operation.output_shape)
    if report.has_errors() or set(value) - set(operation.output_shape.members):
        raise AssertionError(f"{operation.name} answered {report.generate_report()}")
    return Response.of_json(value, status=operation.http["responseCode"])


def verify_signature(request: Request, key: str, secret: str, *, service: str) -> str:
    """The region that the request was signed for.

    Raises:
        AwsError: no signature, an unknown key, or a signature by another secret or of another text.
    """
    found = AUTHORIZATION.fullmatch(request.headers.get("authorization", ""))
    if not found or found["service"] != service:
        raise AwsError("UnrecognizedClientException", "The request is not signed")
    if found["key"] != key:
        raise AwsError(
            "UnrecognizedClientException", "The security token included in the request is invalid."
        )
    auth_class = S3SigV4Auth if service == "s3" else SigV4Auth
    auth = auth_class(Credentials(key, secret), service, found["region"])
    signed = _signed_part(request, found["signed"].split(";"))
    text = auth.string_to_sign(signed, auth.canonical_request(signed))
    if auth.signature(text, signed) != found["signature"]:
        raise AwsError(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided.",
        )
    return found["region"]


def _signed_part(request: Request, names: list[str]) -> AWSRequest:
    signed = AWSRequest(
        method=request.method,
        url=f"{request.scheme}://{request.host}{request.target}",
        data=request.body,
        headers={name: request.headers[name] for name in names},
    )
    signed.context["timestamp"] = request.headers["x-amz-date"]
    return signed
