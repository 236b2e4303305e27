"""``qml.device("coratrix", ...)``: on a backend that the textbook simulates, beside PennyLane's own device.

PennyLane's device tests are run on the C++ simulator by ``pl-device-test --device coratrix``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from coratrix.backend import BackendConfiguration, BackendInterface, BackendNotFoundError
from coratrix.core import QuantumCircuit
from coratrix.core.result import ExecutionResult
from coratrix.testing import reference
from coratrix.testing.statistics import assert_counts_match

qml = pytest.importorskip("pennylane")
SHOTS = 4000


class Textbook(BackendInterface):
    """Samples, and gives exact states; remembers what it was given."""

    def __init__(self) -> None:
        super().__init__(BackendConfiguration("textbook", "simulator"))
        self.ran: list[tuple[QuantumCircuit, int, dict[str, Any]]] = []

    def execute(self, circuit: Any, shots: int = 1000, **options: Any) -> ExecutionResult:
        self.ran.append((circuit, shots, options))
        probabilities = reference.outcome_probabilities(circuit, options.get("noise_model"))
        drawn = np.random.default_rng(options.get("seed", 7)).multinomial(shots, list(probabilities.values()))
        counts = {key: int(n) for key, n in zip(probabilities, drawn, strict=True) if n}
        return ExecutionResult(success=True, counts=counts, shots=shots, backend=self.name)

    def statevector(self, circuit: Any) -> npt.NDArray[np.complex128]:
        return reference.final_state(circuit)

    def density_matrix(self, circuit: Any, *, noise_model: Any = None) -> npt.NDArray[np.complex128]:
        return reference.density_matrix(circuit, noise_model)


class Sampler(BackendInterface):
    """Knows no exact states."""

    def execute(self, circuit: Any, shots: int = 1000, **options: Any) -> ExecutionResult:
        raise AssertionError("nothing is run")


def lopsided(a: Any, b: Any) -> None:
    qml.RX(a, wires="far")
    qml.CNOT(wires=["far", 7])
    qml.RY(b, wires="near")
    qml.IsingXX(0.3, wires=[7, "near"])
    qml.ctrl(qml.RZ, "far", control_values=[0])(a, wires="near")
    qml.adjoint(qml.S)(wires=7)


WIRES = ["near", "far", 7]
MEASURED: dict[str, Callable[[], Any]] = {
    "expval": lambda: qml.expval(qml.Z("far") @ qml.X("near")),
    "sum": lambda: qml.expval(0.5 * qml.Y(7) + qml.X("near") @ qml.Y(7) - 2 * qml.Z("far")),
    "hermitian": lambda: qml.expval(qml.Hermitian(np.array([[1, 2j], [-2j, -1]]), wires="near")),
    "var": lambda: qml.var(qml.Hermitian(np.array([[1, 2], [2, -1]]), wires=7)),
    "projector": lambda: qml.expval(qml.Projector([1, 0], wires=[7, "near"])),
    "probs": lambda: qml.probs(wires=[7, "near"]),
}


def ours(measure: Callable[[], Any], shots: int | None) -> Any:
    """What our device says at the end of the circuit."""
    device = qml.device("coratrix", wires=WIRES, backend=Textbook(), seed=5)
    return qml.set_shots(qml.QNode(program(measure), device), shots)()


def theirs(measure: Callable[[], Any]) -> Any:
    """What PennyLane's own device says, exactly."""
    return qml.QNode(program(measure), qml.device("default.qubit", wires=WIRES))()


def program(measure: Callable[[], Any]) -> Callable[[], Any]:
    def run() -> Any:
        lopsided(0.3, 0.8)
        return measure()

    return run


@pytest.mark.parametrize("name", MEASURED)
def test_exact_answers_are_pennylanes(name: str) -> None:
    np.testing.assert_allclose(ours(MEASURED[name], None), theirs(MEASURED[name]), atol=1e-12)


@pytest.mark.parametrize("name", MEASURED)
def test_sampled_answers_lie_about_the_exact_ones(name: str) -> None:
    found, exact = ours(MEASURED[name], SHOTS), theirs(MEASURED[name])

    widest = {"sum": 3.5, "hermitian": 5**0.5, "var": 5.0}.get(name, 1.0)  # a bound on one sample's deviation
    np.testing.assert_allclose(found, exact, atol=5 * widest / SHOTS**0.5)
    assert np.shape(found) == np.shape(exact)


def test_counts_have_the_order_of_the_wires_that_were_asked() -> None:
    counts = ours(lambda: qml.counts(wires=[7, "near", "far"]), SHOTS)

    exact = theirs(lambda: qml.probs(wires=[7, "near", "far"]))
    expected = {format(k, "03b"): float(p) for k, p in enumerate(exact / exact.sum())}
    assert_counts_match({str(key): int(count) for key, count in counts.items()}, expected)


@pytest.mark.parametrize("method", ["parameter-shift", "adjoint", "finite-diff"])
def test_gradients_are_pennylanes(method: str) -> None:
    from pennylane import numpy as pnp

    def circuit(a: Any, b: Any) -> Any:
        lopsided(a, b)
        return qml.expval(qml.Z("far") @ qml.X("near"))

    device = qml.device("coratrix", wires=WIRES, backend=Textbook())
    at = pnp.array(0.3, requires_grad=True), pnp.array(0.8, requires_grad=True)

    found = qml.grad(qml.QNode(circuit, device, diff_method=method))(*at)
    expected = qml.grad(qml.QNode(circuit, qml.device("default.qubit", wires=WIRES)))(*at)

    np.testing.assert_allclose(found, expected, atol=1e-6 if method == "finite-diff" else 1e-10)
    assert np.linalg.norm(expected) > 0.1


def test_a_measurement_in_the_middle_decides_what_follows() -> None:
    def circuit() -> Any:
        qml.RY(1.1, wires=0)
        seen = qml.measure(0)
        qml.cond(seen, qml.RX, qml.RY)(0.7, wires=1)
        return qml.expval(qml.Z(1)), qml.expval(seen)

    found = qml.QNode(circuit, qml.device("coratrix", backend=Textbook()))()
    expected = qml.QNode(circuit, qml.device("default.qubit"))()

    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_noise_of_the_tape_and_of_an_option_acts() -> None:
    def circuit() -> Any:
        qml.RX(0.4, wires=0)
        qml.AmplitudeDamping(0.3, wires=0)
        return qml.expval(qml.Z(0))

    found = qml.QNode(circuit, qml.device("coratrix", wires=1, backend=Textbook()))()
    expected = qml.QNode(circuit, qml.device("default.mixed", wires=1))()
    noisy = qml.device("coratrix", wires=1, backend=Textbook(), noise_model={"bit_flip_error": 0.1})

    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert qml.QNode(circuit, noisy)() == pytest.approx(0.3 + 0.7 * 0.8 * math.cos(0.4), abs=1e-12)


def test_a_seed_repeats_and_several_tapes_are_one_batch() -> None:
    def circuit() -> Any:
        qml.RY(1.1, wires=0)
        return qml.expval(qml.X(0)), qml.expval(qml.Z(0))

    def run(seed: int) -> Any:
        backend = Textbook()
        found = qml.set_shots(
            qml.QNode(circuit, qml.device("coratrix", wires=1, backend=backend, seed=seed)), 100
        )()
        assert [shots for _, shots, _ in backend.ran] == [100, 100]
        return found

    assert run(3) == run(3)
    assert run(3) != run(4)


def test_a_shot_vector_gives_one_answer_for_each_part() -> None:
    def circuit() -> Any:
        qml.X(1)
        return qml.sample(wires=[1, 0]), qml.probs(wires=[1])

    node = qml.set_shots(qml.QNode(circuit, qml.device("coratrix", wires=2, backend=Textbook())), (3, 5))

    (samples, probs), (more, _) = node()

    assert samples.tolist() == [[1, 0]] * 3
    assert more.tolist() == [[1, 0]] * 5
    assert probs.tolist() == [0.0, 1.0]


def test_what_cannot_be_had_is_refused_by_name() -> None:
    sampler = qml.device("coratrix", wires=1, backend=Sampler(BackendConfiguration("qpu", "hardware")))
    device = qml.device("coratrix", wires=1, backend=Textbook())

    with pytest.raises(qml.exceptions.DeviceError, match="qpu gives counts, not exact states"):
        qml.QNode(lambda: qml.expval(qml.Z(0)), sampler)()
    with pytest.raises(qml.exceptions.DeviceError, match="not accepted with finite shots"):
        qml.set_shots(qml.QNode(lambda: qml.classical_shadow(wires=0), device), 10)()
    with pytest.raises(qml.exceptions.DeviceError, match="one-shot"):
        qml.set_shots(qml.QNode(lambda: qml.expval(qml.Z(0)), device, mcm_method="one-shot"), 10)()
    with pytest.raises(BackendNotFoundError, match="no_such_backend"):
        qml.device("coratrix", wires=1, backend="no_such_backend")
