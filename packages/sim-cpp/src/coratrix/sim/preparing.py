"""What one simulator accepts, and a circuit made ready for it.

Owns: `Preparing`: parameters and facts of a simulator, every refusal, and the way from a circuit and options to a
`Run`. Knows nothing of: running.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import ConfigurationError, InsufficientMemoryError
from coratrix.backend.interface import BackendInterface
from coratrix.backend.options import RunOptions, parse_options
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.backend.validation import ValidationIssue
from coratrix.core import QuantumCircuit
from coratrix.core.calibration import DeviceCalibration
from coratrix.core.errors import CircuitError
from coratrix.core.interop import adopt
from coratrix.core.noise import NoiseModel
from coratrix.sim import _engine, cost_table, memory, plain, stabilizer
from coratrix.sim.abilities import MAX_SHOTS, capabilities
from coratrix.sim.parameters import SimulatorParameters, noise_model_of
from coratrix.sim.runs import SILENCE, Run, is_silent, make_run, seed_of
from coratrix.sim.twin import Twin

Chosen: TypeAlias = tuple[RunOptions, NoiseModel]
_NO_OPTIONS: Final = RunOptions()


class Preparing(BackendInterface):
    """A simulator up to the point where something runs."""

    def __init__(self, config: BackendConfiguration) -> None:
        super().__init__(config)
        self.parameters = SimulatorParameters.parse(config.connection_params, backend=config.name)
        record = self.parameters.calibration
        self._twin = None if record is None else Twin(record, routing=self.parameters.routing)
        self._own_noise = self.parameters.noise_model or (self._twin.noise_model if self._twin else SILENCE)
        self._costs = cost_table.load(self.parameters.instruction_set)
        self._made_settings: dict[tuple[bool, bool, bool], _engine.Settings] = {}
        self._max_qubits = self.parameters.max_qubits or self._widest()
        self._takes_plain = self._has_short_way()
        self._plain_settings = self._settings(False)
        self._own_seed = None if self.parameters.seed is None else seed_of(None, self.parameters.seed, 0)

    # making ready ---------------------------------------------------------------------------

    def _chosen(self, options: dict[str, Any]) -> Chosen:
        """What one call asks for besides its circuits, and its noise."""
        chosen = parse_options(RunOptions, options, backend=self.name) if options else _NO_OPTIONS
        model = self._noise_of(chosen.noise_model)
        self._refuse_gpu()
        self._refuse_unsupported_noise(model)
        return chosen, model

    def _prepare(self, circuit: Any, shots: int, options: dict[str, Any]) -> Run:
        return self._prepare_chosen(circuit, shots, self._chosen(options), 0)

    def _prepare_chosen(self, circuit: Any, shots: int, chosen: Chosen, place: int) -> Run:
        options, model = chosen
        try:
            ours = adopt(circuit)
        except CircuitError:
            ours = circuit  # validate() says what it is instead
        early = self._twin is not None or not self._is_within_limits(ours)
        if early:
            self.validate(ours, shots).raise_for_issues(self.name)
        run = make_run(
            ours.measured_whole(),
            model,
            self.parameters.simulator_type,
            twin=self._twin,
            shots=shots,
            seed=seed_of(options.seed, self.parameters.seed, place),
            level=options.optimization_level,
            narrow=self._twin is not None,
        )
        self._refuse_too_large(run)
        self._refuse_obstacle(run)
        if not early and not self._is_plainly_valid(ours, shots):
            self.validate(ours, shots).raise_for_issues(self.name)
        return run.recognised()

    def _has_short_way(self) -> bool:
        """Whether circuits that are `plain` need no more than their gates here."""
        p = self.parameters
        ideal = self._twin is None and is_silent(self._own_noise) and p.supports_noise and not p.use_gpu
        return ideal and p.simulator_type in plain.KINDS

    def _plain_seed(self, options: dict[str, Any], place: int = 0) -> int | None:
        """The seed of a call that may take the short way; None where it may not."""
        if not self._takes_plain or (options and options.keys() != {"seed"}):
            return None
        if not options and not place and self._own_seed is not None:
            return self._own_seed
        given = parse_options(RunOptions, options, backend=self.name).seed if options else None
        return seed_of(given, self.parameters.seed, place)

    def _is_plainly_valid(self, circuit: QuantumCircuit, shots: Any) -> bool:
        """Whether `validate` has nothing to find, seen without a walk: every gate and every operation runs here."""
        few = type(shots) is int and 1 <= shots <= MAX_SHOTS and circuit.num_qubits <= self._max_qubits
        return few and self.parameters.supports_noise and not circuit.parameters

    def _is_within_limits(self, circuit: Any) -> bool:
        """Whether a refusal for want of memory, which names the bytes, comes before one for the width."""
        if self.parameters.simulator_type in ("auto", "stabilizer"):
            return False  # the method, and so the memory, is only known when the gates are known to be right
        limit = self.parameters.max_qubits
        return isinstance(circuit, QuantumCircuit) and (limit is None or circuit.num_qubits <= limit)

    @contextmanager
    def _engine_errors(self, run: Run) -> Iterator[None]:
        try:
            yield
        except _engine.OutOfMemory as exc:
            raise self._out_of_memory(run, exc) from exc
        except ValueError as exc:
            raise CircuitError(str(exc)) from exc

    # facts -----------------------------------------------------------------------------------

    def _get_capabilities(self) -> BackendCapabilities:
        return capabilities(self.parameters, self._max_qubits, self._twin)

    def _own_issues(self, circuit: QuantumCircuit) -> Iterable[ValidationIssue]:
        if self.parameters.use_gpu:
            return (ValidationIssue(code="no_gpu", message="this build has no GPU", hint="remove use_gpu"),)
        if self._twin is not None:
            return self._twin.issues(circuit)
        if circuit.num_qubits <= self._max_qubits:
            return ()
        density = self.parameters.simulator_type == "density_matrix"
        refused = memory.refusal(circuit.num_qubits, density=density, single=self._single)
        return () if refused is None else (ValidationIssue(code="memory", message=refused.message),)

    def get_calibration(self) -> DeviceCalibration | None:
        """The record that makes this simulator a twin; None where it is none."""
        return self._record

    def get_status_report(self) -> StatusReport:
        """Online, being this process; offline where a GPU is asked for that is not there."""
        try:
            self._refuse_gpu()
        except ConfigurationError as exc:
            return StatusReport(status=BackendStatus.OFFLINE, message=str(exc))
        return StatusReport(status=BackendStatus.ONLINE)

    def get_queue_info(self) -> QueueInfo:
        """Nothing waits: a run starts when it is asked for."""
        return QueueInfo(length=0, source="this process")

    # choices -----------------------------------------------------------------------------------

    @property
    def _record(self) -> DeviceCalibration | None:
        return self.parameters.calibration

    def _widest(self) -> int:
        """The widest circuit that could run, its gates permitting."""
        if self._record is not None:
            return self._record.num_qubits
        kind = self.parameters.simulator_type
        if kind in ("auto", "stabilizer"):
            return stabilizer.MAX_QUBITS
        density = kind == "density_matrix"
        return memory.qubits_that_fit(_engine.available_bytes(), density=density, single=self._single)

    @property
    def _single(self) -> bool:
        return self.parameters.precision == "single"

    def _settings(self, density: bool, *, merge: bool = True, stabilizer: bool = False) -> _engine.Settings:
        key = (density, merge, stabilizer)
        if (made := self._made_settings.get(key)) is None:
            p = self.parameters
            made = self._made_settings[key] = _engine.Settings(
                self._single,
                density,
                p.num_threads,
                p.instruction_set,
                merge=merge,
                stabilizer=stabilizer,
                costs=self._costs,
            )
        return made

    def _settings_of(self, run: Run) -> _engine.Settings:
        by_stabilizers = run.method.name == "stabilizer"
        return self._settings(run.method.is_density, merge=run.level != 0, stabilizer=by_stabilizers)

    def _noise_of(self, given: Any) -> NoiseModel:
        """The model of this run, else the backend's, else none."""
        if given is None:
            return self._own_noise
        return noise_model_of(given, self.name)

    def _refuse_gpu(self) -> None:
        """A configuration that asks for a GPU can be made anywhere; a run on a GPU that is not there cannot."""
        if self.parameters.use_gpu:
            raise ConfigurationError(
                "use_gpu is true, but this build of coratrix-sim-cpp has no GPU kernels",
                hint="Remove use_gpu to run on the CPU",
                backend=self.name,
            )

    def _refuse_noise(self, message: str, *, hint: str) -> NoiseModel:
        model = self._noise_of(None)
        if not is_silent(model):
            raise ConfigurationError(message, hint=hint, backend=self.name)
        return model

    def _refuse_unsupported_noise(self, model: NoiseModel) -> None:
        if not self.parameters.supports_noise and not is_silent(model):
            raise ConfigurationError(
                f"{self.name} was configured with supports_noise false and cannot apply a noise model",
                hint="Set supports_noise to true or leave the noise model out",
            )

    def _refuse_too_large(self, run: Run) -> None:
        if run.method.name != "stabilizer":
            self._check_width(run.noisy, run.method.is_density)

    def _refuse_obstacle(self, run: Run) -> None:
        if self.parameters.simulator_type == "stabilizer":
            stabilizer.require(run.noisy, run.program(), backend=self.name)

    def _check_width(self, circuit: QuantumCircuit, density: bool) -> None:
        refused = memory.refusal(circuit.num_qubits, density=density, single=self._single)
        if refused is not None:
            raise refused

    def _out_of_memory(self, run: Run, exc: Exception) -> InsufficientMemoryError:
        n, method = run.noisy.num_qubits, run.method
        is_state = method.name != "stabilizer"
        refused = memory.refusal(n, density=method.is_density, single=self._single) if is_state else None
        needed, available = exc.args
        return refused or InsufficientMemoryError(
            f"the run needs {needed} more bytes, {available} are available", backend=self.name
        )
