"""
What the pages of one instance and of one event show (卷宗页与事件页): plain values for templates, all through `view`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from zhiwen_flow.answers import untold, verdict_of
from zhiwen_flow.audit.view import SEALED, Viewer, view_facts
from zhiwen_flow.deciding import Option
from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.flow import Flow
from zhiwen_flow.guards.registry import registry_reasons
from zhiwen_flow.integrations.django import words
from zhiwen_flow.integrations.django.flows import today
from zhiwen_flow.machine.definition import Machine
from zhiwen_flow.model import Actor, Deadline, Instance, Obligation, Verdict
from zhiwen_flow.terms import EventKind, Outcome

PAGE = 50
"""Events on one page of a history."""

MARKS = {True: ("√", "可以办理"), False: ("×", "不能办理"), None: ("?", "须先填报")}


@attrs.frozen(kw_only=True)
class Teller:
    """
    Tells about instances of one pin (卷宗说明), with the definitions that they were opened under.

    Args:
        flow: A flow that reads.
        machine: The machine as of then.
    """

    flow: Flow
    machine: Machine

    @classmethod
    def of(cls, flow: Flow, instance: Instance | None, machine: str | None = None) -> Teller:
        """Make a teller for an instance; for a stream that was never opened, by the current definitions."""
        pinned = flow.machine_of(instance.pin) if instance is not None else flow.current(machine or "").machine
        return cls(flow=flow, machine=pinned)

    def rows(self, values: Mapping[str, Any], trigger: str | None = None) -> list[Any]:
        """Give named values for people: labels and texts, in the order they are written."""
        told = []
        for name, value in values.items():
            field = words.field_of(self.flow, self.machine, name, trigger)
            label = field.label.zh if field is not None else self.machine.term(name).zh
            told.append((label, words.value_text(self.flow, field, value)))
        return told

    def event(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Tell a viewed event (说明一条事件)."""
        payload, verdicts = body["payload"], body["verdicts"]
        told = self._verdicts(verdicts) if verdicts != SEALED else []
        return {
            "seq": body["seq"],
            "id": body["id"],
            "hash": body["hash"],
            "stream": body["stream"],
            "position": body["position"],
            "kind": EventKind(body["kind"]).zh,
            "refused": EventKind(body["kind"]) in (EventKind.REFUSED, EventKind.REFUSED_MANY),
            "step": words.step_name(self.flow, self.machine, body["trigger"]),
            "source": self._state(body["source"]),
            "target": self._state(body["target"]),
            "post": words.post_name(self.flow, body["actor"]["post"]),
            "organ": words.organ_name(self.flow, body["actor"]["organ"]),
            "person": body["actor"]["id"],
            "decided_at": words.moment(body["decided_at"]),
            "occurred_at": words.moment(body["occurred_at"]),
            "recorded_at": words.moment(body["recorded_at"]),
            "reason": words.KEPT_BACK if body["reason"] == SEALED else body["reason"],
            "document": words.KEPT_BACK if body["document"] == SEALED else body["document"],
            "cites": body["cites"],
            "payload": None if payload == SEALED else self.rows(payload, body["trigger"]),
            "verdicts": None if verdicts == SEALED else told,
            "against": [each for each in told if not each["passed"]],
        }

    def _verdicts(self, told: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
        reasons = registry_reasons(self.flow.definitions.registry)
        return [verdict_row(verdict_of(each, reasons)) for each in told]

    def _state(self, id: str) -> str:
        try:
            return self.machine.state(id).label.zh if id else ""
        except UnknownNameError:
            return id

    def option(self, option: Option, instance: Instance, viewer: Viewer) -> dict[str, Any]:
        """
        Tell what could be done (说明一个可办事项); of what is about a person only whether, but to auditors.

        Asking is no way to learn what a case is about.
        """
        mark, standing = MARKS[option.allowed]
        return {
            "trigger": option.trigger,
            "label": option.zh,
            "mark": mark,
            "standing": standing,
            "target": self._state(option.target),
            "verdicts": self.refusals(instance.state, option.trigger, option.verdicts, viewer),
            "cites": option.cites,
        }

    def refusals(
        self, state: str, trigger: str, verdicts: tuple[Verdict, ...], viewer: Viewer
    ) -> list[dict[str, Any]] | None:
        """
        Tell why a step is refused (说明不予办理的理由); None where it is about a person and *viewer* is no auditor.

        Args:
            state: Where the instance stands; `NEW` where it is not opened yet.
            trigger: What is asked.
            verdicts: What the guards found.
            viewer: Who looks.
        """
        step = self.machine.find(state, trigger)
        if not viewer.auditor and step is not None:
            if step.prejudicial:
                return None
            verdicts = untold(verdicts, self.machine.telling(step), self.flow.definitions.registry)
        return [verdict_row(each) for each in verdicts if not each.passed]

    def obligation(self, found: Obligation) -> dict[str, Any]:
        """Tell an open obligation (说明待办义务); one that a child opened here is named by its kind."""
        owed = (each for step in self.machine.all_transitions for each in step.obliges if each.kind == found.kind)
        label = next((each.label.zh for each in owed), found.kind)
        return {"label": label, "due": found.due}

    def deadline(self, found: Deadline | None) -> dict[str, Any] | None:
        """Tell the running deadline (说明办理期限)."""
        if found is None:
            return None
        days = (found.due - today()).days if found.due is not None else None
        return {"state": self._state(found.state), "started": found.started, "due": found.due, "days": days}


def verdict_row(verdict: Verdict) -> dict[str, Any]:
    """Tell a verdict (说明一个判定)."""
    return {
        "passed": verdict.outcome is Outcome.PASS,
        "outcome": verdict.outcome.zh,
        "text": verdict.text("zh"),
        "remedy": "" if verdict.passed else verdict.remedy("zh"),
        "cites": verdict.cites,
        "who": [each.label.zh for each in verdict.who_could],
    }


def instance_page(flow: Flow, id: str, *, viewer: Viewer, actor: Actor | None, after: int = 0) -> dict[str, Any]:
    """
    Gather the page of one instance (卷宗页): facts, history by page, what can be done now, deadline, obligations.

    Args:
        flow: A flow that reads.
        id: The instance.
        viewer: As whom the log is shown.
        actor: Whose options are shown; none are where nobody acts.
        after: Position in the log that the page of the history starts after.

    Raises:
        UnknownNameError: there is no such instance in this tenant.
    """
    instance = flow.instance(id)
    tell = Teller.of(flow, instance)
    history = flow.events(id, viewer=viewer, after=after, limit=PAGE + 1)
    options = flow.options(id, actor=actor) if actor is not None else ()
    return {
        "instance": instance,
        "machine": tell.machine.label.zh,
        "state": tell.machine.state(instance.state).label.zh,
        "facts": tell.rows(view_facts(instance.facts)),
        "history": [tell.event(each) for each in history[:PAGE]],
        "next_after": history[PAGE - 1]["seq"] if len(history) > PAGE else None,
        "after": after,
        "actor": actor,
        "options": [tell.option(each, instance, viewer) for each in options],
        "deadline": tell.deadline(flow.store.running(id)),
        "obligations": [tell.obligation(each) for each in flow.obligations(id, limit=PAGE)],
        "children": [
            (words.machine_name(flow, machine), words.state_name(flow, machine, state), count)
            for (machine, state), count in sorted(flow.store.counters(id).items())
        ],
    }


def event_page(flow: Flow, stream: str, seq: int, *, viewer: Viewer) -> dict[str, Any]:
    """
    Gather the page of one event (事件页).

    Raises:
        UnknownNameError: there is no such event in this tenant.
    """
    found = flow.events(stream, viewer=viewer, after=seq - 1, limit=1)
    if not found or found[0]["seq"] != seq:
        raise UnknownNameError("event", str(seq))
    try:
        instance = flow.instance(stream)
    except UnknownNameError:
        instance = None  # It was refused to be opened; there is a log of it, and no instance.
    return {"event": Teller.of(flow, instance, found[0]["machine"]["id"]).event(found[0])}
