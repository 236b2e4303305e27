"""Where Rigetti's services are and who we are there, as pyquil's own settings say.

Owns: addresses, and the sessions that turn the user's credentials into bearer tokens.
Knows nothing of: circuits and jobs. Secrets stay inside qcs_sdk's session objects, whose `repr` would show
them: they are kept in attributes and never in a text.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coratrix.backend.errors import BackendAuthError, ConfigurationError
from coratrix.backend.secrets import Secret

from .door import LOGIN, vendor_errors
from .parameters import RigettiParameters

QVM_URL = "http://127.0.0.1:5000"
QUILC_URL = "tcp://127.0.0.1:5555"
API_URL = "https://api.qcs.rigetti.com"
GRPC_URL = "https://grpc.qcs.rigetti.com"


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Each service's address; ``names_qvm`` says whether anybody asked for that QVM."""

    qvm: str
    quilc: str
    api: str
    grpc: str
    names_qvm: bool


def load(parameters: RigettiParameters) -> tuple[Addresses, Any]:
    """The addresses, and the loaded configuration (None without a settings file).

    pyquil itself takes the production defaults for a missing or broken settings file without a word; here a
    file that was named and cannot be read is an error.

    Raises:
        ConfigurationError: the settings cannot be read, or have no such profile.
    """
    found = _configuration(parameters.profile)
    qvm = parameters.qvm_url or _url(found, "qvm_url", "QVM", QVM_URL)
    addresses = Addresses(
        qvm=qvm,
        quilc=parameters.quilc_url or _url(found, "quilc_url", "QUILC", QUILC_URL),
        api=parameters.api_url or _url(found, "api_url", "API", API_URL),
        grpc=parameters.grpc_url or _url(found, "grpc_api_url", "GRPC", GRPC_URL),
        names_qvm=bool(parameters.qvm_url or _variable("QVM")) or qvm != QVM_URL,
    )
    return addresses, found


def _variable(application: str) -> str | None:
    return os.environ.get(f"QCS_SETTINGS_APPLICATIONS_{application}_URL")


def _url(found: Any, attribute: str, application: str, default: str) -> str:
    """The settings' address; they heed the environment themselves."""
    return str(getattr(found, attribute)) if found is not None else _variable(application) or default


def _configuration(profile: str | None) -> Any:
    from qcs_api_client_common.configuration import ClientConfiguration, LoadError

    named = os.environ.get("QCS_SETTINGS_FILE_PATH")
    if named is None and profile is None and not Path("~/.qcs/settings.toml").expanduser().exists():
        return None
    try:
        if profile is not None:
            return ClientConfiguration.load_profile(profile)
        return ClientConfiguration.load_default()
    except LoadError as exc:
        raise ConfigurationError(f"the QCS settings cannot be used: {exc}", hint=LOGIN) from exc


class Session:
    """Bearer tokens for the calls that we make ourselves, refreshed when they are refused."""

    def __init__(self, configuration: Any) -> None:
        self._configuration = configuration
        _session(configuration)  # so that missing credentials are told before anything is done
        self._token: Secret | None = None
        self._lock = threading.Lock()

    def sdk_session(self) -> Any:
        """A session for the SDK, which refreshes its own token."""
        return _session(self._configuration)

    def token(self, *, refused: Secret | None = None) -> Secret:
        """A token; a new one if ``refused`` is the one we have."""
        with self._lock:
            if self._token is None or self._token == refused:
                with vendor_errors("asking for an access token"):
                    self._token = Secret(_session(self._configuration).request_access_token())
            return self._token


def _session(configuration: Any) -> Any:
    """The user's credentials as a session of qcs_sdk."""
    from qcs_api_client_common.configuration import TokenError
    from qcs_sdk.client import AuthServer, OAuthSession

    if configuration is None:
        raise BackendAuthError("no QCS settings were found, so there are no credentials", hint=LOGIN)
    try:
        found = configuration.get_oauth_session()
    except TokenError:
        raise BackendAuthError("the QCS settings hold no credentials", hint=LOGIN) from None
    return OAuthSession(_grant(found.payload), AuthServer(_client_id(found), found.auth_server.issuer))


def _client_id(session: Any) -> str:
    """qcs_sdk names itself by the server's client id, even where the credentials have one of their own."""
    return str(getattr(session.payload, "client_id", session.auth_server.client_id))


def _grant(payload: Any) -> Any:
    """The same credentials as a grant of qcs_sdk."""
    from qcs_sdk.client import ClientCredentials, RefreshToken

    kind = type(payload).__name__
    if kind == "RefreshToken":
        return RefreshToken(payload.refresh_token.secret)
    if kind == "ClientCredentials":
        return ClientCredentials(payload.client_id, payload.client_secret.secret)
    raise BackendAuthError(f"credentials of kind {kind} cannot be used", hint=LOGIN)
