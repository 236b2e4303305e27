"""Gates that a device does not have, as gates that it has.

Owns: `reduce` and its rules; each rule is exact, global phase included.
Knows nothing of: any vendor; what a device has is asked of a function.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

from coratrix.core.errors import CircuitExportError
from coratrix.core.gate import ControlledGate, Gate, StandardGate, UnitaryGate, standard
from coratrix.core.parameters import ParameterLike
from coratrix.core.synthesis import synthesised

Step: TypeAlias = "tuple[Gate, tuple[int, ...]]"
"""A gate on qubits; a `StandardGate` named ``"p"`` on no qubits is a global phase."""

Fits: TypeAlias = Callable[[Gate], bool]
Places: TypeAlias = tuple[int, ...]

PI = math.pi
MAX_SYNTHESIS_QUBITS = 6  # 4**n gates


def phase(angle: ParameterLike) -> Step:
    """The global phase exp(i·angle) as a step."""
    return standard("p", angle), ()


def reduce(gate: Gate, qubits: Places, fits: Fits) -> Iterator[Step]:
    """``gate`` as steps whose gates all fit.

    Raises:
        CircuitExportError: the gates that the rules end in (RZ, RY and CX or CZ) do not fit either.
    """
    if fits(gate):
        yield gate, qubits
        return
    for inner, places in _rule(gate, qubits, fits):
        if places and inner != gate:
            yield from reduce(inner, places, fits)
        elif not places:
            yield inner, places
        else:
            raise _stuck(gate)


def _rule(gate: Gate, qubits: Places, fits: Fits) -> Iterator[Step]:
    if isinstance(gate, ControlledGate):
        return _controlled(gate, qubits, fits)
    if isinstance(gate, UnitaryGate):
        return _unitary(gate, qubits)
    if gate.name in ("rz", "ry"):
        raise _stuck(gate)
    if gate.name == "cx":
        if not fits(standard("cz")):
            raise _stuck(gate)
        return _under_h(standard("cz"), qubits)
    rule = _RULES.get(gate.name)
    return rule(*gate.params)(*qubits) if rule else _one_qubit(gate, qubits)


def _stuck(gate: Gate) -> CircuitExportError:
    return CircuitExportError(f"gate {gate.label!r} cannot be written with the gates of this device")


# one qubit ------------------------------------------------------------------------------------


def _one_qubit(gate: Gate, qubits: Places) -> Iterator[Step]:
    """exp(iα)·RZ(β)·RY(γ)·RZ(δ)."""
    alpha, beta, gamma, delta = euler_angles(gate)
    for name, angle in (("rz", delta), ("ry", gamma), ("rz", beta)):
        if angle:
            yield standard(name, angle), qubits
    yield phase(alpha)


def euler_angles(gate: Gate) -> tuple[float, float, float, float]:
    """(α, β, γ, δ) of a one-qubit gate exp(iα)·RZ(β)·RY(γ)·RZ(δ)."""
    u = gate.matrix()
    gamma = 2 * math.atan2(abs(u[1, 0]), abs(u[0, 0]))
    alpha = math.atan2(*_imag_real(u[0, 0] * u[1, 1] - u[0, 1] * u[1, 0])) / 2
    plus = 2 * (math.atan2(*_imag_real(u[1, 1])) - alpha)  # of an entry near 0 any phase will do
    minus = 2 * (math.atan2(*_imag_real(u[1, 0])) - alpha)
    return alpha, (plus + minus) / 2, gamma, (plus - minus) / 2


def _imag_real(z: complex) -> tuple[float, float]:
    return z.imag, z.real


# controls -------------------------------------------------------------------------------------


def _controlled(gate: ControlledGate, qubits: Places, fits: Fits) -> Iterator[Step]:
    """X around the controls that must read 0, then the gate under controls that read 1."""
    controls, targets = qubits[: gate.num_controls], qubits[gate.num_controls :]
    flipped = [(standard("x"), (q,)) for q, bit in zip(controls, gate.ctrl_bits, strict=True) if bit == "0"]
    yield from flipped
    if flipped:
        yield gate.base.controlled(gate.num_controls), qubits
    elif gate.num_qubits - gate.num_controls == 1:
        yield from _controlled_one_qubit(gate.base, controls, targets)
    else:
        for inner, places in reduce(gate.base, targets, _is_simple):
            yield from _with_controls(inner, controls, places)
    yield from flipped


def _is_simple(gate: Gate) -> bool:
    return (gate.num_qubits == 1 and isinstance(gate, StandardGate)) or gate.name == "cx"


def _with_controls(gate: Gate, controls: Places, places: Places) -> Iterator[Step]:
    if places:
        yield gate.controlled(len(controls)), (*controls, *places)
    else:
        yield from _phase_under(controls, gate.params[0])


def _phase_under(controls: Places, angle: ParameterLike) -> Iterator[Step]:
    """exp(i·angle) where all controls read 1."""
    last = standard("p", angle)
    yield (last, controls) if len(controls) == 1 else (last.controlled(len(controls) - 1), controls)


def _controlled_one_qubit(base: Gate, controls: Places, target: Places) -> Iterator[Step]:
    if base.name == "x":
        yield from _surrounded("h", target, _phase_under((*controls, *target), PI))
    elif base.name == "p":
        yield from _phase_by_parities(base.params[0], (*controls, *target))
    else:
        yield from _by_euler(base, controls, target)


def _phase_by_parities(angle: ParameterLike, qubits: Places) -> Iterator[Step]:
    """exp(i·angle) on |1…1⟩ by 2^n - 2 CX.

    x₁·…·xₙ is 2^(1-n) times the sum of all parities, those of an even number of qubits with a minus; each qubit
    shows those of itself and earlier ones in the order of a Gray code. After Welch, Greenbaum, Mostame and
    Aspuru-Guzik, "Efficient quantum circuits for diagonal unitaries without ancillas", NJP 16, 033040 (2014).
    """
    part = angle / 2 ** (len(qubits) - 1)
    for k, qubit in enumerate(qubits):
        for step in range(2**k):
            yield standard("p", -part if step % 2 else part), (qubit,)  # of step's Gray code: as odd as step
            last = step == 2**k - 1
            if k:
                changed = k - 1 if last else ((step + 1) & -(step + 1)).bit_length() - 1
                yield standard("cx"), (qubits[changed], qubit)


def _by_euler(base: Gate, controls: Places, target: Places) -> Iterator[Step]:
    """A·X·B·X·C with ABC = 1: Nielsen and Chuang, section 4.3."""
    alpha, beta, gamma, delta = euler_angles(base)
    flip = (standard("x").controlled(len(controls)), (*controls, *target))
    yield standard("rz", (delta - beta) / 2), target
    yield flip
    yield standard("rz", -(delta + beta) / 2), target
    yield standard("ry", -gamma / 2), target
    yield flip
    yield standard("ry", gamma / 2), target
    yield standard("rz", beta), target
    yield from _phase_under(controls, alpha)


def _surrounded(name: str, places: Places, inner: Iterator[Step]) -> Iterator[Step]:
    around = [(standard(name), (q,)) for q in places]
    yield from around
    yield from inner
    yield from around


def _under_h(gate: Gate, qubits: Places) -> Iterator[Step]:
    yield from _surrounded("h", qubits[-1:], iter([(gate, qubits)]))


# matrices -------------------------------------------------------------------------------------


def _unitary(gate: UnitaryGate, qubits: Places) -> Iterator[Step]:
    if gate.num_qubits == 1:
        return _one_qubit(gate, qubits)
    if gate.num_qubits > MAX_SYNTHESIS_QUBITS:
        raise CircuitExportError(
            f"a unitary on {gate.num_qubits} qubits would become {4**gate.num_qubits} gates; "
            f"this device takes unitaries of at most {MAX_SYNTHESIS_QUBITS} qubits"
        )
    return synthesised(gate.matrix(), qubits)


# the table ------------------------------------------------------------------------------------

Rule: TypeAlias = Callable[..., Callable[..., Iterator[Step]]]


def _steps(*rows: tuple[str, tuple[ParameterLike, ...], str]) -> Callable[..., Iterator[Step]]:
    """Rows of (gate, parameters, letters of the qubits a, b, c, d, e)."""

    def placed(*qubits: int) -> Iterator[Step]:
        for name, params, letters in rows:
            yield standard(name, *params), tuple(qubits[ord(letter) - ord("a")] for letter in letters)

    return placed


def _multi_x(num_controls: int) -> Rule:
    def rule() -> Callable[..., Iterator[Step]]:
        return lambda *qubits: _controlled_one_qubit(
            standard("x"), qubits[:num_controls], qubits[num_controls:]
        )

    return rule


_RULES: dict[str, Rule] = {
    "id": lambda: _steps(),
    "cy": lambda: _steps(("sdg", (), "b"), ("cx", (), "ab"), ("s", (), "b")),
    "cz": lambda: _steps(("h", (), "b"), ("cx", (), "ab"), ("h", (), "b")),
    "ch": lambda: _steps(("ry", (-PI / 4,), "b"), ("cz", (), "ab"), ("ry", (PI / 4,), "b")),
    "cs": lambda: _steps(("cp", (PI / 2,), "ab")),
    "csdg": lambda: _steps(("cp", (-PI / 2,), "ab")),
    "csx": lambda: _steps(("h", (), "b"), ("cp", (PI / 2,), "ab"), ("h", (), "b")),
    "cp": lambda t: _steps(
        ("p", (t / 2,), "a"), ("cx", (), "ab"), ("p", (-t / 2,), "b"), ("cx", (), "ab"), ("p", (t / 2,), "b")
    ),
    "crx": lambda t: _steps(("h", (), "b"), ("crz", (t,), "ab"), ("h", (), "b")),
    "cry": lambda t: _steps(
        ("ry", (t / 2,), "b"), ("cx", (), "ab"), ("ry", (-t / 2,), "b"), ("cx", (), "ab")
    ),
    "crz": lambda t: _steps(
        ("rz", (t / 2,), "b"), ("cx", (), "ab"), ("rz", (-t / 2,), "b"), ("cx", (), "ab")
    ),
    "cu": lambda t, f, n, g: _steps(
        ("p", (g + (n + f) / 2,), "a"),
        ("p", ((n - f) / 2,), "b"),
        ("cx", (), "ab"),
        ("u", (-t / 2, 0.0, -(f + n) / 2), "b"),
        ("cx", (), "ab"),
        ("u", (t / 2, f, 0.0), "b"),
    ),
    "swap": lambda: _steps(("cx", (), "ab"), ("cx", (), "ba"), ("cx", (), "ab")),
    "iswap": lambda: _steps(
        ("s", (), "a"), ("s", (), "b"), ("h", (), "a"), ("cx", (), "ab"), ("cx", (), "ba"), ("h", (), "b")
    ),
    "dcx": lambda: _steps(("cx", (), "ab"), ("cx", (), "ba")),
    "ecr": lambda: _steps(
        ("cx", (), "ab"), ("s", (), "a"), ("x", (), "a"), ("sx", (), "b"), ("p", (-PI / 4,), "")
    ),
    "rxx": lambda t: _steps(
        ("h", (), "a"), ("h", (), "b"), ("rzz", (t,), "ab"), ("h", (), "a"), ("h", (), "b")
    ),
    "ryy": lambda t: _steps(
        ("sx", (), "a"), ("sx", (), "b"), ("rzz", (t,), "ab"), ("sxdg", (), "a"), ("sxdg", (), "b")
    ),
    "rzz": lambda t: _steps(("cx", (), "ab"), ("rz", (t,), "b"), ("cx", (), "ab")),
    "rzx": lambda t: _steps(("h", (), "b"), ("rzz", (t,), "ab"), ("h", (), "b")),
    "ccx": _multi_x(2),
    "ccz": lambda: lambda *q: _phase_under(q, PI),
    "cswap": lambda: _steps(("cx", (), "cb"), ("ccx", (), "abc"), ("cx", (), "cb")),
    "c3x": _multi_x(3),
    "c4x": _multi_x(4),
}
