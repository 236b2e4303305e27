"""The gRPC server: TLS, bearer tokens, faults, and one handler per RPC.

Owns: the wire and the order of checks (fault, token, project, work). Knows nothing of: what a call means.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from cirq_google.cloud import quantum
from google.protobuf import any_pb2, duration_pb2, empty_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status

from .faults import Fault, FaultPlan
from .handlers import Engine, Refusal
from .identity import Identities, make_certificate
from .ledger import Ledger
from .processors import Processor
from .relay import Relay

SERVICE = "google.cloud.quantum.v1alpha1.QuantumEngineService"
_UNARY = {
    "CreateQuantumProgram": quantum.CreateQuantumProgramRequest,
    "GetQuantumProgram": quantum.GetQuantumProgramRequest,
    "DeleteQuantumProgram": quantum.DeleteQuantumProgramRequest,
    "CreateQuantumJob": quantum.CreateQuantumJobRequest,
    "GetQuantumJob": quantum.GetQuantumJobRequest,
    "ListQuantumJobs": quantum.ListQuantumJobsRequest,
    "CancelQuantumJob": quantum.CancelQuantumJobRequest,
    "DeleteQuantumJob": quantum.DeleteQuantumJobRequest,
    "GetQuantumResult": quantum.GetQuantumResultRequest,
    "ListQuantumProcessors": quantum.ListQuantumProcessorsRequest,
    "GetQuantumProcessor": quantum.GetQuantumProcessorRequest,
    "GetQuantumCalibration": quantum.GetQuantumCalibrationRequest,
    "ListQuantumTimeSlots": quantum.ListQuantumTimeSlotsRequest,
    "CreateQuantumReservation": quantum.CreateQuantumReservationRequest,
    "GetQuantumReservation": quantum.GetQuantumReservationRequest,
    "ListQuantumReservations": quantum.ListQuantumReservationsRequest,
    "DeleteQuantumReservation": quantum.DeleteQuantumReservationRequest,
    "CancelQuantumReservation": quantum.CancelQuantumReservationRequest,
}


class GoogleService:
    """``with GoogleService(...) as service:`` a Quantum Engine at ``service.endpoint``."""

    def __init__(
        self, *, project: str = "my-project", processors: tuple[str, ...] = ("willow_pink", "weber")
    ) -> None:
        self.project = project
        self.ledger = Ledger()
        self.faults = FaultPlan()
        self.identities = Identities()
        self.processors = {name: Processor(processor_id=name) for name in processors}
        self.engine = Engine(project, self.processors, self.ledger)
        self._certificate = make_certificate()
        self._stopping = threading.Event()

    def __enter__(self) -> GoogleService:
        self._server = grpc.server(ThreadPoolExecutor(max_workers=32), options=[("grpc.so_reuseport", 0)])
        handlers = grpc.method_handlers_generic_handler(SERVICE, self._handlers())
        self._server.add_generic_rpc_handlers([handlers])
        keys = grpc.ssl_server_credentials([(self._certificate.key, self._certificate.certificate)])
        port = self._server.add_secure_port("127.0.0.1:0", keys)
        self._server.start()
        self._relay = Relay(port)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stopping.set()
        self._relay.close()
        self._server.stop(grace=None).wait()

    @property
    def endpoint(self) -> str:
        return f"localhost:{self._relay.port}"

    @property
    def proxy_url(self) -> str:
        """A proxy that leads every host here, for ``https_proxy``."""
        return f"http://127.0.0.1:{self._relay.port}"

    @property
    def proxied_hosts(self) -> list[str]:
        return self._relay.hosts

    def write_roots(self, path: Path) -> Path:
        """The certificate that a client has to trust, for ``GRPC_DEFAULT_SSL_ROOTS_FILE_PATH``."""
        path.write_bytes(self._certificate.certificate)
        return path

    def cut_connections(self) -> None:
        self._relay.cut()

    def reset(self) -> None:
        """Forget jobs, requests and faults; the port, the certificate and the tokens stay."""
        self.faults.clear()
        self.ledger = Ledger()
        self.engine = Engine(self.project, self.processors, self.ledger)
        for name in self.processors:
            self.processors[name] = Processor(processor_id=name)

    # --- inner ----------------------------------------------------------------------------------------------

    def _handlers(self) -> dict[str, grpc.RpcMethodHandler]:
        handlers = {rpc: self._unary(rpc, request_type) for rpc, request_type in _UNARY.items()}
        handlers["QuantumRunStream"] = grpc.stream_stream_rpc_method_handler(
            self._stream,
            request_deserializer=quantum.QuantumRunStreamRequest.deserialize,
            response_serializer=_to_bytes,
        )
        return handlers

    def _unary(self, rpc: str, request_type: Any) -> grpc.RpcMethodHandler:
        def handle(request: Any, context: grpc.ServicerContext) -> object:
            work = getattr(self.engine, _snake(rpc))
            return self._answer(rpc, request, context, lambda: work(request))

        return grpc.unary_unary_rpc_method_handler(
            handle, request_deserializer=request_type.deserialize, response_serializer=_to_bytes
        )

    def _answer(
        self, rpc: str, request: object, context: grpc.ServicerContext, work: Callable[[], object]
    ) -> object:
        self.ledger.record(rpc, request, _metadata(context))
        fault = self.faults.take(rpc)
        if fault and not fault.accepted:
            early = self._misbehave(fault, context)
            if early is not None:
                return early
        self._check_identity(context)
        try:
            answer = work()
        except Refusal as refusal:
            context.abort(refusal.status, refusal.message)
        if fault and fault.accepted:
            return self._misbehave(fault, context) or answer
        return answer

    def _stream(
        self, requests: Iterator[quantum.QuantumRunStreamRequest], context: grpc.ServicerContext
    ) -> Iterator[object]:
        self.ledger.record("QuantumRunStream", None, _metadata(context))
        fault = self.faults.take("QuantumRunStream")
        if fault:
            early = self._misbehave(fault, context)
            if early is not None:
                yield early
                return
        self._check_identity(context)
        yield from self.engine.quantum_run_stream(requests)

    def _misbehave(self, fault: Fault, context: grpc.ServicerContext) -> bytes | None:
        """Do the fault: abort, hang, cut, or hand back bytes; None lets the call go on (late)."""
        if fault.slow_s:
            self._stopping.wait(fault.slow_s)
        if fault.silent:
            _wait_until_the_caller_leaves(context)
        if fault.dropped:
            self.cut_connections()
            context.abort(grpc.StatusCode.UNAVAILABLE, "this answer is never delivered")
        if fault.status is not None:
            context.abort_with_status(_rich_status(fault))
        return fault.malformed

    def _check_identity(self, context: grpc.ServicerContext) -> None:
        project = self.identities.project_of(_metadata(context).get("authorization", ""))
        if project is None:
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "Request had invalid authentication credentials.")
        if project != self.project:
            context.abort(grpc.StatusCode.PERMISSION_DENIED, f"No permission on project {self.project}.")


def _wait_until_the_caller_leaves(context: grpc.ServicerContext) -> None:
    """A silence that keeps its thread no longer than anyone listens, so that the pool does not run dry."""
    left = threading.Event()
    if context.add_callback(left.set):
        left.wait()
    context.abort(grpc.StatusCode.CANCELLED, "nobody is listening any more")


def _rich_status(fault: Fault) -> grpc.Status:
    assert fault.status is not None
    status = status_pb2.Status(code=getattr(code_pb2, fault.status.name), message=fault.message)
    if fault.retry_after_s is not None:
        delay = duration_pb2.Duration()
        delay.FromMilliseconds(round(1000 * fault.retry_after_s))
        detail = any_pb2.Any()
        detail.Pack(error_details_pb2.RetryInfo(retry_delay=delay))
        status.details.append(detail)
    return rpc_status.to_status(status)


def _metadata(context: grpc.ServicerContext) -> dict[str, str]:
    return {key: value for key, value in context.invocation_metadata() if isinstance(value, str)}


def _to_bytes(answer: Any) -> bytes:
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, empty_pb2.Empty):
        return answer.SerializeToString()
    return type(answer).serialize(answer)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
