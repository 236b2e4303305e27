"""The one object a user holds: running, choosing and comparing on named backends, and their jobs.

Owns: `BackendManager`. Leans on: directory (names), selection, comparison, the job store.
Knows nothing of: any vendor.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from coratrix.backend import registry, telemetry
from coratrix.backend.batch import Batch, without_batch
from coratrix.backend.budget import Budget, keeping
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.directory import AUTO, BackendDirectory
from coratrix.backend.errors import BackendConnectionError, BackendUnavailableError
from coratrix.backend.intent import circuit_of
from coratrix.backend.interface import DEFAULT_SHOTS, BackendInterface
from coratrix.backend.jobs import Job, JobRecord, JobState
from coratrix.backend.metrics import PerformanceMetrics
from coratrix.backend.store import JobStore, open_store
from coratrix.core.interop import adopt
from coratrix.core.result import ExecutionResult

if TYPE_CHECKING:
    from coratrix.backend.comparison import Comparison
    from coratrix.backend.selection import Policy, Selection

log = logging.getLogger(__name__)
_FREE = nullcontext()  # where there is no budget


class BackendManager(BackendDirectory):
    """Named backends, and all that can be done with them.

    Args:
        store: where job records are looked up; by default `open_store()` when it is first needed.
    """

    def __init__(self, *, store: JobStore | None = None) -> None:
        self._store = store
        self._budgets: list[Budget] = []
        super().__init__()

    def _build(self, config: BackendConfiguration) -> BackendInterface:
        backend = super()._build(config)
        if self._store is not None:
            backend.use_store(self._store)
        return backend

    # running ---------------------------------------------------------------------------------

    def execute(
        self,
        circuit: Any,
        shots: int = DEFAULT_SHOTS,
        *,
        backend: str | None = None,
        fallback: Sequence[str] = (),
        policy: Policy | str = "balanced",
        **options: Any,
    ) -> ExecutionResult:
        """Run ``circuit`` on one backend and wait.

        Args:
            backend: a name; None for the default; ``"auto"`` for the best by ``policy``.
            fallback: names tried in turn when the one before could not be reached or takes no work.
                ``result.metadata["fallback_from"]`` then lists what failed and why.
        """
        names = self._candidates(circuit, shots, backend, fallback, policy, options)
        failed: dict[str, str] = {}
        for name in names[:-1]:
            try:
                return _marked(self._run(name, circuit, shots, options), failed)
            except (BackendConnectionError, BackendUnavailableError) as exc:
                if exc.outcome_unknown:  # it may be running: never run it a second time elsewhere
                    raise
                log.warning("%s failed, falling back: %s", name, exc)
                failed[name] = str(exc)
        return _marked(self._run(names[-1], circuit, shots, options), failed)

    def _candidates(
        self,
        circuit: Any,
        shots: int,
        backend: str | None,
        fallback: Sequence[str],
        policy: Policy | str,
        options: Mapping[str, Any],
    ) -> list[str]:
        if backend == AUTO:
            chosen = self.select(circuit, shots, policy=policy, max_cost=options.get("max_cost"))
            names = [candidate.name for candidate in chosen.ranked()]
            return [*names, *(self._known(name) for name in fallback if name not in names)]
        return [self._known(name) for name in (backend or self.default_backend, *fallback)]

    def _run(self, name: str, circuit: Any, shots: int, options: Mapping[str, Any]) -> ExecutionResult:
        backend = self.get_backend(name)
        span = telemetry.span("execute", backend=name, shots=shots if isinstance(shots, int) else None)
        with span, self._admitted(name, backend, [circuit], shots):
            return backend.execute(circuit, shots, **options)

    def submit(
        self, circuit: Any, shots: int = DEFAULT_SHOTS, *, backend: str | None = None, **options: Any
    ) -> Job:
        """Start ``circuit`` and return its job at once."""
        name = self._candidates(circuit, shots, backend, (), "balanced", options)[0]
        chosen = self.get_backend(name)
        with self._admitted(name, chosen, [circuit], shots):
            return chosen.submit(circuit, shots, **options)

    def batch(
        self,
        circuits: Iterable[Any],
        shots: int | Sequence[int] = DEFAULT_SHOTS,
        *,
        backends: Iterable[str] | None = None,
        batch_id: str | None = None,
        resend_unknown: bool = False,
        **options: Any,
    ) -> Batch:
        """Many circuits over one or several backends; ``batch.run()`` runs it, here or after a crash.

        Args:
            shots: for all circuits, or one number for each.
            backends: names; the default backend alone if None.
            batch_id: of a batch to go on with, given the same circuits.
            resend_unknown: see `Batch`.
        """
        names = list(backends) if backends is not None else [self.default_backend]
        chosen = {name: self.get_backend(name) for name in names}
        return Batch(
            list(circuits),
            shots,
            chosen,
            batch_id=batch_id,
            resend_unknown=resend_unknown,
            admitted=self._admitted,
            options=options,
        )

    def select(
        self,
        circuit: Any,
        shots: int = DEFAULT_SHOTS,
        *,
        policy: Policy | str = "balanced",
        backends: Iterable[str] | None = None,
        max_cost: float | None = None,
    ) -> Selection:
        """Rank the backends for ``circuit``, each rank and each refusal with its reasons."""
        from coratrix.backend.selection import select

        candidates = {name: self.get_backend(name) for name in backends or self._order}
        return select(adopt(circuit), shots, candidates, policy=policy, max_cost=max_cost)

    def compare(
        self,
        circuit: Any,
        shots: int = DEFAULT_SHOTS,
        *,
        backends: Iterable[str] | None = None,
        reference: str | None = None,
        **options: Any,
    ) -> Comparison:
        """Run ``circuit`` on several backends; a failure is a row like any other."""
        from coratrix.backend.comparison import compare

        candidates = {name: self.get_backend(name) for name in backends or self._order}
        return compare(
            adopt(circuit), shots, candidates, reference=reference, admitted=self._admitted, options=options
        )

    def twin(self, name: str, **connection_params: Any) -> BackendInterface:
        """A local simulator with the map, gates and noise that the backend ``name`` reports now."""
        from coratrix.backend.twin import make_twin

        return make_twin(self.get_backend(name), connection_params)

    # jobs ------------------------------------------------------------------------------------

    @property
    def store(self) -> JobStore:
        """Where job records are."""
        if self._store is None:
            self._store = open_store()
        return self._store

    def jobs(
        self,
        *,
        backend: str | None = None,
        state: JobState | str | None = None,
        unfinished: bool = False,
        tag: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> list[JobRecord]:
        """Records of jobs, newest first, sent from this process or any other."""
        wanted = None if state is None else JobState.parse(state)
        return self.store.list(
            backend=backend, state=wanted, unfinished=unfinished, tag=tag, limit=limit, offset=offset
        )

    def metrics(self, backend: str | None = None, *, since: float = 0.0) -> PerformanceMetrics:
        """Rates and times of the recorded jobs of one backend or of all, whichever process sent them.

        Args:
            since: seconds since the epoch; earlier jobs are left out.
        """
        return self.store.metrics(backend, since=since)

    def job(self, job_id: str) -> Job:
        """The handle of a job by our id or the vendor's, whichever process sent it.

        Its backend is the one registered under the recorded name, else one made from the record.
        """
        record = self.store.get(job_id)
        return self._backend_of(record).attach(record)

    def resubmit(self, job_id: str) -> Job:
        """Send a recorded job once more, as a new one with the same circuits, shots and options."""
        record = self.store.get(job_id)
        backend = self._backend_of(record)
        circuits = [circuit_of(entry) for entry in record.circuits]
        options = {**record.options, "tags": without_batch(record.tags)}
        with self._admitted(record.backend, backend, circuits, record.shots):
            return backend.submit_batch(circuits, record.shots, **options)

    def _backend_of(self, record: JobRecord) -> BackendInterface:
        """The backend that is registered under the recorded name or made with it, else one from the record."""
        named = [record.backend] if record.backend in self else []
        made = [name for name, backend in self._backends.items() if backend.name == record.backend]
        if found := (named or made):
            return self.get_backend(found[0])
        config = BackendConfiguration.from_dict(record.config)
        kind: Any = registry.backend_class(config.provider)
        backend: BackendInterface = kind(config, store=self.store)
        return backend

    # money -----------------------------------------------------------------------------------

    def add_budget(self, budget: Budget) -> None:
        """Refuse, from now on, what would exceed ``budget`` with what the job store has counted."""
        self._budgets.append(budget)

    def _admitted(
        self, name: str, backend: BackendInterface, circuits: Sequence[Any], shots: int
    ) -> AbstractContextManager[None]:
        """Send ``circuits`` to ``backend`` in the body, within the budgets; raises where one would not hold."""
        return self._within_budgets(name, backend, circuits, shots) if self._budgets else _FREE

    @contextmanager
    def _within_budgets(
        self, name: str, backend: BackendInterface, circuits: Sequence[Any], shots: int
    ) -> Iterator[None]:
        # a record bears the backend's own name, whatever it is registered as
        named = [replace(b, backend=backend.name) if b.backend == name else b for b in self._budgets]
        cost = backend.estimate_cost([adopt(circuit) for circuit in circuits], shots)
        for budget in named:
            budget.check(cost, backend.name, self.store)
        with keeping(named):
            yield

    def __repr__(self) -> str:
        return f"<BackendManager {', '.join(self._order) or 'empty'}>"


def _marked(result: ExecutionResult, failed: Mapping[str, str]) -> ExecutionResult:
    if not failed:
        return result
    return replace(result, metadata={**result.metadata, "fallback_from": dict(failed)})
