"""``coratrix doctor``: what is installed, what is missing, and the exact next step for each."""

from __future__ import annotations

import os
import platform
from typing import Annotated

import typer

from coratrix.backend import registry
from coratrix.backend.survey import SDKS, BackendDescriptor, survey, version_of
from coratrix.cli import session, tables

# Variables of which one is enough for a provider's first try; the SDKs know more places.
CREDENTIALS: dict[str, tuple[tuple[str, ...], str]] = {
    "ibm": (("IBM_QUANTUM_TOKEN", "QISKIT_IBM_TOKEN"), "export IBM_QUANTUM_TOKEN=..."),
    "aws": (("AWS_ACCESS_KEY_ID", "AWS_PROFILE"), "aws configure, or export AWS_ACCESS_KEY_ID=..."),
    "azure": (
        ("AZURE_QUANTUM_CONNECTION_STRING", "AZURE_CLIENT_ID"),
        "az login, or export AZURE_QUANTUM_CONNECTION_STRING=...",
    ),
    "google": (("GOOGLE_APPLICATION_CREDENTIALS",), "gcloud auth application-default login"),
    "rigetti": (("QCS_SETTINGS_FILE_PATH",), "~/.qcs/settings.toml from your QCS account"),
}


def doctor(as_json: Annotated[bool, typer.Option("--json", help="print JSON for scripts")] = False) -> None:
    """Look at packages, SDKs, credentials and devices; asks no service."""
    rows = [_examine(descriptor) for descriptor in survey()]
    if as_json:
        session.emit(
            {"python": platform.python_version(), "core": version_of("coratrix-core"), "providers": rows}
        )
        return
    tables.out.print(f"Python {platform.python_version()}, coratrix-core {version_of('coratrix-core')}")
    tables.table(
        ["provider", "package", "SDK", "credentials", "next step"],
        [[r["provider"], r["package"], r["sdk"], r["credentials"], r["next"]] for r in rows],
    )


def _examine(descriptor: BackendDescriptor) -> dict[str, str]:
    credentials, remedy = _credentials(descriptor)
    broken = _import_error(descriptor)
    return {
        "provider": str(descriptor),
        "package": broken or descriptor.version or "missing",
        "sdk": _sdk(descriptor),
        "credentials": credentials,
        "next": descriptor.hint or (remedy if descriptor.is_ready else "") or "ready",
    }


def _import_error(descriptor: BackendDescriptor) -> str:
    """Why an installed package cannot be imported; empty when it can. Imports no SDK."""
    if not descriptor.is_ready:
        return ""
    try:
        registry.backend_class(str(descriptor))
    except ImportError as exc:
        return f"broken: {exc}"
    return ""


def _sdk(descriptor: BackendDescriptor) -> str:
    sdk = SDKS.get(str(descriptor))
    if sdk is None:
        return "none needed"
    if descriptor.sdk_version is None:
        return "missing"
    newer = _numbers(descriptor.sdk_version) > _numbers(sdk.tested_up_to)
    note = f" (newer than tested: {sdk.tested_up_to})" if newer else ""
    return f"{sdk.distribution} {descriptor.sdk_version}{note}"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _credentials(descriptor: BackendDescriptor) -> tuple[str, str]:
    """What is there, and the step to take when nothing is."""
    if str(descriptor) not in CREDENTIALS:
        return "none needed", ""
    names, remedy = CREDENTIALS[str(descriptor)]
    found = [name for name in names if os.environ.get(name)]
    if found:
        return f"{found[0]} is set", ""
    return "none in the environment", f"{remedy}; offline modes need none"
