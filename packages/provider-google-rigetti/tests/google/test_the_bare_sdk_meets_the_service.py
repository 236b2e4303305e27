"""The service is a Quantum Engine in the eyes of cirq-google itself, unary and streaming."""

from __future__ import annotations

import time
from pathlib import Path

import cirq
import grpc
import pytest
from cirq_google.cloud import quantum
from cirq_google.engine.engine import Engine, EngineContext
from cirq_google.engine.engine_client import EngineClient, EngineException
from google.api_core import exceptions
from google.oauth2 import credentials, service_account
from google_service import Fault, GoogleService

from .conftest import PROJECT, TOKEN


def sdk_engine(service: GoogleService, *, token: str = TOKEN, enable_streaming: bool = False) -> Engine:
    client = EngineClient(
        service_args={
            "client_options": {"api_endpoint": service.endpoint},
            "credentials": credentials.Credentials(token=token),
        },
        verbose=False,
        max_retry_delay_seconds=0,
    )
    return Engine(PROJECT, context=EngineContext(client=client, enable_streaming=enable_streaming))


def gapic_client(service: GoogleService) -> quantum.QuantumEngineServiceClient:
    return quantum.QuantumEngineServiceClient(
        client_options={"api_endpoint": service.endpoint}, credentials=credentials.Credentials(token=TOKEN)
    )


def weber(client: quantum.QuantumEngineServiceClient) -> quantum.QuantumProcessor:
    request = quantum.GetQuantumProcessorRequest(name=f"projects/{PROJECT}/processors/weber")
    return client.get_quantum_processor(request, timeout=1.0)


def lopsided_circuit(engine: Engine) -> cirq.Circuit:
    a, b = sorted(engine.get_processor("weber").get_device().metadata.qubit_set)[:2]
    return cirq.Circuit(cirq.X(b), cirq.measure(a, key="a"), cirq.measure(b, key="b"))


@pytest.mark.parametrize("enable_streaming", [False, True], ids=["unary", "streaming"])
def test_a_job_is_run(service: GoogleService, enable_streaming: bool) -> None:
    engine = sdk_engine(service, enable_streaming=enable_streaming)

    job = engine.get_processor("weber").run_sweep(
        lopsided_circuit(engine), repetitions=20, program_id="p", job_id="j", device_config_name=""
    )
    result = job.results()[0]
    if enable_streaming:
        engine.context.client._stream_manager.stop()

    assert result.histogram(key="a") == {0: 20}
    assert result.histogram(key="b") == {1: 20}
    assert list(service.ledger.jobs) == [f"projects/{PROJECT}/programs/p/jobs/j"]
    assert service.ledger.count("QuantumRunStream") == int(enable_streaming)


def test_a_program_that_the_device_refuses_fails(service: GoogleService) -> None:
    engine = sdk_engine(service)
    processor = engine.get_processor("weber")
    a, *_, b = sorted(processor.get_device().metadata.qubit_set)

    job = processor.run_sweep(
        cirq.Circuit(cirq.CZ(a, b), cirq.measure(a, key="a")), repetitions=20, device_config_name=""
    )
    with pytest.raises(RuntimeError, match="INVALID_PROGRAM"):
        job.results()


def test_a_name_is_taken_once(service: GoogleService) -> None:
    engine = sdk_engine(service)
    processor, circuit = engine.get_processor("weber"), lopsided_circuit(engine)
    ids = {"program_id": "p", "job_id": "j", "device_config_name": ""}

    processor.run_sweep(circuit, repetitions=20, **ids)
    with pytest.raises(EngineException) as refused:
        processor.run_sweep(circuit, repetitions=20, **ids)

    assert isinstance(refused.value.__cause__, exceptions.AlreadyExists)
    assert len(service.ledger.jobs) == 1


def test_calibration_schedule_and_reservations_are_there(service: GoogleService) -> None:
    slot_type = quantum.QuantumTimeSlot.TimeSlotType.MAINTENANCE
    service.processors["weber"].add_slot(slot_type)
    processor = sdk_engine(service).get_processor("weber")

    calibration = processor.get_current_calibration()
    (slot,) = processor.get_schedule()

    assert calibration.timestamp == 1635923188204
    assert "single_qubit_idle_t1_micros" in calibration
    assert slot.time_slot_type == slot_type


@pytest.mark.parametrize(
    ("token", "error"),
    [("wrong", exceptions.Unauthenticated), ("of-another-project", exceptions.PermissionDenied)],
)
def test_a_stranger_is_refused(service: GoogleService, token: str, error: type[Exception]) -> None:
    with pytest.raises(EngineException) as refused:
        sdk_engine(service, token=token).get_processor("weber").health()

    assert isinstance(refused.value.__cause__, error)


def test_a_service_account_signs_its_own_token(service: GoogleService, tmp_path: Path) -> None:
    key = service.identities.make_service_account(tmp_path / "key.json", project=PROJECT)
    account = service_account.Credentials.from_service_account_file(str(key))
    client = quantum.QuantumEngineServiceClient(
        client_options={"api_endpoint": service.endpoint}, credentials=account
    )

    assert weber(client).name == f"projects/{PROJECT}/processors/weber"
    assert service.ledger.requests[-1].metadata["authorization"].startswith("Bearer eyJ")


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(status=grpc.StatusCode.INTERNAL), exceptions.InternalServerError),
        (Fault(status=grpc.StatusCode.UNAVAILABLE), exceptions.ServiceUnavailable),
        (Fault(status=grpc.StatusCode.RESOURCE_EXHAUSTED), exceptions.ResourceExhausted),
        (Fault(dropped=True), exceptions.ServiceUnavailable),
        (Fault(malformed=b"\xff\xff\xff"), exceptions.InternalServerError),
        (Fault(silent=True), exceptions.DeadlineExceeded),
    ],
    ids=["500", "503", "429", "dropped", "malformed", "silent"],
)
def test_faults_reach_the_sdk(service: GoogleService, fault: Fault, error: type[Exception]) -> None:
    client = gapic_client(service)
    service.faults.add("GetQuantumProcessor", fault)

    with pytest.raises(error):
        weber(client)

    assert weber(client).health == quantum.QuantumProcessor.Health.OK


def test_the_service_says_when_to_come_back(service: GoogleService) -> None:
    fault = Fault(status=grpc.StatusCode.RESOURCE_EXHAUSTED, retry_after_s=7.5)
    service.faults.add("GetQuantumProcessor", fault)

    with pytest.raises(exceptions.ResourceExhausted) as refused:
        weber(gapic_client(service))

    (detail,) = refused.value.details
    assert detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9 == 7.5


def test_the_sdks_stream_never_lets_go_of_a_server_that_refuses_it(service: GoogleService) -> None:
    """The reason why Coratrix does not stream: reopened without a pause, for ever, until it is stopped."""
    circuit = lopsided_circuit(sdk_engine(service))
    engine = sdk_engine(service, token="wrong", enable_streaming=True)

    job = engine.get_processor("weber").run_sweep(circuit, repetitions=20, device_config_name="")
    with pytest.raises(exceptions.Unauthenticated):
        job.results()
    deadline = time.monotonic() + 20
    while service.ledger.count("QuantumRunStream") < 20 and time.monotonic() < deadline:
        time.sleep(0.01)
    engine.context.client._stream_manager.stop()

    assert service.ledger.count("QuantumRunStream") >= 20
