"""Symbolic angles as Quil writes them.

Owns: `ParameterExpression` → the text of a Quil expression, and which names Quil can carry.
Knows nothing of: gates, pyquil.
"""

from __future__ import annotations

import re
from typing import Final

from coratrix.core.errors import CircuitExportError
from coratrix.core.parameters import Parameter, ParameterExpression, ParameterLike

_BINARY: Final = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "^"}
_FUNCTIONS: Final = {"sin": "SIN", "cos": "COS", "exp": "EXP", "sqrt": "SQRT"}
_NAME: Final = re.compile(r"[A-Za-z_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?")
_ELEMENT: Final = re.compile(rf"({_NAME.pattern})\[(\d+)\]")
_RESERVED: Final = frozenset(
    "ADD AND AS BIT CALL CAPTURE CONTROLLED CONVERT DAGGER DECLARE DEFCAL DEFCIRCUIT DEFFRAME DEFGATE "  # noqa: SIM905
    "DEFWAVEFORM DELAY DIV EQ EXCHANGE EXTERN FENCE FORKED GE GT HALT INCLUDE INTEGER IOR JUMP JUMP-UNLESS "
    "JUMP-WHEN LABEL LE LOAD LT MATRIX MEASURE MOVE MUL NEG NONBLOCKING NOP NOT OCTET OFFSET PAULI-SUM "
    "PERMUTATION PRAGMA PULSE RAW-CAPTURE REAL RESET SEQUENCE SET-FREQUENCY SET-PHASE SET-SCALE SHARING "
    "SHIFT-FREQUENCY SHIFT-PHASE STORE SUB SWAP-PHASES WAIT XOR mut pi i sin cos sqrt exp cis".split()
)


def element(name: str, what: str) -> tuple[str, int]:
    """A name as region and index: ``theta`` is ``("theta", 0)``, ``theta[3]`` is ``("theta", 3)``.

    Raises:
        CircuitExportError: Quil cannot carry the name.
    """
    match = _ELEMENT.fullmatch(name)
    region, index = (match[1], int(match[2])) if match else (name, 0)
    if not _NAME.fullmatch(region) or region in _RESERVED:
        raise CircuitExportError(
            f"{what} is named {name!r}, which Quil cannot carry; "
            "use letters, digits and _, and no word of Quil"
        )
    return region, index


def angle(value: ParameterLike) -> str:
    """A number or an expression, every operation in brackets so that no rule of precedence matters."""
    if not isinstance(value, ParameterExpression):
        return repr(float(value))
    if isinstance(value, Parameter):
        region, index = element(value.name, "a parameter")
        return f"{region}[{index}]"
    operation, operands = value.operation, value.operands
    if operation == "neg":
        return f"(-1.0*{angle(operands[0])})"
    if operation in _BINARY:
        left, right = map(angle, operands)
        return f"({left}{_BINARY[operation]}{right})"
    if operation == "tan":
        inner = angle(operands[0])
        return f"(SIN({inner})/COS({inner}))"
    if operation in _FUNCTIONS:
        return f"{_FUNCTIONS[operation]}({angle(operands[0])})"
    raise CircuitExportError(
        f"Quil has no function {operation!r}, which {value} uses; bind its parameters first"
    )
