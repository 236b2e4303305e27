"""Owns OpenQASM 2 and 3 in and out: ``load``, ``loads``, ``dump``, ``dumps``.

OpenQASM 2 and every writer need numpy alone; OpenQASM 3 is parsed by the package ``openqasm3``, which the
extra ``coratrix-core[qasm]`` brings.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitError, CircuitImportError
from coratrix.core.qasm.builder import Builder, Refused, refuse
from coratrix.core.qasm.files import Includes, decoded, read_source
from coratrix.core.qasm.scan import MAX_CHARACTERS, Source
from coratrix.core.qasm.version2 import Reader2

__all__ = ["dump", "dumps", "load", "loads"]

Progress = Callable[[int, int], None]
_HEADER: Final = re.compile(r"OPENQASM\s+(\d+)(?:\.(\d+))?\s*;")
_OLD: Final = re.compile(r'\binclude\s+"qelib1\.inc"|\b[qc]reg\b')


def loads(
    text: str | bytes,
    *,
    name: str = "circuit",
    include_paths: Sequence[str | os.PathLike[str]] = (),
    inputs: Mapping[str, Any] | None = None,
    max_iterations: int = 1000,
    progress: Progress | None = None,
) -> QuantumCircuit:
    """The circuit that an OpenQASM 2 or 3 text describes.

    Args:
        text: the program.
        name: the circuit's name.
        include_paths: folders whose files ``include`` may read, besides the two standard libraries.
        inputs: values of ``input`` declarations; an angle that is not given becomes a Parameter.
        max_iterations: the bound of a ``while`` on measured bits that has no ``@coratrix.max_iterations``.
        progress: called now and then with the characters read and the characters there are.

    Raises:
        CircuitImportError: the text is wrong, or says what a circuit cannot carry; with line and column.
    """
    source = decoded(text, None) if isinstance(text, bytes) else Source(text)
    folders = [Path(folder) for folder in include_paths]
    return _read(source, name, folders, inputs or {}, max_iterations, progress or _no_progress)


def load(
    path: str | os.PathLike[str],
    *,
    include_paths: Sequence[str | os.PathLike[str]] = (),
    inputs: Mapping[str, Any] | None = None,
    max_iterations: int = 1000,
    progress: Progress | None = None,
) -> QuantumCircuit:
    """The circuit of an OpenQASM file; ``include`` may also read files in its folder and below.

    Raises:
        CircuitImportError: as for ``loads``.
        OSError: the file cannot be read.
    """
    file = Path(path)
    folders = [file.resolve().parent, *(Path(folder) for folder in include_paths)]
    source = read_source(file)
    return _read(source, file.stem, folders, inputs or {}, max_iterations, progress or _no_progress)


def dumps(circuit: QuantumCircuit, version: int = 3) -> str:
    """The circuit as OpenQASM 3 or 2.

    Raises:
        CircuitExportError: the circuit has something that the format cannot carry; the message names it.
    """
    if version == 3:
        from coratrix.core.qasm.write3 import write
    elif version == 2:
        from coratrix.core.qasm.write2 import write
    else:
        raise CircuitError(f"OpenQASM has versions 2 and 3; got {version!r}")
    return write(circuit)


def dump(circuit: QuantumCircuit, path: str | os.PathLike[str], version: int = 3) -> None:
    """Write the circuit to a file as OpenQASM 3 or 2."""
    Path(path).write_text(dumps(circuit, version), encoding="utf-8")


def _read(
    source: Source,
    name: str,
    folders: list[Path],
    inputs: Mapping[str, Any],
    max_iterations: int,
    progress: Progress,
) -> QuantumCircuit:
    if len(source.text) > MAX_CHARACTERS:
        raise CircuitImportError(f"the text has {len(source.text)} characters; {MAX_CHARACTERS} at most")
    version, start = _version(source)
    builder, includes = Builder(), Includes(folders)
    try:
        if version == 2:
            Reader2(builder, includes, progress).read(source, start)
        else:
            _reader_3()(builder, includes, inputs, max_iterations, progress).read(source, start)
        circuit = builder.finish(name)
    except Refused as exc:
        refuse(source, len(source.text), exc)
    except RecursionError as exc:
        raise CircuitImportError("the text nests too deeply", source=source.name, line=1, column=1) from exc
    progress(len(source.text), len(source.text))
    return circuit


def _reader_3() -> Any:
    """The reader of version 3, whose parser is an extra."""
    try:
        from coratrix.core.qasm.version3 import Reader3
    except ModuleNotFoundError as exc:
        raise CircuitImportError(
            f"OpenQASM 3 needs a parser ({exc.name} is missing): pip install 'coratrix-core[qasm]'"
        ) from exc
    return Reader3


def _version(source: Source) -> tuple[int, int]:
    """The version that the header names, or the text's words betray, and the offset after the header."""
    start = source.skip_blank(0)
    if match := _HEADER.match(source.text, start):
        if match[1] not in ("2", "3"):
            source.refuse(f"OPENQASM {match[1]} is not known; there are 2 and 3", start)
        return int(match[1]), match.end()
    if source.text.startswith("OPENQASM", start):
        source.refuse("the header reads 'OPENQASM 2.0;' or 'OPENQASM 3.0;'", start)
    return (2 if _OLD.search(source.text[:20_000]) else 3), start


def _no_progress(_done: int, _total: int) -> None:
    return None
