"""Qiskit Aer's noise models to ours and back. Needs qiskit-aer when called, not when imported.

Owns: both conversions. Knows nothing of: circuits, backends.

Aer writes matrices and Pauli labels with the first qubit least significant; that is turned round here. Aer's
precedence (a rule for given qubits replaces the rule for all) is ours. Aer attaches noise to gate names after
its own transpilation; ours attaches to the circuit as written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coratrix.core.errors import InvalidNoiseError, UnknownGateError
from coratrix.core.gate_table import GATES
from coratrix.core.gates import gate
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.gate_noise import Placed
from coratrix.core.noise.keys import gate_key
from coratrix.core.noise.model import NoiseModel
from coratrix.core.noise.pauli_channels import pauli
from coratrix.core.noise.relaxation import reset_error
from coratrix.core.noise.rules import (
    combined,
    placed_on_positions,
    refuse_idle,
    refuse_joint_readout,
    refuse_names,
    special_qubits,
)

AER_GATES = tuple(name for name, row in GATES.items() if row.num_qubits <= 3)
"""Gates that carry over: Aer's names are ours, except that it calls c3x and c4x alike."""


def to_aer(model: NoiseModel, *, num_qubits: int | None = None) -> Any:
    """A ``qiskit_aer.noise.NoiseModel`` of the gate and readout errors.

    The model's own numbers are attached to every gate of the table up to three qubits; gates that Aer knows
    under another name or only as a matrix carry none.

    Args:
        model: what to convert.
        num_qubits: needed when the model has ``qubit_errors``, which Aer can only hold gate by gate.

    Raises:
        InvalidNoiseError: idle noise, noise of a gate that Aer cannot name, or a joint readout error, which
            Aer
            accepts but does not apply to the one-qubit measurements that circuits consist of.
    """
    from qiskit_aer import noise as aer

    refuse_idle(model, "Qiskit Aer's NoiseModel")
    refuse_names(model, AER_GATES, "Qiskit Aer's NoiseModel")
    refuse_joint_readout(model, "Qiskit Aer")
    theirs = aer.NoiseModel()
    for name in AER_GATES:
        arity = GATES[name].num_qubits
        if placed := placed_on_positions(model, name):
            theirs.add_all_qubit_quantum_error(_quantum_error(placed, arity), name)
        for qubits in special_qubits(model, name, num_qubits):
            placed = placed_on_positions(model, name, qubits)
            error = _quantum_error(placed, arity) if placed else _silence(arity)
            theirs.add_quantum_error(error, name, list(qubits), warnings=False)
    if model.readout_error is not None:
        theirs.add_all_qubit_readout_error(model.readout_error.matrix())
    for key, error in model.readout_errors.items():
        theirs.add_readout_error(error.matrix(), [int(key)], warnings=False)
    return theirs


def from_aer(theirs: Any) -> NoiseModel:
    """Our model of a ``qiskit_aer.noise.NoiseModel``.

    Raises:
        InvalidNoiseError: an error on measure or reset, on a gate that is not in our table, with an
            instruction
            that is no channel, or a custom noise pass.
    """
    if getattr(theirs, "_custom_noise_passes", None):
        raise InvalidNoiseError(
            "an Aer noise model with custom passes cannot be read; give the passes' noise by gate"
        )
    gate_errors: dict[str, Channel] = {}
    readout_errors: dict[str, Any] = {}
    readout_error = None
    for error in theirs.to_dict()["errors"]:
        for qubits in error.get("gate_qubits", [()]):
            if error["type"] == "qerror":
                gate_errors |= {_key(name, qubits): _channel(error) for name in error["operations"]}
            elif len(qubits) > 1:
                raise InvalidNoiseError(
                    f"Aer's joint readout error on qubits {qubits} cannot be read; it acts nowhere"
                )
            elif qubits:
                readout_errors[str(qubits[0])] = np.asarray(error["probabilities"])
            else:
                readout_error = np.asarray(error["probabilities"])
    return NoiseModel(gate_errors=gate_errors, readout_error=readout_error, readout_errors=readout_errors)


def _quantum_error(placed: Sequence[Placed], arity: int) -> Any:
    """One Aer error on all the gate's qubits; a mixture of Paulis stays one."""
    from qiskit_aer import noise as aer

    whole = combined(tuple(placed), arity)
    probabilities = whole.pauli_probabilities()
    if probabilities is not None:
        return aer.pauli_error([(label[::-1], p) for label, p in probabilities.items()])
    return aer.kraus_error(list(whole.expand(arity, tuple(reversed(range(arity)))).kraus()))


def _silence(arity: int) -> Any:
    """An error that does nothing, as X twice: Aer drops one made of identities and falls back on the gate's
    rule."""
    from qiskit.circuit.library import XGate
    from qiskit_aer import noise as aer

    twice = [(XGate(), [0]), (XGate(), [0])]
    silent = aer.QuantumError([(twice, 1.0)])
    return silent if arity == 1 else aer.pauli_error([("I" * (arity - 1), 1.0)]).tensor(silent)


def _key(name: str, qubits: Sequence[int]) -> str:
    return gate_key(" ".join([name, *map(str, qubits)]), "Aer's quantum errors")


def _channel(error: Mapping[str, Any]) -> Channel:
    """The channel of Aer's random choice among short circuits."""
    width = 1 + max(q for circuit in error["instructions"] for inst in circuit for q in inst["qubits"])
    total = np.zeros((4**width, 4**width), dtype=np.complex128)
    for circuit, p in zip(error["instructions"], error["probabilities"], strict=True):
        whole = np.eye(4**width, dtype=np.complex128)
        for instruction in circuit:
            whole = _instruction(instruction).expand(width, instruction["qubits"]).superoperator() @ whole
        total += float(p) * whole
    channel = Channel.from_superoperator(total)
    probabilities = channel.pauli_probabilities()
    return channel if probabilities is None else pauli(probabilities)


def _instruction(instruction: Mapping[str, Any]) -> Channel:
    """One step of Aer's error on its own qubits, first qubit most significant."""
    name, params = instruction["name"], instruction.get("params", [])
    arity = len(instruction["qubits"])
    backwards = tuple(reversed(range(arity)))
    if name == "pauli":
        return pauli({str(params[0])[::-1]: 1.0})
    if name == "reset":
        return reset_error(1.0)
    if name == "kraus":
        return Channel.from_kraus(params).expand(arity, backwards)
    if name == "unitary":
        return Channel.from_unitary(params[0]).expand(arity, backwards)
    try:
        return Channel.from_unitary(gate(name, *(float(p) for p in params)).matrix())
    except UnknownGateError as exc:
        raise InvalidNoiseError(
            f"an Aer error contains the instruction {name!r}, which is not a channel"
        ) from exc
