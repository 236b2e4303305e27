"""Floor 0 of Coratrix: circuits, gates, parameters, noise, observables and results as plain values.

Knows no backend, file, clock or vendor. Bit order is stated in ``coratrix.core.bits``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from coratrix.core.circuit import QuantumCircuit
from coratrix.core.errors import (
    CircuitError,
    CircuitExportError,
    CircuitImportError,
    CoratrixError,
    ExecutionFailedError,
    InvalidNoiseError,
    UnboundParameterError,
    UnknownGateError,
)
from coratrix.core.gates import (
    GATES,
    C3XGate,
    C4XGate,
    CCXGate,
    CCZGate,
    CHGate,
    CNOTGate,
    ControlledGate,
    CPhaseGate,
    CRXGate,
    CRYGate,
    CRZGate,
    CSdgGate,
    CSGate,
    CSwapGate,
    CSXGate,
    CUGate,
    CXGate,
    CYGate,
    CZGate,
    DCXGate,
    ECRGate,
    FredkinGate,
    Gate,
    GateSpec,
    HGate,
    IdGate,
    IGate,
    ISwapGate,
    PGate,
    PhaseGate,
    RXGate,
    RXXGate,
    RYGate,
    RYYGate,
    RZGate,
    RZXGate,
    RZZGate,
    SdgGate,
    SGate,
    StandardGate,
    SwapGate,
    SXdgGate,
    SXGate,
    TdgGate,
    TGate,
    ToffoliGate,
    UGate,
    UnitaryGate,
    XGate,
    YGate,
    ZGate,
    gate,
)
from coratrix.core.operations import (
    Barrier,
    ChannelOp,
    Condition,
    Delay,
    IfElse,
    Instruction,
    Measure,
    Operation,
    Reset,
    WhileLoop,
    condition_equals,
)
from coratrix.core.parameters import Parameter, ParameterExpression
from coratrix.core.registers import ClassicalRegister

if TYPE_CHECKING:
    from coratrix.core.noise import Channel, NoiseModel
    from coratrix.core.observables import PauliSum
    from coratrix.core.result import ExecutionResult

_ON_DEMAND: Final = {
    "Channel": "coratrix.core.noise",
    "ExecutionResult": "coratrix.core.result",
    "NoiseModel": "coratrix.core.noise",
    "PauliSum": "coratrix.core.observables",
}


def __getattr__(name: str) -> Any:
    """Names whose modules a program that only builds circuits does not pay for."""
    if name not in _ON_DEMAND:
        raise AttributeError(f"module 'coratrix.core' has no attribute {name!r}")
    value = getattr(import_module(_ON_DEMAND[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "GATES",
    "Barrier",
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
    "Channel",
    "ChannelOp",
    "CircuitError",
    "CircuitExportError",
    "CircuitImportError",
    "ClassicalRegister",
    "Condition",
    "ControlledGate",
    "CoratrixError",
    "DCXGate",
    "Delay",
    "ECRGate",
    "ExecutionFailedError",
    "ExecutionResult",
    "FredkinGate",
    "Gate",
    "GateSpec",
    "HGate",
    "IGate",
    "ISwapGate",
    "IdGate",
    "IfElse",
    "Instruction",
    "InvalidNoiseError",
    "Measure",
    "NoiseModel",
    "Operation",
    "PGate",
    "Parameter",
    "ParameterExpression",
    "PauliSum",
    "PhaseGate",
    "QuantumCircuit",
    "RXGate",
    "RXXGate",
    "RYGate",
    "RYYGate",
    "RZGate",
    "RZXGate",
    "RZZGate",
    "Reset",
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
    "UnboundParameterError",
    "UnitaryGate",
    "UnknownGateError",
    "WhileLoop",
    "XGate",
    "YGate",
    "ZGate",
    "condition_equals",
    "gate",
]
