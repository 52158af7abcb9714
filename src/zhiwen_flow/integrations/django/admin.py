"""
The read-only admin (只读管理后台): lists by page without counting millions, pages of one instance or event by `view`.

Nothing is added, changed or deleted here: a state changes only by a recorded command.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F, OuterRef, Q, Subquery
from django.http import Http404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.functional import cached_property
from django.utils.html import format_html

from zhiwen_flow.errors import UnknownNameError
from zhiwen_flow.integrations.django import words
from zhiwen_flow.integrations.django.filters import (
    DueFilter,
    KindFilter,
    LatestFilter,
    MachineFilter,
    RecordedFilter,
    StateFilter,
    StoppedFilter,
    day_of,
    on_days,
)
from zhiwen_flow.integrations.django.flows import acting, conf, loaded, reading, tenant_of, today, viewer_of
from zhiwen_flow.integrations.django.models import Deadline, Event, Held, Instance, Obligation, Outgoing
from zhiwen_flow.integrations.django.pages import event_page, instance_page
from zhiwen_flow.model import Actor
from zhiwen_flow.terms import EventKind

BOUND = 10_000
"""How many rows a list counts and pages through; who needs others narrows it."""


class BoundedPaginator(Paginator):
    """A paginator that never counts beyond `BOUND` rows (有限计数分页)."""

    @cached_property
    def count(self) -> int:
        """Count the rows, up to the bound (行数)."""
        return int(self.object_list.order_by()[:BOUND].count())


class ReadOnlyAdmin(admin.ModelAdmin):
    """Lists and shows rows of the request's tenant, and does nothing else (只读)."""

    actions = None
    paginator = BoundedPaginator
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # They count every choice of every filter.
    sortable_by = ()
    search_fields = ("tenant",)  # The box is shown; `get_search_results` looks up.
    search_help_text = f"按编号精确查找,或按日期(如 2011-09-05);最多列出 {BOUND:,} 条,请用条件缩小范围"
    finds: tuple[str, ...] = ()
    """What a search term is held against, in this order; the first that has rows is shown."""
    dated: str | None = None
    """Field that a day is looked up in."""

    def has_add_permission(self, request: Any, obj: Any = None) -> bool:
        """Nothing is added (不可新增)."""
        return False

    def has_change_permission(self, request: Any, obj: Any = None) -> bool:
        """Nothing is changed (不可修改)."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:
        """Nothing is deleted (不可删除)."""
        return False

    def get_urls(self) -> list[Any]:
        """Give the address of the list; there are no others (网址)."""
        return [path("", self.admin_site.admin_view(self.changelist_view), name=f"{self._name}_changelist")]

    @property
    def _name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}"

    def get_queryset(self, request: Any) -> Any:
        """Give the rows of the request's tenant (本租户的数据)."""
        return super().get_queryset(request).using(conf().database).filter(tenant=tenant_of(request))

    def get_search_results(self, request: Any, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Look up exact ids, or a day (精确查找)."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if self.dated is not None and (day := day_of(term)) is not None:
            return on_days(queryset, self.dated, day, day, tenant=tenant_of(request)), False
        for name in self.finds:
            # One after the other, each by its own index: one condition with `or` would read the whole table.
            found = queryset.filter(self._asked(request, name, term))
            if found.exists():
                return found, False
        return queryset.none(), False

    def _asked(self, request: Any, name: str, term: str) -> Q:
        if self.model is Instance and name == "id":
            return Q(id=term) | Q(parent=term)
        if name != "business_id":
            return Q(**{name: term})
        # The index is by machine; all machines that may be opened are named, and none is asked of the table.
        known = {"machine__in": [each.id for each in words.machines(loaded())], "business_id": term}
        if self.model is Instance:
            return Q(**known)
        instances = Instance.objects.using(conf().database).filter(tenant=tenant_of(request), **known)
        return Q(stream__in=list(instances.values_list("id", flat=True)[:BOUND]))

    def changelist_view(self, request: Any, extra_context: Any = None) -> Any:
        """Show the list (清单)."""
        _only_reads(request)
        return super().changelist_view(request, {"title": self.opts.verbose_name_plural, **(extra_context or {})})


class PageAdmin(ReadOnlyAdmin):
    """A read-only list whose rows have pages of their own (带详情页的清单)."""

    def get_urls(self) -> list[Any]:
        """Give the addresses of the list and of one row (网址)."""
        page = path(
            "<path:object_id>/change/", self.admin_site.admin_view(self.change_view), name=f"{self._name}_change"
        )
        return [*super().get_urls(), page]

    def change_view(self, request: Any, object_id: str, form_url: str = "", extra_context: Any = None) -> Any:
        """Show one row (详情)."""
        _only_reads(request)
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        try:
            told = PAGES[type(row)](request, row)
        except UnknownNameError:
            raise Http404 from None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{self.opts.verbose_name} {row}",
            **told,
        }
        return TemplateResponse(request, f"admin/zhiwen_flow/{self.opts.model_name}.html", context)


def _instance_page(request: Any, row: Instance) -> dict[str, Any]:
    after = request.GET.get("after", "0")
    return instance_page(
        reading(request),
        row.id,
        viewer=viewer_of(request),
        actor=_actor(request),
        after=int(after) if after.isascii() and after.isdigit() else 0,
    )


def _event_page(request: Any, row: Event) -> dict[str, Any]:
    return event_page(reading(request), row.stream, row.seq, viewer=viewer_of(request))


PAGES: dict[type, Callable[[Any, Any], dict[str, Any]]] = {Instance: _instance_page, Event: _event_page}
"""What the page of a row shows, by its model."""


class _OfInstance:
    """What rows that belong to an instance show of it (所属卷宗)."""

    @admin.display(description="卷宗")
    def instance(self, row: Any) -> Any:
        """Link to the instance (卷宗链接)."""
        address = reverse("admin:zhiwen_flow_instance_change", args=(row.stream,))
        return format_html('<a href="{}">{}</a>', address, row.stream)


@admin.register(Instance)
class InstanceAdmin(PageAdmin):
    """Instances (卷宗)."""

    list_display = ("id", "business_id", "machine_name", "state_name", "version", "parent", "latest")
    list_filter = (MachineFilter, StateFilter, LatestFilter)
    ordering = ("-id",)
    finds = ("id", "business_id")
    dated = "at"

    def get_queryset(self, request: Any) -> Any:
        """Leave out streams of openings that were refused: they have a log, and no instance (已建档卷宗)."""
        return super().get_queryset(request).filter(state__isnull=False)

    @admin.display(description="事项")
    def machine_name(self, row: Instance) -> str:
        """Name the machine (事项名称)."""
        return words.machine_name(_flow(), row.machine)

    @admin.display(description="环节")
    def state_name(self, row: Instance) -> str:
        """Name the state (环节名称)."""
        return words.state_name(_flow(), row.machine, row.state)

    @admin.display(description="最近记录")
    def latest(self, row: Instance) -> str:
        """Say when its last event was recorded (最近记录时间)."""
        return words.moment(row.at)


@admin.register(Event)
class EventAdmin(_OfInstance, PageAdmin):
    """Events, their bodies by `view` only (审计事件)."""

    list_display = ("seq", "recorded", "kind_name", "machine_name", "step", "post_name", "instance")
    list_filter = (KindFilter, MachineFilter, RecordedFilter)
    ordering = ("-seq",)
    finds = ("id", "stream", "business_id", "post", "correlation")
    dated = "recorded_at"
    search_help_text = f"按事件、卷宗、业务、职务或关联编号精确查找,或按日期;最多列出 {BOUND:,} 条,请用条件缩小范围"

    @admin.display(description="入档时间")
    def recorded(self, row: Event) -> str:
        """Say when it was recorded (入档时间)."""
        return words.moment(row.recorded_at)

    @admin.display(description="种类")
    def kind_name(self, row: Event) -> str:
        """Name the kind (种类名称)."""
        return EventKind(row.kind).zh

    @admin.display(description="事项")
    def machine_name(self, row: Event) -> str:
        """Name the machine (事项名称)."""
        return words.machine_name(_flow(), row.machine)

    @admin.display(description="办理")
    def step(self, row: Event) -> str:
        """Name the step (办理名称)."""
        found = _flow()
        try:
            return words.step_name(found, found.current(row.machine or "").machine, row.trigger or "")
        except UnknownNameError:
            return row.trigger or ""

    @admin.display(description="经办职务")
    def post_name(self, row: Event) -> str:
        """Name the post (职务名称)."""
        return words.post_name(_flow(), row.post or "")


@admin.register(Deadline)
class DeadlineAdmin(_OfInstance, ReadOnlyAdmin):
    """Running deadlines, the earliest first (办理期限)."""

    list_display = ("instance", "machine_name", "state_name", "limit_name", "started", "due", "left")
    list_display_links = None
    list_filter = (DueFilter,)
    ordering = (F("due").asc(nulls_last=True), "stream")
    finds = ("stream", "business_id", "state", "limit_id")

    def get_queryset(self, request: Any) -> Any:
        """Look up which machine each is of (附所属事项)."""
        known = Instance.objects.filter(tenant=OuterRef("tenant"), id=OuterRef("stream"))
        return super().get_queryset(request).annotate(machine=Subquery(known.values("machine")[:1]))

    @admin.display(description="事项")
    def machine_name(self, row: Any) -> str:
        """Name the machine (事项名称)."""
        return words.machine_name(_flow(), row.machine)

    @admin.display(description="环节")
    def state_name(self, row: Any) -> str:
        """Name the state (环节名称)."""
        return words.state_name(_flow(), row.machine, row.state)

    @admin.display(description="期限规定")
    def limit_name(self, row: Deadline) -> str:
        """Name the limit (期限名称)."""
        return words.limit_name(_flow(), row.limit_id)

    @admin.display(description="剩余天数")
    def left(self, row: Deadline) -> str:
        """Say how many days are left (剩余天数)."""
        if row.due is None:
            return "没有规定"
        days = (dt.date.fromisoformat(row.due) - today()).days
        return f"已逾期 {-days} 天" if days < 0 else f"{days} 天"


@admin.register(Obligation)
class ObligationAdmin(_OfInstance, ReadOnlyAdmin):
    """Open obligations (待办义务)."""

    list_display = ("id", "instance", "kind", "owed_to", "due")
    list_display_links = None
    ordering = ("id",)
    finds = ("id", "stream", "business_id", "kind")


@admin.register(Outgoing)
class OutgoingAdmin(_OfInstance, ReadOnlyAdmin):
    """Events that wait to be published (待发消息)."""

    list_display = ("seq", "instance", "lane")
    list_display_links = None
    ordering = ("seq",)
    finds = ("stream", "business_id")


@admin.register(Held)
class HeldAdmin(_OfInstance, ReadOnlyAdmin):
    """Events that were refused, and hold back their instance (暂缓与死信)."""

    list_display = ("event", "instance", "attempts", "until", "dead", "error")
    list_display_links = None
    list_filter = (StoppedFilter,)
    ordering = ("stream",)
    finds = ("event", "stream", "business_id")


def _only_reads(request: Any) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise PermissionDenied


def _flow() -> Any:
    """Give the flow whose definitions name things; nothing is read through it."""
    return loaded()


def _actor(request: Any) -> Actor | None:
    try:
        return acting(request)
    except PermissionDenied:
        return None
