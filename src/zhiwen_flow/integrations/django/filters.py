"""
The filters of the admin (筛选条件): by what the definitions know, never by asking for every value in a table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib import admin

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.integrations.django import words
from zhiwen_flow.integrations.django.flows import loaded, today
from zhiwen_flow.model import ZONE
from zhiwen_flow.terms import EventKind

Choices = Iterable[tuple[str, str]]


def day_between(field: str, text: str) -> dict[str, str] | None:
    """
    Turn a day into a condition on a column of moments in UTC (按日查询); None for what is not a day.

    >>> day_between("at", "2011-09-05")
    {'at__gte': '2011-09-04T16:00:00', 'at__lt': '2011-09-05T16:00:00'}
    """
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return {f"{field}__gte": _start(day), f"{field}__lt": _start(day + dt.timedelta(days=1))}


def _start(day: dt.date) -> str:
    begins = dt.datetime.combine(day, dt.time(), tzinfo=ZONE).astimezone(dt.UTC)
    return f"{begins:%Y-%m-%dT%H:%M:%S}"


class MachineFilter(admin.SimpleListFilter):
    """By machine (按事项)."""

    title = "事项"
    parameter_name = "machine"

    def lookups(self, request: Any, model_admin: Any) -> Choices:
        """Offer the machines that are defined."""
        return [(each.id, each.label.zh) for each in words.machines(loaded())]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep those of the machine."""
        return queryset.filter(machine=self.value()) if self.value() else queryset


class StateFilter(admin.SimpleListFilter):
    """By state, once a machine is chosen (按环节)."""

    title = "环节"
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> Choices:
        """Offer the states of the machine that is chosen."""
        try:
            machine = loaded().current(request.GET.get("machine", "")).machine
        except UnknownNameError:
            return []
        return [(each.id, each.label.zh) for each in machine.states]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep those in the state."""
        return queryset.filter(state=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """By kind of event (按种类)."""

    title = "种类"
    parameter_name = "kind"

    def lookups(self, request: Any, model_admin: Any) -> Choices:
        """Offer the kinds."""
        return [(each.value, each.zh) for each in EventKind]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep those of the kind."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


class _SinceFilter(admin.SimpleListFilter):
    """By how long ago (按时间)."""

    field = ""
    _days = (("0", "今天"), ("6", "最近 7 天"), ("29", "最近 30 天"), ("364", "最近一年"))

    def lookups(self, request: Any, model_admin: Any) -> Choices:
        """Offer spans."""
        return self._days

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep those of the span."""
        if self.value() not in dict(self._days):
            return queryset
        return queryset.filter(**{f"{self.field}__gte": _start(today() - dt.timedelta(days=int(self.value())))})


class LatestFilter(_SinceFilter):
    """By the latest event (按最近记录)."""

    title = "最近记录"
    parameter_name = field = "at"


class RecordedFilter(_SinceFilter):
    """By when it was recorded (按入档时间)."""

    title = "入档时间"
    parameter_name = field = "recorded_at"


class DueFilter(admin.SimpleListFilter):
    """By how a deadline stands (按期限状况)."""

    title = "期限状况"
    parameter_name = "standing"

    def lookups(self, request: Any, model_admin: Any) -> Choices:
        """Offer the standings."""
        return [("overdue", "已逾期"), ("soon", "7 天内到期"), ("none", "没有规定")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep those that stand so."""
        day = today()
        match self.value():
            case "overdue":
                return queryset.filter(due__lt=day.isoformat())
            case "soon":
                week = (day + dt.timedelta(days=7)).isoformat()
                return queryset.filter(due__gte=day.isoformat(), due__lte=week)
            case "none":
                return queryset.filter(due__isnull=True)
            case _:
                return queryset


class StoppedFilter(admin.SimpleListFilter):
    """By whether publishing was given up (按是否停发)."""

    title = "是否停发"
    parameter_name = "dead"

    def lookups(self, request: Any, model_admin: Any) -> Choices:
        """Offer both."""
        return [("0", "待发"), ("1", "停发")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep those."""
        return queryset.filter(dead=int(self.value())) if self.value() in {"0", "1"} else queryset
