"""How long one job takes through Coratrix and through the bare SDK, against the same loopback service.

    python tests/measure_overhead.py [repeats]

Both send the same circuit at the same level, alternately, and the service completes it at the first look.
"""

from __future__ import annotations

import logging
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from ibm_service import IBMCloud
from ibm_service.cloud import API_KEY, CRN

from coratrix.backend.provider import BackendConfiguration, open_store
from coratrix.core import QuantumCircuit
from coratrix.providers.ibm import IBMBackend
from coratrix.providers.ibm.convert import to_foreign
from coratrix.testing.loopback import CertificateAuthority, LoopbackProxy

SHOTS = 1000


def circuit() -> QuantumCircuit:
    return QuantumCircuit(5).h(0).cx(0, 1).cx(1, 2).cx(2, 3).ccx(0, 3, 4).rz(0.3, 4).measure_all()


def ours(folder: str) -> Callable[[], Any]:
    params = {"device": "ibm_lagos", "instance": CRN, "jobs_per_minute": None}
    backend = IBMBackend(
        BackendConfiguration("ibm", "hardware", params), store=open_store(f"sqlite:///{folder}/jobs.db")
    )
    return lambda: backend.execute(circuit(), SHOTS, seed=1, optimization_level=2)


def bare() -> Callable[[], Any]:
    from qiskit.transpiler import generate_preset_pass_manager
    from qiskit_ibm_runtime import QiskitRuntimeService
    from qiskit_ibm_runtime.executor_sampler import Sampler

    device = QiskitRuntimeService(token=API_KEY, instance=CRN).backend("ibm_lagos")

    def run() -> Any:
        manager = generate_preset_pass_manager(optimization_level=2, backend=device, seed_transpiler=1)
        job = Sampler(mode=device).run([manager.run(to_foreign(circuit()))], shots=SHOTS)
        return job.result()[0].data.meas.get_counts()

    return run


def measured(run: Callable[[], Any], proxy: LoopbackProxy) -> tuple[float, int]:
    proxy.forget()
    started = time.perf_counter()
    run()
    return time.perf_counter() - started, len(proxy.log)


def main(repeats: int) -> None:
    logging.disable(logging.WARNING)
    cloud = IBMCloud()
    cloud.course = ["Completed"]
    with (
        tempfile.TemporaryDirectory() as folder,
        LoopbackProxy(cloud.services(), ca=CertificateAuthority(Path(folder))) as proxy,
    ):
        os.environ.update(proxy.environment(), IBM_QUANTUM_TOKEN=API_KEY, HOME=folder)
        ways = {"bare SDK": bare(), "Coratrix": ours(folder)}
        for run in ways.values():
            run()
        taken: dict[str, list[tuple[float, int]]] = {name: [] for name in ways}
        for _ in range(repeats):
            for name, run in ways.items():
                taken[name].append(measured(run, proxy))
    for name, rows in taken.items():
        times = sorted(seconds for seconds, _ in rows)
        low, high = times[len(times) // 4], times[3 * len(times) // 4]
        middle = statistics.median(times)
        spread = f"quartiles {low * 1e3:.1f} to {high * 1e3:.1f} ms"
        print(f"{name:10} median {middle * 1e3:6.1f} ms  {spread}  {rows[0][1]} requests")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
