"""A vendor's cloud on this machine: real SDKs, default end points, real TLS, no network.

A provider's test points ``HTTPS_PROXY`` at a `LoopbackProxy` and the SDK's certificate bundle at a
`CertificateAuthority`. The SDK then believes that it speaks to its vendor; each host name is answered by
a `Service`, a plain function from `Request` to `Response`, and a `FaultPlan` says what goes wrong when.

    with LoopbackProxy({"iam.cloud.ibm.com": iam, "*.amazonaws.com": forward_to("127.0.0.1", 5000)},
                       ca=CertificateAuthority(tmp_path)) as proxy:
        proxy.faults.on("POST", "quantum.cloud.ibm.com", "/api/v1/jobs", drop_after())
        subprocess.run([...], env={**clean_env, **proxy.environment()})
        assert proxy.count("POST", path="/api/v1/jobs") == 1

Knows nothing of: any vendor, circuits, backends.
"""

from __future__ import annotations

from coratrix.testing.loopback.ca import CertificateAuthority
from coratrix.testing.loopback.exchange import Exchange, Request, Response, Service
from coratrix.testing.loopback.faults import (
    Fault,
    FaultPlan,
    FaultRule,
    answer,
    delay,
    drop_after,
    drop_before,
    garble,
    silent_after,
    silent_before,
    truncate,
    unreachable,
)
from coratrix.testing.loopback.forward import forward_to
from coratrix.testing.loopback.proxy import LoopbackProxy

__all__ = [
    "CertificateAuthority",
    "Exchange",
    "Fault",
    "FaultPlan",
    "FaultRule",
    "LoopbackProxy",
    "Request",
    "Response",
    "Service",
    "answer",
    "delay",
    "drop_after",
    "drop_before",
    "forward_to",
    "garble",
    "silent_after",
    "silent_before",
    "truncate",
    "unreachable",
]
