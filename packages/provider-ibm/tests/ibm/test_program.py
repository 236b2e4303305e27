"""Nothing but the device's own instructions is ever sent."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from qiskit import QuantumCircuit as Theirs
from qiskit_ibm_runtime.fake_provider import FakeLagosV2

from coratrix.backend.errors import CircuitValidationError
from coratrix.core import QuantumCircuit, condition_equals
from coratrix.providers.ibm.program import isa_circuits, require_isa


@pytest.fixture(scope="module")
def device() -> FakeLagosV2:
    return FakeLagosV2()


def a_gate_it_lacks() -> Theirs:
    theirs = Theirs(7, 1)
    theirs.h(0)
    return theirs


def a_pair_it_lacks() -> Theirs:
    theirs = Theirs(7)
    theirs.cx(0, 6)
    return theirs


def too_wide() -> Theirs:
    return Theirs(8)


def wrong_inside_a_condition() -> Theirs:
    theirs = Theirs(7, 1)
    with theirs.if_test((theirs.clbits[0], 1)):
        theirs.cx(0, 5)
    return theirs


def a_loop_it_lacks() -> Theirs:
    theirs = Theirs(7, 1)
    with theirs.while_loop((theirs.clbits[0], 1)):
        theirs.x(0)
    return theirs


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (a_gate_it_lacks, "'h'"),
        (a_pair_it_lacks, r"'cx' on qubits \[0, 6\]"),
        (too_wide, "8 qubits"),
        (wrong_inside_a_condition, r"'cx' on qubits \[0, 5\]"),
        (a_loop_it_lacks, "'while_loop'"),
    ],
)
def test_what_is_not_isa_is_refused(device: FakeLagosV2, make: Callable[[], Theirs], told: str) -> None:
    with pytest.raises(CircuitValidationError, match=told):
        require_isa(make(), device, "it")


def test_transpiled_circuits_are_isa_conditions_included(device: FakeLagosV2) -> None:
    circuit = QuantumCircuit(4, num_clbits=4).h(0).ccx(0, 3, 1).measure(0, 0)
    circuit.if_test(condition_equals([0, 1], 1), lambda then: then.cx(3, 2).barrier()).measure([1, 2], [1, 2])

    for level in range(4):
        (isa,) = isa_circuits([circuit], device, optimization_level=level, seed=1)

        assert isa.num_qubits == 7
        require_isa(isa, device, "it")


def test_a_seed_fixes_the_transpiler(device: FakeLagosV2) -> None:
    circuit = QuantumCircuit(5).h(0).cx(0, 4).cx(1, 3).cz(2, 4).swap(0, 3).measure_all()

    first, again = (isa_circuits([circuit], device, optimization_level=1, seed=9)[0] for _ in range(2))

    assert first == again
