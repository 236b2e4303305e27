"""What each RPC of ``QuantumEngineService`` does.

Owns: names, states and refusals of programs, jobs, processors and reservations.
Knows nothing of: sockets, TLS, and what a fault is; ``server.py`` wraps each handler.
"""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Iterator, Mapping
from typing import Any

import grpc
from cirq_google.cloud import quantum
from google.protobuf import empty_pb2

from .execution import State, execute
from .ledger import Ledger, StoredJob
from .processors import Processor

StreamCode = quantum.StreamError.Code


class Refusal(Exception):
    """A call that the service answers with a gRPC status."""

    def __init__(self, status: grpc.StatusCode, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Engine:
    """The resources of one project, and the rules for them."""

    def __init__(self, project: str, processors: dict[str, Processor], ledger: Ledger) -> None:
        self.project = project
        self.processors = processors
        self.ledger = ledger
        self.reservations: dict[str, quantum.QuantumReservation] = {}
        self.polls_per_job = 0
        self.next_outcome: quantum.ExecutionStatus | None = None
        self.loses_results = False
        self._seed = 20260

    # --- programs -------------------------------------------------------------------------------------------

    def create_quantum_program(self, request: quantum.CreateQuantumProgramRequest) -> quantum.QuantumProgram:
        program = quantum.QuantumProgram(request.quantum_program)
        if not program.name:
            program.name = f"{request.parent}/programs/generated-{secrets.token_hex(6)}"
        with self.ledger.lock:
            if program.name in self.ledger.programs:
                raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"{program.name} already exists")
            self.ledger.programs[program.name] = program
        return quantum.QuantumProgram(
            name=program.name, labels=dict(program.labels), description=program.description
        )

    def get_quantum_program(self, request: quantum.GetQuantumProgramRequest) -> quantum.QuantumProgram:
        stored = self._program(request.name)
        program = quantum.QuantumProgram(stored)
        if not request.return_code:
            program.code = None
        return program

    def delete_quantum_program(self, request: quantum.DeleteQuantumProgramRequest) -> empty_pb2.Empty:
        self._program(request.name)
        del self.ledger.programs[request.name]
        return empty_pb2.Empty()

    # --- jobs -----------------------------------------------------------------------------------------------

    def create_quantum_job(self, request: quantum.CreateQuantumJobRequest) -> quantum.QuantumJob:
        program = self._program(request.parent)
        job = quantum.QuantumJob(request.quantum_job)
        if not job.name:
            job.name = f"{request.parent}/jobs/generated-{secrets.token_hex(6)}"
        with self.ledger.lock:
            if job.name in self.ledger.jobs:
                raise Refusal(grpc.StatusCode.ALREADY_EXISTS, f"{job.name} already exists")
            self.ledger.jobs[job.name] = self._run(program, job)
            return self.ledger.jobs[job.name].poll() if self.polls_per_job == 0 else self._created(job)

    def get_quantum_job(self, request: quantum.GetQuantumJobRequest) -> quantum.QuantumJob:
        job = self._job(request.name).poll()
        if not request.return_run_context:
            job.run_context = None
        return job

    def list_quantum_jobs(self, _: quantum.ListQuantumJobsRequest) -> quantum.ListQuantumJobsResponse:
        return quantum.ListQuantumJobsResponse(jobs=[job.message for job in self.ledger.jobs.values()])

    def cancel_quantum_job(self, request: quantum.CancelQuantumJobRequest) -> empty_pb2.Empty:
        job = self._job(request.name)
        if job.is_done and not job.is_cancelled:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, "the job has already ended")
        job.is_cancelled = True
        return empty_pb2.Empty()

    def delete_quantum_job(self, request: quantum.DeleteQuantumJobRequest) -> empty_pb2.Empty:
        self._job(request.name)
        del self.ledger.jobs[request.name]
        return empty_pb2.Empty()

    def get_quantum_result(self, request: quantum.GetQuantumResultRequest) -> quantum.QuantumResult:
        job = self._job(request.parent)
        if not job.is_done:
            raise Refusal(grpc.StatusCode.FAILED_PRECONDITION, "the job has not ended")
        if job.result is None or self.loses_results:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"{request.parent} has no result")
        return job.result

    # --- processors -----------------------------------------------------------------------------------------

    def list_quantum_processors(
        self, _: quantum.ListQuantumProcessorsRequest
    ) -> quantum.ListQuantumProcessorsResponse:
        return quantum.ListQuantumProcessorsResponse(
            processors=[processor.message(self.project) for processor in self.processors.values()]
        )

    def get_quantum_processor(self, request: quantum.GetQuantumProcessorRequest) -> quantum.QuantumProcessor:
        return self._processor(request.name).message(self.project)

    def get_quantum_calibration(
        self, request: quantum.GetQuantumCalibrationRequest
    ) -> quantum.QuantumCalibration:
        name, _, which = request.name.rpartition("/calibrations/")
        processor = self._processor(name)
        if which != "current" or not processor.has_calibration:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"{request.name} not found")
        return processor.calibration(self.project)

    def list_quantum_time_slots(
        self, request: quantum.ListQuantumTimeSlotsRequest
    ) -> quantum.ListQuantumTimeSlotsResponse:
        return quantum.ListQuantumTimeSlotsResponse(time_slots=self._processor(request.parent).slots)

    # --- reservations ---------------------------------------------------------------------------------------

    def create_quantum_reservation(
        self, request: quantum.CreateQuantumReservationRequest
    ) -> quantum.QuantumReservation:
        self._processor(request.parent)
        reservation = quantum.QuantumReservation(request.quantum_reservation)
        reservation.name = f"{request.parent}/reservations/r{len(self.reservations) + 1}"
        self.reservations[reservation.name] = reservation
        return reservation

    def get_quantum_reservation(
        self, request: quantum.GetQuantumReservationRequest
    ) -> quantum.QuantumReservation:
        return self._reservation(request.name)

    def list_quantum_reservations(
        self, request: quantum.ListQuantumReservationsRequest
    ) -> quantum.ListQuantumReservationsResponse:
        self._processor(request.parent)
        return quantum.ListQuantumReservationsResponse(reservations=list(self.reservations.values()))

    def delete_quantum_reservation(self, request: quantum.DeleteQuantumReservationRequest) -> empty_pb2.Empty:
        self._reservation(request.name)
        del self.reservations[request.name]
        return empty_pb2.Empty()

    def cancel_quantum_reservation(
        self, request: quantum.CancelQuantumReservationRequest
    ) -> quantum.QuantumReservation:
        return self.reservations.pop(self._reservation(request.name).name)

    # --- the stream -----------------------------------------------------------------------------------------

    def quantum_run_stream(
        self, requests: Iterator[quantum.QuantumRunStreamRequest]
    ) -> Iterator[quantum.QuantumRunStreamResponse]:
        for request in requests:
            response = self._stream_response(request)
            response.message_id = request.message_id
            yield response

    def _stream_response(self, request: quantum.QuantumRunStreamRequest) -> quantum.QuantumRunStreamResponse:
        try:
            return self._ended(self._stream_job(request))
        except Refusal as refusal:
            error = quantum.StreamError(code=_stream_code(refusal), message=refusal.message)
            return quantum.QuantumRunStreamResponse(error=error)

    def _stream_job(self, request: quantum.QuantumRunStreamRequest) -> StoredJob:
        if "create_quantum_program_and_job" in request:
            both = request.create_quantum_program_and_job
            program = self.create_quantum_program(
                quantum.CreateQuantumProgramRequest(parent=both.parent, quantum_program=both.quantum_program)
            )
            job = quantum.CreateQuantumJobRequest(parent=program.name, quantum_job=both.quantum_job)
            return self._job(self.create_quantum_job(job).name)
        if "create_quantum_job" in request:
            return self._job(self.create_quantum_job(request.create_quantum_job).name)
        return self._job(request.get_quantum_result.parent)

    def _ended(self, job: StoredJob) -> quantum.QuantumRunStreamResponse:
        job.polls_left = 0
        if job.result is None:
            return quantum.QuantumRunStreamResponse(job=job.poll())
        return quantum.QuantumRunStreamResponse(result=job.result)

    # --- inner ----------------------------------------------------------------------------------------------

    def _run(self, program: quantum.QuantumProgram, job: quantum.QuantumJob) -> StoredJob:
        selector = job.scheduling_config.processor_selector
        processor = self._processor(selector.processor)
        self._seed += 1
        execution = execute(program.code, job.run_context, device=processor.device, seed=self._seed)
        status = self.next_outcome or execution.status
        self.next_outcome = None
        status.processor_name = selector.processor
        now = datetime.datetime.now(datetime.UTC)
        status.timing = quantum.ExecutionStatus.Timing(
            started_time=now, completed_time=now + datetime.timedelta(seconds=0.25)
        )
        has_result = status.state == State.SUCCESS and execution.result is not None
        result = quantum.QuantumResult(parent=job.name, result=execution.result) if has_result else None
        return StoredJob(message=job, outcome=status, result=result, polls_left=self.polls_per_job)

    @staticmethod
    def _created(job: quantum.QuantumJob) -> quantum.QuantumJob:
        created = quantum.QuantumJob(job)
        created.execution_status = quantum.ExecutionStatus(state=State.READY)
        return created

    def _program(self, name: str) -> quantum.QuantumProgram:
        return self._found(self.ledger.programs, name)

    def _job(self, name: str) -> StoredJob:
        return self._found(self.ledger.jobs, name)

    def _reservation(self, name: str) -> quantum.QuantumReservation:
        return self._found(self.reservations, name)

    def _processor(self, name: str) -> Processor:
        return self._found(self.processors, name.rpartition("/")[2], shown=name)

    @staticmethod
    def _found(shelf: Mapping[str, object], name: str, shown: str | None = None) -> Any:
        if name not in shelf:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"{shown or name} not found")
        return shelf[name]


def _stream_code(refusal: Refusal) -> StreamCode:
    """The code of the stream's own error message that says what a unary status says."""
    nouns = {"/jobs/": "JOB", "/processors/": "PROCESSOR"}
    noun = next((noun for part, noun in nouns.items() if part in refusal.message), "PROGRAM")
    if refusal.status == grpc.StatusCode.ALREADY_EXISTS:
        return StreamCode[f"{noun}_ALREADY_EXISTS"]
    if refusal.status == grpc.StatusCode.NOT_FOUND:
        return StreamCode[f"{noun}_DOES_NOT_EXIST"]
    return StreamCode.INTERNAL
