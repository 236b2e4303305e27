"""The options of one execution, unpacked at one door.

Owns: `RunOptions` with every default, and the refusal of names that a backend does not have.
Knows nothing of: what a backend does with them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import Any, TypeVar

from coratrix.backend.errors import ConfigurationError, UnknownOptionError


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Options that every backend knows by name; a provider adds its own in a subclass.

    Attributes:
        seed: makes a simulation repeat itself; refused where the backend cannot honour it.
        noise_model: a `NoiseModel` or its dict form; refused where it would not be applied.
        optimization_level: 0 (as written) to 3 (most work), for backends that transpile.
        timeout: seconds for the whole call, waiting included; None waits for ever.
        max_cost: refuse before sending when the estimate is above it, in the price's currency.
        tags: words kept with the job, here and at the vendor.
    """

    seed: int | None = None
    noise_model: Any = None
    optimization_level: int | None = None
    timeout: float | None = None
    max_cost: float | None = None
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if type(self.tags) is not tuple:
            object.__setattr__(self, "tags", tuple(self.tags))
        seed, level, timeout, cost = self.seed, self.optimization_level, self.timeout, self.max_cost
        if seed is not None and not _is_int(seed):
            raise _unusable("seed", seed, "an integer")
        if level is not None and not (_is_int(level) and 0 <= level <= 3):
            raise _unusable("optimization_level", level, "0, 1, 2 or 3")
        if timeout is not None and not _is_not_negative(timeout):
            raise _unusable("timeout", timeout, "a number that is not negative")
        if cost is not None and not _is_not_negative(cost):
            raise _unusable("max_cost", cost, "a number that is not negative")

    def given(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        return {
            name: value
            for name, default in _defaults(type(self))  # type: ignore[arg-type]  # a class is hashable
            if (value := getattr(self, name)) is not default and (default is MISSING or value != default)
        }


OptionsT = TypeVar("OptionsT", bound=RunOptions)


def parse_options(
    kind: type[OptionsT],
    options: Mapping[str, Any],
    *,
    backend: str,
    refused: Mapping[str, str] | None = None,
) -> OptionsT:
    """Turn ``**options`` into ``kind``.

    Args:
        refused: options known by name that this backend cannot honour, each with the reason.

    Raises:
        UnknownOptionError: naming each unknown or refused option.
        ConfigurationError: a value is out of range.
    """
    if not options:
        defaults: OptionsT = _all_defaults(kind)  # type: ignore[arg-type]
        return defaults
    known = [name for name, _ in _defaults(kind)]  # type: ignore[arg-type]
    problems = [
        f"{backend} has no option {name!r}{_suggestion(name, known)}" for name in options if name not in known
    ]
    problems += [
        f"{backend} cannot honour {name!r}: {reason}"
        for name, reason in (refused or {}).items()
        if options.get(name) is not None
    ]
    if problems:
        raise UnknownOptionError("; ".join(problems), backend=backend, hint=f"Options: {', '.join(known)}")
    return kind(**options)


@cache
def _all_defaults(kind: type[OptionsT]) -> OptionsT:
    """What most runs are given; it does not change, so one serves all."""
    return kind()


@cache
def _defaults(kind: type[RunOptions]) -> tuple[tuple[str, Any], ...]:
    """Names of the options and their defaults, which do not change while a program runs."""
    return tuple((f.name, f.default) for f in fields(kind))


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _unusable(name: str, value: object, wanted: str) -> ConfigurationError:
    return ConfigurationError(f"option {name} is {value!r}; it must be {wanted}")


def _is_int(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _is_not_negative(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and not math.isnan(value)
        and value >= 0
    )
