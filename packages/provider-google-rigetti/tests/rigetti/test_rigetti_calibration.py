"""What QCS says of a processor, as the record from which a twin is made."""

from __future__ import annotations

from typing import Any

import pytest

from coratrix.core import QuantumCircuit
from coratrix.core.noise import NoiseModel
from coratrix.testing import reference


def test_the_figures_are_those_of_the_instruction_set(make: Any, service: Any) -> None:
    del service

    record = make(device="Ankaa-loop").get_calibration()

    assert record.labels == ("0", "1", "2", "7", "8", "9")
    assert record.name == "Ankaa-loop"
    assert record.as_of is not None
    gates = {(gate.name, gate.qubits): gate.error for gate in record.gates}
    assert gates["rx", (3,)] == pytest.approx(1 - (0.9975 + 7 / 1e5))  # all qubits at once, node 7
    assert gates["rz", (3,)] == 0.0
    assert (
        gates["cz", (0, 3)] == gates["cz", (3, 0)] == pytest.approx(1 - (0.98 + 2 / 1000))
    )  # the third edge
    assert gates["iswap", (4, 5)] == pytest.approx(1 - (0.97 + 6 / 1000))
    assert record.qubits[5].readout[0] == pytest.approx((0.959, 0.041))
    assert record.qubits[0].t1_s is None
    assert (3, 0) in record.coupling_map
    assert record.native_gates == ("cz", "id", "iswap", "rx", "rz")


def test_a_noise_model_comes_out_of_it(make: Any, service: Any) -> None:
    del service
    model = NoiseModel.from_calibration(make(device="Ankaa-loop").get_calibration())
    circuit = QuantumCircuit(6, num_clbits=1).rx(3.141592653589793, 5).measure(5, 0)

    chances = reference.outcome_probabilities(circuit, model)

    assert 0.94 < chances["1"] < 0.96  # read-out 0.959, less the gate's error


def test_the_qvm_has_none(make: Any) -> None:
    assert make(engine="in-process").get_calibration() is None
