"""The short form of a circuit's instructions: every way in gives the same circuit and the same refusals."""

from __future__ import annotations

import inspect
import math
import pickle
from collections.abc import Callable
from typing import Any, Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coratrix.core import (
    GATES,
    CircuitError,
    Instruction,
    Measure,
    Parameter,
    QuantumCircuit,
    UnitaryGate,
    gate,
)
from coratrix.core.circuit_gates import GateMethods
from coratrix.testing.strategies import circuits

SWAP = np.eye(4)[[0, 2, 1, 3]]
ODD_ANGLES = [
    0.3,
    -0.0,
    1,
    np.float64(0.7),
    np.float32(0.5),
    10**30,
    math.nan,
    -math.inf,
    1e308,
    True,
    "x",
    1j,
]
ODD_ANGLES += [10**400, None, Parameter("a"), Parameter("a") - Parameter("a") + 2]
ODD_QUBITS = [0, 3, np.int64(2), True, -1, 4, 2**70, 1.0, None, "1", (0,)]

gate_lists = st.lists(
    st.sampled_from(sorted(GATES)).flatmap(
        lambda name: st.tuples(
            st.just(name),
            st.permutations(range(5)).map(lambda order: tuple(order[: GATES[name].num_qubits])),
            st.tuples(*[st.floats(-7, 7) for _ in GATES[name].params]),
        )
    ),
    max_size=12,
)


def outcome(build: Callable[[QuantumCircuit], object], num_qubits: int = 5) -> object:
    """The circuit's instructions, with the types of numbers, or the refusal in words."""
    circuit = QuantumCircuit(num_qubits)
    try:
        build(circuit)
    except CircuitError as exc:
        return type(exc), str(exc)
    return repr(circuit.instructions)


def textbook(circuit: QuantumCircuit, name: str, qubits: Any, params: Any) -> None:
    """The plain way, with nothing short about it."""
    circuit.add_gate(gate(name, *params), qubits)


@pytest.mark.parametrize("name", sorted(GATES))
@pytest.mark.parametrize("angle", ODD_ANGLES, ids=repr)
def test_a_gate_method_does_with_an_odd_angle_what_add_gate_does(name: str, angle: Any) -> None:
    spec = GATES[name]
    for place in range(spec.num_params):
        params = [0.1] * spec.num_params
        params[place] = angle
        qubits = tuple(range(spec.num_qubits))

        found = outcome(lambda c, p=params, q=qubits: getattr(c, name)(*p, *q))

        assert found == outcome(lambda c, p=params, q=qubits: textbook(c, name, q, p))


@pytest.mark.parametrize("name", sorted(GATES))
@pytest.mark.parametrize("odd", ODD_QUBITS, ids=repr)
def test_every_door_does_with_an_odd_qubit_what_add_gate_does(name: str, odd: Any) -> None:
    spec = GATES[name]
    params = (0.1,) * spec.num_params
    for place in range(spec.num_qubits):
        rest = [5, 6, 1, 2][: spec.num_qubits - 1]
        qubits = (*rest[:place], odd, *rest[place:])

        wanted = outcome(lambda c, q=qubits: textbook(c, name, q, params), 7)

        assert outcome(lambda c, q=qubits: getattr(c, name)(*params, *q), 7) == wanted
        assert outcome(lambda c, q=qubits: c.extend([(name, q, params)]), 7) == wanted


@given(gates=gate_lists)
def test_methods_lists_and_instructions_build_equal_circuits(gates: list[Any]) -> None:
    by_method, one_by_one = QuantumCircuit(5), QuantumCircuit(5)
    for name, qubits, params in gates:
        getattr(by_method, name)(*params, *qubits)
        one_by_one.append(Instruction(gate(name, *params), qubits))
    at_once = QuantumCircuit(5).extend(gates)

    assert by_method == at_once == one_by_one
    assert by_method.instructions == at_once.instructions == one_by_one.instructions
    assert by_method.digest() == at_once.digest() == one_by_one.digest()
    assert [each.operation for each in at_once] == [gate(name, *params) for name, _, params in gates]


@given(circuit=circuits(max_qubits=4, with_feedforward=True, with_reset=True))
def test_instructions_put_into_another_circuit_make_an_equal_one(circuit: QuantumCircuit) -> None:
    twin = QuantumCircuit(circuit.num_qubits, registers=circuit.registers, global_phase=circuit.global_phase)
    for instruction in circuit:
        twin.append(instruction)

    assert twin == circuit == circuit.copy() == pickle.loads(pickle.dumps(circuit))
    assert list(twin.special_instructions) == [e for e in circuit.entries if isinstance(e, Instruction)]


def test_instructions_that_were_looked_at_do_not_miss_what_comes_after() -> None:
    circuit = QuantumCircuit(2).h(1)
    assert len(circuit.instructions) == 1

    circuit.rx(0.25, 0).measure_all()

    assert [each.name for each in circuit.instructions] == ["h", "rx", "measure", "measure"]
    assert circuit.has_measurements


def test_a_list_of_gates_takes_aliases_matrices_and_parameters() -> None:
    theta = Parameter("theta")
    listed = QuantumCircuit(3).extend(
        [
            ("CNOT", [2, 0], []),
            ("u2", (1,), (0.5, 1)),
            ("rx", (np.int64(1),), (theta,)),
            ("unitary", (2, 0), (SWAP,)),
            ("unitary", (1,), ([[0, 1j], [1j, 0]],)),
            ("ccx", range(3), ()),
        ]
    )

    wanted = QuantumCircuit(3).cx(2, 0).u(math.pi / 2, 0.5, 1, 1).rx(theta, 1).unitary(SWAP, (2, 0))
    assert listed == wanted.unitary([[0, 1j], [1j, 0]], [1]).ccx(0, 1, 2)
    assert listed.parameters == {theta}
    assert listed.bind({"theta": 2}).instructions[2] == Instruction(gate("rx", 2.0), (1,))


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (("h", (0,)), r"as \(name, qubits, parameters\); got \('h', \(0,\)\)"),
        (("h", 0, ()), r"as \(name, qubits, parameters\)"),
        ((7, (0,), ()), r"as \(name, qubits, parameters\)"),
        ("h", r"as \(name, qubits, parameters\)"),
        (("hh", (0,), ()), "no gate is named 'hh'"),
        (("rx", (0,), ()), r"rx takes 1 \(theta\) parameters; got 0"),
        (("h", (0,), (0.1,)), "h takes no parameters; got 1"),
        (("h", (0, 1), ()), "h acts on 1 qubits; got 2"),
        (("cx", (1, 1), ()), "a qubit is repeated"),
        (("unitary", (0,), ()), r"unitary takes 1 parameter, its matrix, as \(matrix,\); got \(\)"),
        (("unitary", (0, 1), SWAP), "unitary takes 1 parameter"),
        (("unitary", 0, (SWAP,)), "unitary takes qubit numbers; got 0"),
        (("unitary", (0,), (SWAP,)), "unitary acts on 2 qubits; got 1"),
        (("unitary", (0, 1), (2 * SWAP,)), "differs from the identity by 3"),
        (("unitary", (0, 1), (SWAP * math.nan,)), "NaN or infinite"),
        (("unitary", (0, 1), (np.eye(3),)), r"got \(3, 3\)"),
        (("unitary", (0, 1), ("x",)), "square array of complex numbers"),
    ],
)
def test_a_list_with_a_mistake_is_refused_and_adds_nothing(item: Any, reason: str) -> None:
    circuit = QuantumCircuit(2).x(1)

    with pytest.raises(CircuitError, match=reason):
        circuit.extend([("h", (0,), ()), ("unitary", (0, 1), (SWAP,)), item])
    assert circuit == QuantumCircuit(2).x(1)


@pytest.mark.parametrize("defect", [0.9e-9, 1.1e-9])
@pytest.mark.parametrize("count", [1, 3])
def test_the_defect_of_a_unitary_is_judged_entry_by_entry(defect: float, count: int) -> None:
    matrix = np.eye(8)
    matrix[np.arange(4), np.arange(4) + 4] = (
        defect  # each entry of U†U is off by that, their root sum by 2√2 times
    )
    if defect < 1e-9:
        assert len(UnitaryGate.several([matrix] * count)) == count
    else:
        with pytest.raises(CircuitError, match="differs from the identity by 1.1e-09"):
            UnitaryGate.several([matrix] * count)


def test_matrices_of_several_gates_cannot_be_written_to() -> None:
    mine = np.array(SWAP, dtype=complex)
    gates = UnitaryGate.several([mine, mine])
    mine[0, 0] = 5

    assert all(np.array_equal(each.matrix(), SWAP) for each in gates)
    with pytest.raises(ValueError, match="read-only"):
        gates[1].matrix()[0, 0] = 5


def test_methods_show_their_own_names_and_arguments() -> None:
    assert list(inspect.signature(QuantumCircuit.crx).parameters) == ["self", "theta", "control", "target"]
    assert QuantumCircuit.crx.__doc__ == "Controlled RX."
    assert QuantumCircuit(2).crx(theta=0.5, control=1, target=0) == QuantumCircuit(2).crx(0.5, 1, 0)
    assert QuantumCircuit(2).cx(target=0, control=1) == QuantumCircuit(2).cx(1, 0)
    assert all(inspect.unwrap(getattr(GateMethods, name)).__qualname__.endswith(name) for name in GATES)


def test_a_gate_on_no_qubit_still_looks_at_its_angle() -> None:
    assert len(QuantumCircuit(1).h().rx(0.5)) == 0
    with pytest.raises(CircuitError, match="an angle of rx must be a finite real number; got nan"):
        QuantumCircuit(1).rx(math.nan)


def test_measurements_and_gates_keep_their_order() -> None:
    circuit = QuantumCircuit(2, num_clbits=1).x(0).measure(0, 0).unitary(SWAP, (0, 1)).reset(0)

    assert [each.name for each in circuit] == ["x", "measure", "unitary", "reset"]
    assert [each.name for each in circuit.special_instructions] == ["measure", "reset"]
    assert circuit.instructions[1] == Instruction(Measure(), (0,), (0,))


def test_a_method_taken_before_its_first_call_and_one_overridden_work_as_any() -> None:
    class Counting(QuantumCircuit):
        calls = 0

        def ecr(self, first: int, second: int) -> Self:
            self.calls += 1
            return super().ecr(first, second)

    counting = Counting(2).ecr(0, 1).ecr(1, 0)
    circuit = QuantumCircuit(2)
    put = circuit.ecr
    put(0, 1)
    put(1, 0)

    assert counting.calls == 2
    assert counting == circuit
