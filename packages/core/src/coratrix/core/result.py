"""What came back from one execution: counts, and whatever else the backend could tell.

Owns: `ExecutionResult`, its arithmetic over counts, and its dictionary form.
Knows nothing of: backends, jobs, files. Bit order is that of `coratrix.core.bits`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import ExecutionFailedError
from coratrix.core.frozen_dict import FrozenDict
from coratrix.core.result_view import counts_html, counts_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SCHEMA_VERSION = 1

ComplexArray = npt.NDArray[np.complex128]


class Counts(FrozenDict[str, int]):
    """Counts that an engine of ours made, as plain as they have to be: a result takes them without a look."""


class Readings(Protocol):
    """What an engine of ours counted, in a form of its own."""

    def counts(self, kind: type[Counts]) -> Counts:
        """The counts as a dictionary of this kind."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ExecutionResult:
    """One circuit's outcome on one backend. Immutable; arrays inside are read-only views.

    Attributes:
        success: whether the backend ran the circuit to its end.
        counts: how often each key was seen. Keys are plain ``str`` of 0 and 1, one character per classical
            bit
            in order of declaration, bit 0 of each register leftmost. Empty for a failed execution.
        error: the backend's reason, when ``success`` is false.
        error_code: the same as a word for programs.
        execution_time: seconds of running, as the backend reports them, else measured around the run.
        queue_time: seconds of waiting; ``None`` is unknown.
        job_id: the backend's name of the job.
        backend: the name under which the backend is known.
        shots: how many repetitions were asked for; ``None`` for a result without sampling.
        metadata: whatever else is worth keeping (seed, method, versions); JSON values.
        statevector: ``(2**n,)`` amplitudes, qubit 0 the most significant bit of the index.
        density_matrix: ``(2**n, 2**n)``, in the same order.
        layout: ``((register name, size), ...)`` in order of declaration; empty means one unnamed register.
    """

    success: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    error: str | None = None
    error_code: str | None = None
    execution_time: float | None = None
    queue_time: float | None = None
    job_id: str | None = None
    backend: str | None = None
    shots: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    statevector: ComplexArray | None = None
    density_matrix: ComplexArray | None = None
    layout: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        layout = tuple([(str(name), int(size)) for name, size in self.layout])
        width = sum([size for _, size in layout]) if layout else None
        values = self.__dict__  # the fields of this very object, which nobody has seen yet
        values["layout"] = layout
        if type(self.counts) is not Counts:
            values["counts"] = _plain_counts(self.counts, width)
        values["metadata"] = FrozenDict(self.metadata)
        if self.statevector is not None:
            values["statevector"] = _read_only(self.statevector)
        if self.density_matrix is not None:
            values["density_matrix"] = _read_only(self.density_matrix)

    @classmethod
    def of_readings(
        cls,
        readings: Readings,
        *,
        execution_time: float,
        backend: str,
        shots: int,
        metadata: Callable[[], FrozenDict[str, Any]],
        layout: tuple[tuple[str, int], ...],
    ) -> ExecutionResult:
        """The success of an engine of ours, unchecked. ``counts`` and ``metadata`` are made when first read."""
        made = object.__new__(cls)
        fields_there = {
            "success": True,
            "execution_time": execution_time,
            "backend": backend,
            "shots": shots,
            "layout": layout,
            "_make_counts": lambda: readings.counts(Counts),
            "_make_metadata": metadata,
        }  # the other fields have their defaults from the class
        object.__setattr__(made, "__dict__", fields_there)
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FIELDS}

    def raise_for_status(self) -> ExecutionResult:
        """Return this result if the backend ran the circuit; otherwise raise.

        Raises:
            ExecutionFailedError: ``success`` is false. Its ``result`` is this result.
        """
        if self.success:
            return self
        raise ExecutionFailedError(
            self._failure(), result=self, code=self.error_code, backend=self.backend, job_id=self.job_id
        )

    def _failure(self) -> str:
        job = f" (job {self.job_id})" if self.job_id else ""
        code = f" [{self.error_code}]" if self.error_code else ""
        reason = self.error or "no reason given"
        return f"{self.backend or 'the backend'} reported a failure{job}{code}: {reason}"

    @property
    def registers(self) -> Mapping[str, Mapping[str, int]]:
        """Counts of each classical register by itself, by its name."""
        layout = self.layout or (("meas", _width(self.counts)),)
        starts = [sum(size for _, size in layout[:k]) for k in range(len(layout))]
        return FrozenDict(
            (name, marginal(self.counts, range(start, start + size)))
            for (name, size), start in zip(layout, starts, strict=True)
        )

    def probabilities(self) -> dict[str, float]:
        """Relative frequency of each key that was seen; they add up to 1. Empty without counts."""
        total = sum(self.counts.values())
        return {key: count / total for key, count in self.counts.items()} if total else {}

    @property
    def standard_error(self) -> Mapping[str, float]:
        """One standard error √(p(1−p)/N) of each of `probabilities`, from N independent shots.

        It is 0 for a key seen in every shot; the data then only say that the rest is below about 3/N
        (at 95 % confidence).
        """
        total = sum(self.counts.values())
        return FrozenDict((key, math.sqrt(p * (1 - p) / total)) for key, p in self.probabilities().items())

    def counts_little_endian(self) -> dict[str, int]:
        """Counts with Qiskit's keys: last register first, bit 0 of each rightmost, no spaces."""
        return {key[::-1]: count for key, count in self.counts.items()}

    def plot(self, *, ax: Axes | None = None, most: int = 32) -> Axes:
        """Draw the probabilities as bars with one-standard-error whiskers.

        Args:
            ax: where to draw; a new figure when absent.
            most: draw this many of the most frequent keys and say how many were left out.

        Raises:
            ImportError: matplotlib is not installed; ``pip install 'coratrix-core[plot]'``.
        """
        return counts_plot(self, ax=ax, most=most)

    def _repr_html_(self) -> str:
        return counts_html(self)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ExecutionResult):
            return NotImplemented
        return all(_same(getattr(self, name), getattr(other, name)) for name in FIELDS)

    __hash__ = None  # type: ignore[assignment]  # it holds dictionaries and arrays

    def to_dict(self) -> dict[str, Any]:
        """A dictionary of JSON values (as far as ``metadata`` is); `from_dict` reads it back."""
        data: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
        for name in FIELDS:
            data[name] = getattr(self, name)
        data["counts"], data["metadata"] = dict(self.counts), dict(self.metadata)
        data["layout"] = [[name, size] for name, size in self.layout]
        for name in ("statevector", "density_matrix"):
            array = data[name]
            data[name] = None if array is None else {"real": array.real.tolist(), "imag": array.imag.tolist()}
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ExecutionResult:
        """Read what `to_dict` wrote.

        Raises:
            ValueError: another schema version, or a key that no result has.
        """
        values = dict(data)
        version = values.pop("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            raise ValueError(f"a result of schema version {version}; this package reads {SCHEMA_VERSION}")
        if unknown := sorted(set(values) - set(FIELDS)):
            raise ValueError(
                f"unknown keys in a result: {', '.join(unknown)}; known: {', '.join(sorted(FIELDS))}"
            )
        for name in ("statevector", "density_matrix"):
            if (parts := values.get(name)) is not None:
                values[name] = np.asarray(parts["real"]) + 1j * np.asarray(parts["imag"])
        return cls(**values)


FIELDS = tuple(f.name for f in fields(ExecutionResult))


class _MadeLater:
    """Stands behind a field of a result that has only the means to make it yet.

    Python looks here only while the result itself has no such field. Threads that ask at once may each make it; the
    first to be stored is everybody's.
    """

    def __init__(self, name: str) -> None:
        self._name, self._maker = name, f"_make_{name}"

    def __get__(self, result: ExecutionResult | None, owner: type | None = None) -> Mapping[str, Any]:
        attributes: dict[str, Any] = {} if result is None else result.__dict__
        if (make := attributes.get(self._maker)) is not None:
            attributes.setdefault(self._name, make())
            attributes.pop(self._maker, None)
        try:
            made: Mapping[str, Any] = attributes[self._name]
        except KeyError:
            raise AttributeError(f"ExecutionResult has {self._name} only as an object") from None
        return made


for _field in ("counts", "metadata"):  # after `dataclass`, which would take them for defaults
    setattr(ExecutionResult, _field, _MadeLater(_field))


def marginal(counts: Mapping[str, int], bits: Iterable[int]) -> Mapping[str, int]:
    """Counts of some characters of the key, in the order given, summed over the others."""
    positions, summed = tuple(bits), dict[str, int]()
    for key, count in counts.items():
        part = "".join(key[bit] for bit in positions)
        summed[part] = summed.get(part, 0) + count
    return FrozenDict(summed)


def _plain_counts(counts: Mapping[str, int], width: int | None) -> FrozenDict[str, int]:
    """The counts with builtin types, after a look at every key and number."""
    if _are_plain(counts, width):
        return FrozenDict(counts)
    plain: dict[str, int] = {}
    for key, count in counts.items():
        width = len(key) if width is None else width
        if len(key) != width or set(key) - {"0", "1"}:
            raise ValueError(f"counts key {key!r}: expected {width} characters, each 0 or 1")
        if int(count) != count or count < 0:
            raise ValueError(f"counts[{key!r}] is {count!r}; expected a whole number, 0 or more")
        plain[str(key)] = int(count)
    return FrozenDict(plain)


def _are_plain(counts: Mapping[str, int], width: int | None) -> bool:
    """Whether all is well as it is, seen in a few steps instead of some for every key."""
    if set(map(type, counts)) != {str} or set(map(type, counts.values())) != {int}:
        return False
    return (
        set(map(len, counts)) == {_width(counts) if width is None else width}
        and not "".join(counts).strip("01")
        and min(counts.values()) >= 0
    )


def _width(counts: Mapping[str, int]) -> int:
    return len(next(iter(counts), ""))


def _read_only(array: npt.ArrayLike) -> ComplexArray:
    """A view, not a copy: a state of 30 qubits exists once."""
    view = np.asarray(array, dtype=np.complex128).view()
    view.flags.writeable = False
    return view


def _same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and np.array_equal(a, b)
    return bool(a == b)
