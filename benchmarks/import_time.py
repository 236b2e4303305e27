"""What importing us costs above numpy, in CPU seconds of fresh interpreters, taken in turn; minima.

python benchmarks/import_time.py
"""

from __future__ import annotations

import subprocess
import sys

ROUNDS = 15
MODULES = ("numpy", "coratrix.core", "coratrix.backend")


def cpu_seconds(module: str) -> float:
    program = f"import time; t = time.process_time(); import {module}; print(time.process_time() - t)"
    return float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout)


def main() -> None:
    best = {module: float("inf") for module in MODULES}
    for _ in range(ROUNDS):
        for module in MODULES:
            best[module] = min(best[module], cpu_seconds(module))
    for module in MODULES:
        print(f"{module:18} {best[module]:.3f} s, above numpy {best[module] - best['numpy']:.3f} s")


if __name__ == "__main__":
    main()
