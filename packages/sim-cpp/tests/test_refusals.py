"""What the simulator refuses, and in which words."""

from __future__ import annotations

import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from coratrix.backend import (
    BackendConfiguration,
    CircuitValidationError,
    ConfigurationError,
    InsufficientMemoryError,
    UnknownOptionError,
)
from coratrix.backend.status import BackendStatus
from coratrix.core import PauliSum, QuantumCircuit
from coratrix.sim import SimulatorBackend, _engine
from coratrix.sim.program import encode


def simulator(**params: Any) -> SimulatorBackend:
    return SimulatorBackend(BackendConfiguration("sim", "simulator", params))


def test_sixty_qubits_are_refused_with_bytes_and_what_would_fit() -> None:
    with pytest.raises(InsufficientMemoryError, match=rf"{16 * 2**60} bytes, \d+ are available; \d+ qubits"):
        simulator().execute(QuantumCircuit(60).h(0))
    with pytest.raises(InsufficientMemoryError):
        simulator().statevector(QuantumCircuit(60))
    with pytest.raises(InsufficientMemoryError, match="density matrix of 30"):
        simulator().density_matrix(QuantumCircuit(30))
    with pytest.raises(InsufficientMemoryError):
        simulator().expectation(QuantumCircuit(60), PauliSum({"Z" * 60: 1}))


def test_max_qubits_is_a_limit_of_its_own() -> None:
    with pytest.raises(CircuitValidationError, match="5 qubits, 4 are there"):
        simulator(max_qubits=4).execute(QuantumCircuit(5))


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"simulator_type": "statevektor"}, "statevektor.*'density_matrix'"),
        ({"max_qubits": 0}, "max_qubits is 0"),
        ({"max_qubits": True}, "max_qubits is True"),
        ({"gpu_memory_limit": "8 parsecs"}, "8 parsecs.*'8GB'"),
        ({"precision": "half"}, "half.*'single'"),
        ({"sead": 3}, "'sead'.*did you mean 'seed'"),
        ({"seed": "x"}, "seed is 'x'"),
        ({"num_threads": -1}, "num_threads is -1"),
        ({"instruction_set": "mmx"}, "mmx.*'portable'"),
        ({"noise_model": {"depolarizing_error": 2}}, "noise_model.*depolarizing"),
        ({"noise_model": {"depolarising": 0.1}}, "depolarising"),
    ],
)
def test_parameters_that_make_no_sense_are_named(params: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        simulator(**params)


def test_memory_limits_are_read_with_their_units() -> None:
    assert simulator(gpu_memory_limit="8GB").parameters.gpu_memory_limit == 8 * 10**9
    assert simulator(gpu_memory_limit="1.5 GiB").parameters.gpu_memory_limit == 3 * 2**29


def test_options_that_cannot_be_honoured_are_refused() -> None:
    circuit = QuantumCircuit(1).h(0)
    with pytest.raises(UnknownOptionError, match="shotz"):
        simulator().execute(circuit, 10, shotz=3)
    with pytest.raises(ConfigurationError, match="optimization_level is 4"):
        simulator().execute(circuit, 10, optimization_level=4)
    with pytest.raises(ConfigurationError, match="supports_noise"):
        simulator(supports_noise=False).execute(circuit, 10, noise_model={"bit_flip_error": 0.1})


def test_a_gpu_that_is_not_there_is_told_at_the_first_use() -> None:
    backend = simulator(use_gpu=True, gpu_memory_limit="8GB")

    with pytest.raises(ConfigurationError, match=r"no GPU.*Remove use_gpu"):
        backend.execute(QuantumCircuit(1).h(0), 10)
    assert not backend.validate_circuit(QuantumCircuit(1))
    assert backend.get_status() is BackendStatus.OFFLINE


def test_every_optimization_level_gives_the_same_counts_for_a_seed() -> None:
    circuit = QuantumCircuit(3).ry(0.7, 0).cx(0, 1).rz(0.4, 1).cx(1, 2).h(2)

    counts = [simulator().execute(circuit, 500, seed=3, optimization_level=k).counts for k in range(4)]

    assert counts[0] == counts[1] == counts[2] == counts[3]


@pytest.mark.parametrize("shots", [0, -1, 1.5, 10**12])
def test_shots_out_of_range_are_refused(shots: Any) -> None:
    with pytest.raises(CircuitValidationError, match="shots"):
        simulator().execute(QuantumCircuit(1).h(0), shots)


def test_a_measured_circuit_has_no_statevector() -> None:
    with pytest.raises(ValueError, match="no single final state"):
        simulator().statevector(QuantumCircuit(1).h(0).measure_all())


@pytest.mark.parametrize(
    "words",
    [
        [0],
        [0, 0, 0, 1, 9, 0],
        [99],
        [11, 0, 0, 1, 0, 5],
        [0, 0, 0, 2, 0, 0, 0],
        [25, 0, 0, 1, 0, 7],
        [27, 0, 3, -1],
        [30, 1, 0, 1, 1, 0, 50, 0],
        [31, 1, 0, 1, 1, 0, 0, 0],
        [-1],
        [0, 47, 0, 1, 0, 0],
    ],
)
def test_a_broken_buffer_is_refused_and_never_read_past(words: list[int]) -> None:
    with pytest.raises(ValueError, match="program"):
        _engine.Program(2, 1, words, [], __import__("numpy").empty(0, dtype=complex))


def test_ctrl_c_stops_a_long_run() -> None:
    circuit = QuantumCircuit(22)
    for layer in range(400):
        for qubit in range(22):
            circuit.u(0.1 * layer, 0.2, 0.3 * qubit, qubit)
        for qubit in range(21):
            circuit.cx(qubit, qubit + 1)
    program = encode(circuit)
    timer = threading.Timer(0.3, signal.raise_signal, [signal.SIGINT])
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background process ignores it
    timer.start()

    try:
        with pytest.raises(KeyboardInterrupt):
            _engine.state(program, _engine.Settings())
    finally:
        timer.join()
        signal.signal(signal.SIGINT, before)


def test_other_threads_run_while_the_engine_works() -> None:
    program = encode(_busy())
    ticks = 0
    done = threading.Event()

    def work() -> None:
        _engine.state(program, _engine.Settings(False, False, 1))
        done.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not done.wait(0.001):
        ticks += 1
    worker.join()

    assert ticks > 5


def _busy() -> QuantumCircuit:
    circuit = QuantumCircuit(20)
    for layer in range(30):
        for qubit in range(20):
            circuit.u(0.1 * layer, 0.2, 0.3 * qubit, qubit)
        for qubit in range(19):
            circuit.cz(qubit, qubit + 1)
    return circuit


def test_what_would_leave_noise_out_is_refused() -> None:
    noisy = simulator(noise_model={"depolarizing_error": 0.1})
    circuit, z = QuantumCircuit(1).ry(0.1, 0), PauliSum({"Z": 1.0})

    with pytest.raises(ConfigurationError, match=r"gradient\(\).*leave the noise model out"):
        noisy.gradient(circuit, z)
    with pytest.raises(ConfigurationError, match=r"sweep\(\).*leave the noise model out"):
        noisy.sweep(circuit, z, [{}])
    with pytest.raises(ConfigurationError, match="no statevector"):
        noisy.statevector(circuit)


def test_a_noise_model_may_be_a_json_file(tmp_path: Path) -> None:
    path = tmp_path / "noise.json"
    path.write_text(json.dumps({"bit_flip_error": 1.0}), encoding="utf-8")
    circuit = QuantumCircuit(1).x(0)

    assert simulator(noise_model=str(path)).execute(circuit, 10).counts == {"0": 10}
    assert simulator().execute(circuit, 10, noise_model=path).counts == {"0": 10}
    with pytest.raises(ConfigurationError, match="noise_model.*No such file"):
        simulator().execute(circuit, 10, noise_model=str(tmp_path / "none.json"))
    path.write_text('{"bit_flip": 1}', encoding="utf-8")
    with pytest.raises(ConfigurationError, match="noise_model.*unknown key 'bit_flip'.*bit_flip_error"):
        simulator(noise_model=str(path))
