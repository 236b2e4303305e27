"""Rigetti on loopback: a QVM, quilc, and QCS (HTTP, gRPC, and its issuer of tokens).

Owns: starting and stopping them together, and the settings files by which pyquil finds them.
"""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from coratrix.testing.loopback.faults import FaultPlan
from rigetti_service.controller import Controller
from rigetti_service.endpoint import HttpEndpoint
from rigetti_service.ledger import Ledger
from rigetti_service.qcs import PROCESSOR, Issuer, Qcs, Tokens
from rigetti_service.quilc import Quilc
from rigetti_service.qvm import Qvm

__all__ = ["PROCESSOR", "RigettiService"]


class RigettiService:
    """All of Rigetti's services, each on a port of its own, with one ledger and one plan of faults."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.faults = FaultPlan()
        self.tokens = Tokens()
        self.qvm = HttpEndpoint("qvm", Qvm(self.ledger), self.faults)
        self.quilc = Quilc(self.ledger, self.faults)
        self.controller = Controller(self.ledger, self.tokens, self.faults)
        self.issuer = HttpEndpoint("issuer", Issuer(self.ledger, self.tokens), self.faults)
        self.rest = Qcs(self.ledger, self.tokens, lambda: self.controller.url)
        self.qcs = HttpEndpoint("qcs", self.rest, self.faults)

    def reset(self) -> None:
        """Nothing asked, no jobs, no faults, as on the first day."""
        self.ledger.clear()
        self.faults.clear()
        self.controller.reset()
        self.rest.live = True
        for crashes in self._crashes():
            crashes.clear()

    def settings(self, folder: Path) -> dict[str, str]:
        """Write pyquil's two files; the environment that points at them."""
        settings, secrets = folder / "settings.toml", folder / "secrets.toml"
        settings.write_text(self._settings(), encoding="utf-8")
        secrets.write_text(self._secrets(), encoding="utf-8")
        return {"QCS_SETTINGS_FILE_PATH": str(settings), "QCS_SECRETS_FILE_PATH": str(secrets)}

    def _settings(self) -> str:
        return f"""
default_profile_name = "default"

[profiles.default]
api_url = "{self.qcs.url}"
grpc_api_url = "{self.controller.url}"
auth_server_name = "default"
credentials_name = "default"

[profiles.default.applications.pyquil]
qvm_url = "{self.qvm.url}"
quilc_url = "{self.quilc.url}"

[auth_servers.default]
client_id = "loopback"
issuer = "{self.issuer.url}"
"""

    def _secrets(self) -> str:
        (refresh,) = self.tokens.refresh_tokens
        return f'[credentials.default.token_payload]\nrefresh_token = "{refresh}"\nscope = "offline_access"\n'

    @property
    def crashes(self) -> list[BaseException]:
        """Defects of the stand-ins; a test must end with none."""
        return [crash for crashes in self._crashes() for crash in crashes]

    def _crashes(self) -> list[list[BaseException]]:
        return [part.crashes for part in (self.qvm, self.qcs, self.issuer, self.quilc, self.controller)]

    def close(self) -> None:
        for part in (self.qvm, self.qcs, self.issuer, self.quilc, self.controller):
            part.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
