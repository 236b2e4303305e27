"""Every error that a backend, a job or a manager raises, as one small tree.

Owns: the classes and what each one tells its catcher. Knows nothing of: who raises them.

    BackendError
    ├── ConfigurationError (ValueError)          the configuration cannot be used as written
    ├── CircuitValidationError (ValueError)      this circuit cannot run there; `.report` lists why
    ├── UnreadableCircuitError (ValueError)      this is no circuit, or one that cannot be carried
    ├── UnknownOptionError (TypeError)           an option that this call does not have
    ├── BackendNotFoundError (KeyError)          no backend of that name is registered
    ├── ProviderNotInstalledError (ImportError)  the package or the vendor's SDK is missing
    ├── BackendAuthError (PermissionError)       no credentials, wrong ones, or not enough rights
    ├── BackendConnectionError (ConnectionError) the service could not be reached
    ├── BackendTimeoutError (TimeoutError)       we stopped waiting; `.job` may still be running
    ├── BackendUnavailableError                  offline, in maintenance, retired, or breaker open
    ├── BackendResponseError                     the service answered with what cannot be read
    ├── RateLimitError                           too many requests; `.retry_after` seconds if known
    ├── QuotaExceededError                       the account's allowance is used up
    │   └── BudgetExceededError                  the caller's own `max_cost` or budget would be
    ├── InsufficientMemoryError (MemoryError)    refused before allocation
    ├── SubmissionUnknownError                   sent, and the answer was lost; `.job` resolves it
    ├── JobNotFoundError (KeyError)              no job of that id here
    ├── JobStoreError                            the job store cannot be read or written
    └── ExecutionFailedError (RuntimeError)      the backend ran the circuit and reports failure

The root, the last and that of what is no circuit are floor 0's, which raises them: see `coratrix.core.errors`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coratrix.core.errors import BackendError as BackendError
from coratrix.core.errors import ExecutionFailedError as ExecutionFailedError
from coratrix.core.errors import UnreadableCircuitError as UnreadableCircuitError

if TYPE_CHECKING:
    from coratrix.backend.jobs import Job
    from coratrix.backend.validation import ValidationReport


class ConfigurationError(BackendError, ValueError):
    """A configuration names something that does not exist, or gives a value that cannot be."""

    code = "configuration"


class CircuitValidationError(BackendError, ValueError):
    """The circuit cannot run on this backend; nothing was sent."""

    code = "validation"

    def __init__(self, message: str, *, report: ValidationReport | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.report = report


class UnknownOptionError(BackendError, TypeError):
    """An option that this backend's calls do not have, or cannot honour."""

    code = "option"


class BackendNotFoundError(BackendError, KeyError):
    """No backend of that name is registered."""

    code = "not_found"


class ProviderNotInstalledError(BackendError, ImportError):
    """A package that the call needs is not installed."""

    code = "not_installed"


class BackendAuthError(BackendError, PermissionError):
    """No credentials, wrong ones, or not enough rights."""

    code = "auth"


class BackendConnectionError(BackendError, ConnectionError):
    """The service could not be reached, or the connection broke."""

    code = "connection"
    retryable = True


class BackendTimeoutError(BackendError, TimeoutError):
    """We stopped waiting. ``job`` is the handle of what may still be running."""

    code = "timeout"

    def __init__(self, message: str, *, job: Job | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.job = job


class BackendUnavailableError(BackendError):
    """The backend exists and does not take work now."""

    code = "unavailable"
    retryable = True


class BackendResponseError(BackendError):
    """The service answered with something that cannot be read."""

    code = "response"


class RateLimitError(BackendError):
    """Too many requests."""

    code = "rate_limit"
    retryable = True


class QuotaExceededError(BackendError):
    """The account's allowance is used up."""

    code = "quota"


class BudgetExceededError(QuotaExceededError):
    """The estimated cost is above the caller's own limit; nothing was sent."""

    code = "budget"


class InsufficientMemoryError(BackendError, MemoryError):
    """More memory would be needed than there is; nothing was allocated."""

    code = "memory"


class SubmissionUnknownError(BackendError):
    """The job was sent and the answer was lost. ``job.status()`` asks the vendor again."""

    code = "submission_unknown"

    def __init__(self, message: str, *, job: Job | None = None, **details: object) -> None:
        super().__init__(message, **details)  # type: ignore[arg-type]
        self.job = job


class JobNotFoundError(BackendError, KeyError):
    """No job of that id is known here."""

    code = "job_not_found"


class JobStoreError(BackendError):
    """The job store cannot be opened, read or written."""

    code = "job_store"
