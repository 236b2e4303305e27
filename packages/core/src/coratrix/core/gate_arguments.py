"""Owns how the arguments of gate methods are read, and how angles and labels are written for people.

Knows numbers and texts; nothing of gates.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from coratrix.core.errors import CircuitError, UnboundParameterError
from coratrix.core.parameters import ParameterExpression, ParameterLike, angle


def control_state(num_controls: int, ctrl_state: str | int | None) -> int:
    """What the controls must read, as an integer whose leading bit is the first control."""
    if not isinstance(num_controls, int) or isinstance(num_controls, bool) or num_controls < 1:
        raise CircuitError(f"a controlled gate has at least 1 control; got {num_controls!r}")
    if ctrl_state is None:
        return (1 << num_controls) - 1
    if isinstance(ctrl_state, str):
        if len(ctrl_state) != num_controls or set(ctrl_state) - {"0", "1"}:
            raise CircuitError(f"the state of {num_controls} controls is as many 0 or 1; got {ctrl_state!r}")
        return int(ctrl_state, base=2)
    if not 0 <= int(ctrl_state) < 2**num_controls:
        top = 2**num_controls - 1
        raise CircuitError(f"the state of {num_controls} controls is 0 to {top}; got {ctrl_state}")
    return int(ctrl_state)


def exponent_value(value: Any) -> float:
    """The exponent of a power: a finite number."""
    number = angle(value, what="an exponent")
    if isinstance(number, ParameterExpression):
        raise CircuitError(f"the exponent of a power is a number; got {number}")
    return number


def short_angle(param: ParameterLike) -> str:
    """An angle as a drawing writes it: a simple fraction of π where it is one."""
    if isinstance(param, ParameterExpression):
        return str(param)
    for denominator in (1, 2, 3, 4, 6, 8, 16):
        numerator = param * denominator / math.pi
        if numerator and abs(numerator - round(numerator)) < 1e-12 and 0 < abs(round(numerator)) < 32:
            top = {1: "π", -1: "-π"}.get(round(numerator), f"{round(numerator)}π")
            return top if denominator == 1 else f"{top}/{denominator}"
    return f"{param:.4g}"


def daggered(label: str | None) -> str | None:
    """The label of the inverse."""
    if label is None:
        return None
    return label[:-1] if label.endswith("†") else f"{label}†"


def plain_numbers(params: Sequence[ParameterLike], label: str) -> tuple[float, ...]:
    """The parameters, which must all have their numbers."""
    open_ones = {p for param in params if isinstance(param, ParameterExpression) for p in param.parameters}
    if open_ones:
        names = ", ".join(sorted(p.name for p in open_ones))
        raise UnboundParameterError(f"{label} has no matrix before {names} is bound to a number")
    return tuple(float(param) for param in params)


def bound_param(param: ParameterLike, named: Mapping[Any, float]) -> ParameterLike:
    """The parameter with numbers for the named ones."""
    return param.bind(named) if isinstance(param, ParameterExpression) else param
