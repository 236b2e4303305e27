"""What is known of a device on a day, in neutral words that every provider can fill.

Owns: `DeviceCalibration` and its JSON form. Knows nothing of: vendors, noise channels, files.

Units: seconds; errors are average gate infidelities 1 − F_avg. A provider converts before filling:
1 − F_avg = d/(d+1)·(1 − F_pro), a total Pauli error being 1 − F_pro, and d = 2**n. ``None`` is unknown, never
0.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.readout import ReadoutError
from coratrix.core.noise.validity import check_positive, check_range

SCHEMA_VERSION = 1

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class QubitCalibration:
    """One qubit.

    Attributes:
        t1_s: relaxation time in seconds.
        t2_s: coherence time in seconds (echo or Ramsey, as the source reports).
        readout: confusion matrix, rows true states, columns reported ones.
        readout_duration_s: length of a measurement in seconds.
        excited_population: probability of |1⟩ in equilibrium.
    """

    t1_s: float | None = None
    t2_s: float | None = None
    readout: tuple[tuple[float, ...], ...] | None = None
    readout_duration_s: float | None = None
    excited_population: float | None = None

    def __post_init__(self) -> None:
        for name in ("t1_s", "t2_s"):
            _put(self, name, lambda value, what: check_positive(value, what))
        _put(self, "readout_duration_s", lambda value, what: check_positive(value, what, or_zero=True))
        _put(self, "excited_population", check_range)
        _put(self, "readout", lambda value, _what: _one_qubit_rows(value))


@dataclass(frozen=True, kw_only=True)
class GateCalibration:
    """One gate on its qubits.

    Attributes:
        name: canonical gate name (``"sx"``, ``"cz"``, …); the direction of the pair is that of ``qubits``.
        qubits: on which qubits, in the gate's own order.
        error: average gate infidelity 1 − F_avg.
        duration_s: length in seconds.
    """

    name: str
    qubits: tuple[int, ...]
    error: float | None = None
    duration_s: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "qubits", tuple(int(q) for q in self.qubits))
        _put(self, "error", check_range)
        _put(self, "duration_s", lambda value, what: check_positive(value, what, or_zero=True))


@dataclass(frozen=True, kw_only=True)
class DeviceCalibration:
    """A device on a day.

    Attributes:
        name: the device.
        qubits: one entry per qubit, in the order of our qubit numbers.
        gates: every calibrated gate.
        coupling_map: directed pairs on which two-qubit gates run; a symmetric gate is listed both ways.
            Empty means unknown or all to all (then ``gates`` names no pair either).
        native_gates: names of the gates that the device runs as they are.
        as_of: when the numbers were taken, ISO 8601.
        source: where they come from, in words.
        labels: the device's own names of the qubits, if they are not 0 … n−1.
    """

    name: str
    qubits: tuple[QubitCalibration, ...]
    gates: tuple[GateCalibration, ...] = ()
    coupling_map: tuple[tuple[int, int], ...] = ()
    native_gates: tuple[str, ...] = ()
    as_of: str | None = None
    source: str | None = None
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "qubits", tuple(self.qubits))
        object.__setattr__(self, "gates", tuple(self.gates))
        object.__setattr__(self, "coupling_map", tuple((int(a), int(b)) for a, b in self.coupling_map))
        object.__setattr__(self, "native_gates", tuple(self.native_gates))
        if self.labels is not None:
            object.__setattr__(self, "labels", tuple(str(label) for label in self.labels))
            if len(self.labels) != self.num_qubits:
                raise InvalidNoiseError(
                    f"{self.name}: {len(self.labels)} labels for {self.num_qubits} qubits"
                )
        self._check_places()

    def _check_places(self) -> None:
        places: list[tuple[str, tuple[int, ...]]] = [("coupling_map", pair) for pair in self.coupling_map]
        places += [(f"gate {gate.name}", gate.qubits) for gate in self.gates]
        for what, qubits in places:
            if len(set(qubits)) != len(qubits) or not all(0 <= q < self.num_qubits for q in qubits):
                raise InvalidNoiseError(
                    f"{self.name}: {what} names qubits {qubits}; expected different ones "
                    f"from 0 to {self.num_qubits - 1}"
                )

    @property
    def num_qubits(self) -> int:
        return len(self.qubits)

    def gate(self, name: str, qubits: Sequence[int]) -> GateCalibration | None:
        """The record of one gate on these qubits, or ``None``."""
        wanted = (name, tuple(qubits))
        return next((gate for gate in self.gates if (gate.name, gate.qubits) == wanted), None)

    def to_dict(self) -> dict[str, Any]:
        """JSON values with ``schema_version``; unknown values are left out."""
        data = {key: value for key, value in asdict(self).items() if value is not None}
        for part in ("qubits", "gates"):
            data[part] = [{k: v for k, v in entry.items() if v is not None} for entry in data[part]]
        return {"schema_version": SCHEMA_VERSION, **data}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> DeviceCalibration:
        """Read what `to_dict` wrote, or a hand-written record.

        Raises:
            InvalidNoiseError: another schema version, an unknown or missing key, a value out of range.
        """
        values = dict(data)
        version = values.pop("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            raise InvalidNoiseError(
                f"a calibration of schema version {version!r}; this package reads {SCHEMA_VERSION}"
            )
        values["qubits"] = tuple(
            _build(QubitCalibration, q, f"qubits[{i}]") for i, q in enumerate(values.get("qubits", ()))
        )
        values["gates"] = tuple(
            _build(GateCalibration, g, f"gates[{i}]") for i, g in enumerate(values.get("gates", ()))
        )
        return _build(cls, values, "calibration")

    def to_json(self) -> str:
        """Text of `to_dict`."""
        return json.dumps(self.to_dict(), indent=1)

    @classmethod
    def from_json(cls, text: str) -> DeviceCalibration:
        """Read the text of `to_json`."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError as exc:
            raise InvalidNoiseError(f"a calibration is JSON: {exc}") from exc
        if not isinstance(data, dict):
            raise InvalidNoiseError(f"a calibration is a JSON object, found {type(data).__name__}")
        return cls.from_dict(data)


def _put(record: Any, name: str, check: Any) -> None:
    value = getattr(record, name)
    if value is not None:
        object.__setattr__(record, name, check(value, f"{type(record).__name__} {name}"))


def _one_qubit_rows(matrix: Any) -> tuple[tuple[float, ...], ...]:
    error = ReadoutError(matrix)
    if error.num_qubits != 1:
        raise InvalidNoiseError(
            f"QubitCalibration readout: expected a 2 × 2 matrix, found {error.num_qubits} qubits"
        )
    return error.rows


def _build(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    known = [f.name for f in fields(kind)]  # type: ignore[arg-type]
    if unknown := sorted(set(values) - set(known)):
        raise InvalidNoiseError(f"{where}: unknown keys {', '.join(unknown)}; known: {', '.join(known)}")
    try:
        return kind(**values)
    except TypeError as exc:
        raise InvalidNoiseError(f"{where}: {exc}") from exc
