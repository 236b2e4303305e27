"""From a circuit of ours to one that a processor runs: decompose, route, rewrite in its gates, check.

Owns: `compile_for` and the list of all that a device would refuse. Pure; knows nothing of: jobs, the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from coratrix.backend.validation import ValidationIssue
from coratrix.core.circuit import QuantumCircuit

from .parameters import GatesetName
from .to_cirq import to_cirq

if TYPE_CHECKING:
    import cirq

_GATESETS: dict[GatesetName, str] = {
    "sycamore": "SycamoreTargetGateset",
    "cz": "GoogleCZTargetGateset",
    "sqrt_iswap": "SqrtIswapTargetGateset",
}
"""Our names of Cirq's target gatesets, the one to prefer first: on processors with a Sycamore gate it is the
one that is calibrated; the newer ones have CZ alone."""

_LOOKAHEADS = {3: (8, 2, 16)}
"""How far the router looks ahead at each optimization level; the cheapest outcome is taken."""

_MAX_PROBLEMS = 50

_KEEP = "coratrix:keep"
"""Tag of what the compiler must neither move gates across nor remove: waits, and the marks of barriers."""
_BARRIER = "coratrix:barrier"


@dataclass(frozen=True, kw_only=True)
class Compiled:
    """A circuit on a device's own qubits.

    Attributes:
        facts: what became of it, as JSON data, for the result's metadata.
    """

    circuit: cirq.AbstractCircuit
    facts: Mapping[str, Any] = field(default_factory=dict)


def choose_gateset(device: cirq.Device, name: GatesetName | None) -> cirq.CompilationTargetGateset:
    """The target gateset of this name, or the preferred one.

    Raises:
        ValueError: the device does not have it.
    """
    metadata: Any = device.metadata
    there: dict[str, cirq.CompilationTargetGateset] = {
        type(gateset).__name__: gateset for gateset in metadata.compilation_target_gatesets
    }
    for wanted in [_GATESETS[name]] if name else _GATESETS.values():
        if wanted in there:
            return there[wanted]
    offered = [ours for ours, theirs in _GATESETS.items() if theirs in there]
    raise ValueError(
        f"the device cannot be compiled to {name!r}; it offers {', '.join(offered) or 'nothing'}"
    )


def compile_for(
    circuit: QuantumCircuit, device: cirq.Device, *, gateset: cirq.CompilationTargetGateset, level: int
) -> Compiled:
    """``circuit`` on qubits and gates of ``device``.

    Args:
        level: 0 rewrites each gate by itself and merges nothing; 1 and 2 merge and simplify; 3 also
            tries several routings and keeps the one with the fewest two-qubit gates.

    Raises:
        CircuitError: it holds what Cirq cannot carry.
        ValueError: it cannot be placed on the device.
    """
    plain = _two_qubit_parts(to_cirq(circuit, barrier=_mark))
    tried = [_placed(plain, device, gateset, level, radius) for radius in _LOOKAHEADS.get(level, (8,))]
    return min(tried, key=lambda compiled: (compiled.facts["two_qubit_gates"], compiled.facts["moments"]))


def _two_qubit_parts(circuit: cirq.Circuit) -> cirq.Circuit:
    """Larger gates taken apart, which the router cannot place; global phases, which nobody sees, left out."""
    import cirq

    parts = cirq.decompose(circuit, keep=lambda op: len(op.qubits) <= 2 or cirq.is_measurement(op))
    return cirq.Circuit(_kept(part) for part in parts if part.qubits)


def _mark(qubit: cirq.Qid) -> cirq.Operation:
    """A wait of no time, which stands for a barrier until the circuit is compiled."""
    import cirq

    return cirq.wait(qubit, nanos=0).with_tags(_KEEP, _BARRIER)


def _kept(operation: cirq.Operation) -> cirq.Operation:
    import cirq

    is_wait = isinstance(operation.gate, cirq.WaitGate) and not operation.tags
    return operation.with_tags(_KEEP) if is_wait else operation


def _without_marks(circuit: cirq.AbstractCircuit) -> cirq.Circuit:
    import cirq

    def clean(operation: cirq.Operation, _: int) -> cirq.OP_TREE:
        if _BARRIER in operation.tags:
            return []
        return operation.untagged if _KEEP in operation.tags else operation

    return cirq.drop_empty_moments(cirq.map_operations(circuit, clean)).unfreeze()


def _placed(
    circuit: cirq.Circuit,
    device: cirq.Device,
    gateset: cirq.CompilationTargetGateset,
    level: int,
    lookahead_radius: int,
) -> Compiled:
    import cirq

    metadata: Any = device.metadata
    router = cirq.RouteCQC(metadata.nx_graph)
    routed, initial, final = router.route_circuit(circuit, lookahead_radius=lookahead_radius)
    rewrite = _gate_by_gate if level == 0 else _merged
    rewritten = _read_out_together(_without_marks(rewrite(routed, gateset)))
    used = circuit.all_qubits()
    places: list[tuple[Any, Any]] = sorted(pair for pair in initial.items() if pair[0] in used)
    facts = {
        "gateset": next(name for name, theirs in _GATESETS.items() if theirs == type(gateset).__name__),
        "initial_qubits": {str(ours.x): str(place) for ours, place in places},
        "moments": len(rewritten),
        "two_qubit_gates": sum(1 for op in rewritten.all_operations() if _is_entangling(op)),
        "routing_moved_qubits": any(ours != place for ours, place in final.items()),
    }
    return Compiled(circuit=rewritten, facts=facts)


def _merged(circuit: cirq.AbstractCircuit, gateset: cirq.CompilationTargetGateset) -> cirq.Circuit:
    import cirq

    context = cirq.TransformerContext(tags_to_ignore=(_KEEP,))
    return cirq.optimize_for_target_gateset(circuit, gateset=gateset, context=context)


def _gate_by_gate(
    circuit: cirq.AbstractCircuit, gateset: cirq.CompilationTargetGateset
) -> cirq.AbstractCircuit:
    import cirq

    def rewrite(operation: cirq.Operation, _: int) -> Any:
        if operation in gateset or not cirq.has_unitary(operation):
            return operation
        made = gateset.decompose_to_target_gateset(operation, 0)
        return operation if made is NotImplemented else made

    return cirq.map_operations_and_unroll(circuit, rewrite)


def _read_out_together(circuit: cirq.Circuit) -> cirq.Circuit:
    """Last measurements in one moment: a moment lasts as long as its slowest part, and readout is slow.

    It also keeps Cirq's density-matrix simulator right, which puts the idle noise of the moments after a
    last measurement before it.
    """
    import cirq

    return cirq.synchronize_terminal_measurements(circuit)


def _is_entangling(operation: cirq.Operation) -> bool:
    import cirq

    return len(operation.qubits) == 2 and not cirq.is_measurement(operation)


def problems(circuit: cirq.AbstractCircuit, device: cirq.Device) -> Iterator[ValidationIssue]:
    """All that ``device`` would refuse in a compiled circuit, where its own check names the first alone."""
    found = 0
    for operation in circuit.all_operations():
        try:
            device.validate_operation(operation)
        except ValueError as exc:
            found += 1
            if found <= _MAX_PROBLEMS:
                yield ValidationIssue(
                    code="device", message=f"after compilation, {exc}", actual=str(operation)
                )
    if found > _MAX_PROBLEMS:
        yield ValidationIssue(
            code="device", message=f"{found - _MAX_PROBLEMS} more of this kind", actual=found
        )
    if not found:
        try:
            device.validate_circuit(circuit)
        except ValueError as exc:
            yield ValidationIssue(code="device", message=f"after compilation, {exc}")
