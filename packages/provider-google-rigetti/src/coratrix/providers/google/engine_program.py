"""A compiled circuit as the messages that Google's service takes.

Owns: `engine_program`. Pure; knows nothing of: the network, projects, jobs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coratrix.backend.errors import CircuitValidationError

from .client import EngineProgram
from .sdk import sdk

if TYPE_CHECKING:
    import cirq


def engine_program(circuit: cirq.AbstractCircuit, shots: int, options: Any) -> EngineProgram:
    """``circuit``, to be run ``shots`` times.

    Raises:
        CircuitValidationError: it cannot be written in Google's format, or is too large for one message.
    """
    sdk()
    import cirq_google
    from cirq_google.api import v2
    from cirq_google.engine.engine_validator import MAX_MESSAGE_SIZE

    from google.protobuf import any_pb2  # type: ignore[import-untyped]

    code, run_context = any_pb2.Any(), any_pb2.Any()
    try:
        code.Pack(cirq_google.CIRCUIT_SERIALIZER.serialize(circuit.freeze()))
    except ValueError as exc:
        raise CircuitValidationError(f"the circuit cannot be written in Google's format: {exc}") from exc
    if code.ByteSize() > MAX_MESSAGE_SIZE:
        raise CircuitValidationError(
            f"the compiled circuit is {code.ByteSize():,} bytes; the service takes {MAX_MESSAGE_SIZE:,}",
            hint="Split it",
        )
    run_context.Pack(v2.run_context_to_proto(None, int(shots)))
    return EngineProgram(
        code=code, run_context=run_context, priority=options.priority, description=", ".join(options.tags)
    )
