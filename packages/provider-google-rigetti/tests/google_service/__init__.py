"""A loopback Quantum Engine: Google's own protos over gRPC, TLS and bearer tokens; it runs
what it is sent.

The messages, the circuit (de)serialiser, the device specifications and the simulator are cirq-google's and
Cirq's. What is ours: the order in which things go wrong.
"""

from .faults import Fault
from .server import GoogleService

__all__ = ["Fault", "GoogleService"]
