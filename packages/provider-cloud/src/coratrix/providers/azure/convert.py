"""Our circuit as what a target of Azure Quantum takes.

    circuit -> OpenQASM 3 (openqasm.py) -> QIR by qdk (qir.py) -> sent so,
                                                               -> or in the provider's own format (native.py)

Owns: `AzureProgram` and `convert`. Pure; knows nothing of: jobs, the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coratrix.backend.errors import CircuitValidationError
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError
from coratrix.providers.azure.native import NATIVE
from coratrix.providers.azure.openqasm import Written, write
from coratrix.providers.azure.qir import QirProgram, compile_qir, gates_of

QIR, NATIVE_FORMAT = "qir", "native"
INPUT_FORMATS = (QIR, NATIVE_FORMAT)
QIR_RESULTS = "microsoft.quantum-results.v2"


@dataclass(frozen=True, kw_only=True)
class AzureProgram:
    """What goes into the input blob, and what the job says of it.

    Attributes:
        input_params: of the job; the number of shots is added when it is sent.
        clbits: the circuit's bits that the result holds, in its order.
        qubits: the qubit behind each of them, where the result knows qubits only.
        left_out: operations of the circuit that have no form there and do nothing.
    """

    data: bytes
    content_type: str
    input_format: str
    output_format: str
    input_params: Mapping[str, Any]
    num_qubits: int
    clbits: tuple[int, ...]
    qubits: tuple[int, ...] = ()
    left_out: tuple[str, ...] = ()


def convert(circuit: QuantumCircuit, *, provider: str, profile: str, input_format: str = QIR) -> AzureProgram:
    """The program of a circuit that measures.

    Args:
        provider: of the target, e.g. ``"ionq"``.
        profile: of QIR, what the target reports; the native formats are straight lines and need the base.

    Raises:
        CircuitValidationError: the circuit has what this way of sending it cannot carry.
    """
    try:
        written = write(circuit)
    except CircuitExportError as exc:
        raise CircuitValidationError(str(exc)) from exc
    if input_format == QIR:
        return _as_qir(compile_qir(written.source, profile=profile), written)
    if provider not in NATIVE:
        raise CircuitValidationError(
            f"{provider!r} has no format of its own here", hint=f"Those that have: {', '.join(NATIVE)}"
        )
    return _as_native(compile_qir(written.source, profile="Base"), written, provider)


def _as_qir(program: QirProgram, written: Written) -> AzureProgram:
    return AzureProgram(
        data=program.text.encode(),
        content_type="qir.v1",
        input_format="qir.v1",
        output_format=QIR_RESULTS,
        input_params={
            "entryPoint": program.entry_point, "arguments": [], "target_profile": program.profile,
        },
        num_qubits=program.num_qubits,
        clbits=written.clbits,
        left_out=written.left_out,
    )  # fmt: skip


def _as_native(program: QirProgram, written: Written, provider: str) -> AzureProgram:
    chosen = NATIVE[provider]
    gates, measured = gates_of(program)
    return AzureProgram(
        data=chosen.write(gates, program.num_qubits, measured),
        content_type=chosen.content_type,
        input_format=chosen.input_format,
        output_format=chosen.output_format,
        input_params={},
        num_qubits=program.num_qubits,
        clbits=written.clbits,
        qubits=measured if chosen.reads_qubits else (),
        left_out=written.left_out,
    )


def decoding_of(program: AzureProgram, circuit: QuantumCircuit, shots: int) -> dict[str, Any]:
    """What `normalise.outcome` needs to know, as JSON data."""
    return {
        "clbits": list(program.clbits),
        "width": circuit.num_clbits,
        "layout": [[register.name, register.size] for register in circuit.registers],
        "qubits": list(program.qubits),
        "shots": int(shots),
    }
