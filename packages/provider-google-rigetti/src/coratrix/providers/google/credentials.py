"""Who we are to Google: a token, a service account, or the application-default credentials.

Owns: `load_credentials`. Knows nothing of: what is asked with them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coratrix.backend.errors import ConfigurationError

from .parameters import GoogleParameters
from .sdk import sdk
from .vendor_errors import vendor_errors

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"


def load_credentials(parameters: GoogleParameters) -> tuple[Any, str | None]:
    """The SDK's credentials, and the project that they name.

    Raises:
        BackendAuthError: there are none.
        ConfigurationError: the key file is not there, or is none.
    """
    sdk()  # a clear error where it is missing
    import google.auth
    import google.oauth2.credentials

    more: Any = {"quota_project_id": parameters.quota_project}
    with vendor_errors("looking for Google's credentials"):
        if parameters.access_token is not None:
            token: Any = google.oauth2.credentials.Credentials
            return token(parameters.access_token.reveal(), **more), None
        if parameters.service_account_file is not None:
            account = _service_account(parameters.service_account_file, more)
            return account, account.project_id
        found, project = google.auth.default(scopes=[_SCOPE], **more)
        return found, project


def _service_account(path: str, more: Mapping[str, Any]) -> Any:
    from google.oauth2 import service_account

    kind: Any = service_account.Credentials
    try:
        return kind.from_service_account_file(path, scopes=[_SCOPE], **more)
    except OSError as exc:
        raise ConfigurationError(f"service_account_file {path}: {exc.strerror}") from exc
    except ValueError as exc:
        raise ConfigurationError(f"service_account_file {path} is no key file: {exc}") from exc
