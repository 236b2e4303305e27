"""Azure Quantum for Coratrix. Importing this imports no SDK and touches no network."""

from __future__ import annotations

from coratrix.providers.azure.backend import AzureBackend, AzureOptions

__all__ = ["AzureBackend", "AzureOptions"]
