"""Which way a circuit is simulated, and why.

Owns: the four methods, the rule by which one is picked, and its reason in words.
Knows nothing of: how they work; what stabilizers can follow is asked of `stabilizer`.

  statevector      no noise on the state: one pure state, every shot drawn from it
  density_matrix   noise exactly, 4**n numbers
  trajectories     noise by drawn histories, 2**n numbers, unbiased
  stabilizer       Clifford gates and Pauli noise, thousands of qubits

``auto``: for counts, stabilizers wherever the circuit permits; else without channels the statevector, and with them
the density matrix up to 10 qubits, further up to 12 where the shots are so many that it is the shorter way, and
trajectories for the rest.

``statevector``: counts of a Clifford circuit without noise on the state come from stabilizers too, for the
distribution is the same and no state is needed (`without_state`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

from coratrix.core import QuantumCircuit
from coratrix.core.operations import ChannelOp, Measure
from coratrix.core.transforms import walk
from coratrix.sim import _engine, stabilizer

EXACT_QUBITS: Final = 10
"""Up to this width a density matrix takes milliseconds."""

EXACT_QUBITS_MANY_SHOTS: Final = 12
SHOTS_PER_STATE: Final = 8
"""A density matrix has 2**n times the numbers of a state; it pays from 8·2**n shots."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """What was picked.

    Attributes:
        name: one of the four names above.
        reason: a sentence for ``result.metadata``.
    """

    name: str
    reason: str

    @property
    def is_density(self) -> bool:
        return self.name == "density_matrix"


_PURE: Final = Method(name="statevector", reason="no noise acts on the state")


def has_channels(circuit: QuantumCircuit) -> bool:
    """Whether noise acts on the state (and not only on what is read)."""
    specials = circuit.special_instructions
    if {type(each.operation) for each in specials} <= {Measure}:  # nearly always, and quickly seen
        return False
    return any(isinstance(each.operation, ChannelOp) for each in walk(specials))


def choose(kind: str, noisy: QuantumCircuit, shots: int, program: Callable[[], _engine.Program]) -> Method:
    """The method for a circuit with its noise written into it.

    Args:
        kind: the ``simulator_type`` asked for.
        shots: 0 where a state or an exact value is asked for.
        program: gives the circuit's encoded form; only called where the choice depends on the gates.
    """
    channels = has_channels(noisy)
    if kind != "auto":
        return _asked_for(kind, channels)
    return _noisy(noisy, shots, program) if channels else _noiseless(noisy, shots, program)


@cache
def _asked_for(kind: str, channels: bool) -> Method:
    if kind in ("statevector", "trajectories"):
        name = "trajectories" if channels else "statevector"
        return Method(name=name, reason=f"simulator_type is {kind!r}; {_noise_words(channels)}")
    return Method(name=kind, reason=f"simulator_type is {kind!r}")


def without_state(method: Method, noisy: QuantumCircuit, program: _engine.Program) -> Method:
    """``method``, or stabilizers where they draw the same counts without a state."""
    if method.name != "statevector" or noisy.num_clbits > stabilizer.RECOGNISED_CLBITS:
        return method
    if _engine.stabilizer_obstacle(program) is not None:
        return method
    return _recognised(method)


@cache
def _recognised(method: Method) -> Method:
    return Method(name="stabilizer", reason=f"{method.reason}; Clifford gates only, so counts need no state")


@cache
def noiseless(kind: str, num_qubits: int, by_stabilizers: bool) -> Method:
    """The method for counts of gates and measurements, when it is known whether these are Clifford."""
    method = _PURE if kind == "auto" else _asked_for(kind, False)
    if not by_stabilizers:
        return method
    return _clifford(num_qubits) if kind == "auto" else _recognised(method)


def _clifford(num_qubits: int) -> Method:
    return Method(name="stabilizer", reason=f"{num_qubits} qubits and Clifford gates only")


def _noise_words(channels: bool) -> str:
    return "noise acts on the state" if channels else "no noise acts on the state"


def _noiseless(circuit: QuantumCircuit, shots: int, program: Callable[[], _engine.Program]) -> Method:
    if shots > 0 and _engine.stabilizer_obstacle(program()) is None:
        return _clifford(circuit.num_qubits)
    return _PURE


def _noisy(circuit: QuantumCircuit, shots: int, program: Callable[[], _engine.Program]) -> Method:
    n = circuit.num_qubits
    obstacle = stabilizer.obstacle(circuit, program()) if shots > 0 else "an exact answer is asked for"
    if obstacle is None:
        return Method(name="stabilizer", reason=f"Clifford gates and Pauli noise on {n} qubits")
    if n <= EXACT_QUBITS:
        return Method(name="density_matrix", reason=f"noise on {n} qubits, at most {EXACT_QUBITS}")
    if n <= EXACT_QUBITS_MANY_SHOTS and shots >= SHOTS_PER_STATE << n:
        return Method(name="density_matrix", reason=f"noise on {n} qubits and {shots} shots")
    return Method(name="trajectories", reason=f"noise on {n} qubits; no stabilizer: {obstacle}")
