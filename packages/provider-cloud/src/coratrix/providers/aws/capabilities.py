"""What a Braket device says of itself, in our words.

Owns: capabilities, price, execution windows, queue and status from the JSON of GetDevice.
Knows nothing of: how the JSON was fetched. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from coratrix.backend.capabilities import BackendCapabilities
from coratrix.backend.errors import BackendUnavailableError
from coratrix.backend.status import BackendStatus, QueueInfo, StatusReport
from coratrix.core.gate_table import GATES
from coratrix.providers.aws.devices import Device
from coratrix.providers.aws.dialect import BRAKET_NAMES, dialect_of

OPENQASM = "braket.ir.openqasm.program"
PER_TASK_USD = 0.30
"""What a task on a QPU costs besides its shots: AWS's price list, November 2026; no device says it."""

ACCEPTED_GATES = tuple(sorted({*GATES, "unitary", "controlled"}))
"""All of ours: what a device lacks is decomposed."""

_UNITS = {
    "shot": "per_shot",
    "task": "per_task",
    "minute": "per_minute",
    "hour": "per_hour",
    "second": "per_second",
}
_OUR_NAMES = {theirs.lower(): ours for ours, theirs in BRAKET_NAMES.items()}


def capabilities_of(properties: Mapping[str, Any], device: Device) -> BackendCapabilities:
    """The capabilities of a gate-model device.

    Raises:
        BackendUnavailableError: it does not run OpenQASM programs.
    """
    action = properties.get("action", {}).get(OPENQASM)
    if action is None:
        raise BackendUnavailableError(
            f"{device.name} does not run circuits of gates", code="not_gates", retryable=False
        )
    service, paradigm = properties.get("service", {}), properties.get("paradigm", {})
    dialect = dialect_of(action, is_dynamic=device.is_local)
    return BackendCapabilities(
        max_qubits=paradigm.get("qubitCount"),
        max_shots=None if device.is_local else (service.get("shotsRange") or (None, None))[1],
        supports_noise=bool(dialect.noise),
        available_gates=ACCEPTED_GATES,
        native_gates=native_gates(paradigm),
        coupling_map=coupling_map(paradigm),
        max_circuits_per_job=1,
        supports_mid_circuit_measurement=device.is_local,
        supports_reset=device.is_local,
        supports_conditionals=device.is_local,
        supports_seed=device.is_local,
        supports_cancel=not device.is_local,
        price=price_of(service, device),
        is_local=device.is_local,
        extra={
            "device": device.name,
            "arn": device.arn,
            "openqasm_action": {key: value for key, value in action.items() if key != "supportedResultTypes"},
            "qubit_labels": qubit_labels(properties),
            "execution_windows": list(service.get("executionWindows") or ()),
        },
    )


def native_gates(paradigm: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Our names of the native gates where we have them, else Braket's."""
    native = paradigm.get("nativeGateSet")
    return None if native is None else tuple(_OUR_NAMES.get(name.lower(), name.lower()) for name in native)


def qubit_labels(properties: Mapping[str, Any]) -> list[str] | None:
    """The device's own names of its qubits in rising order; None for a simulator."""
    graph = _graph(properties.get("paradigm", {}))
    one_qubit = (properties.get("standardized") or {}).get("oneQubitProperties") or {}
    count = properties.get("paradigm", {}).get("qubitCount")
    names = {*graph, *(name for names in graph.values() for name in names), *one_qubit}
    if not names:
        fully = (properties.get("paradigm", {}).get("connectivity") or {}).get("fullyConnected")
        return [str(k) for k in range(count)] if fully and count else None
    return sorted(names, key=lambda name: (len(name), name))


def coupling_map(paradigm: Mapping[str, Any]) -> tuple[tuple[int, int], ...] | None:
    """Pairs by our numbers (the rank of the device's label), both ways; None for all to all."""
    graph = _graph(paradigm)
    labels = qubit_labels({"paradigm": paradigm}) or []
    rank = {label: k for k, label in enumerate(labels)}
    pairs = {(rank[a], rank[b]) for a, names in graph.items() for b in names}
    return tuple(sorted(pairs | {(b, a) for a, b in pairs})) or None


def _graph(paradigm: Mapping[str, Any]) -> dict[str, list[str]]:
    graph = (paradigm.get("connectivity") or {}).get("connectivityGraph") or {}
    return {str(name): [str(other) for other in others] for name, others in graph.items()}


def price_of(service: Mapping[str, Any], device: Device) -> dict[str, Any] | None:
    """The price list in USD; None where the device names no price."""
    cost = service.get("deviceCost")
    if not cost or cost.get("unit") not in _UNITS:
        return None
    price: dict[str, Any] = {"currency": "USD", _UNITS[cost["unit"]]: float(cost["price"])}
    if device.is_qpu:
        price["per_task"] = price.get("per_task", 0.0) + PER_TASK_USD
    return price


# status and queue -----------------------------------------------------------------------------


def status_of(device: Mapping[str, Any], windows: Sequence[Mapping[str, Any]], now: float) -> StatusReport:
    """The device's word, and whether its execution window is open at ``now`` (seconds since the epoch)."""
    word = device.get("deviceStatus", "")
    if word == "RETIRED":
        return StatusReport(status=BackendStatus.RETIRED, message="Amazon Braket has retired it", as_of=now)
    if word != "ONLINE":
        return StatusReport(status=BackendStatus.OFFLINE, message=f"Amazon Braket says {word}", as_of=now)
    if is_open(windows, now):
        return StatusReport(status=BackendStatus.ONLINE, as_of=now)
    opens = next_opening(windows, now)
    when = f"; they open at {_utc(opens):%Y-%m-%d %H:%M} UTC" if opens else ""
    return StatusReport(
        status=BackendStatus.OFFLINE,
        message=f"outside its execution windows, tasks wait in the queue{when}",
        as_of=now,
        next_available=opens,
    )


def is_open(windows: Sequence[Mapping[str, Any]], now: float) -> bool:
    """Whether any window is open; a device without windows always is."""
    return not windows or any(_holds(window, _utc(now)) for window in windows)


def next_opening(windows: Sequence[Mapping[str, Any]], now: float) -> float | None:
    """When the next window opens, within a week."""
    starts = []
    for days in range(8):
        day = _utc(now) + dt.timedelta(days=days)
        for window in windows:
            hour = _time(window["windowStartHour"])
            start = day.replace(hour=hour.hour, minute=hour.minute, second=hour.second, microsecond=0)
            if start.timestamp() > now and _is_day(window["executionDay"], start.weekday()):
                starts.append(start.timestamp())
    return min(starts, default=None)


def _holds(window: Mapping[str, Any], when: dt.datetime) -> bool:
    start, end = _time(window["windowStartHour"]), _time(window["windowEndHour"])
    clock, day = when.time(), when.weekday()
    if start <= end:
        return start <= clock <= end and _is_day(window["executionDay"], day)
    if clock <= end:  # past midnight of a window that began yesterday
        return _is_day(window["executionDay"], (day - 1) % 7)
    return clock >= start and _is_day(window["executionDay"], day)


def _is_day(name: str, weekday: int) -> bool:
    days = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    if name in days:
        return days.index(name) == weekday
    return {"Everyday": True, "Weekdays": weekday < 5, "Weekend": weekday > 4}.get(name, False)


def _time(text: str) -> dt.time:
    return dt.time.fromisoformat(text)


def _utc(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def queue_of(device: Mapping[str, Any], now: float) -> QueueInfo:
    """The queue of ordinary tasks; ">4000" is at least 4000."""
    for queue in device.get("deviceQueueInfo") or ():
        if queue.get("queue") == "QUANTUM_TASKS_QUEUE" and queue.get("queuePriority", "Normal") == "Normal":
            length, at_least = count_of(queue.get("queueSize"))
            if length is not None:
                return QueueInfo(
                    length=length, priority="normal", is_lower_bound=at_least, source="provider", as_of=now
                )
    return QueueInfo()


def count_of(text: str | None) -> tuple[int | None, bool]:
    """``"7"`` is (7, False), ``">4000"`` is (4000, True), anything else (None, False)."""
    digits = (text or "").strip().lstrip(">")
    return (int(digits), (text or "").strip().startswith(">")) if digits.isdigit() else (None, False)
