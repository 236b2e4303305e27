"""Any Coratrix backend as a PennyLane device, so that programs written for PennyLane run on it unchanged.

Owns: `CoratrixDevice`, the class behind ``qml.device("coratrix", ...)``. Its base is PennyLane's, so it is
made when it is first asked for; importing this module imports no PennyLane.
Knows nothing of: any vendor. What a tape means is coratrix.core.converters.pennylane.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from coratrix.backend.errors import ConfigurationError
from coratrix.backend.interface import BackendInterface
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.result import ExecutionResult

if TYPE_CHECKING:
    CoratrixDevice: type[Any]

SEEDS = 2**31


def __getattr__(name: str) -> Any:
    if name == "CoratrixDevice":
        return _device_class()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _backend(given: BackendInterface | str | None) -> BackendInterface:
    """The backend itself, or the one of that name in the configuration; its default, or the simulator."""
    if isinstance(given, BackendInterface):
        return given
    from coratrix.backend.manager import BackendManager

    manager = BackendManager()
    manager.discover_backends()
    return manager.get_backend(given)


@cache
def _device_class() -> type[Any]:
    """The class itself, made at first use, since its base is PennyLane's."""
    import pennylane as qml
    from pennylane.devices import Device, ExecutionConfig
    from pennylane.devices.modifiers import simulator_tracking, single_tape_support

    from coratrix.backend import pennylane_pipeline as pipeline

    @simulator_tracking
    @single_tape_support
    class CoratrixDevice(Device):  # type: ignore[misc]  # types are checked without PennyLane
        """Runs tapes on a Coratrix backend.

        With shots the counts of any backend are what is measured. Without shots the exact state is
        asked for, which a backend must have methods for (the simulator has).

        Args:
            wires: as every PennyLane device has them.
            backend: a backend, or its name in the configuration; the default backend otherwise, where there is
                no configuration the simulator.
            shots: the default number of shots; ``None`` for exact answers.
            seed: makes sampling repeat itself, where the backend takes seeds.
            **options: given to every execution, e.g. ``noise_model=...``.
        """

        name = "coratrix"

        def __init__(
            self,
            wires: Any = None,
            *,
            backend: BackendInterface | str | None = None,
            shots: Any = None,
            seed: int | None = None,
            **options: Any,
        ) -> None:
            super().__init__(wires=wires, shots=shots)
            self.backend = _backend(backend)
            self.options = options
            self._seeds = None if seed is None else np.random.default_rng(seed)
            self._order = np.random.default_rng(seed)

        def preprocess_transforms(self, execution_config: Any = None) -> Any:
            config = execution_config or ExecutionConfig()
            return pipeline.transforms(self.wires, self.name, adjoint=config.gradient_method == "adjoint")

        def setup_execution_config(self, config: Any = None, circuit: Any = None) -> Any:
            return pipeline.settled(config or ExecutionConfig(), self.name)

        def execute(self, circuits: Any, execution_config: Any = None) -> tuple[Any, ...]:
            standard = [tape.map_to_standard_wires() for tape in circuits]
            sampled = [tape for tape in standard if tape.shots]
            samples = iter(self._samples(sampled))
            return tuple(
                _estimated(tape, next(samples)) if tape.shots else self._exact(tape) for tape in standard
            )

        def _samples(self, tapes: Sequence[Any]) -> list[npt.NDArray[np.int64]]:
            """One array per tape: a row per shot, a column per wire."""
            circuits = [measured(tape) for tape in tapes]
            shots = [int(tape.shots.total_shots) for tape in tapes]
            options = self._options()
            if len(circuits) == 1:  # so that an error is raised and not made a result
                results = [self.backend.execute(circuits[0], shots[0], **options)]
            else:
                results = self.backend.execute_batch(circuits, shots, **options) if circuits else []
            return [self._order.permutation(_rows(result), axis=0) for result in results]

        def _options(self) -> Mapping[str, Any]:
            if self._seeds is None:
                return self.options
            return {"seed": int(self._seeds.integers(SEEDS)), **self.options}

        def _exact(self, tape: Any) -> Any:
            from pennylane.devices import qubit, qubit_mixed

            state = self._state(tape)
            axes = state.reshape((2,) * (state.size.bit_length() - 1))
            if state.ndim == 2:
                return qubit_mixed.measure_final_state(tape, axes, is_state_batched=False)
            return qubit.measure_final_state(tape, axes, is_state_batched=False)

        def _state(self, tape: Any) -> npt.NDArray[np.complex128]:
            """The final state vector, or the density matrix where there is noise."""
            missing = [name for name in ("statevector", "density_matrix") if not hasattr(self.backend, name)]
            if missing:
                raise qml.exceptions.DeviceError(
                    f"{self.backend.name} gives counts, not exact states: ask for a number of shots"
                )
            exact: Any = self.backend
            circuit = unmeasured(tape)
            if self.options or any(hasattr(operator, "kraus_matrices") for operator in tape.operations):
                return np.array(exact.density_matrix(circuit, **self.options))
            try:
                return np.array(exact.statevector(circuit))
            except ConfigurationError:  # the backend itself was configured with noise
                return np.array(exact.density_matrix(circuit))

        def supports_derivatives(self, execution_config: Any = None, circuit: Any = None) -> bool:
            """Adjoint differentiation of exact expectation values; PennyLane itself does the others."""
            if execution_config is None or execution_config.gradient_method != "adjoint":
                return False
            return circuit is None or pipeline.allows_adjoint(circuit, self.wires, self.name)

        def compute_derivatives(self, circuits: Any, execution_config: Any = None) -> tuple[Any, ...]:
            """Jacobians from the backend's final state, by PennyLane's sweep back through the gates."""
            from pennylane.devices.qubit import adjoint_jacobian

            standard = [tape.map_to_standard_wires() for tape in circuits]
            return tuple(adjoint_jacobian(tape, state=self._vector(tape)) for tape in standard)

        def _vector(self, tape: Any) -> npt.NDArray[np.complex128]:
            state = self._state(tape)
            if state.ndim == 2:
                raise qml.exceptions.DeviceError("adjoint differentiation needs a run without noise")
            return state.reshape((2,) * (state.size.bit_length() - 1))

        def __repr__(self) -> str:
            return f"<coratrix device on {self.backend!r}>"

    CoratrixDevice.__qualname__ = "CoratrixDevice"  # so that it pickles
    return CoratrixDevice


def measured(tape: Any) -> QuantumCircuit:
    """The circuit of a tape on wires 0, 1, …, with every wire measured."""
    return unmeasured(tape).measure_all()


def unmeasured(tape: Any) -> QuantumCircuit:
    """The circuit of a tape on wires 0, 1, …, without its measurements."""
    from coratrix.core.converters.pennylane import from_foreign

    gates = from_foreign(tape.copy(measurements=[]))
    circuit = QuantumCircuit(max(len(tape.wires), 1), "tape")
    return circuit.compose(gates, range(gates.num_qubits))


def _rows(result: ExecutionResult) -> npt.NDArray[np.int64]:
    """One row of bits per shot, equal rows together."""
    counts = result.raise_for_status().counts
    patterns = np.array([list(key) for key in counts], dtype=np.int64)
    return np.repeat(patterns, list(counts.values()), axis=0)


def _estimated(tape: Any, samples: npt.NDArray[np.int64]) -> Any:
    """What the measurements of a tape make of the samples, in the nesting that PennyLane wants."""
    wires = range(samples.shape[1])
    parts = [
        tuple(process.process_samples(samples[low:high], wires) for process in tape.measurements)
        for low, high in tape.shots.bins()
    ]
    flat = [part[0] for part in parts] if len(tape.measurements) == 1 else parts
    return tuple(flat) if tape.shots.has_partitioned_shots else flat[0]
