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
from coratrix.core.operations import Delay
from coratrix.core.parameters import Parameter
from coratrix.core.qasm.builder import Builder, Refused, refuse
from coratrix.core.qasm.files import Includes
from coratrix.core.qasm.flow3 import Break, Continue, End, FlowReader
from coratrix.core.qasm.library import BUILTIN_3, INCLUDES
from coratrix.core.qasm.parse3 import Place, parsed
from coratrix.core.qasm.scan import Source
from coratrix.core.qasm.values3 import Bits, Duration, Qubits, binary, is_dynamic, kind_of

_REFUSED: Final[Mapping[type, str]] = {
    ast.CalibrationDefinition: "defcal",
    ast.CalibrationStatement: "cal",
    ast.CalibrationGrammarDeclaration: "defcalgrammar",
    ast.ExternDeclaration: "extern",
    ast.Box: "box",
}


class Reader3(FlowReader):
    """Reads statements into a builder, one after the other."""

    def __init__(
        self,
        builder: Builder,
        includes: Includes,
        inputs: Mapping[str, Any],
        max_iterations: int,
        progress: Callable[[int, int], None],
    ) -> None:
        super().__init__(builder, max_iterations)
        self.includes, self.inputs, self.progress = includes, dict(inputs), progress
        self._local_bits: dict[int, tuple[Any, tuple[int, ...]]] = {}  # the tree is kept, or its id is free
        builder.gates.update(BUILTIN_3)

    def read(self, source: Source, at: int = 0) -> None:
        """All statements from an offset on."""
        try:
            self._read(source, at)
        except End:
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
        if self.returned_into and self.returned_into[0] == name and len(self.returned_into[1]) == size:
            return self.returned_into[1]
        if len(self.scopes) == 1:
            return self.builder.declare_bits(name, size)
        if id(statement) not in self._local_bits:
            self._local_bits[id(statement)] = statement, self.builder.hidden_bits(name, size)
        return self._local_bits[id(statement)][1]

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
    ast.BreakStatement: lambda reader, _: reader.stop(Break),
    ast.ContinueStatement: lambda reader, _: reader.stop(Continue),
    ast.EndStatement: lambda reader, _: reader.stop(End),
    ast.Pragma: _nothing,
}
