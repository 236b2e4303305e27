"""OpenQASM 3 to QIR by Microsoft's qdk, and a reader for straight-line QIR.

Owns: `compile_qir`, `QirProgram`, `gates_of`. The only file besides simulator.py that imports qdk, whose
telemetry is switched off first. Knows nothing of: our circuits, targets, the network.
"""

from __future__ import annotations

import os
import re
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from coratrix.backend.errors import CircuitValidationError, ProviderNotInstalledError
from coratrix.providers.azure.errors import INSTALL_HINT

PROFILES = ("Base", "Adaptive_RI", "Adaptive_RIF")
"""The profiles of QIR that targets report; only the adaptive ones can branch on a measured bit."""

_ENTRY = re.compile(r"^define \S+ @(ENTRYPOINT__\w+)\(", re.MULTILINE)
_CALL = re.compile(r"^\s*call void @__quantum__(qis|rt)__(\w+?)(?:__(body|adj))?\((.*)\)", re.MULTILINE)
_QUBIT = re.compile(r"%Qubit\* (?:null|inttoptr \(i64 (\d+) to %Qubit\*\))")
_RESULT = re.compile(r"%Result\* (?:null|inttoptr \(i64 (\d+) to %Result\*\))")
_DOUBLE = re.compile(r"double (\S+?)(?:,|$)")
_qdk_lock = threading.Lock()  # its compiler keeps one interpreter for the process


@dataclass(frozen=True, kw_only=True)
class QirProgram:
    """A compiled program.

    Attributes:
        text: QIR as LLVM assembly, the form in which qdk hands it to Azure.
        entry_point: the function that the service starts.
        num_qubits: how many qubits it needs, those that defer measurements included.
    """

    text: str
    entry_point: str
    profile: str
    num_qubits: int


@dataclass(frozen=True, kw_only=True)
class QirGate:
    """One instruction of a straight-line program; ``name`` is QIR's, with ``_adj`` for an inverse."""

    name: str
    params: tuple[float, ...]
    qubits: tuple[int, ...]


def qdk_without_telemetry() -> Any:
    """The module ``qdk``; what it would report on its users stays off."""
    os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")
    try:
        import qdk
    except ImportError as exc:
        raise ProviderNotInstalledError(f"qdk cannot be imported: {exc}", hint=INSTALL_HINT) from exc
    return qdk


@lru_cache(maxsize=16)  # the same circuit is often sent again, to another target or with other shots
def compile_qir(source: str, *, profile: str) -> QirProgram:
    """Compile OpenQASM 3.

    Raises:
        CircuitValidationError: in qdk's words, what this profile cannot express.
    """
    qdk = qdk_without_telemetry()
    from qdk.openqasm import OutputSemantics, compile

    wanted = getattr(qdk.TargetProfile, profile)
    try:
        with _qdk_lock:
            text = str(
                compile(
                    source, name="program", target_profile=wanted, output_semantics=OutputSemantics.OpenQasm
                )
            )
    except BaseException as exc:  # a panic of its compiler is no Exception
        if not type(exc).__name__.startswith(("Qasm", "QSharp", "Panic")):
            raise
        raise CircuitValidationError(
            f"qdk cannot compile this circuit for profile {profile}: {_first_complaint(exc)}",
            provider_message=str(exc),
        ) from exc
    entry, needed = _ENTRY.search(text), re.search(r'"required_num_qubits"="(\d+)"', text)
    if entry is None or needed is None:
        raise CircuitValidationError("qdk returned QIR without an entry point or its number of qubits")
    return QirProgram(text=text, entry_point=entry[1], profile=profile, num_qubits=int(needed[1]))


def _first_complaint(exc: BaseException) -> str:
    """The line of a compiler message that says what is wrong."""
    lines = [line.strip().removeprefix("x ") for line in str(exc).splitlines() if line.strip()]
    return lines[1] if len(lines) > 1 else str(exc)


def gates_of(program: QirProgram) -> tuple[list[QirGate], tuple[int, ...]]:
    """The gates in order, and for each recorded bit the qubit that is measured into it.

    Raises:
        CircuitValidationError: the program branches, so that it is no list of gates.
    """
    if " br " in program.text or program.profile != "Base":
        raise CircuitValidationError("a program that branches has no form as a list of gates")
    gates: list[QirGate] = []
    qubit_of: dict[int, int] = {}
    recorded: list[int] = []
    for kind, name, suffix, arguments in _CALL.findall(program.text):
        results = [int(n or 0) for n in _RESULT.findall(arguments)]
        qubits = tuple(int(n or 0) for n in _QUBIT.findall(arguments))
        if kind == "rt":
            recorded += results if name == "result_record_output" else []
        elif results:
            qubit_of[results[0]] = qubits[0]
        else:
            params = tuple(float(value) for value in _DOUBLE.findall(arguments))
            gates.append(
                QirGate(name=name + ("_adj" if suffix == "adj" else ""), params=params, qubits=qubits)
            )
    return gates, tuple(qubit_of[result] for result in recorded)
