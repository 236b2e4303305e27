"""The service as a user sees it: status, queue, schedule, jobs, compilation, calibration."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cirq
import cirq_google
import pytest
from cirq_google.api import v2
from cirq_google.cloud import quantum
from google_service import GoogleService

from coratrix.backend import (
    BackendStatus,
    CircuitValidationError,
    ConfigurationError,
    JobState,
    QueueInfo,
    UnknownOptionError,
)
from coratrix.core import QuantumCircuit, condition_equals
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.noise import NoiseModel
from coratrix.testing.clock import FakeClock

from .conftest import PROJECT, service_backend

Health = quantum.QuantumProcessor.Health
Slot = quantum.QuantumTimeSlot.TimeSlotType
CIRCUIT = QuantumCircuit(3).x(1).measure_all()


def sent_circuit(service: GoogleService) -> cirq.AbstractCircuit:
    """The only program that the service holds, as it would read it."""
    (program,) = service.ledger.programs.values()
    message = v2.program_pb2.Program()
    assert program.code.Unpack(message)
    return cirq_google.CIRCUIT_SERIALIZER.deserialize(message)


class TestStatus:
    @pytest.mark.parametrize(
        ("health", "status"),
        [
            (Health.OK, BackendStatus.ONLINE),
            (Health.DOWN, BackendStatus.OFFLINE),
            (Health.INACTIVE, BackendStatus.OFFLINE),
            (Health.UNAVAILABLE, BackendStatus.OFFLINE),
            (Health.HEALTH_UNSPECIFIED, BackendStatus.UNKNOWN),
        ],
    )
    def test_health_is_status(
        self, service: GoogleService, health: quantum.QuantumProcessor.Health, status: BackendStatus
    ) -> None:
        service.processors["willow_pink"].health = health

        report = service_backend(service).get_status_report()

        assert report.status is status
        assert health.name in report.message

    @pytest.mark.parametrize(
        ("kind", "owner", "status", "words"),
        [
            (Slot.OPEN_SWIM, "", BackendStatus.ONLINE, "open swim"),
            (Slot.RESERVATION, PROJECT, BackendStatus.ONLINE, f"reserved for project {PROJECT}"),
            (Slot.RESERVATION, "theirs", BackendStatus.BUSY, "reserved for project theirs until 20"),
            (Slot.MAINTENANCE, "", BackendStatus.MAINTENANCE, "maintenance until 20"),
        ],
    )
    def test_the_schedule_decides_whether_there_is_time(
        self,
        service: GoogleService,
        kind: quantum.QuantumTimeSlot.TimeSlotType,
        owner: str,
        status: BackendStatus,
        words: str,
    ) -> None:
        processor = service.processors["willow_pink"]
        processor.add_slot(kind, project=owner)

        report = service_backend(service).get_status_report()

        assert report.status is status
        assert words in report.message
        if status is not BackendStatus.ONLINE:
            assert report.next_available == processor.slots[0].end_time.timestamp()

    def test_a_stranger_is_told_so(self, service: GoogleService) -> None:
        backend = service_backend(service, access_token="somebody's")

        assert backend.get_status() is BackendStatus.UNAUTHORIZED

    def test_the_queue_is_what_the_service_says_or_unknown(self, service: GoogleService) -> None:
        told = service_backend(service).get_queue_info()
        service.processors["willow_pink"].active_jobs = None
        silent = service_backend(service).get_queue_info()

        assert (told.length, told.source, told.estimated_wait_time, told.priority) == (
            3,
            "provider",
            None,
            None,
        )
        assert silent == QueueInfo()

    def test_the_schedule_is_listed_in_order(self, service: GoogleService) -> None:
        processor = service.processors["willow_pink"]
        processor.add_slot(Slot.RESERVATION, project="theirs", starts_in_s=7200)
        processor.add_slot(Slot.OPEN_SWIM)

        slots = service_backend(service).get_schedule()

        assert [(slot.kind, slot.project) for slot in slots] == [
            ("open_swim", None),
            ("reservation", "theirs"),
        ]
        assert slots[1].ends_at is not None
        assert slots[1].starts_at is not None
        assert slots[1].ends_at - slots[1].starts_at == 3600


class TestJobs:
    def test_a_result_says_what_ran_where(self, service: GoogleService) -> None:
        result = service_backend(service).execute(CIRCUIT, 40)

        assert result.counts == {"010": 40}
        assert result.execution_time == pytest.approx(0.25)
        assert result.metadata["processor"] == "willow_pink"
        assert result.metadata["gateset"] == "cz"
        assert result.metadata["vendor_job_id"] == next(iter(service.ledger.jobs))
        assert result.metadata["execution_time_source"] == "provider"

    def test_ids_labels_and_priority_arrive(self, service: GoogleService) -> None:
        job = service_backend(service).submit(CIRCUIT, 40, priority=7, tags=("a", "b"))

        (stored,) = service.ledger.jobs.values()

        assert stored.message.name == f"projects/{PROJECT}/programs/{job.id}/jobs/{job.id}"
        assert stored.message.scheduling_config.priority == 7
        assert stored.message.description == "a, b"

    def test_a_configuration_of_the_processor_can_be_chosen(self, service: GoogleService) -> None:
        service_backend(service, run_name="r1", device_config_name="d1").submit(CIRCUIT, 40)

        (stored,) = service.ledger.jobs.values()
        selector = stored.message.scheduling_config.processor_selector.device_config_selector

        assert (selector.run_name, selector.config_alias) == ("r1", "d1")

    def test_the_credentials_can_name_the_project(self, service: GoogleService, tmp_path: Path) -> None:
        key = service.identities.make_service_account(tmp_path / "key.json", project=PROJECT)

        backend = service_backend(service, service_account_file=str(key), project=None)

        assert backend.execute(CIRCUIT, 40).counts == {"010": 40}

    def test_requests_per_execution(self, service: GoogleService) -> None:
        backend = service_backend(service)
        backend.execute(CIRCUIT, 40)
        service.ledger.forget_requests()

        backend.execute(CIRCUIT, 40)

        assert [request.rpc for request in service.ledger.requests] == [
            "CreateQuantumProgram",
            "CreateQuantumJob",
            "GetQuantumJob",
            "GetQuantumResult",
        ]

    def test_many_threads_share_one_backend(self, service: GoogleService) -> None:
        backend = service_backend(service)
        circuits = [QuantumCircuit(8).x(k).measure_all() for k in range(8)]

        with ThreadPoolExecutor(8) as threads:
            results = list(threads.map(lambda circuit: backend.execute(circuit, 20), circuits))

        assert [result.counts for result in results] == [{f"{1 << (7 - k):08b}": 20} for k in range(8)]
        assert len(service.ledger.jobs) == 8

    def test_a_closed_backend_connects_again(self, service: GoogleService) -> None:
        with service_backend(service) as backend:
            backend.execute(CIRCUIT, 10)

        assert backend.execute(CIRCUIT, 10).counts == {"010": 10}

    def test_a_job_can_be_cancelled_before_it_ends(self, service: GoogleService) -> None:
        service.engine.polls_per_job = 1000
        job = service_backend(service, clock=FakeClock()).submit(CIRCUIT, 40)

        assert job.status() is JobState.QUEUED
        assert job.cancel()
        assert job.status() is JobState.CANCELLED
        assert job.result().error_code == "cancelled"
        assert not job.cancel()

    def test_it_is_too_late_to_cancel_what_has_ended(self, service: GoogleService) -> None:
        backend = service_backend(service)
        job = backend.submit(CIRCUIT, 40)

        assert not job.cancel()
        assert job.result().counts == {"010": 40}

    def test_a_failed_job_is_a_result_with_the_reason(self, service: GoogleService) -> None:
        failure = quantum.ExecutionStatus.Failure(
            error_code=quantum.ExecutionStatus.Failure.Code.SCHEDULING_EXPIRED, error_message="no time left"
        )
        service.engine.next_outcome = quantum.ExecutionStatus(
            state=quantum.ExecutionStatus.State.FAILURE, failure=failure
        )

        result = service_backend(service).execute(CIRCUIT, 40)

        assert not result.success
        assert result.error == "SCHEDULING_EXPIRED: no time left"
        assert result.error_code == "scheduling_expired"

    def test_a_batch_is_sent_together_and_keeps_its_order(self, service: GoogleService) -> None:
        circuits = [QuantumCircuit(3).x(k).measure_all() for k in range(3)]

        results = service_backend(service).execute_batch(circuits, [10, 20, 30])

        assert [result.counts for result in results] == [{"100": 10}, {"010": 20}, {"001": 30}]


class TestCompilation:
    def test_what_is_sent_are_the_processors_own_gates_and_one_key_per_bit(
        self, service: GoogleService
    ) -> None:
        circuit = QuantumCircuit(4, registers=[("b", 2), ("a", 1)])
        circuit.h(0).ccx(0, 1, 3).swap(1, 2).measure((0, 3, 2), (1, 2, 0))

        service_backend(service).execute(circuit, 40)

        sent = sent_circuit(service)
        service.processors["willow_pink"].device.validate_circuit(sent)
        assert sorted(map(str, cirq.measurement_key_objs(sent))) == ["a_0", "b_0", "b_1"]

    @pytest.mark.parametrize("level", [0, 1, 2, 3])
    def test_every_level_gives_the_same_distribution(self, service: GoogleService, level: int) -> None:
        circuit = QuantumCircuit(3).x(0).cx(0, 1).ccx(0, 1, 2).x(1).measure_all()

        result = service_backend(service).execute(circuit, 40, optimization_level=level)

        assert result.counts == {"101": 40}

    def test_level_0_merges_nothing_and_a_barrier_holds_at_any_level(self, service: GoogleService) -> None:
        twice = QuantumCircuit(2).cz(0, 1).cz(0, 1).measure_all()
        parted = QuantumCircuit(2).cz(0, 1).barrier().cz(0, 1).measure_all()
        backend = service_backend(service)

        two_qubit_gates = [
            backend.execute(circuit, 10, optimization_level=level).metadata["two_qubit_gates"]
            for circuit, level in ((twice, 0), (twice, 2), (parted, 2), (parted, 3))
        ]

        assert two_qubit_gates == [2, 0, 2, 2]

    def test_a_delay_is_sent(self, service: GoogleService) -> None:
        service_backend(service).execute(QuantumCircuit(1).h(0).delay(100e-9, 0).h(0).measure_all(), 10)

        waits = [op for op in sent_circuit(service).all_operations() if isinstance(op.gate, cirq.WaitGate)]
        assert [op.gate.duration for op in waits] == [cirq.Duration(nanos=100)]

    def test_weber_is_compiled_to_the_gate_that_is_calibrated_there(self, service: GoogleService) -> None:
        result = service_backend(service, device="weber").execute(QuantumCircuit(2).h(0).cx(0, 1), 40)

        assert result.metadata["gateset"] == "sycamore"
        assert set(result.counts) == {"00", "11"}

    def test_a_gateset_that_the_processor_lacks_is_refused(self, service: GoogleService) -> None:
        backend = service_backend(service, gateset="sqrt_iswap")

        with pytest.raises(ConfigurationError, match="'sqrt_iswap'; it offers cz"):
            backend.execute(CIRCUIT, 10)

    def test_all_problems_are_listed_and_nothing_is_sent(self, service: GoogleService) -> None:
        circuit = QuantumCircuit(2, num_clbits=2).h(0).measure(0, 0).reset(0)
        circuit.if_test(condition_equals(0, 1), lambda body: body.x(1)).measure(1, 1)
        backend = service_backend(service, device="weber")

        with pytest.raises(CircuitValidationError) as refused:
            backend.execute(circuit, 0)

        assert refused.value.report is not None
        assert [issue.code for issue in refused.value.report.issues] == [
            "shots",
            "unsupported_operation",
            "unsupported_operation",
        ]
        assert not service.ledger.programs

    def test_a_processor_has_no_seed_and_takes_no_noise(self, service: GoogleService) -> None:
        with pytest.raises(UnknownOptionError, match=r"'noise_model'.*'seed'"):
            service_backend(service).execute(CIRCUIT, 10, seed=3, noise_model={"depolarizing_error": 0.1})


class TestCalibration:
    def test_the_current_calibration_is_a_record(self, service: GoogleService) -> None:
        record = service_backend(service).get_calibration()

        assert record is not None
        assert record.num_qubits == 105
        assert record.as_of is not None
        assert record.as_of.startswith("2024-08-16")
        assert {"cz", "u"} <= set(record.native_gates)
        assert DeviceCalibration.from_dict(json.loads(record.to_json())) == record
        assert NoiseModel.from_calibration(record).readout(0) is not None

    def test_the_numbers_are_those_of_the_metrics(self, service: GoogleService) -> None:
        metrics = cirq_google.engine.load_median_device_calibration("willow_pink")
        record = service_backend(service).get_calibration()
        assert record is not None
        assert record.labels is not None

        for number, label in enumerate(record.labels):
            qubit = next(
                q
                for q in cirq_google.engine.create_device_from_processor_id("willow_pink").metadata.qubit_set
                if str(q) == label
            )
            entry = record.qubits[number]
            assert entry.t1_s == pytest.approx(metrics["single_qubit_idle_t1_micros"][(qubit,)][0] * 1e-6)
            assert entry.readout is not None
            assert entry.readout[0][1] == pytest.approx(metrics["single_qubit_p00_error"][(qubit,)][0])
            assert entry.readout[1][0] == pytest.approx(metrics["single_qubit_p11_error"][(qubit,)][0])

    def test_no_calibration_is_none(self, service: GoogleService) -> None:
        service.processors["willow_pink"].has_calibration = False

        assert service_backend(service).get_calibration() is None
