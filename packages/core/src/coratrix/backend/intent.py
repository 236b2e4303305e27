"""The record of a submission before it is sent, so that it can be found again and replayed.

Owns: `blank` and `intent`, `CircuitEntry`, and `circuit_of`, its inverse. Knows nothing of: stores, vendors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, cached_property
from typing import Any

from coratrix.backend.client import Submission
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.cost import CostEstimate
from coratrix.backend.jobs import JobRecord, new_job_id
from coratrix.backend.options import RunOptions
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.frozen_dict import FrozenDict


def blank(backend: str, config: BackendConfiguration, distributions: tuple[str, ...]) -> JobRecord:
    """What the records of one backend have in common, as a form to be filled in for each submission.

    Args:
        distributions: the SDK's, whose versions are recorded beside ours.
    """
    versions = _versions(("coratrix-core", *distributions))
    return JobRecord(
        id="", backend=backend, config=FrozenDict(config.to_dict()), versions=FrozenDict(versions)
    )


def intent(
    form: JobRecord,
    circuits: Sequence[QuantumCircuit],
    shots: int,
    options: RunOptions,
    submission: Submission,
    cost: CostEstimate,
    *,
    now: float,
) -> JobRecord:
    """A record with a fresh id in state INTENT.

    Args:
        form: the backend's, see `blank`.
        now: seconds since the epoch.
    """
    return form.changed(
        {
            "id": new_job_id(),
            "created_at": now,
            "updated_at": now,
            "shots": int(shots),
            "num_circuits": len(circuits),
            "circuits": tuple(map(CircuitEntry, circuits)),
            "options": _as_data(options),
            "decoding": submission.decoding,
            "metadata": submission.metadata,
            "tags": options.tags,
            "cost": cost.amount,
            "currency": cost.currency,
        }
    )


class CircuitEntry(Mapping[str, Any]):
    """A circuit as it is kept in a record, so that a run can be replayed; written out when it is first read.

    A store writes it before anything is sent; records that stay in memory mostly are never read.
    """

    def __init__(self, circuit: QuantumCircuit) -> None:
        self._circuit = circuit.copy()  # the caller may go on building it

    @cached_property
    def _entry(self) -> dict[str, Any]:
        from coratrix.core import qasm
        from coratrix.core.errors import CoratrixError

        entry: dict[str, Any] = {"name": self._circuit.name, "digest": self._circuit.digest()}
        try:
            return {**entry, "format": "openqasm3", "source": qasm.dumps(self._circuit)}
        except CoratrixError:  # what OpenQASM cannot carry, e.g. a noise channel
            return {**entry, "format": "coratrix", "source": self._circuit.to_json()}

    def __getitem__(self, name: str) -> Any:
        return self._entry[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entry)

    def __len__(self) -> int:
        return len(self._entry)

    def __repr__(self) -> str:
        return f"<circuit {self._circuit.name!r}>"


def circuit_of(entry: Mapping[str, Any]) -> QuantumCircuit:
    """The circuit of a record's entry."""
    from coratrix.core import qasm

    if entry["format"] == "coratrix":
        return QuantumCircuit.from_json(entry["source"])
    return qasm.loads(entry["source"])


def _as_data(options: RunOptions) -> dict[str, Any]:
    """Options as JSON data, a value with `to_dict` as that; without the caller's patience, which is not the
    job's."""
    given = options.given()
    given.pop("timeout", None)
    return {name: v.to_dict() if hasattr(v, "to_dict") else v for name, v in given.items()}


@cache
def _versions(distributions: tuple[str, ...]) -> dict[str, str]:
    from importlib import metadata  # here: its import is slow

    found = {}
    for name in distributions:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found
