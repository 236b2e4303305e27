"""Which devices there are at Braket, by the names people use.

Owns: the table of names and ARNs, retired devices with a kind answer, regions of simulators and QPUs.
Knows nothing of: capabilities (the service is asked), the SDK. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from coratrix.backend.errors import BackendUnavailableError, ConfigurationError

LOCAL: Mapping[str, str] = {"local": "braket_sv", "braket_sv": "braket_sv", "braket_dm": "braket_dm"}
"""Simulators inside the SDK: no account, no network."""

_AMAZON = "arn:aws:braket:::device/quantum-simulator/amazon"

DEVICES: Mapping[str, str] = {
    "SV1": f"{_AMAZON}/sv1",
    "DM1": f"{_AMAZON}/dm1",
    "Ibex-Q1": "arn:aws:braket:eu-north-1::device/qpu/aqt/Ibex-Q1",
    "Forte-1": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-1",
    "Forte-Enterprise-1": "arn:aws:braket:us-east-1::device/qpu/ionq/Forte-Enterprise-1",
    "Garnet": "arn:aws:braket:eu-north-1::device/qpu/iqm/Garnet",
    "Emerald": "arn:aws:braket:eu-north-1::device/qpu/iqm/Emerald",
    "Cepheus-1-108Q": "arn:aws:braket:us-west-1::device/qpu/rigetti/Cepheus-1-108Q",
}
"""As of November 2026. A device that is newer is given by its ARN."""

RETIRED: Mapping[str, str] = {
    "TN1": "SV1",
    "Harmony": "Forte-1",
    "Aria-1": "Forte-1",
    "Aria-2": "Forte-1",
    "Lucy": "Garnet",
    "Borealis": "none that runs photons",
    "Aspen-8": "Cepheus-1-108Q",
    "Aspen-9": "Cepheus-1-108Q",
    "Aspen-10": "Cepheus-1-108Q",
    "Aspen-11": "Cepheus-1-108Q",
    "Aspen-M-1": "Cepheus-1-108Q",
    "Aspen-M-2": "Cepheus-1-108Q",
    "Aspen-M-3": "Cepheus-1-108Q",
    "Ankaa-2": "Cepheus-1-108Q",
    "Ankaa-3": "Cepheus-1-108Q",
    "DW_2000Q_6": "none that anneals",
    "Advantage_system4": "none that anneals",
    "Advantage_system6": "none that anneals",
}
"""Devices that Braket had, and which takes their place."""

NOT_GATES: Mapping[str, str] = {"Aquila": "it runs analog Hamiltonians, not circuits of gates"}

_DEVICE_ARN = re.compile(
    r"arn:aws[a-z-]*:braket:(?P<region>[a-z0-9-]*)::device/(?P<kind>[a-z-]+)/(?P<path>.+)"
)
_TASK_ARN = re.compile(r"arn:aws[a-z-]*:braket:(?P<region>[a-z0-9-]+):\d{12}:quantum-task/[0-9a-f-]+")


@dataclass(frozen=True, kw_only=True)
class Device:
    """One device.

    Attributes:
        name: as people say it, e.g. ``"SV1"``.
        arn: empty for a local simulator.
        region: a QPU's own region; None for a simulator, which runs in any.
        local: the SDK's name of a local simulator; empty for a device of the service.
    """

    name: str
    arn: str = ""
    region: str | None = None
    local: str = ""

    @property
    def is_local(self) -> bool:
        return bool(self.local)

    @property
    def is_qpu(self) -> bool:
        return "/qpu/" in self.arn


def device_named(name: str) -> Device:
    """The device of a name in any case, or of an ARN.

    Raises:
        BackendUnavailableError: it is retired, or does not run gates.
        ConfigurationError: nobody knows it.
    """
    if found := _DEVICE_ARN.fullmatch(name):
        return _of_arn(name, found)
    known = {key.lower(): key for key in (*LOCAL, *DEVICES, *RETIRED, *NOT_GATES)}
    key = known.get(name.lower().replace("_", "-"), known.get(name.lower()))
    if key is None:
        raise _unknown(name)
    _refuse_if_gone(key)
    if key in LOCAL:
        return Device(name=LOCAL[key], local=LOCAL[key])
    return device_named(DEVICES[key])


def _of_arn(arn: str, found: re.Match[str]) -> Device:
    name = found["path"].rpartition("/")[2]
    _refuse_if_gone(name)
    shown = name.upper() if found["kind"] == "quantum-simulator" else name
    return Device(name=shown, arn=arn, region=found["region"] or None)


def _refuse_if_gone(name: str) -> None:
    if name in NOT_GATES:
        raise BackendUnavailableError(
            f"{name} cannot run a circuit: {NOT_GATES[name]}", code="not_gates", retryable=False
        )
    if name in RETIRED or name.upper() in RETIRED:
        instead = RETIRED.get(name, RETIRED.get(name.upper()))
        raise BackendUnavailableError(
            f"Amazon Braket has retired {name}",
            code="retired",
            retryable=False,
            hint=f"In its place: {instead}",
        )


def _unknown(name: str) -> ConfigurationError:
    close = difflib.get_close_matches(name, [*DEVICES, *LOCAL], n=1, cutoff=0.5)
    meant = f"did you mean {close[0]!r}? " if close else ""
    return ConfigurationError(
        f"no Braket device is named {name!r}; {meant}known: {', '.join((*DEVICES, *LOCAL))}",
        hint="Give a newer device by its ARN, arn:aws:braket:REGION::device/qpu/VENDOR/NAME",
    )


def region_of_task(arn: str) -> str | None:
    """The region in a quantum task's ARN; None for anything else."""
    found = _TASK_ARN.fullmatch(arn)
    return found["region"] if found else None
