"""A host's tracing and metrics, beside the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import attrs
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from zhiwen_flow.errors import PayloadError
from zhiwen_flow.flow import Flow
from zhiwen_flow.integrations.opentelemetry import OpenTelemetry
from zhiwen_flow.model import Actor
from zhiwen_flow.testing.desk import desk_machines

SECRET = "投诉人甲乙丙"


@attrs.frozen
class Watched:
    """A flow and what was seen of it."""

    flow: Flow
    spans: InMemorySpanExporter
    reader: InMemoryMetricReader

    def attributes(self) -> list[dict[str, Any]]:
        """Give the attributes of every span, in order."""
        return [dict(each.attributes or {}) for each in self.spans.get_finished_spans()]


@pytest.fixture
def watched() -> Iterator[Watched]:
    """Give a flow that is watched."""
    spans, reader = InMemorySpanExporter(), InMemoryMetricReader()
    traces = TracerProvider()
    traces.add_span_processor(SimpleSpanProcessor(spans))
    meters = MeterProvider(metric_readers=[reader])
    telemetry = OpenTelemetry(tracer_provider=traces, meter_provider=meters)
    with Flow.open(machines=desk_machines(), actor=Actor(id="p-77", post="clerk"), telemetry=telemetry) as flow:
        yield Watched(flow, spans, reader)
    traces.shutdown()
    meters.shutdown()


def test_every_command_is_a_span(watched: Watched) -> None:
    """Allowed, refused with the guards, replayed, and an error by its class."""
    flow = watched.flow
    desk = flow.start("desk", {"who": SECRET, "subject": SECRET}, key="k")
    flow.start("desk", {"who": SECRET, "subject": SECRET}, key="k")
    flow.do(desk, "seize")
    with pytest.raises(PayloadError):
        flow.do(desk, "note", {"nonsense": SECRET})
    told = watched.attributes()
    assert [each["zhiwen.outcome"] for each in told] == ["allowed", "replayed", "refused", "PayloadError"]
    assert told[0]["zhiwen.machine"] == "desk"
    assert told[0]["zhiwen.stream"] == desk.stream
    assert told[2]["zhiwen.refused_by"] == ("actor_holds_role",)
    (metrics,) = watched.reader.get_metrics_data().resource_metrics[0].scope_metrics  # type: ignore[union-attr]
    assert {each.name for each in metrics.metrics} == {"zhiwen_flow.commands", "zhiwen_flow.command.duration"}


def test_nothing_of_a_person_is_passed_on(watched: Watched) -> None:
    """No payload, no actor, no text of an error, in spans and metrics alike."""
    desk = watched.flow.start("desk", {"who": SECRET, "subject": SECRET})
    with pytest.raises(PayloadError):
        watched.flow.do(desk, "note", {"nonsense": SECRET})
    said = "".join(each.to_json() for each in watched.spans.get_finished_spans())
    said += str(watched.reader.get_metrics_data())
    assert SECRET not in said
    assert SECRET.encode("unicode_escape").decode() not in said
    assert "p-77" not in said


def test_a_joined_flow_is_watched_too(watched: Watched, tmp_path: Any) -> None:
    """What a host asks on its own connection is seen as well."""
    Flow.open(f"sqlite:///{tmp_path / 'x.db'}").close()
    host = sqlite3.connect(tmp_path / "x.db")
    watched.flow.joined(host).start("desk")
    host.close()
    assert [each["zhiwen.outcome"] for each in watched.attributes()] == ["allowed"]
