"""The text drawing: it is read by people, so these tests look at it as a person would."""

from __future__ import annotations

from coratrix.core import HGate, QuantumCircuit, condition_equals


def test_a_bell_pair_is_drawn_as_in_a_textbook() -> None:
    circuit = QuantumCircuit(2, num_clbits=2).h(0).cx(0, 1).measure([0, 1], [0, 1])

    assert circuit.draw().splitlines() == [
        "q0: ─[H]─●─M───",
        "         │ ║",
        "q1: ─────⊕─╫─M─",
        " c: ═══════0═1═",
    ]


def test_every_control_shows_what_it_must_read() -> None:
    drawn = QuantumCircuit(4).add_gate(HGate().controlled(2, "01"), [3, 0, 2]).draw().splitlines()

    assert [line.strip("─ ")[-3:].strip("─") for line in drawn[::2]] == ["●", "┼", "[H]", "○"]


def test_conditions_and_loops_say_what_they_wait_for() -> None:
    circuit = QuantumCircuit(1, num_clbits=1)
    circuit.if_test(condition_equals(0, 1), lambda b: b.x(0), lambda b: b.rz(0.5, 0))
    circuit.while_loop(condition_equals(0, 0), lambda b: b.h(0).measure(0, 0), 5)

    assert "[if =1: x else rz(0.5)]" in circuit.draw()
    assert "[while =0: h measure]" in circuit.draw()


def test_a_long_circuit_is_folded_and_a_huge_one_is_cut_with_a_note() -> None:
    long = QuantumCircuit(2)
    for _ in range(60):
        long.h(0).cx(0, 1)
    huge = QuantumCircuit(1)
    for _ in range(5000):
        huge.x(0)

    assert max(map(len, long.draw(width=80).splitlines())) <= 80
    assert long.draw(width=80).count("[H]") == 60
    assert "… and 3000 more instructions" in huge.draw()


def test_a_circuit_without_instructions_can_be_drawn() -> None:
    assert QuantumCircuit(2).draw().splitlines() == ["q0: ─", "q1: ─"]


def test_html_is_escaped() -> None:
    circuit = QuantumCircuit(1).unitary([[0, 1], [1, 0]], [0], "<b>")

    assert "&lt;b&gt;" in circuit._repr_html_()
    assert "<b>" not in circuit._repr_html_()
