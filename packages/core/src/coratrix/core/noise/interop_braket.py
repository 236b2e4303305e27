"""Braket's noise models to ours and back. Needs amazon-braket-sdk when called, not when imported.

Owns: both conversions. Knows nothing of: circuits, backends, AWS.

In Braket every rule that matches adds its noise, in the order of the rules; ours replace each other. So a
gate with rules for given qubits is written out qubits by qubits. Readout noise is in Braket a channel just
before the measurement; the reported bits agree, the state after the measurement does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import permutations
from typing import Any

import numpy as np

from coratrix.core.errors import InvalidNoiseError
from coratrix.core.gate_table import GATES
from coratrix.core.noise.channel import Channel
from coratrix.core.noise.gate_noise import GateChannel, GateNoise, Placed
from coratrix.core.noise.model import NoiseModel
from coratrix.core.noise.pauli_channels import depolarizing_from_error_probability, pauli
from coratrix.core.noise.readout import ReadoutError
from coratrix.core.noise.relaxation import amplitude_damping, generalized_amplitude_damping, phase_damping
from coratrix.core.noise.rules import (
    placed_on_positions,
    refuse_idle,
    refuse_joint_readout,
    refuse_names,
    special_qubits,
)

BRAKET_GATES: Mapping[str, str] = {
    "id": "I", "x": "X", "y": "Y", "z": "Z", "h": "H", "s": "S", "sdg": "Si", "t": "T", "tdg": "Ti",
    "sx": "V", "sxdg": "Vi", "p": "PhaseShift", "u": "U", "rx": "Rx", "ry": "Ry", "rz": "Rz",
    "cx": "CNot", "cy": "CY", "cz": "CZ", "csx": "CV", "cp": "CPhaseShift", "swap": "Swap", "iswap": "ISwap",
    "ecr": "ECR", "rxx": "XX", "ryy": "YY", "rzz": "ZZ", "ccx": "CCNot", "cswap": "CSwap",
}  # fmt: skip
"""Our gates under Braket's class names."""

_TARGET = "Braket's NoiseModel"


def to_braket(model: NoiseModel, *, num_qubits: int | None = None, without: Sequence[str] = ()) -> Any:
    """A ``braket.circuits.noise_model.NoiseModel`` of the gate and readout errors.

    The model's own numbers go to every gate that both tables have (`BRAKET_GATES`).

    Args:
        model: what to convert.
        num_qubits: needed when a rule names qubits.
        without: gates that get no noise, e.g. ``("ccx", "cswap")``, on which Braket cannot put depolarizing
            noise.

    Raises:
        InvalidNoiseError: idle noise, joint readout errors, noise of a gate that Braket cannot name, a
            channel on
            three qubits.
    """
    from braket.circuits.noise_model import GateCriteria, NoiseModel as BraketModel  # noqa: I001

    refuse_idle(model, _TARGET)
    refuse_names(model, tuple(BRAKET_GATES), _TARGET)
    refuse_joint_readout(model, _TARGET)
    theirs = BraketModel()
    for group in _unnamed_gates(model, without):
        criteria = GateCriteria([_gate_class(name) for name in group])
        for noise in _noises(placed_on_positions(model, group[0]), GATES[group[0]].num_qubits):
            theirs.add_noise(noise, criteria)
    for name, qubits in _named_rules(model, num_qubits, without):
        placed = placed_on_positions(model, name, qubits)
        targets = None if qubits is None else [qubits if len(qubits) > 1 else qubits[0]]
        for noise in _noises(placed, GATES[name].num_qubits):
            theirs.add_noise(noise, GateCriteria(_gate_class(name), targets))
    _add_readout(theirs, model, num_qubits)
    return theirs


def from_braket(theirs: Any) -> NoiseModel:
    """Our model of a Braket noise model with gate and measurement rules.

    Raises:
        InvalidNoiseError: another kind of rule (initialization, observables, unitaries), or a gate that our
            table
            does not have.
    """
    from braket.circuits.noise_model import GateCriteria, MeasureCriteria

    gate_rules: list[tuple[set[str] | None, set[tuple[int, ...]] | None, GateChannel]] = []
    readout_rules: list[tuple[set[tuple[int, ...]] | None, Channel]] = []
    for rule in theirs.instructions:
        channel = channel_from_braket(rule.noise)
        if isinstance(rule.criteria, GateCriteria):
            entry = GateChannel(channel=channel)
            gate_rules.append((_rule_gates(rule.criteria), _rule_qubits(rule.criteria), entry))
        elif isinstance(rule.criteria, MeasureCriteria):
            readout_rules.append((_rule_qubits(rule.criteria), channel))
        else:
            raise InvalidNoiseError(
                f"Braket's {type(rule.criteria).__name__} has no counterpart; "
                "noise is read from GateCriteria and MeasureCriteria"
            )
    return NoiseModel(
        channels=tuple(entry for gates, qubits, entry in gate_rules if gates is None and qubits is None),
        gate_errors=_gate_errors(gate_rules),
        **_readout_errors(readout_rules),
    )


def channel_from_braket(noise: Any) -> Channel:
    """Our channel of one ``braket.circuits.Noise``; depolarizing by total error probability becomes ours."""
    makers: dict[str, Callable[[Any], Channel]] = {
        "Depolarizing": lambda n: depolarizing_from_error_probability(n.probability),
        "TwoQubitDepolarizing": lambda n: depolarizing_from_error_probability(n.probability, 2),
        "AmplitudeDamping": lambda n: amplitude_damping(n.gamma),
        "GeneralizedAmplitudeDamping": lambda n: generalized_amplitude_damping(n.gamma, 1 - n.probability),
        "PhaseDamping": lambda n: phase_damping(n.gamma),
    }
    if make := makers.get(type(noise).__name__):
        return make(noise)
    channel = Channel.from_kraus(noise.to_matrix())
    probabilities = channel.pauli_probabilities()
    return channel if probabilities is None else pauli(probabilities)


def channel_to_braket(channel: Channel) -> Any:
    """One ``braket.circuits.Noise`` on one or two qubits: by name where Braket's range allows, else Kraus."""
    from braket.circuits import Noise

    if channel.num_qubits > 2:
        raise InvalidNoiseError(
            f"Braket has no noise on {channel.num_qubits} qubits at once ({channel!r}); "
            'a gate may be left without noise: to_braket(model, without=("ccx", "cswap"))'
        )
    params, size = channel.params, 4**channel.num_qubits
    if channel.name == "depolarizing" and params["p"] <= 1:
        kind = Noise.Depolarizing if channel.num_qubits == 1 else Noise.TwoQubitDepolarizing
        return kind(params["p"] * (size - 1) / size)
    if channel.name == "amplitude_damping":
        return Noise.AmplitudeDamping(params["gamma"])
    if channel.name == "generalized_amplitude_damping":
        return Noise.GeneralizedAmplitudeDamping(params["gamma"], 1 - params["excited_population"])
    if channel.name == "phase_damping":
        return Noise.PhaseDamping(params["lam"])
    if channel.name in ("bit_flip", "phase_flip") and params["p"] <= 0.5:
        return (Noise.BitFlip if channel.name == "bit_flip" else Noise.PhaseFlip)(params["p"])
    return Noise.Kraus(list(channel.kraus()))


def _noises(placed: Iterable[Placed], arity: int) -> list[Any]:
    """Braket puts a noise on all of a gate's qubits, so what acts on some of them is widened."""
    everywhere = tuple(range(arity))
    return [channel_to_braket(c if on == everywhere else c.expand(arity, on)) for c, on in placed]


def _gate_class(name: str) -> Any:
    from braket.circuits import Gate

    return getattr(Gate, BRAKET_GATES[name])


def _unnamed_gates(model: NoiseModel, without: Sequence[str]) -> list[list[str]]:
    """The gates without a rule of their own, in groups of one, two and three qubits."""
    named = {key.split()[0] for key in model.gate_errors} | set(without)
    free = [] if model.qubit_errors else [name for name in BRAKET_GATES if name not in named]
    groups = [[name for name in free if GATES[name].num_qubits == arity] for arity in (1, 2, 3)]
    return [group for group in groups if group]


def _named_rules(
    model: NoiseModel, num_qubits: int | None, without: Sequence[str]
) -> list[tuple[str, tuple[int, ...] | None]]:
    names = {key.split()[0] for key in model.gate_errors}
    names |= set(BRAKET_GATES) if model.qubit_errors else set()
    rules: list[tuple[str, tuple[int, ...] | None]] = []
    for name in sorted(names - set(without)):
        if not special_qubits(model, name, num_qubits):
            rules.append((name, None))
        elif num_qubits is None:
            raise InvalidNoiseError(
                f"gate_errors of {name} name qubits; say num_qubits so that all can be listed"
            )
        else:
            rules += [(name, qubits) for qubits in permutations(range(num_qubits), GATES[name].num_qubits)]
    return rules


def _add_readout(theirs: Any, model: NoiseModel, num_qubits: int | None) -> None:
    from braket.circuits.noise_model import MeasureCriteria

    if not model.readout_errors:
        if model.readout_error is not None:
            theirs.add_noise(_readout_noise(model.readout_error), MeasureCriteria())
        return
    if model.readout_error is not None and num_qubits is None:
        raise InvalidNoiseError(
            "readout_error and readout_errors together: say num_qubits so that all can be listed"
        )
    qubits = range(num_qubits) if num_qubits is not None else map(int, model.readout_errors)
    for qubit in qubits:
        error = model.readout_errors.get(str(qubit), model.readout_error)
        if error is not None:
            theirs.add_noise(_readout_noise(error), MeasureCriteria(qubit))


def _readout_noise(error: ReadoutError) -> Any:
    """The channel |i⟩⟨i| → Σ_j A[i][j]|j⟩⟨j| before the measurement."""
    from braket.circuits import Noise

    table = error.matrix()
    if table[0, 1] == table[1, 0] <= 0.5:
        return Noise.BitFlip(table[0, 1])
    operators = []
    for true, reported in np.ndindex(2, 2):
        operator = np.zeros((2, 2), dtype=np.complex128)
        operator[reported, true] = np.sqrt(table[true, reported])
        operators.append(operator)
    return Noise.Kraus(operators)


def _rule_gates(criteria: Any) -> set[str] | None:
    from braket.circuits.noise_model.criteria import CriteriaKey

    classes = criteria.get_keys(CriteriaKey.GATE)
    if not isinstance(classes, set):
        return None
    ours = {word: name for name, word in BRAKET_GATES.items()}
    words = {gate_class.__name__ for gate_class in classes}
    if unknown := sorted(words - set(ours)):
        raise InvalidNoiseError(
            f"a Braket rule names gates that our table does not have: {', '.join(unknown)}"
        )
    return {ours[word] for word in words}


def _rule_qubits(criteria: Any) -> set[tuple[int, ...]] | None:
    from braket.circuits.noise_model.criteria import CriteriaKey

    qubits = criteria.get_keys(CriteriaKey.QUBIT)
    if not isinstance(qubits, set):
        return None
    return {tuple(map(int, q)) if isinstance(q, tuple) else (int(q),) for q in qubits}


def _gate_errors(rules: list[Any]) -> dict[str, GateNoise]:
    """For every gate, and every gate on given qubits, that some rule tells apart: all rules that match it."""
    scopes: set[tuple[str, tuple[int, ...] | None]] = set()
    for gates, qubits, _ in rules:
        if gates is None and qubits is None:
            continue
        for place in qubits or (None,):
            arity = None if place is None else len(place)
            names = gates or {n for n in GATES if arity in (None, GATES[n].num_qubits)}
            scopes |= {(name, place) for name in names}
    errors = {}
    for name, place in sorted(scopes, key=str):
        matching = [
            entry
            for gates, qubits, entry in rules
            if (gates is None or name in gates) and (qubits is None or place in qubits)
        ]
        errors[" ".join([name, *map(str, place or ())])] = GateNoise(channels=tuple(matching))
    return errors


def _readout_errors(rules: list[tuple[set[tuple[int, ...]] | None, Channel]]) -> dict[str, Any]:
    named = sorted({q for qubits, _ in rules for q in qubits or ()})
    everywhere = [channel for qubits, channel in rules if qubits is None]
    data: dict[str, Any] = {"readout_error": _confusion(everywhere)} if everywhere else {}
    data["readout_errors"] = {
        str(q[0]): _confusion([channel for qubits, channel in rules if qubits is None or q in qubits])
        for q in named
    }
    return data


def _confusion(channels: list[Channel]) -> ReadoutError:
    """A[i][j] = ⟨j|E(|i⟩⟨i|)|j⟩ of the channels in sequence."""
    first, *others = channels
    for other in others:
        first = first.then(other)
    table = sum(np.abs(operator) ** 2 for operator in first.kraus())
    return ReadoutError(np.transpose(table))
