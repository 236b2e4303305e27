"""Google's bits as our counts.

Owns: the way from columns of bits, one per measurement key, to counts in our order. Pure.
Knows nothing of: the SDK, jobs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from coratrix.backend.client import Outcome
from coratrix.backend.errors import BackendResponseError
from coratrix.core.circuit import QuantumCircuit

from .measurement_keys import bit_keys


def decoding_of(circuit: QuantumCircuit) -> dict[str, Any]:
    """What `outcome` needs, as JSON data: the registers, and which of their bits are measured at all."""
    from coratrix.core.operations import Measure

    registers = [(register.name, register.size) for register in circuit.registers]
    measured = {op.clbits[0] for op in circuit if isinstance(op.operation, Measure)}
    keys = bit_keys(registers)
    return {
        "registers": [list(register) for register in registers],
        "keys": [key if clbit in measured else None for clbit, key in enumerate(keys)],
    }


def outcome(columns: Mapping[str, Sequence[int]], decoding: Mapping[str, Any], *, shots: int) -> Outcome:
    """Counts whose character k is classical bit k; a bit that is never measured reads 0.

    Args:
        columns: the bits of each key, one per shot.

    Raises:
        BackendResponseError: a key is missing, or has not one bit per shot.
    """
    keys = decoding["keys"]
    missing = sorted(key for key in keys if key is not None and key not in columns)
    if missing:
        raise BackendResponseError(f"the result lacks the measurement keys {', '.join(missing)}")
    lengths = {len(columns[key]) for key in keys if key is not None}
    if lengths != {shots}:
        raise BackendResponseError(f"the result has {sorted(lengths)} bits per key; {shots} shots were asked")
    zeros = np.zeros(shots, dtype=np.uint8)
    filled = [zeros if key is None else np.asarray(columns[key], dtype=np.uint8) for key in keys]
    bits = np.stack(filled, axis=1)
    if bits.max() > 1:
        raise BackendResponseError("the result holds a bit that is neither 0 nor 1")
    rows = (bits + ord("0")).view(f"S{len(keys)}")[:, 0]
    counts = Counter(row.decode() for row in rows.tolist())
    layout = tuple((str(name), int(size)) for name, size in decoding["registers"])
    return Outcome(counts=dict(counts), layout=layout)
