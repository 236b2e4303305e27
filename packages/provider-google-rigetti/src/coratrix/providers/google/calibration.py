"""Google's calibration as our neutral record, for a local double of the processor.

Owns: which of cirq-google's readings of a calibration is taken, its date and its source. Pure.
Knows nothing of: how it was fetched, noise models.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from coratrix.backend.errors import BackendResponseError
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.noise.interop_cirq import CIRQ_GATES, calibration_from_cirq

if TYPE_CHECKING:
    import cirq_google

_GATES = {**CIRQ_GATES, "ISwapPowGate": "unitary:sqrt_iswap"}
"""Names of gates; of iSWAP's powers Google calibrates the square root."""


def calibration_record(
    calibration: cirq_google.Calibration, device: cirq_google.GridDevice, *, name: str
) -> DeviceCalibration:
    """The record of a calibration and a specification of the same processor.

    T2 is not measured by Google; it follows from the incoherent part of the one-qubit errors.

    Raises:
        BackendResponseError: the calibration lacks what a noise model needs.
    """
    from cirq_google.engine.calibration_to_noise_properties import noise_properties_from_calibration
    from cirq_google.engine.virtual_engine_factory import extract_gate_times_ns_from_device

    try:
        durations = extract_gate_times_ns_from_device(device)
        properties = noise_properties_from_calibration(calibration=calibration, gate_times_ns=durations)
    except (KeyError, ValueError) as exc:
        raise BackendResponseError(f"the calibration of {name!r} is incomplete: {exc}") from exc
    return _dated(calibration_from_cirq(properties, name=name, gates=_GATES), calibration)


def template_record(processor_id: str) -> DeviceCalibration:
    """The median calibration that cirq-google ships for one of its virtual processors."""
    from cirq_google.engine import virtual_engine_factory as factory

    properties = factory.load_device_noise_properties(processor_id)
    record = calibration_from_cirq(properties, name=processor_id, gates=_GATES)
    return _dated(record, factory.load_median_device_calibration(processor_id))


def _dated(record: DeviceCalibration, calibration: cirq_google.Calibration) -> DeviceCalibration:
    taken = datetime.fromtimestamp(calibration.timestamp / 1000, UTC)
    return replace(record, as_of=taken.isoformat(), source="cirq-google, metrics of the calibration")
