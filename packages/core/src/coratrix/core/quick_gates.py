"""Owns the short way into a circuit: a gate method as one function that checks and stores, nothing else.

A method of `GateMethods` says what a gate is called, what it takes, and what is done in every case. `quick` puts a
function in front that does the same for what programs nearly always pass (whole numbers that are different qubits
of the circuit, finite floats) and hands everything else, mistakes included, to the method. It is written out for
each gate, as dataclasses write theirs, because the loop over its arguments would cost more than the rest.
Knows the gate table and the form of an entry; nothing of circuits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from inspect import Parameter, signature
from itertools import combinations
from typing import Any, TypeVar, cast

from coratrix.core.gate_table import GATES
from coratrix.core.parameters import angle

Method = TypeVar("Method", bound=Callable[..., Any])


def quick(method: Method) -> Method:
    """``method``, named as its gate, with the short way in front; written out when it is first called."""
    name = method.__name__
    written: list[Callable[..., Any]] = []

    @wraps(method)
    def at_first(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not written:
            written.append(wraps(method)(_written_out(method)))
            for owner in type(self).__mro__:
                if vars(owner).get(name) is at_first:
                    setattr(owner, name, written[0])
        return written[0](self, *args, **kwargs)

    return cast(Method, at_first)


def _written_out(method: Callable[..., Any]) -> Callable[..., Any]:
    name = method.__name__
    arguments = list(signature(method).parameters.values())[1:]
    takes_several = arguments[-1].kind is Parameter.VAR_POSITIONAL
    names = [argument.name for argument in arguments]
    angles, qubits = names[: GATES[name].num_params], names[GATES[name].num_params :]
    lines = _one_of_several(name, angles) if takes_several else _fixed(name, angles, qubits)
    scope: dict[str, Any] = {"slowly": method, "angle": angle}
    exec("\n".join(lines), scope)
    function: Callable[..., Any] = scope[name]
    return function


def _fixed(name: str, angles: Sequence[str], qubits: Sequence[str]) -> Iterator[str]:
    given = ", ".join([*angles, *qubits])
    yield f"def {name}(self, {given}):"
    yield from _stored(name, angles, qubits, given)
    yield f"    return slowly(self, {given})"


def _one_of_several(name: str, angles: Sequence[str]) -> Iterator[str]:
    given = ", ".join([*angles, "*qubits"])
    yield f"def {name}(self, {given}):"
    yield "    qubit = qubits[0] if len(qubits) == 1 else None"
    yield from _stored(name, angles, ["qubit"], given)
    yield "    if len(qubits) < 2:"
    yield f"        return slowly(self, {given})"
    yield "    for qubit in qubits:"
    yield f"        {name}(self, {', '.join([*angles, 'qubit'])})"
    yield "    return self"


def _stored(name: str, angles: Sequence[str], qubits: Sequence[str], given: str) -> Iterator[str]:
    """The check, and the entry; s − s is 0 for a finite s only, and + 0.0 makes −0.0 a 0.0."""
    for each in angles:
        yield f"    if type({each}) is not float:"
        yield f"        {each} = angle({each}, what={f'an angle of {name}'!r})"
        yield f"        if type({each}) is not float:"
        yield f"            return slowly(self, {given})"
    claims = [f"type({qubit}) is int and 0 <= {qubit} < n" for qubit in qubits]
    claims += [f"{a} != {b}" for a, b in combinations(qubits, 2)]
    claims += [f"(s := {' + '.join(angles)}) - s == 0.0"] if angles else []
    entry = ", ".join([repr(name), *qubits, *(f"{each} + 0.0" for each in angles)])
    yield "    n = self.num_qubits"
    yield f"    if {' and '.join(claims)}:"
    yield f"        self._entries.append(({entry}))"
    yield "        return self"
