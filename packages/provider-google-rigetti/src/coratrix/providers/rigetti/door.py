"""The one door through which exceptions of pyquil, qcs_sdk, grpc and httpx leave.

Owns: what each becomes, bounded asynchronous calls, and the probe of a port.
Knows nothing of: what is being called.

qcs_sdk raises bare RuntimeErrors, so they are told apart by their text; `RULES` is all of that knowledge.
"""

from __future__ import annotations

import asyncio
import atexit
import re
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib import metadata
from typing import Any, ClassVar, Final, TypeVar
from urllib.parse import urlsplit

from coratrix.backend.clock import Deadline
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    ProviderNotInstalledError,
    RateLimitError,
)

T = TypeVar("T")

INSTALL: Final = "pip install 'coratrix-provider-google-rigetti[rigetti]'"
LOGIN: Final = "Check ~/.qcs/secrets.toml, or QCS_SECRETS_FILE_PATH and QCS_PROFILE_NAME"

# A pattern in the SDK's text → what it is. The first that matches wins.
RULES: Final[tuple[tuple[str, type[BackendError], dict[str, Any]], ...]] = (
    (r"429|ResourceExhausted", RateLimitError, {}),
    (r"error in serde|error decoding|failed to decode|Could not decode|invalid type|bug in this library",
     BackendResponseError, {}),
    (r"did not finish before timeout|DeadlineExceeded|operation timed out", BackendTimeoutError,
     {"retryable": True}),
    (r"Could not communicate|status: Unavailable|error sending request|connect error|Problem connecting",
     BackendConnectionError, {}),
    (r"status code 5\d\d|HTTP status server error|status: (?:Internal|Unknown|Aborted|Cancelled)",
     BackendUnavailableError, {}),
    (r"refresh_qcs_token|No refresh token|fetching new token|status code 40[13]|Unauthenticated|"
     r"PermissionDenied", BackendAuthError, {"hint": LOGIN}),
    (r"status code 404|status: NotFound", BackendNotFoundError, {}),
    (r"InvalidArgument|FailedPrecondition|OutOfRange|QVM reported a problem", CircuitValidationError, {}),
)  # fmt: skip


@contextmanager
def vendor_errors(doing: str) -> Iterator[None]:
    """Turn what the SDKs raise into ours; the original stays as the cause."""
    try:
        yield
    except BackendError:
        raise
    except TimeoutError as exc:
        raise BackendTimeoutError(f"{doing}: no answer in time", retryable=True) from exc
    except Exception as exc:
        raise translated(doing, exc) from exc


def translated(doing: str, error: Exception) -> BackendError:
    """The error of ours that ``error`` means."""
    text = f"{type(error).__name__}: {error}"
    words = str(error).split("details: []")[0].strip().rstrip(",") or type(error).__name__
    for pattern, kind, details in RULES:
        if re.search(pattern, text):
            return kind(f"{doing}: {_short(words)}", provider_message=_short(words), **details)
    return BackendResponseError(f"{doing}: {_short(words)}", provider_message=_short(words))


def _short(words: str, limit: int = 600) -> str:
    return words if len(words) <= limit else f"{words[:limit]} …"


def bounded(doing: str, call: Callable[[], Awaitable[T]], deadline: Deadline) -> T:
    """Await an asynchronous call of the SDK in a loop of its own, until the deadline at the latest.

    The SDK's blocking variants cannot be given up, not even by Ctrl+C; these can.
    """

    async def within() -> T:
        left = deadline.left()
        return await asyncio.wait_for(call(), None if left == float("inf") else left)

    _settle_at_exit()
    try:
        with vendor_errors(doing):
            return asyncio.run(within())
    finally:
        _Settling.last_call = time.monotonic()


class _Settling:
    """After a call the SDK's threads still let go of Python objects; an interpreter that ends meanwhile aborts."""

    needed_s: ClassVar = 0.1
    last_call: ClassVar = 0.0


@cache
def _settle_at_exit() -> None:
    atexit.register(_settle)


def _settle() -> None:
    """Give those threads what is left of the time that they need."""
    time.sleep(max(0.0, _Settling.last_call + _Settling.needed_s - time.monotonic()))


def probe(url: str, what: str, timeout_s: float, hint: str) -> None:
    """Raise `BackendConnectionError` unless something takes a connection at ``url`` now."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=timeout_s).close()
    except OSError as exc:
        reason = f"no connection within {timeout_s:g} s" if isinstance(exc, TimeoutError) else str(exc)
        raise BackendConnectionError(f"{what} does not answer at {url}: {reason}", hint=hint) from exc


def require_pyquil() -> None:
    """Raise `ProviderNotInstalledError` with the command that helps, unless pyquil can be imported."""
    if sys.version_info >= (3, 13):
        found = ".".join(map(str, sys.version_info[:2]))
        raise ProviderNotInstalledError(
            f"pyquil has no release for Python {found}", hint=f"Use Python 3.11 or 3.12 and: {INSTALL}"
        )
    try:
        import pyquil  # noqa: F401
        import qcs_sdk  # noqa: F401
    except ModuleNotFoundError as exc:
        raise ProviderNotInstalledError(f"RigettiBackend needs {exc.name}", hint=INSTALL) from exc
    except Exception as exc:  # releases that do not fit together fail in many ways
        raise ProviderNotInstalledError(
            f"the installed pyquil cannot be imported ({_installed()}): {exc}",
            hint=f"Upgrade: {INSTALL} --upgrade",
        ) from exc


def _installed() -> str:
    found = []
    for name in ("pyquil", "quil", "qcs-sdk-python"):
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return ", ".join(found)
