"""The measured cost table: where it is kept, when it is used, and what is said when it is not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coratrix.sim
from coratrix.backend import BackendConfiguration
from coratrix.core import QuantumCircuit
from coratrix.sim import SimulatorBackend, _engine, cost_table
from coratrix.testing import reference

FILE = "costs.json"


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path at which simulators look for a table; nothing is there yet."""
    path = tmp_path / FILE
    monkeypatch.setenv(cost_table.VARIABLE, str(path))
    return path


def simulator(**parameters: Any) -> SimulatorBackend:
    return SimulatorBackend(BackendConfiguration("here", "simulator", parameters))


def entangled(n: int) -> QuantumCircuit:
    circuit = QuantumCircuit(n)
    for qubit in range(n):
        circuit.u(0.3 + qubit, 0.2 * qubit, 0.7, qubit)
    for qubit in range(n - 1):
        circuit.unitary(np.diag(np.exp(0.1j * np.arange(4) ** 2))[[2, 0, 3, 1]], [qubit, qubit + 1])
    return circuit


def write(path: Path, **changed: float) -> None:
    """The engine's own numbers with some of them changed, as if they had been measured here."""
    costs = _engine.CostTable().numbers() | {
        name.replace("__", "."): value for name, value in changed.items()
    }
    path.write_text(json.dumps({"signature": cost_table.signature(), "costs": costs}))


def test_without_a_file_the_default_is_used_and_nothing_is_measured(table: Path) -> None:
    explained = simulator().explain(entangled(9))

    assert "default cost table" in explained
    assert not table.exists()


def test_a_measured_table_is_used_and_named(table: Path) -> None:
    write(table, double__tile_bits=6)

    explained = simulator().explain(entangled(9))

    assert "tiles of 2^6 amplitudes, measured cost table" in explained


def test_a_doctored_cost_changes_the_form_where_it_should(table: Path) -> None:
    # 1 ns saved on each of 2^10 = 1,024 amplitudes pays for a form that costs 1,000 ns to find; 2^9 do not
    write(table, double__dense_pair_ns=1.5, double__turned_pair_ns=0.5, kak_ns=1000)

    narrow, wide = simulator().explain(entangled(9)), simulator().explain(entangled(10))

    assert ", 8 dense" in narrow
    assert ", 0 dense" in wide


@pytest.mark.parametrize(
    "changed",
    [
        {"double__tile_bits": 5, "double__block_bits": 4, "double__group_bits": 2},
        {"kak_ns": 0, "planned_gate_ns": 0},
        {"planned_gate_ns": 1e9, "double__chunk_bits": 8},
    ],
)
def test_results_are_the_textbooks_under_any_table(table: Path, changed: dict[str, float]) -> None:
    write(table, **changed)

    found = simulator().statevector(entangled(9))

    np.testing.assert_allclose(found, reference.final_state(entangled(9)).ravel(), atol=1e-12)


def test_the_variable_switches_a_table_off(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(table, double__tile_bits=6)
    monkeypatch.setenv("XDG_CACHE_HOME", str(table.parent))
    monkeypatch.setenv(cost_table.VARIABLE, "default")

    explained = simulator().explain(entangled(9))

    assert "default cost table" in explained


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "JSONDecodeError"),
        ("[1, 2]", "TypeError"),
        ("{}", "signature"),
        ('{"signature": {"processor": "an abacus"}, "costs": {}}', "an abacus"),
    ],
)
def test_a_file_that_is_no_table_of_this_machine_is_ignored_with_a_remedy(
    table: Path, text: str, why: str
) -> None:
    table.write_text(text)

    with pytest.warns(RuntimeWarning, match=rf"{FILE}.*{why}.*coratrix\.sim\.tune\(\)"):
        explained = simulator().explain(entangled(9))

    assert "default cost table" in explained


@pytest.mark.parametrize(
    "changed",
    [{"kak_ns": -1.0}, {"double__tile_bits": 6.5}, {"single__group_bits": 99}, {"of_another_engine": 1.0}],
)
def test_a_number_that_makes_no_sense_is_named(table: Path, changed: dict[str, float]) -> None:
    write(table, **changed)

    with pytest.warns(RuntimeWarning, match=r"cost table: .*coratrix\.sim\.tune\(\)"):
        simulator()


def test_a_table_of_another_engine_is_ignored(table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(table)
    monkeypatch.setattr(_engine, "version", "0.0.0")

    with pytest.warns(RuntimeWarning, match=r"measured for .*this is .*0\.0\.0"):
        simulator()


def test_a_table_of_another_instruction_set_is_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cost_table.VARIABLE, raising=False)
    monkeypatch.setattr(cost_table, "_cache_folder", lambda: tmp_path)

    paths = {cost_table.table_path(name) for name in _engine.instruction_sets()}

    assert len(paths) == len(_engine.instruction_sets())
    assert cost_table.table_path() in paths
    assert all(path.is_relative_to(tmp_path) for path in paths)


def test_what_tune_measures_is_what_simulators_then_use(table: Path) -> None:
    path = coratrix.sim.tune()

    explained = simulator().explain(entangled(9))
    kept = json.loads(path.read_text())["costs"]

    assert path == table
    assert "measured cost table" in explained
    assert all(kept[name] > 0 for name in kept if name.endswith("_ns") and "turned" not in name)
    assert sorted(path.parent.iterdir()) == [path]  # nothing half written stays behind


def test_with_a_given_table_a_circuit_has_one_plan(table: Path) -> None:
    write(table, double__tile_bits=6, double__block_bits=5)

    assert simulator().explain(entangled(12)) == simulator().explain(entangled(12))
