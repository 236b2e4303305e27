"""Amazon Braket for Coratrix. Importing this imports no SDK and touches no network."""

from __future__ import annotations

from coratrix.providers.aws.backend import BraketBackend, BraketOptions

__all__ = ["BraketBackend", "BraketOptions"]
