"""How much memory a simulation takes, and whether it is there.

Owns: the arithmetic and the sentence that refuses. Knows nothing of: circuits beyond their width.
"""

from __future__ import annotations

from typing import Final

from coratrix.backend.errors import InsufficientMemoryError
from coratrix.sim import _engine

ALWAYS_THERE: Final = 1 << 20
"""States up to so many bytes are run without asking the system, which takes longer than they do."""


def bytes_needed(num_qubits: int, *, density: bool, single: bool) -> int:
    """Bytes of one state; a density matrix is 4**n real numbers in the Pauli basis."""
    return 8 << 2 * num_qubits if density else (8 if single else 16) << num_qubits


def qubits_that_fit(available: int, *, density: bool, single: bool) -> int:
    """The widest circuit whose state fits into so many bytes, at least 1."""
    bits = max(available // (8 if single or density else 16), 1).bit_length() - 1
    return max(bits // 2 if density else bits, 1)


def refusal(num_qubits: int, *, density: bool, single: bool) -> InsufficientMemoryError | None:
    """Why a circuit of this width cannot run, or None."""
    needed = bytes_needed(num_qubits, density=density, single=single)
    if needed <= ALWAYS_THERE:
        return None
    available = _engine.available_bytes()
    if needed <= available and num_qubits <= 40:
        return None
    fit = qubits_that_fit(available, density=density, single=single)
    kind = "density matrix" if density else "statevector"
    return InsufficientMemoryError(
        f"the {kind} of {num_qubits} qubits needs {needed} bytes, {available} are available; "
        f"{fit} qubits would fit",
        hint=_advice(density=density, single=single),
    )


def _advice(*, density: bool, single: bool) -> str:
    if density:
        return (
            "simulator_type 'statevector' takes the square root of that and simulates noise by trajectories"
        )
    return "Use fewer qubits" if single else "precision 'single' takes half of that"
