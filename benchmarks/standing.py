"""Every row of the simulators' benchmarks: where we stand beside the peers.

    python benchmarks/standing.py --repeats 3 --plot standing.png
    python benchmarks/standing.py --large                        # 24 and 26 qubits too

The list at the end names what is not ahead.
"""

from __future__ import annotations

import batch
import dynamic
import expectation
import report
import sampling
import statevector

ROWS = [row for each in (statevector, sampling, expectation, batch, dynamic) for row in each.ROWS]

if __name__ == "__main__":
    report.main(__doc__, ROWS)
