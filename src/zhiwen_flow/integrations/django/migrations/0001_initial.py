"""
Make our tables, and tell Django of those that the admin reads (建表).

A later revision of the schema is a later migration of this app, with one `to_revision` of its own.
"""

from __future__ import annotations

from django.db import migrations, models

from zhiwen_flow.integrations.django.tables import to_revision


class Migration(migrations.Migration):
    """Revision 0002 of the schema (数据表版本 0002)."""

    # What brings older tables on works over a connection of its own; an open transaction here would lock it out.
    atomic = False
    initial = True
    dependencies: list[tuple[str, str]] = []
    operations = [
        to_revision("0003"),
        migrations.CreateModel(
            name="Deadline",
            fields=[
                ("tenant", models.TextField(verbose_name="租户")),
                ("stream", models.TextField(primary_key=True, serialize=False, verbose_name="卷宗编号")),
                ("state", models.TextField(verbose_name="环节")),
                ("limit_id", models.TextField(verbose_name="期限规定")),
                ("started", models.TextField(verbose_name="起算日")),
                ("due", models.TextField(null=True, verbose_name="截止日")),
            ],
            options={
                "verbose_name": "办理期限",
                "verbose_name_plural": "办理期限",
                "db_table": "zhiwen_deadlines",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Event",
            fields=[
                ("tenant", models.TextField(verbose_name="租户")),
                ("seq", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="序号")),
                ("stream", models.TextField(verbose_name="卷宗编号")),
                ("position", models.BigIntegerField(verbose_name="卷内序号")),
                ("id", models.TextField(verbose_name="事件编号")),
                ("kind", models.TextField(verbose_name="种类")),
                ("recorded_at", models.TextField(verbose_name="入档时间")),
                ("machine", models.TextField(null=True, verbose_name="事项")),
                ("trigger", models.TextField(null=True, verbose_name="办理")),
                ("post", models.TextField(null=True, verbose_name="经办职务")),
                ("organ", models.TextField(null=True, verbose_name="经办机关")),
                ("correlation", models.TextField(null=True, verbose_name="关联编号")),
            ],
            options={
                "verbose_name": "审计事件",
                "verbose_name_plural": "审计事件",
                "db_table": "zhiwen_events",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Held",
            fields=[
                ("tenant", models.TextField(verbose_name="租户")),
                ("stream", models.TextField(primary_key=True, serialize=False, verbose_name="卷宗编号")),
                ("event", models.TextField(verbose_name="事件编号")),
                ("attempts", models.BigIntegerField(verbose_name="已试次数")),
                ("until", models.TextField(verbose_name="下次不早于")),
                ("dead", models.BigIntegerField(verbose_name="死信")),
                ("error", models.TextField(verbose_name="原因")),
            ],
            options={
                "verbose_name": "暂缓与死信",
                "verbose_name_plural": "暂缓与死信",
                "db_table": "zhiwen_held",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Instance",
            fields=[
                ("tenant", models.TextField(verbose_name="租户")),
                ("id", models.TextField(primary_key=True, serialize=False, verbose_name="卷宗编号")),
                ("business_id", models.TextField(null=True, verbose_name="业务编号")),
                ("machine", models.TextField(null=True, verbose_name="事项")),
                ("state", models.TextField(null=True, verbose_name="环节")),
                ("version", models.BigIntegerField(verbose_name="流转次数")),
                ("position", models.BigIntegerField(verbose_name="事件数")),
                ("parent", models.TextField(null=True, verbose_name="上级卷宗")),
                ("at", models.TextField(verbose_name="最近记录")),
            ],
            options={
                "verbose_name": "卷宗",
                "verbose_name_plural": "卷宗",
                "db_table": "zhiwen_streams",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Obligation",
            fields=[
                ("tenant", models.TextField(verbose_name="租户")),
                ("id", models.TextField(primary_key=True, serialize=False, verbose_name="义务编号")),
                ("stream", models.TextField(verbose_name="卷宗编号")),
                ("kind", models.TextField(verbose_name="种类")),
                ("owed_to", models.TextField(null=True, verbose_name="对象")),
                ("due", models.TextField(null=True, verbose_name="截止日")),
            ],
            options={
                "verbose_name": "待办义务",
                "verbose_name_plural": "待办义务",
                "db_table": "zhiwen_obligations",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Outgoing",
            fields=[
                ("tenant", models.TextField(verbose_name="租户")),
                ("seq", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="序号")),
                ("lane", models.BigIntegerField(verbose_name="通道")),
                ("stream", models.TextField(verbose_name="卷宗编号")),
            ],
            options={
                "verbose_name": "待发消息",
                "verbose_name_plural": "待发消息",
                "db_table": "zhiwen_outbox",
                "abstract": False,
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    ]
