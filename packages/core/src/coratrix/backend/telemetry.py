"""Spans and counters for OpenTelemetry, where its API is installed; nothing otherwise.

Owns: `span`, `count_job`, and their names. Attributes never hold a secret: only names, ids and numbers.
"""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import cache, lru_cache
from typing import Any

SCOPE = "coratrix"
_NOTHING = nullcontext()  # holds no state, so one serves all


def span(name: str, **attributes: str | int | float | bool | None) -> AbstractContextManager[object]:
    """A span ``coratrix.<name>`` around a body; an exception marks it as failed."""
    tracer = _tracer()
    if tracer is None:
        return _NOTHING
    known = {f"coratrix.{key}": value for key, value in attributes.items() if value is not None}
    made: AbstractContextManager[object] = tracer.start_as_current_span(f"coratrix.{name}", attributes=known)
    return made


def count_job(backend: str, state: str, *, execution_time: float | None = None) -> None:
    """A job ended: one more in ``coratrix.jobs``, its seconds in ``coratrix.job.execution_time``."""
    instruments = _instruments()
    if instruments is None:
        return
    jobs, seconds = instruments
    attributes = {"coratrix.backend": backend, "coratrix.state": state}
    jobs.add(1, attributes)
    if execution_time is not None:
        seconds.record(execution_time, attributes)


def _tracer() -> Any:
    """The tracer of the provider that is installed now; None while the API's stand-in is, which records
    nothing and whose spans cost as much as a request."""
    if not _is_in_use("opentelemetry.trace", "OTEL_PYTHON_TRACER_PROVIDER"):
        return None
    trace = _trace_api()
    if trace is None or isinstance(provider := trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    return _tracer_of(provider)


def _is_in_use(module: str, variable: str) -> bool:
    """Whether there can be a provider: who installs one imports the API, or names it in the environment."""
    return module in sys.modules or _is_set(variable)


@cache
def _is_set(variable: str) -> bool:
    return variable in os.environ


@cache
def _trace_api() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace


@lru_cache(maxsize=1)
def _tracer_of(provider: Any) -> Any:
    return provider.get_tracer(SCOPE)


def _instruments() -> Any:
    return _made_instruments() if _is_in_use("opentelemetry.metrics", "OTEL_PYTHON_METER_PROVIDER") else None


@cache
def _made_instruments() -> Any:
    try:
        from opentelemetry import metrics
    except ImportError:
        return None
    meter = metrics.get_meter(SCOPE)
    return (
        meter.create_counter("coratrix.jobs", unit="1", description="jobs that ended"),
        meter.create_histogram("coratrix.job.execution_time", unit="s", description="as the backend reports"),
    )
