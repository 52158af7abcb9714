"""
The shapes of answers (答复的结构): the library's values as plain data, and the models that describe them.

The models document the answers in OpenAPI and are what a generated client reads into; the functions beside them make
the data.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel, Field

from zhiwen_flow.audit.view import view_facts
from zhiwen_flow.deciding import Option
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import Decision, Holder, Instance, Verdict
from zhiwen_flow.rulings import PowerRuling, Ruling
from zhiwen_flow.terms import Label, Power


class FlowHolder(BaseModel):
    """An organ or post that could do it (有权机关或职务)."""

    id: str
    label: str
    via: str


class FlowVerdict(BaseModel):
    """What one guard found (判定): the rule, the reason, what would mend it, and the citations."""

    guard: str = Field(description="规则编号 · id of the rule")
    outcome: str
    reason: str = Field(description="理由编号 · id of the reason")
    text: str
    remedy: str
    cites: list[str]
    status: str = Field(description="依据的核实情况 · how sure the basis is")
    who_could: list[FlowHolder]


class FlowDecision(BaseModel):
    """The answer to a command (审查结论)."""

    allowed: bool
    stream: str
    trigger: str
    label: str
    source: str
    target: str
    at: dt.datetime
    event: str | None
    replayed: bool
    sealed: bool = Field(description="涉及个人的判定不向该查看人显示 · verdicts about a person are kept back")
    verdicts: list[FlowVerdict]
    who_could: list[FlowHolder]
    cites: list[str]
    explanation: str


class FlowInstance(BaseModel):
    """An instance (卷宗); sealed facts are named and not shown."""

    id: str
    machine: str
    machine_version: str
    rulebook: str
    rulebook_version: str
    state: str
    label: str
    ended: bool
    version: int
    parent: str | None
    root: str
    business_id: str | None
    facts: dict[str, Any]


class FlowInstancePage(BaseModel):
    """A page of instances (卷宗清单); `next` is the `after` of the next page."""

    items: list[FlowInstance]
    next: str | None


class FlowEventPage(BaseModel):
    """A page of events (日志), as the viewer may see them; `next` is the `after` of the next page."""

    items: list[dict[str, Any]]
    next: int | None


class FlowOption(BaseModel):
    """One thing that could be done now (可办事项); `allowed` is null where it hangs on the form."""

    trigger: str
    label: str
    target: str
    allowed: bool | None
    sealed: bool
    verdicts: list[FlowVerdict]
    form: dict[str, Any]
    requires: list[str]
    produces: list[str]
    cites: list[str]


class FlowForm(BaseModel):
    """The form of one transition (填报表单), as JSON Schema."""

    trigger: str
    label: str
    source: list[str]
    target: str
    form: dict[str, Any]


class FlowMachine(BaseModel):
    """A machine that is served (状态机)."""

    id: str
    version: str
    label: str
    triggers: list[str]


class FlowPower(BaseModel):
    """Who holds one power, or why nobody does, or what is missing (一项权力的归属)."""

    power: str
    label: str
    holders: list[FlowHolder]
    absent: str | None
    missing: str | None


class FlowRuling(BaseModel):
    """Who holds which power over a measure on the holder of a post (权限裁定)."""

    measure: str
    post: str
    manager: str | None
    collective: bool | None
    fallback: bool
    status: str
    cites: list[str]
    powers: list[FlowPower]
    explanation: str


class FlowOpenNow(BaseModel):
    """A step that starts from the present state (现在可办)."""

    trigger: str
    label: str
    allowed: bool | None


class FlowFault(BaseModel):
    """One fault of the body, by JSON pointer (填报差错)."""

    pointer: str
    what: str
    mend: str


class FlowParameterFault(BaseModel):
    """One fault of a parameter (参数差错)."""

    name: str
    what: str
    place: str = Field(alias="in")


class FlowProblem(BaseModel):
    """A problem document of RFC 9457 (问题详情); which further members it has depends on `type`."""

    type: str
    title: str
    status: int
    detail: str


class FlowRefusal(FlowProblem):
    """A refusal, or what others did first (不予办理)."""

    decision: FlowDecision | None = None
    options: list[FlowOpenNow] | None = None
    winner: dict[str, Any] | None = None
    stream: str | None = None


class FlowFaults(FlowProblem):
    """What does not fit, all of it named (填报内容不合要求)."""

    errors: list[FlowFault] | list[FlowParameterFault] | None = None


def told_holder(holder: Holder, lang: str) -> dict[str, str]:
    """Tell of a holder; see `FlowHolder`."""
    return {"id": holder.id, "label": holder.label.text(lang), "via": holder.via}


def told_verdict(verdict: Verdict, lang: str) -> dict[str, Any]:
    """Tell of a verdict; see `FlowVerdict`."""
    return {
        "guard": verdict.guard,
        "outcome": verdict.outcome.value,
        "reason": verdict.reason.id,
        "text": verdict.text(lang),
        "remedy": verdict.remedy(lang),
        "cites": list(verdict.cites),
        "status": verdict.status.value,
        "who_could": [told_holder(each, lang) for each in verdict.who_could],
    }


_KEPT_BACK = Label(
    zh="涉及个人的判定已封存;请由有权查看的人员查看日志",
    en="verdicts about a person are sealed; ask somebody who may see them",
)


def told_decision(decision: Decision, lang: str, *, sealed: bool) -> dict[str, Any]:
    """
    Tell of a decision; see `FlowDecision`.

    Args:
        sealed: Whether verdicts about a person were kept back from this viewer.
    """
    explained = decision.explain(lang)
    return {
        "allowed": decision.allowed,
        "stream": decision.stream,
        "trigger": decision.trigger,
        "label": decision.label.text(lang),
        "source": decision.source,
        "target": decision.target,
        "at": decision.at.isoformat(),
        "event": decision.event,
        "replayed": decision.replayed,
        "sealed": sealed,
        "verdicts": [told_verdict(each, lang) for each in decision.verdicts],
        "who_could": [told_holder(each, lang) for each in decision.who_could],
        "cites": list(decision.cites),
        "explanation": f"{explained}\n  {_KEPT_BACK.text(lang)}" if sealed else explained,
    }


def told_instance(instance: Instance, machine: Machine, lang: str) -> dict[str, Any]:
    """Tell of an instance; see `FlowInstance`."""
    state, pin = machine.state(instance.state), instance.pin
    return {
        "id": instance.id,
        "machine": pin.machine,
        "machine_version": pin.machine_version,
        "rulebook": pin.rulebook,
        "rulebook_version": pin.rulebook_version,
        "state": instance.state,
        "label": state.label.text(lang),
        "ended": state.end is not None,
        "version": instance.version,
        "parent": instance.parent,
        "root": instance.root,
        "business_id": instance.business_id,
        "facts": view_facts(instance.facts),
    }


def told_option(option: Option, lang: str, form: dict[str, Any], *, sealed: bool) -> dict[str, Any]:
    """
    Tell of an option; see `FlowOption`.

    Args:
        form: JSON Schema of the payload in the language.
        sealed: Whether verdicts about a person were kept back from this viewer.
    """
    return {
        "trigger": option.trigger,
        "label": option.en if lang == "en" else option.zh,
        "target": option.target,
        "allowed": option.allowed,
        "sealed": sealed,
        "verdicts": [told_verdict(each, lang) for each in option.verdicts],
        "form": form,
        "requires": list(option.requires),
        "produces": list(option.produces),
        "cites": list(option.cites),
    }


def told_ruling(ruling: Ruling, post: str, lang: str) -> dict[str, Any]:
    """Tell of a ruling; see `FlowRuling`."""
    return {
        "measure": ruling.measure,
        "post": post,
        "manager": ruling.manager,
        "collective": ruling.collective,
        "fallback": ruling.fallback,
        "status": ruling.status.value,
        "cites": list(ruling.cites),
        "powers": [_told_power(power, each, lang) for power, each in ruling.powers.items()],
        "explanation": ruling.explain(lang),
    }


def _told_power(power: Power, ruling: PowerRuling, lang: str) -> dict[str, Any]:
    return {
        "power": power.value,
        "label": power.text(lang),
        "holders": [told_holder(each, lang) for each in ruling.holders],
        "absent": ruling.absent.text(lang) if ruling.absent is not None else None,
        "missing": ruling.missing.text(lang) if ruling.missing is not None else None,
    }
