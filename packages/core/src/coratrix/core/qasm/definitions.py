"""Owns OpenQASM text for gates that the standard libraries lack: exact bodies, global phase included.

Each body is checked by the tests against the gate table's matrix. Knows nothing of circuits.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from coratrix.core.gate_table import Matrix
from coratrix.core.parameters import ParameterExpression, ParameterLike

_RZZ: Final = "cx a, b; rz(theta) b; cx a, b;"
_ECR: Final = "cx a, b; rz({}pi/4) b; cx a, b;"

BODIES: Final = {
    "u": ("theta, phi, lam", "a", "p(lam) a; ry(theta) a; p(phi) a;"),
    "rzz": ("theta", "a, b", _RZZ),
    "rxx": ("theta", "a, b", f"h a; h b; {_RZZ} h a; h b;"),
    "ryy": ("theta", "a, b", f"rx(pi/2) a; rx(pi/2) b; {_RZZ} rx(-pi/2) a; rx(-pi/2) b;"),
    "rzx": ("theta", "a, b", f"h b; {_RZZ} h b;"),
    "iswap": ("", "a, b", "s a; s b; h a; cx a, b; cx b, a; h b;"),
    "dcx": ("", "a, b", "cx a, b; cx b, a;"),
    "ecr": ("", "a, b", f"h b; {_ECR.format('')} x a; {_ECR.format('-')} h b;"),
    "cs": ("", "a, b", "t a; cx a, b; tdg b; cx a, b; t b;"),
    "csdg": ("", "a, b", "tdg a; cx a, b; t b; cx a, b; tdg b;"),
    "ccz": ("", "a, b, c", "h c; ccx a, b, c; h c;"),
}
"""Parameters, qubits and body, for both versions, of table gates."""


def number(value: ParameterLike) -> str:
    """An angle as text that reads back as the same float: a fraction of pi where that is exact."""
    if isinstance(value, ParameterExpression):
        return str(value)
    for divisor in (1, 2, 3, 4, 6, 8, 16, 32, 64):
        factor = round(value * divisor / math.pi)
        if factor and abs(factor) < 64 and math.copysign(abs(factor) * math.pi / divisor, factor) == value:
            head = "pi" if abs(factor) == 1 else f"{abs(factor)}*pi"
            return f"{'-' if factor < 0 else ''}{head}{'' if divisor == 1 else f'/{divisor}'}"
    return repr(value)


def euler_angles(matrix: Matrix) -> tuple[float, float, float, float]:
    """θ, φ, λ, γ with matrix = exp(iγ) U(θ, φ, λ), for one qubit."""
    theta = 2 * math.atan2(abs(matrix[1, 0]), abs(matrix[0, 0]))
    if abs(matrix[0, 0]) > 1e-12:
        gamma = float(np.angle(matrix[0, 0]))
        phi = float(np.angle(matrix[1, 0])) - gamma if abs(matrix[1, 0]) > 1e-12 else 0.0
        lam = float(np.angle(matrix[1, 1])) - gamma - phi
        return theta, phi, lam, gamma
    gamma = float(np.angle(-matrix[0, 1]))  # λ = 0: only φ + γ and γ show when the diagonal is empty
    return theta, float(np.angle(matrix[1, 0])) - gamma, 0.0, gamma


def two_level(matrix: Matrix) -> list[tuple[int, int, Matrix]]:
    """A unitary as a product of 2×2 unitaries on pairs of basis states, the first to be applied first.

    Givens elimination, column by column: 2^(k-1)(2^k - 1) factors for k qubits at most; the last pair takes
    what phase is left, so the product is exact.
    """
    work = matrix.astype(complex)
    size = len(work)
    factors: list[tuple[int, int, Matrix]] = []
    for column in range(size - 1):
        for row in range(size - 1, column, -1):
            a, b = work[column, column], work[row, column]
            last = column == size - 2 and row == size - 1
            if abs(b) < 1e-15 and not last and (row != column + 1 or abs(a - 1) < 1e-15):
                continue
            norm = math.hypot(abs(a), abs(b))
            step: Matrix = np.array([[a.conjugate() / norm, b.conjugate() / norm], [-b / norm, a / norm]])
            if last:
                step = work[np.ix_((column, row), (column, row))].conj().T
            work[[column, row]] = step @ work[[column, row]]
            factors.append((column, row, step.conj().T))
    return factors[::-1]
