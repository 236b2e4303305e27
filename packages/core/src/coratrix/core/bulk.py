"""Owns the bulk door: the entries of many gates at once, from a list of (name, qubits, parameters).

Checks what the gate methods check and refuses in their words: what needs no second look is stored at once, the rest
takes the way of a single gate, and all matrices are looked at together. Knows nothing of the circuit class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

from coratrix.core.checks import are_plain_qubits, checked_qubits
from coratrix.core.entries import Entry, gate_entry
from coratrix.core.errors import CircuitError
from coratrix.core.gate import UNITARY_SLOTS, UnitaryGate
from coratrix.core.gate_table import GATES
from coratrix.core.gates import gate
from coratrix.core.operations import Instruction
from coratrix.core.unitary import UNITARY_ATOL

GateTuple: TypeAlias = tuple[str, Sequence[int], Sequence[Any]]
"""(name, qubits, parameters): ``("cx", (0, 1), ())``, ``("unitary", (2,), (matrix,))``."""

PlainEntries: TypeAlias = tuple[list[Entry], list[int], list[int]]
"""Entries, ``()`` where there is none yet; the places of matrices; the places of what needs a second look."""

Reader: TypeAlias = Callable[[list[Any], int], PlainEntries | None]
"""Does what `plain_entries` does, or answers None and leaves it to that; it may make the entries of matrices too."""

ReaderMaker: TypeAlias = Callable[
    [dict[str, tuple[int, int]], type[UnitaryGate], tuple[Any, ...], float], Reader
]
"""From the shapes of gates, the class of matrices' gates, the descriptors of its slots, and `UNITARY_ATOL`."""

_MATRIX: Final = -1
_NO_SHAPE: Final = (0, 0)
_SHAPES: Final = {name: (row.num_qubits, row.num_params) for name, row in GATES.items()} | {
    "unitary": (_MATRIX, 1)
}


_reader: Reader | None = None


def read_by(make: ReaderMaker) -> None:
    """Let compiled code read lists of gates from now on, in a fraction of the time.

    An engine that is installed says this when it is imported. What is stored and refused does not change.
    """
    global _reader
    _reader = make(dict(_SHAPES), UnitaryGate, UNITARY_SLOTS, UNITARY_ATOL)


def checked_entries(gates: Iterable[GateTuple], num_qubits: int) -> tuple[list[Entry], list[Instruction]]:
    """The entries of the gates, in order, and those of them that are Instructions.

    Raises:
        CircuitError: one does not fit a circuit of ``num_qubits`` qubits, or the table has none of its name.
    """
    listed = gates if type(gates) is list else list(gates)
    read = None if _reader is None else _reader(listed, num_qubits)
    entries, matrices, places = plain_entries(listed, num_qubits) if read is None else read
    for place in places:
        name, qubits, params = _parts(listed[place])
        made = gate(name, *params)
        entries[place] = gate_entry(made, checked_qubits(qubits, made.num_qubits, made, num_qubits))
    if matrices:
        made_together = UnitaryGate.several([_only_matrix(listed[place][2]) for place in matrices])
        for place, one in zip(matrices, made_together, strict=True):
            qubits = listed[place][1]
            if type(qubits) is not tuple or not are_plain_qubits(qubits, one.num_qubits, num_qubits):
                qubits = checked_qubits(qubits, one.num_qubits, one, num_qubits)
            entries[place] = ("unitary", *qubits, one)
    if not places:
        return entries, []
    return entries, [entry for place in places if isinstance(entry := entries[place], Instruction)]


def plain_entries(gates: Sequence[Any], n: int) -> PlainEntries:
    """The entries of gates on one or two qubits that need no second look; the places of matrices and of the rest.

    A tuple per gate and no call: this loop is most of what building a circuit costs. x − x is 0 for finite x only,
    and + 0.0 makes −0.0 a 0.0.
    """
    entries: list[Entry] = []
    matrices: list[int] = []
    places: list[int] = []
    shapes, add = _SHAPES, entries.append
    for item in gates:
        try:
            name, qubits, params = item
            wanted, angles = shapes.get(name, _NO_SHAPE)
            if wanted == 1:
                (q,) = qubits
                if type(q) is int and 0 <= q < n:
                    if angles == 3:
                        x, y, z = params
                        if type(x) is type(y) is type(z) is float and (s := x + y + z) - s == 0.0:
                            add((name, q, x, y, z) if x and y and z else (name, q, x + 0.0, y + 0.0, z + 0.0))
                            continue
                    elif angles == 1:
                        (x,) = params
                        if type(x) is float and x - x == 0.0:
                            add((name, q, x + 0.0))
                            continue
                    elif angles == 0 == len(params):
                        add((name, q))
                        continue
            elif wanted == 2:
                q, r = qubits
                if type(q) is int and type(r) is int and 0 <= q < n and 0 <= r < n and q != r:
                    if angles == 1:
                        (x,) = params
                        if type(x) is float and x - x == 0.0:
                            add((name, q, r, x + 0.0))
                            continue
                    elif angles == 0 == len(params):
                        add((name, q, r))
                        continue
            elif wanted == _MATRIX:
                matrices.append(len(entries))
                add(())
                continue
        except (TypeError, ValueError):  # not three parts, not one or two qubits: said by the second look
            pass
        places.append(len(entries))
        add(())
    return entries, matrices, places


def _parts(item: Any) -> GateTuple:
    try:
        name, qubits, params = item
        if isinstance(name, str):
            return name, tuple(qubits), tuple(params)
    except (TypeError, ValueError):
        pass
    raise CircuitError(f"a gate is given as (name, qubits, parameters); got {item!r}")


def _only_matrix(params: Sequence[Any]) -> Any:
    if (type(params) is not tuple and not isinstance(params, Sequence)) or len(params) != 1:
        raise CircuitError(f"unitary takes 1 parameter, its matrix, as (matrix,); got {params!r}")
    return params[0]
