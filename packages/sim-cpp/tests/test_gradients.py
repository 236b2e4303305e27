"""Adjoint gradients against differences of the textbook's expectation values, and sweeps against single values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coratrix.backend import BackendConfiguration
from coratrix.core import Parameter, PauliSum, QuantumCircuit, gate
from coratrix.core.errors import CircuitError
from coratrix.core.parameters import ParameterExpression
from coratrix.sim import SimulatorBackend, _engine
from coratrix.sim.program import encode
from coratrix.testing import reference

OBSERVABLE = PauliSum({"XIZI": 0.7, "ZZYX": -0.4, "IYYI": 0.3, "ZIII": 1.1, "XXXX": 0.2})


def simulator(**params: Any) -> SimulatorBackend:
    return SimulatorBackend(BackendConfiguration("sim", "simulator", params))


def every_parametric_gate(values: list[float]) -> QuantumCircuit:
    angles = iter(values)
    circuit = QuantumCircuit(4)
    for qubit in range(4):
        circuit.u(next(angles), next(angles), next(angles), qubit)
    circuit.rx(next(angles), 0).ry(next(angles), 1).rz(next(angles), 2).p(next(angles), 1)
    circuit.rxx(next(angles), 0, 2).ryy(next(angles), 1, 2).rzz(next(angles), 2, 0).rzx(next(angles), 1, 0)
    circuit.cx(0, 1).swap(1, 2).iswap(0, 2).crx(next(angles), 0, 1).cry(next(angles), 2, 1)
    circuit.crz(next(angles), 1, 0).cp(next(angles), 0, 3)
    circuit.cu(next(angles), next(angles), next(angles), next(angles), 1, 3)
    circuit.sx(0).t(1).dcx(0, 2).ecr(1, 2)
    circuit.add_gate(gate("ry", next(angles)).controlled(2, "01"), [2, 0, 1])
    circuit.global_phase = next(angles)
    return circuit


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("tile_bits", [0, 4, 5])
def test_the_gradient_of_every_gate_is_the_slope_of_the_textbook(single: bool, tile_bits: int) -> None:
    values = list(np.random.default_rng(1).uniform(-2, 2, 30))
    x, z, coefficients = OBSERVABLE.masks()
    program = encode(every_parametric_gate(values))
    settings = _engine.Settings(single, tile_bits=tile_bits)

    value, slopes = _engine.gradient(program, x, z, coefficients, settings)

    def textbook(at: list[float]) -> float:
        return reference.expectation(every_parametric_gate(at), OBSERVABLE)

    step = 1e-5
    wanted = []
    for k in range(len(values)):
        up, down = values.copy(), values.copy()
        up[k] += step
        down[k] -= step
        wanted.append((textbook(up) - textbook(down)) / (2 * step))
    assert value == pytest.approx(textbook(values), abs=1e-5 if single else 1e-12)
    np.testing.assert_allclose(slopes, wanted, atol=1e-5 if single else 1e-9)


def test_parameters_share_places_and_stand_in_expressions() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2).ry(a, 0).cx(0, 1).rx(2 * a - b / 3, 1).rz(a * b, 0).ry(b**2, 0)
    circuit.p(a.sin() + (b + 1).sqrt(), 1).ry((-a).exp(), 1)
    observable = PauliSum({"XZ": 0.5, "YI": 1.0, "ZX": -0.7})
    values = {a: 0.4, b: 0.9}

    value, slopes = simulator().gradient(circuit, observable, values)

    def at(a_value: float, b_value: float) -> float:
        return reference.expectation(circuit.bind({a: a_value, b: b_value}), observable)

    step = 1e-6
    assert value == pytest.approx(at(0.4, 0.9), abs=1e-12)
    assert slopes["a"] == pytest.approx((at(0.4 + step, 0.9) - at(0.4 - step, 0.9)) / (2 * step), abs=1e-8)
    assert slopes["b"] == pytest.approx((at(0.4, 0.9 + step) - at(0.4, 0.9 - step)) / (2 * step), abs=1e-8)
    assert isinstance(a * b, ParameterExpression)


def test_a_wide_circuit_has_the_same_gradient_in_stages() -> None:
    circuit = QuantumCircuit(11)
    for layer in range(3):
        for qubit in range(11):
            circuit.ry(0.3 + 0.1 * qubit + layer, qubit).rz(0.2 * qubit - layer, qubit)
        for qubit in range(10):
            circuit.cx(qubit, qubit + 1)
    x, z, coefficients = PauliSum({"ZIXIYIIIIZX": 1.0, "XXIIIIZIIIY": 0.5}).masks()
    program = encode(circuit)

    results = [
        _engine.gradient(program, x, z, coefficients, _engine.Settings(tile_bits=bits, threads=threads))
        for bits, threads in ((0, 1), (7, 1), (7, 2))
    ]

    np.testing.assert_allclose(results[1][1], results[0][1], atol=1e-12)
    assert np.array_equal(results[1][1], results[2][1])


def test_a_sweep_gives_what_single_calls_give() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3).ry(a, 0).cx(0, 1).rx(b - a, 2).cx(1, 2)
    observable = PauliSum({"ZXI": 1.0, "IZY": 0.5})
    sets = [{a: 0.1 * k, b: 1.0 - 0.2 * k} for k in range(7)]

    found = simulator().sweep(circuit, observable, sets)

    wanted = [reference.expectation(circuit.bind(each), observable) for each in sets]
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert simulator().sweep(circuit, observable, []).shape == (0,)


def test_a_parameter_without_a_value_is_named() -> None:
    circuit = QuantumCircuit(1).rx(Parameter("theta"), 0)
    with pytest.raises(CircuitError, match="theta"):
        simulator().gradient(circuit, PauliSum({"Z": 1.0}))
