"""Owns the fluent face of a circuit: one method per row of the gate table.

``circuit.h(0).cx(0, 1).rz(theta, 0)``; a gate on one qubit takes several, ``circuit.h(0, 1, 2)``, and is put
on each. A method's body is what is done in every case; `quick` is the short way in front of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

from coratrix.core.entries import Entry
from coratrix.core.gate import Gate, UnitaryGate, standard
from coratrix.core.operations import Condition
from coratrix.core.parameters import ParameterLike
from coratrix.core.quick_gates import quick


class GateMethods(ABC):
    """The methods ``h``, ``cx``, ``rz`` … for whatever has qubits and entries and can ``add_gate``."""

    num_qubits: int
    _entries: list[Entry]

    @abstractmethod
    def add_gate(self, gate: Gate, qubits: Sequence[int], *, condition: Condition | None = None) -> Self:
        """Put ``gate`` on ``qubits``."""

    def _each(self, gate: Gate, qubits: tuple[int, ...]) -> Self:
        for qubit in qubits:
            self.add_gate(gate, (qubit,))
        return self

    def unitary(self, matrix: Any, qubits: Sequence[int], label: str | None = None) -> Self:
        """Any unitary matrix; the first of ``qubits`` is the most significant bit of its index."""
        return self.add_gate(UnitaryGate(matrix, label), qubits)

    @quick
    def id(self, *qubits: int) -> Self:
        """The identity."""
        return self._each(standard("id"), qubits)

    @quick
    def x(self, *qubits: int) -> Self:
        """Pauli X."""
        return self._each(standard("x"), qubits)

    @quick
    def y(self, *qubits: int) -> Self:
        """Pauli Y."""
        return self._each(standard("y"), qubits)

    @quick
    def z(self, *qubits: int) -> Self:
        """Pauli Z."""
        return self._each(standard("z"), qubits)

    @quick
    def h(self, *qubits: int) -> Self:
        """Hadamard."""
        return self._each(standard("h"), qubits)

    @quick
    def s(self, *qubits: int) -> Self:
        """√Z: a phase of π/2 on |1⟩."""
        return self._each(standard("s"), qubits)

    @quick
    def sdg(self, *qubits: int) -> Self:
        """The inverse of S."""
        return self._each(standard("sdg"), qubits)

    @quick
    def t(self, *qubits: int) -> Self:
        """√S: a phase of π/4 on |1⟩."""
        return self._each(standard("t"), qubits)

    @quick
    def tdg(self, *qubits: int) -> Self:
        """The inverse of T."""
        return self._each(standard("tdg"), qubits)

    @quick
    def sx(self, *qubits: int) -> Self:
        """√X with eigenvalues 1 and i."""
        return self._each(standard("sx"), qubits)

    @quick
    def sxdg(self, *qubits: int) -> Self:
        """The inverse of √X."""
        return self._each(standard("sxdg"), qubits)

    @quick
    def p(self, theta: ParameterLike, *qubits: int) -> Self:
        """A phase of theta on |1⟩."""
        return self._each(standard("p", theta), qubits)

    @quick
    def u(self, theta: ParameterLike, phi: ParameterLike, lam: ParameterLike, *qubits: int) -> Self:
        """Any one-qubit gate up to phase: P(phi)·RY(theta)·P(lam)."""
        return self._each(standard("u", theta, phi, lam), qubits)

    @quick
    def rx(self, theta: ParameterLike, *qubits: int) -> Self:
        """exp(−i theta X/2)."""
        return self._each(standard("rx", theta), qubits)

    @quick
    def ry(self, theta: ParameterLike, *qubits: int) -> Self:
        """exp(−i theta Y/2)."""
        return self._each(standard("ry", theta), qubits)

    @quick
    def rz(self, theta: ParameterLike, *qubits: int) -> Self:
        """exp(−i theta Z/2)."""
        return self._each(standard("rz", theta), qubits)

    @quick
    def cx(self, control: int, target: int) -> Self:
        """Controlled X; the control comes first."""
        return self.add_gate(standard("cx"), (control, target))

    @quick
    def cy(self, control: int, target: int) -> Self:
        """Controlled Y."""
        return self.add_gate(standard("cy"), (control, target))

    @quick
    def cz(self, control: int, target: int) -> Self:
        """Controlled Z."""
        return self.add_gate(standard("cz"), (control, target))

    @quick
    def ch(self, control: int, target: int) -> Self:
        """Controlled Hadamard."""
        return self.add_gate(standard("ch"), (control, target))

    @quick
    def cs(self, control: int, target: int) -> Self:
        """Controlled S."""
        return self.add_gate(standard("cs"), (control, target))

    @quick
    def csdg(self, control: int, target: int) -> Self:
        """Controlled S†."""
        return self.add_gate(standard("csdg"), (control, target))

    @quick
    def csx(self, control: int, target: int) -> Self:
        """Controlled √X."""
        return self.add_gate(standard("csx"), (control, target))

    @quick
    def cp(self, theta: ParameterLike, control: int, target: int) -> Self:
        """A phase of theta on |11⟩."""
        return self.add_gate(standard("cp", theta), (control, target))

    @quick
    def crx(self, theta: ParameterLike, control: int, target: int) -> Self:
        """Controlled RX."""
        return self.add_gate(standard("crx", theta), (control, target))

    @quick
    def cry(self, theta: ParameterLike, control: int, target: int) -> Self:
        """Controlled RY."""
        return self.add_gate(standard("cry", theta), (control, target))

    @quick
    def crz(self, theta: ParameterLike, control: int, target: int) -> Self:
        """Controlled RZ."""
        return self.add_gate(standard("crz", theta), (control, target))

    @quick
    def cu(
        self,
        theta: ParameterLike,
        phi: ParameterLike,
        lam: ParameterLike,
        gamma: ParameterLike,
        control: int,
        target: int,
    ) -> Self:
        """Controlled exp(i gamma)·U(theta, phi, lam)."""
        return self.add_gate(standard("cu", theta, phi, lam, gamma), (control, target))

    @quick
    def swap(self, first: int, second: int) -> Self:
        """Exchanges two qubits."""
        return self.add_gate(standard("swap"), (first, second))

    @quick
    def iswap(self, first: int, second: int) -> Self:
        """Exchanges two qubits, with a phase of i on |01⟩ and |10⟩."""
        return self.add_gate(standard("iswap"), (first, second))

    @quick
    def dcx(self, first: int, second: int) -> Self:
        """CX(a, b), then CX(b, a)."""
        return self.add_gate(standard("dcx"), (first, second))

    @quick
    def ecr(self, first: int, second: int) -> Self:
        """Echoed cross-resonance: (X⊗I − Y⊗X)/√2."""
        return self.add_gate(standard("ecr"), (first, second))

    @quick
    def rxx(self, theta: ParameterLike, first: int, second: int) -> Self:
        """exp(−i theta X⊗X/2)."""
        return self.add_gate(standard("rxx", theta), (first, second))

    @quick
    def ryy(self, theta: ParameterLike, first: int, second: int) -> Self:
        """exp(−i theta Y⊗Y/2)."""
        return self.add_gate(standard("ryy", theta), (first, second))

    @quick
    def rzz(self, theta: ParameterLike, first: int, second: int) -> Self:
        """exp(−i theta Z⊗Z/2)."""
        return self.add_gate(standard("rzz", theta), (first, second))

    @quick
    def rzx(self, theta: ParameterLike, first: int, second: int) -> Self:
        """exp(−i theta Z⊗X/2): Z on the first qubit."""
        return self.add_gate(standard("rzx", theta), (first, second))

    @quick
    def ccx(self, control1: int, control2: int, target: int) -> Self:
        """X under two controls (Toffoli)."""
        return self.add_gate(standard("ccx"), (control1, control2, target))

    @quick
    def ccz(self, control1: int, control2: int, target: int) -> Self:
        """Z under two controls."""
        return self.add_gate(standard("ccz"), (control1, control2, target))

    @quick
    def cswap(self, control: int, target1: int, target2: int) -> Self:
        """Swap under one control (Fredkin)."""
        return self.add_gate(standard("cswap"), (control, target1, target2))

    @quick
    def c3x(self, control1: int, control2: int, control3: int, target: int) -> Self:
        """X under three controls."""
        return self.add_gate(standard("c3x"), (control1, control2, control3, target))

    @quick
    def c4x(self, control1: int, control2: int, control3: int, control4: int, target: int) -> Self:
        """X under four controls."""
        return self.add_gate(standard("c4x"), (control1, control2, control3, control4, target))

    def cnot(self, control: int, target: int) -> Self:
        """Another name of ``cx``."""
        return self.cx(control, target)
