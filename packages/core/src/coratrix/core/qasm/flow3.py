"""Owns control flow in OpenQASM 3: blocks, branches, loops, switches, subroutines.

Where everything is known, the chosen branch is carried out and loops are unrolled; what depends on measured
bits becomes IfElse and WhileLoop. Knows nothing of declarations and quantum statements.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final

from openqasm3 import ast

from coratrix.core.operations import Condition, IfElse, Instruction, WhileLoop
from coratrix.core.qasm.builder import Builder, Refused
from coratrix.core.qasm.expressions3 import elements
from coratrix.core.qasm.gates3 import GateReader
from coratrix.core.qasm.parse3 import Place
from coratrix.core.qasm.values3 import Bits, Qubits, binary, is_dynamic, kind_of, truth

_MAX_TICKS: Final = 100_000
_MAX_CALLS: Final = 50
_BOUND: Final = "coratrix.max_iterations"


class Break(Exception):
    pass


class Continue(Exception):
    pass


class End(Exception):
    pass


class Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class FlowReader(GateReader):
    """A reader of gates that also knows branches, loops and subroutines."""

    def __init__(self, builder: Builder, max_iterations: int) -> None:
        super().__init__(builder)
        self.max_iterations = max_iterations
        self.returned_into: tuple[str, tuple[int, ...]] | None = None
        self._calls = 0
        self._ticks = 0

    @abstractmethod
    def run(self, statement: Any) -> None:
        """Carry out one statement."""

    @abstractmethod
    def at_place(self, place: Place) -> AbstractContextManager[None]:
        """Spans of trees count from here meanwhile."""

    def block(self, statements: Any) -> None:
        """Carry out a body in a scope of its own."""
        with self.scope():
            for statement in statements.statements if hasattr(statements, "statements") else statements:
                self.run(statement)

    def _dynamic_block(self, statements: Any) -> tuple[Instruction, ...]:
        with self.builder.body() as body:
            try:
                self.block(statements)
            except (Break, Continue, End, Return) as exc:
                word = type(exc).__name__.lower()
                raise Refused(f"{word} inside a branch or loop that depends on measured bits") from None
        return tuple(body)

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks > _MAX_TICKS:
            raise Refused(f"loops run for more than {_MAX_TICKS} rounds")

    def branch(self, statement: Any) -> None:
        claim = truth(self.value(statement.condition))
        if isinstance(claim, bool):
            self.block(statement.if_block if claim else statement.else_block)
            return
        self._emit_branch(claim, lambda: statement.if_block, lambda: statement.else_block)

    def _emit_branch(self, claim: Condition, then: Callable[[], Any], otherwise: Callable[[], Any]) -> None:
        operation = IfElse(claim, self._dynamic_block(then()), self._dynamic_block(otherwise()))
        self._emit_flow(operation)

    def _emit_flow(self, operation: IfElse | WhileLoop) -> None:
        written = operation.clbits
        self.builder.grow(1)
        self.builder.out.append(Instruction(operation, operation.qubits, written))

    def for_loop(self, statement: Any) -> None:
        for value in self._loop_values(statement.set_declaration):
            self._tick()
            with self.scope():
                held = self.converted(statement.type, value)
                self.declare(statement.identifier.name, held, is_constant=True)
                try:
                    self.block(statement.block)
                except Continue:
                    continue
                except Break:
                    break

    def _loop_values(self, declaration: Any) -> Iterator[Any]:
        if isinstance(declaration, ast.RangeDefinition):
            step = 1 if declaration.step is None else self.whole(declaration.step)
            if declaration.start is None or declaration.end is None or step == 0:
                raise Refused("a loop runs over [start:step:end], its step not 0")
            first, last = self.whole(declaration.start), self.whole(declaration.end)
            yield from range(first, last + (1 if step > 0 else -1), step)
        elif isinstance(declaration, ast.DiscreteSet):
            yield from [self.value(each) for each in declaration.values]
        else:
            yield from elements(self.value(declaration))

    def while_loop(self, statement: Any) -> None:
        with self.loop_body():
            claim = truth(self.value(statement.while_condition))
            if isinstance(claim, Condition):
                bound = self._bound(statement)
                self._emit_flow(WhileLoop(claim, self._dynamic_block(statement.block), bound))
                return
        while claim:
            self._tick()
            try:
                self.block(statement.block)
            except Continue:
                pass
            except Break:
                return
            claim = truth(self.value(statement.while_condition))
            if isinstance(claim, Condition):
                raise Refused("this loop's condition comes to depend on measured bits")

    def _bound(self, statement: Any) -> int:
        for annotation in statement.annotations:
            if annotation.keyword == _BOUND:
                text = (annotation.command or "").strip()
                if not text.isdecimal() or not int(text[:18]) > 0:
                    raise Refused(f"@{_BOUND} takes a whole number of at least 1; got {text!r}")
                return int(text[:18])
        return self.max_iterations

    def switch(self, statement: Any) -> None:
        target = self.value(statement.target)
        cases = [([self.value(label) for label in labels], body) for labels, body in statement.cases]
        if any(is_dynamic(label) for labels, _ in cases for label in labels):
            raise Refused("the labels of a switch are constants")
        if not is_dynamic(target):
            chosen = next((body for labels, body in cases if target in labels), statement.default)
            if chosen is not None:
                self.block(chosen)
            return
        self._dynamic_switch(target, cases, statement.default)

    def _dynamic_switch(self, target: Any, cases: list[tuple[list[Any], Any]], default: Any) -> None:
        """Nested branches, the last case innermost; the readings were checked to be the same throughout."""
        otherwise: tuple[Instruction, ...] = self._dynamic_block(default or [])
        for position, (labels, body) in reversed(list(enumerate(cases))):
            claim: Any = False
            for label in labels:
                claim = binary("||", claim, binary("==", target, label))
            if isinstance(claim, bool):
                continue  # a label that the bits can never read
            operation = IfElse(claim, self._dynamic_block(body), otherwise)
            if position == 0:
                self._emit_flow(operation)
                return
            otherwise = (Instruction(operation, operation.qubits, operation.clbits),)
        self.builder.out.extend(otherwise)

    def call_subroutine(self, call: Any, target: Bits | None) -> Any:
        """Put a subroutine's body here; its qubits and bits are those of the call."""
        definition, place = self.subroutines[call.name.name]
        if len(call.arguments) != len(definition.arguments):
            wanted, got = len(definition.arguments), len(call.arguments)
            raise Refused(f"{call.name.name} takes {wanted} arguments; got {got}")
        if self._calls >= _MAX_CALLS:
            raise Refused(f"calls of subroutines nest deeper than {_MAX_CALLS}")
        values = [self._argument(formal, given) for formal, given in zip(
            definition.arguments, call.arguments, strict=True)]  # fmt: skip
        self._calls += 1
        outer = self.returned_into
        self.returned_into = self._result_name(definition, target)
        try:
            with self.isolated(), self.at_place(place):
                for formal, value in zip(definition.arguments, values, strict=True):
                    self.declare(formal.name.name, value, type_=getattr(formal, "type", None))
                for statement in definition.body:
                    self.run(statement)
        except Return as exc:
            return exc.value
        finally:
            self._calls -= 1
            self.returned_into = outer
        return None

    def _result_name(self, definition: Any, target: Bits | None) -> tuple[str, tuple[int, ...]] | None:
        """The local bits that are returned at the end are the bits that the call is assigned to."""
        last = definition.body[-1] if definition.body else None
        if target and isinstance(last, ast.ReturnStatement) and isinstance(last.expression, ast.Identifier):
            return last.expression.name, target.clbits
        return None

    def _argument(self, formal: Any, given: Any) -> Any:
        value = self.value(given)
        if isinstance(formal, ast.QuantumArgument):
            size = 1 if formal.size is None else self.whole(formal.size)
            if not isinstance(value, Qubits) or len(value.numbers) != size:
                raise Refused(f"argument {formal.name.name} is {size} qubits; got {kind_of(value)}")
            return Qubits(value.numbers, formal.size is not None)
        return self.converted(formal.type, value)

    def subroutine(self, statement: Any) -> None:
        name = statement.name.name
        if name in self.subroutines or name in self.builder.gates:
            raise Refused(f"{name!r} is declared already")
        self.subroutines[name] = (statement, self.place)

    def return_(self, statement: Any) -> None:
        expression = statement.expression
        if isinstance(expression, ast.QuantumMeasurement):
            raise Return(Qubits(self.qubit_numbers(expression.qubit), True))
        raise Return(None if expression is None else self.value(expression))

    def stop(self, exception: type[Exception]) -> None:
        raise exception
