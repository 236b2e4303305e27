"""Owns gates in OpenQASM 3: their operands, their modifiers, and definitions of new ones.

A definition's body is gone through once for each set of parameters. Knows nothing of other statements.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openqasm3 import ast

from coratrix.core.operations import Barrier
from coratrix.core.parameters import ParameterExpression, ParameterLike
from coratrix.core.qasm.builder import Builder, Refused, joined
from coratrix.core.qasm.expressions3 import Evaluator
from coratrix.core.qasm.library import Definition, Expansion, recognised
from coratrix.core.qasm.values3 import Qubits, kind_of


class GateReader(Evaluator):
    """An evaluator that also knows gates."""

    def operand(self, node: Any) -> tuple[int, ...] | int:
        """A gate's operand: a register to go through, or one qubit."""
        value = self.value(node)
        if not isinstance(value, Qubits):
            raise Refused(f"a gate acts on qubits; got {kind_of(value)}")
        return value.numbers if value.is_register else value.numbers[0]

    def qubit_numbers(self, node: Any) -> tuple[int, ...]:
        value = self.value(node)
        if not isinstance(value, Qubits):
            raise Refused(f"a qubit is needed here; got {kind_of(value)}")
        return value.numbers

    def modified(self, expansion: Expansion, modifiers: list[Any]) -> Expansion:
        """The expansion under ctrl, negctrl, inv and pow, the rightmost applied first."""
        for modifier in reversed(modifiers):
            name = modifier.modifier.name
            if name == "inv":
                expansion = expansion.inverse()
            elif name == "pow":
                exponent = self.angle(modifier.argument)
                if isinstance(exponent, ParameterExpression):
                    raise Refused("the exponent of pow is an input parameter; give its value in inputs=")
                expansion = expansion.power(exponent)
            else:
                count = 1 if modifier.argument is None else self.whole(modifier.argument)
                if not 1 <= count <= 1000:
                    raise Refused(f"{name}({count}): a gate has 1 to 1000 controls")
                expansion = expansion.controlled(("1" if name == "ctrl" else "0") * count)
        return expansion

    def modified_phase(self, statement: Any) -> Expansion:
        """``gphase`` under its modifiers; with a control it is the gate ``p``."""
        return self.modified(Expansion(0, (), self.angle(statement.argument)), statement.modifiers)

    def define_gate(self, statement: Any) -> None:
        """A gate; its body is gone through for each set of parameters."""
        name = statement.name.name
        if len(self.scopes) > 1:
            raise Refused("gates are defined at the outermost level only")
        params = [param.name for param in statement.arguments]
        qubits = [qubit.name for qubit in statement.qubits]
        if len({*params, *qubits}) != len(params) + len(qubits):
            raise Refused(f"gate {name}: a name stands twice")
        place, depth = self.place, 1 + _deepest(self.builder, statement.body)

        def expand(values: tuple[ParameterLike, ...]) -> Expansion:
            outer = self.place, self.builder.qubits
            with self.isolated():
                self.place = place
                try:
                    self._bind_gate(params, qubits, values)
                    return joined(len(qubits), self._gate_body(statement.body))
                finally:
                    self.place, self.builder.qubits = outer

        definition = Definition(name, len(params), len(qubits), expand, depth)
        small = depth <= 20 and len(statement.body) < 200
        self.builder.define(recognised(definition) if small else definition)

    def _bind_gate(self, params: list[str], qubits: list[str], values: tuple[ParameterLike, ...]) -> None:
        for name, value in zip(params, values, strict=True):
            self.declare(name, value, is_constant=True)
        for k, name in enumerate(qubits):
            self.declare(name, Qubits((k,), False))

    def _gate_body(self, body: list[Any]) -> Iterator[tuple[Expansion, tuple[int, ...]]]:
        for statement in body:
            yield from self._gate_statement(statement)

    def _gate_statement(self, statement: Any) -> Iterator[tuple[Expansion, tuple[int, ...]]]:
        if isinstance(statement, ast.QuantumGate):
            params = tuple(self.angle(argument) for argument in statement.arguments)
            name = statement.name.name
            yield self._placed(self.builder.expansion(name, params), name, statement)
        elif isinstance(statement, ast.QuantumPhase):
            yield self.modified_phase(statement), tuple(self._distinct("gphase", statement.qubits))
        elif isinstance(statement, ast.QuantumBarrier):
            qubits = self._distinct("barrier", statement.qubits)
            local = tuple(range(len(qubits)))
            yield Expansion(len(qubits), ((Barrier(len(qubits)), local),)), qubits
        else:
            raise Refused(f"{type(statement).__name__} cannot stand in a gate's body")

    def _placed(self, plain: Expansion, name: str, statement: Any) -> tuple[Expansion, tuple[int, ...]]:
        expansion = self.modified(plain, statement.modifiers)
        qubits = self._distinct(name, statement.qubits)
        if len(qubits) != expansion.num_qubits:
            raise Refused(f"{name} acts on {expansion.num_qubits} qubits; got {len(qubits)}")
        return expansion, qubits

    def _distinct(self, name: str, nodes: list[Any]) -> tuple[int, ...]:
        qubits = tuple(number for node in nodes for number in self.qubit_numbers(node))
        if len(set(qubits)) != len(qubits):
            raise Refused(f"{name} gets the same qubit twice")
        return qubits


def _deepest(builder: Builder, body: list[Any]) -> int:
    """How deep the definitions stand that a body calls; a call of what is not defined yet is refused here."""
    calls = [statement.name.name for statement in body if isinstance(statement, ast.QuantumGate)]
    return max((builder.gate(name).depth for name in calls), default=0)
