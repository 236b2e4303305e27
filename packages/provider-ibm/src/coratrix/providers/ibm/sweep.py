"""One circuit at many values of its parameters, to travel as one circuit.

Owns: `Sweep`, and its form as a pub of Qiskit's. Knows nothing of: jobs, devices.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from coratrix.backend.provider import CircuitValidationError
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.interop import adopt
from coratrix.core.parameters import Parameter


@dataclass(frozen=True)
class Sweep(Sequence[QuantumCircuit]):
    """The bound circuits, one per point, made from ``template`` when asked for."""

    template: QuantumCircuit
    points: tuple[dict[Parameter | str, float], ...]

    @classmethod
    def of(cls, circuit: Any, values: Sequence[Mapping[Any, float]]) -> Sweep:
        """A sweep of a circuit (ours or foreign), measured whole if it measures nothing."""
        template = adopt(circuit).measured_whole()
        wanted = {parameter.name for parameter in template.parameters}
        points = tuple(_by_name(one) for one in values)
        if not points or not wanted:
            raise CircuitValidationError(
                f"a sweep of {template.name!r} needs parameters and points; "
                f"found {len(wanted)} parameters, {len(points)} points"
            )
        for number, point in enumerate(points):
            if set(point) != wanted:
                raise CircuitValidationError(
                    f"point {number} of the sweep has {sorted(map(str, point))}; the circuit {sorted(wanted)}"
                )
        return cls(template, points)

    def __len__(self) -> int:
        return len(self.points)

    @overload
    def __getitem__(self, index: int) -> QuantumCircuit: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[QuantumCircuit]: ...
    def __getitem__(self, index: int | slice) -> QuantumCircuit | Sequence[QuantumCircuit]:
        if isinstance(index, slice):
            return [self.template.bind(point) for point in self.points[index]]
        return self.template.bind(self.points[index])

    def __iter__(self) -> Iterator[QuantumCircuit]:
        return (self.template.bind(point) for point in self.points)


def _by_name(values: Mapping[Any, float]) -> dict[Parameter | str, float]:
    return {str(getattr(key, "name", key)): float(value) for key, value in values.items()}


def sweep_pub(isa: Any, sweep: Sweep) -> tuple[Any, list[list[float]]]:
    """The transpiled template with one row of numbers per point, in the order of its own parameters."""
    names = [parameter.name for parameter in isa.parameters]
    return isa, [[point[name] for name in names] for point in sweep.points]
