"""All that core promises of a backend, as tests that a backend's author inherits.

    class TestMyBackend(BackendConformance):
        @pytest.fixture
        def backend(self):
            return MyBackend(BackendConfiguration("mine", "hardware", {...}))

Owns: `BackendConformance`. What a backend does not support by its capabilities is skipped with the
reason; what it claims is put to the test. Deterministic circuits decide by the most frequent key, so
that a noisy device can pass; set ``exact = False`` for one, and its distributions are not compared.
"""

from __future__ import annotations

import asyncio
import json
import pickle
from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from coratrix.backend import (
    BackendCapabilities,
    BackendInterface,
    BackendStatus,
    CircuitValidationError,
    JobState,
    QueueInfo,
    UnknownOptionError,
)
from coratrix.core import GATES, QuantumCircuit, gate
from coratrix.core.result import ExecutionResult
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match


def most_frequent(counts: Mapping[str, int]) -> str:
    """The key seen most often."""
    return max(counts, key=lambda key: counts[key])


class BackendConformance:
    """Inherit, provide the fixture ``backend``, and every promise is asked of it.

    Attributes:
        shots: of each execution.
        exact: whether counts follow the ideal distribution; false for a noisy device.
        options: given to every execution, e.g. ``{"seed": 7}``.
        gates_to_try: most names of gates to try of those advertised; lower it for slow services.
    """

    shots: ClassVar[int] = 512
    exact: ClassVar[bool] = True
    options: ClassVar[dict[str, Any]] = {}
    gates_to_try: ClassVar[int] = 100

    @pytest.fixture
    def backend(self) -> BackendInterface:
        """The backend to be tested; a subclass provides it."""
        raise NotImplementedError("give your conformance class a fixture named 'backend'")

    def run(self, backend: BackendInterface, circuit: QuantumCircuit, **options: Any) -> ExecutionResult:
        """One execution that must succeed."""
        result = backend.execute(circuit, self.shots, **{**self.options, **options})
        assert result.success, result.error
        return result

    def check_distribution(self, result: ExecutionResult, circuit: QuantumCircuit) -> None:
        """The counts follow the textbook (5 sigma), or for a noisy device at least its likeliest key."""
        expected = outcome_probabilities(circuit.measured_whole())
        if self.exact:
            assert_counts_match(result.counts, expected)
        else:
            likely = max(expected.values())
            assert expected.get(most_frequent(result.counts), 0.0) >= likely / 2

    # bit order -------------------------------------------------------------------------------

    def test_qubit_0_is_the_leftmost_character(self, backend: BackendInterface) -> None:
        circuit = QuantumCircuit(3).x(0).measure_all()

        assert most_frequent(self.run(backend, circuit).counts) == "100"

    def test_a_bit_shows_what_was_measured_into_it(self, backend: BackendInterface) -> None:
        circuit = QuantumCircuit(3, num_clbits=3).x(2)
        circuit.measure(2, 0).measure(0, 1).measure(1, 2)

        assert most_frequent(self.run(backend, circuit).counts) == "100"

    def test_a_partial_measurement_has_one_character_per_bit(self, backend: BackendInterface) -> None:
        circuit = QuantumCircuit(3, num_clbits=2).x(1)
        circuit.measure(1, 0).measure(2, 1)

        assert most_frequent(self.run(backend, circuit).counts) == "10"

    def test_registers_stand_in_order_of_declaration(self, backend: BackendInterface) -> None:
        circuit = QuantumCircuit(3)
        first, second = circuit.add_register("zeta", 2), circuit.add_register("alpha", 1)
        circuit.x(0).measure(0, first[0]).measure(1, first[1]).measure(2, second[0])

        result = self.run(backend, circuit)

        assert most_frequent(result.counts) == "100"
        assert most_frequent(result.registers["zeta"]) == "10"
        assert most_frequent(result.registers["alpha"]) == "0"

    def test_a_batch_has_the_bit_order_of_a_single_run(self, backend: BackendInterface) -> None:
        circuits = [QuantumCircuit(3).x(0).measure_all(), QuantumCircuit(3).x(0).x(1).measure_all()]

        results = backend.execute_batch(circuits, self.shots, **self.options)

        assert [most_frequent(result.counts) for result in results] == ["100", "110"]

    def test_a_circuit_without_measurement_is_measured_whole(self, backend: BackendInterface) -> None:
        assert most_frequent(self.run(backend, QuantumCircuit(2).x(0)).counts) == "10"

    # counts ----------------------------------------------------------------------------------

    def test_counts_are_plain_and_add_up_to_the_shots(self, backend: BackendInterface) -> None:
        result = self.run(backend, QuantumCircuit(2).h(0).measure_all())

        assert sum(result.counts.values()) == self.shots
        assert {type(key) for key in result.counts} == {str}
        assert {type(count) for count in result.counts.values()} == {int}
        assert all(len(key) == 2 and set(key) <= {"0", "1"} for key in result.counts)

    def test_the_circuit_decides_the_counts(self, backend: BackendInterface) -> None:
        circuit = QuantumCircuit(3).ry(0.7, 0).cx(0, 1).ry(1.9, 2).cx(1, 2).measure_all()

        self.check_distribution(self.run(backend, circuit), circuit)

    def test_phases_matter(self, backend: BackendInterface) -> None:
        circuit = QuantumCircuit(2).h(0).h(1).cz(0, 1).rz(0.9, 0).h(1).h(0).measure_all()

        self.check_distribution(self.run(backend, circuit), circuit)

    def test_every_advertised_gate_does_what_its_matrix_says(self, backend: BackendInterface) -> None:
        known = backend.get_capabilities().available_gates
        names = [name for name in GATES if known is None or name in known][: self.gates_to_try]
        limit = backend.get_capabilities().max_qubits or 5
        circuits = [_lopsided(name) for name in names if GATES[name].num_qubits <= limit]

        results = backend.execute_batch(circuits, self.shots, **self.options)

        for circuit, result in zip(circuits, results, strict=True):
            assert result.success, f"{circuit.name}: {result.error}"
            self.check_distribution(result, circuit)

    def test_the_same_seed_gives_the_same_counts(self, backend: BackendInterface) -> None:
        if not backend.get_capabilities().supports_seed:
            pytest.skip("this backend takes no seed")
        circuit = QuantumCircuit(3).h(0).ry(0.3, 1).cx(0, 2).measure_all()

        first, second = (self.run(backend, circuit, seed=11).counts for _ in range(2))

        assert first == second

    def test_mid_circuit_measurement_keeps_its_outcome(self, backend: BackendInterface) -> None:
        can = backend.get_capabilities()
        if not can.supports_mid_circuit_measurement:
            pytest.skip("this backend measures at the end only")
        circuit = QuantumCircuit(2, num_clbits=2).x(0).measure(0, 0).x(0).measure(0, 1)

        assert most_frequent(self.run(backend, circuit).counts) == "10"

    def test_a_condition_acts_on_the_measured_bit(self, backend: BackendInterface) -> None:
        can = backend.get_capabilities()
        if not (can.supports_conditionals and can.supports_mid_circuit_measurement):
            pytest.skip("this backend has no feed-forward")
        circuit = QuantumCircuit(3, num_clbits=3).h(0).measure(0, 0)
        circuit.add_gate(gate("x"), [1], condition=_bit_is_one(0)).measure(1, 1).measure(2, 2)

        result = self.run(backend, circuit)

        assert set(result.counts) == {"000", "110"} or not self.exact
        self.check_distribution(result, circuit)

    # refusals --------------------------------------------------------------------------------

    @pytest.mark.parametrize("shots", [0, -1, 1.5, True])
    def test_shots_that_cannot_be_are_refused(self, backend: BackendInterface, shots: Any) -> None:
        with pytest.raises(CircuitValidationError, match="shots"):
            backend.execute(QuantumCircuit(1).measure_all(), shots, **self.options)

    def test_too_many_shots_are_refused_with_the_limit(self, backend: BackendInterface) -> None:
        limit = backend.get_capabilities().max_shots
        if limit is None:
            pytest.skip("this backend names no limit")
        with pytest.raises(CircuitValidationError, match=str(limit)):
            backend.execute(QuantumCircuit(1).measure_all(), limit + 1, **self.options)

    def test_an_unknown_option_is_refused_by_name(self, backend: BackendInterface) -> None:
        with pytest.raises(UnknownOptionError, match="sedd"):
            backend.execute(QuantumCircuit(1).measure_all(), self.shots, sedd=3)

    def test_every_problem_of_a_circuit_is_reported_at_once(self, backend: BackendInterface) -> None:
        limit = backend.get_capabilities().max_qubits
        if limit is None:
            pytest.skip("this backend names no limit of qubits")
        circuit = QuantumCircuit(limit + 1).x(0).measure_all()

        report = backend.validate(circuit, shots=0)

        assert not report
        assert {issue.code for issue in report.issues} >= {"too_many_qubits", "shots"}
        assert not backend.validate_circuit(circuit)
        assert any(str(limit) in error for error in backend.get_validation_errors())

    def test_a_valid_circuit_has_no_errors(self, backend: BackendInterface) -> None:
        assert backend.validate_circuit(QuantumCircuit(1).x(0).measure_all())
        assert backend.get_validation_errors() == []

    def test_one_bad_circuit_does_not_lose_the_batch(self, backend: BackendInterface) -> None:
        limit = backend.get_capabilities().max_qubits
        if limit is None:
            pytest.skip("this backend names no limit of qubits")
        good = QuantumCircuit(2).x(0).measure_all()

        results = backend.execute_batch(
            [good, QuantumCircuit(limit + 1).x(0), good], self.shots, **self.options
        )

        assert [result.success for result in results] == [True, False, True]
        assert str(limit) in (results[1].error or "")
        assert [most_frequent(results[i].counts) for i in (0, 2)] == ["10", "10"]

    def test_an_empty_batch_is_empty(self, backend: BackendInterface) -> None:
        assert backend.execute_batch([], self.shots) == []

    # jobs ------------------------------------------------------------------------------------

    def test_a_job_ends_and_keeps_its_result(self, backend: BackendInterface) -> None:
        job = backend.submit(QuantumCircuit(2).x(0).measure_all(), self.shots, **self.options)

        first = job.result(timeout=120)

        assert first.success, first.error
        assert job.status() is JobState.SUCCEEDED
        assert job.result(timeout=120).counts == first.counts

    def test_a_job_can_be_awaited(self, backend: BackendInterface) -> None:
        async def run() -> ExecutionResult:
            job = await backend.submit_async(QuantumCircuit(2).x(0).measure_all(), self.shots, **self.options)
            return await job

        assert most_frequent(asyncio.run(run()).counts) == "10"

    # facts about the backend -----------------------------------------------------------------

    def test_capabilities_are_facts(self, backend: BackendInterface) -> None:
        can = backend.get_capabilities()

        assert isinstance(can, BackendCapabilities)
        assert can.max_qubits is None or can.max_qubits >= 1
        assert can.max_shots is None or can.max_shots >= 1
        assert can.available_gates is None or set(can.available_gates) - {"unitary", "controlled"} <= set(
            GATES
        )
        json.dumps(can.to_dict())

    def test_status_and_queue_answer(self, backend: BackendInterface) -> None:
        queue = backend.get_queue_info()

        assert isinstance(backend.get_status(), BackendStatus)
        assert isinstance(queue, QueueInfo)
        assert queue.length is None or (queue.length >= 0 and queue.source)

    def test_metrics_count_what_ran(self, backend: BackendInterface) -> None:
        before = backend.get_performance_metrics()
        self.run(backend, QuantumCircuit(1).x(0).measure_all())
        after = backend.get_performance_metrics()

        assert after.succeeded == before.succeeded + 1
        assert after.success_rate is not None
        assert after.avg_execution_time is not None

    def test_a_result_names_its_backend_and_travels(self, backend: BackendInterface) -> None:
        result = self.run(backend, QuantumCircuit(2).x(0).measure_all())

        assert result.backend == backend.name
        assert result.execution_time is not None
        assert ExecutionResult.from_dict(json.loads(json.dumps(result.to_dict()))).counts == result.counts
        assert pickle.loads(pickle.dumps(result)).counts == result.counts


def _bit_is_one(bit: int) -> Any:
    from coratrix.core import condition_equals

    return condition_equals(bit, 1)


def _lopsided(name: str) -> QuantumCircuit:
    """A circuit in which the gate's matrix, its order of qubits and its phases all show in the counts."""
    spec = GATES[name]
    angles = [0.3 + 0.4 * k for k in range(spec.num_params)]
    circuit = QuantumCircuit(spec.num_qubits, f"{name} between rotations")
    for qubit in range(spec.num_qubits):
        circuit.ry(0.5 + 0.6 * qubit, qubit).rz(0.2 + 0.3 * qubit, qubit)
    circuit.add_gate(gate(name, *angles), list(range(spec.num_qubits)))
    for qubit in range(spec.num_qubits):
        circuit.ry(1.1 - 0.2 * qubit, qubit)
    return circuit.measure_all()
