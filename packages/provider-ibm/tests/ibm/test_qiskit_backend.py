"""`as_qiskit`: programs written for Qiskit run on a Coratrix backend, here one whose engine is ours."""

from __future__ import annotations

from typing import Any

import pytest
from qiskit import QuantumCircuit as Theirs
from qiskit import QuantumRegister, transpile
from qiskit.circuit import ClassicalRegister as TheirRegister
from qiskit.primitives import BackendEstimatorV2, BackendSamplerV2
from qiskit.providers import BackendV2, JobStatus, JobV1
from qiskit.quantum_info import SparsePauliOp, Statevector

from coratrix.backend.provider import MemoryJobStore
from coratrix.providers.ibm import as_qiskit
from coratrix.testing.scripted import ScriptedBackend, ScriptedService
from coratrix.testing.statistics import assert_counts_match


@pytest.fixture
def backend() -> Any:
    return as_qiskit(ScriptedBackend(ScriptedService(), store=MemoryJobStore()))


def lopsided() -> Theirs:
    theirs = Theirs(QuantumRegister(3, "q"), TheirRegister(2, "a"), TheirRegister(1, "b"))
    theirs.x(0)
    theirs.ry(0.9, 2)
    theirs.crx(1.1, 2, 1)
    theirs.measure(0, 0)
    theirs.measure(1, 1)
    theirs.measure(2, 2)
    return theirs


def test_it_is_a_backend_of_qiskit(backend: Any) -> None:
    assert isinstance(backend, BackendV2)
    assert backend.num_qubits == backend.coratrix_backend.get_capabilities().max_qubits
    assert {"h", "cx", "rz", "measure", "if_else"} <= set(backend.operation_names)
    assert backend.max_circuits is None


def test_counts_have_qiskits_keys(backend: Any) -> None:
    circuit = lopsided()
    job = backend.run(transpile(circuit, backend), shots=4000)
    result = job.result()

    assert isinstance(job, JobV1)
    assert job.status() is JobStatus.DONE
    assert result.success
    exact = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities_dict()
    spaced = {f"{key[0]} {key[1:]}": p for key, p in exact.items()}  # register b, then a
    assert_counts_match(result.get_counts(), spaced)


def test_a_list_of_circuits_keeps_its_order(backend: Any) -> None:
    one, other = Theirs(2, 2), Theirs(2, 2)
    one.x(0)
    other.x(1)
    for circuit in (one, other):
        circuit.measure([0, 1], [0, 1])

    counts = backend.run([one, other], shots=20).result().get_counts()

    assert counts == [{"01": 20}, {"10": 20}]


def test_memory_has_one_entry_per_shot(backend: Any) -> None:
    circuit = Theirs(1, 1)
    circuit.h(0)
    circuit.measure(0, 0)
    result = backend.run(circuit, shots=64, memory=True).result()

    assert sorted(result.get_memory()) == sorted(
        key for key, count in result.get_counts().items() for _ in range(count)
    )


def test_qiskits_sampler_runs_on_it(backend: Any) -> None:
    sampler = BackendSamplerV2(backend=backend)
    data = sampler.run([transpile(lopsided(), backend)], shots=200).result()[0].data

    assert set(data.a.get_counts()) <= {"01", "11"}
    assert sum(data.b.get_counts().values()) == 200


def test_qiskits_estimator_runs_on_it(backend: Any) -> None:
    circuit = Theirs(2)
    circuit.ry(0.7, 0)
    estimator = BackendEstimatorV2(backend=backend)
    pub = (transpile(circuit, backend, optimization_level=0), SparsePauliOp(["IZ", "ZI"], [1.0, 0.5]))

    value = estimator.run([pub], precision=0.02).result()[0].data.evs

    assert abs(value - (0.7648421872844885 + 0.5)) < 5 * 0.02 * 1.5  # cos 0.7, and 0.5 of an idle qubit


def test_conditions_are_run(backend: Any) -> None:
    circuit = Theirs(2, 2)
    circuit.h(0)
    circuit.measure(0, 0)
    with circuit.if_test((circuit.clbits[0], True)):
        circuit.x(1)
    circuit.measure(1, 1)

    counts = backend.run(transpile(circuit, backend), shots=300).result().get_counts()

    assert set(counts) == {"00", "11"}


def test_a_seed_repeats_the_counts(backend: Any) -> None:
    circuit = lopsided()
    first, second = (backend.run(circuit, shots=100, seed_simulator=7).result().get_counts() for _ in "12")

    assert first == second


def test_shots_out_of_range_are_refused_by_qiskits_own_check(backend: Any) -> None:
    with pytest.raises(ValueError, match="shots"):
        backend.set_options(shots=10**9)


def test_an_error_of_the_backend_is_raised(backend: Any) -> None:
    wide = Theirs(backend.num_qubits + 1)
    wide.measure_all()

    result = backend.run(wide, shots=10).result()

    assert not result.success
    assert str(backend.num_qubits) in result.results[0].status


def test_qiskit_programs_run_on_the_embedded_simulator() -> None:
    pytest.importorskip("coratrix.sim", reason="needs coratrix-sim-cpp")
    from coratrix.backend import BackendConfiguration, SimulatorBackend

    simulator = as_qiskit(SimulatorBackend(BackendConfiguration("local", "simulator", {})))
    circuit = lopsided()

    for level in range(4):
        counts = simulator.run(
            transpile(circuit, simulator, optimization_level=level), shots=4000, seed_simulator=level
        )
        exact = Statevector(circuit.remove_final_measurements(inplace=False)).probabilities_dict()
        assert_counts_match(
            counts.result().get_counts(), {f"{key[0]} {key[1:]}": p for key, p in exact.items()}
        )
