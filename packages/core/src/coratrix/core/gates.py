"""Owns the names that a program uses for gates: a factory per row of the table, and ``gate(name, *params)``.

    HGate()   CNOTGate()   RXGate(0.3)   gate("toffoli")   UnitaryGate(matrix)   HGate().controlled(2)

Factories return plain gate values; ask ``gate.name``, not ``isinstance``, which gate one is.
"""

from __future__ import annotations

import difflib
import math
from typing import Final

from coratrix.core.errors import CircuitError, UnknownGateError
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate, standard
from coratrix.core.gate_table import ALIASES, GATES, GateSpec
from coratrix.core.parameters import ParameterLike


def gate(name: str, *params: ParameterLike) -> StandardGate:
    """The gate of this name or alias, in any case: ``gate("rx", 0.3)``, ``gate("CNOT")``.

    Raises:
        UnknownGateError: there is none; the message suggests names that are close.
        CircuitError: the number of parameters is wrong, or one is NaN or infinite.
    """
    key = name.lower()
    if key in GATES:
        return standard(key, *params)
    if key in ALIASES:
        return standard(ALIASES[key], *params)
    if key == "u2" and len(params) == 2:
        return standard("u", math.pi / 2, *params)
    if key == "cu3" and len(params) == 3:
        return standard("cu", *params, 0.0)
    if key in ("u2", "cu3"):
        raise CircuitError(f"{name} takes {2 if key == 'u2' else 3} parameters; got {len(params)}")
    raise UnknownGateError(_unknown(name))


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), [*GATES, *ALIASES], n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"the table has {', '.join(GATES)}"
    return f"no gate is named {name!r}; {hint} Any other unitary is UnitaryGate(matrix)"


def IGate() -> StandardGate:
    """The identity."""
    return standard("id")


def XGate() -> StandardGate:
    """Pauli X."""
    return standard("x")


def YGate() -> StandardGate:
    """Pauli Y."""
    return standard("y")


def ZGate() -> StandardGate:
    """Pauli Z."""
    return standard("z")


def HGate() -> StandardGate:
    """Hadamard."""
    return standard("h")


def SGate() -> StandardGate:
    """√Z: a phase of π/2 on |1⟩."""
    return standard("s")


def SdgGate() -> StandardGate:
    """The inverse of S."""
    return standard("sdg")


def TGate() -> StandardGate:
    """√S: a phase of π/4 on |1⟩."""
    return standard("t")


def TdgGate() -> StandardGate:
    """The inverse of T."""
    return standard("tdg")


def SXGate() -> StandardGate:
    """√X with eigenvalues 1 and i."""
    return standard("sx")


def SXdgGate() -> StandardGate:
    """The inverse of √X."""
    return standard("sxdg")


def PhaseGate(theta: ParameterLike) -> StandardGate:
    """A phase of theta on |1⟩."""
    return standard("p", theta)


def UGate(theta: ParameterLike, phi: ParameterLike, lam: ParameterLike) -> StandardGate:
    """Any one-qubit gate up to phase: P(phi)·RY(theta)·P(lam)."""
    return standard("u", theta, phi, lam)


def RXGate(theta: ParameterLike) -> StandardGate:
    """exp(−i theta X/2)."""
    return standard("rx", theta)


def RYGate(theta: ParameterLike) -> StandardGate:
    """exp(−i theta Y/2)."""
    return standard("ry", theta)


def RZGate(theta: ParameterLike) -> StandardGate:
    """exp(−i theta Z/2)."""
    return standard("rz", theta)


def CXGate() -> StandardGate:
    """Controlled X; the control comes first."""
    return standard("cx")


def CYGate() -> StandardGate:
    """Controlled Y."""
    return standard("cy")


def CZGate() -> StandardGate:
    """Controlled Z."""
    return standard("cz")


def CHGate() -> StandardGate:
    """Controlled Hadamard."""
    return standard("ch")


def CSGate() -> StandardGate:
    """Controlled S."""
    return standard("cs")


def CSdgGate() -> StandardGate:
    """Controlled S†."""
    return standard("csdg")


def CSXGate() -> StandardGate:
    """Controlled √X."""
    return standard("csx")


def CPhaseGate(theta: ParameterLike) -> StandardGate:
    """A phase of theta on |11⟩."""
    return standard("cp", theta)


def CRXGate(theta: ParameterLike) -> StandardGate:
    """Controlled RX."""
    return standard("crx", theta)


def CRYGate(theta: ParameterLike) -> StandardGate:
    """Controlled RY."""
    return standard("cry", theta)


def CRZGate(theta: ParameterLike) -> StandardGate:
    """Controlled RZ."""
    return standard("crz", theta)


def CUGate(
    theta: ParameterLike, phi: ParameterLike, lam: ParameterLike, gamma: ParameterLike
) -> StandardGate:
    """Controlled exp(i gamma)·U(theta, phi, lam)."""
    return standard("cu", theta, phi, lam, gamma)


def SwapGate() -> StandardGate:
    """Exchanges two qubits."""
    return standard("swap")


def ISwapGate() -> StandardGate:
    """Exchanges two qubits, with a phase of i on |01⟩ and |10⟩."""
    return standard("iswap")


def DCXGate() -> StandardGate:
    """CX(a, b), then CX(b, a)."""
    return standard("dcx")


def ECRGate() -> StandardGate:
    """Echoed cross-resonance: (X⊗I − Y⊗X)/√2."""
    return standard("ecr")


def RXXGate(theta: ParameterLike) -> StandardGate:
    """exp(−i theta X⊗X/2)."""
    return standard("rxx", theta)


def RYYGate(theta: ParameterLike) -> StandardGate:
    """exp(−i theta Y⊗Y/2)."""
    return standard("ryy", theta)


def RZZGate(theta: ParameterLike) -> StandardGate:
    """exp(−i theta Z⊗Z/2)."""
    return standard("rzz", theta)


def RZXGate(theta: ParameterLike) -> StandardGate:
    """exp(−i theta Z⊗X/2): Z on the first qubit."""
    return standard("rzx", theta)


def CCXGate() -> StandardGate:
    """X under two controls (Toffoli)."""
    return standard("ccx")


def CCZGate() -> StandardGate:
    """Z under two controls."""
    return standard("ccz")


def CSwapGate() -> StandardGate:
    """Swap under one control (Fredkin)."""
    return standard("cswap")


def C3XGate() -> StandardGate:
    """X under three controls."""
    return standard("c3x")


def C4XGate() -> StandardGate:
    """X under four controls."""
    return standard("c4x")


CNOTGate: Final = CXGate
ToffoliGate: Final = CCXGate
FredkinGate: Final = CSwapGate
PGate: Final = PhaseGate
IdGate: Final = IGate

__all__ = [
    "GATES",
    "C3XGate",
    "C4XGate",
    "CCXGate",
    "CCZGate",
    "CHGate",
    "CNOTGate",
    "CPhaseGate",
    "CRXGate",
    "CRYGate",
    "CRZGate",
    "CSGate",
    "CSXGate",
    "CSdgGate",
    "CSwapGate",
    "CUGate",
    "CXGate",
    "CYGate",
    "CZGate",
    "ControlledGate",
    "DCXGate",
    "ECRGate",
    "FredkinGate",
    "Gate",
    "GateSpec",
    "HGate",
    "IGate",
    "ISwapGate",
    "IdGate",
    "PGate",
    "PhaseGate",
    "RXGate",
    "RXXGate",
    "RYGate",
    "RYYGate",
    "RZGate",
    "RZXGate",
    "RZZGate",
    "SGate",
    "SXGate",
    "SXdgGate",
    "SdgGate",
    "StandardGate",
    "SwapGate",
    "TGate",
    "TdgGate",
    "ToffoliGate",
    "UGate",
    "UnitaryGate",
    "XGate",
    "YGate",
    "ZGate",
    "gate",
]
