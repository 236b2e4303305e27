"""The far end of an `IsolatedBackend`: answers JSON lines on standard input until it is closed.

Run as ``python -m coratrix.backend.isolated_child``. Standard output belongs to the protocol alone, so
whatever an SDK prints is sent to standard error. Each question has a thread of its own.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TextIO

from coratrix.backend import registry, wire
from coratrix.backend.budget import Budget, keeping
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import ConfigurationError
from coratrix.backend.interface import BackendInterface
from coratrix.backend.jobs import Job
from coratrix.backend.pipeline import JobBackend
from coratrix.backend.store import open_store, unknown_job
from coratrix.core.circuit import QuantumCircuit


class _Server:
    """Holds the one backend of this process."""

    def __init__(self, out: TextIO) -> None:
        self._out, self._lock = out, threading.Lock()
        self._backend: BackendInterface | None = None
        self._jobs: dict[str, Job] = {}  # those that live in this process only

    def serve(self, line: str) -> None:
        """Answer one line; every error becomes an answer."""
        question = json.loads(line)
        arguments = question["arguments"]
        try:
            with keeping([Budget(**budget) for budget in arguments.pop("budgets", ())]):
                answer = {"answer": self._method(question["method"])(**arguments)}
        except Exception as exc:
            answer = {"error": wire.error_to_wire(exc)}
        text = json.dumps({"id": question["id"], **answer}, default=_as_list)
        with self._lock:
            self._out.write(text + "\n")
            self._out.flush()

    def _method(self, name: str) -> Callable[..., Any]:
        found: Callable[..., Any] = getattr(self, f"do_{name}")
        return found

    @property
    def backend(self) -> BackendInterface:
        if self._backend is None:
            raise ConfigurationError("the process was asked before it was configured")
        return self._backend

    def do_configure(self, store_url: str | None = None, **config: Any) -> dict[str, Any]:
        configuration = BackendConfiguration.from_dict(config)
        self._backend = registry.backend_class(configuration.provider)(configuration)
        if store_url is not None and isinstance(self._backend, JobBackend):
            self._backend.use_store(open_store(store_url))
        return {"has_jobs": isinstance(self._backend, JobBackend)}

    def do_jobs(self) -> dict[str, Any] | None:
        """Where jobs are recorded, if where another process can read them, and how many may fly."""
        shown = getattr(self.backend.store, "shown", None) if isinstance(self.backend, JobBackend) else None
        if shown is None or (desk := self.backend.job_desk()) is None:
            return None
        return {
            "store": shown,
            "max_in_flight": desk.max_in_flight,
            "poll_patience_s": desk.poll_patience_s,
        }

    def do_execute(self, circuit: dict[str, Any], shots: Any, options: dict[str, Any]) -> dict[str, Any]:
        return self.backend.execute(QuantumCircuit.from_dict(circuit), shots, **options).to_dict()

    def do_execute_batch(
        self, circuits: list[dict[str, Any]], shots: Any, options: dict[str, Any]
    ) -> list[dict[str, Any]]:
        listed = [QuantumCircuit.from_dict(circuit) for circuit in circuits]
        return [result.to_dict() for result in self.backend.execute_batch(listed, shots, **options)]

    def do_submit(
        self, circuits: list[dict[str, Any]], shots: Any, options: dict[str, Any]
    ) -> dict[str, Any]:
        listed = [QuantumCircuit.from_dict(circuit) for circuit in circuits]
        if isinstance(self.backend, JobBackend):
            job: Job = self.backend.submit_batch(listed, shots, **options)
        else:
            (circuit,) = listed  # there are no jobs of several circuits then
            job = self.backend.submit(circuit, shots, **options)
            self._jobs[job.id] = job
        return {"job_id": job.id, "outlives_process": job.outlives_process}

    def _job(self, job_id: str) -> Job:
        if job_id in self._jobs:
            return self._jobs[job_id]
        if isinstance(self.backend, JobBackend):
            return self.backend.job(job_id)
        raise unknown_job(job_id)

    def do_job_status(self, job_id: str) -> str:
        return str(self._job(job_id).status())

    def do_job_results(self, job_id: str, timeout: float | None) -> list[dict[str, Any]]:
        return [result.to_dict() for result in self._job(job_id).results(timeout)]

    def do_job_cancel(self, job_id: str) -> bool:
        return self._job(job_id).cancel()

    def do_job_metrics(self, job_id: str) -> dict[str, Any]:
        return asdict(self._job(job_id).metrics)

    def do_estimate_cost(self, circuits: list[dict[str, Any]], shots: int) -> dict[str, Any]:
        listed = [QuantumCircuit.from_dict(circuit) for circuit in circuits]
        return asdict(self.backend.estimate_cost(listed, shots))

    def do_validate(self, circuit: dict[str, Any], shots: Any) -> list[dict[str, Any]]:
        return wire.report_to_wire(self.backend.validate(QuantumCircuit.from_dict(circuit), shots))

    def do_capabilities(self) -> dict[str, Any]:
        return self.backend.get_capabilities().to_dict()

    def do_status(self) -> dict[str, Any]:
        return asdict(self.backend.get_status_report())

    def do_queue(self) -> dict[str, Any]:
        return asdict(self.backend.get_queue_info())

    def do_metrics(self) -> dict[str, Any]:
        return asdict(self.backend.get_performance_metrics())


def _as_list(value: Any) -> Any:
    """numpy numbers and arrays, sets and mappings as JSON."""
    if hasattr(value, "tolist"):
        return value.tolist()
    return dict(value) if hasattr(value, "keys") else list(value)


def main() -> None:
    """Serve until standard input is closed."""
    protocol = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what anyone prints from now on goes to standard error
    server = _Server(protocol)
    for line in sys.stdin:
        threading.Thread(target=server.serve, args=(line,), daemon=True).start()


if __name__ == "__main__":
    main()
