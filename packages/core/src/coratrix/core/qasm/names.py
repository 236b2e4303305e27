"""Owns the names that written OpenQASM may use: our names made legal, and never taken twice."""

from __future__ import annotations

import re
from typing import Final

RESERVED_3: Final = frozenset(
    {
        "OPENQASM", "include", "defcalgrammar", "def", "cal", "defcal", "gate", "extern", "box", "let",
        "break", "continue", "if", "else", "end", "return", "for", "while", "in", "switch", "case",
        "default", "nop", "pragma", "input", "output", "const", "readonly", "mutable", "qreg", "qubit",
        "creg", "bool", "bit", "int", "uint", "float", "angle", "complex", "array", "void", "duration",
        "stretch", "gphase", "inv", "pow", "ctrl", "negctrl", "dim", "durationof", "delay", "reset",
        "measure", "barrier", "true", "false", "im", "pi", "tau", "euler", "sizeof", "sin", "cos", "tan",
        "exp", "log", "sqrt", "arcsin", "arccos", "arctan", "ceiling", "floor", "mod", "popcount", "real",
        "imag", "rotl", "rotr", "U", "CX",
    }
)  # fmt: skip
RESERVED_2: Final = frozenset(
    {
        "OPENQASM", "include", "qreg", "creg", "gate", "opaque", "measure", "reset", "barrier", "if", "pi",
        "sin", "cos", "tan", "exp", "ln", "sqrt", "U", "CX",
    }
)  # fmt: skip


class Names:
    """Hands out names that are legal and free.

    Args:
        taken: reserved words and the names of gates in the libraries.
        pattern: what a legal name looks like; others get a letter before them and ``_`` for strange signs.
    """

    def __init__(self, taken: frozenset[str], pattern: str = r"[A-Za-z_]\w*") -> None:
        self._taken = set(taken)
        self._legal = re.compile(pattern, re.ASCII)

    def free(self, wish: str, prefix: str = "v_") -> str:
        """``wish`` if it is legal and free, else something close to it."""
        name = re.sub(r"\W", "_", wish, flags=re.ASCII)
        if not self._legal.fullmatch(name):
            name = f"{prefix}{name}"
        unique = name
        for number in range(len(self._taken) + 1):
            if unique not in self._taken:
                break
            unique = f"{name}_{number}"
        self._taken.add(unique)
        return unique
