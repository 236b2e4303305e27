"""Any Coratrix backend as a ``cirq.Sampler``, so that programs written for Cirq run on it unchanged.

Owns: `as_cirq`. Knows nothing of: Google, devices, jobs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coratrix.backend.interface import BackendInterface
from coratrix.core.result import ExecutionResult

from .from_cirq import Imported, from_cirq

if TYPE_CHECKING:
    import cirq

Bits = npt.NDArray[np.uint8]


def as_cirq(backend: BackendInterface, **options: Any) -> cirq.Sampler:
    """A sampler that runs Cirq's circuits on ``backend``.

    Args:
        options: given to every execution, e.g. ``seed=7``.

    Counts carry no order of shots, which Cirq's results have; the rows are shuffled, by the seed if there is
    one. A circuit that measures the same key several times is refused by name.
    """
    sampler: cirq.Sampler = _sampler_class()(backend, options)
    return sampler


@cache
def _sampler_class() -> Any:
    """The class itself, made at first use, since its base is Cirq's."""
    import cirq

    class CoratrixSampler(cirq.Sampler):  # type: ignore[misc]  # types are checked without the SDK
        """Runs every sweep as one batch of a Coratrix backend."""

        def __init__(self, backend: BackendInterface, options: Mapping[str, Any]) -> None:
            self.backend = backend
            self.options = dict(options)

        def run_sweep(
            self, program: cirq.AbstractCircuit, params: cirq.Sweepable, repetitions: int = 1
        ) -> Sequence[cirq.Result]:
            if not program.has_measurements():
                raise ValueError("Circuit has no measurements to sample.")
            resolvers = list(cirq.to_resolvers(params))
            circuits = [from_cirq(cirq.resolve_parameters(program, resolver)) for resolver in resolvers]
            results = self._results(circuits, repetitions)
            random = np.random.default_rng(self.options.get("seed"))
            return [
                cirq.ResultDict(params=resolver, measurements=_measurements(circuit, rows, random))
                for resolver, circuit, rows in zip(resolvers, circuits, results, strict=True)
            ]

        def _results(self, circuits: list[Imported], repetitions: int) -> list[Bits]:
            if repetitions == 0:
                return [np.zeros((0, each.circuit.num_clbits), dtype=np.uint8) for each in circuits]
            if len(circuits) == 1:  # so that an error is raised and not made a result
                found = [self.backend.execute(circuits[0].circuit, repetitions, **self.options)]
            else:
                batch = [each.circuit for each in circuits]
                found = self.backend.execute_batch(batch, repetitions, **self.options)
            return [_rows(result) for result in found]

        def __repr__(self) -> str:
            return f"<cirq.Sampler on {self.backend!r}>"

    return CoratrixSampler


def _rows(result: ExecutionResult) -> Bits:
    """One row of bits per shot, equal rows together."""
    result.raise_for_status()
    keys = list(result.counts)
    patterns = np.array([list(key) for key in keys], dtype=np.uint8)
    return np.repeat(patterns, [result.counts[key] for key in keys], axis=0)


def _measurements(imported: Imported, rows: Bits, random: np.random.Generator) -> dict[str, Bits]:
    shuffled = random.permutation(rows, axis=0)
    return {key: shuffled[:, list(bits)] for key, bits in imported.bits_of_key.items()}
