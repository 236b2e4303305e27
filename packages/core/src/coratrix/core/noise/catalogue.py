"""Every kind of channel by name, and channels to and from JSON values.

Owns: `CHANNELS`, `channel`, the dictionary form. Knows nothing of: the definitions themselves.
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.pauli_channels import bit_flip, bit_phase_flip, depolarizing, pauli, phase_flip
from coratrix.core.noise.relaxation import (
    amplitude_damping,
    generalized_amplitude_damping,
    phase_amplitude_damping,
    phase_damping,
    reset_error,
    thermal_relaxation,
)
from coratrix.core.noise.validity import check_kraus, check_range


def coherent_error(unitary: npt.ArrayLike) -> Channel:
    """ρ → UρU†: the same wrong turn every time, after the gate. Matrix with the first qubit most
    significant."""
    return Channel.from_unitary(unitary)


def kraus(operators: Sequence[npt.ArrayLike]) -> Channel:
    """ρ → ΣKρK† from any operators with ΣK†K = I. Aer's ``kraus_error`` has the first qubit least
    significant."""
    return Channel.from_kraus(operators)


def mixed_unitary(unitaries: Sequence[tuple[float, npt.ArrayLike]]) -> Channel:
    """ρ → Σ p_i U_i ρ U_i† from ``[(probability, unitary), …]``; the probabilities add up to 1."""
    weights = [check_range(p, f"mixed_unitary probability {i}") for i, (p, _) in enumerate(unitaries)]
    if abs(sum(weights) - 1) > 1e-9:
        raise InvalidNoiseError(f"mixed_unitary: the probabilities add up to {sum(weights):g}, not 1")
    matrices = [check_kraus([u], f"mixed_unitary matrix {i}")[0] for i, (_, u) in enumerate(unitaries)]
    return Channel.from_kraus([np.sqrt(p) * u for p, u in zip(weights, matrices, strict=True) if p > 0])


CHANNELS: Mapping[str, Callable[..., Channel]] = MappingProxyType(
    {
        "depolarizing": depolarizing,
        "pauli": pauli,
        "bit_flip": bit_flip,
        "phase_flip": phase_flip,
        "bit_phase_flip": bit_phase_flip,
        "amplitude_damping": amplitude_damping,
        "generalized_amplitude_damping": generalized_amplitude_damping,
        "phase_damping": phase_damping,
        "phase_amplitude_damping": phase_amplitude_damping,
        "thermal_relaxation": thermal_relaxation,
        "reset_error": reset_error,
        "coherent": coherent_error,
        "kraus": kraus,
    }
)
"""Channel name to the function that makes it; `Channel.params` are that function's arguments."""


def channel(name: str, /, **params: Any) -> Channel:
    """The channel of this name: ``channel("amplitude_damping", gamma=0.01)``.

    Raises:
        InvalidNoiseError: no channel of this name, a parameter it does not have or lacks, or a value out of
            range.
    """
    constructor = CHANNELS.get(name)
    if constructor is None:
        raise InvalidNoiseError(
            f"no channel is named {name!r}{_did_you_mean(name)}; known: {', '.join(CHANNELS)}"
        )
    signature = inspect.signature(constructor)
    try:
        signature.bind(**params)
    except TypeError as exc:
        raise InvalidNoiseError(
            f"channel {name}: {exc}; its parameters are {', '.join(signature.parameters)}"
        ) from exc
    return constructor(**params)


def channel_to_dict(value: Channel) -> dict[str, Any]:
    """JSON values; complex matrices as ``{"real": …, "imag": …}``."""
    return {"name": value.name} | {key: _to_json(param) for key, param in value.params.items()}


def channel_from_dict(data: Mapping[str, Any]) -> Channel:
    """Read what `channel_to_dict` wrote, or a hand-written ``{"name": …, parameter: value}``."""
    if not isinstance(data, Mapping) or not isinstance(data.get("name"), str):
        raise InvalidNoiseError(f"a channel is {{'name': …, parameters}}; found {data!r}")
    return channel(data["name"], **{key: _from_json(v) for key, v in data.items() if key != "name"})


def _did_you_mean(name: str) -> str:
    close = difflib.get_close_matches(name, CHANNELS, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _to_json(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"real": value.real.tolist(), "imag": value.imag.tolist()}
    if isinstance(value, tuple):
        return [_to_json(item) for item in value]
    return dict(value) if isinstance(value, Mapping) else value


def _from_json(value: Any) -> Any:
    if isinstance(value, Mapping) and set(value) == {"real", "imag"}:
        return np.asarray(value["real"], dtype=float) + 1j * np.asarray(value["imag"], dtype=float)
    return [_from_json(item) for item in value] if isinstance(value, list) else value
