"""
Our tables as Django reads them (数据表的只读映像), for the admin: never sealed values, keys, facts or raw events.

They are unmanaged, and every query must name the tenant: an id is unique within one only.
"""

from __future__ import annotations

from django.db import models

_WORD = {"null": True}


class _Row(models.Model):
    tenant = models.TextField("租户")

    class Meta:
        abstract = True
        managed = False
        default_permissions = ("view",)


class Instance(_Row):
    """An instance (卷宗), without its facts."""

    id = models.TextField("卷宗编号", primary_key=True)
    business_id = models.TextField("业务编号", **_WORD)
    machine = models.TextField("事项", **_WORD)
    state = models.TextField("环节", **_WORD)
    version = models.BigIntegerField("流转次数")
    position = models.BigIntegerField("事件数")
    parent = models.TextField("上级卷宗", **_WORD)
    at = models.TextField("最近记录")

    class Meta(_Row.Meta):
        db_table = "zhiwen_streams"
        verbose_name = verbose_name_plural = "卷宗"

    def __str__(self) -> str:
        return str(self.business_id or self.id)


class Event(_Row):
    """An event's place in the log (审计事件), without its body."""

    seq = models.BigIntegerField("序号", primary_key=True)
    stream = models.TextField("卷宗编号")
    position = models.BigIntegerField("卷内序号")
    id = models.TextField("事件编号")
    kind = models.TextField("种类")
    recorded_at = models.TextField("入档时间")
    machine = models.TextField("事项", **_WORD)
    trigger = models.TextField("办理", **_WORD)
    post = models.TextField("经办职务", **_WORD)
    organ = models.TextField("经办机关", **_WORD)
    correlation = models.TextField("关联编号", **_WORD)

    class Meta(_Row.Meta):
        db_table = "zhiwen_events"
        verbose_name = verbose_name_plural = "审计事件"

    def __str__(self) -> str:
        return str(self.seq)


class Deadline(_Row):
    """A running deadline (办理期限)."""

    stream = models.TextField("卷宗编号", primary_key=True)
    state = models.TextField("环节")
    limit_id = models.TextField("期限规定")
    started = models.TextField("起算日")
    due = models.TextField("截止日", **_WORD)

    class Meta(_Row.Meta):
        db_table = "zhiwen_deadlines"
        verbose_name = verbose_name_plural = "办理期限"

    def __str__(self) -> str:
        return str(self.stream)


class Obligation(_Row):
    """An open obligation (待办义务)."""

    id = models.TextField("义务编号", primary_key=True)
    stream = models.TextField("卷宗编号")
    kind = models.TextField("种类")
    owed_to = models.TextField("对象", **_WORD)
    due = models.TextField("截止日", **_WORD)

    class Meta(_Row.Meta):
        db_table = "zhiwen_obligations"
        verbose_name = verbose_name_plural = "待办义务"

    def __str__(self) -> str:
        return str(self.id)


class Outgoing(_Row):
    """An event that waits to be published (待发消息)."""

    seq = models.BigIntegerField("序号", primary_key=True)
    lane = models.BigIntegerField("通道")
    stream = models.TextField("卷宗编号")

    class Meta(_Row.Meta):
        db_table = "zhiwen_outbox"
        verbose_name = verbose_name_plural = "待发消息"

    def __str__(self) -> str:
        return str(self.seq)


class Held(_Row):
    """An event that its receiver refused, which holds back its instance (暂缓与死信)."""

    stream = models.TextField("卷宗编号", primary_key=True)
    event = models.TextField("事件编号")
    attempts = models.BigIntegerField("已试次数")
    until = models.TextField("下次不早于")
    dead = models.BigIntegerField("死信")
    error = models.TextField("原因")

    class Meta(_Row.Meta):
        db_table = "zhiwen_held"
        verbose_name = verbose_name_plural = "暂缓与死信"

    def __str__(self) -> str:
        return str(self.event)
