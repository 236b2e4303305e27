"""The simulators inside the SDK: seeds, noise, conditions of use. No account and no network."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from braket.circuits import Circuit
from braket.default_simulator import DensityMatrixSimulator
from braket.devices import LocalSimulator
from braket.ir.openqasm import Program
from hypothesis import given, settings
from numpy.testing import assert_allclose

from coratrix.backend import (
    BackendConfiguration,
    CircuitValidationError,
    ConfigurationError,
    JobNotFoundError,
    JobState,
    UnknownOptionError,
)
from coratrix.core import Instruction, QuantumCircuit
from coratrix.core.noise import (
    Channel,
    NoiseModel,
    amplitude_damping,
    bit_flip,
    bit_phase_flip,
    coherent_error,
    depolarizing,
    generalized_amplitude_damping,
    pauli,
    phase_amplitude_damping,
    phase_damping,
    phase_flip,
    reset_error,
    thermal_relaxation,
)
from coratrix.core.operations import ChannelOp
from coratrix.providers.aws import BraketBackend, BraketOptions
from coratrix.providers.aws.dialect import dialect_of
from coratrix.providers.aws.noise import channel_text
from coratrix.testing import reference
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match
from coratrix.testing.strategies import noise_models

Local = Callable[..., BraketBackend]
DM = dialect_of(json.loads(DensityMatrixSimulator().properties.action["braket.ir.openqasm.program"].json()))


def lopsided() -> QuantumCircuit:
    return QuantumCircuit(3).ry(0.7, 0).cx(0, 1).ry(1.9, 2).cx(2, 1)


# seeds ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("device", ["local", "braket_dm"])
def test_a_seed_repeats_and_another_does_not(local: Local, device: str) -> None:
    backend = local(device)

    first, again, other = (backend.execute(lopsided(), 500, seed=seed) for seed in (7, 7, 8))

    assert first.counts == again.counts != other.counts
    assert first.metadata["seed"] == 7
    assert "exact probabilities" in first.metadata["sampling"]


def test_a_seeded_run_follows_the_distribution(local: Local) -> None:
    circuit = lopsided().measure_all()

    for seed in range(5):
        result = local("local").execute(circuit, 2000, seed=seed)
        assert_counts_match(result.counts, outcome_probabilities(circuit))


def test_bits_in_any_order_are_told_apart_with_a_seed(local: Local) -> None:
    circuit = lopsided().ry(0.9, 0)
    for order in itertools.permutations(range(3)):
        measured = QuantumCircuit(3, num_clbits=3).compose(circuit).measure([2, 0, 1], order)

        result = local("local").execute(measured, 2000, seed=3)

        assert_counts_match(result.counts, outcome_probabilities(measured))


def test_an_unseeded_run_is_brakets_own_sampling(local: Local) -> None:
    assert "sampling" not in local("local").execute(lopsided(), 10).metadata


def test_a_seed_on_a_circuit_without_one_distribution_is_refused(local: Local) -> None:
    circuit = QuantumCircuit(1, num_clbits=2).h(0).measure(0, 0).h(0).measure(0, 1)

    with pytest.raises(CircuitValidationError, match="leave out `seed`"):
        local("local").execute(circuit, 10, seed=1)


# noise ----------------------------------------------------------------------------------------

CHANNELS = [
    depolarizing(0.2), depolarizing(1.3), depolarizing(0.2, 2), depolarizing(1.05, 2), bit_flip(0.2),
    bit_flip(0.8), phase_flip(0.3), phase_flip(0.9), bit_phase_flip(0.2), amplitude_damping(0.3),
    generalized_amplitude_damping(0.3, 0.2), phase_damping(0.3), phase_amplitude_damping(0.2, 0.3, 0.1),
    thermal_relaxation(50e-6, 70e-6, 10e-6), thermal_relaxation(50e-6, 30e-6, 10e-6, 0.1),
    reset_error(0.1, 0.2), pauli({"X": 0.1, "Z": 0.2}), pauli({"XY": 0.1, "ZI": 0.2}),
    coherent_error(np.diag([1, np.exp(0.3j)])), Channel.from_kraus([np.diag([1, 0.8]), np.diag([0, 0.6])]),
]  # fmt: skip


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: f"{c.name}-{c.num_qubits}")
def test_a_channel_is_written_as_itself(channel: Channel) -> None:
    """Braket's own simulator applies the pragma to a state in which every direction shows."""
    size, places = channel.num_qubits + 1, [f"q[{q}]" for q in range(channel.num_qubits, 0, -1)]
    circuit = QuantumCircuit(size)
    for qubit in range(size):
        circuit.ry(0.5 + 0.6 * qubit, qubit).rz(0.2 + 0.3 * qubit, qubit)
    circuit.cx(0, 1)
    source = "\n".join(
        ["OPENQASM 3.0;", f"qubit[{size}] q;"]
        + [f"ry({0.5 + 0.6 * q}) q[{q}];\nrz({0.2 + 0.3 * q}) q[{q}];" for q in range(size)]
        + ["cnot q[0], q[1];", channel_text(channel, places, DM), "#pragma braket result density_matrix"]
    )

    result = DensityMatrixSimulator().run_openqasm(Program(source=source), shots=0)

    circuit.append(Instruction(ChannelOp(channel), tuple(range(channel.num_qubits, 0, -1))))
    assert_allclose(result.resultTypes[0].value, reference.density_matrix(circuit), atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    "model",
    [
        {"depolarizing_error": 0.05},
        {"amplitude_damping_error": 0.1, "phase_damping_error": 0.05},
        {"bit_flip_error": 0.02, "phase_flip_error": 0.03, "readout_error": [[0.97, 0.03], [0.1, 0.9]]},
        {"gate_errors": {"cx": {"depolarizing_error": 0.2}}, "readout_errors": {"2": 0.1}},
        {"readout_errors": {"0 2": [[0.9, 0.05, 0.03, 0.02], [0, 1, 0, 0], [0, 0.2, 0.8, 0], [0, 0, 0, 1]]}},
    ],
)
def test_a_noise_model_means_the_same_here(local: Local, model: dict[str, Any]) -> None:
    circuit = lopsided().measure_all()

    result = local("braket_dm").execute(circuit, 4000, noise_model=model, seed=5)

    assert_counts_match(result.counts, outcome_probabilities(circuit, model))


@settings(deadline=None, max_examples=25, derandomize=True)
@given(noise_models())
def test_any_noise_model_means_the_same_or_is_refused(model: NoiseModel) -> None:
    circuit = lopsided().measure_all()
    config = BackendConfiguration("dm", "cloud", {"provider": "aws", "device": "braket_dm"})

    try:
        result = BraketBackend(config).execute(circuit, 3000, noise_model=model, seed=5)
    except CircuitValidationError:
        assert any(error.num_qubits > 2 for error in model.readout_errors.values())
        return

    assert_counts_match(result.counts, outcome_probabilities(circuit, model))


def test_channels_in_the_circuit_itself_are_applied(local: Local) -> None:
    circuit = QuantumCircuit(2).x(0).channel(bit_flip(0.2), 0).cx(0, 1).measure_all()

    result = local("braket_dm").execute(circuit, 4000)

    assert_counts_match(result.counts, outcome_probabilities(circuit))


def test_noise_is_refused_where_it_would_not_be_applied(local: Local) -> None:
    circuit = QuantumCircuit(1).x(0).channel(bit_flip(0.2), 0).measure_all()

    with pytest.raises(CircuitValidationError, match="bit_flip|channel"):
        local("local").execute(circuit, 10)
    with pytest.raises(UnknownOptionError, match="braket_dm"):
        local("local").execute(lopsided(), 10, noise_model={"depolarizing_error": 0.1})


def test_noise_inside_a_conditional_is_refused_by_name(local: Local) -> None:
    from coratrix.core import condition_equals

    circuit = QuantumCircuit(2, num_clbits=2).h(0).measure(0, 0)
    circuit.if_test(condition_equals(0, 1), lambda c: c.channel(bit_flip(0.1), 1)).measure(1, 1)

    with pytest.raises(CircuitValidationError, match="inside a conditional"):
        local("braket_dm").execute(circuit, 10)


def test_a_readout_error_in_mid_circuit_is_refused(local: Local) -> None:
    circuit = QuantumCircuit(1, num_clbits=2).h(0).measure(0, 0).h(0).measure(0, 1)

    with pytest.raises(CircuitValidationError, match="readout errors"):
        local("braket_dm").execute(circuit, 10, noise_model={"readout_error": 0.1})


# jobs -----------------------------------------------------------------------------------------


def test_a_braket_circuit_runs_as_it_is(local: Local) -> None:
    assert local("local").execute(Circuit().x(1).cnot(1, 0).i(2), 10).counts == {"110": 10}


def test_many_threads_share_the_one_simulator(local: Local) -> None:
    """Its kernels end the process with a segmentation fault when two threads enter them."""
    backends = [local("braket_dm"), local("local")]
    circuit = QuantumCircuit(5)
    for qubit in range(5):
        circuit.ry(0.3 + qubit, qubit).cx(qubit, (qubit + 1) % 5)

    jobs = [backends[k % 2].submit(circuit, 100) for k in range(12)]

    assert all(job.result(timeout=60).success for job in jobs)


def test_a_simulation_that_fails_is_a_result(local: Local, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = local("local")

    def run(*_: object, **__: object) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(LocalSimulator, "run", run)

    result = backend.execute(lopsided(), 10)

    assert not result.success
    assert "no room" in str(result.error)


def test_a_local_job_dies_with_its_process_and_says_so(local: Local) -> None:
    job = local("local").submit(lopsided(), 10)
    job.result(timeout=30)
    stranger = local("local")

    assert job.status() is JobState.SUCCEEDED
    with pytest.raises(JobNotFoundError):
        stranger.job(job.id)


def test_a_local_run_costs_nothing(local: Local) -> None:
    backend = local("local")

    assert backend.estimate_cost([lopsided()], 10).amount == 0.0
    assert backend.execute(lopsided(), 10, max_cost=0).success


@pytest.mark.parametrize("option", [{"physical_qubits": (1, 2, 3)}, {"reservation_arn": "arn:x"}])
def test_options_of_devices_are_refused(local: Local, option: dict[str, Any]) -> None:
    with pytest.raises(UnknownOptionError, match="local simulator"):
        local("local").execute(lopsided(), 10, **option)


def test_a_qubit_named_twice_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="twice"):
        BraketOptions(physical_qubits=(1, 1, 2))


def test_more_qubits_than_fit_are_refused(local: Local) -> None:
    with pytest.raises(CircuitValidationError, match="26"):
        local("local").execute(QuantumCircuit(27).x(0), 10)
