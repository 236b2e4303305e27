"""Amazon Braket on this machine, as far as gate circuits need it: the REST API, S3 for results, STS.

Every request is checked against botocore's own model of the service and its SigV4 signature is computed
again; every circuit is really run, by the simulators of ``amazon-braket-default-simulator``. Which
faults strike on the way is the proxy's business (`coratrix.testing.loopback`), what the service itself
does wrong is asked of `BraketCloud`.
"""

from __future__ import annotations

from aws_service.cloud import ACCESS_KEY, ACCOUNT, SECRET_KEY, BraketCloud, aws_error

__all__ = ["ACCESS_KEY", "ACCOUNT", "SECRET_KEY", "BraketCloud", "aws_error"]
