"""
The filters of the admin (筛选条件): by what the definitions know, never by asking for every value in a table.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Max, Min

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.integrations.django import words
from zhiwen_flow.integrations.django.flows import loaded, tenant_of, today
from zhiwen_flow.model import ZONE
from zhiwen_flow.terms import EventKind

Choices = Iterable[tuple[str, str]]


SLACK = dt.timedelta(days=1)
"""How far the log's order and that of recording may differ: clocks of several machines, long transactions."""


def day_of(text: str) -> dt.date | None:
    """
    Read a day (日期); None for what is none.

    >>> day_of("2011-09-05"), day_of("信访〔2011〕17号")
    (datetime.date(2011, 9, 5), None)
    """
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


def on_days(queryset: Any, field: str, first: dt.date, last: dt.date | None, *, tenant: str) -> Any:
    """
    Keep what a column of moments puts on some days (按日查询), in Beijing time; in the log by its order, not by a scan.

    Args:
        field: The column, ISO text in UTC.
        first: The first day.
        last: The last day, inclusive; None for all after *first*.
        tenant: Whose log it is.
    """
    found = queryset.filter(**{f"{field}__gte": _start(first)})
    if last is not None:
        found = found.filter(**{f"{field}__lt": _start(last + dt.timedelta(days=1))})
    if field != "recorded_at":
        return found
    log = queryset.model.objects.using(queryset.db).filter(tenant=tenant).order_by("seq")
    found = found.filter(seq__gte=_first_since(log, first - SLACK))
    return found if last is None else found.filter(seq__lt=_first_since(log, last + dt.timedelta(days=1) + SLACK))


def _first_since(log: Any, day: dt.date) -> int:
    """Find by halving where in the log a day begins."""
    ends = log.aggregate(low=Min("seq"), high=Max("seq"))
    if ends["low"] is None:
        return 0
    low, high, start = ends["low"], ends["high"] + 1, _start(day)
    while low < high:
        middle = (low + high) // 2
        at = log.filter(seq__gte=middle).values_list("recorded_at", flat=True)[:1].get()
        low, high = (middle + 1, high) if at < start else (low, middle)
    return int(low)


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
        return on_days(
            queryset, self.field, today() - dt.timedelta(days=int(self.value())), None, tenant=tenant_of(request)
        )


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
    """By whether publishing was given up (按是否死信)."""

    title = "是否死信"
    parameter_name = "dead"

    def lookups(self, request: Any, model_admin: Any) -> Choices:
        """Offer both."""
        return [("0", "暂缓"), ("1", "死信")]

    def queryset(self, request: Any, queryset: Any) -> Any:
        """Keep those."""
        return queryset.filter(dead=int(self.value())) if self.value() in {"0", "1"} else queryset
