"""
Tracing and metrics by OpenTelemetry (运行监测); needs the extra ``opentelemetry``.

A span for each command and two instruments. They name machine, step and outcome, never a payload, a person or a reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry import metrics, trace
from opentelemetry.trace import Span, Status, StatusCode

from zhiwen_flow.errors import ZhiwenError
from zhiwen_flow.model import Command, Decision
from zhiwen_flow.telemetry import Told

Attributes = dict[str, str | bool]


class OpenTelemetry:
    """
    Telemetry for `Flow.open(..., telemetry=OpenTelemetry())` (监测).

    The span ``zhiwen_flow.command`` holds machine, trigger, stream, outcome and the guards that did not pass; the
    counter ``zhiwen_flow.commands`` and the histogram ``zhiwen_flow.command.duration`` (seconds) hold machine, trigger
    and outcome. Outcomes: ``allowed``, ``refused``, ``replayed``, or the class of the error.

    Args:
        tracer_provider: The host's; the global one by default.
        meter_provider: The host's; the global one by default.

    >>> from zhiwen_flow import Actor, Flow
    >>> desk = Actor(id="p-1", post="transport_leading_group_office.clerk")
    >>> with Flow.open(actor=desk, telemetry=OpenTelemetry()) as flow:
    ...     flow.start("complaint", {"channel": "email", "content": "窗口无人", "anonymous": True}).allowed
    True
    """

    def __init__(
        self,
        *,
        tracer_provider: trace.TracerProvider | None = None,
        meter_provider: metrics.MeterProvider | None = None,
    ) -> None:
        self._tracer = trace.get_tracer("zhiwen_flow", tracer_provider=tracer_provider)
        meter = metrics.get_meter("zhiwen_flow", meter_provider=meter_provider)
        self._count = meter.create_counter("zhiwen_flow.commands", unit="{command}", description="Commands answered")
        self._duration = meter.create_histogram(
            "zhiwen_flow.command.duration", unit="s", description="Time to answer a command"
        )

    @contextmanager
    def command(self, command: Command, tenant: str) -> Iterator[Told]:
        """See `Telemetry.command`."""
        asked: Attributes = {"zhiwen.trigger": command.trigger, "zhiwen.tenant": tenant}
        if command.machine is not None:
            asked["zhiwen.machine"] = command.machine
        begun, outcome = time.perf_counter(), "unknown"
        with self._tracer.start_as_current_span(
            "zhiwen_flow.command", attributes=asked, record_exception=False, set_status_on_exception=False
        ) as span:

            def told(decision: Decision) -> None:
                nonlocal outcome
                outcome = _outcome(decision)
                _describe(span, decision)

            try:
                yield told
            except BaseException as error:
                # Its text may quote what was asked; the class says enough here.
                outcome = type(error).__name__ if isinstance(error, ZhiwenError) else "error"
                span.set_status(Status(StatusCode.ERROR, outcome))
                raise
            finally:
                span.set_attribute("zhiwen.outcome", outcome)
                about = {**asked, "zhiwen.outcome": outcome}
                self._count.add(1, about)
                self._duration.record(time.perf_counter() - begun, about)


def _outcome(decision: Decision) -> str:
    if decision.replayed:
        return "replayed"
    return "allowed" if decision.allowed else "refused"


def _describe(span: Span, decision: Decision) -> None:
    span.set_attribute("zhiwen.stream", decision.stream)
    span.set_attribute("zhiwen.event", decision.event or "")
    if decision.refusals:
        span.set_attribute("zhiwen.refused_by", [each.guard for each in decision.refusals])
