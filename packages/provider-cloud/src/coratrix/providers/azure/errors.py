"""The one door through which Azure's exceptions become ours.

Owns: `azure_errors`, what each status means for a caller, and keeping signatures out of texts.
Knows nothing of: which call was made. The original stays as ``__cause__`` unless it shows a signature.
"""

from __future__ import annotations

import logging
import re
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
    ProviderNotInstalledError,
    QuotaExceededError,
    RateLimitError,
)

CREDENTIALS_HINT = (
    "Run `az login`, set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give `api_key` or "
    "`connection_string` in connection_params"
)
INSTALL_HINT = "pip install 'coratrix-provider-cloud[azure]'"
_SIGNATURE = re.compile(r"(?<=sig=)[^&\s'\"]+")


def scrubbed(text: str) -> str:
    """``text`` without the signatures of storage addresses."""
    return _SIGNATURE.sub("**********", text)


class ScrubbedLog(logging.Filter):
    """Keeps signatures out of the log of the HTTP library, which writes whole addresses at DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "sig=" in message:
            record.msg, record.args = scrubbed(message), ()
        return True


@contextmanager
def azure_errors(
    doing: str, *, submitting: bool = False, missing: type[BackendError] = ConfigurationError
) -> Iterator[None]:
    """Turn what Azure's libraries raise while ``doing`` something into a `BackendError`.

    Args:
        submitting: the request makes a job, so a lost answer leaves its outcome unknown.
        missing: what "404 not found" means here: by default that the workspace is not where it should be.
    """
    try:
        yield
    except BackendError:
        raise
    except ImportError as exc:
        raise ProviderNotInstalledError(
            f"{doing}: Azure's SDK cannot be imported: {exc}", hint=INSTALL_HINT
        ) from exc
    except Exception as exc:
        error = translated(exc, doing, submitting=submitting, missing=missing)
        raise error from (exc if _is_clean(exc) else None)


def translated(
    exc: Exception, doing: str, *, submitting: bool = False, missing: type[BackendError] = ConfigurationError
) -> BackendError:
    """Our error for one of Azure's."""
    from azure.core import exceptions as az

    if isinstance(exc, RuntimeError | ValueError) and isinstance(exc.__cause__, az.AzureError):
        return translated(exc.__cause__, doing)  # the SDK wraps what a look-up of the workspace raised
    if isinstance(exc, az.IncompleteReadError):
        return BackendConnectionError(_said(doing, exc), outcome_unknown=submitting)
    if isinstance(exc, az.DecodeError) or 0 < (getattr(exc, "status_code", None) or 0) < 400:
        return _unreadable(exc, doing, submitting)
    if isinstance(exc, az.ClientAuthenticationError) and not exc.status_code:
        return _of_login(exc, doing)
    if isinstance(exc, az.HttpResponseError):
        return of_response(exc, doing, submitting=submitting, missing=missing)
    if isinstance(exc, az.ServiceRequestTimeoutError | az.ServiceResponseTimeoutError | TimeoutError):
        return BackendTimeoutError(_said(doing, exc), retryable=True, outcome_unknown=submitting)
    if isinstance(exc, az.AzureError | ConnectionError):
        # "request" errors count as unknown too: through a proxy a lost answer is reported as one
        return BackendConnectionError(_said(doing, exc), outcome_unknown=submitting)
    return _unreadable(exc, doing, submitting)


def _of_login(exc: Exception, doing: str) -> BackendError:
    """No token: the credentials are wrong or missing, unless what lies beneath is the network's fault."""
    from azure.core import exceptions as az

    cause = exc.__cause__ or exc.__context__
    if isinstance(cause, az.ServiceRequestError | az.ServiceResponseError | az.DecodeError):
        return translated(cause, doing)
    if re.search(r"HTTP Error: (429|5\d\d)", str(exc)):
        return BackendUnavailableError(_said(doing, exc), code="service_error")
    return BackendAuthError(_said(doing, exc), hint=CREDENTIALS_HINT)


def _unreadable(exc: Exception, doing: str, submitting: bool) -> BackendError:
    said = f"{doing}: the answer cannot be read: {type(exc).__name__}: {scrubbed(str(exc))[:300]}"
    return BackendResponseError(said, retryable=True, outcome_unknown=submitting)


def of_response(error: Any, doing: str, *, submitting: bool, missing: type[BackendError]) -> BackendError:
    """Our error for an error answer; a job may exist all the same after a 5xx."""
    status = int(error.status_code or 0)
    told = getattr(error, "error", None)
    code = str(getattr(told, "code", None) or getattr(error, "error_code", None) or "")
    words = scrubbed(str(getattr(told, "message", None) or error.message or error))
    kind, details = (missing, {}) if status == 404 else _kind(status, code)
    return kind(
        f"{doing}: {words}" + (f" [{code}]" if code else ""),
        provider_message=words,
        retry_after=_retry_after(error),
        outcome_unknown=submitting and status >= 500,
        **details,
    )


def _kind(status: int, code: str) -> tuple[type[BackendError], dict[str, Any]]:
    if status == 401:
        return BackendAuthError, {"hint": CREDENTIALS_HINT}
    if status == 403:
        return BackendAuthError, {
            "code": "permission",
            "hint": "The login is good but lacks a right: see the workspace's Access control (IAM)",
        }
    if status == 429:
        return RateLimitError, {}
    if status == 402 or "quota" in code.lower():
        return QuotaExceededError, {"hint": "The portal shows what is left under the workspace's Quotas"}
    if status == 424 or code == "TargetUnavailable":
        return BackendUnavailableError, {"code": "offline", "retryable": False}
    if status == 409:
        return BackendError, {"code": "conflict"}
    if status == 408 or status >= 500:
        return BackendUnavailableError, {"code": "service_error"}
    if status == 400:
        return CircuitValidationError, {"code": "refused_by_service"}
    return BackendError, {"code": code or "azure"}


def _retry_after(error: Any) -> float | None:
    headers = getattr(error.response, "headers", None) or {}
    for name, unit in (("retry-after", 1.0), ("retry-after-ms", 0.001), ("x-ms-retry-after-ms", 0.001)):
        try:
            return max(0.0, float(headers[name]) * unit)
        except (KeyError, ValueError):  # absent, or a date: our own pauses do
            continue
    return None


def _said(doing: str, exc: Exception) -> str:
    return f"{doing}: {scrubbed(str(exc))[:500]}"


def _is_clean(exc: BaseException | None) -> bool:
    """Whether neither the exception nor what caused it shows a signature."""
    while exc is not None:
        if "sig=" in f"{exc} {exc.args!r}":
            return False
        exc = exc.__cause__ or exc.__context__
    return True
