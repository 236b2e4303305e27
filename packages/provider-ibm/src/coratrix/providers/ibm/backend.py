"""IBM Quantum as a backend: the wiring of parameters, conversion, client and results.

Owns: `IBMBackend`. Knows nothing of: how IBM is asked (client.py, local.py), bit order (normalise.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from coratrix.backend.provider import (
    FREE,
    SYSTEM_CLOCK,
    UNKNOWN_COST,
    BackendConfiguration,
    Clock,
    CostEstimate,
    Deadline,
    JobBackend,
    JobStore,
    Outcome,
    Resilience,
    Submission,
    VendorClient,
)
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.observables import PauliSum
from coratrix.core.result import ExecutionResult
from coratrix.providers.ibm import expectation, parameters, sdk
from coratrix.providers.ibm.expectation import Estimation, estimation_pub
from coratrix.providers.ibm.normalise import normalise
from coratrix.providers.ibm.options import DEFAULT_OPTIMIZATION_LEVEL, IBMOptions
from coratrix.providers.ibm.program import Program, conversion_facts, isa_circuits, layout_of
from coratrix.providers.ibm.sweep import Sweep, sweep_pub

LOCAL_PATIENCE = Resilience(first_poll_s=0.005, longest_poll_s=0.25)
JOB_OVERHEAD_S = 2.0  # IBM's rule of thumb for a job's time on the device besides its shots


class IBMBackend(JobBackend):
    """A device of IBM Quantum, or a snapshot of one that runs in this process.

    See `IBMParameters` for ``connection_params`` and `IBMOptions` for the options of a run.
    """

    options_type = IBMOptions
    account_parameters = ("channel", "instance", "account")

    def __init__(
        self,
        config: BackendConfiguration,
        *,
        client: VendorClient | None = None,
        store: JobStore | None = None,
        clock: Clock = SYSTEM_CLOCK,
        resilience: Resilience | None = None,
    ) -> None:
        self.parameters = parameters.parse(config.connection_params, config.name)
        if resilience is None and self.parameters.is_local:
            resilience = LOCAL_PATIENCE
        super().__init__(config, client=client, store=store, clock=clock, resilience=resilience)

    # the hooks of JobBackend ------------------------------------------------------------------

    def _connect(self) -> VendorClient:
        sdk.load()
        if self.parameters.is_local:
            from coratrix.providers.ibm.local import LocalClient

            return LocalClient(self.parameters, self.clock)
        from coratrix.providers.ibm.client import ServiceClient

        return ServiceClient(self.parameters, self.clock)

    def _refused_options(self) -> Mapping[str, str]:
        if self.parameters.is_local:
            return {
                "noise_model": "a snapshot has its device's own noise; "
                "give your model to the simulator backend, or make a twin with manager.twin(...)",
                "max_cost": "nothing is charged for a run in this process",
            }
        return {"noise_model": "hardware has its own noise; make a twin with manager.twin(...)"}

    def _sdk_distributions(self) -> tuple[str, ...]:
        return ("qiskit-ibm-runtime", "qiskit", *(("qiskit-aer",) if self.parameters.is_local else ()))

    def _convert(self, circuits: Sequence[QuantumCircuit], shots: int, options: Any) -> Submission:
        if isinstance(circuits, Estimation):
            return self._estimation(circuits, options)
        if isinstance(circuits, Sweep):
            isa, facts = self._isa([circuits.template], options)
            pubs: list[Any] = [sweep_pub(isa[0], circuits)]
            layouts = [{"layout": layout_of(circuits.template), "points": len(circuits)}]
        else:
            pubs, facts = self._isa(circuits, options)
            layouts = [{"layout": layout_of(circuit), "points": None} for circuit in circuits]
        return Submission(
            program=self._program("sampler", pubs, options),
            decoding={"primitive": "sampler", "pubs": layouts},
            metadata=facts,
        )

    def _estimation(self, asked: Estimation, options: Any) -> Submission:
        isa, facts = self._isa([asked.circuit], options)
        chosen = {"precision": asked.precision, "resilience_level": asked.resilience_level}
        return Submission(
            program=self._program("estimator", [estimation_pub(isa[0], asked)], options, **chosen),
            decoding={"primitive": "estimator", "pubs": [{"layout": [], "points": None}]},
            metadata={**facts, **chosen},
        )

    def normalise(self, raw: Any, decoding: Mapping[str, Any]) -> list[Outcome]:
        return normalise(raw, decoding)

    def estimate_cost(self, circuits: Sequence[QuantumCircuit], shots: int) -> CostEstimate:
        """Seconds of device time, which is what IBM counts; a run with ``max_cost`` is stopped there."""
        if self.parameters.is_local:
            return FREE
        client: Any = self.client
        delay: float | None = self._remembered("rep_delay", client.rep_delay, 3600.0)
        if delay is None:
            return UNKNOWN_COST
        return CostEstimate(
            amount=JOB_OVERHEAD_S + len(circuits) * int(shots) * delay,
            currency="device seconds",
            basis=f"{JOB_OVERHEAD_S:g} s + {len(circuits)} circuits x {int(shots)} shots x {delay:g} s",
        )

    # parts of a conversion --------------------------------------------------------------------

    def _isa(
        self, circuits: Sequence[QuantumCircuit], options: IBMOptions
    ) -> tuple[list[Any], dict[str, Any]]:
        """Circuits in the device's instructions, and what to say about them."""
        client: Any = self.client
        device = client.device(Deadline.after(self.numbers.request_timeout_s, self.clock))
        level = options.optimization_level
        level = DEFAULT_OPTIMIZATION_LEVEL if level is None else level
        isa = isa_circuits(circuits, device, optimization_level=level, seed=options.seed)
        where = client.facts() if self.parameters.is_local else {"mode": "service", "device": device.name}
        seeded = ["transpiler", "sampling"] if self.parameters.is_local else ["transpiler"]
        facts = {
            **where,
            "optimization_level": level,
            "seed": options.seed,
            "seed_applies_to": seeded if options.seed is not None else [],
            "transpiled": conversion_facts(isa),
        }
        return isa, facts

    def _program(self, primitive: Any, pubs: Sequence[Any], options: IBMOptions, **more: Any) -> Program:
        return Program(
            primitive=primitive,
            pubs=tuple(pubs),
            seed=options.seed,
            max_execution_time=None if options.max_cost is None else int(options.max_cost),
            dynamical_decoupling=options.dynamical_decoupling,
            tags=options.tags,
            **more,
        )

    # more than counts -------------------------------------------------------------------------

    def execute_sweep(
        self,
        circuit: Any,
        values: Sequence[Mapping[Any, float]],
        shots: int = 1000,
        **options: Any,
    ) -> list[ExecutionResult]:
        """Run ``circuit`` once for each set of parameter values: one transpilation, one job.

        Args:
            values: for each point, a number for every parameter, by `Parameter` or name.
        """
        parsed = self._parse(options)
        deadline = Deadline.after(parsed.timeout, self.clock)
        sweep = Sweep.of(circuit, values)
        for bound in sweep:
            self._checked(bound, shots)
        job = self._submit(sweep, shots, parsed, deadline)
        return job.results(None if parsed.timeout is None else deadline.left())

    def expectation(
        self,
        circuit: Any,
        observables: PauliSum | Sequence[PauliSum],
        *,
        precision: float = 0.015625,
        resilience_level: int | None = None,
        **options: Any,
    ) -> expectation.Expectation:
        """Expectation values of observables in the state that ``circuit`` prepares, by IBM's estimator.

        Args:
            circuit: without measurements.
            precision: wanted standard error of each value; the estimator chooses the shots.
            resilience_level: IBM's error mitigation, 0 (none) to 2; only on the service.
        """
        return expectation.run(
            self,
            circuit,
            observables,
            precision=precision,
            resilience_level=resilience_level,
            options=options,
        )

    # what only IBM tells ----------------------------------------------------------------------

    def get_calibration(self) -> DeviceCalibration | None:
        client: Any = self.client
        ask: Callable[[Deadline], DeviceCalibration | None] = lambda own: client.calibration(deadline=own)  # noqa: E731
        return self._remembered("calibration", ask, 3600.0)

    def usage(self) -> dict[str, Any]:
        """What the instance has used and has left, in seconds of device time; empty in local mode."""
        if self.parameters.is_local:
            return {}
        client: Any = self.client
        deadline = Deadline.after(self.numbers.request_timeout_s, self.clock)
        return self.call("asking for the usage", lambda own: client.usage(deadline=own), deadline)

    def job_metrics(self, job_id: str) -> dict[str, Any]:
        """IBM's own metrics of a job, by our id or IBM's: time stamps, usage; empty in local mode."""
        if self.parameters.is_local:
            return {}
        client: Any = self.client
        vendor_id = self.job(job_id).vendor_job_id
        deadline = Deadline.after(self.numbers.request_timeout_s, self.clock)
        return self.call("reading metrics", lambda own: client.metrics(vendor_id, deadline=own), deadline)
