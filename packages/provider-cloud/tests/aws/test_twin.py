"""A QPU's calibration becomes a local double on the embedded simulator, where that is installed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from coratrix.backend import BackendManager
from coratrix.core import QuantumCircuit
from coratrix.core.noise import NoiseModel
from coratrix.providers.aws import BraketBackend
from coratrix.testing.reference import outcome_probabilities
from coratrix.testing.statistics import assert_counts_match

pytest.importorskip("coratrix.sim", reason="needs coratrix-sim-cpp")


def test_a_twin_has_the_noise_of_its_device(braket: Callable[..., BraketBackend]) -> None:
    garnet = braket("Garnet", name="garnet")
    manager = BackendManager()
    manager.register_backend("garnet", garnet)
    circuit = QuantumCircuit(3).rx(2.5, 0).cz(0, 1).ry(0.7, 2).cz(1, 2).rx(-0.4, 1).measure_all()
    record = garnet.get_calibration()
    assert record is not None

    counts = manager.twin("garnet").execute(circuit, shots=40_000, seed=3).counts

    assert_counts_match(counts, outcome_probabilities(circuit, NoiseModel.from_calibration(record)))
    with pytest.raises(AssertionError):  # and the noise is there to be seen
        assert_counts_match(counts, outcome_probabilities(circuit))
