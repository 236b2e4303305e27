"""Google's exceptions as ours, at one door.

Owns: `vendor_errors`. Knows nothing of: what is asked of the service.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
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
    JobNotFoundError,
    QuotaExceededError,
    RateLimitError,
)

_LOGIN = "Log in by `gcloud auth application-default login`, or give service_account_file"
_NEVER_SENT = ("failed to connect", "errors resolving", "DNS resolution", "Connection refused")
_BROKEN = (
    "Socket closed", "Stream removed", "Connection reset", "recvmsg", "Broken pipe", "keepalive", "GOAWAY",
)  # fmt: skip
_FROM_THE_TOKEN = "Getting metadata from plugin failed"
_UNREADABLE = "deserializing response"


@contextmanager
def vendor_errors(doing: str) -> Iterator[None]:
    """Turn the SDK's exceptions into ours, with the original as the cause."""
    from google.api_core import exceptions
    from google.auth import exceptions as auth_exceptions

    try:
        yield
    except exceptions.GoogleAPICallError as exc:
        raise _translated(doing, exc) from exc
    except auth_exceptions.TransportError as exc:
        raise BackendConnectionError(f"{doing}: Google's token service could not be reached: {exc}") from exc
    except auth_exceptions.GoogleAuthError as exc:
        raise BackendAuthError(f"{doing}: {exc}", hint=_LOGIN) from exc


def _translated(doing: str, error: Any) -> BackendError:
    from google.api_core import exceptions

    message = str(error.message)
    for kind, make in _rules(exceptions).items():
        if isinstance(error, kind):
            made = make(f"{doing}: {message}", error)
            break
    else:
        made = BackendError(f"{doing}: {type(error).__name__}: {message}", outcome_unknown=True)
    made.provider_message = message
    return made


def _rules(exceptions: Any) -> dict[type[Exception], Callable[[str, Any], BackendError]]:
    """By class of exception, the more special first."""
    return {
        exceptions.Unauthenticated: _refused,
        exceptions.Forbidden: _refused,
        exceptions.NotFound: lambda what, _: JobNotFoundError(what),
        exceptions.TooManyRequests: _too_many,
        exceptions.DeadlineExceeded: lambda what, _: BackendTimeoutError(
            what, retryable=True, outcome_unknown=True
        ),
        exceptions.BadRequest: lambda what, _: CircuitValidationError(what),
        exceptions.ServiceUnavailable: _unavailable,
        exceptions.InternalServerError: _internal,
        exceptions.Aborted: lambda what, _: BackendUnavailableError(what, outcome_unknown=True),
    }


def _refused(what: str, _: Any) -> BackendError:
    return BackendAuthError(what, hint=_LOGIN)


def _too_many(what: str, error: Any) -> BackendError:
    if re.search(r"per day|budget", what, re.IGNORECASE):
        return QuotaExceededError(what)
    return RateLimitError(what, retry_after=_retry_after(error))


def _retry_after(error: Any) -> float | None:
    """Seconds of the ``google.rpc.RetryInfo`` beside the status."""
    for detail in error.details:
        delay = getattr(detail, "retry_delay", None)
        if delay is not None:
            return float(delay.seconds) + float(delay.nanos) / 1e9
    return None


def _unavailable(what: str, error: Any) -> BackendError:
    """Said by the service, or by our own end of the wire, where a request may be lost on its way or back."""
    if "Illegal metadata" in what:
        return _refused(f"{what}: the token holds characters that no header may hold", error)
    if _FROM_THE_TOKEN in what:
        return _no_token(what, error)
    if any(words in what for words in _NEVER_SENT):
        return BackendConnectionError(what)
    if any(words in what for words in _BROKEN):
        return BackendConnectionError(what, outcome_unknown=True)
    return BackendUnavailableError(what, outcome_unknown=True, retry_after=_retry_after(error))


def _no_token(what: str, error: Any) -> BackendError:
    """The credentials gave no token: refused, or Google's token service could not be reached."""
    unreachable = any(words in what for words in ("HTTPSConnectionPool", "HTTPConnectionPool", "timed out"))
    return BackendConnectionError(what) if unreachable else _refused(what, error)


def _internal(what: str, _: Any) -> BackendError:
    if _UNREADABLE in what:
        return BackendResponseError(what, outcome_unknown=True)
    return BackendUnavailableError(what, outcome_unknown=True)
