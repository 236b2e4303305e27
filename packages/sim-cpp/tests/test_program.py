"""A circuit's way into the engine's buffer: the short one and the long one write the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given

from coratrix.backend import BackendConfiguration, CircuitValidationError
from coratrix.core import ExecutionResult, Parameter, PauliSum, QuantumCircuit, condition_equals, gate
from coratrix.core.entries import instruction_of
from coratrix.sim import SimulatorBackend, _engine
from coratrix.sim import program as writing
from coratrix.sim.program import Writer, encode
from coratrix.testing import reference
from coratrix.testing.strategies import circuits


def written_slowly(circuit: QuantumCircuit) -> Writer:
    """Every instruction by Python, none by the engine."""
    writer = Writer({})
    for entry in circuit.entries:
        writer._other(instruction_of(entry))
    return writer


def words_and_numbers(writer: Writer) -> tuple[Any, ...]:
    return writer.words, writer.params, writer.matrix_pool().tolist()


@given(circuit=circuits(max_qubits=4, with_feedforward=True))
def test_the_engine_writes_entries_as_python_does(circuit: QuantumCircuit) -> None:
    quickly = Writer({})
    quickly.body(circuit.entries)

    assert words_and_numbers(quickly) == words_and_numbers(written_slowly(circuit))


def test_a_circuit_of_everything_runs_as_the_textbook_says() -> None:
    circuit = QuantumCircuit(3, global_phase=0.4).h(2).cu(0.1, 0.2, 0.3, 0.4, 2, 0).ccx(2, 0, 1)
    circuit.unitary(np.array([[0, 1j], [1, 0]]), [1]).add_gate(gate("ry", 0.7).controlled(2, "01"), [1, 2, 0])
    backend = SimulatorBackend(BackendConfiguration("s", "simulator", {}))

    np.testing.assert_allclose(
        backend.statevector(circuit), reference.final_state(circuit).reshape(-1), atol=1e-14
    )


@pytest.mark.parametrize(
    "entry",
    [
        5,
        (),
        ("h",),
        ("h", 0, 1),
        ("hh", 0),
        ("rx", 0, 1),
        ("rx", 0, "x"),
        ("cx", 0),
        (None, 0),
        ("u", 0, 0.1, 0.2),
    ],
)
def test_an_entry_that_is_none_is_left_to_python(entry: Any) -> None:
    assert _engine.ProgramBuffer(writing.HEADS).extend([("h", 0), entry], 0) == 1
    assert writing.HEADS.program([entry], 2, 0) is None


@pytest.mark.parametrize("entry", [("h", "0"), ("h", 0.5), ("cx", 0, None), ("h", 2**70)])
def test_an_entry_with_a_broken_qubit_is_refused(entry: Any) -> None:
    with pytest.raises((TypeError, OverflowError)):
        writing.HEADS.program([entry], 2, 0)


def test_an_entry_beyond_the_circuit_is_refused() -> None:
    with pytest.raises(ValueError, match="qubit out of range: 2"):
        writing.HEADS.program([("h", 2)], 2, 0)


def test_a_circuit_with_an_open_parameter_is_refused_by_its_name() -> None:
    circuit = QuantumCircuit(1).rx(Parameter("theta"), 0)
    backend = SimulatorBackend(BackendConfiguration("s", "simulator", {}))

    with pytest.raises(TypeError, match="theta has no number yet"):
        encode(circuit)
    with pytest.raises(CircuitValidationError, match="theta"):
        backend.execute(circuit)


@pytest.mark.parametrize("shots", [0, -1, 1.5, True, "1", 10**9])
def test_shots_that_are_none_are_refused_however_short_the_way(shots: Any) -> None:
    backend = SimulatorBackend(BackendConfiguration("s", "simulator", {}))

    with pytest.raises(CircuitValidationError, match="shots"):
        backend.execute(QuantumCircuit(1).h(0), shots)


def test_a_circuit_is_not_changed_by_being_run() -> None:
    circuit = QuantumCircuit(2).h(0).cx(0, 1)
    before = circuit.digest()
    backend = SimulatorBackend(BackendConfiguration("s", "simulator", {"seed": 3}))

    first, second = backend.execute(circuit, 100), backend.execute(circuit, 100)

    assert first.counts == second.counts
    assert (circuit.digest(), circuit.num_clbits, len(circuit)) == (before, 0, 2)


def test_the_largest_standard_error_is_that_of_some_reading() -> None:
    backend = SimulatorBackend(BackendConfiguration("s", "simulator", {"seed": 3}))
    for angle in (0.2, 1.5, 2.9):
        result = backend.execute(QuantumCircuit(2).ry(angle, 0).ry(0.9, 1), 1000)

        assert result.metadata["standard_error"] == pytest.approx(max(result.standard_error.values()))


def test_a_result_is_written_and_read_as_before() -> None:
    backend = SimulatorBackend(BackendConfiguration("s", "simulator", {"seed": 3}))
    circuit = QuantumCircuit(2, num_clbits=2).h(0).measure(0, 1)
    circuit.if_test(condition_equals(1, 1), lambda body: body.x(1)).measure(1, 0)

    result = backend.execute(circuit, 50)

    assert ExecutionResult.from_dict(result.to_dict()) == result
    assert set(result.counts) == {"00", "11"}
    with pytest.raises(TypeError, match="does not change"):
        result.counts["00"] = 1  # type: ignore[index]


def test_expectation_values_of_a_bound_circuit_need_no_second_look() -> None:
    theta = Parameter("theta")
    circuit = QuantumCircuit(2).ry(theta, 0).cx(0, 1)
    backend = SimulatorBackend(BackendConfiguration("s", "simulator", {}))

    bound = circuit.bind({theta: 0.6})

    assert not bound.special_instructions
    assert backend.expectation(bound, PauliSum({"ZI": 1.0})) == pytest.approx(np.cos(0.6))
