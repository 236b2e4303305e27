"""QCS over gRPC: translation of native Quil, and the controller that queues and runs jobs.

Owns: the two services, hand-encoded (wire.py). Native Quil is checked against the device and really executed.
Faults are planned with host ``grpc``, method ``GRPC``, the RPC's name as path; ``answer`` takes a gRPC code.
"""

from __future__ import annotations

import json
import threading
from concurrent import futures
from typing import Any

import grpc
from pyquil.quilbase import Declare, Gate, Halt, Measurement, Reset

from coratrix.testing.loopback.exchange import Request
from coratrix.testing.loopback.faults import Fault, FaultKind, FaultPlan
from rigetti_service import execution, wire
from rigetti_service.ledger import CANCELLED, FAILED, QUEUED, RUNNING, SUCCEEDED, Ledger, StoredJob
from rigetti_service.qcs import EDGES, NODES, PROCESSOR, Tokens

CODES = {code.value[0]: code for code in grpc.StatusCode}
RESULT_STATUS = {SUCCEEDED: 1, FAILED: 3, CANCELLED: 4}


class Refusal(Exception):
    def __init__(self, code: grpc.StatusCode, text: str) -> None:
        super().__init__(text)
        self.code = code


class Controller:
    """Serves both gRPC services until closed."""

    def __init__(self, ledger: Ledger, tokens: Tokens, faults: FaultPlan) -> None:
        self.ledger, self.tokens, self.faults = ledger, tokens, faults
        self.crashes: list[BaseException] = []
        self.reset()
        self._closing = threading.Event()
        self._server = grpc.server(futures.ThreadPoolExecutor(16), options=[("grpc.so_reuseport", 0)])
        self._server.add_generic_rpc_handlers((_Router(self),))
        self.port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()

    def reset(self) -> None:
        self.holds_at = SUCCEEDED
        self.next_failure: str | None = None
        self.estimate_s: tuple[int, int] | None = (3, 9)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._closing.set()
        self._server.stop(0).wait(5)

    def serve(self, name: str, payload: bytes, context: grpc.ServicerContext) -> bytes:
        fault = self.faults.take(Request(method="GRPC", host="grpc", target=name, scheme="grpc"))
        if fault is not None:
            return self._act(fault, name, payload, context)
        return self._work(name, payload, context)

    def _work(self, name: str, payload: bytes, context: grpc.ServicerContext) -> bytes:
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        asked = wire.fields(payload)
        self.ledger.note("grpc", name, asked, metadata)
        try:
            if not self.tokens.accepts(metadata.get("authorization", "")):
                raise Refusal(grpc.StatusCode.UNAUTHENTICATED, "the token is not valid")
            return getattr(self, f"_{name}")(asked)
        except Refusal as exc:
            context.abort(exc.code, str(exc))
        except Exception as exc:  # a defect of the stand-in must never pass for a fault of the vendor
            self.crashes.append(exc)
            context.abort(grpc.StatusCode.INTERNAL, repr(exc))
        raise AssertionError("abort raises")

    def _act(self, fault: Fault, name: str, payload: bytes, context: grpc.ServicerContext) -> bytes:
        if fault.kind is FaultKind.ANSWER and fault.response is not None:
            context.abort(CODES[fault.response.status], fault.response.body.decode() or "injected")
        if fault.kind in (FaultKind.DROP_AFTER, FaultKind.SILENT_AFTER, FaultKind.GARBLE):
            answer = self._work(name, payload, context)
            if fault.kind is FaultKind.GARBLE:
                return fault.body
            del answer
        if fault.kind in (FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER):
            context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset by peer")
        if fault.kind in (FaultKind.SILENT_BEFORE, FaultKind.SILENT_AFTER):
            while context.is_active() and not self._closing.wait(0.02):
                pass
            context.abort(grpc.StatusCode.UNAVAILABLE, "closing")
        if fault.kind is FaultKind.DELAY:
            self._closing.wait(fault.seconds)
            return self._work(name, payload, context)
        raise AssertionError(f"no such fault here: {fault}")

    # Translation ---------------------------------------------------------------------------

    def _TranslateQuilToEncryptedControllerJob(self, asked: wire.Fields) -> bytes:
        processor, quil, shots = wire.text(asked, 1), wire.text(asked, 2), wire.whole(asked, 3)
        if processor != PROCESSOR:
            raise Refusal(grpc.StatusCode.NOT_FOUND, f"no processor {processor}")
        readout = _checked(quil)
        job = json.dumps({"quil": quil, "shots": shots}).encode()
        encrypted = wire.data(1, job) + wire.data(2, wire.data(1, "key") + wire.data(2, b"nonce"))
        return wire.data(1, encrypted) + wire.data(2, wire.text_map(1, readout))

    # Controller ----------------------------------------------------------------------------

    def _ExecuteControllerJob(self, asked: wire.Fields) -> bytes:
        (encrypted,) = asked[201]
        job = json.loads(wire.fields(bytes(encrypted))[1][0])  # type: ignore[arg-type]
        ids = []
        for _configuration in asked[3] or [b""]:
            stored = self._run(wire.text(asked, 101), job["quil"], job["shots"])
            ids.append(stored.id)
        return b"".join(wire.data(1, job_id) for job_id in ids)

    def _run(self, processor: str, quil: str, shots: int) -> StoredJob:
        program = execution.parsed(quil)
        rows = execution.run(quil, shots, seed=len(self.ledger.jobs) + 1)
        readout = {}
        for measurement in program.instructions:
            if isinstance(measurement, Measurement) and measurement.classical_reg is not None:
                target = measurement.classical_reg
                (qubit,) = measurement.get_qubit_indices()
                readout[f"q{qubit}_readout"] = [row[target.offset] for row in rows[target.name]]
        stored = self.ledger.add_job(processor, shots, readout)
        stored.failure, self.next_failure = self.next_failure, None
        stored.holds_at = self.holds_at
        return stored

    def _GetControllerJobStatus(self, asked: wire.Fields) -> bytes:
        job = self._job(asked)
        state = job.look()
        answer = wire.number(1, state)
        if state == QUEUED and self.estimate_s is not None:
            low, high = (wire.number(1, seconds) for seconds in self.estimate_s)
            answer += wire.data(2, wire.data(1, low) + wire.data(2, high))
        return answer

    def _GetControllerJobResults(self, asked: wire.Fields) -> bytes:
        """Blocks until the job is final, as the service does."""
        job = self._job(asked)
        while job.look() in (QUEUED, RUNNING):
            if self._closing.wait(0.005):
                raise Refusal(grpc.StatusCode.UNAVAILABLE, "closing")
        return wire.data(1, _result(job))

    def _CancelControllerJobs(self, asked: wire.Fields) -> bytes:
        for raw in asked[1]:
            job = self.ledger.jobs.get(bytes(raw).decode())  # type: ignore[arg-type]
            if job is not None and job.state == QUEUED:
                job.state = CANCELLED
        return b""

    def _job(self, asked: wire.Fields) -> StoredJob:
        job = self.ledger.jobs.get(wire.text(asked, 1))
        if job is None:
            raise Refusal(grpc.StatusCode.NOT_FOUND, "no such job")
        return job


def _result(job: StoredJob) -> bytes:
    if job.state != SUCCEEDED:
        message = "cancelled by the user" if job.state == CANCELLED else job.failure or "failed"
        return wire.number(3, RESULT_STATUS[job.state]) + wire.data(4, message)
    entries = b""
    for node, bits in job.readout.items():
        entries += wire.data(2, wire.data(1, node) + wire.data(2, wire.data(1, wire.packed(1, bits))))
    return entries + wire.number(3, RESULT_STATUS[job.state]) + wire.number(5, job.duration_us)


def _checked(quil: str) -> dict[str, str]:
    """The read-out map of a native program; anything that the device cannot do is refused."""
    readout: dict[str, str] = {}
    edges = {frozenset(edge) for edge in EDGES}
    for instruction in execution.parsed(quil).instructions:
        if isinstance(instruction, Gate):
            qubits = instruction.get_qubit_indices()
            one = instruction.name in ("RX", "RZ") and len(qubits) == 1
            two = instruction.name in ("CZ", "ISWAP") and frozenset(qubits) in edges
            if instruction.modifiers or not (one or two) or not set(qubits) <= set(NODES):
                raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"not native: {instruction.out()}")
        elif isinstance(instruction, Measurement):
            (qubit,) = instruction.get_qubit_indices()
            if instruction.classical_reg is not None:
                readout[str(instruction.classical_reg)] = f"q{qubit}_readout"
        elif not isinstance(instruction, (Declare, Halt, Reset)):
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, f"not native: {instruction.out()}")
    return readout


class _Router(grpc.GenericRpcHandler):
    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        service, _, name = details.method.lstrip("/").partition("/")
        if service not in ("services.translation.Translation", "services.controller.Controller"):
            return None
        if not hasattr(self._controller, f"_{name}"):
            return None
        return grpc.unary_unary_rpc_method_handler(
            lambda payload, context: self._controller.serve(name, payload, context)
        )
