"""How a noise model names a gate or qubits: ``"cx"``, ``"cx 0 1"``, ``"3"``, ``"0 1"``.

Owns: the one spelling of each key and the order in which keys are looked up. Knows nothing of: noise.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.gate_table import ALIASES, GATES

UNITARY = "unitary"
OTHER_NAMES = (UNITARY, "controlled", "measure", "reset")
NOT_GATES = ("measure", "reset")


def gate_key(key: Any, where: str) -> str:
    """The canonical spelling of a gate key; aliases such as ``cnot`` become the table's name.

    Raises:
        InvalidNoiseError: no such gate (the message suggests one), or wrong qubits.
    """
    if not isinstance(key, str) or not key.split():
        raise InvalidNoiseError(f"{where}: expected a key like 'cx' or 'cx 0 1', found {key!r}")
    word, *qubits = key.split()
    name = _gate_name(word, where)
    if not qubits:
        return name
    numbers = _qubit_numbers(qubits, f"{where}[{key!r}]")
    if name in GATES and len(numbers) != GATES[name].num_qubits:
        raise InvalidNoiseError(f"{where}[{key!r}]: {name} acts on {GATES[name].num_qubits} qubits")
    return " ".join([name, *numbers])


def gate_keys(name: str, label: str | None, qubits: Sequence[int] | None) -> Iterator[str]:
    """The keys under which a gate's noise may stand, the most telling first; no qubits, no keys with
    qubits."""
    names = (f"{UNITARY}:{label}", name) if name == UNITARY and label else (name,)
    on = " ".join(map(str, qubits or ()))
    for each in names if on else ():
        yield f"{each} {on}"
    yield from names


def qubits_key(key: Any, where: str) -> str:
    """The canonical spelling of one or several qubits, from an int, a sequence of ints, or text."""
    if isinstance(key, int) and not isinstance(key, bool):
        key = str(key)
    words = key.split() if isinstance(key, str) else [str(q) for q in key]
    if not words:
        raise InvalidNoiseError(f"{where}: expected qubits like '3' or '0 1', found {key!r}")
    return " ".join(_qubit_numbers(words, f"{where}[{key!r}]"))


def _gate_name(word: str, where: str) -> str:
    if word.startswith(f"{UNITARY}:") or (word in NOT_GATES and where == "durations"):
        return word
    name = ALIASES.get(word.lower(), word.lower())
    if name in GATES or name in (UNITARY, "controlled"):
        return name
    if name in NOT_GATES:
        raise InvalidNoiseError(f"{where}: {name} is not a gate; a measurement's error is readout_error")
    close = difflib.get_close_matches(name, [*GATES, *ALIASES], n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    raise InvalidNoiseError(f"{where}: no gate is named {word!r}{hint}; any other one is 'unitary:label'")


def _qubit_numbers(words: Sequence[str], where: str) -> list[str]:
    if not all(word.isdecimal() for word in words):
        raise InvalidNoiseError(f"{where}: expected qubit numbers, found {' '.join(words)!r}")
    numbers = [str(int(word)) for word in words]
    if len(set(numbers)) != len(numbers):
        raise InvalidNoiseError(f"{where}: a qubit is named twice")
    return numbers
