"""What the adapter costs over the bare SDK for the same circuit: requests and milliseconds.

    python packages/provider-cloud/tests/aws/measure_overhead.py

Both speak to the same stand-in through the same proxy, in turns, with pauses of 2 ms between polls.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from aws_service import BraketCloud
from aws_service.devices import SV1

from coratrix.backend import BackendConfiguration
from coratrix.backend.provider import MemoryJobStore, Resilience
from coratrix.core import QuantumCircuit
from coratrix.providers.aws import BraketBackend
from coratrix.testing.loopback import CertificateAuthority, LoopbackProxy

RUNS = 60


def bare() -> Callable[[], dict[str, int]]:
    import boto3
    from braket.aws import AwsDevice, AwsSession
    from braket.circuits import Circuit

    session = AwsSession(boto3.Session(region_name="us-east-1"), default_bucket="results")
    device = AwsDevice(SV1, session)
    circuit = Circuit().x(0).cnot(0, 1).ry(2, 0.3)
    return lambda: dict(
        device.run(circuit, shots=500, poll_interval_seconds=0.002).result().measurement_counts
    )


def adapter() -> Callable[[], dict[str, int]]:
    params = {"provider": "aws", "device": "SV1", "region": "us-east-1", "s3_bucket": "results"}
    backend = BraketBackend(
        BackendConfiguration("b", "cloud", params),
        store=MemoryJobStore(),
        resilience=Resilience(first_poll_s=0.002, longest_poll_s=0.002),
    )
    circuit = QuantumCircuit(3).x(0).cx(0, 1).ry(0.3, 2)
    return lambda: dict(backend.execute(circuit, 500).counts)


def measure(proxy: LoopbackProxy) -> None:
    contenders = {"bare SDK": bare(), "adapter": adapter()}
    times: dict[str, list[float]] = {name: [] for name in contenders}
    requests: dict[str, int] = {}
    for _ in range(RUNS):
        for name, run in contenders.items():
            before, started = len(proxy.log), time.perf_counter()
            run()
            times[name].append(time.perf_counter() - started)
            requests[name] = len(proxy.log) - before
    for name, values in times.items():
        low, middle = min(values) * 1e3, statistics.median(values) * 1e3
        print(f"{name:9}  {requests[name]} requests  median {middle:6.1f} ms  best {low:6.1f} ms")


if __name__ == "__main__":
    stand_in = BraketCloud()
    authority = CertificateAuthority(Path(tempfile.mkdtemp()))
    with LoopbackProxy(stand_in.services, ca=authority) as running:
        os.environ.update({**running.environment(), **stand_in.environment()})
        os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
        measure(running)
