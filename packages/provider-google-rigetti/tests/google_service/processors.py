"""The processors that the service owns: cirq-google's own templates and median calibrations.

Owns: health, schedule and calibration of each. Knows nothing of: jobs, gRPC.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import cirq
import cirq_google
from cirq_google.cloud import quantum
from cirq_google.engine import util
from cirq_google.engine.virtual_engine_factory import create_device_spec_from_processor_id

SlotType = quantum.QuantumTimeSlot.TimeSlotType


@dataclass(kw_only=True)
class Processor:
    """One processor: what ``GetQuantumProcessor`` says, and the device that programs are held against."""

    processor_id: str
    health: quantum.QuantumProcessor.Health = quantum.QuantumProcessor.Health.OK
    active_jobs: int | None = 3
    expected_recovery: datetime.datetime | None = None
    has_calibration: bool = True
    slots: list[quantum.QuantumTimeSlot] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device: cirq.Device = cirq_google.engine.create_device_from_processor_id(self.processor_id)
        self._spec = util.pack_any(create_device_spec_from_processor_id(self.processor_id))

    def message(self, project: str) -> quantum.QuantumProcessor:
        name = f"projects/{project}/processors/{self.processor_id}"
        message = quantum.QuantumProcessor(
            name=name,
            health=self.health,
            device_spec=self._spec,
            supported_languages=["cirq.google.api.v2.Program"],
        )
        if self.active_jobs is not None:
            stats = quantum.QuantumProcessor.ActivityStats(active_jobs_count=self.active_jobs)
            message.activity_stats = stats
        if self.expected_recovery is not None:
            message.expected_recovery_time = self.expected_recovery
        now = datetime.datetime.now(datetime.UTC)
        active = [slot for slot in self.slots if slot.start_time <= now < slot.end_time]
        if active:
            message.active_time_slot = active[0]
        return message

    def calibration(self, project: str) -> quantum.QuantumCalibration:
        snapshot = cirq_google.engine.load_median_device_calibration(self.processor_id)
        message = snapshot.to_proto()
        message.timestamp_ms = snapshot.timestamp  # to_proto() leaves it out
        seconds = snapshot.timestamp // 1000
        return quantum.QuantumCalibration(
            name=f"projects/{project}/processors/{self.processor_id}/calibrations/{seconds}",
            timestamp=datetime.datetime.fromtimestamp(seconds, datetime.UTC),
            data=util.pack_any(message),
        )

    def add_slot(
        self, kind: SlotType, *, project: str = "", starts_in_s: float = -600.0, lasts_s: float = 3600.0
    ) -> None:
        start = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=starts_in_s)
        slot = quantum.QuantumTimeSlot(
            processor_name=f"projects/google/processors/{self.processor_id}",
            start_time=start,
            end_time=start + datetime.timedelta(seconds=lasts_s),
            time_slot_type=kind,
        )
        if kind == SlotType.RESERVATION:
            slot.reservation_config = quantum.QuantumTimeSlot.ReservationConfig(project_id=project)
        self.slots.append(slot)
