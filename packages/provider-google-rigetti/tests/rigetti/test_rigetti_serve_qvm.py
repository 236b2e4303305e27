"""``coratrix serve-qvm``: pyquil's own client takes it for a QVM, and its answers are those of another one."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from pyquil import Program
from pyquil.simulation.tools import program_unitary
from qcs_sdk.qvm import QVMClient, QVMError, QVMOptions, run
from qcs_sdk.qvm.api import (
    AddressRequest,
    ExpectationRequest,
    WavefunctionRequest,
    get_version_info,
    get_wavefunction,
    measure_expectation,
)

from coratrix.backend import BackendConfiguration
from coratrix.core.noise import pauli
from coratrix.providers.rigetti.convert import from_text
from coratrix.providers.rigetti.serve_qvm import QvmServer, main
from coratrix.testing import reference
from coratrix.testing.statistics import assert_counts_match

ALL = AddressRequest.include_all()
NONE = AddressRequest.exclude_all()

PROGRAMS = {
    "lopsided": "DECLARE ro BIT[3]\nRY(0.8) 0\nCNOT 0 2\nX 1\nMEASURE 0 ro[2]\nMEASURE 1 ro[0]\nMEASURE 2 ro[1]\n",
    "modifiers": "DECLARE ro BIT[2]\nRX(1.1) 1\nCONTROLLED DAGGER RX(-0.7) 1 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n",
    "feed-forward": (
        "DECLARE ro BIT[3]\nRY(1.1) 0\nMEASURE 0 ro[0]\nJUMP-UNLESS @ELSE ro[0]\nX 1\nJUMP @END\n"
        "LABEL @ELSE\nRY(0.4) 1\nLABEL @END\nRESET 0\nMEASURE 0 ro[1]\nMEASURE 1 ro[2]\n"
    ),
    "qubits far apart": "DECLARE ro BIT[2]\nRY(0.7) 70\nCNOT 70 9\nX 9\nMEASURE 9 ro[0]\nMEASURE 70 ro[1]\n",
}


@pytest.fixture
def server(make: Any) -> Iterator[QvmServer]:
    with QvmServer(make(engine="in-process"), port=0) as running:
        yield running


@pytest.fixture
def simulator() -> Iterator[QvmServer]:
    """A QVM answered by the C++ simulator."""
    sim = pytest.importorskip("coratrix.sim", reason="coratrix-sim-cpp is not installed")
    with QvmServer(sim.SimulatorBackend(BackendConfiguration("cpp", "simulator")), port=0) as running:
        yield running


def counts(url: str, quil: str, shots: int, region: str = "ro", **how: Any) -> dict[str, int]:
    """What pyquil's client makes of the answer."""
    answer = run(quil, shots, {region: ALL}, {}, QVMClient.new_http(url), options=QVMOptions(20.0), **how)
    return dict(Counter("".join(map(str, row)) for row in answer.memory[region].as_ndarray().tolist()))


def test_the_version_is_one_that_pyquil_accepts(server: QvmServer) -> None:
    version = get_version_info(QVMClient.new_http(server.url), QVMOptions(2.0))

    assert re.match(r"1\.(\d+)", version)
    assert int(version.split(".")[1]) >= 8


@pytest.mark.parametrize("name", [name for name in PROGRAMS if name != "qubits far apart"])
def test_it_answers_as_the_textbook_and_as_pyquils_simulator_do(
    server: QvmServer, service: Any, name: str
) -> None:
    expected = reference.outcome_probabilities(from_text(PROGRAMS[name]))

    assert_counts_match(counts(server.url, PROGRAMS[name], 4000, rng_seed=3), expected)
    assert_counts_match(counts(service.qvm.url, PROGRAMS[name], 300, rng_seed=3), expected)


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_simulator_answers_pyquils_programs(simulator: QvmServer, name: str) -> None:
    quil = PROGRAMS[name].replace("70", "1").replace("9", "0") if "apart" in name else PROGRAMS[name]
    expected = reference.outcome_probabilities(from_text(quil))

    assert_counts_match(counts(simulator.url, PROGRAMS[name], 4000, rng_seed=3), expected)


def test_the_simulator_applies_a_qvms_noise(simulator: QvmServer) -> None:
    noise = (0.1, 0.05, 0.02)

    found = counts(simulator.url, "DECLARE ro BIT\nX 0\nMEASURE 0 ro\n", 20_000, rng_seed=3, gate_noise=noise)

    assert_counts_match(found, {"1": 1 - 0.15, "0": 0.15})


def test_amplitudes_and_expectations_are_pyquils(simulator: QvmServer) -> None:
    quil = "RY(0.8) 0\nCNOT 0 2\nPHASE(0.3) 2\nRX(1.1) 1\n"
    expected = program_unitary(Program(quil), 3)[:, 0]
    client = QVMClient.new_http(simulator.url)

    octets = get_wavefunction(WavefunctionRequest(quil, None, None, None), client)
    values = measure_expectation(
        ExpectationRequest(quil, ["Z 0\n", "Z 0\nX 1\n", "Y 1\n", "I 0\n"], None), client
    )

    np.testing.assert_allclose(np.frombuffer(bytes(octets), dtype=">c16"), expected, atol=1e-12)
    np.testing.assert_allclose(values, [np.cos(0.8), 0.0, -np.sin(1.1), 1.0], atol=1e-12)


def test_a_backend_without_a_state_says_so(server: QvmServer) -> None:
    with pytest.raises(QVMError, match="no state vector"):
        get_wavefunction(WavefunctionRequest("X 0\n", None, None, None), QVMClient.new_http(server.url))


def test_only_the_qubits_in_use_are_simulated(server: QvmServer) -> None:
    found = counts(server.url, PROGRAMS["qubits far apart"], 2000, rng_seed=3)

    p = 0.11757890635775578  # sin²(0.35)
    assert_counts_match(found, {"10": 1 - p, "01": p})


def test_a_pyquil_program_runs_through_pyquils_qvm(server: QvmServer) -> None:
    from pyquil.api import QVM
    from pyquil.gates import MEASURE, RX, X

    program = Program(X(1))
    bits, theta = program.declare("ro", "BIT", 2), program.declare("theta", "REAL", 1)
    program += [RX(theta, 0), MEASURE(0, bits[0]), MEASURE(1, bits[1])]
    machine = QVM(client=QVMClient.new_http(server.url), random_seed=5)

    result = machine.run(program.wrap_in_numshots_loop(50), memory_map={"theta": [3.141592653589793]})

    assert result.get_register_map()["ro"].tolist() == [[1, 1]] * 50


def test_get_qc_runs_on_it(server: QvmServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyquil import get_qc

    monkeypatch.setenv("QCS_SETTINGS_APPLICATIONS_QVM_URL", server.url)
    program = Program("DECLARE ro BIT[2]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]").wrap_in_numshots_loop(4)

    found = get_qc("2q-qvm").run(program)

    assert found.get_register_map()["ro"].tolist() == [[1, 0]] * 4


def test_a_seed_repeats_the_rows(server: QvmServer) -> None:
    one, same, other = (
        run("DECLARE ro BIT\nH 0\nMEASURE 0 ro\n", 64, {"ro": ALL}, {}, QVMClient.new_http(server.url), rng_seed=seed)
        .memory["ro"].as_ndarray().tolist()
        for seed in (1, 1, 2)
    )  # fmt: skip

    assert one == same != other
    assert one not in (sorted(one), sorted(one)[::-1])  # shots come in no order


@pytest.mark.parametrize("where", ["served", "another"])
def test_noise_acts_as_on_another_qvm(server: QvmServer, service: Any, where: str) -> None:
    gate_noise, measurement_noise = (0.03, 0.05, 0.02), (0.04, 0.02, 0.3)
    quil = "DECLARE ro BIT[2]\nRY(0.8) 0\nCNOT 0 1\nMEASURE 0 ro[1]\nMEASURE 1 ro[0]\n"
    after, before = (pauli(dict(zip("XYZ", p, strict=True))) for p in (gate_noise, measurement_noise))
    circuit = from_text("DECLARE ro BIT[2]\nI 1\n").copy()
    noisy = type(circuit)(2, registers=[("ro", 2)]).ry(0.8, 0).channel(after, 0).cx(0, 1)
    noisy.channel(after, 0).channel(after, 1).channel(before, 0).channel(before, 1).measure([0, 1], [1, 0])
    url = server.url if where == "served" else service.qvm.url

    found = counts(url, quil, 20_000, rng_seed=3, gate_noise=gate_noise, measurement_noise=measurement_noise)

    assert_counts_match(found, reference.outcome_probabilities(noisy))


def test_kraus_and_readout_pragmas_act(server: QvmServer, service: Any) -> None:
    quil = (
        'DECLARE ro BIT[1]\nPRAGMA ADD-KRAUS X 0 "(0.6 0 0 0.6)"\nPRAGMA ADD-KRAUS X 0 "(0 0.8 0.8 0)"\n'
        'PRAGMA READOUT-POVM 0 "(0.9 0.3 0.1 0.7)"\nX 0\nMEASURE 0 ro[0]\n'
    )
    expected = {"1": 0.36 * 0.1 + 0.64 * 0.7, "0": 0.36 * 0.9 + 0.64 * 0.3}

    assert_counts_match(counts(server.url, quil, 10_000, rng_seed=3), expected)
    assert_counts_match(counts(service.qvm.url, quil, 10_000, rng_seed=3), expected)


def test_regions_are_answered_each_as_asked(server: QvmServer) -> None:
    quil = "DECLARE zeta BIT[2]\nDECLARE alpha BIT[1]\nDECLARE t REAL[2]\nMOVE t[1] 0.5\nX 0\nMEASURE 0 zeta[1]\n"
    asked = {"zeta": ALL, "alpha": ALL, "t": ALL}

    memory = run(quil, 2, asked, {}, QVMClient.new_http(server.url)).memory

    assert memory["zeta"].as_ndarray().tolist() == [[0, 1]] * 2
    assert memory["alpha"].as_ndarray().tolist() == [[0]] * 2
    assert memory["t"].as_ndarray().tolist() == [[0.0, 0.5]] * 2


def test_a_program_that_measures_nothing_reads_zeros(server: QvmServer) -> None:
    assert counts(server.url, "DECLARE ro BIT[2]\nX 0\n", 3) == {"00": 3}


@pytest.mark.parametrize(
    ("quil", "words"),
    [
        ("DECLARE ro BIT\nBLAH 0\nMEASURE 0 ro\n", "BLAH"),
        ("DECLARE ro BIT\nLABEL @a\nX 0\nJUMP @a\n", "loop"),
        ("DECLARE other BIT\nMEASURE 0 other\n", "ro"),
    ],
)
def test_a_program_that_cannot_run_is_an_error_of_the_qvm(server: QvmServer, quil: str, words: str) -> None:
    with pytest.raises(QVMError, match=f"QVM reported a problem.*{words}"):
        counts(server.url, quil, 3)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"[]", 400), (b'{"type": "sing"}', 400), (b'{"type": ["a"]}', 400),
        (b'{"type": "multishot"}', 400), (b"\xff\xfe", 400),
        (b'{"type": "multishot", "compiled-quil": "X 0", "trials": -1, "addresses": {}}', 400),
        (b'{"type": "multishot", "compiled-quil": 7, "trials": 1, "addresses": {}}', 500),
    ],
)  # fmt: skip
def test_any_other_request_is_refused_in_words(server: QvmServer, body: bytes, status: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.rsplit(":", 1)[1]), timeout=5)

    connection.request("POST", "/", body)
    answer = connection.getresponse()

    assert answer.status == status
    assert json.loads(answer.read())["error_type"] == "qvm_error"
    connection.close()


def test_the_command_serves_until_it_is_interrupted(tmp_path: Any) -> None:
    config = {
        "backends": {
            "mine": {"type": "hardware", "connection_params": {"provider": "rigetti", "engine": "in-process"}}
        }
    }
    path = tmp_path / "backends.json"
    path.write_text(json.dumps(config))
    script = (
        "import signal, sys; from coratrix.providers.rigetti.serve_qvm import main; "
        "signal.signal(signal.SIGINT, signal.default_int_handler); "  # a background process ignores it
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", script, "--port", "0", "--backend", "mine"]
    environment = {
        **os.environ,
        "CORATRIX_BACKEND_CONFIG": str(path),
        "CORATRIX_JOBS_URL": f"sqlite:///{tmp_path}/j.db",
    }

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        line = process.stdout.readline()
        url = re.search(r"http://\S+?(?=,)", line)
        found = counts(url[0], "DECLARE ro BIT[2]\nX 0\nMEASURE 0 ro[0]\nMEASURE 1 ro[1]\n", 5)
        process.send_signal(signal.SIGINT)
        try:
            code = process.wait(20)
        finally:
            process.kill()  # leaving the block waits for its end

    assert found == {"10": 5}
    assert code == 0


def test_wrong_words_on_the_command_line_are_an_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--prot", "5"]) == 2
    assert main(["--backend", "nosuch"]) == 2
    assert "nosuch" in capsys.readouterr().err
