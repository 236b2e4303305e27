"""Any Coratrix backend as a Qiskit `BackendV2`.

Owns: the class behind `as_qiskit`: its target, its `run`, and results with Qiskit's bit order.
Knows nothing of: IBM's service. The class is made in a function, since its base needs Qiskit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from coratrix.backend.provider import BackendCapabilities, BackendInterface
from coratrix.core import GATES
from coratrix.core.result import ExecutionResult
from coratrix.providers.ibm.from_qiskit import from_qiskit


@cache
def coratrix_backend_class() -> type[Any]:
    """The class; made once."""
    from qiskit.providers import BackendV2, Options

    class CoratrixBackend(BackendV2):  # type: ignore[misc]
        """A Coratrix backend with Qiskit's interface; ``coratrix_backend`` is the one inside."""

        def __init__(self, backend: BackendInterface) -> None:
            can = backend.get_capabilities()
            super().__init__(name=backend.name, description=f"{backend!r} through Coratrix")
            self.coratrix_backend = backend
            self._target = target_of(can)
            if can.max_shots is not None:
                self.options.set_validator("shots", (1, can.max_shots))

        @property
        def target(self) -> Any:
            return self._target

        @property
        def max_circuits(self) -> int | None:
            return None  # a batch of any length is split as the backend needs it

        @classmethod
        def _default_options(cls) -> Any:
            return Options(shots=1024, seed_simulator=None, memory=False)

        def run(self, run_input: Any, **options: Any) -> Any:
            """Run one circuit or a list; ``shots`` and ``seed_simulator`` mean what they do in Qiskit.

            With ``memory=True`` the shots are listed in a random order: shots are independent, so any
            order of them is as likely as the one in which they were taken, which counts do not keep.
            """
            chosen = {**dict(self.options.items()), **options}
            return _submitted(self, _listed(run_input), chosen)

    return CoratrixBackend


def _listed(run_input: Any) -> list[Any]:
    return list(run_input) if isinstance(run_input, Sequence) else [run_input]


def _submitted(backend: Any, circuits: list[Any], chosen: Mapping[str, Any]) -> Any:
    """A Qiskit job that is being run by the Coratrix backend."""
    options = dict(chosen)
    shots, seed = options.pop("shots"), options.pop("seed_simulator", None)
    memory = bool(options.pop("memory", False))
    if seed is not None:
        options["seed"] = seed
    ours = [from_qiskit(circuit) for circuit in circuits]

    def run() -> Any:
        results = backend.coratrix_backend.execute_batch(ours, shots, **options)
        order = np.random.default_rng(seed) if memory else None
        return _result(backend, circuits, results, shots, order)

    job = _job_class()(backend, run)
    job.submit()
    return job


@cache
def _job_class() -> type[Any]:
    import uuid
    from concurrent.futures import CancelledError, Future, ThreadPoolExecutor

    from qiskit.providers import JobError, JobStatus, JobV1

    threads = ThreadPoolExecutor(thread_name_prefix="coratrix-qiskit-job")

    class CoratrixJob(JobV1):  # type: ignore[misc]
        """The run of one call of `CoratrixBackend.run`."""

        def __init__(self, backend: Any, run: Any) -> None:
            super().__init__(backend, uuid.uuid4().hex)
            self._run = run
            self._future: Future[Any] | None = None

        def submit(self) -> None:
            if self._future is not None:
                raise JobError("this job was submitted already")
            self._future = threads.submit(self._run)

        def result(self, timeout: float | None = None) -> Any:
            """Qiskit's `Result`; an error of the backend is raised as it is."""
            try:
                return self._started().result(timeout)
            except CancelledError as exc:
                raise JobError("the job was cancelled") from exc

        def cancel(self) -> bool:
            return self._started().cancel()

        def status(self) -> Any:
            future = self._started()
            if future.cancelled():
                return JobStatus.CANCELLED
            if not future.done():
                return JobStatus.RUNNING if future.running() else JobStatus.QUEUED
            return JobStatus.DONE if future.exception() is None else JobStatus.ERROR

        def _started(self) -> Future[Any]:
            if self._future is None:
                raise JobError("this job was not submitted")
            return self._future

    return CoratrixJob


def _result(
    backend: Any,
    circuits: Sequence[Any],
    results: Sequence[ExecutionResult],
    shots: int,
    order: np.random.Generator | None,
) -> Any:
    from qiskit.result import Result

    return Result(
        backend_name=backend.name,
        backend_version="1",
        job_id=results[0].job_id if results else None,
        success=all(result.success for result in results),
        results=[
            _experiment(circuit, result, shots, order)
            for circuit, result in zip(circuits, results, strict=True)
        ],
    )


def _experiment(circuit: Any, result: ExecutionResult, shots: int, order: np.random.Generator | None) -> Any:
    """One circuit's part of a `Result`: keys in hexadecimal, Qiskit's first bit the least significant."""
    from qiskit.result.models import ExperimentResult, ExperimentResultData

    counts = {hex(int(key[::-1], 2)): count for key, count in result.counts.items()}
    data: dict[str, Any] = {"counts": counts}
    if order is not None:
        data["memory"] = order.permutation([key for key, n in counts.items() for _ in range(n)]).tolist()
    registers = [[register.name, register.size] for register in circuit.cregs] or _measured_whole(result)
    return ExperimentResult(
        shots=shots,
        success=result.success,
        status="DONE" if result.success else str(result.error),
        data=ExperimentResultData(**data),
        header={
            "name": circuit.name,
            "creg_sizes": registers,
            "memory_slots": sum(size for _, size in registers),
            "metadata": circuit.metadata or {},
        },
    )


def _measured_whole(result: ExecutionResult) -> list[list[Any]]:
    return [[name, size] for name, size in result.layout]


def target_of(can: BackendCapabilities) -> Any:
    """Qiskit's target for what a backend accepts.

    Where there is a coupling map, the native gates stand on it; else every accepted gate stands anywhere.
    """
    from qiskit.circuit import Delay, Measure, Parameter, Reset
    from qiskit.transpiler import Target

    target = Target(num_qubits=can.max_qubits)
    names = can.native_gates if can.coupling_map and can.native_gates else can.available_gates
    for name in names if names is not None else tuple(GATES):
        if name in GATES:
            target.add_instruction(_symbolic(name), _places(name, can), name=_qiskit_name(name))
    one = None if can.coupling_map is None else {(q,): None for q in range(can.max_qubits or 0)}
    target.add_instruction(Measure(), one)
    target.add_instruction(Delay(Parameter("t")), one)
    if can.supports_reset:
        target.add_instruction(Reset(), one)
    for supported, kind, name in _control_flow(can):
        if supported:
            target.add_instruction(kind, name=name)
    return target


def _control_flow(can: BackendCapabilities) -> list[tuple[bool, Any, str]]:
    from qiskit.circuit import ForLoopOp, IfElseOp, SwitchCaseOp, WhileLoopOp

    return [
        (can.supports_conditionals, IfElseOp, "if_else"),
        (can.supports_conditionals, SwitchCaseOp, "switch_case"),
        (can.supports_conditionals, ForLoopOp, "for_loop"),
        (can.supports_loops, WhileLoopOp, "while_loop"),
    ]


def _places(name: str, can: BackendCapabilities) -> dict[tuple[int, ...], None] | None:
    """Where a gate may stand; None for anywhere."""
    size = GATES[name].num_qubits
    if can.coupling_map is None or size > 2:
        return None
    if size == 1:
        return {(qubit,): None for qubit in range(can.max_qubits or 0)}
    return {tuple(pair): None for pair in can.coupling_map}


def _qiskit_name(name: str) -> str:
    return {"c3x": "mcx", "c4x": "mcx_4"}.get(name, name)


def _symbolic(name: str) -> Any:
    """Qiskit's gate with free angles, as a target wants it."""
    from qiskit.circuit import Parameter

    from coratrix.providers.ibm.to_qiskit import standard_classes

    return standard_classes()[name](*(Parameter(f"a{k}") for k in range(GATES[name].num_params)))
