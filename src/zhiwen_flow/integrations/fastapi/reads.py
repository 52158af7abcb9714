"""
The reading endpoints (查询接口): machines and forms, instances by page, what can be done, history, and who could.
"""

# No `from __future__ import annotations`: FastAPI reads the annotations of functions made here, local names included.

import datetime as dt
from collections.abc import Mapping
from typing import Annotated, Any

import attrs
from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field
from starlette.responses import Response

from zhiwen_flow.definitions import Definitions
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.integrations.fastapi.bodies import Limits
from zhiwen_flow.integrations.fastapi.calls import Call
from zhiwen_flow.integrations.fastapi.operations import problems
from zhiwen_flow.integrations.fastapi.problems import Kind, answer
from zhiwen_flow.integrations.fastapi.shapes import (
    FlowEventPage,
    FlowForm,
    FlowInstance,
    FlowInstancePage,
    FlowMachine,
    FlowOption,
    FlowRuling,
    told_instance,
    told_option,
    told_ruling,
)
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.machine.schema import form_schema
from zhiwen_flow.terms import EventKind

_LAST = 2**63 - 1
_TEXT: dict[str, Any] = {"min_length": 1, "max_length": 200, "pattern": r"^[^\x00-\x1f\x7f]+$"}
_NOTED = (Kind.NO_ACTOR, Kind.INVALID_PARAMETERS)

Name = Annotated[str, Path(**_TEXT | {"pattern": r"^[^\x00-\x1f\x7f/]+$"})]
"""An id in a path."""

Wanted = Annotated[str, Query(**_TEXT)]
"""An id or code in a query."""

Day = Annotated[dt.date, Field(ge=dt.date(1900, 1, 1), le=dt.date(9998, 12, 31))]
"""A day that every time zone can tell."""

Among = Annotated[str | None, Query(**_TEXT)]
"""An id or code in a query, that may be left out."""


def add_reads(
    router: APIRouter, call: Any, definitions: Definitions, served: Mapping[str, Machine], limits: Limits
) -> None:
    """
    Add the reading endpoints to a router (加入查询接口).

    Args:
        call: The dependency that gives the `Call` of a request.
    """
    _definitions(router, call, definitions, served)
    _instances(router, call, served, limits)
    _one(router, call, limits)
    _history(router, call, served, limits)
    _authority(router, call)


def _definitions(router: APIRouter, call: Any, definitions: Definitions, served: Mapping[str, Machine]) -> None:
    @router.get("/machines", operation_id="list_machines", **_told("状态机清单", list[FlowMachine]))
    def machines(call: Call = call) -> Response:
        found = [
            {
                "id": each.id,
                "version": each.version,
                "label": each.label.text(call.lang),
                "triggers": list(each.triggers),
            }
            for each in served.values()
        ]
        return answer(found, call.lang)

    @router.get(
        "/machines/{machine}/forms", operation_id="list_forms", **_told("填报表单", list[FlowForm], Kind.UNKNOWN)
    )
    def forms(machine: Name, call: Call = call) -> Response:
        if machine not in served:
            raise UnknownNameError("machine", machine, served)
        book, lang = definitions.rules.rulebook, call.lang
        found = [
            {
                "trigger": each.trigger,
                "label": each.label.text(lang),
                "source": list(each.source),
                "target": each.target,
                "form": form_schema(served[machine], each, book, lang),
            }
            for each in served[machine].all_transitions
        ]
        return answer(found, lang)


def _instances(router: APIRouter, call: Any, served: Mapping[str, Machine], limits: Limits) -> None:
    of = Query(json_schema_extra={"enum": list(served)}, **_TEXT)

    @router.get("/instances", operation_id="list_instances", **_told("卷宗清单", FlowInstancePage, Kind.UNKNOWN))
    def instances(
        machine: Annotated[str, of],
        state: Among = None,
        parent: Among = None,
        business_id: Among = None,
        after: Among = None,
        limit: Annotated[int, Query(ge=1, le=limits.page)] = min(50, limits.page),
        call: Call = call,
    ) -> Response:
        if machine not in served:
            raise UnknownNameError("machine", machine, served)
        where = {"machine": machine, "state": state, "parent": parent, "business_id": business_id}
        found = call.flow.instances(**where, after=after or "", limit=limit)
        told = [told_instance(each, call.flow.machine_of(each.pin), call.lang) for each in found]
        return answer({"items": told, "next": found[-1].id if len(found) == limit else None}, call.lang)


def _one(router: APIRouter, call: Any, limits: Limits) -> None:
    @router.get("/instances/{instance}", operation_id="read_instance", **_told("查卷宗", FlowInstance, Kind.UNKNOWN))
    def read(instance: Name, call: Call = call) -> Response:
        found = call.instance(instance)
        return answer(told_instance(found, call.flow.machine_of(found.pin), call.lang), call.lang)

    @router.get(
        "/instances/{instance}/options",
        operation_id="list_options",
        **_told("可办事项", list[FlowOption], Kind.UNKNOWN),
    )
    def options(instance: Name, call: Call = call) -> Response:
        return answer(_options(call, instance), call.lang)

    @router.get(
        "/instances/{instance}/events", operation_id="list_events", **_told("日志", FlowEventPage, Kind.UNKNOWN)
    )
    def events(
        instance: Name,
        after: Annotated[int, Query(ge=0, le=_LAST)] = 0,
        limit: Annotated[int, Query(ge=1, le=limits.page)] = min(50, limits.page),
        call: Call = call,
    ) -> Response:
        found = call.flow.events(call.instance(instance).id, viewer=call.viewer, after=after, limit=limit)
        return answer(_page(found, limit), call.lang)


def _history(router: APIRouter, call: Any, served: Mapping[str, Machine], limits: Limits) -> None:
    of = Query(json_schema_extra={"enum": list(served)}, **_TEXT)
    kinds = Query(json_schema_extra={"enum": [each.value for each in EventKind]}, **_TEXT)

    @router.get("/events", operation_id="list_history", **_told("历史查询", FlowEventPage, Kind.UNKNOWN))
    def history(
        *,
        machine: Annotated[str, of],
        trigger: Among = None,
        kind: Annotated[str | None, kinds] = None,
        organ: Among = None,
        since: Annotated[Day | None, Query()] = None,
        until: Annotated[Day | None, Query()] = None,
        tied: Annotated[str | None, Query(alias="correlation", **_TEXT)] = None,
        after: Annotated[int, Query(ge=0, le=_LAST)] = 0,
        limit: Annotated[int, Query(ge=1, le=limits.page)] = min(50, limits.page),
        call: Call = call,
    ) -> Response:
        if machine not in served:
            raise UnknownNameError("machine", machine, served)
        wanted = {"machine": machine, "trigger": trigger, "kind": kind, "organ": organ, "correlation": tied}
        found = call.flow.events(viewer=call.viewer, since=since, until=until, after=after, limit=limit, **wanted)
        return answer(_page(found, limit), call.lang)


def _page(found: tuple[dict[str, Any], ...], limit: int) -> dict[str, Any]:
    return {"items": found, "next": found[-1]["seq"] if len(found) == limit else None}


def _options(call: Call, stream: str) -> list[dict[str, Any]]:
    instance = call.instance(stream)
    bench = call.flow.bench_of(instance.pin)
    found = []
    for each in call.flow.options(stream, actor=call.actor):
        step = bench.machine.find(instance.state, each.trigger)
        form = form_schema(bench.machine, step, bench.rules.rulebook, call.lang) if step is not None else {}
        verdicts, sealed = call.shown(bench.machine, instance.state, each.trigger, each.verdicts)
        found.append(told_option(attrs.evolve(each, verdicts=verdicts), call.lang, form, sealed=sealed))
    return found


def _authority(router: APIRouter, call: Any) -> None:
    @router.get("/who-could", operation_id="who_could", **_told("谁有权", FlowRuling, Kind.UNKNOWN))
    def who_could(
        measure: Wanted, post: Wanted, at: Annotated[AwareDatetime | None, Query()] = None, call: Call = call
    ) -> Response:
        moment: dt.datetime | None = at
        return answer(told_ruling(call.flow.who_could(measure, post, at=moment), post, call.lang), call.lang)


def _told(summary: str, model: Any, *kinds: Kind) -> dict[str, Any]:
    described = {200: {"model": model, "description": summary}, **problems(*_NOTED, *kinds)}
    return {"summary": summary, "tags": ["查询"], "response_model": None, "responses": described}
