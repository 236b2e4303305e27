"""Holds the SDK to three rules that it does not keep by itself.

1. The API key goes to IBM's identity service only. The SDK, when that cannot be reached, sends the
   key itself to the runtime host and merely warns.
2. One request is one request. The SDK repeats requests below us, `POST /jobs` included, which makes
   duplicate jobs; here only our own caller repeats, which knows what is safe.
3. No request outlives the deadline of the call it belongs to. The SDK's have no read timeout.

Owns: `guarded_service`, `calling`. Knows nothing of: what is asked.
Rests on two private names of the SDK (`_active_api_client`, `_session`), checked after every login.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import Any

from coratrix.backend.provider import BackendAuthError, Deadline, ProviderNotInstalledError

CONNECT_TIMEOUT_S = 10.0


@dataclass
class Call:
    """The call that is under way in this thread.

    Attributes:
        job_sent: a ``POST /jobs`` may have reached the service.
    """

    deadline: Deadline
    job_sent: bool = False

    def timeouts(self) -> tuple[float, float | None]:
        """Connect and read timeouts for one request."""
        left = max(self.deadline.left(), 0.001)
        return min(CONNECT_TIMEOUT_S, left), None if left == float("inf") else left


_CALL: ContextVar[Call | None] = ContextVar("ibm_call", default=None)


@contextlib.contextmanager
def calling(deadline: Deadline) -> Iterator[Call]:
    """Bound all requests made inside."""
    call = Call(deadline)
    token = _CALL.set(call)
    try:
        yield call
    finally:
        _CALL.reset(token)


class IdentityUnreachable(Exception):
    """IBM's identity service gave no token; the cause says why."""


def guarded_service(**arguments: Any) -> Any:
    """A `QiskitRuntimeService` under the three rules, logged in.

    Raises:
        ProviderNotInstalledError: this version of the SDK is built differently.
    """
    service = _guarded_class()(**arguments)
    _check(service)
    return service


def api(service: Any) -> Any:
    """The SDK's own client of the Runtime API for the active instance."""
    return service._active_api_client


def get_json(service: Any, path: str, **query: str) -> Any:
    """A ``GET`` that the SDK has no method for."""
    return api(service)._session.get(path, params=query).json()


def forget_token(service: Any) -> None:
    """Make the next request ask for a new token."""
    manager = getattr(api(service)._session.auth, "manager", None)
    if manager is not None:
        manager.expire_time = 0


def _check(service: Any) -> None:
    session = getattr(getattr(service, "_active_api_client", None), "_session", None)
    if not isinstance(getattr(session, "auth", None), _bearer_class()):
        from importlib.metadata import version

        raise ProviderNotInstalledError(
            f"qiskit-ibm-runtime {version('qiskit-ibm-runtime')} is built differently from the versions that "
            "this package can keep from sending your API key to the wrong host; nothing was run",
            hint="Install a version named by 'coratrix doctor', or a newer coratrix-provider-ibm",
        )


@cache
def _guarded_class() -> type[Any]:
    """A subclass of the SDK's service that takes every new API client through `_harden`."""
    from qiskit_ibm_runtime import QiskitRuntimeService

    class GuardedService(QiskitRuntimeService):  # type: ignore[misc]
        @property
        def _active_api_client(self) -> Any:
            return self.__dict__["_active_api_client"]

        @_active_api_client.setter
        def _active_api_client(self, client: Any) -> None:
            _harden(client)
            self.__dict__["_active_api_client"] = client

    return GuardedService


def _harden(client: Any) -> None:
    session = client._session
    if isinstance(session.auth, _bearer_class()):
        return
    session.auth = _bearer_class()(session.auth)
    session.mount("https://", _adapter_class()())
    session.mount("http://", _adapter_class()())


@cache
def _bearer_class() -> type[Any]:
    from requests.auth import AuthBase

    class BearerOnly(AuthBase):
        """Sends a bearer token or nothing."""

        def __init__(self, auth: Any) -> None:
            self.manager, self._crn = auth.tm, auth.crn

        def __call__(self, request: Any) -> Any:
            request.headers.update({"Service-CRN": self._crn, "Authorization": f"Bearer {self._token()}"})
            return request

        def _token(self) -> str:
            call = _CALL.get()
            if call is not None:
                self.manager.http_config = {**self.manager.http_config, "timeout": call.timeouts()}
            try:
                return str(self.manager.get_token())
            except Exception as exc:
                self.manager.request_time = 0  # else the next call waits a minute for this one
                raise IdentityUnreachable(f"IBM Cloud gave no access token: {type(exc).__name__}") from exc

    return BearerOnly


@cache
def _adapter_class() -> type[Any]:
    from requests.adapters import HTTPAdapter

    class OneAttempt(HTTPAdapter):
        """Sends each request once, within the deadline."""

        def send(self, request: Any, *args: Any, **kwargs: Any) -> Any:
            call = _CALL.get()
            if call is not None:
                kwargs["timeout"] = call.timeouts()
                call.job_sent = call.job_sent or is_submission(request)
            return super().send(request, *args, **kwargs)

    return OneAttempt


def is_submission(request: Any) -> bool:
    """Whether a request makes a job."""
    return request.method == "POST" and str(request.url).partition("?")[0].endswith("/jobs")


def no_credentials(backend: str) -> BackendAuthError:
    return BackendAuthError(
        f"{backend}: no IBM credentials were found",
        backend=backend,
        hint="export IBM_QUANTUM_TOKEN=<API key>, or save an account with QiskitRuntimeService.save_account; "
        "device='fake_…' needs none",
    )
