"""The simulator's parameters: what stands in ``connection_params``, checked and typed.

Owns: their names, defaults and units. Knows nothing of: running circuits.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

from coratrix.backend.errors import ConfigurationError
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise import NoiseModel
from coratrix.sim import _engine

SIMULATOR_TYPES: Final = ("statevector", "density_matrix", "trajectories", "stabilizer", "auto")
PRECISIONS: Final = ("double", "single")
_UNITS: Final = {
    "": 1,
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
_IGNORED: Final = ("provider",)  # names this backend among others; nothing for the simulator itself


@dataclass(frozen=True, kw_only=True)
class SimulatorParameters:
    """How to simulate.

    Attributes:
        simulator_type: ``"statevector"`` or ``"trajectories"`` (the same: noise by drawn histories),
            ``"density_matrix"`` (noise exactly), ``"stabilizer"`` (Clifford circuits with Pauli noise)
            or ``"auto"``, which picks one of them for each circuit; `coratrix.sim.methods` says how.
        max_qubits: refuse larger circuits; by default what the memory holds.
        supports_noise: whether noise models and channels are accepted.
        noise_model: applied to every circuit that brings none of its own; a model, the guide's flat form, or
            the path of a JSON file of it.
        calibration: makes the simulator a twin of a device: its map, gates and noise (see
            `coratrix.sim.twin`). A `DeviceCalibration`, its dictionary, or the path of its JSON file. A
            ``noise_model`` given beside it replaces its noise, and ``simulator_type`` is then ``"auto"`` unless
            given.
        routing: on a twin, swaps bring together what the device's map keeps apart; off, such gates are refused.
        seed: of every execution that gives none; by default each draws its own.
        use_gpu: asks for a GPU; a run then refuses, as this build has none.
        gpu_memory_limit: bytes, from ``8_000_000_000``, ``"8GB"`` or ``"8GiB"``.
        precision: ``"double"`` (complex128) or ``"single"`` (complex64, half the memory, about twice as fast).
        num_threads: 0 for all cores.
        instruction_set: ``"avx512"``, ``"avx2"`` or ``"portable"``; by default the best of this processor.
    """

    simulator_type: str = "statevector"
    max_qubits: int | None = None
    supports_noise: bool = True
    noise_model: NoiseModel | None = None
    calibration: DeviceCalibration | None = None
    routing: bool = False
    seed: int | None = None
    use_gpu: bool = False
    gpu_memory_limit: int | None = None
    precision: str = "double"
    num_threads: int = 0
    instruction_set: str = ""

    @classmethod
    def parse(cls, params: Mapping[str, Any], *, backend: str) -> SimulatorParameters:
        """From ``connection_params``.

        Raises:
            ConfigurationError: naming the parameter, the value, and what it may be.
        """
        known = [field.name for field in fields(cls)]
        for name in params:
            if name not in known and name not in _IGNORED:
                close = difflib.get_close_matches(name, known, n=1)
                meant = f" (did you mean {close[0]!r}?)" if close else ""
                raise ConfigurationError(
                    f"{backend}: the simulator has no parameter {name!r}{meant}",
                    hint=f"Parameters: {', '.join(known)}",
                )
        given = {name: value for name, value in params.items() if name in known and value is not None}
        if "calibration" in given:
            given.setdefault("simulator_type", "auto")
        if given.get("routing") and "calibration" not in given:
            raise ConfigurationError(
                f"{backend}: routing is asked for without a device",
                hint="Give its calibration, or make the simulator with manager.twin(name, routing=True)",
            )
        return cls(**{name: _PARSERS[name](name, value, backend) for name, value in given.items()})


def _bad(name: str, value: object, allowed: str, backend: str) -> ConfigurationError:
    return ConfigurationError(f"{backend}: {name} is {value!r}", hint=f"It must be {allowed}")


def _choice(allowed: tuple[str, ...]) -> Any:
    def parse(name: str, value: object, backend: str) -> str:
        if value not in allowed:
            raise _bad(name, value, "one of " + ", ".join(map(repr, allowed)), backend)
        return str(value)

    return parse


def _flag(name: str, value: object, backend: str) -> bool:
    if not isinstance(value, bool):
        raise _bad(name, value, "true or false", backend)
    return value


def _whole(lowest: int) -> Any:
    def parse(name: str, value: Any, backend: str) -> int:
        if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < lowest:
            raise _bad(name, value, f"a whole number, {lowest} or more", backend)
        return int(value)

    return parse


def _seed(name: str, value: Any, backend: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise _bad(name, value, "a whole number", backend)
    return int(value)


def noise_model_of(value: Any, backend: str) -> NoiseModel:
    """A noise model from a model, its dictionary, or the path of its JSON file; None is no noise.

    Raises:
        ConfigurationError: it is none of these, or what it says is no noise; the key and the value are named.
    """
    try:
        if isinstance(value, str | os.PathLike):
            return NoiseModel.from_json(Path(value).read_text(encoding="utf-8"))
        return NoiseModel.of(value)
    except (InvalidNoiseError, OSError, UnicodeDecodeError, TypeError, AttributeError) as exc:
        raise ConfigurationError(f"{backend}: noise_model: {exc}", backend=backend) from exc


def _noise(_: str, value: Any, backend: str) -> NoiseModel:
    return noise_model_of(value, backend)


def _calibration(name: str, value: Any, backend: str) -> DeviceCalibration:
    if isinstance(value, DeviceCalibration):
        return value
    try:
        if isinstance(value, Mapping):
            return DeviceCalibration.from_dict(value)
        if isinstance(value, str | os.PathLike):
            return DeviceCalibration.from_json(Path(value).read_text(encoding="utf-8"))
    except (InvalidNoiseError, OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{backend}: {name}: {exc}") from exc
    raise _bad(name, value, "a DeviceCalibration, its dictionary, or the path of its JSON file", backend)


def _bytes(name: str, value: Any, backend: str) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    match = (
        re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", value.lower()) if isinstance(value, str) else None
    )
    if match is None or match[2] not in _UNITS or float(match[1]) <= 0:
        raise _bad(name, value, "a number of bytes, such as '8GB' or '512MiB'", backend)
    return int(float(match[1]) * _UNITS[match[2]])


_PARSERS: Final[dict[str, Any]] = {
    "simulator_type": _choice(SIMULATOR_TYPES),
    "max_qubits": _whole(1),
    "supports_noise": _flag,
    "noise_model": _noise,
    "calibration": _calibration,
    "routing": _flag,
    "seed": _seed,
    "use_gpu": _flag,
    "gpu_memory_limit": _bytes,
    "precision": _choice(PRECISIONS),
    "num_threads": _whole(0),
    "instruction_set": _choice(tuple(_engine.instruction_sets())),
}
