"""Programs in the dialect of each device, run by Braket's own simulators against the textbook."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from braket.default_simulator import DensityMatrixSimulator, StateVectorSimulator
from braket.ir.openqasm import Program
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.core import GATES, Condition, QuantumCircuit, gate
from coratrix.core.decompose import reduce
from coratrix.core.errors import CircuitExportError
from coratrix.providers.aws.dialect import Dialect, dialect_of, matrix_text
from coratrix.providers.aws.normalise import RawCounts, outcome
from coratrix.providers.aws.program import condition_text, decoding_of, is_dynamic, write_program
from coratrix.testing.reference import outcome_probabilities, unitary
from coratrix.testing.statistics import assert_counts_match
from coratrix.testing.strategies import circuits

ACTION = StateVectorSimulator().properties.action["braket.ir.openqasm.program"]
SIMULATOR = dialect_of(json.loads(ACTION.json()), is_dynamic=True)
BARE = Dialect(operations=frozenset({"rz", "ry", "cnot"}))
BARE_CZ = Dialect(operations=frozenset({"rz", "ry", "cz"}))
QPU_GATES = "cnot swap iswap ecr cy cz xx zz h i rx ry rz s si t ti v vi x y z"
RICH_QPU = Dialect(operations=frozenset(QPU_GATES.split(" ")))


def exact_distribution(circuit: QuantumCircuit, dialect: Dialect) -> dict[str, float]:
    """Probabilities of the circuit's keys, by AWS's simulator."""
    program = write_program(circuit, dialect, exact=True)
    result = StateVectorSimulator().run_openqasm(Program(source=program.source), shots=0)
    found: dict[str, float] = {}
    for index, p in enumerate(result.resultTypes[0].value):
        row = format(index, f"0{len(program.columns)}b")
        raw = RawCounts(qubits=program.qubits or (), counts={row: 1})
        (key,) = outcome(raw, decoding_of(program, circuit)).counts
        found[key] = found.get(key, 0.0) + p
    return {key: p for key, p in found.items() if p > 0}


def lopsided(name: str) -> QuantumCircuit:
    spec = GATES[name]
    circuit = QuantumCircuit(spec.num_qubits + 1)
    for qubit in range(circuit.num_qubits):
        circuit.ry(0.5 + 0.6 * qubit, qubit).rz(0.2 + 0.3 * qubit, qubit)
    angles = [0.3 + 0.4 * k for k in range(spec.num_params)]
    circuit.add_gate(gate(name, *angles), list(range(spec.num_qubits, 0, -1)))
    for qubit in range(circuit.num_qubits):
        circuit.ry(1.1 - 0.2 * qubit, qubit)
    return circuit.measure_all()


@pytest.mark.parametrize(
    "dialect", [SIMULATOR, BARE, BARE_CZ, RICH_QPU], ids=["sim", "bare", "bare cz", "qpu"]
)
@pytest.mark.parametrize("name", GATES)
def test_every_gate_means_the_same_in_every_dialect(name: str, dialect: Dialect) -> None:
    circuit = lopsided(name)
    expected = outcome_probabilities(circuit)

    found = exact_distribution(circuit, dialect)

    assert_allclose([found.get(key, 0.0) for key in expected], list(expected.values()), atol=1e-12, rtol=0)


@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("dialect", [BARE, BARE_CZ], ids=["cx", "cz"])
def test_a_decomposition_is_exact_with_its_global_phase(name: str, dialect: Dialect) -> None:
    angles = [0.3 + 0.4 * k for k in range(GATES[name].num_params)]
    whole = gate(name, *angles)
    qubits = tuple(range(whole.num_qubits, 0, -1))
    circuit = QuantumCircuit(whole.num_qubits + 1)

    for step, on in reduce(whole, qubits, dialect.fits):
        if on:
            circuit.add_gate(step, on)
        else:
            circuit.global_phase = circuit.global_phase + step.params[0]

    expected = QuantumCircuit(whole.num_qubits + 1).add_gate(whole, qubits)
    assert_allclose(unitary(circuit), unitary(expected), atol=1e-12, rtol=0)


@pytest.mark.parametrize("angle", [1e-9, 1e-12, 1e-16, np.pi - 1e-9, np.pi, 2 * np.pi, -1e-9])
@pytest.mark.parametrize("name", ["rx", "u", "crx", "cu"])
def test_tiny_angles_lose_nothing(name: str, angle: float) -> None:
    params = [angle] + [0.3] * (GATES[name].num_params - 1)
    whole = gate(name, *params).controlled()
    circuit = QuantumCircuit(whole.num_qubits)

    for step, on in reduce(whole, tuple(range(whole.num_qubits)), BARE.fits):
        if on:
            circuit.add_gate(step, on)
        else:
            circuit.global_phase = circuit.global_phase + step.params[0]

    assert_allclose(unitary(circuit), whole.matrix(), atol=1e-13, rtol=0)


def test_a_matrix_too_large_to_decompose_is_refused() -> None:
    circuit = QuantumCircuit(7).unitary(np.eye(128), range(7)).measure_all()

    with pytest.raises(CircuitExportError, match="at most 6 qubits"):
        write_program(circuit, BARE)


def test_a_device_without_an_entangling_gate_is_told() -> None:
    with pytest.raises(CircuitExportError, match="cannot be written"):
        write_program(QuantumCircuit(2).cx(0, 1).measure_all(), Dialect(operations=frozenset({"rz", "ry"})))


@settings(deadline=None, max_examples=40, derandomize=True)
@given(circuits(max_qubits=3), st.sampled_from([SIMULATOR, RICH_QPU]))
def test_random_circuits_have_the_textbook_distribution(circuit: QuantumCircuit, dialect: Dialect) -> None:
    measured = circuit.measured_whole()
    if is_dynamic(measured) or any(one.name == "channel" for one in measured.instructions):
        return
    expected = outcome_probabilities(measured)

    found = exact_distribution(measured, dialect)

    for key in expected.keys() | found.keys():
        assert found.get(key, 0.0) == pytest.approx(expected.get(key, 0.0), abs=1e-10)


# measurements ---------------------------------------------------------------------------------


def test_columns_follow_the_bits_whatever_the_order_of_measuring() -> None:
    circuit = QuantumCircuit(4, num_clbits=3).x(3).measure(3, 2).measure(0, 0).measure(3, 1)

    program = write_program(circuit, SIMULATOR)

    assert program.source.splitlines()[-2:] == ["b[0] = measure q[0];", "b[1] = measure q[3];"]
    assert program.columns == ((0,), (1, 2))
    assert program.qubits == (0, 3)


def test_a_permuted_answer_is_put_in_order() -> None:
    circuit = QuantumCircuit(3, num_clbits=3).measure([0, 1, 2], [2, 0, 1])
    decoding = decoding_of(write_program(circuit, SIMULATOR), circuit)

    counts = outcome(RawCounts(qubits=(0, 1, 2), counts={"100": 7}), decoding).counts

    assert counts == {"001": 7}


def test_a_bit_that_is_written_twice_keeps_the_last() -> None:
    circuit = QuantumCircuit(2, num_clbits=1).x(0).measure(0, 0).measure(1, 0)

    assert exact_distribution(circuit, SIMULATOR) == pytest.approx({"0": 1.0})


def test_a_device_that_measures_all_gets_all_and_we_keep_ours() -> None:
    dialect = replace(RICH_QPU, measures_all=True, needs_all_qubits=True)
    circuit = QuantumCircuit(3, num_clbits=1).x(2).measure(2, 0)

    program = write_program(circuit, dialect)

    assert sum("measure" in line for line in program.source.splitlines()) == 3
    assert "i q[0];" in program.source
    counts = outcome(RawCounts(qubits=(2, 0, 1), counts={"100": 5, "110": 2}), decoding_of(program, circuit))
    assert counts.counts == {"1": 7}


def test_physical_qubits_are_named_as_the_device_names_them() -> None:
    program = write_program(QuantumCircuit(2).x(0).cx(0, 1).measure_all(), RICH_QPU, places=(5, 3))

    assert "cnot $5, $3;" in program.source
    assert "qubit" not in program.source
    assert program.qubits == (5, 3)


DYNAMIC = [
    QuantumCircuit(2, num_clbits=2).h(0).measure(0, 0).x(0).measure(0, 1),
    QuantumCircuit(2, num_clbits=2).h(0).measure(0, 0).reset(0).measure(0, 1),
    QuantumCircuit(3, num_clbits=3).ry(0.8, 0).measure(0, 0)
    .if_test(Condition([0], [1]), lambda c: c.x(1).ry(0.4, 2), lambda c: c.h(2)).measure([1, 2], [1, 2]),
    QuantumCircuit(3, num_clbits=3).ry(0.8, 0).ry(1.9, 1).measure([0, 1], [0, 1])
    .if_test(Condition([0, 1], [2]), lambda c: c.x(2)).measure(2, 2),
    QuantumCircuit(3, num_clbits=3).ry(0.8, 0).ry(1.9, 1).measure([0, 1], [0, 1])
    .if_test(Condition([0, 1], [1, 2, 3]), lambda c: c.x(2)).measure(2, 2),
    QuantumCircuit(2, num_clbits=2).ry(0.8, 0).measure(0, 0)
    .if_test(Condition([0], [1], negated=True), lambda c: c.x(1)).measure(1, 1),
    QuantumCircuit(2, num_clbits=2).ry(0.8, 0).measure(0, 0)
    .if_test(Condition([0, 1], []), lambda c: c.x(1), lambda c: c.ry(0.5, 1)).measure(1, 1),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(DYNAMIC)))
@pytest.mark.parametrize("device", ["local", "braket_dm"])
def test_feed_forward_runs_offline(local: Callable[[str], object], number: int, device: str) -> None:
    circuit = DYNAMIC[number]

    result = local(device).execute(circuit, 2000)

    assert result.success, result.error
    assert_counts_match(result.counts, outcome_probabilities(circuit))


def test_a_matrix_inside_a_conditional_is_decomposed(local: Callable[[str], object]) -> None:
    rng = np.random.default_rng(3)
    matrix = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
    circuit = QuantumCircuit(3, num_clbits=3).x(0).measure(0, 0)
    circuit.if_test(Condition([0], [1]), lambda c: c.unitary(matrix, [2, 1])).measure([1, 2], [1, 2])

    result = local("local").execute(circuit, 2000)

    assert_counts_match(result.counts, outcome_probabilities(circuit))


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (Condition([3], [1]), "(b[3] == 1)"),
        (Condition([0, 2], [2]), "(b[0] == 0 && b[2] == 1)"),
        (Condition([0, 2], [1, 2, 3]), "!((b[0] == 0 && b[2] == 0))"),
        (Condition([0], [0, 1]), "true"),
        (Condition([0], []), "false"),
        (Condition([0], [1], negated=True), "!((b[0] == 1))"),
    ],
)
def test_a_condition_is_written_over_single_bits(condition: Condition, text: str) -> None:
    assert condition_text(condition) == text


def test_a_leading_reset_is_not_dynamic() -> None:
    assert not is_dynamic(QuantumCircuit(1, num_clbits=1).reset(0).x(0).measure(0, 0))


def test_numbers_are_read_back_to_the_last_bit() -> None:
    angle = 0.1 + 0.2
    source = write_program(QuantumCircuit(1).rx(angle, 0).measure_all(), SIMULATOR).source

    assert f"rx({angle!r}) q[0];" in source


def test_matrices_are_written_as_braket_reads_them() -> None:
    assert matrix_text(np.array([[1, -0.5j], [0.25 - 2e-9j, 0]])) == "[[1.0, -0.5im], [0.25 - 2e-09im, 0]]"


def test_the_density_matrix_simulator_is_given_no_reason_to_warn() -> None:
    program = write_program(
        QuantumCircuit(2).h(0).measure_all(),
        replace(SIMULATOR, noise=frozenset({"kraus"})),
        silent_noise=True,
    )

    result = DensityMatrixSimulator().run_openqasm(Program(source=program.source), shots=10)

    assert len(result.measurements) == 10
