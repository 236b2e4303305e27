"""Virtual processors: which noise and engine runs, seeds, refusals, parameters."""

from __future__ import annotations

import sys
from typing import Any

import cirq
import cirq_google
import numpy as np
import pytest
import qsimcirq

from coratrix.backend import (
    BackendConfiguration,
    BackendStatus,
    BackendType,
    CircuitValidationError,
    ConfigurationError,
    JobNotFoundError,
    ProviderNotInstalledError,
    UnknownOptionError,
)
from coratrix.backend.errors import BackendError
from coratrix.core import GATES, QuantumCircuit
from coratrix.core.noise import NoiseModel
from coratrix.providers.google import GoogleBackend
from coratrix.testing import reference
from coratrix.testing.statistics import assert_counts_match

ONE = QuantumCircuit(1).x(0).measure_all()


def virtual(**params: Any) -> GoogleBackend:
    given = {"provider": "google", "project": "my-project", "device": "simulator", **params}
    return GoogleBackend(BackendConfiguration("google_quantum", BackendType.HARDWARE, given))


@pytest.mark.parametrize(
    ("params", "facts"),
    [
        ({}, {"processor": "willow_pink", "noise": "median calibration of willow_pink", "gateset": "cz"}),
        ({"processor": "rainbow"}, {"processor": "rainbow", "gateset": "sycamore"}),
        ({"processor": "weber", "gateset": "sqrt_iswap"}, {"processor": "weber", "gateset": "sqrt_iswap"}),
        ({"noise": "none"}, {"noise": "none", "engine": f"qsim {qsimcirq.__version__}"}),
        ({"simulator": "density_matrix"}, {"engine": f"cirq.DensityMatrixSimulator {cirq.__version__}"}),
    ],
)
def test_the_result_says_which_engine_and_noise_ran(params: dict[str, str], facts: dict[str, str]) -> None:
    result = virtual(**params).execute(QuantumCircuit(2).h(0).cx(0, 1), 200, seed=5)

    assert result.metadata.items() >= {**facts, "seed": 5}.items()


@pytest.mark.parametrize("simulator", ["qsim", "density_matrix"])
@pytest.mark.parametrize("processor", ["willow_pink", "rainbow"])
def test_the_readout_noise_is_that_of_the_qubit_that_was_used(processor: str, simulator: str) -> None:
    shots = 20_000
    result = virtual(processor=processor, simulator=simulator).execute(ONE, shots, seed=5)
    place = result.metadata["initial_qubits"]["0"]
    metrics = cirq_google.engine.load_median_device_calibration(processor)
    (misread,) = (v[0] for (q,), v in metrics["single_qubit_p11_error"].items() if str(q) == place)
    (gate_error,) = (
        v[0] for (q,), v in metrics["single_qubit_rb_pauli_error_per_gate"].items() if str(q) == place
    )

    read_as_0 = result.counts["0"] / shots

    sigma = (misread / shots) ** 0.5
    assert misread - 5 * sigma < read_as_0 < misread + 2 * gate_error + 5 * sigma


@pytest.mark.parametrize("processor", ["willow_pink", "rainbow"])
def test_qsim_and_the_density_matrix_agree_on_the_noise(processor: str) -> None:
    """Two engines that nobody here wrote: trajectories of the one, exact probabilities of the other."""
    circuit = QuantumCircuit(3).ry(0.9, 0).cx(0, 1).ry(1.3, 2).cx(1, 2).measure_all()
    dense = virtual(simulator="density_matrix", processor=processor)
    client: Any = dense.client
    compiled = dense._compile(circuit, 2).circuit
    noise = client.simulator(None).noise
    noisy = cirq.Circuit(noise.noisy_moments(compiled.moments, sorted(compiled.all_qubits())))
    exact = _probabilities(noisy, 3)

    for backend in (dense, virtual(processor=processor)):
        assert_counts_match(backend.execute(circuit, 20_000, seed=2).counts, exact)


def _probabilities(noisy: cirq.Circuit, num_bits: int) -> dict[str, float]:
    """Of a circuit that ends in one moment of measurements, from its exact density matrix."""
    (last,) = (moment for moment in noisy if cirq.is_measurement(moment))
    assert noisy[-1] == last
    order = {f"meas_{k}": None for k in range(num_bits)}
    qubits = {cirq.measurement_key_name(op): op.qubits[0] for op in last}
    state = cirq.DensityMatrixSimulator(dtype=np.complex128).simulate(
        noisy[:-1], qubit_order=[qubits[key] for key in order]
    )
    weights = np.real(np.diag(state.final_density_matrix))
    return {format(k, f"0{num_bits}b"): float(p) for k, p in enumerate(weights / weights.sum())}


def test_without_noise_the_counts_are_the_textbooks() -> None:
    circuit = QuantumCircuit(4, registers=[("b", 2), ("a", 3)])
    circuit.ry(0.9, 0).ccx(0, 1, 3).rzx(0.7, 0, 2).cswap(0, 2, 1).u(0.3, 0.4, 0.5, 3).iswap(1, 3)
    circuit.measure((3, 0, 1), (4, 1, 2))

    result = virtual(noise="none").execute(circuit, 20_000, seed=3)

    assert_counts_match(result.counts, reference.outcome_probabilities(circuit))
    assert set(result.registers) == {"b", "a"}


def test_without_a_seed_two_runs_differ_and_with_one_they_do_not() -> None:
    backend = virtual(noise="none")
    circuit = QuantumCircuit(6).h(0, 1, 2, 3, 4, 5).measure_all()

    free = [backend.execute(circuit, 200).counts for _ in range(2)]
    seeded = [backend.execute(circuit, 200, seed=2**40 + 1).counts for _ in range(2)]

    assert free[0] != free[1]
    assert seeded[0] == seeded[1]


def test_capabilities_are_those_of_the_processor() -> None:
    willow, rainbow = virtual().get_capabilities(), virtual(processor="rainbow").get_capabilities()

    assert (willow.max_qubits, rainbow.max_qubits) == (105, 23)
    assert (len(willow.coupling_map or ()), len(rainbow.coupling_map or ())) == (182, 32)
    assert (willow.supports_reset, rainbow.supports_reset) == (True, False)
    assert willow.native_gates == ("u", "p", "cz")
    assert rainbow.native_gates == ("u", "p", "cz", "syc", "sqrt_iswap")
    assert set(willow.available_gates or ()) == {*GATES, "unitary", "controlled"}
    assert willow.is_local
    assert not willow.supports_noise
    assert not willow.supports_conditionals


def test_every_pair_of_the_map_runs_a_gate_without_routing() -> None:
    backend = virtual(processor="rainbow", noise="none")
    device = backend._device()
    pairs = backend.get_capabilities().coupling_map or ()
    labels = backend.get_capabilities().extra["qubits"]
    qubits = {str(qubit): qubit for qubit in device.metadata.qubit_set}

    assert all(device.metadata.nx_graph.has_edge(qubits[labels[a]], qubits[labels[b]]) for a, b in pairs)


@pytest.mark.parametrize(
    ("processor", "native"),
    [
        ("willow_pink", {"u", "rz", "cz"}),
        ("weber", {"u", "rz", "unitary:syc", "unitary:sqrt_iswap"}),
        ("rainbow", {"u", "rz", "unitary:syc", "unitary:sqrt_iswap"}),
    ],
)
def test_the_calibration_makes_a_noise_model(processor: str, native: set[str]) -> None:
    backend = virtual(processor=processor)

    record = backend.get_calibration()

    assert record is not None
    assert record.num_qubits == backend.get_capabilities().max_qubits
    assert set(record.native_gates) == native
    assert list(record.labels or ()) == backend.get_capabilities().extra["qubits"]
    assert {tuple(sorted(pair)) for pair in record.coupling_map} <= set(
        backend.get_capabilities().coupling_map or ()
    )
    assert NoiseModel.from_calibration(record).readout(0) is not None


def test_too_large_a_state_is_refused_before_it_is_made() -> None:
    backend = virtual()
    wide = QuantumCircuit(60).h(*range(60)).measure_all()

    with pytest.raises(CircuitValidationError, match=r"60 qubits need [\d,]+ bytes.*At most \d+ qubits fit"):
        backend.execute(wide, 10)


def test_unknown_words_and_parts_that_do_not_fit_are_refused_together() -> None:
    with pytest.raises(ConfigurationError) as refused:
        virtual(processor="sycamore", nosie="none", endpoint="not an endpoint")

    assert all(word in str(refused.value) for word in ("'willow_pink'", "did you mean noise?", "endpoint"))


@pytest.mark.parametrize(
    ("params", "complaint"),
    [
        ({"endpoint": "localhost:1"}, "endpoint belongs to a processor of the service"),
        ({"device": "willow", "noise": "none"}, "noise belongs to device 'simulator'"),
        ({"device": "willow", "service_account_file": "k", "access_token": "t"}, "give either"),
        ({"device": "willow", "run_name": "r"}, "need device_config_name"),
        ({"device": "willow", "device_config_name": "r"}, "needs run_name or snapshot_id"),
        ({"device": "willow", "run_name": "r", "snapshot_id": "s", "device_config_name": "d"}, "give either"),
        ({"device": "../x"}, "device"),
    ],
)
def test_parameters_that_do_not_fit_together_are_refused(params: dict[str, str], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        virtual(**params)


@pytest.mark.parametrize(
    ("option", "error"),
    [
        ({"noise_model": {}}, UnknownOptionError),
        ({"priority": 3}, UnknownOptionError),
        ({"priority": 1000}, BackendError),
    ],
)
def test_options_that_cannot_be_honoured_are_refused(option: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        virtual().execute(ONE, 10, **option)


def test_a_schedule_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no schedule"):
        virtual().get_schedule()


def test_jobs_end_with_the_process() -> None:
    client: Any = virtual().client

    with pytest.raises(JobNotFoundError, match="another process"):
        client.poll("crx-somewhere-else", deadline=None)


@pytest.mark.parametrize(("module", "name"), [("qsimcirq", "qsimcirq"), ("cirq_google.cloud", "cirq-google")])
def test_a_missing_sdk_is_named_with_the_command(
    monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    backend = virtual()
    if module == "qsimcirq":
        backend.get_capabilities()
    monkeypatch.setitem(sys.modules, module, None)

    if module == "qsimcirq":
        result = backend.execute(ONE, 10)
        assert not result.success
        assert "qsimcirq cannot be imported" in (result.error or "")
        return
    with pytest.raises(ProviderNotInstalledError, match=f"{name} cannot be imported.*pip install"):
        backend.execute(ONE, 10)
    assert backend.get_status() is BackendStatus.UNKNOWN
