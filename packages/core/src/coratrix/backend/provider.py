"""The door for authors of backends: every name a provider needs, from one place.

Owns: nothing; it re-exports. See docs/writing-a-backend.md.
"""

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Outcome, Submission, VendorClient
from coratrix.backend.clock import SYSTEM_CLOCK, Clock, Deadline
from coratrix.backend.configuration import BackendConfiguration, BackendType
from coratrix.backend.conversation import run_bounded
from coratrix.backend.cost import FREE, UNKNOWN_COST, CostEstimate
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    CircuitValidationError,
    ConfigurationError,
    InsufficientMemoryError,
    JobNotFoundError,
    ProviderNotInstalledError,
    QuotaExceededError,
    RateLimitError,
    UnknownOptionError,
)
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface
from coratrix.backend.jobs import Job, JobRecord, JobState
from coratrix.backend.options import RunOptions, parse_options
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.rate_limit import RateLimiter, limiter_of
from coratrix.backend.resilience import Resilience
from coratrix.backend.secrets import Secret
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.store import JobStore, MemoryJobStore, open_store
from coratrix.backend.validation import ValidationIssue, ValidationReport, validate

__all__ = [
    "DEFAULT_SHOTS",
    "FREE",
    "SYSTEM_CLOCK",
    "UNKNOWN_COST",
    "BackendAuthError",
    "BackendCapabilities",
    "BackendConfiguration",
    "BackendConnectionError",
    "BackendError",
    "BackendInterface",
    "BackendNotFoundError",
    "BackendResponseError",
    "BackendStatus",
    "BackendTimeoutError",
    "BackendType",
    "BackendUnavailableError",
    "CircuitValidationError",
    "Clock",
    "ConfigurationError",
    "CostEstimate",
    "Deadline",
    "InsufficientMemoryError",
    "Job",
    "JobBackend",
    "JobNotFoundError",
    "JobRecord",
    "JobSnapshot",
    "JobState",
    "JobStore",
    "MemoryJobStore",
    "Outcome",
    "ProviderNotInstalledError",
    "QueueInfo",
    "QuotaExceededError",
    "RateLimitError",
    "RateLimiter",
    "Resilience",
    "RunOptions",
    "Secret",
    "StatusReport",
    "Submission",
    "UnknownOptionError",
    "ValidationIssue",
    "ValidationReport",
    "VendorClient",
    "limiter_of",
    "open_store",
    "parse_options",
    "run_bounded",
    "validate",
]
