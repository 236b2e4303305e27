"""One entry of a configuration file, as pydantic sees it.

Owns: `BackendEntry`. Apart from config_file.py so that pydantic is imported only to read a file.
"""

from __future__ import annotations

from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from coratrix.backend.configuration import BackendType


class BackendEntry(BaseModel):
    """A backend of a configuration file; ``backend_type`` is accepted for ``type``."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    type: BackendType = Field(
        validation_alias=AliasChoices("type", "backend_type"), description="where its circuits run"
    )
    enabled: bool = Field(default=True, description="false leaves the entry out")
    connection_params: dict[str, Any] = Field(
        default_factory=dict, description="the provider's parameters; secrets as ${env:NAME} or ${file:/path}"
    )
