"""Google Quantum AI for Coratrix. Importing it imports no SDK."""

from coratrix.providers.google.backend import GoogleBackend, GoogleOptions
from coratrix.providers.google.parameters import GoogleParameters
from coratrix.providers.google.sampler import as_cirq
from coratrix.providers.google.schedule import TimeSlot

__all__ = ["GoogleBackend", "GoogleOptions", "GoogleParameters", "TimeSlot", "as_cirq"]
