"""A framework that depends on core alone: it brings a backend, and takes those its user installed."""

from __future__ import annotations

from typing import Any

from coratrix.backend import BackendConfiguration, BackendInterface, BackendManager, BackendType
from coratrix.core import QuantumCircuit
from coratrix.core.result import ExecutionResult


class Flipper(BackendInterface):
    """Knows X gates only."""

    def execute(self, circuit: Any, shots: int = 1000, **options: Any) -> ExecutionResult:
        bits = ["0"] * circuit.num_qubits
        for instruction in circuit:
            if instruction.operation.name == "x":
                bits[instruction.qubits[0]] = "1"
        return ExecutionResult(success=True, counts={"".join(bits): shots}, backend=self.name, shots=shots)


manager = BackendManager()
manager.register_backend("flipper", Flipper(BackendConfiguration("flipper", BackendType.SIMULATOR)))
print(dict(manager.execute(QuantumCircuit(2).x(0), 25).counts))
print([str(found) for found in manager.discover_backends()])
try:
    from coratrix.backend import IBMBackend  # noqa: F401
except ImportError as exc:
    print(exc)
