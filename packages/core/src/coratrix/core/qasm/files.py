"""Owns the reading of text from outside: files, their encoding, and what an ``include`` may reach.

Only files inside the allowed folders are read, whatever ``../`` or symbolic links say. Knows nothing of the
languages.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from coratrix.core.errors import CircuitImportError
from coratrix.core.qasm.scan import MAX_CHARACTERS, Source

_MAX_DEPTH: Final = 16
_MAX_INCLUDES: Final = 200


def read_source(path: Path, name: str | None = None) -> Source:
    """The text of a file.

    Raises:
        CircuitImportError: it is not UTF-8, or too large; line and column say where.
        OSError: it cannot be read.
    """
    size = path.stat().st_size
    if size > MAX_CHARACTERS:
        raise CircuitImportError(f"{path} has {size} bytes; at most {MAX_CHARACTERS} are read")
    return decoded(path.read_bytes(), name or str(path))


def decoded(data: bytes, name: str | None) -> Source:
    """The text of bytes."""
    try:
        return Source(data.decode("utf-8-sig"), name)
    except UnicodeDecodeError as exc:
        before = data[: exc.start]
        line, column = before.count(b"\n") + 1, exc.start - (before.rfind(b"\n") + 1) + 1
        raise CircuitImportError(
            f"the text is not UTF-8: byte 0x{data[exc.start]:02x}", line=line, column=column, source=name
        ) from exc


class Includes:
    """What ``include`` may read: files in the given folders, and nothing else.

    Args:
        folders: the allowed folders; with none, no file can be included.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = [folder.resolve() for folder in folders]
        self._open: list[Path] = []
        self._count = 0

    def enter(self, filename: str, source: Source, at: int) -> Source:
        """The text of an included file; ``leave`` when it has been read."""
        path = self._find(filename, source, at)
        if path in self._open:
            chain = " → ".join(p.name for p in (*self._open, path))
            source.refuse(f"the includes go round in a circle: {chain}", at)
        self._count += 1
        if len(self._open) >= _MAX_DEPTH or self._count > _MAX_INCLUDES:
            source.refuse(f"includes nest deeper than {_MAX_DEPTH} or are more than {_MAX_INCLUDES}", at)
        self._open.append(path)
        try:
            return read_source(path, filename)
        except OSError as exc:
            source.refuse(f"{filename!r} cannot be read: {exc}", at, exc)

    def leave(self) -> None:
        self._open.pop()

    def _find(self, filename: str, source: Source, at: int) -> Path:  # noqa: RET503 - refuse() never returns
        if not self._folders:
            source.refuse(f"include {filename!r}: no folder is allowed here; see include_paths", at)
        for folder in self._folders:
            try:
                path = (folder / filename).resolve()
            except (OSError, ValueError, RuntimeError) as exc:
                source.refuse(f"include {filename!r} is no file name: {exc}", at, exc)
            if path.is_relative_to(folder) and path.is_file():
                return path
        source.refuse(f"include {filename!r} is not a file inside the allowed folders", at)
