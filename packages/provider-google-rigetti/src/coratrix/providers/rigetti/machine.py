"""A Quil machine inside this process: what answers when no QVM does.

Owns: the state, and the sampling of bits. Knows nothing of: our circuits, servers, jobs.

Shots with the same history share one state. At a measurement, a reset or a noisy gate the shots of a state
divide by a multinomial draw and each part goes on alone; what is left to be read at the end is sampled from
one state. So a program without noise costs one state, and one with noise never more than one per shot.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from coratrix.backend.errors import InsufficientMemoryError

from .steps import Apply, Branch, Matrix, MeasureStep, Noise, ResetStep, StepProgram, read

State: TypeAlias = NDArray[np.complex128]
Bits: TypeAlias = NDArray[np.int8]
PauliWeights: TypeAlias = "tuple[float, float, float]"

_PAULIS: Final = tuple(
    np.array(matrix, dtype=complex)
    for matrix in ([[1, 0], [0, 1]], [[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]])
)
_STATES_AT_ONCE: Final = 4  # the state, its successor, its probabilities, and one more history


def run(
    quil: str,
    shots: int,
    *,
    seed: int | None = None,
    gate_noise: PauliWeights | None = None,
    measurement_noise: PauliWeights | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> Bits:
    """Bits of ``ro``, one row per shot; the rows are in no particular order.

    Args:
        gate_noise: chances of an X, Y, Z on each qubit of a gate, after it.
        measurement_noise: the same before each measurement.
        is_cancelled: asked now and then; when it says so the run ends with `Cancelled`.

    Raises:
        InsufficientMemoryError: the state would not fit.
    """
    program = read(quil)
    _check_memory(len(program.qubits))
    walk = _Walk(program, np.random.default_rng(seed), gate_noise, measurement_noise, is_cancelled)
    return walk.rows(shots)


class Cancelled(Exception):
    """The run was asked to end."""


def _check_memory(num_qubits: int) -> None:
    needed = _STATES_AT_ONCE * 16 * 2**num_qubits
    there = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    if needed > there:
        fits = (there // (_STATES_AT_ONCE * 16)).bit_length() - 1
        raise InsufficientMemoryError(
            f"{num_qubits} qubits need {needed:,} bytes here and the machine has {there:,}",
            hint=f"At most {fits} qubits fit",
        )


@dataclass(slots=True)
class _History:
    """Shots that have seen the same so far."""

    at: int
    state: State
    bits: Bits
    shots: int


class _Walk:
    def __init__(
        self,
        program: StepProgram,
        random: np.random.Generator,
        gate_noise: PauliWeights | None,
        measurement_noise: PauliWeights | None,
        is_cancelled: Callable[[], bool],
    ) -> None:
        self.program = program
        self.random = random
        self.gate_noise = gate_noise
        self.measurement_noise = measurement_noise
        self.is_cancelled = is_cancelled
        self.tail = self._last_readings()

    def rows(self, shots: int) -> Bits:
        count = len(self.program.qubits)
        state = np.zeros((2,) * count, dtype=complex)
        state[(0,) * count] = 1
        waiting = [_History(0, state, np.zeros(self.program.num_bits, dtype=np.int8), shots)]
        found = []
        while waiting:
            history = waiting.pop()
            while history.at < self.tail:
                if self.is_cancelled():
                    raise Cancelled
                history, *others = self._advanced(history)
                waiting += others
            found.append(self._read(history))
        return np.concatenate(found)

    def _last_readings(self) -> int:
        """From which step on there are only measurements, each of another qubit, that no jump leads into."""
        steps = self.program.steps
        first, seen = len(steps), set[int]()
        while first and isinstance(step := steps[first - 1], MeasureStep) and step.axis not in seen:
            seen.add(step.axis)
            first -= 1
        targets = [step.target for step in steps if isinstance(step, Branch)]
        return max([first, *(target for target in targets if target < len(steps))])

    # how histories divide ----------------------------------------------------------------------

    def _advanced(self, history: _History) -> list[_History]:
        """The histories that one step makes of one."""
        step = self.program.steps[history.at]
        history.at += 1
        if isinstance(step, Apply):
            history.state = _applied(step.matrix, step.axes, history.state)
            return self._shaken([history], step.ends, self.gate_noise)
        if isinstance(step, Noise):
            return self._divided(history, step)
        if isinstance(step, MeasureStep):
            shaken = self._shaken([history], (step.axis,), self.measurement_noise)
            return [part for one in shaken for part in self._measured(one, step)]
        if isinstance(step, ResetStep):
            return self._shaken(self._reset(history, step.axis), (step.axis,), self.gate_noise)
        if step.bit is None or history.bits[step.bit] == step.value:
            history.at = step.target
        return [history]

    def _split(self, history: _History, weights: Sequence[float]) -> list[tuple[int, _History]]:
        """A history for each outcome that some shot takes."""
        chances = np.maximum(np.asarray(weights, dtype=float), 0.0)
        drawn = self.random.multinomial(history.shots, chances / chances.sum())
        return [
            (outcome, _History(history.at, history.state, history.bits.copy(), int(shots)))
            for outcome, shots in enumerate(drawn)
            if shots
        ]

    def _divided(self, history: _History, noise: Noise) -> list[_History]:
        """Kraus operators: each with the chance that it has in this state."""
        images = [_applied(matrix, noise.axes, history.state) for matrix in noise.kraus]
        weights = [float(np.vdot(image, image).real) for image in images]
        parts = self._split(history, weights)
        for outcome, part in parts:
            part.state = images[outcome] / np.sqrt(weights[outcome])
        return [part for _, part in parts]

    def _shaken(
        self, histories: list[_History], axes: Sequence[int], weights: PauliWeights | None
    ) -> list[_History]:
        """Pauli operators with chances that do not depend on the state, on one axis after the other."""
        if weights is None:
            return histories
        chances = (1 - sum(weights), *weights)
        for axis in axes:
            parts = [part for history in histories for part in self._split(history, chances)]
            for outcome, part in parts:
                if outcome:
                    part.state = _applied(_PAULIS[outcome], (axis,), part.state)
            histories = [part for _, part in parts]
        return histories

    def _collapsed(self, history: _History, axis: int) -> list[tuple[int, _History]]:
        """Each outcome of reading an axis, with the state after it."""
        weights = [float(np.sum(np.abs(half) ** 2)) for half in np.moveaxis(history.state, axis, 0)]
        parts = self._split(history, weights)
        for outcome, part in parts:
            place = (slice(None),) * axis + (outcome,)
            part.state = np.zeros_like(history.state)
            part.state[place] = history.state[place] / np.sqrt(weights[outcome])
        return parts

    def _reset(self, history: _History, axis: int) -> list[_History]:
        parts = self._collapsed(history, axis)
        for outcome, part in parts:
            if outcome:
                part.state = np.flip(part.state, axis)
        return [part for _, part in parts]

    def _measured(self, history: _History, step: MeasureStep) -> list[_History]:
        parts = self._collapsed(history, step.axis)
        if step.axis in self.program.misreads:
            chances = self.program.misreads[step.axis]
            parts = [
                read for true, part in parts for read in self._split(part, (1 - chances[true], chances[true]))
            ]
        for reported, part in parts:
            part.bits[step.bit] = reported
        return [part for _, part in parts]

    # the end -----------------------------------------------------------------------------------

    def _read(self, history: _History) -> Bits:
        """All remaining measurements at once, sampled from one state."""
        readings = [step for step in self.program.steps[history.at :] if isinstance(step, MeasureStep)]
        rows = np.tile(history.bits, (history.shots, 1))
        if not readings:
            return rows
        axes = sorted({step.axis for step in readings})
        others = tuple(axis for axis in range(history.state.ndim) if axis not in axes)
        chances = np.sum(np.abs(history.state) ** 2, axis=others).reshape(-1)
        drawn = self.random.choice(len(chances), history.shots, p=chances / chances.sum())
        for step in readings:
            true = (drawn >> (len(axes) - 1 - axes.index(step.axis)) & 1).astype(np.int8)
            rows[:, step.bit] = self._reported(true, step.axis)
        return rows

    def _reported(self, true: Bits, axis: int) -> Bits:
        """What is read where ``true`` is: X and Y before the measurement turn a bit; it may be misread."""
        if self.measurement_noise is not None:
            p_turn = self.measurement_noise[0] + self.measurement_noise[1]
            true = true ^ (self.random.random(len(true)) < p_turn).astype(np.int8)
        if axis in self.program.misreads:
            p10, p11 = self.program.misreads[axis]
            true = (self.random.random(len(true)) < np.where(true == 1, p11, p10)).astype(np.int8)
        return true


def _applied(matrix: Matrix, axes: tuple[int, ...], state: State) -> State:
    """The matrix on these axes, the first of them being the most significant."""
    count = len(axes)
    moved = np.tensordot(matrix.reshape((2,) * (2 * count)), state, (range(count, 2 * count), axes))
    return np.moveaxis(moved, range(count), axes)
