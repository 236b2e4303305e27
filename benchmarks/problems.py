"""What the simulators are asked, the same for all of them.

Owns: `Problem`. Knows nothing of: simulators, timing.
"""

from __future__ import annotations

from dataclasses import dataclass

from statevector_workloads import GateList


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One question about circuits on ``n`` qubits.

    Attributes:
        task: ``"state"``: the amplitudes; ``"expectation"``: that of the sum of ``paulis``; ``"counts"``:
            ``shots`` readings; ``"batch"``: ``shots`` readings of each circuit of ``circuits``.
        gates: the circuit; measured whole at the end unless it measures itself, which is only asked in "counts".
        clbits: the bits that it measures itself into, or 0.
        paulis: strings of one letter a qubit, the leftmost on qubit 0.
    """

    task: str
    n: int
    gates: GateList = ()  # type: ignore[assignment]
    clbits: int = 0
    shots: int = 0
    paulis: tuple[str, ...] = ()
    circuits: tuple[GateList, ...] = ()

    @property
    def needs(self) -> set[str]:
        """What a simulator must be able to do."""
        names = {name for name, _, _ in self.gates}
        return (
            {self.task}
            | ({"measurement inside"} if "measure" in names else set())
            | ({"feed-forward"} if names & {"x_if", "z_if"} else set())
        )
