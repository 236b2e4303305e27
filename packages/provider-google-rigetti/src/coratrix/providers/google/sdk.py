"""Google's SDK, imported when it is needed.

Owns: `sdk`, and the sentence for where it is missing. Knows nothing of: what it is used for.
"""

from __future__ import annotations

from typing import Any

from coratrix.backend.errors import ProviderNotInstalledError


def sdk() -> Any:
    """cirq-google's generated client and its messages.

    Raises:
        ProviderNotInstalledError: it is not installed.
    """
    try:
        from cirq_google.cloud import quantum
    except ImportError as exc:
        raise ProviderNotInstalledError(
            f"cirq-google cannot be imported: {exc}",
            hint="pip install 'coratrix-provider-google-rigetti[google]'",
        ) from exc
    return quantum
