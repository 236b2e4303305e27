"""Values that must never be seen: masked in every text, resolved only where they are used.

Owns: `Secret`, which names of parameters hold one, and references such as ``${env:NAME}``.
Knows nothing of: which vendor wants which secret.
"""

from __future__ import annotations

import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coratrix.backend.errors import ConfigurationError

MASK = "**********"

_SECRET_NAME = re.compile(
    r"(token|secret|password|passwd|api_?key|access_?key|private_?key|credential|connection_string|sas)", re.I
)
_REFERENCE = re.compile(r"^\$\{(env|file):([^}]+)\}$")


def is_secret_name(name: str) -> bool:
    """Whether a parameter of this name holds a secret."""
    return bool(_SECRET_NAME.search(name))


class Secret:
    """A string that shows as a mask, compares in constant time and is not carried by a pickle.

    The text may be a reference, ``${env:NAME}`` or ``${file:/path}``, which is read by `reveal` only.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str | None) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself; call it where it goes on the wire and nowhere else."""
        if self._text is None:
            raise ConfigurationError(
                "this secret did not travel with the pickled object",
                hint="Give it again, or refer to it as ${env:NAME}",
            )
        reference = _REFERENCE.match(self._text)
        return _resolve(*reference.groups()) if reference else self._text

    @property
    def is_reference(self) -> bool:
        """Whether only the place of the secret is held, so that it may be stored."""
        return self._text is not None and _REFERENCE.match(self._text) is not None

    def stored(self) -> str:
        """What may be written down: the reference itself, or the mask."""
        return self._text if self.is_reference and self._text is not None else MASK

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest((self._text or "").encode(), (other._text or "").encode())

    def __hash__(self) -> int:
        return hash(Secret)

    def __reduce__(self) -> tuple[type[Secret], tuple[str | None]]:
        return (Secret, (self._text if self.is_reference else None,))


def _resolve(kind: str, name: str) -> str:
    if kind == "env":
        if name not in os.environ:
            raise ConfigurationError(f"the environment has no {name}", hint=f"Set it: export {name}=...")
        return os.environ[name]
    try:
        return Path(name).read_text(encoding="utf-8").strip()
    except OSError as exc:
        raise ConfigurationError(f"cannot read the secret in file {name}: {exc.strerror}") from exc


def guard(params: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``params`` in which every secret string is a `Secret`."""
    return {
        key: Secret(value)
        if isinstance(value, str) and is_secret_name(key)
        else guard(value)
        if isinstance(value, Mapping)
        else value
        for key, value in params.items()
    }


def masked(params: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``params`` that may be shown and stored: secrets are masked or left as references."""
    return {
        key: value.stored()
        if isinstance(value, Secret)
        else masked(value)
        if isinstance(value, Mapping)
        else value
        for key, value in params.items()
    }
