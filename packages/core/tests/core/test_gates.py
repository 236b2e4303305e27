"""The gate table: against Qiskit's matrices, against closed forms, and against its own algebra."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from coratrix.core import (
    GATES,
    CircuitError,
    CNOTGate,
    ControlledGate,
    CUGate,
    CXGate,
    Gate,
    HGate,
    ISwapGate,
    Parameter,
    RXGate,
    RZGate,
    StandardGate,
    SXGate,
    UGate,
    UnboundParameterError,
    UnitaryGate,
    UnknownGateError,
    XGate,
    ZGate,
    gate,
)

ANGLES = (0.3, -1.1, 2.7, 0.45)
SPARSE_NAMES = sorted(GATES)
angles = st.floats(-7, 7, allow_nan=False)


def sample(name: str) -> StandardGate:
    return gate(name, *ANGLES[: GATES[name].num_params])


@st.composite
def gates(draw: st.DrawFn) -> StandardGate:
    spec = GATES[draw(st.sampled_from(SPARSE_NAMES))]
    return gate(spec.name, *(draw(angles) for _ in spec.params))


@pytest.mark.parametrize("name", SPARSE_NAMES)
def test_every_matrix_of_the_table_is_qiskits(name: str) -> None:
    library = pytest.importorskip("qiskit.circuit.library")
    operator = pytest.importorskip("qiskit.quantum_info").Operator
    special = {"id": "IGate", "sdg": "SdgGate", "tdg": "TdgGate", "sxdg": "SXdgGate", "p": "PhaseGate",
               "cp": "CPhaseGate", "csdg": "CSdgGate", "swap": "SwapGate", "iswap": "iSwapGate",
               "cswap": "CSwapGate"}  # fmt: skip
    theirs = getattr(library, special.get(name, f"{name.upper()}Gate"))(*ANGLES[: GATES[name].num_params])

    expected = operator(theirs).reverse_qargs().data  # Qiskit's first qubit is the least significant

    assert_allclose(sample(name).matrix(), expected, atol=1e-15)


def test_closed_forms_of_gates_whose_convention_is_easily_mistaken() -> None:
    t, p, lam, g = 0.3, -1.1, 2.7, 0.45
    c, s = math.cos(t / 2), math.sin(t / 2)
    u = np.array([[c, -np.exp(1j * lam) * s], [np.exp(1j * p) * s, np.exp(1j * (p + lam)) * c]])
    cu = np.eye(4, dtype=complex)
    cu[2:, 2:] = np.exp(1j * g) * u

    assert_allclose(UGate(t, p, lam).matrix(), u, atol=1e-15)
    assert_allclose(CUGate(t, p, lam, g).matrix(), cu, atol=1e-15)
    assert_allclose(RZGate(t).matrix(), np.diag([np.exp(-0.5j * t), np.exp(0.5j * t)]), atol=1e-15)
    assert_allclose(SXGate().matrix() @ SXGate().matrix(), XGate().matrix(), atol=1e-15)
    assert_allclose(gate("rzx", t).matrix()[:2, :2], RXGate(t).matrix(), atol=1e-15)
    assert_allclose(gate("rzx", t).matrix()[2:, 2:], RXGate(-t).matrix(), atol=1e-15)


def test_cnot_has_its_control_in_the_most_significant_place() -> None:
    assert CNOTGate().matrix()[3, 2] == 1
    assert CNOTGate().matrix()[1, 1] == 1


@pytest.mark.parametrize("name", SPARSE_NAMES)
def test_the_flags_of_a_row_agree_with_its_matrix(name: str) -> None:
    row = sample(name)
    dense = UnitaryGate(row.matrix())

    assert row.is_diagonal == dense.is_diagonal
    assert row.is_permutation == dense.is_permutation
    assert row.is_clifford == dense.is_clifford
    assert row.is_hermitian == dense.is_hermitian


@pytest.mark.parametrize(("angle", "expected"), [(0.0, True), (math.pi / 2, True), (0.7, False)])
def test_a_rotation_is_clifford_at_quarter_turns_only(angle: float, expected: bool) -> None:
    assert RXGate(angle).is_clifford is expected
    assert gate("rzz", angle).is_clifford is expected


@given(gates())
def test_a_gate_and_its_inverse_cancel(one: StandardGate) -> None:
    assert_allclose(one.inverse().matrix() @ one.matrix(), np.eye(2**one.num_qubits), atol=1e-12)


@given(gates(), st.integers(1, 2), st.data())
def test_controls_act_where_they_read_their_state(one: StandardGate, num: int, data: st.DataObject) -> None:
    state = data.draw(st.integers(0, 2**num - 1))
    size = 2**one.num_qubits
    expected = np.eye(size * 2**num, dtype=complex)
    expected[state * size : (state + 1) * size, state * size : (state + 1) * size] = one.matrix()

    assert_allclose(one.controlled(num, state).matrix(), expected, atol=1e-15)
    assert one.controlled(num, format(state, f"0{num}b")) == one.controlled(num, state)


@given(gates(), st.integers(-4, 4))
def test_a_whole_power_is_repetition(one: StandardGate, exponent: int) -> None:
    expected = np.linalg.matrix_power(one.matrix(), exponent)

    assert_allclose(one.power(exponent).matrix(), expected, atol=1e-11)


@given(gates(), st.integers(2, 5))
def test_a_root_raised_again_is_the_gate(one: StandardGate, degree: int) -> None:
    root = one.power(1 / degree).matrix()

    assert_allclose(np.linalg.matrix_power(root, degree), one.matrix(), atol=1e-10)


@given(gates())
def test_a_gate_survives_repr_pickle_and_hash(one: StandardGate) -> None:
    assert pickle.loads(pickle.dumps(one)) == one
    assert hash(gate(one.name, *one.params)) == hash(one)
    assert eval(repr(one), {"gate": gate}) == one


@pytest.mark.parametrize("name", sorted(GATES))
@pytest.mark.parametrize("state", ["00", "01", "10", "11"])
def test_controls_one_by_one_are_the_same_gate_as_all_at_once(name: str, state: str) -> None:
    one = gate(name, *(0.3 + k for k in range(GATES[name].num_params)))

    assert one.controlled(1, state[1]).controlled(1, state[0]) == one.controlled(2, state)


def test_controlled_gates_take_their_name_from_the_table() -> None:
    assert XGate().controlled() == CXGate() == CNOTGate()
    assert CXGate().controlled() == gate("toffoli")
    assert XGate().controlled(4) == gate("c4x")
    assert XGate().controlled(5).name == "controlled"
    assert UGate(1, 2, 3).controlled() == CUGate(1, 2, 3, 0)
    assert ZGate().controlled(2) == gate("ccz")
    assert CXGate().controlled(ctrl_state="0") == ControlledGate(XGate(), 2, "01")
    assert XGate().controlled(1, "0").controlled(1, "1") == ControlledGate(XGate(), 2, "10")


def test_roots_that_have_a_name_are_named() -> None:
    assert XGate().power(0.5) == SXGate()
    assert CXGate().power(0.5) == gate("csx")
    assert HGate().power(3) == HGate()


def test_principal_roots_of_minus_one_are_taken_upwards() -> None:
    assert_allclose(UnitaryGate(ZGate().matrix()).power(0.5).matrix(), np.diag([1, 1j]), atol=1e-12)


def test_other_unitaries_are_gates_too() -> None:
    wanted = ISwapGate().inverse()

    assert wanted.name == "unitary"
    assert_allclose(wanted.matrix() @ ISwapGate().matrix(), np.eye(4), atol=1e-15)
    assert wanted.controlled().num_qubits == 3
    assert wanted == UnitaryGate(ISwapGate().matrix().conj().T)
    assert hash(wanted) == hash(UnitaryGate(ISwapGate().matrix().conj().T))
    assert wanted.inverse().label == "iswap"


@pytest.mark.parametrize(
    ("alias", "params", "expected"),
    [
        ("CNOT", (), CXGate()),
        ("u1", (0.3,), gate("p", 0.3)),
        ("u2", (0.1, 0.2), UGate(math.pi / 2, 0.1, 0.2)),
        ("cu3", (0.1, 0.2, 0.3), CUGate(0.1, 0.2, 0.3, 0)),
        ("Fredkin", (), gate("cswap")),
    ],
)
def test_aliases_are_the_gates_of_the_table(alias: str, params: tuple[float, ...], expected: Gate) -> None:
    assert gate(alias, *params) == expected


def test_an_unknown_gate_is_refused_with_suggestions() -> None:
    with pytest.raises(UnknownGateError, match="'toffolli'; did you mean toffoli"):
        gate("toffolli")


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, "0.3", 1j, None, True])
def test_an_angle_that_is_no_finite_number_is_refused(bad: object) -> None:
    with pytest.raises(CircuitError, match="rx"):
        gate("rx", bad)  # type: ignore[arg-type]


def test_a_wrong_number_of_parameters_is_refused() -> None:
    with pytest.raises(CircuitError, match=r"u takes 3 \(theta, phi, lam\) parameters; got 2"):
        gate("u", 0.1, 0.2)
    with pytest.raises(CircuitError, match="h takes no parameters; got 1"):
        gate("h", 0.1)


@pytest.mark.parametrize(
    ("matrix", "reason"),
    [
        ([[1, 0], [0, 2]], "not unitary"),
        ([[1, 0]], "shape"),
        (np.eye(3), "shape"),
        ([[math.nan, 0], [0, 1]], "NaN"),
        ("unitary", "complex numbers"),
        (1.0, "shape"),
    ],
)
def test_a_matrix_that_is_not_unitary_is_refused(matrix: object, reason: str) -> None:
    with pytest.raises(CircuitError, match=reason):
        UnitaryGate(matrix)


@pytest.mark.parametrize("state", ["", "2", "01", 2, -1])
def test_a_control_state_that_does_not_fit_is_refused(state: str | int) -> None:
    with pytest.raises(CircuitError, match="1 controls"):
        HGate().controlled(1, state)


def test_a_gate_cannot_be_changed() -> None:
    with pytest.raises(AttributeError, match="cannot be changed"):
        HGate().name = "x"
    with pytest.raises(ValueError, match="read-only"):
        HGate().matrix()[0, 0] = 0
    with pytest.raises(ValueError, match="read-only"):
        RXGate(0.3).matrix()[0, 0] = 0


def test_an_open_parameter_has_no_matrix_until_it_is_bound() -> None:
    theta = Parameter("theta")
    open_gate = gate("crx", 2 * theta)

    with pytest.raises(UnboundParameterError, match="theta"):
        open_gate.matrix()
    assert open_gate.parameters == {theta}
    assert open_gate.bind({"theta": 0.25}) == gate("crx", 0.5)
    assert RXGate(theta).controlled(3).bind({theta: 0.25}) == RXGate(0.25).controlled(3)
    assert open_gate.inverse().bind({theta: 0.25}) == gate("crx", -0.5)
    assert open_gate.power(0.5).bind({theta: 0.25}) == gate("crx", 0.25)
