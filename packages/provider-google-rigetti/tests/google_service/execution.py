"""Runs a submitted program the way a processor would: read it, hold it against the device, sample it.

Owns: the road from a serialised program to a serialised result, all of it by cirq and cirq-google.
Knows nothing of: gRPC, jobs, faults, and Coratrix.
"""

from __future__ import annotations

from dataclasses import dataclass

import cirq
import cirq_google
from cirq_google.api import v2
from cirq_google.cloud import quantum
from cirq_google.engine import engine_validator, util
from google.protobuf import any_pb2

State = quantum.ExecutionStatus.State
FailureCode = quantum.ExecutionStatus.Failure.Code


@dataclass(frozen=True, kw_only=True)
class Execution:
    """How a job ends."""

    status: quantum.ExecutionStatus
    result: any_pb2.Any | None = None


def failed(code: FailureCode, message: str) -> Execution:
    failure = quantum.ExecutionStatus.Failure(error_code=code, error_message=message)
    return Execution(status=quantum.ExecutionStatus(state=State.FAILURE, failure=failure))


def execute(code: any_pb2.Any, run_context: any_pb2.Any, *, device: cirq.Device, seed: int) -> Execution:
    """Sample ``code`` under ``run_context`` with Cirq's simulator, unless the device refuses it."""
    try:
        circuits = _circuits(code)
        for circuit in circuits:
            device.validate_circuit(circuit)
    except ValueError as exc:
        return failed(FailureCode.INVALID_PROGRAM, str(exc))
    context = util.unpack_any(run_context, v2.run_context_pb2.RunContext())
    sweeps = [(v2.sweep_from_proto(p.sweep), p.repetitions) for p in context.parameter_sweeps]
    if not sweeps or any(repetitions < 1 for _, repetitions in sweeps):
        return failed(FailureCode.INVALID_RUN_CONTEXT, "repetitions must be positive")
    try:
        for sweep, repetitions in sweeps:
            engine_validator.validate_for_engine(circuits, [sweep] * len(circuits), repetitions)
        return _sample(circuits, sweeps, seed)
    except (RuntimeError, ValueError) as exc:
        return failed(FailureCode.INVALID_PROGRAM, str(exc))


def _circuits(code: any_pb2.Any) -> list[cirq.AbstractCircuit]:
    program = util.unpack_any(code, v2.program_pb2.Program())
    if not getattr(program, "keyed_circuits", ()):  # since 1.7
        return [cirq_google.CIRCUIT_SERIALIZER.deserialize(program)]
    return [entry[-1] for entry in cirq_google.CIRCUIT_SERIALIZER.deserialize_multi_program(program)]


def _sample(
    circuits: list[cirq.AbstractCircuit], sweeps: list[tuple[cirq.Sweep, int]], seed: int
) -> Execution:
    simulator = cirq.Simulator(seed=seed)
    message = v2.result_pb2.Result()
    for circuit in circuits:
        results = [simulator.run_sweep(circuit, sweep, repetitions) for sweep, repetitions in sweeps]
        v2.results_to_proto(results, v2.find_measurements(circuit), out=message)
    return Execution(status=quantum.ExecutionStatus(state=State.SUCCESS), result=util.pack_any(message))
