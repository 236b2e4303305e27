"""Owns the errors of floor 0.

    CoratrixError
    ├── CircuitError(ValueError)           a circuit, gate or argument that makes no sense
    │   ├── UnknownGateError               a gate name that is not in the table
    │   └── UnboundParameterError          a number is needed where a Parameter still stands
    ├── CircuitImportError(ValueError)     foreign text or object that cannot be read; .line, .column
    ├── CircuitExportError(ValueError)     a circuit that the chosen format cannot carry
    ├── InvalidNoiseError(ValueError)      a channel or noise model that is not physical
    └── BackendError                       what goes wrong between a circuit and its counts
        └── ExecutionFailedError(RuntimeError) the backend ran the circuit and reports failure

Each also inherits the builtin that a stranger would catch. Backends have more, all under `BackendError`, which
is here because a result raises one of them. Knows nothing of backends.
"""

from __future__ import annotations

from typing import Any


class CoratrixError(Exception):
    """The root of every error that Coratrix raises on purpose."""


class CircuitError(CoratrixError, ValueError):
    """A circuit, gate or argument that makes no sense."""


class UnknownGateError(CircuitError):
    """A gate name that is not in the table."""


class UnboundParameterError(CircuitError):
    """A number is needed where a Parameter still stands."""


class InvalidNoiseError(CoratrixError, ValueError):
    """A channel or noise model that is not physical."""


class BackendError(CoratrixError):
    """The root of all that goes wrong between a circuit and its counts.

    Attributes:
        code: a stable word for programs, e.g. ``"auth"``; a vendor's own code where it has one.
        retryable: the same call may succeed later without any change.
        retry_after: seconds the service asked us to wait, if it did.
        outcome_unknown: the request may have been accepted although it ended in this error.
        backend: name of the backend, where one was chosen.
        job_id: our id of the job, where there is one.
        hint: what to do next, one sentence.
        provider_message: the vendor's own words.
    """

    code = "backend"
    retryable = False

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        retryable: bool | None = None,
        retry_after: float | None = None,
        outcome_unknown: bool = False,
        backend: str | None = None,
        job_id: str | None = None,
        hint: str | None = None,
        provider_message: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        if retryable is not None:
            self.retryable = retryable
        self.retry_after = retry_after
        self.outcome_unknown = outcome_unknown
        self.backend = backend
        self.job_id = job_id
        self.hint = hint
        self.provider_message = provider_message

    def __str__(self) -> str:  # KeyError would print the repr of its argument
        return f"{self.message}. {self.hint}" if self.hint else self.message


class ExecutionFailedError(BackendError, RuntimeError):
    """The backend ran the circuit and reports failure.

    Attributes:
        result: the failed result, with whatever the backend told.
    """

    code = "failed"

    def __init__(self, message: str, *, result: object = None, **details: Any) -> None:
        super().__init__(message, **details)
        self.result = result


class CircuitExportError(CoratrixError, ValueError):
    """A circuit that the chosen format cannot carry."""


class CircuitImportError(CoratrixError, ValueError):
    """Foreign text or a foreign object that cannot be read as a circuit.

    Attributes:
        line: 1-based line of the text, or None where there is no text.
        column: 1-based column, or None.
        source: the file's name, where there is one.
    """

    def __init__(
        self,
        message: str,
        *,
        line: int | None = None,
        column: int | None = None,
        source: str | None = None,
    ) -> None:
        self.message = message
        self.line = line
        self.column = column
        self.source = source
        super().__init__(message)

    def __str__(self) -> str:
        place = [self.source] if self.source else []
        if self.line is not None:
            place.append(f"line {self.line}")
        if self.column is not None:
            place.append(f"column {self.column}")
        return f"{', '.join(place)}: {self.message}" if place else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _import_error, (self.message, self.line, self.column, self.source)


class UnreadableCircuitError(CircuitImportError, BackendError):
    """What was given to be run is not a circuit that can be read; nothing was sent."""

    code = "validation"

    def __reduce__(self) -> tuple[object, ...]:
        return UnreadableCircuitError, (self.message,)


def _import_error(
    message: str, line: int | None, column: int | None, source: str | None
) -> CircuitImportError:
    return CircuitImportError(message, line=line, column=column, source=source)
