"""Turns circuits of other frameworks into ours.

Owns: `adopt`, and the look-up of converters by entry points of group ``coratrix.converters``, whose
names are the top-level modules of the foreign types. Imports a converter only when one is needed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitImportError, UnreadableCircuitError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "coratrix.converters"


def adopt(circuit: Any) -> QuantumCircuit:
    """``circuit`` itself if it is ours, else what the converter of its framework makes of it.

    Raises:
        UnreadableCircuitError: no converter knows the type, or the circuit cannot be carried.
    """
    if isinstance(circuit, QuantumCircuit):
        return circuit
    for kind in type(circuit).__mro__:
        point = _converters().get(kind.__module__.partition(".")[0])
        if point is not None:
            try:
                adopted: QuantumCircuit = point.load().from_foreign(circuit)
            except CircuitImportError as exc:
                raise UnreadableCircuitError(str(exc)) from exc
            return adopted
    known = ", ".join(sorted(_converters())) or "none installed"
    raise UnreadableCircuitError(
        f"a {type(circuit).__module__}.{type(circuit).__qualname__} is not a circuit that can be read; "
        f"give a QuantumCircuit or one of: {known}"
    )


@cache
def _converters() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # here: its import is slow

    return {point.name: point for point in entry_points(group=GROUP)}
