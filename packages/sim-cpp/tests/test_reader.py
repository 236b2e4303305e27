"""Lists of gates read by the engine: what core's own reader stores and refuses, item for item."""

from __future__ import annotations

import gc
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coratrix.core import GATES, CircuitError, Parameter, QuantumCircuit, bulk
from coratrix.core.gate import UNITARY_SLOTS, UnitaryGate
from coratrix.core.unitary import UNITARY_ATOL
from coratrix.sim import _engine

READ = _engine.GateReader(dict(bulk._SHAPES), UnitaryGate, UNITARY_SLOTS, UNITARY_ATOL)
NUM_QUBITS = 4

names = (
    st.sampled_from([*GATES, "unitary", "nothing", "", "H"]) | st.just(7) | st.just(("h",)) | st.just(["h"])
)
qubits = (
    st.integers(-2, NUM_QUBITS + 1)
    | st.sampled_from([2**40, 2**70, True, 1.0, np.int64(2), "1", None])
    | st.just(np.uint8(3))
)
angles = st.floats() | st.sampled_from(
    [0.0, -0.0, 1, True, np.float64(0.5), math.inf, math.nan, 1.7e308, "x", Parameter("a"), None]
)


def rows(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    listed = st.lists(parts, max_size=4)
    return listed.map(tuple) | listed | st.none()


items = (
    st.tuples(names, rows(qubits), rows(angles))
    | st.tuples(names, rows(qubits), rows(angles)).map(list)
    | st.tuples(st.sampled_from(["h", "cx"]), rows(qubits))
)


def tell(entries: Any) -> str:
    """With types and signs, which equality does not see."""
    return repr(entries)


@given(gates=st.lists(items, max_size=6))
def test_it_reads_as_core_does(gates: list[Any]) -> None:
    found = READ(gates, NUM_QUBITS)

    assert found is not None
    assert tell(found) == tell(bulk.plain_entries(gates, NUM_QUBITS)) or same_in_the_end(gates)


def same_in_the_end(gates: list[Any]) -> bool:
    """Rare kinds of text, rows and sums may take the second look in one of the two; what comes of it is the same."""
    return outcome(gates, READ) == outcome(gates, None)


def outcome(gates: list[Any], reader: Any) -> str:
    before, bulk._reader = bulk._reader, reader
    try:
        entries, others = bulk.checked_entries(gates, NUM_QUBITS)
        return tell((entries, others))
    except Exception as exc:
        return tell(exc)
    finally:
        bulk._reader = before


@given(gates=st.lists(items, max_size=6))
def test_circuits_and_refusals_are_the_same(gates: list[Any]) -> None:
    assert outcome(gates, READ) == outcome(gates, None)


@pytest.mark.parametrize("name", sorted(GATES))
def test_every_gate_of_the_table(name: str) -> None:
    row = GATES[name]
    angles = tuple(0.25 * (k + 1) for k in range(row.num_params))
    item = (name, tuple(range(row.num_qubits)), angles)

    assert outcome([item, item], READ) == outcome([item, item], None)
    assert READ([item], row.num_qubits)[0][0] in ((name, *item[1], *angles), ())  # type: ignore[index]


def test_items_of_other_kinds_are_left_to_core() -> None:
    class Row:
        def __iter__(self) -> Any:
            return iter(("h", (0,), ()))

    assert READ([("h", (0,), ()), Row()], 1) is None
    assert len(QuantumCircuit(1).extend([("h", (0,), ()), Row()])) == 2  # type: ignore[list-item]


def test_matrices_and_angles_of_zero() -> None:
    matrix = np.eye(2)  # real: core makes it complex
    gates = [
        ("unitary", (1,), (matrix,)),
        ("rx", (0,), (-0.0,)),
        ("ccx", (0, 1, 2), ()),
        ("u", [2], [0.1, -0.0, 0.3]),
    ]

    entries, matrices, places = READ(gates, 3) or ([], [], [])

    assert tell(entries) == "[(), ('rx', 0, 0.0), (), ('u', 2, 0.1, 0.0, 0.3)]"
    assert (matrices, places) == ([0], [2])


COMPLEX = np.array([[0.6, 0.8j, 0, 0], [0.8j, 0.6, 0, 0], [0, 0, 0, 1j], [0, 0, 1, 0]])
STRIDED = np.zeros((8, 4), complex)
STRIDED[::2] = COMPLEX


@pytest.mark.parametrize(
    ("matrix", "is_read"),
    [
        (COMPLEX, True),
        (np.asfortranarray(COMPLEX), True),
        (COMPLEX.T, True),
        (STRIDED[::2], True),
        (COMPLEX + 1e-12, True),
        (COMPLEX + 3e-10, False),  # a thorough look decides
        (COMPLEX + 1e-6, False),
        (COMPLEX * np.nan, False),
        (COMPLEX.astype(">c16"), False),
        (COMPLEX.astype(np.complex64), False),
        (COMPLEX.tolist(), False),
        (COMPLEX[:2, :2], False),
        (np.eye(8, dtype=complex), False),
        (COMPLEX.real, False),
        (None, False),
    ],
)
def test_matrices_that_are_unitary_beyond_doubt_become_gates(matrix: Any, is_read: bool) -> None:
    gates = [("unitary", (2, 0), (matrix,))]

    entries, left, _ = READ(gates, 3) or ([], [], [])

    assert (len(entries[0]) == 4, left == []) == (is_read, is_read)
    assert outcome(gates, READ) == outcome(gates, None)


@pytest.mark.parametrize("qubits", [(0, 0), (0, 3), (0,), (0, 1, 2), (True, 1), [2, 1], "01", None])
def test_qubits_of_matrices_are_looked_at_as_core_does(qubits: Any) -> None:
    gates = [("unitary", qubits, (COMPLEX,)), ("unitary", qubits, (COMPLEX[:2, :2],))]

    assert outcome(gates[:1], READ) == outcome(gates[:1], None)
    assert outcome(gates[1:], READ) == outcome(gates[1:], None)


def test_the_gate_of_a_matrix_is_cores_own() -> None:
    given = COMPLEX.copy()

    gate = (READ([("unitary", (1, 0), (given,))], 2) or ([], [], []))[0][0][3]
    given[0, 0] = 7

    assert type(gate) is UnitaryGate
    assert gate == UnitaryGate(COMPLEX)
    assert (gate.num_qubits, gate.given_label) == (2, None)
    assert not gate.matrix().flags.writeable
    with pytest.raises(AttributeError):
        gate.num_qubits = 3  # type: ignore[misc]


def test_what_it_makes_is_no_work_for_the_garbage_collector() -> None:
    entries = QuantumCircuit(2).extend([("u", (0,), (0.1, 0.2, 0.3)), ("cx", (0, 1), ())]).entries

    assert not any(gc.is_tracked(entry) for entry in entries)
    assert entries[0] == ("u", 0, 0.1, 0.2, 0.3)


def test_a_list_is_read_by_the_engine_once_the_simulator_is_there() -> None:
    assert isinstance(getattr(bulk._reader, "__self__", None), _engine.GateReader)
    with pytest.raises(CircuitError, match="qubit 5"):
        QuantumCircuit(2).extend([("h", (0,), ()), ("h", (5,), ())])
