"""Owns the reading of OpenQASM 3: the meaning of each statement.

Text is cut into statements here; flat ones are read by pattern, the others are parsed by the package
``openqasm3`` and their trees carried out at once: loops are unrolled, constants folded, subroutines put in
place. What depends on measured bits becomes conditionals and loops of the circuit. Expressions live in
expressions3.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from openqasm3 import ast

from coratrix.core.errors import CircuitError
from coratrix.core.operations import Condition, Delay, IfElse, Instruction, WhileLoop
from coratrix.core.parameters import Parameter
from coratrix.core.qasm.builder import Builder, Refused, refuse
from coratrix.core.qasm.expressions3 import Evaluator, elements
from coratrix.core.qasm.files import Includes
from coratrix.core.qasm.library import BUILTIN_3, INCLUDES
from coratrix.core.qasm.parse3 import Place, parsed
from coratrix.core.qasm.scan import Source
from coratrix.core.qasm.values3 import Bits, Duration, Qubits, binary, is_dynamic, kind_of, truth

_MAX_TICKS: Final = 100_000
_MAX_CALLS: Final = 50
_BOUND: Final = "coratrix.max_iterations"
_REFUSED: Final[Mapping[type, str]] = {
    ast.CalibrationDefinition: "defcal",
    ast.CalibrationStatement: "cal",
    ast.CalibrationGrammarDeclaration: "defcalgrammar",
    ast.ExternDeclaration: "extern",
    ast.Box: "box",
}


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class _End(Exception):
    pass


class _Return(Exception):
    def __init__(self, value: Any) -> None:
        self.value = value


class Reader3(Evaluator):
    """Reads statements into a builder, one after the other."""

    def __init__(
        self,
        builder: Builder,
        includes: Includes,
        inputs: Mapping[str, Any],
        max_iterations: int,
        progress: Callable[[int, int], None],
    ) -> None:
        super().__init__(builder)
        self.includes, self.inputs, self.progress = includes, dict(inputs), progress
        self.max_iterations = max_iterations
        self._calls = 0
        self._ticks = 0
        self._local_bits: dict[int, tuple[int, ...]] = {}
        self._returned_into: tuple[str, tuple[int, ...]] | None = None
        builder.gates.update(BUILTIN_3)

    def read(self, source: Source, at: int = 0) -> None:
        """All statements from an offset on."""
        try:
            self._read(source, at)
        except _End:
            return
        if self.inputs:
            raise Refused(f"the text declares no input named {', '.join(sorted(self.inputs))}")

    def _read(self, source: Source, at: int) -> None:
        text, read_flat = source.text, self.builder.read_flat
        count = 0
        while True:
            count += 1
            if not count % 2000:
                self.progress(at, len(text))
            after = read_flat(source, at)
            if after is not None:
                at = after
                continue
            at = source.skip_blank(at)
            if at >= len(text):
                return
            end = source.statement_end(at)
            for statement in parsed(source, at, end):
                with self.at_place(Place(source, at)):
                    self.run(statement)
            at = end

    @contextmanager
    def at_place(self, place: Place) -> Iterator[None]:
        """Spans of trees count from here meanwhile."""
        outer, self.place = self.place, place
        try:
            yield
        finally:
            self.place = outer

    def run(self, statement: Any) -> None:
        """Carry out one statement."""
        name = _REFUSED.get(type(statement))
        action = _ACTIONS.get(type(statement))
        try:
            if name or action is None:
                raise Refused(f"{name or type(statement).__name__} cannot be carried by a circuit")
            action(self, statement)
        except (Refused, CircuitError, ArithmeticError, ValueError, TypeError) as exc:
            found = Refused(f"a number here is too large: {exc}") if isinstance(exc, OverflowError) else exc
            refuse(self.place.source, self.place.offset(statement), found)

    def block(self, statements: Any) -> None:
        """Carry out a body in a scope of its own."""
        with self.scope():
            for statement in statements.statements if hasattr(statements, "statements") else statements:
                self.run(statement)

    def _dynamic_block(self, statements: Any) -> tuple[Instruction, ...]:
        with self.builder.body() as body:
            try:
                self.block(statements)
            except (_Break, _Continue, _End, _Return) as exc:
                word = type(exc).__name__[1:].lower()
                raise Refused(f"{word} inside a branch or loop that depends on measured bits") from None
        return tuple(body)

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks > _MAX_TICKS:
            raise Refused(f"loops run for more than {_MAX_TICKS} rounds")

    # Declarations

    def include(self, statement: Any) -> None:
        if statement.filename in INCLUDES:
            for definition in INCLUDES[statement.filename].values():
                if definition.name not in BUILTIN_3:
                    self.builder.define(definition)
            return
        place = self.place
        inner = self.includes.enter(statement.filename, place.source, place.offset(statement))
        self._read(inner, 0)
        self.includes.leave()

    def qubits(self, statement: Any) -> None:
        size = 1 if statement.size is None else self.whole(statement.size)
        if len(self.scopes) > 1:
            raise Refused("qubits are declared at the outermost level only")
        name = statement.qubit.name
        numbers = self.builder.declare_qubits(name, size)
        self.declare(name, Qubits(numbers, statement.size is not None))

    def constant(self, statement: Any) -> None:
        value = self.converted(statement.type, self.value(statement.init_expression))
        if is_dynamic(value):
            raise Refused(f"const {statement.identifier.name} depends on measured bits")
        self.declare(statement.identifier.name, value, is_constant=True)

    def classical(self, statement: Any) -> None:
        name, start = statement.identifier.name, statement.init_expression
        if isinstance(statement.type, ast.BitType):
            self._bits(statement, name, start)
            return
        if isinstance(statement.type, ast.StretchType | ast.ArrayType | ast.ComplexType):
            raise Refused(f"{type(statement.type).__name__} {name} cannot be carried by a circuit")
        value = None if start is None else self.converted(statement.type, self._assigned(start, None))
        self.declare(name, value, type_=statement.type)

    def _bits(self, statement: Any, name: str, start: Any) -> None:
        size = None if statement.type.size is None else self.whole(statement.type.size)
        bits = Bits(self._clbits(statement, name, size or 1), size is not None)
        self.declare(name, bits)
        if isinstance(start, ast.QuantumMeasurement):
            self._measure_into(start, bits)
        elif start is not None:
            self._assign_bits(name, bits, start, is_new=True)

    def _clbits(self, statement: Any, name: str, size: int) -> tuple[int, ...]:
        """New bits at the outermost level; elsewhere the same ones each time the declaration is met."""
        if self._returned_into and self._returned_into[0] == name and len(self._returned_into[1]) == size:
            return self._returned_into[1]
        if len(self.scopes) == 1:
            return self.builder.declare_bits(name, size)
        if id(statement) not in self._local_bits:
            self._local_bits[id(statement)] = self.builder.hidden_bits(name, size)
        return self._local_bits[id(statement)]

    def input_output(self, statement: Any) -> None:
        name = statement.identifier.name
        if statement.io_identifier is ast.IOKeyword.output:
            if not isinstance(statement.type, ast.BitType):
                raise Refused(f"output {name}: only bits come out of a circuit")
            statement.init_expression = None
            self._bits(statement, name, None)
            return
        if name in self.inputs:
            value = self.converted(statement.type, self.inputs.pop(name))
        elif isinstance(statement.type, ast.FloatType | ast.AngleType):
            value = Parameter(name)
        else:
            raise Refused(f"input {name} needs its value while the text is read: inputs={{{name!r}: …}}")
        self.declare(name, value, is_constant=True)

    def alias(self, statement: Any) -> None:
        value = self.value(statement.value)
        if not isinstance(value, Qubits | Bits):
            raise Refused(f"let {statement.target.name} names qubits or bits; got {kind_of(value)}")
        self.declare(statement.target.name, value)
        if isinstance(value, Qubits) and len(self.scopes) == 1:
            self.builder.qubits[statement.target.name] = value.numbers

    # Quantum statements

    def gate_call(self, statement: Any) -> None:
        if statement.duration is not None:
            raise Refused("a gate with a duration cannot be carried by a circuit")
        params = tuple(self.angle(argument) for argument in statement.arguments)
        name = statement.name.name
        expansion = self.modified(self.builder.expansion(name, params), statement.modifiers)
        operands = [self.operand(qubit) for qubit in statement.qubits]
        self.builder.call(expansion, name, operands)

    def phase(self, statement: Any) -> None:
        expansion = self.modified_phase(statement)
        if not expansion.num_qubits and not statement.qubits:
            self.builder.place(expansion, "gphase", ())
            return
        self.builder.call(expansion, "gphase", [self.operand(qubit) for qubit in statement.qubits])

    def measurement(self, statement: Any) -> None:
        if statement.target is None:
            raise Refused("measure without bits to hold the outcome; write c = measure q;")
        target = self.value(statement.target)
        if not isinstance(target, Bits):
            raise Refused(f"a measurement goes into bits, not into {kind_of(target)}")
        self._measure_into(statement.measure, target)

    def _measure_into(self, measurement: Any, target: Bits) -> None:
        self.builder.measure(self.qubit_numbers(measurement.qubit), target.clbits)

    def reset(self, statement: Any) -> None:
        self.builder.reset(self.qubit_numbers(statement.qubits))

    def barrier(self, statement: Any) -> None:
        qubits = [number for qubit in statement.qubits for number in self.qubit_numbers(qubit)]
        self.builder.barrier(qubits or range(self.builder.num_qubits))

    def delay(self, statement: Any) -> None:
        duration = self.value(statement.duration)
        if not isinstance(duration, Duration):
            raise Refused(f"delay lasts a duration such as 100ns; got {kind_of(duration)}")
        operation = Delay(duration.seconds)
        listed = [number for qubit in statement.qubits for number in self.qubit_numbers(qubit)]
        for number in listed or range(self.builder.num_qubits):
            self.builder.emit(operation, (number,))

    # Classical statements

    def assignment(self, statement: Any) -> None:
        lvalue = statement.lvalue
        name = lvalue.name.name if isinstance(lvalue, ast.IndexedIdentifier) else lvalue.name
        symbol = self.symbol(name)
        if isinstance(symbol.value, Bits):
            target = self.value(lvalue)
            if statement.op is not ast.AssignmentOperator["="]:
                raise Refused(f"{name!r} holds measured bits, which a circuit cannot compute with")
            self._assign_bits(name, target, statement.rvalue)
            return
        is_part = isinstance(lvalue, ast.IndexedIdentifier)
        if symbol.is_constant or is_part or isinstance(symbol.value, Qubits):
            raise Refused(f"{name!r} cannot be assigned to")
        if symbol.body_depth != self.builder.body_depth:
            raise Refused(f"{name!r} would depend on measured bits, as it is assigned to inside their branch")
        value = self._assigned(statement.rvalue, None)
        if statement.op is not ast.AssignmentOperator["="]:
            value = binary(statement.op.name[:-1], self.read_symbol(name), value)
        symbol.store(self.converted(symbol.type, value), self.builder)

    def _assign_bits(self, name: str, target: Bits, expression: Any, *, is_new: bool = False) -> None:
        if isinstance(expression, ast.QuantumMeasurement):
            self._measure_into(expression, target)
            return
        value = self._assigned(expression, target)
        if isinstance(value, Qubits):  # a subroutine that ends in "return measure q;"
            self.builder.measure(value.numbers, target.clbits)
        elif isinstance(value, Bits) and value.clbits == target.clbits:
            return
        elif not (is_new and not is_dynamic(value) and not value and len(self.scopes) == 1):
            raise Refused(f"{name!r}: a circuit writes to bits by measuring only; use a bool or int variable")

    def _assigned(self, expression: Any, target: Bits | None) -> Any:
        """A right-hand side; a subroutine's call knows which bits its result goes to."""
        if isinstance(expression, ast.FunctionCall) and expression.name.name in self.subroutines:
            return self.call_subroutine(expression, target)
        return self.value(expression)

    def expression(self, statement: Any) -> None:
        expression = statement.expression
        if isinstance(expression, ast.FunctionCall) and expression.name.name in self.subroutines:
            result = self.call_subroutine(expression, None)
            if isinstance(result, Qubits):
                raise Refused("the subroutine measures and nothing holds the outcome")
            return
        self.value(expression)

    # Control flow

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
                except _Continue:
                    continue
                except _Break:
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
            except _Continue:
                pass
            except _Break:
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
        outer = self._returned_into
        self._returned_into = self._result_name(definition, target)
        try:
            with self.isolated(), self.at_place(place):
                for formal, value in zip(definition.arguments, values, strict=True):
                    self.declare(formal.name.name, value, type_=getattr(formal, "type", None))
                for statement in definition.body:
                    self.run(statement)
        except _Return as exc:
            return exc.value
        finally:
            self._calls -= 1
            self._returned_into = outer
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
            raise _Return(Qubits(self.qubit_numbers(expression.qubit), True))
        raise _Return(None if expression is None else self.value(expression))

    def stop(self, exception: type[Exception]) -> None:
        raise exception


def _nothing(_reader: Reader3, _statement: Any) -> None:
    """A pragma is advice to a compiler."""


_ACTIONS: Final[Mapping[type, Callable[[Reader3, Any], None]]] = {
    ast.Include: Reader3.include,
    ast.QubitDeclaration: Reader3.qubits,
    ast.ConstantDeclaration: Reader3.constant,
    ast.ClassicalDeclaration: Reader3.classical,
    ast.IODeclaration: Reader3.input_output,
    ast.AliasStatement: Reader3.alias,
    ast.QuantumGateDefinition: Reader3.define_gate,
    ast.SubroutineDefinition: Reader3.subroutine,
    ast.QuantumGate: Reader3.gate_call,
    ast.QuantumPhase: Reader3.phase,
    ast.QuantumMeasurementStatement: Reader3.measurement,
    ast.QuantumReset: Reader3.reset,
    ast.QuantumBarrier: Reader3.barrier,
    ast.DelayInstruction: Reader3.delay,
    ast.ClassicalAssignment: Reader3.assignment,
    ast.ExpressionStatement: Reader3.expression,
    ast.BranchingStatement: Reader3.branch,
    ast.ForInLoop: Reader3.for_loop,
    ast.WhileLoop: Reader3.while_loop,
    ast.SwitchStatement: Reader3.switch,
    ast.CompoundStatement: Reader3.block,
    ast.ReturnStatement: Reader3.return_,
    ast.BreakStatement: lambda reader, _: reader.stop(_Break),
    ast.ContinueStatement: lambda reader, _: reader.stop(_Continue),
    ast.EndStatement: lambda reader, _: reader.stop(_End),
    ast.Pragma: _nothing,
}
