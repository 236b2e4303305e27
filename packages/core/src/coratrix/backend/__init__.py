"""Backends, jobs and the manager.

Names of backends that live in other packages (`SimulatorBackend`, `IBMBackend`, ...) resolve on
first use through the entry points of group ``coratrix.backends``; nothing is imported before.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from coratrix.backend import registry
from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration, BackendType
from coratrix.backend.errors import (
    BackendAuthError,
    BackendConnectionError,
    BackendError,
    BackendNotFoundError,
    BackendResponseError,
    BackendTimeoutError,
    BackendUnavailableError,
    BudgetExceededError,
    CircuitValidationError,
    ConfigurationError,
    InsufficientMemoryError,
    JobNotFoundError,
    JobStoreError,
    ProviderNotInstalledError,
    QuotaExceededError,
    RateLimitError,
    SubmissionUnknownError,
    UnknownOptionError,
)
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface
from coratrix.backend.jobs import Job, JobRecord, JobState
from coratrix.backend.manager import BackendManager
from coratrix.backend.metrics import PerformanceMetrics
from coratrix.backend.options import RunOptions
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.validation import ValidationIssue, ValidationReport

if TYPE_CHECKING:  # type checkers cannot see entry points
    from coratrix.providers.aws import BraketBackend as BraketBackend
    from coratrix.providers.azure import AzureBackend as AzureBackend
    from coratrix.providers.google import GoogleBackend as GoogleBackend
    from coratrix.providers.ibm import IBMBackend as IBMBackend
    from coratrix.providers.rigetti import RigettiBackend as RigettiBackend
    from coratrix.sim import SimulatorBackend as SimulatorBackend

logging.getLogger("coratrix").addHandler(logging.NullHandler())

__all__ = [
    "DEFAULT_SHOTS",
    "BackendAuthError",
    "BackendCapabilities",
    "BackendConfiguration",
    "BackendConnectionError",
    "BackendError",
    "BackendInterface",
    "BackendManager",
    "BackendNotFoundError",
    "BackendResponseError",
    "BackendStatus",
    "BackendTimeoutError",
    "BackendType",
    "BackendUnavailableError",
    "BudgetExceededError",
    "CircuitValidationError",
    "ConfigurationError",
    "InsufficientMemoryError",
    "Job",
    "JobNotFoundError",
    "JobRecord",
    "JobState",
    "JobStoreError",
    "PerformanceMetrics",
    "ProviderNotInstalledError",
    "QueueInfo",
    "QuotaExceededError",
    "RateLimitError",
    "RunOptions",
    "StatusReport",
    "SubmissionUnknownError",
    "UnknownOptionError",
    "ValidationIssue",
    "ValidationReport",
]


def __getattr__(name: str) -> Any:
    return registry.backend_class_named(name)


def __dir__() -> list[str]:
    return sorted([*__all__, *registry.installed_class_names()])
