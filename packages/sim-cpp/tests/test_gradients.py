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


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("instruction_set", _engine.instruction_sets())
def test_random_circuits_have_the_slopes_of_the_textbook(instruction_set: str, single: bool) -> None:
    rng = np.random.default_rng(7)
    for num_qubits in (1, 2, 5, 6):
        circuit, values = random_ansatz(rng, num_qubits)
        letters = ["".join(rng.choice(list("IXYZ"), num_qubits)) for _ in range(min(20, 4**num_qubits))]
        observable = PauliSum(dict.fromkeys(letters, 0.3))
        x, z, coefficients = observable.masks()
        settings = _engine.Settings(single, instruction_set=instruction_set)

        value, slopes = _engine.gradient(encode(circuit(values)), x, z, coefficients, settings)

        def slope(k: int, at: Any = circuit, where: Any = values, of: PauliSum = observable) -> float:
            up, down = where.copy(), where.copy()
            up[k] += 1e-5
            down[k] -= 1e-5
            return (pure_value(at(up), of) - pure_value(at(down), of)) / 2e-5

        assert value == pytest.approx(pure_value(circuit(values), observable), abs=1e-5 if single else 1e-12)
        np.testing.assert_allclose(
            slopes, [slope(k) for k in range(len(values))], atol=2e-5 if single else 1e-9
        )


def pure_value(circuit: QuantumCircuit, observable: PauliSum) -> float:
    """⟨ψ|Σ|ψ⟩ by the reference's statevector: its own `expectation` multiplies density matrices."""
    state = reference.final_state(circuit).reshape([2] * circuit.num_qubits)
    total = 0j
    for letters, coefficient in observable:
        turned = state
        for qubit, letter in enumerate(letters):
            turned = reference.apply(reference.pauli_matrix(letter), [qubit], turned)
        total += coefficient * np.vdot(state, turned)
    return float(total.real)


def random_ansatz(rng: np.random.Generator, num_qubits: int) -> tuple[Any, list[float]]:
    """A circuit of gates that turn, reflect and entangle in any order, as a function of its angles."""
    plan = [
        (str(rng.choice(["rx", "ry", "rz", "p", "h", "sx", "t", "x", "cx", "cz", "crx", "rzz", "swap"])),
         [int(q) for q in rng.permutation(num_qubits)[:2]])
        for _ in range(12 * num_qubits)
    ]  # fmt: skip
    turning = [name in ("rx", "ry", "rz", "p", "crx", "rzz") for name, _ in plan]
    paired = [name in ("cx", "cz", "crx", "rzz", "swap") for name, _ in plan]
    used = [not pair or num_qubits > 1 for pair in paired]

    def circuit(angles: list[float]) -> QuantumCircuit:
        left = iter(angles)
        out = QuantumCircuit(num_qubits)
        for (name, qubits), turns, pair, use in zip(plan, turning, paired, used, strict=True):
            if use:
                getattr(out, name)(*([next(left)] if turns else []), *(qubits if pair else qubits[:1]))
        return out

    count = sum(turns and use for turns, use in zip(turning, used, strict=True))
    return circuit, [float(angle) for angle in rng.uniform(-2, 2, count)]


def test_angles_of_zero_have_slopes_too() -> None:
    def circuit(angles: list[float]) -> QuantumCircuit:
        out = QuantumCircuit(3).u(0.3, 0.8, 0, 0).u(1.1, 0.2, 0, 1).u(0.6, 1.9, 0, 2)
        out.h(0).rx(angles[0], 0).h(0).cz(0, 1).ry(angles[1], 1).cx(1, 2)
        return out.rx(angles[2], 0).h(0).h(0).rz(angles[3], 2).cx(2, 0).ry(0.7, 0)

    observable = PauliSum({"XYZ": 1.0, "ZIX": 0.5, "IZY": -0.7, "YXI": 0.9, "ZZZ": 0.2})
    x, z, coefficients = observable.masks()
    for zeros in ([0.0] * 4, [0.3, 0.0, 0.2, 0.0], [0.0, 0.4, 0.0, 0.9]):
        _, slopes = _engine.gradient(encode(circuit(zeros)), x, z, coefficients, _engine.Settings())

        def at(k: int, by: float, where: list[float] = zeros) -> float:
            moved = where.copy()
            moved[k] += by
            return reference.expectation(circuit(moved), observable)

        wanted = [(at(k, 1e-5) - at(k, -1e-5)) / 2e-5 for k in range(4)]
        assert min(abs(np.array(wanted))) > 1e-3
        np.testing.assert_allclose(slopes[9:13], wanted, atol=1e-9)


def test_many_terms_with_the_same_flips_agree_with_the_textbook() -> None:
    rng = np.random.default_rng(3)
    circuit = QuantumCircuit(11)
    for qubit in range(11):
        circuit.u(0.3 + qubit, 0.7 * qubit, 0.2, qubit)
    for qubit in range(10):
        circuit.cx(qubit, qubit + 1).ry(0.4 * qubit, qubit)
    letters = {"".join(rng.choice(list("IZ"), 11)) for _ in range(60)}
    letters |= {"".join(rng.choice(list("XY"), 4)) + "".join(rng.choice(list("IZ"), 7)) for _ in range(60)}
    letters |= {"".join(rng.choice(list("IXYZ"), 11)) for _ in range(40)}
    observable = PauliSum({text: float(rng.normal()) for text in sorted(letters)})

    exact = pure_value(circuit, observable)

    assert simulator().expectation(circuit, observable) == pytest.approx(exact, abs=1e-11)
    assert simulator(precision="single").expectation(circuit, observable) == pytest.approx(exact, abs=1e-4)
    for threads in (2, 4):
        assert simulator(num_threads=threads).expectation(circuit, observable) == simulator(
            num_threads=1
        ).expectation(circuit, observable)


def test_columns_of_values_are_the_same_sweep_as_sets() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(2).ry(a * b + 1, 0).cx(0, 1).rx((a / 2).sin() ** 2, 1).rz(0.3, 1)
    observable = PauliSum({"ZX": 1.0, "YY": 0.5})
    columns = {"a": np.linspace(-1, 1, 9), b: np.linspace(0, 2, 9)}
    sets = [{b: float(y), "a": float(x)} for x, y in zip(columns["a"], columns[b], strict=True)]
    mixed = [sets[0], *({a: each["a"], "b": each[b]} for each in sets[1:])]

    found = simulator().sweep(circuit, observable, columns)

    wanted = [reference.expectation(circuit.bind(each), observable) for each in sets]
    np.testing.assert_allclose(found, wanted, atol=1e-12)
    assert np.array_equal(simulator().sweep(circuit, observable, sets), found)
    assert np.array_equal(simulator().sweep(circuit, observable, mixed), found)


def test_counts_of_a_sweep_are_those_of_the_circuits_bound() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit = QuantumCircuit(3).ry(a, 0).cx(0, 1).rx(b - a, 2).cx(1, 2)
    sets = [{a: 0.1 + 0.3 * k, b: 1.0 - 0.2 * k} for k in range(6)]

    for params in (
        {"seed": 4},
        {"seed": 4, "num_threads": 4},
        {"seed": 4, "simulator_type": "density_matrix"},
    ):
        results = simulator(**params).execute_sweep(circuit, sets, 500)
        single = simulator(**params).execute_batch([circuit.bind(each) for each in sets], 500)
        assert [result.counts for result in results] == [result.counts for result in single]
        assert [result.metadata for result in results] == [result.metadata for result in single]
    columns = {a: [each[a] for each in sets], "b": [each[b] for each in sets]}
    again = simulator(seed=4).execute_sweep(circuit, columns, 500)
    assert [result.counts for result in again] == [
        result.counts for result in simulator(seed=4).execute_sweep(circuit, sets, 500)
    ]
    assert simulator().execute_sweep(circuit, [], 500) == []


def test_a_parameter_without_a_value_is_named() -> None:
    circuit = QuantumCircuit(1).rx(Parameter("theta"), 0)
    with pytest.raises(CircuitError, match="theta"):
        simulator().gradient(circuit, PauliSum({"Z": 1.0}))
    with pytest.raises(CircuitError, match="theta"):
        simulator().sweep(circuit, PauliSum({"Z": 1.0}), {"phi": [0.1, 0.2]})


def test_columns_that_differ_in_length_and_values_without_a_number_are_refused() -> None:
    a, b = Parameter("a"), Parameter("b")
    circuit, observable = QuantumCircuit(1).rx(1 / a + b, 0), PauliSum({"Z": 1.0})

    with pytest.raises(CircuitError, match="one length"):
        simulator().sweep(circuit, observable, {a: [0.1, 0.2], b: [0.3]})
    with pytest.raises(CircuitError, match=r"1\.0/a \+ b.*set 1"):
        simulator().sweep(circuit, observable, [{a: 0.5, b: 0.1}, {a: 0.0, b: 0.1}])


def test_a_loop_over_values_sees_what_is_added_to_its_circuit() -> None:
    theta, z = Parameter("theta"), PauliSum({"Z": 1.0})
    circuit = QuantumCircuit(1).rx(theta, 0)
    values = [simulator().gradient(circuit, z, {theta: 0.3})[0] for _ in range(2)]
    circuit.rx(theta, 0)
    value, slopes = simulator().gradient(circuit, z, {theta: 0.3})
    circuit.global_phase = 2 * theta

    assert values == [pytest.approx(np.cos(0.3))] * 2
    assert (value, slopes["theta"]) == (pytest.approx(np.cos(0.6)), pytest.approx(-2 * np.sin(0.6)))
    assert simulator().gradient(circuit, z, {theta: 0.3})[1]["theta"] == pytest.approx(-2 * np.sin(0.6))


def test_a_circuit_of_the_same_length_is_another_circuit() -> None:
    theta, z = Parameter("theta"), PauliSum({"Z": 1.0})
    found = [
        simulator().gradient(circuit, z, {theta: 0.4})[1]["theta"]
        for circuit in (QuantumCircuit(1).rx(theta, 0), QuantumCircuit(1).rx(3 * theta, 0))
    ]

    assert found == [pytest.approx(-np.sin(0.4)), pytest.approx(-3 * np.sin(1.2))]
