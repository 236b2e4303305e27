"""The options of one execution, unpacked at one door.

Owns: `RunOptions` with every default, and the refusal of names that a backend does not have.
Knows nothing of: what a backend does with them.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
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
        object.__setattr__(self, "tags", tuple(self.tags))
        _require(self.seed is None or _is_int(self.seed), "seed", self.seed, "an integer")
        level = self.optimization_level
        _require(
            level is None or (_is_int(level) and 0 <= level <= 3), "optimization_level", level, "0, 1, 2 or 3"
        )
        for name in ("timeout", "max_cost"):
            value = getattr(self, name)
            _require(value is None or _is_not_negative(value), name, value, "a number that is not negative")

    def given(self) -> dict[str, Any]:
        """The options that differ from their defaults."""
        return {
            f.name: getattr(self, f.name)
            for f in fields(self)
            if f.default is MISSING or getattr(self, f.name) != f.default
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
    known = [f.name for f in fields(kind)]
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


def _suggestion(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _require(holds: bool, name: str, value: object, wanted: str) -> None:
    if not holds:
        raise ConfigurationError(f"option {name} is {value!r}; it must be {wanted}")


def _is_int(value: object) -> bool:
    return hasattr(value, "__index__") and not isinstance(value, bool)


def _is_not_negative(value: Any) -> bool:
    return (
        isinstance(value, (int, float))
        and not isinstance(value, bool)
        and not math.isnan(value)
        and value >= 0
    )
