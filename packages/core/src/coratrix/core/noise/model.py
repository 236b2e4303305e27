"""Where noise acts in a circuit, as data.

Owns: `NoiseModel`, the rules of placement, its dictionary and JSON form (the guide's flat keys).
Knows nothing of: the channels' definitions, engines, vendors, files.

Placement. After every gate, on that gate's qubits, act in this order: depolarizing (one channel on all the
gate's qubits, the same p), amplitude damping, phase damping, bit flip, phase flip (each on every qubit), then
further channels, then the noise of the single qubits touched. ``gate_errors["cx 0 1"]`` replaces
``gate_errors["cx"]`` and that replaces the model's own numbers. Barriers, resets and measurements are not
gates. A measurement's reported bit passes through the readout error; the state collapses on the true one.
Idle noise acts on a ``delay`` and, where ``durations`` are given, on a qubit that waits for the partners of
its next operation.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.frozen_dict import FrozenDict
from coratrix.core.gate import Gate, UnitaryGate
from coratrix.core.noise.gate_noise import FLAT_ERRORS, GateNoise, Placed, refuse_unknown
from coratrix.core.noise.idle import Idle, duration_of
from coratrix.core.noise.keys import gate_key, gate_keys, qubits_key
from coratrix.core.noise.readout import ReadoutError
from coratrix.core.noise.validity import check_positive
from coratrix.core.operations import Delay, Instruction

if TYPE_CHECKING:
    from coratrix.core.calibration import DeviceCalibration
    from coratrix.core.circuit import QuantumCircuit

SCHEMA_VERSION = 1
_EVERY_QUBIT = "*"


@dataclass(frozen=True, kw_only=True)
class NoiseModel:
    """The noise of a device or of a thought experiment. Immutable; the module's docstring says where each
    part acts.

    Arguments are as forgiving as the JSON form: ``NoiseModel(depolarizing_error=0.01, readout_error=0.02,
    gate_errors={"cx": 0.03, "rz": {}, "cx 0 1": amplitude_damping(0.1)})``.

    Attributes:
        depolarizing_error: see `GateNoise`, as the next four; for gates that ``gate_errors`` does not name.
        readout_error: for qubits that ``readout_errors`` does not name.
        channels: further channels after every gate that ``gate_errors`` does not name.
        gate_errors: by gate (``"cx"``) or by gate on given qubits (``"cx 0 1"``). Names are those of the gate
            table;
            ``"unitary"`` is any matrix, ``"unitary:label"`` one with that label, ``"controlled"`` any other
            controlled gate.
        qubit_errors: by qubit; added after whatever the gate has.
        readout_errors: by qubit (``"3"``) or, for correlated errors, by qubits (``"0 1"``).
        idle: relaxation by qubit, or ``"*"`` for the others.
        durations: seconds by gate or gate on qubits, like ``gate_errors``; ``"measure"`` and ``"reset"`` too.
    """

    depolarizing_error: float = 0.0
    amplitude_damping_error: float = 0.0
    phase_damping_error: float = 0.0
    bit_flip_error: float = 0.0
    phase_flip_error: float = 0.0
    # Any stands for the forgiving forms that go in; what is read back is named behind each.
    readout_error: Any = None  # ReadoutError | None
    channels: tuple[Any, ...] = ()  # GateChannel
    gate_errors: Mapping[Any, Any] = field(default_factory=dict)  # str to GateNoise
    qubit_errors: Mapping[Any, Any] = field(default_factory=dict)  # str to GateNoise
    readout_errors: Mapping[Any, Any] = field(default_factory=dict)  # str to ReadoutError
    idle: Mapping[Any, Any] = field(default_factory=dict)  # str to Idle
    durations: Mapping[Any, float] = field(default_factory=dict)  # str to seconds

    def __post_init__(self) -> None:
        every_gate = GateNoise(channels=self.channels, **{name: getattr(self, name) for name in FLAT_ERRORS})
        put = object.__setattr__
        put(self, "channels", every_gate.channels)
        put(self, "_every_gate", every_gate)
        put(self, "readout_error", _readout(self.readout_error, "readout_error"))
        put(self, "gate_errors", _by_gate(self.gate_errors, GateNoise.of, "gate_errors"))
        put(self, "qubit_errors", _by_qubits(self.qubit_errors, GateNoise.of, "qubit_errors"))
        put(self, "readout_errors", _by_qubits(self.readout_errors, ReadoutError.of, "readout_errors"))
        put(self, "idle", _by_qubits(self.idle, Idle.of, "idle"))
        put(self, "durations", _by_gate(self.durations, _duration, "durations"))
        joint = [q for key in self.readout_errors if " " in key for q in key.split()]
        put(self, "_jointly_read", frozenset(joint))
        if twice := sorted({q for q in joint if joint.count(q) > 1 or q in self.readout_errors}):
            raise InvalidNoiseError(
                f"readout_errors: qubit {twice[0]} stands in two entries; one of them has to go"
            )
        self._check_widths()

    _every_gate: GateNoise = field(init=False, repr=False, compare=False, default_factory=GateNoise)
    _jointly_read: frozenset[str] = field(init=False, repr=False, compare=False, default=frozenset())

    # --- what engines ask ---------------------------------------------------------------------------------

    @property
    def is_silent(self) -> bool:
        """Whether no gate, wait or measurement carries noise."""
        gates = (self._every_gate, *self.gate_errors.values(), *self.qubit_errors.values())
        return (
            all(noise.is_silent for noise in gates)
            and not (self.readout_error or self.readout_errors)
            and all(idle.is_silent for idle in self.idle.values())
        )

    def channels_after(self, instruction: Instruction) -> list[Placed]:
        """``[(channel, qubits), …]`` in the order in which they act after this one instruction.

        A gate has its own noise and that of its qubits, a delay its idle noise, everything else none. Waiting
        for partners is not seen from one instruction; `applied_to` adds it.

        Raises:
            InvalidNoiseError: a channel is for another number of qubits than the gate has.
        """
        operation, qubits = instruction.operation, instruction.qubits
        if isinstance(operation, Delay):
            return self.waiting(qubits[0], operation.duration_s)
        if not isinstance(operation, Gate):
            return []
        label = operation.given_label if isinstance(operation, UnitaryGate) else None
        placed = self.gate_noise(operation.name, qubits, label=label).placed(qubits)
        for qubit in qubits if self.qubit_errors else ():
            if noise := self.qubit_errors.get(str(qubit)):
                placed += noise.placed((qubit,))
        return placed

    def gate_noise(
        self, name: str, qubits: Sequence[int] | None = None, *, label: str | None = None
    ) -> GateNoise:
        """The noise of a gate on given qubits, or wherever no rule for given qubits applies."""
        for key in gate_keys(name, label, qubits) if self.gate_errors else ():
            if key in self.gate_errors:
                return GateNoise.of(self.gate_errors[key])
        return self._every_gate

    def waiting(self, qubit: int, duration_s: float) -> list[Placed]:
        """The idle noise of one qubit over ``duration_s`` seconds, as a list of at most one channel."""
        idle = self.idle.get(str(qubit), self.idle.get(_EVERY_QUBIT))
        if idle is None or idle.is_silent or duration_s <= 0:
            return []
        return [(idle.channel(duration_s), (qubit,))]

    def readout(self, qubit: int) -> npt.NDArray[np.float64] | None:
        """The 2 × 2 confusion matrix of a qubit, rows true states, or ``None`` for a faithful readout.

        ``None`` too for a qubit that a joint error covers; that one comes from `correlated_readout`.
        """
        if str(qubit) in self._jointly_read:
            return None
        error = self.readout_errors.get(str(qubit), self.readout_error)
        return None if error is None else error.matrix()

    def correlated_readout(
        self, circuit: QuantumCircuit
    ) -> list[tuple[tuple[int, ...], npt.NDArray[np.float64]]]:
        """``[(clbits, matrix), …]`` to apply to the finished counts, for errors given on several qubits.

        Raises:
            InvalidNoiseError: the circuit measures these qubits more than once, only some of them, or inside
                a conditional, or reads or rewrites their bits later: a joint error is then undefined.
        """
        from coratrix.core.noise.joint_readout import joint_readout

        groups = {key: error for key, error in self.readout_errors.items() if error.num_qubits > 1}
        return [place for key, error in groups.items() if (place := joint_readout(circuit, key, error))]

    def duration(self, instruction: Instruction) -> float:
        """Seconds that an instruction takes; 0 where no duration is given."""
        return duration_of(instruction, self.durations)

    @property
    def needs_schedule(self) -> bool:
        """Whether qubits may pick up noise by waiting for partners, which only `applied_to` can tell."""
        return bool(self.idle and self.durations)

    def applied_to(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """The circuit with every channel written into it as an instruction. This is what the model means.

        Readout errors stay in the model, since they change bits and not the state.
        """
        from coratrix.core.noise.placement import with_channels

        return with_channels(circuit, self)

    # --- made from others ---------------------------------------------------------------------------------

    @classmethod
    def of(cls, value: NoiseModel | Mapping[str, Any] | None) -> NoiseModel:
        """From a model, its dictionary, or ``None`` (no noise): whatever a caller may pass as
        ``noise_model``."""
        if value is None:
            return cls()
        return value if isinstance(value, NoiseModel) else cls.from_dict(value)

    @classmethod
    def from_calibration(cls, record: DeviceCalibration) -> NoiseModel:
        """The noise of a device from its calibration record; see `coratrix.core.noise.calibrated`."""
        from coratrix.core.noise.calibrated import model_from_calibration

        return model_from_calibration(record)

    def with_gate_error(self, gate: str, noise: Any, *, qubits: Sequence[int] = ()) -> NoiseModel:
        """This model with other noise on a gate, or on a gate on given qubits."""
        key = " ".join([gate, *map(str, qubits)])
        return replace(
            self, gate_errors={**self.gate_errors, gate_key(key, "gate_errors"): GateNoise.of(noise)}
        )

    def with_readout_error(self, error: Any, *, qubits: Sequence[int]) -> NoiseModel:
        """This model with another readout error on one qubit, or a joint one on several."""
        key = " ".join(map(str, qubits))
        made = _readout(error, f"readout_errors[{key!r}]")
        return replace(self, readout_errors={**self.readout_errors, qubits_key(key, "readout_errors"): made})

    # --- JSON ---------------------------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """JSON values in the guide's flat form; what is 0 or empty is left out."""
        data: dict[str, Any] = {"schema_version": SCHEMA_VERSION, **self._every_gate.to_dict()}
        if self.readout_error is not None:
            data["readout_error"] = self.readout_error.to_json()
        parts = {
            "gate_errors": {key: noise.to_dict() for key, noise in self.gate_errors.items()},
            "qubit_errors": {key: noise.to_dict() for key, noise in self.qubit_errors.items()},
            "readout_errors": {key: error.to_json() for key, error in self.readout_errors.items()},
            "idle": {key: idle.to_dict() for key, idle in self.idle.items()},
            "durations": dict(self.durations),
        }
        return data | {name: part for name, part in parts.items() if part}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> NoiseModel:
        """Read the guide's flat form, e.g. ``{"depolarizing_error": 0.01, "gate_errors": {"cx": 0.03}}``.

        Raises:
            InvalidNoiseError: unknown key, gate or channel (with a suggestion), a value out of range, another
                schema version.
        """
        if not isinstance(data, Mapping):
            raise InvalidNoiseError(
                f"a noise model is a NoiseModel, a dictionary or a JSON object, found {type(data).__name__}"
            )
        values = dict(data)
        version = values.pop("schema_version", SCHEMA_VERSION)
        if version != SCHEMA_VERSION:
            raise InvalidNoiseError(
                f"a noise model of schema version {version!r}; this package reads {SCHEMA_VERSION}"
            )
        refuse_unknown(values, [f.name for f in fields(cls) if f.init], "noise model")
        if "channels" in values:
            values["channels"] = GateNoise.from_dict({"channels": values["channels"]}).channels
        return cls(**values)

    def to_json(self) -> str:
        """Text of `to_dict`."""
        return json.dumps(self.to_dict(), indent=1)

    @classmethod
    def from_json(cls, text: str) -> NoiseModel:
        """Read the text of `to_json`, or a hand-written one."""
        try:
            return cls.from_dict(json.loads(text))
        except json.JSONDecodeError as exc:
            raise InvalidNoiseError(f"a noise model is JSON: {exc}") from exc

    def _check_widths(self) -> None:
        if self.readout_error is not None and self.readout_error.num_qubits != 1:
            raise InvalidNoiseError(
                "readout_error is for one qubit; a joint one goes into readout_errors['0 1']"
            )
        for key, error in self.readout_errors.items():
            if error.num_qubits != len(key.split()):
                raise InvalidNoiseError(f"readout_errors[{key!r}] has a matrix for {error.num_qubits} qubits")
        for part in ("qubit_errors", "idle"):
            if wide := [key for key in getattr(self, part) if " " in key]:
                raise InvalidNoiseError(f"{part}[{wide[0]!r}]: expected one qubit")


def _readout(value: Any, where: str) -> ReadoutError | None:
    try:
        return None if value is None else ReadoutError.of(value)
    except InvalidNoiseError as exc:
        raise InvalidNoiseError(f"{where}: {exc}") from exc


def _duration(value: Any) -> float:
    return check_positive(value, "duration", or_zero=True)


def _by_gate(entries: Mapping[Any, Any], convert: Any, where: str) -> FrozenDict[str, Any]:
    return _normalised(entries, gate_key, convert, where)


def _by_qubits(entries: Mapping[Any, Any], convert: Any, where: str) -> FrozenDict[str, Any]:
    def key_of(key: Any, place: str) -> str:
        return _EVERY_QUBIT if key == _EVERY_QUBIT and place == "idle" else qubits_key(key, place)

    return _normalised(entries, key_of, convert, where)


def _normalised(entries: Mapping[Any, Any], key_of: Any, convert: Any, where: str) -> FrozenDict[str, Any]:
    """The entries with their keys in one spelling; an error names the entry."""
    if not isinstance(entries, Mapping):
        raise InvalidNoiseError(f"{where} is a dictionary, found {type(entries).__name__}")
    made: dict[str, Any] = {}
    for key, value in entries.items():
        name = key_of(key, where)
        if name in made:
            raise InvalidNoiseError(f"{where}: {key!r} and another key both mean {name!r}")
        try:
            made[name] = convert(value)
        except InvalidNoiseError as exc:
            raise InvalidNoiseError(f"{where}[{key!r}]: {exc}") from exc
    return FrozenDict(made)
