"""What a QVM answers, given by any backend of Coratrix.

Owns: the QVM's requests as JSON and its answers. Knows nothing of: sockets (serve_qvm.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from coratrix.backend.interface import BackendInterface
from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import CircuitExportError, CircuitImportError, CoratrixError
from coratrix.core.noise import Channel, NoiseModel, pauli
from coratrix.core.operations import ChannelOp, IfElse, Instruction, Measure
from coratrix.core.result import ExecutionResult
from coratrix.core.transforms import moved

from .from_quil import circuit_of

VERSION = "1.17.2 [coratrix]"  # the QVM release whose answers these are; pyquil wants 1.8 or later
MAX_TRIALS = 10_000_000


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int = 200
    kind: str = "application/json"
    body: bytes = b""


def refusal(text: str, status: int = 500) -> Answer:
    """An error as a QVM says it."""
    said = {"error_type": "qvm_error", "status": text}
    return Answer(status=status, body=json.dumps(said).encode())


class QvmAnswers:
    """Answers requests by running them on ``backend``."""

    def __init__(self, backend: BackendInterface) -> None:
        self.backend = backend
        self._kinds = {
            "ping": self._ping,
            "version": self._version,
            "multishot": self._multishot,
            "multishot-measure": self._multishot_measure,
            "wavefunction": self._wavefunction,
            "expectation": self._expectation,
        }

    def answer(self, body: bytes) -> Answer:
        """The answer to one request; never raises."""
        try:
            asked = json.loads(body)
            kind = asked["type"]
            handler = self._kinds[kind]
        except (ValueError, TypeError):
            return refusal("the request is not a JSON object with a type", 400)
        except KeyError:
            return refusal(f"the request's type must be one of {', '.join(self._kinds)}", 400)
        try:
            return handler(asked)
        except CoratrixError as exc:
            return refusal(str(exc))
        except (KeyError, TypeError, ValueError) as exc:
            return refusal(f"the request of type {kind} cannot be read: {exc}", 400)

    def _ping(self, asked: Mapping[str, Any]) -> Answer:
        return Answer(kind="text/plain", body=b"pong")

    def _version(self, asked: Mapping[str, Any]) -> Answer:
        return Answer(kind="text/plain", body=VERSION.encode())

    def _multishot(self, asked: Mapping[str, Any]) -> Answer:
        """Rows of each region that is asked for."""
        program = _program(asked["compiled-quil"])
        misreads: dict[int, Any] = {}
        circuit = circuit_of(program, misreads)
        circuit = _bound(circuit)
        trials = _trials(asked)
        bits = self._bits(circuit, trials, asked, misreads)
        regions = {r.name: bits[:, r.offset : r.offset + r.size].tolist() for r in circuit.registers}
        reals = {name: [row] * trials for name, row in _reals(program).items()}
        known = {**regions, **reals}
        return _json(
            {name: _chosen(known, name, which) for name, which in asked["addresses"].items() if which}
        )

    def _multishot_measure(self, asked: Mapping[str, Any]) -> Answer:
        """Rows of the named qubits, measured after the program."""
        circuit = circuit_of(_program(asked["compiled-quil"]))
        qubits = [int(qubit) for qubit in asked["qubits"]]
        wider = QuantumCircuit(max(circuit.num_qubits, *(q + 1 for q in qubits)), registers=circuit.registers)
        measured = wider.compose(circuit, clbits=range(circuit.num_clbits))
        register = measured.add_register("measured qubits", len(qubits))
        measured.measure(qubits, register)
        bits = self._bits(measured, _trials(asked), asked, {})
        return _json(bits[:, register.offset :].tolist())

    def _wavefunction(self, asked: Mapping[str, Any]) -> Answer:
        """Amplitudes as two big-endian doubles each, qubit 0 being the least significant bit."""
        state = self._state(circuit_of(_program(asked["compiled-quil"])))
        turned = state.reshape((2,) * (len(state).bit_length() - 1)).transpose().reshape(-1)
        return Answer(kind="application/octet-stream", body=turned.astype(">c16").tobytes())

    def _expectation(self, asked: Mapping[str, Any]) -> Answer:
        """⟨ψ|P|ψ⟩ of each operator P, which is a program of Pauli gates."""
        prepared = circuit_of(_program(asked["state-preparation"]))
        operators = [circuit_of(_program(text)) for text in asked["operators"]]
        wide = QuantumCircuit(max(c.num_qubits for c in (prepared, *operators))).compose(prepared)
        state = self._state(wide)
        turned = [self._state(wide.compose(operator)) for operator in operators]
        return _json([float(np.vdot(state, other).real) for other in turned])

    def _state(self, circuit: QuantumCircuit) -> np.ndarray[Any, Any]:
        """The backend's state vector, where it has one to show."""
        ask = getattr(self.backend, "statevector", None)
        if ask is None:
            raise CircuitExportError(
                f"{self.backend.name} shows no state vector; serve the simulator for that"
            )
        return np.asarray(ask(_bound(circuit)), dtype=complex)

    # running -----------------------------------------------------------------------------------

    def _bits(
        self, circuit: QuantumCircuit, trials: int, asked: Mapping[str, Any], misreads: Mapping[int, Any]
    ) -> np.ndarray[Any, Any]:
        """One row per trial, one column per classical bit, in an order that says nothing."""
        if not circuit.has_measurements:
            return np.zeros((trials, circuit.num_clbits), dtype=int)
        seed = asked.get("rng-seed")
        options: dict[str, Any] = {} if seed is None else {"seed": int(seed)}
        small, places = _compacted(_shaken_before_measuring(circuit, asked.get("measurement-noise")))
        noise = _noise(asked.get("gate-noise"), {places[q]: m for q, m in misreads.items() if q in places})
        if noise is not None:
            options["noise_model"] = noise
        result = self.backend.execute(small, trials, **options)
        result.raise_for_status()
        return _rows(result, circuit.num_clbits, np.random.default_rng(seed))


def _program(quil: str) -> Any:
    from pyquil import Program

    try:
        return Program(quil)
    except Exception as exc:  # each of pyquil's parsers has its own class
        raise CircuitImportError(f"parse error: {exc}") from exc


def _bound(circuit: QuantumCircuit) -> QuantumCircuit:
    """Parameters without a value are 0, as a QVM has it."""
    return circuit.bind(dict.fromkeys(circuit.parameters, 0.0))


def _trials(asked: Mapping[str, Any]) -> int:
    trials = asked["trials"]
    if type(trials) is not int or not 1 <= trials <= MAX_TRIALS:
        raise ValueError(f"trials is {trials!r}; it must be 1 to {MAX_TRIALS}")
    return trials


def _reals(program: Any) -> dict[str, list[float]]:
    """The values of regions of reals, which only ``MOVE region[k] number`` changes here."""
    declared = program.declarations.items()
    values = {name: [0.0] * d.memory_size for name, d in declared if d.memory_type == "REAL"}
    for instruction in program.instructions:
        if type(instruction).__name__ == "ClassicalMove" and instruction.left.name in values:
            values[instruction.left.name][instruction.left.offset] = float(instruction.right)
    return values


def _chosen(regions: Mapping[str, list[list[Any]]], name: str, which: Any) -> list[list[Any]]:
    """A region's rows: whole (``true``), or the elements of these indices."""
    if name not in regions:
        raise CircuitImportError(f"no memory region is named {name!r}")
    rows = regions[name]
    return rows if which is True else [[row[int(index)] for index in which] for row in rows]


def _compacted(circuit: QuantumCircuit) -> tuple[QuantumCircuit, dict[int, int]]:
    """The circuit on as few qubits as it uses, and where each of them went."""
    used = sorted({qubit for instruction in circuit for qubit in instruction.qubits})
    places = {qubit: place for place, qubit in enumerate(used)}
    where = [places.get(qubit, 0) for qubit in range(circuit.num_qubits)]
    small = QuantumCircuit(max(1, len(used)), circuit.name, registers=circuit.registers)
    for instruction in circuit:
        small.append(moved(instruction, where, range(circuit.num_clbits)))
    return small, places


def _rows(result: ExecutionResult, num_bits: int, random: np.random.Generator) -> np.ndarray[Any, Any]:
    keys = list(result.counts)
    table = np.array([[int(bit) for bit in key] for key in keys], dtype=int).reshape(len(keys), num_bits)
    rows = np.repeat(table, [result.counts[key] for key in keys], axis=0)
    return random.permutation(rows)


# noise ---------------------------------------------------------------------------------------


def _noise(gate_noise: Any, misreads: Mapping[int, Any]) -> NoiseModel | None:
    channels = () if gate_noise is None else (_pauli(gate_noise),)
    if not channels and not misreads:
        return None
    return NoiseModel(channels=channels, readout_errors={str(q): m.tolist() for q, m in misreads.items()})


def _shaken_before_measuring(circuit: QuantumCircuit, weights: Any) -> QuantumCircuit:
    """The circuit with a Pauli channel before each measurement."""
    if weights is None:
        return circuit
    shaken = QuantumCircuit(circuit.num_qubits, circuit.name, registers=circuit.registers)
    for instruction in _with_channels(circuit, _pauli(weights)):
        shaken.append(instruction)
    return shaken


def _with_channels(body: Iterable[Instruction], channel: Channel) -> list[Instruction]:
    out: list[Instruction] = []
    for instruction in body:
        operation = instruction.operation
        if isinstance(operation, Measure):
            out.append(Instruction(ChannelOp(channel), instruction.qubits))
        elif isinstance(operation, IfElse):
            then, other = (
                tuple(_with_channels(b, channel)) for b in (operation.then_body, operation.else_body)
            )
            instruction = instruction._replace(operation=IfElse(operation.condition, then, other))
        out.append(instruction)
    return out


def _pauli(weights: Any) -> Channel:
    px, py, pz = (float(weight) for weight in weights)
    return pauli({"X": px, "Y": py, "Z": pz})


def _json(value: Any) -> Answer:
    return Answer(body=json.dumps(value).encode())
