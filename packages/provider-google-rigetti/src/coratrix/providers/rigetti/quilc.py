"""quilc, spoken to in its own protocol: MessagePack objects over ZeroMQ (RPCQ).

Owns: one request and its answer, within a deadline. Knows nothing of: what is compiled, and for what.

The SDK's own client waits for a silent quilc for ever, and each such wait takes one of its few worker
threads, until nothing in the process that uses the SDK gets an answer any more. Hence these lines.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coratrix.backend.clock import Deadline
from coratrix.backend.errors import (
    BackendResponseError,
    BackendTimeoutError,
    CircuitValidationError,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class NativeProgram:
    """What quilc made of a program, and what it says of it."""

    quil: str
    metadata: Mapping[str, Any]


def compile_program(
    url: str, quil: str, target_device: Mapping[str, Any], deadline: Deadline
) -> NativeProgram:
    """``quil`` in the native gates of ``target_device`` (pyquil's `TargetDevice.asdict()`).

    Raises:
        CircuitValidationError: quilc refuses the program; its words are in the message.
        BackendTimeoutError: it did not answer in time.
        BackendResponseError: its answer cannot be read.
    """
    request = {
        "_type": "NativeQuilRequest",
        "quil": quil,
        "target_device": {"_type": "TargetDevice", **target_device},
    }
    params = {"protoquil": True, "*args": [request]}  # without protoquil, quilc loses the shots
    answer = _call(url, "quil_to_native_quil", params, deadline)
    if not isinstance(answer, dict) or not isinstance(answer.get("quil"), str):
        raise BackendResponseError(f"quilc at {url} answered without a program")
    return NativeProgram(quil=answer["quil"], metadata=answer.get("metadata") or {})


def _call(url: str, method: str, params: Mapping[str, Any], deadline: Deadline) -> Any:
    import msgpack  # type: ignore[import-untyped]

    request_id = str(uuid.uuid4())
    envelope = {
        "_type": "RPCRequest",
        "jsonrpc": "2.0",
        "id": request_id,
        "method": method,
        "params": dict(params),
        "client_timeout": None if deadline.left() == float("inf") else deadline.left(),
        "client_key": None,
    }
    raw = _exchange(url, msgpack.packb(envelope, use_bin_type=True), deadline)
    try:
        answer = msgpack.unpackb(raw, raw=False)
        kind, said = answer["_type"], answer.get("error") or answer.get("result")
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as exc:
        raise BackendResponseError(f"the answer of quilc at {url} cannot be read") from exc
    for warning in answer.get("warnings") or ():
        log.info("quilc: %s", warning)
    if kind == "RPCError":
        raise CircuitValidationError(f"quilc refuses the program: {said}", provider_message=str(said))
    if kind != "RPCReply" or answer.get("id") != request_id:
        raise BackendResponseError(f"quilc at {url} answered {kind!r} to another question")
    return said


def _exchange(url: str, payload: bytes, deadline: Deadline) -> bytes:
    """Send one message and wait for one, on a socket of its own."""
    import zmq

    socket: Any = zmq.Context.instance().socket(zmq.DEALER)
    with socket:
        socket.linger = 0
        socket.connect(url)
        socket.send(payload)
        left = deadline.left()
        if not socket.poll(None if left == float("inf") else left * 1000):
            raise BackendTimeoutError(
                f"quilc at {url} did not answer within {left:.3g} s",
                retryable=True,
                hint="Raise compile_timeout_s",
            )
        answer: bytes = socket.recv_multipart()[-1]
        return answer
