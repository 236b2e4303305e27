"""IBM Quantum for Coratrix.

`IBMBackend` runs circuits on IBM's devices or on snapshots of them; `as_qiskit` makes any Coratrix
backend a Qiskit `BackendV2`. Importing this imports neither Qiskit nor the SDK.
"""

from __future__ import annotations

from typing import Any

from coratrix.providers.ibm.backend import IBMBackend
from coratrix.providers.ibm.expectation import Expectation
from coratrix.providers.ibm.options import IBMOptions
from coratrix.providers.ibm.parameters import IBMParameters

__all__ = ["Expectation", "IBMBackend", "IBMOptions", "IBMParameters", "as_qiskit"]


def as_qiskit(backend: Any) -> Any:
    """``backend`` as a Qiskit `BackendV2`, so that programs written for Qiskit run on it unchanged."""
    from coratrix.providers.ibm import sdk

    sdk.load()
    from coratrix.providers.ibm.qiskit_backend import coratrix_backend_class

    return coratrix_backend_class()(backend)
