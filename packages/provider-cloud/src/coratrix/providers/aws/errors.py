"""The one door through which boto's exceptions become ours.

Owns: `aws_errors`, and what each error code of Braket, S3 and STS means for a caller.
Knows nothing of: which call was made. The original stays as ``__cause__``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    ConfigurationError,
    JobNotFoundError,
    QuotaExceededError,
    RateLimitError,
)

CREDENTIALS_HINT = (
    "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, run `aws configure`, "
    "or give `profile` in connection_params"
)
_AUTH = {
    "UnrecognizedClientException",
    "InvalidSignatureException",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "IncompleteSignature",
    "MissingAuthenticationToken",
}
_DENIED = {"AccessDeniedException", "AccessDenied", "UnauthorizedOperation"}
_THROTTLED = {
    "ThrottlingException",
    "TooManyRequestsException",
    "Throttling",
    "SlowDown",
    "RequestLimitExceeded",
}


@contextmanager
def aws_errors(doing: str, *, submitting: bool = False) -> Iterator[None]:
    """Turn what boto raises while ``doing`` something into a `BackendError`.

    Args:
        submitting: the request makes a task, so a lost answer leaves its outcome unknown.
    """
    from botocore import exceptions as boto
    from botocore.parsers import ResponseParserError

    try:
        yield
    except BackendError:
        raise
    except boto.ClientError as exc:
        raise of_client_error(exc, doing, submitting=submitting) from exc
    except (boto.NoCredentialsError, boto.PartialCredentialsError, boto.CredentialRetrievalError) as exc:
        raise BackendAuthError(f"{doing}: no AWS credentials were found", hint=CREDENTIALS_HINT) from exc
    except (boto.ProfileNotFound, boto.TokenRetrievalError, boto.UnauthorizedSSOTokenError) as exc:
        raise BackendAuthError(f"{doing}: {exc}", hint=CREDENTIALS_HINT) from exc
    except boto.NoRegionError as exc:
        raise ConfigurationError(
            f"{doing}: no AWS region is set",
            hint="Give `region` in connection_params or set AWS_DEFAULT_REGION",
        ) from exc
    except (boto.ConnectTimeoutError, boto.EndpointConnectionError) as exc:
        raise BackendConnectionError(f"{doing}: {exc}") from exc  # nothing was sent
    except boto.ReadTimeoutError as exc:
        raise BackendTimeoutError(f"{doing}: {exc}", retryable=True, outcome_unknown=submitting) from exc
    except (boto.HTTPClientError, boto.ConnectionError, boto.IncompleteReadError) as exc:
        # a ProxyConnectionError too: it is also raised when a tunnel breaks after the request
        raise BackendConnectionError(f"{doing}: {exc}", outcome_unknown=submitting) from exc
    except boto.ParamValidationError as exc:
        raise ConfigurationError(f"{doing}: {exc}") from exc
    except (boto.BotoCoreError, ResponseParserError, KeyError, ValueError, TypeError) as exc:
        raise BackendResponseError(
            f"{doing}: the answer cannot be read: {type(exc).__name__}: {exc}",
            retryable=True,
            outcome_unknown=submitting,
        ) from exc


def of_client_error(error: Any, doing: str, *, submitting: bool = False) -> BackendError:
    """Our error for an error response of AWS; a task may exist all the same after a 5xx."""
    told = error.response.get("Error", {})
    answer = error.response.get("ResponseMetadata", {})
    code, status = str(told.get("Code", "")), int(answer.get("HTTPStatusCode", 0))
    words = str(told.get("Message") or code)
    kind, details = _kind(code, status)
    return kind(
        f"{doing}: {words}",
        provider_message=words,
        retry_after=_retry_after(answer),
        outcome_unknown=submitting and status >= 500,
        **details,
    )


def _kind(code: str, status: int) -> tuple[type[BackendError], dict[str, Any]]:
    if code in _AUTH or status == 401:
        return BackendAuthError, {"hint": CREDENTIALS_HINT}
    if code in _DENIED or status == 403:
        return BackendAuthError, {
            "code": "permission",
            "hint": "The credentials lack a right: see AmazonBraketFullAccess and the bucket's policy",
        }
    if code in _THROTTLED or status == 429:
        return RateLimitError, {}
    if code == "DeviceOfflineException" or status == 424:
        return BackendUnavailableError, {"code": "offline", "retryable": False}
    if code == "DeviceRetiredException" or status == 410:
        return BackendUnavailableError, {"code": "retired", "retryable": False}
    if code == "ServiceQuotaExceededException" or status == 402:
        return QuotaExceededError, {"hint": "Ask for more under Service Quotas in the AWS console"}
    if code == "NoSuchKey":
        return BackendResponseError, {"code": "result_missing", "retryable": True}
    if code in ("BucketAlreadyOwnedByYou", "OperationAborted"):
        return ConfigurationError, {"code": "bucket_is_ours"}
    if code in ("NoSuchBucket", "BucketAlreadyExists"):
        return ConfigurationError, {"hint": "Give another `s3_bucket` in connection_params"}
    if code == "ResourceNotFoundException" or status == 404:
        return JobNotFoundError, {}
    if code == "ConflictException" or status == 409:
        return BackendError, {"code": "conflict"}
    if status >= 500 or code == "InternalServiceException":
        return BackendUnavailableError, {"code": "service_error"}
    if code == "ValidationException" or status == 400:
        return CircuitValidationError, {"code": "refused_by_service"}
    return BackendError, {"code": code or "aws"}


def _retry_after(answer: dict[str, Any]) -> float | None:
    value = answer.get("HTTPHeaders", {}).get("retry-after")
    try:
        return None if value is None else max(0.0, float(value))
    except ValueError:  # a date: our own pauses do
        return None
