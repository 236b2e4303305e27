"""The one door through which the SDK's exceptions leave as ours.

Owns: `vendor_errors`, and what each failure means for the caller. Knows nothing of: what was asked.

The SDK says the same words for a wrong key and for a dead network, and drops status codes from its
texts, so the decision is taken from what lies below: the HTTP answer, or the failure of the connection.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

from coratrix.backend.provider import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    ConfigurationError,
    JobNotFoundError,
    QuotaExceededError,
    RateLimitError,
)
from coratrix.providers.ibm.transport import Call

TEXT_LIMIT = 500
_NEVER_SENT = {"ConnectTimeoutError", "NewConnectionError", "NameResolutionError", "IdentityUnreachable"}
_KEY_HINT = "Check the API key in IBM_QUANTUM_TOKEN: create one at https://quantum.cloud.ibm.com"


@contextlib.contextmanager
def vendor_errors(doing: str, call: Call) -> Iterator[None]:
    """Turn what the SDK raises into ours; on a submission, say whether the job may exist."""
    try:
        yield
    except BackendError:
        raise
    except Exception as exc:
        error = translated(doing, exc)
        error.outcome_unknown = call.job_sent and _may_have_been_accepted(exc)
        raise error from _without_frames(exc)


def translated(doing: str, exc: BaseException) -> BackendError:
    """Our error for ``exc`` and all that caused it."""
    chain = _chain(exc)
    for link in chain:
        if (response := _response(link)) is not None and response.status_code >= 400:
            return _by_status(doing, response)
    for link in chain:
        if (ours := _by_connection(doing, link)) is not None:
            return ours
    return _by_class(doing, exc)


def _chain(exc: BaseException) -> list[BaseException]:
    """An exception and those it came from, also where the SDK wrote ``from None``."""
    chain: list[BaseException] = []
    link: BaseException | None = exc
    while link is not None and link not in chain:
        chain.append(link)
        link = link.__cause__ or link.__context__
    return chain


def _response(link: BaseException) -> Any:
    """The HTTP answer that an exception of requests or of IBM's cloud library carries."""
    for name in ("response", "http_response"):
        answer = getattr(link, name, None)
        if answer is not None and hasattr(answer, "status_code"):
            return answer
    return None


def _by_status(doing: str, response: Any) -> BackendError:
    status, (said, code) = response.status_code, _words(response)
    text = f"{doing}: IBM answered {status}" + (f": {said}" if said else "")
    details: dict[str, Any] = {"provider_message": said or None}
    is_identity = "iam." in str(response.url)
    if status == 401 or (is_identity and status in (400, 403)):
        return BackendAuthError(text, hint=_KEY_HINT, **details)
    if status == 403:
        hint = "The key has no access to this instance: check `instance` and the key's rights"
        return BackendAuthError(text, code="forbidden", hint=hint, **details)
    if status == 404:
        kind: type[BackendError] = JobNotFoundError if "/jobs/" in str(response.url) else BackendNotFoundError
        return kind(text, **details)
    if status == 409:
        return QuotaExceededError(text, hint="See backend.usage() for what is left", **details)
    if status == 429:
        return RateLimitError(text, retry_after=_retry_after(response), **details)
    if status >= 500 or status == 408:
        return BackendUnavailableError(text, retry_after=_retry_after(response), **details)
    return BackendError(text, code=code or f"http_{status}", **details)


def _words(response: Any) -> tuple[str, str | None]:
    """IBM's message and code, from whichever of its error shapes this is."""
    try:
        body = json.loads(response.text)
        first = (body.get("errors") or [body.get("error") or body])[0]
        said = first.get("message") or first.get("errorMessage") or ""
        code = first.get("code") or first.get("errorCode")
    except (ValueError, AttributeError, IndexError, TypeError):
        return str(response.text)[:TEXT_LIMIT].strip(), None
    return str(said)[:TEXT_LIMIT], None if code is None else str(code)


def _retry_after(response: Any) -> float | None:
    """Seconds of a ``Retry-After`` header, which may also be a date."""
    value = response.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        import datetime

        moment = parsedate_to_datetime(value)
        return max(0.0, (moment - datetime.datetime.now(moment.tzinfo)).total_seconds())
    except (TypeError, ValueError):
        return None


def _by_connection(doing: str, link: BaseException) -> BackendError | None:
    import requests.exceptions as network

    if isinstance(link, network.SSLError):
        hint = "If a proxy ends TLS, point REQUESTS_CA_BUNDLE at its certificate"
        return BackendConnectionError(
            f"{doing}: no secure connection to {_host(link)}: {_brief(link)}", hint=hint
        )
    if isinstance(link, network.Timeout):
        return BackendTimeoutError(f"{doing}: {_host(link)} did not answer in time", retryable=True)
    if isinstance(link, network.JSONDecodeError):
        return BackendResponseError(f"{doing}: the answer is not JSON: {_brief(link)}", retryable=True)
    if isinstance(
        link, (network.ConnectionError, network.ChunkedEncodingError, network.ContentDecodingError)
    ):
        return BackendConnectionError(f"{doing}: the connection to {_host(link)} failed: {_brief(link)}")
    return None


def _by_class(doing: str, exc: BaseException) -> BackendError:
    """What did not come from the network: the SDK's own judgement."""
    name, text = type(exc).__name__, f"{doing}: {_brief(exc)}"
    if name == "AccountNotFoundError":
        return BackendAuthError(
            f"{doing}: no IBM credentials were found",
            hint="export IBM_QUANTUM_TOKEN=<API key>, or save an account with "
            "QiskitRuntimeService.save_account; device='fake_…' needs none",
        )
    if name in ("InvalidAccountError", "IBMNotAuthorizedError", "IdentityUnreachable"):
        return BackendAuthError(text, hint=_KEY_HINT)
    if name == "QiskitBackendNotFoundError":
        return BackendNotFoundError(text)
    if name in ("IBMInputValueError", "CloudResourceNameResolutionError"):
        return ConfigurationError(text)
    if name == "RuntimeJobNotFound":
        return JobNotFoundError(text)
    if isinstance(exc, (ValueError, KeyError, TypeError, AttributeError)) or name == "IBMError":
        return BackendResponseError(f"{text} ({name})", retryable=True)  # an answer of another shape
    return BackendError(f"{text} ({name})")


def _host(link: Any) -> str:
    from urllib.parse import urlsplit

    url = getattr(getattr(link, "request", None), "url", None)
    return urlsplit(url).hostname or "IBM" if url else "IBM"


def _brief(exc: BaseException) -> str:
    return str(exc).strip("'\"")[:TEXT_LIMIT] or type(exc).__name__


def _may_have_been_accepted(exc: BaseException) -> bool:
    """Whether a submission that ended so may be a job all the same.

    An HTTP answer of 4xx or 5xx says no: IBM promises that repeating after its 5xx is safe. A connection
    that never came up says no as well. All else may have been accepted; a `ProxyError` too, which urllib3
    raises for any connection through a proxy that breaks, long after the proxy was reached.
    """
    for link in _chain(exc):
        response = _response(link)
        if response is not None:
            return bool(response.status_code < 400)
        if type(link).__name__ in _NEVER_SENT or str(link).startswith("Tunnel connection failed"):
            return False
    return True


def _without_frames(exc: BaseException) -> BaseException:
    """The same exceptions without the SDK's frames and requests, which hold the API key."""
    for link in _chain(exc):
        link.__traceback__ = None
        if getattr(link, "request", None) is not None:
            link.request = None  # type: ignore[attr-defined]
        response = _response(link)
        if response is not None:
            response.request = None
    return exc
