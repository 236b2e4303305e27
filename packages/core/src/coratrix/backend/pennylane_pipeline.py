"""What PennyLane does to a tape before it reaches a Coratrix backend.

Owns: the transforms in their order, and the settings of an execution. Which operators need no decomposition
is the converter's to say. PennyLane is imported when a device asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from coratrix.core.converters.pennylane import is_carried


def settled(config: Any, name: str) -> Any:
    """The settings with every open choice made: measurements in mid-circuit are deferred to the end."""
    from pennylane.exceptions import DeviceError

    method = config.mcm_config.mcm_method
    if method not in (None, "deferred"):
        raise DeviceError(f"mcm_method={method!r} is not supported on {name}; leave it out or say 'deferred'")
    return replace(
        config,
        mcm_config=replace(config.mcm_config, mcm_method="deferred"),
        use_device_gradient=config.gradient_method == "adjoint",
        use_device_jacobian_product=False,
        grad_on_execution=False,
    )


def transforms(wires: Any, name: str, *, adjoint: bool) -> Any:
    """The pipeline from a user's tape to tapes of operators that our circuits have."""
    from pennylane import transform
    from pennylane.devices import preprocess
    from pennylane.transforms import broadcast_expand, defer_measurements
    from pennylane.transforms.core import TransformProgram

    program = TransformProgram()
    program.add_transform(preprocess.validate_device_wires, wires=wires, name=name)
    program.add_transform(defer_measurements, allow_postselect=False)
    program.add_transform(broadcast_expand)
    program.add_transform(
        preprocess.decompose, stopping_condition=is_carried, skip_initial_state_prep=False, name=name
    )
    if adjoint:
        _add_adjoint(program, f"adjoint on {name}")
    program.add_transform(preprocess.validate_measurements, sample_measurements=_is_sampled, name=name)
    program.add_transform(transform(_for_sampling))
    return program


def allows_adjoint(tape: Any, wires: Any, name: str) -> bool:
    """Whether the tape measures and turns what adjoint differentiation can follow."""
    from pennylane.exceptions import DeviceError

    try:
        transforms(wires, name, adjoint=True)((tape,))
    except DeviceError:
        return False
    return True


def _add_adjoint(program: Any, name: str) -> None:
    """Exact expectation values only, and every trainable gate with one angle and a generator."""
    from pennylane.devices import preprocess
    from pennylane.measurements import ExpectationMP

    program.add_transform(preprocess.no_sampling, name=name)
    program.add_transform(
        preprocess.decompose, stopping_condition=_is_differentiable, skip_initial_state_prep=False, name=name
    )
    program.add_transform(preprocess.validate_observables, lambda each: each.has_matrix, name=name)
    program.add_transform(
        preprocess.validate_measurements,
        analytic_measurements=lambda each: isinstance(each, ExpectationMP),
        name=name,
    )
    program.add_transform(preprocess.validate_adjoint_trainable_params)


def _is_differentiable(operator: Any) -> bool:
    from pennylane.math import requires_grad

    is_fixed = operator.num_params == 0 or not any(requires_grad(value) for value in operator.data)
    return is_carried(operator) and (is_fixed or (operator.num_params == 1 and operator.has_generator))


def _is_sampled(process: Any) -> bool:
    """Whether counts in one basis are enough; shadows of a state want a new basis for every shot."""
    from pennylane.measurements import ClassicalShadowMP, SampleMeasurement, ShadowExpvalMP

    is_shadow = isinstance(process, ClassicalShadowMP | ShadowExpvalMP)
    return isinstance(process, SampleMeasurement) and not is_shadow


def _for_sampling(tape: Any) -> tuple[Any, Any]:
    """A tape with shots as tapes that each measure in one basis, turned to that of the qubits."""
    from pennylane.transforms import split_non_commuting

    if not tape.shots:
        return (tape,), _only
    tapes, join = split_non_commuting(tape)
    return [each.copy(operations=[*each.operations, *_turns(each.observables)]) for each in tapes], join


def _turns(observables: Any) -> Iterator[Any]:
    """Gates after which each observable is read off the qubits; Pauli strings of one basis share theirs."""
    from pennylane import pauli

    letters: dict[Any, str] = {}
    others: dict[Any, Any] = {}
    for each in observables:
        representation = getattr(each, "pauli_rep", None)
        if representation is not None and len(representation) == 1:
            letters |= next(iter(representation))
        elif hasattr(each, "diagonalizing_gates"):
            others[each.hash] = each
    for wire, letter in letters.items():
        yield from pauli.PauliWord({wire: letter}).operation().diagonalizing_gates()
    for each in others.values():
        yield from each.diagonalizing_gates()


def _only(results: Any) -> Any:
    return results[0]
