"""What an ExecutionResult promises to whoever reads it."""

from __future__ import annotations

import json
import math
import pickle
import sys

import numpy as np
import pytest

from coratrix.backend import BackendError
from coratrix.core.errors import ExecutionFailedError
from coratrix.core.result import ExecutionResult


@pytest.fixture
def result() -> ExecutionResult:
    counts = {"001": np.int64(600), "101": 300, np.str_("110"): 100}
    return ExecutionResult(
        success=True,
        counts=counts,
        shots=1000,
        backend="sim",
        layout=(("a", 1), ("b", 2)),
        execution_time=0.25,
    )


def test_counts_are_builtin_types(result: ExecutionResult) -> None:
    assert {type(key) for key in result.counts} == {str}
    assert {type(count) for count in result.counts.values()} == {int}
    assert json.loads(json.dumps(result.counts)) == {"001": 600, "101": 300, "110": 100}
    assert repr(result.counts) == "{'001': 600, '101': 300, '110': 100}"


def test_registers_split_the_key_in_order_of_declaration(result: ExecutionResult) -> None:
    assert result.registers == {"a": {"0": 600, "1": 400}, "b": {"01": 900, "10": 100}}


def test_without_a_layout_there_is_one_register() -> None:
    assert ExecutionResult(success=True, counts={"01": 3}).registers == {"meas": {"01": 3}}


def test_little_endian_keys_are_those_of_qiskit(result: ExecutionResult) -> None:
    assert result.counts_little_endian() == {"100": 600, "101": 300, "011": 100}


def test_qiskit_gives_the_same_key_as_counts_little_endian() -> None:
    qiskit = pytest.importorskip("qiskit")
    statevector = pytest.importorskip("qiskit.primitives").StatevectorSampler
    a, b = qiskit.ClassicalRegister(1, "a"), qiskit.ClassicalRegister(2, "b")
    circuit = qiskit.QuantumCircuit(qiskit.QuantumRegister(3), a, b)
    circuit.x([0, 1])
    circuit.measure([0, 1, 2], [0, 1, 2])  # a[0] = 1, b[0] = 1, b[1] = 0

    joined = statevector().run([circuit], shots=5).result()[0].join_data(["a", "b"]).get_counts()

    ours = ExecutionResult(success=True, counts={"110": 5}, layout=(("a", 1), ("b", 2)))
    assert ours.counts_little_endian() == joined


def test_probabilities_and_their_errors(result: ExecutionResult) -> None:
    assert result.probabilities() == {"001": 0.6, "101": 0.3, "110": 0.1}
    assert result.standard_error["101"] == pytest.approx(math.sqrt(0.3 * 0.7 / 1000))
    assert ExecutionResult(success=True).probabilities() == {}


def test_nothing_in_it_can_be_changed() -> None:
    given = {"0": 1}
    metadata = {"seed": 7}
    frozen = ExecutionResult(success=True, counts=given, metadata=metadata, statevector=np.array([1, 0]))

    given["0"] = 99
    metadata["seed"] = 99

    assert frozen.counts == {"0": 1}
    assert frozen.metadata == {"seed": 7}
    with pytest.raises(TypeError, match="does not change"):
        frozen.counts["1"] = 5  # type: ignore[index]
    with pytest.raises(TypeError, match="does not change"):
        frozen.counts.clear()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="read-only"):
        frozen.statevector[0] = 0  # type: ignore[index]
    with pytest.raises(AttributeError):
        frozen.success = False  # type: ignore[misc]


def test_a_failure_raises_when_asked_and_carries_its_result() -> None:
    failed = ExecutionResult(
        success=False, error="qubit 3 is gone", error_code="E42", job_id="j-1", backend="qpu"
    )

    with pytest.raises(
        ExecutionFailedError, match=r"qpu reported a failure \(job j-1\) \[E42\]: qubit 3 is gone"
    ) as e:
        failed.raise_for_status()

    assert e.value.result is failed
    assert (e.value.code, e.value.backend, e.value.job_id) == ("E42", "qpu", "j-1")
    assert isinstance(e.value, BackendError)  # one clause catches all that keeps counts from us
    assert failed.counts == {}


def test_a_success_passes_through_raise_for_status(result: ExecutionResult) -> None:
    assert result.raise_for_status() is result


def test_dictionary_json_and_pickle_round_trips(result: ExecutionResult) -> None:
    rich = ExecutionResult(
        success=True,
        counts={"10": 4},
        shots=4,
        metadata={"seed": 1},
        statevector=np.array([0, 0, 0.6j, 0.8]),
        density_matrix=np.diag([0.5, 0, 0, 0.5]),
    )
    for each in (result, rich):
        assert ExecutionResult.from_dict(json.loads(json.dumps(each.to_dict()))) == each
        assert pickle.loads(pickle.dumps(each)) == each
    assert rich != result


@pytest.mark.parametrize("counts", [{"0": -1}, {"0": 1.5}, {"02": 1}, {"0": 1, "00": 1}])
def test_impossible_counts_are_refused(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="counts"):
        ExecutionResult(success=True, counts=counts)


def test_counts_that_do_not_fit_the_layout_are_refused() -> None:
    with pytest.raises(ValueError, match="expected 2 characters"):
        ExecutionResult(success=True, counts={"010": 1}, layout=(("c", 2),))


def test_unknown_keys_and_versions_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match="unknown keys in a result: cuonts"):
        ExecutionResult.from_dict({"success": True, "cuonts": {}})
    with pytest.raises(ValueError, match="schema version 7"):
        ExecutionResult.from_dict({"success": True, "schema_version": 7})


def test_html_shows_the_most_frequent_first_and_escapes_text(result: ExecutionResult) -> None:
    html = result._repr_html_()

    assert html.index("<code>001</code>") < html.index("<code>101</code>") < html.index("<code>110</code>")
    failed = ExecutionResult(success=False, error="<script>")
    assert "&lt;script&gt;" in failed._repr_html_()


def test_plot_draws_one_bar_per_outcome(result: ExecutionResult) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")

    ax = result.plot()

    assert [round(bar.get_height(), 3) for bar in ax.patches] == [0.6, 0.3, 0.1]
    assert result.plot(most=1).get_title() == "2 rarer outcomes are not shown"
    matplotlib.pyplot.close("all")


def test_plot_without_matplotlib_names_the_extra(
    result: ExecutionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)

    with pytest.raises(ImportError, match=r"coratrix-core\[plot\]"):
        result.plot()
