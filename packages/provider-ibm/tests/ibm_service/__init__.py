"""IBM Quantum on this machine, for tests: identity, catalogue, and the Runtime API that runs the circuits.

Shapes follow IBM's published OpenAPI description of the Runtime REST API (0.45.3); the programs inside
are checked by IBM's own models (`ibm_quantum_schemas`) and run by Qiskit Aer.
"""

from __future__ import annotations

from ibm_service.cloud import IBMCloud
from ibm_service.jobs import Ledger, ServiceJob

__all__ = ["IBMCloud", "Ledger", "ServiceJob"]
