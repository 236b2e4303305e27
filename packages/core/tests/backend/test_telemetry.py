"""Spans and counters, seen by OpenTelemetry's own SDK."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from coratrix.backend import BackendManager, telemetry
from coratrix.backend.provider import MemoryJobStore
from coratrix.core import QuantumCircuit
from coratrix.testing.clock import FakeClock
from coratrix.testing.scripted import ScriptedBackend, ScriptedService

sdk = pytest.importorskip("opentelemetry.sdk.trace")


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", lambda: provider.get_tracer(telemetry.SCOPE))
    yield exporter.get_finished_spans
    provider.shutdown()


def test_a_run_leaves_a_span_for_its_submission_and_one_for_its_results(spans: object) -> None:
    backend = ScriptedBackend(ScriptedService(), store=MemoryJobStore(), clock=FakeClock())

    job_id = backend.execute(QuantumCircuit(1).x(0).measure_all(), 10).job_id

    found = {span.name: dict(span.attributes) for span in spans()}  # type: ignore[operator]
    assert found["coratrix.submit"] == {
        "coratrix.backend": "scripted",
        "coratrix.job_id": job_id,
        "coratrix.shots": 10,
    }
    assert found["coratrix.results"]["coratrix.job_id"] == job_id


def test_a_managers_run_is_a_span_around_those_of_its_backend(spans: object) -> None:
    manager = BackendManager(store=MemoryJobStore())
    manager.register_backend("a", ScriptedBackend(ScriptedService(), store=MemoryJobStore()))

    manager.execute(QuantumCircuit(1).x(0).measure_all(), 10)

    found = {span.name: span for span in spans()}  # type: ignore[operator]
    assert dict(found["coratrix.execute"].attributes) == {"coratrix.backend": "a", "coratrix.shots": 10}
    for inner in ("coratrix.submit", "coratrix.results"):
        assert found[inner].parent.span_id == found["coratrix.execute"].context.span_id


def test_a_provider_that_is_installed_late_gets_the_spans_from_then_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from opentelemetry import trace
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))

    with telemetry.span("before"):
        monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    with telemetry.span("after"):
        pass

    assert [span.name for span in exporter.get_finished_spans()] == ["coratrix.after"]
    provider.shutdown()


def test_jobs_that_end_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader

    reader = InMemoryMetricReader()
    meter = MeterProvider([reader]).get_meter(telemetry.SCOPE)
    instruments = (
        meter.create_counter("coratrix.jobs"),
        meter.create_histogram("coratrix.job.execution_time"),
    )
    monkeypatch.setattr(telemetry, "_instruments", lambda: instruments)
    backend = ScriptedBackend(ScriptedService(), store=MemoryJobStore(), clock=FakeClock())

    for _ in range(3):
        backend.execute(QuantumCircuit(1).measure_all(), 10)

    data = reader.get_metrics_data()
    assert data is not None
    points = {m.name: m.data.data_points[0] for m in data.resource_metrics[0].scope_metrics[0].metrics}
    assert points["coratrix.jobs"].value == 3
    assert points["coratrix.job.execution_time"].sum == pytest.approx(0.75)
    assert dict(points["coratrix.jobs"].attributes)["coratrix.state"] == "succeeded"


@pytest.mark.parametrize("named", [False, True])
def test_the_api_is_asked_only_where_someone_may_have_installed_a_provider(named: bool) -> None:
    program = (
        "import sys; from coratrix.backend import telemetry; found = telemetry._tracer();"
        "print(found is not None, 'opentelemetry.trace' in sys.modules)"
    )
    environment = {name: v for name, v in os.environ.items() if not name.startswith("OTEL_")}
    if named:
        environment["OTEL_PYTHON_TRACER_PROVIDER"] = "sdk_tracer_provider"

    said = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )

    assert said.stdout.split() == [str(named)] * 2
