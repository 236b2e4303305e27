"""The adapter on the wire: regions, buckets, what a request holds, price, status, queue, calibration."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from aws_service import ACCESS_KEY, ACCOUNT, SECRET_KEY, BraketCloud
from aws_service.devices import DM1, FORTE, SV1

from coratrix.backend import BackendStatus, BackendUnavailableError, UnknownOptionError
from coratrix.backend.errors import BudgetExceededError, CircuitValidationError
from coratrix.core import QuantumCircuit
from coratrix.core.noise import NoiseModel
from coratrix.providers.aws import BraketBackend
from coratrix.testing.clock import FakeClock
from coratrix.testing.loopback import LoopbackProxy
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match

Make = Callable[..., BraketBackend]
MONDAY_NOON = 1_763_985_600.0 + 7 * 86400  # 2025-12-01 12:00 UTC, a Monday


def lopsided() -> QuantumCircuit:
    return QuantumCircuit(3).x(0).cx(0, 1)


def test_the_default_bucket_is_brakets_own_and_found_once(
    braket: Make, cloud: BraketCloud, proxy: LoopbackProxy
) -> None:
    backend = braket()

    backend.execute_batch([lopsided()] * 3, 10)

    assert list(cloud.buckets) == [f"amazon-braket-us-east-1-{ACCOUNT}"]
    assert proxy.count("POST", "sts.*") == 1


def test_one_execution_is_six_requests(braket: Make, proxy: LoopbackProxy) -> None:
    backend = braket(s3_bucket="results")

    backend.execute(lopsided(), 10)
    first = len(proxy.log)
    backend.execute(lopsided(), 10)

    assert first == 6  # the device, the task, three looks at it, its results
    assert len(proxy.log) - first == 5  # capabilities are remembered


def test_the_request_is_what_the_user_asked_for(braket: Make, cloud: BraketCloud) -> None:
    job = braket(s3_bucket="results", s3_prefix="/my/folder/").submit(
        lopsided(), 77, tags=("thesis", "run#4")
    )

    request = cloud.ledger.last.request

    assert request["shots"] == 77
    assert request["outputS3Bucket"] == "results"
    assert request["outputS3KeyPrefix"] == "my/folder"
    assert request["clientToken"] == job.id
    assert request["tags"] == {"coratrix-job": job.id, "coratrix-tags": "thesis run-4"}
    assert "cnot q[0], q[1];" in json.loads(request["action"])["source"]


def test_a_simulator_runs_in_the_region_given(braket: Make, cloud: BraketCloud) -> None:
    braket(region="eu-west-2", s3_bucket="results").execute(lopsided(), 10)

    assert cloud.ledger.last.arn.split(":")[3] == "eu-west-2"


def test_the_region_of_the_aws_chain_is_used(
    braket: Make, cloud: BraketCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")

    braket(region=None, s3_bucket="results").execute(lopsided(), 10)

    assert cloud.ledger.last.arn.split(":")[3] == "us-west-2"


def test_a_qpu_is_reached_in_its_own_region(braket: Make, cloud: BraketCloud, proxy: LoopbackProxy) -> None:
    braket("Garnet", region="us-east-1", s3_bucket="results").execute(lopsided(), 10)

    assert cloud.ledger.last.arn.split(":")[3] == "eu-north-1"
    assert {one.request.host for one in proxy.log if one.request.host.startswith("braket")} == {
        "braket.eu-north-1.amazonaws.com"
    }


def test_keys_may_be_given_in_the_configuration(
    braket: Make, cloud: BraketCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("MY_SECRET", SECRET_KEY)

    braket(
        s3_bucket="results", aws_access_key_id=ACCESS_KEY, aws_secret_access_key="${env:MY_SECRET}"
    ).execute(lopsided(), 10)

    assert len(cloud.ledger) == 1


def test_a_profile_may_be_given(
    braket: Make, cloud: BraketCloud, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with open(f"{tmp_path}/aws-credentials", "w") as file:
        file.write(f"[lab]\naws_access_key_id={ACCESS_KEY}\naws_secret_access_key={SECRET_KEY}\n")

    braket(s3_bucket="results", profile="lab").execute(lopsided(), 10)

    assert len(cloud.ledger) == 1


def test_physical_qubits_are_not_rewired(braket: Make, cloud: BraketCloud) -> None:
    result = braket("Garnet", s3_bucket="results").execute(lopsided(), 10, physical_qubits=(4, 3, 1))

    request = cloud.ledger.last.request
    assert result.counts == {"110": 10}
    assert "cnot $4, $3;" in json.loads(request["action"])["source"]
    assert json.loads(request["deviceParameters"])["paradigmParameters"]["disableQubitRewiring"] is True


def test_physical_qubits_must_be_as_many_as_the_circuits(braket: Make, cloud: BraketCloud) -> None:
    with pytest.raises(CircuitValidationError, match="names 2 qubits, it has 3"):
        braket("Garnet", s3_bucket="results").execute(lopsided(), 10, physical_qubits=(1, 2))

    assert len(cloud.ledger) == 0


# what it can do -------------------------------------------------------------------------------


def test_capabilities_are_the_devices_own(braket: Make) -> None:
    can = braket("Garnet").get_capabilities()

    assert (can.max_qubits, can.max_shots) == (5, 20_000)
    assert can.native_gates == ("cz", "prx")
    assert can.coupling_map is not None
    assert (0, 1) in can.coupling_map
    assert (0, 2) not in can.coupling_map
    assert can.extra["qubit_labels"] == ["1", "2", "3", "4", "5"]
    assert not can.supports_noise
    assert not can.supports_mid_circuit_measurement


def test_only_dm1_takes_noise(braket: Make) -> None:
    assert braket("DM1").get_capabilities().supports_noise
    assert not braket("SV1").get_capabilities().supports_noise
    with pytest.raises(UnknownOptionError, match="only DM1"):
        braket("SV1").execute(lopsided(), 10, noise_model={"depolarizing_error": 0.1})


def test_a_noise_model_is_applied_by_dm1(braket: Make) -> None:
    model = NoiseModel(depolarizing_error=0.05, readout_error=[[0.97, 0.03], [0.08, 0.92]])
    circuit = lopsided().measure_all()

    result = braket("DM1", s3_bucket="results").execute(circuit, 4000, noise_model=model)

    assert_counts_match(result.counts, outcome_probabilities(circuit, model))
    assert result.metadata["noise_model_applied"]


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [("seed", 1, "no seed"), ("optimization_level", 3, "takes no level"), ("seed", 0, "no seed")],
)
def test_what_cannot_be_honoured_is_refused(braket: Make, option: str, value: int, reason: str) -> None:
    with pytest.raises(UnknownOptionError, match=reason):
        braket("SV1").execute(lopsided(), 10, **{option: value})


def test_a_device_without_gates_is_told(braket: Make, cloud: BraketCloud) -> None:
    cloud.devices[FORTE].properties["action"] = {}

    with pytest.raises(BackendUnavailableError, match="does not run circuits"):
        braket("Forte-1").get_capabilities()


# price ----------------------------------------------------------------------------------------


def test_a_qpu_is_priced_by_task_and_shot(braket: Make) -> None:
    estimate = braket("Garnet").estimate_cost([lopsided()] * 3, 1000)

    assert estimate.amount == pytest.approx(3 * (0.30 + 1000 * 0.00145))
    assert estimate.currency == "USD"


def test_a_cost_above_the_limit_is_refused_before_sending(braket: Make, cloud: BraketCloud) -> None:
    backend = braket("Garnet", s3_bucket="results")

    with pytest.raises(BudgetExceededError, match="1\\.75"):
        backend.execute(lopsided(), 1000, max_cost=1.0)
    result = backend.execute(lopsided(), 1000, max_cost=1.76)

    assert result.success
    assert len(cloud.ledger) == 1


def test_time_on_a_simulator_cannot_be_promised(braket: Make, cloud: BraketCloud) -> None:
    with pytest.raises(BudgetExceededError, match="cannot promise"):
        braket("SV1", s3_bucket="results").execute(lopsided(), 10, max_cost=1.0)

    assert len(cloud.ledger) == 0


def test_the_estimate_is_kept_with_the_job(braket: Make) -> None:
    job = braket("Garnet", s3_bucket="results").submit(lopsided(), 1000)

    assert job.record.cost == pytest.approx(1.75)
    assert job.record.currency == "USD"


# status and queue -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("ONLINE", BackendStatus.ONLINE),
        ("OFFLINE", BackendStatus.OFFLINE),
        ("RETIRED", BackendStatus.RETIRED),
    ],
)
def test_the_status_is_the_devices_word(
    braket: Make, cloud: BraketCloud, word: str, status: BackendStatus
) -> None:
    cloud.devices[SV1].status = word

    assert braket("SV1").get_status() is status


@pytest.mark.parametrize(
    ("day", "start", "end", "status", "opens"),
    [
        ("Everyday", "00:00:00", "23:59:59", BackendStatus.ONLINE, None),
        ("Monday", "11:00:00", "13:00:00", BackendStatus.ONLINE, None),
        ("Weekend", "00:00:00", "23:59:59", BackendStatus.OFFLINE, MONDAY_NOON + 4.5 * 86400),
        ("Weekdays", "14:00:00", "16:00:00", BackendStatus.OFFLINE, MONDAY_NOON + 2 * 3600),
        ("Monday", "09:00:00", "10:00:00", BackendStatus.OFFLINE, MONDAY_NOON + 7 * 86400 - 3 * 3600),
        ("Sunday", "22:00:00", "12:30:00", BackendStatus.ONLINE, None),
        ("Monday", "22:00:00", "12:30:00", BackendStatus.OFFLINE, MONDAY_NOON + 10 * 3600),
    ],
)
def test_execution_windows_are_in_the_status(
    braket: Make,
    cloud: BraketCloud,
    day: str,
    start: str,
    end: str,
    status: BackendStatus,
    opens: float | None,
) -> None:
    window = {"executionDay": day, "windowStartHour": start, "windowEndHour": end}
    cloud.devices[SV1].properties["service"]["executionWindows"] = [window]

    report = braket("SV1", clock=FakeClock(MONDAY_NOON)).get_status_report()

    assert report.status is status
    assert report.next_available == opens


def test_the_queue_is_the_devices(braket: Make) -> None:
    queue = braket("Garnet").get_queue_info()

    assert (queue.length, queue.is_lower_bound, queue.priority) == (7, False, "normal")
    assert queue.source == "provider"


def test_a_queue_of_more_than_4000_is_at_least_that(braket: Make) -> None:
    queue = braket("Forte-1").get_queue_info()

    assert (queue.length, queue.is_lower_bound) == (4000, True)


def test_the_place_in_the_queue_is_known(braket: Make, cloud: BraketCloud) -> None:
    cloud.ledger.hold = True
    job = braket("SV1", s3_bucket="results").submit(lopsided(), 10)

    job.status()

    assert job.queue_position == 3


# calibration ----------------------------------------------------------------------------------


def test_a_qpus_calibration_is_in_si_units_and_infidelities(braket: Make) -> None:
    record = braket("Garnet").get_calibration()

    assert record is not None
    assert record.labels == ("1", "2", "3", "4", "5")
    assert record.qubits[2].t1_s == pytest.approx(45e-6)
    assert record.qubits[2].t2_s == pytest.approx(26e-6)
    assert record.qubits[2].readout == ((0.965, pytest.approx(0.035)), (pytest.approx(0.035), 0.965))
    assert record.gate("rx", (2,)).error == pytest.approx(0.0013)
    assert record.gate("cz", (1, 2)).error == record.gate("cz", (2, 1)).error == pytest.approx(0.014)
    assert set(record.native_gates) == {"rz", "rx", "ry", "cz"}
    assert record.as_of == "2026-11-20T10:00:00+00:00"


def test_a_calibration_of_the_whole_device_stands_for_each_qubit(braket: Make) -> None:
    record = braket("Forte-1").get_calibration()

    assert record is not None
    assert record.num_qubits == 6
    assert record.qubits[5].t1_s == 100.0
    assert record.qubits[5].readout_duration_s == pytest.approx(1.5e-4)
    assert record.gate("rzz", (0, 5)).error == pytest.approx(0.007)
    assert record.gate("rzz", (0, 5)).duration_s == pytest.approx(9.7e-4)
    assert record.coupling_map == ()


def test_a_calibration_makes_a_noise_model(braket: Make) -> None:
    record = braket("Garnet").get_calibration()
    assert record is not None

    model = NoiseModel.from_calibration(record)

    assert not model.is_silent
    assert model.readout(2)[0, 1] == pytest.approx(0.035)


def test_a_simulator_has_no_calibration(braket: Make) -> None:
    assert braket("SV1").get_calibration() is None


# results --------------------------------------------------------------------------------------


def test_a_device_that_reports_probabilities_only_is_counted_and_said(
    braket: Make, cloud: BraketCloud
) -> None:
    backend = braket("Forte-1", s3_bucket="results")
    job = backend.submit(lopsided(), 1000)
    task = cloud.ledger.last
    task.run()
    told = json.loads(task.result)
    told["measurements"], told["measurementProbabilities"] = None, {"110": 0.6667, "111": 0.3333}
    task.result = json.dumps(told)

    result = job.result(timeout=10)

    assert result.counts == {"110": 667, "111": 333}
    assert result.metadata["counts_from"] == "probabilities"


def test_barriers_that_a_device_does_not_have_are_said_to_be_left_out(braket: Make) -> None:
    circuit = QuantumCircuit(2).x(0).barrier().cx(0, 1)

    assert braket("Garnet", s3_bucket="results").execute(circuit, 10).metadata["not_sent"] == ["barrier"]


def test_a_delay_is_refused_by_a_qpu(braket: Make) -> None:
    report = braket("Garnet").validate(QuantumCircuit(1).delay(1e-6, 0))

    assert any("delay" in error for error in report.errors)


def test_the_result_names_the_task_and_the_device(braket: Make, cloud: BraketCloud) -> None:
    result = braket("DM1", s3_bucket="results").execute(lopsided(), 10)

    assert cloud.ledger.last.device.arn == DM1
    assert result.metadata["vendor_job_id"] == cloud.ledger.last.arn
    assert result.metadata["device_arn"] == DM1


def test_a_default_bucket_that_exists_is_used(braket: Make, cloud: BraketCloud) -> None:
    name = f"amazon-braket-us-west-2-{ACCOUNT}"
    cloud.buckets[name] = {}

    assert braket(region="us-west-2").execute(lopsided(), 10).counts == {"110": 10}
    assert len(cloud.buckets[name]) == 1


def test_the_bucket_and_token_of_a_hybrid_job_are_used(
    braket: Make, cloud: BraketCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMZN_BRAKET_OUT_S3_BUCKET", "of-the-job")
    monkeypatch.setenv("AMZN_BRAKET_JOB_TOKEN", "token")

    braket().execute(lopsided(), 10)

    assert cloud.ledger.last.request["outputS3Bucket"] == "of-the-job"
    assert cloud.ledger.last.request["jobToken"] == "token"


def test_a_reservation_is_named_in_the_request(braket: Make, cloud: BraketCloud) -> None:
    arn = "arn:aws:braket:eu-north-1:123456789012:reservation/5f1a0c9e-0000-4000-8000-000000000001"

    braket("Garnet", s3_bucket="results").execute(lopsided(), 10, reservation_arn=arn)

    assert cloud.ledger.last.request["associations"] == [{"arn": arn, "type": "RESERVATION_TIME_WINDOW_ARN"}]
