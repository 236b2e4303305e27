"""Pictures of circuits: the file that is written, and what can be read in it."""

from __future__ import annotations

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from coratrix.core import CircuitExportError, HGate, QuantumCircuit, condition_equals
from coratrix.core.picture import save


def lopsided() -> QuantumCircuit:
    circuit = QuantumCircuit(4, registers=[("a", 1), ("late", 2)], global_phase=0.25)
    circuit.h(0).cx(0, 2).rzz(0.3, 1, 3).swap(0, 3).barrier(0, 1).add_gate(
        HGate().controlled(2, "01"), [3, 0, 2]
    )
    circuit.unitary([[0, 1], [1, 0]], [0], "$cost$").measure(1, 0)
    return (
        circuit.if_test(condition_equals(0, 1), lambda b: b.x(2))
        .reset(1)
        .delay(1e-6, 2)
        .measure([2, 3], [1, 2])
    )


def words(path: Path) -> list[str]:
    """The text of an SVG, each place at which some stands."""
    texts = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(each.itertext()).strip() for each in texts]


@pytest.fixture(autouse=True)
def _matplotlib() -> None:
    pytest.importorskip("matplotlib")


def test_a_png_has_a_pngs_header_and_ink_in_it(tmp_path: Path) -> None:
    from matplotlib.image import imread

    save(lopsided(), tmp_path / "drawn.png")

    assert (tmp_path / "drawn.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert 0.005 < (imread(tmp_path / "drawn.png")[..., 0] < 0.5).mean() < 0.5


def test_an_svg_says_what_stands_where(tmp_path: Path) -> None:
    save(lopsided(), tmp_path / "drawn.svg")

    found = words(tmp_path / "drawn.svg")
    assert found[:7] == ["global phase: 0.25", "q0", "q1", "q2", "q3", "a", "late"]
    for mark in ("H", "Rzz(0.3):0", "Rzz(0.3):1", "$cost$", "M", "|0⟩", "1e-06 s", "if =1: x"):
        assert mark in found
    assert found.count("M") == 3
    assert found.count("H") == 2


def test_the_same_circuit_gives_the_same_file(tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        save(lopsided(), tmp_path / name)

    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()


def test_a_long_circuit_is_folded_and_each_line_names_its_wires(tmp_path: Path) -> None:
    circuit = QuantumCircuit(2)
    for _ in range(30):
        circuit.h(0).cx(0, 1)

    save(circuit, tmp_path / "long.svg")

    found = words(tmp_path / "long.svg")
    assert found.count("H") == 30
    assert found.count("q1") > 2


def test_a_circuit_without_instructions_can_be_drawn(tmp_path: Path) -> None:
    save(QuantumCircuit(2), tmp_path / "empty.svg")

    assert words(tmp_path / "empty.svg") == ["q0", "q1"]


@pytest.mark.parametrize(
    ("circuit", "name", "reason"),
    [
        (QuantumCircuit(1), "x.gif", ".png and .svg"),
        (QuantumCircuit(500), "x.png", "at most 400"),
        (QuantumCircuit(1).compose(QuantumCircuit(1).x(0).power(3000)), "x.png", "at most 2000"),
    ],
)
def test_what_is_no_picture_is_refused(
    circuit: QuantumCircuit, name: str, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(CircuitExportError, match=reason):
        save(circuit, tmp_path / name)


def test_without_matplotlib_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)

    with pytest.raises(ImportError, match=r"coratrix-core\[plot\]"):
        save(QuantumCircuit(1), tmp_path / "x.png")
