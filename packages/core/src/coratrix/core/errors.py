"""Owns the errors of floor 0.

    CoratrixError
    ├── CircuitError(ValueError)           a circuit, gate or argument that makes no sense
    │   ├── UnknownGateError               a gate name that is not in the table
    │   └── UnboundParameterError          a number is needed where a Parameter still stands
    ├── CircuitImportError(ValueError)     foreign text or object that cannot be read; .line, .column
    ├── CircuitExportError(ValueError)     a circuit that the chosen format cannot carry
    ├── InvalidNoiseError(ValueError)      a channel or noise model that is not physical
    └── ExecutionFailedError(RuntimeError) the backend ran the circuit and reports failure

Each also inherits the builtin that a stranger would catch. Knows nothing of backends, which have their own.
"""

from __future__ import annotations


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


class ExecutionFailedError(CoratrixError, RuntimeError):
    """The backend ran the circuit and reports failure.

    Attributes:
        result: the failed result, with whatever the backend told.
    """

    def __init__(self, message: str, *, result: object = None) -> None:
        super().__init__(message)
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


def _import_error(
    message: str, line: int | None, column: int | None, source: str | None
) -> CircuitImportError:
    return CircuitImportError(message, line=line, column=column, source=source)
