"""Backends from a file: JSON or TOML, checked entry by entry.

Owns: the file's schema, its reading, and reports that name file, place, value and what is allowed.
Knows nothing of: the manager, or what a provider makes of its parameters.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coratrix.backend.configuration import BackendConfiguration
from coratrix.backend.errors import ConfigurationError
from coratrix.backend.secrets import MASK, is_secret_name

if TYPE_CHECKING:
    from pydantic import ValidationError

CONFIG_VARIABLE = "CORATRIX_BACKEND_CONFIG"
SCHEMA_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class ConfigProblem:
    """What is wrong at one place of a file."""

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.message}"


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What was loaded and what was not; iterates over the names that were."""

    names: tuple[str, ...] = ()
    problems: tuple[ConfigProblem, ...] = ()
    default: str | None = None

    @property
    def errors(self) -> list[str]:
        """The problems as sentences."""
        return [str(problem) for problem in self.problems]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True, kw_only=True)
class ConfigFile:
    """A file's good entries, its problems, and the default backend it names."""

    configurations: tuple[BackendConfiguration, ...]
    problems: tuple[ConfigProblem, ...]
    default: str | None


def config_path(path: str | os.PathLike[str] | None) -> Path:
    """``path``, or the one in ``CORATRIX_BACKEND_CONFIG``."""
    chosen = path or os.environ.get(CONFIG_VARIABLE)
    if not chosen:
        raise ConfigurationError(
            "no configuration file was named", hint=f"Give a path, or set {CONFIG_VARIABLE}=backends.json"
        )
    return Path(chosen)


def read(path: Path) -> ConfigFile:
    """Read ``path``; a bad entry becomes a problem and does not hide the others.

    Raises:
        ConfigurationError: the file cannot be read at all; also a `FileNotFoundError` when it is missing.
    """
    document = _parse(path)
    allowed = {"schema_version", "default", "backends"}
    problems = [
        ConfigProblem(file=str(path), path=f"$.{key}", message=f"unknown key; allowed: {sorted(allowed)}")
        for key in document
        if key not in allowed
    ]
    if document.get("schema_version", SCHEMA_VERSION) != SCHEMA_VERSION:
        raise ConfigurationError(
            f"{path}: $.schema_version is {document['schema_version']!r}; this version reads {SCHEMA_VERSION}"
        )
    entries = document.get("backends")
    if not isinstance(entries, dict):
        raise ConfigurationError(f"{path}: $.backends must be an object of named backends, not {entries!r}")
    good: list[BackendConfiguration] = []
    for name, entry in entries.items():
        if isinstance(entry, dict) and entry.get("enabled") is False:
            continue
        found = _entry(path, name, entry)
        if isinstance(found, BackendConfiguration):
            good.append(found)
        else:
            problems += found
    default = document.get("default")
    if default is not None and default not in entries:
        message = f"{default!r} is none of the backends: {', '.join(entries)}"
        problems.append(ConfigProblem(file=str(path), path="$.default", message=message))
        default = None
    return ConfigFile(configurations=tuple(good), problems=tuple(problems), default=default)


def schema() -> dict[str, Any]:
    """The JSON Schema of a configuration file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Coratrix backends",
        "type": "object",
        "required": ["backends"],
        "additionalProperties": False,
        "properties": {
            "schema_version": {"const": SCHEMA_VERSION},
            "default": {"type": "string"},
            "backends": {"type": "object", "additionalProperties": _entry_model().model_json_schema()},
        },
    }


def _parse(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as exc:
        raise MissingConfigFileError(
            f"there is no file {path}", hint="Make one: coratrix config init"
        ) from exc
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigurationError(f"{path} cannot be read: {exc}") from exc
    try:
        document = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except json.JSONDecodeError as exc:
        raise ConfigurationError(f"{path}: line {exc.lineno}, column {exc.colno}: {exc.msg}") from exc
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise ConfigurationError(f"{path}: {exc}") from exc
    if not isinstance(document, dict):
        found = type(document).__name__
        raise ConfigurationError(f"{path}: the file must be an object with 'backends', not {found}")
    return document


class MissingConfigFileError(ConfigurationError, FileNotFoundError):
    """The configuration file is not there."""


def _entry(path: Path, name: str, entry: Any) -> BackendConfiguration | list[ConfigProblem]:
    from pydantic import ValidationError

    try:
        parsed = _entry_model().model_validate(entry)
        return BackendConfiguration(name, parsed.type, parsed.connection_params)
    except ValidationError as exc:
        return _problems(path, name, exc)
    except ConfigurationError as exc:
        return [ConfigProblem(file=str(path), path=f"$.backends.{name}", message=str(exc))]


def _entry_model() -> Any:
    from coratrix.backend.config_entry import BackendEntry

    return BackendEntry


def _problems(path: Path, name: str, error: ValidationError) -> list[ConfigProblem]:
    return [
        ConfigProblem(
            file=str(path),
            path=".".join(["$.backends", name, *map(str, problem["loc"])]),
            message=f"{problem['msg']}, found {_shown(problem)}",
        )
        for problem in error.errors()
    ]


def _shown(problem: Any) -> str:
    """The offending value, unless it may be or may hold a secret."""
    place, value = problem["loc"], problem["input"]
    if isinstance(value, (dict, list)) or (place and is_secret_name(str(place[-1]))):
        return MASK if place and is_secret_name(str(place[-1])) else type(value).__name__
    return repr(value)
