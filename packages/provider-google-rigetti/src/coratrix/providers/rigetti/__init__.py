"""Rigetti's QVM and quantum processors as a Coratrix backend; importing this imports no SDK."""

from coratrix.providers.rigetti.backend import RigettiBackend

__all__ = ["RigettiBackend"]
