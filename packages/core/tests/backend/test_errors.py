"""Errors are one tree, and each is also what a stranger would catch."""

from __future__ import annotations

import pickle

import pytest

from coratrix import backend
from coratrix.core.errors import CoratrixError


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (backend.BackendConnectionError, ConnectionError),
        (backend.BackendTimeoutError, TimeoutError),
        (backend.BackendAuthError, PermissionError),
        (backend.CircuitValidationError, ValueError),
        (backend.ConfigurationError, ValueError),
        (backend.BackendNotFoundError, KeyError),
        (backend.ProviderNotInstalledError, ImportError),
        (backend.InsufficientMemoryError, MemoryError),
        (backend.UnknownOptionError, TypeError),
        (backend.JobNotFoundError, KeyError),
    ],
)
def test_each_error_is_a_backend_error_and_its_builtin(
    kind: type[Exception], builtin: type[Exception]
) -> None:
    error = kind("what went wrong", hint="Do this", backend="b")  # type: ignore[call-arg]

    assert isinstance(error, backend.BackendError)
    assert isinstance(error, CoratrixError)
    assert isinstance(error, builtin)
    assert str(error) == "what went wrong. Do this"


def test_an_error_travels_with_what_it_knows() -> None:
    error = backend.RateLimitError("slow down", retry_after=3.5, job_id="crx-1", provider_message="429")

    copy = pickle.loads(pickle.dumps(error))

    assert (copy.retry_after, copy.job_id, copy.provider_message, copy.retryable) == (
        3.5,
        "crx-1",
        "429",
        True,
    )
