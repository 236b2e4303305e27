"""Noise as data: channels with closed forms, readout errors, and the model that places them in a circuit."""

from __future__ import annotations

from coratrix.core.noise.catalogue import (
    CHANNELS,
    channel,
    channel_from_dict,
    channel_to_dict,
    coherent_error,
    kraus,
    mixed_unitary,
)
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.gate_noise import GateChannel, GateNoise
from coratrix.core.noise.idle import Idle
from coratrix.core.noise.model import NoiseModel
from coratrix.core.noise.pauli_channels import (
    bit_flip,
    bit_phase_flip,
    depolarizing,
    depolarizing_from_error_probability,
    pauli,
    phase_flip,
)
from coratrix.core.noise.readout import ReadoutError
from coratrix.core.noise.relaxation import (
    amplitude_damping,
    generalized_amplitude_damping,
    phase_amplitude_damping,
    phase_damping,
    reset_error,
    thermal_relaxation,
)
from coratrix.core.noise.validity import ChannelDefects, channel_defects

__all__ = [
    "CHANNELS",
    "Channel",
    "ChannelDefects",
    "GateChannel",
    "GateNoise",
    "Idle",
    "NoiseModel",
    "ReadoutError",
    "amplitude_damping",
    "bit_flip",
    "bit_phase_flip",
    "channel",
    "channel_defects",
    "channel_from_dict",
    "channel_to_dict",
    "coherent_error",
    "depolarizing",
    "depolarizing_from_error_probability",
    "generalized_amplitude_damping",
    "kraus",
    "mixed_unitary",
    "pauli",
    "phase_amplitude_damping",
    "phase_damping",
    "phase_flip",
    "reset_error",
    "thermal_relaxation",
]
