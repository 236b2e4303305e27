"""Programs on a QVM: a server's over HTTP, or the machine inside this process.

Owns: which of the two runs, chunks of shots, and the runs that are under way.
Knows nothing of: circuits and quantum processors.

A QVM keeps no jobs: a run lives in a thread here and dies with this process, which `poll` then says.
"""

from __future__ import annotations

import logging
import threading
from collections import Counter, OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.client import JobSnapshot, Submission
from coratrix.backend.clock import Deadline
from coratrix.backend.errors import (
    BackendConnectionError,
    BackendError,
    BackendResponseError,
    BackendTimeoutError,
    CircuitValidationError,
)
from coratrix.backend.jobs import JobState
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport

from . import machine, normalise
from .door import probe, vendor_errors
from .parameters import RigettiParameters
from .quil import MEMORY
from .settings import Addresses

log = logging.getLogger(__name__)

MAX_SHOTS_PER_REQUEST: Final = 65_535  # the protocol's field has 16 bits
MAX_QUBITS_IN_PROCESS: Final = 26
RUNS_REMEMBERED: Final = 1000
HINT: Final = "Start it (qvm -S, or coratrix serve-qvm), or take engine='in-process', which needs no server"


@dataclass(frozen=True, kw_only=True)
class Engine:
    """What runs a program: ``"http"`` at an address, or ``"in-process"``."""

    name: str
    url: str | None = None
    version: str | None = None

    def as_metadata(self) -> dict[str, str]:
        said = {"engine": f"qvm-{self.name}", "qvm_url": self.url, "qvm_version": self.version}
        return {name: value for name, value in said.items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class QvmProgram:
    """What crosses the seam."""

    quil: str
    engine: Engine
    num_bits: int


@dataclass(eq=False)
class _Run:
    """A run under way."""

    done: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    counts: dict[str, int] | None = None
    error: BaseException | None = None


class QvmClient:
    """The client of device ``"qvm"``."""

    submits_once = True  # a run changes nothing, so it may be asked for twice

    def __init__(self, parameters: RigettiParameters, addresses: Addresses) -> None:
        self._parameters = parameters
        self._addresses = addresses
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._lock = threading.Lock()

    # which engine ------------------------------------------------------------------------------

    def engine(self, deadline: Deadline) -> Engine:
        """The engine that the next run uses; see `RigettiParameters.engine`.

        Raises:
            BackendConnectionError: a server was asked for by name and does not answer.
        """
        asked = self._parameters.engine
        if asked == "in-process":
            return Engine(name="in-process")
        try:
            return self._server(deadline)
        except BackendError as exc:
            if asked == "http" or self._addresses.names_qvm:
                raise
            log.debug("in-process, since %s", exc)
            return Engine(name="in-process")

    def _server(self, deadline: Deadline) -> Engine:
        """The server, once it has said its version; port 5000 may well be somebody else's."""
        from qcs_sdk.qvm import QVMClient, QVMOptions, api

        url, patience = self._addresses.qvm, deadline.left_or(self._parameters.probe_timeout_s)
        probe(url, "the QVM", patience, HINT)
        try:
            with vendor_errors(f"asking the QVM at {url} for its version"):
                version = api.get_version_info(QVMClient.new_http(url), QVMOptions(patience))
        except (BackendConnectionError, BackendTimeoutError) as exc:
            raise BackendConnectionError(
                f"what listens at {url} did not say within {patience:g} s that it is a QVM", hint=HINT
            ) from exc
        if not version[:1].isdigit():
            raise BackendResponseError(
                f"what answers at {url} is no QVM; it says {version[:60]!r}", hint=HINT
            )
        return Engine(name="http", url=url, version=version.split()[0])

    # jobs --------------------------------------------------------------------------------------

    def submit(
        self, submission: Submission, *, key: str, shots: int, options: Any, deadline: Deadline
    ) -> str:
        run = _Run()
        vendor_id = f"qvm-{key}"
        with self._lock:
            if vendor_id in self._runs:
                return vendor_id
            self._runs[vendor_id] = run
            self._forget_old_runs()
        work = threading.Thread(
            target=self._work,
            args=(run, submission.program, shots, options.seed),
            daemon=True,
            name="coratrix-qvm",
        )
        work.start()
        return vendor_id

    def _forget_old_runs(self) -> None:
        finished = [vendor_id for vendor_id, run in self._runs.items() if run.done.is_set()]
        for vendor_id in finished[: max(0, len(self._runs) - RUNS_REMEMBERED)]:
            del self._runs[vendor_id]

    def find(self, key: str, *, deadline: Deadline) -> str | None:
        vendor_id = f"qvm-{key}"
        return vendor_id if vendor_id in self._runs else None

    def poll(self, vendor_job_id: str, *, deadline: Deadline) -> JobSnapshot:
        run = self._runs.get(vendor_job_id)
        if run is None:
            return JobSnapshot(
                state=JobState.FAILED,
                error="the run ended with the process that it was in",
                error_code="lost",
            )
        run.done.wait(deadline.left_or(0.05))
        if run.cancelled.is_set():
            return JobSnapshot(state=JobState.CANCELLED)
        if not run.done.is_set():
            return JobSnapshot(state=JobState.RUNNING)
        if run.error is None:
            return JobSnapshot(state=JobState.SUCCEEDED)
        return _failure(run.error)

    def fetch(self, vendor_job_id: str, *, deadline: Deadline) -> Mapping[str, Any]:
        return {"counts": self._runs[vendor_job_id].counts}

    def cancel(self, vendor_job_id: str, *, deadline: Deadline) -> bool:
        run = self._runs.get(vendor_job_id)
        if run is None or run.done.is_set():
            return False
        run.cancelled.set()
        return True

    # running -----------------------------------------------------------------------------------

    def _work(self, run: _Run, program: QvmProgram, shots: int, seed: int | None) -> None:
        try:
            if program.engine.name == "http":
                run.counts = self._counts_from_server(run, program, shots, seed)
            else:
                run.counts = normalise.tally(self._rows_in_process(run, program, shots, seed))
        except machine.Cancelled:
            run.cancelled.set()
        except BaseException as exc:  # handed to whoever polls
            run.error = exc
        run.done.set()

    def _rows_in_process(self, run: _Run, program: QvmProgram, shots: int, seed: int | None) -> Any:
        return machine.run(
            program.quil,
            shots,
            seed=seed,
            gate_noise=self._parameters.gate_noise,
            measurement_noise=self._parameters.measurement_noise,
            is_cancelled=run.cancelled.is_set,
        )

    def _counts_from_server(
        self, run: _Run, program: QvmProgram, shots: int, seed: int | None
    ) -> dict[str, int]:
        deadline = Deadline.after(self._parameters.qvm_timeout_s)
        counts: Counter[str] = Counter()
        for chunk, chunk_seed in chunks(shots, seed):
            if run.cancelled.is_set():
                raise machine.Cancelled
            counts.update(normalise.tally(self._rows_from_server(program, chunk, chunk_seed, deadline)))
        return dict(counts)

    def _rows_from_server(self, program: QvmProgram, shots: int, seed: int | None, deadline: Deadline) -> Any:
        from qcs_sdk.qvm import QVMClient, QVMOptions, run
        from qcs_sdk.qvm.api import AddressRequest

        left = deadline.left()
        if not left:
            raise _too_slow(program.engine, self._parameters.qvm_timeout_s)
        try:
            with vendor_errors(f"running on the QVM at {program.engine.url}"):
                answer = run(
                    program.quil,
                    shots,
                    {MEMORY: AddressRequest.include_all()},
                    {},
                    QVMClient.new_http(program.engine.url or ""),
                    self._parameters.measurement_noise,
                    self._parameters.gate_noise,
                    seed,
                    QVMOptions(left),
                )
                return _table(answer.memory, program.num_bits, shots)
        except BackendConnectionError as exc:
            if not deadline.left():  # the SDK says the same words for a timeout
                raise _too_slow(program.engine, self._parameters.qvm_timeout_s) from exc
            raise

    # what it can do, how it is ------------------------------------------------------------------

    def capabilities(self, *, deadline: Deadline) -> BackendCapabilities:
        can = BackendCapabilities(
            supports_noise=True,
            supports_mid_circuit_measurement=True,
            supports_reset=True,
            supports_conditionals=True,
            supports_seed=True,
            supports_cancel=True,
            extra={"device": "qvm"},
        )
        if self.engine(deadline).name == "in-process":
            return replace(can, max_qubits=MAX_QUBITS_IN_PROCESS, is_local=True)
        return can

    def status(self, *, deadline: Deadline) -> StatusReport:
        engine = self.engine(deadline)
        where = f"the QVM {engine.version} at {engine.url}" if engine.url else "simulated in this process"
        return StatusReport(status=BackendStatus.ONLINE, message=where)

    def queue(self, *, deadline: Deadline) -> QueueInfo:
        if self.engine(deadline).name == "in-process":
            return QueueInfo(length=0, estimated_wait_time=0.0, source="local")
        return QueueInfo()

    def close(self) -> None:
        """Nothing is kept open."""


def chunks(shots: int, seed: int | None) -> Iterator[tuple[int, int | None]]:
    """Shots in parts that one request can carry, each with a seed of its own; the first has the given one."""
    starts = range(0, shots, MAX_SHOTS_PER_REQUEST)
    seeds = [seed] * len(starts)
    if seed is not None and len(starts) > 1:
        more = np.random.SeedSequence(abs(int(seed))).generate_state(len(starts) - 1, dtype=np.uint32)
        seeds = [seed, *(int(word) for word in more)]
    for start, own in zip(starts, seeds, strict=True):
        yield min(MAX_SHOTS_PER_REQUEST, shots - start), own


def _table(memory: Mapping[str, Any], num_bits: int, shots: int) -> Any:
    """Rows of ``ro``, which the server must have filled."""
    if MEMORY not in memory:
        raise BackendResponseError(f"the QVM's answer lacks the region {MEMORY!r}")
    rows = np.asarray(memory[MEMORY].as_ndarray())
    if rows.shape != (shots, num_bits):
        raise BackendResponseError(f"the QVM's answer has the shape {rows.shape}, not {(shots, num_bits)}")
    return rows


def _too_slow(engine: Engine, patience_s: float) -> BackendTimeoutError:
    return BackendTimeoutError(
        f"the QVM at {engine.url} had not finished after {patience_s:g} s", hint="Raise qvm_timeout_s"
    )


def _failure(error: BaseException) -> JobSnapshot:
    """What the QVM ran and refused is a failed job; all else is raised, and nothing was run."""
    if isinstance(error, CircuitValidationError):
        return JobSnapshot(state=JobState.FAILED, error=error.message, error_code="qvm")
    if isinstance(error, BackendError):
        error.retryable = False  # the run is over: asking again would only hear the same
    raise error
