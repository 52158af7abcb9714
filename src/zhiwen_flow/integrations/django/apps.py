"""
The app as Django knows it (应用配置).
"""

from __future__ import annotations

from django.apps import AppConfig

from zhiwen_flow.integrations.django.checks import register_checks


class ZhiwenFlowConfig(AppConfig):
    """The app's name, label and start (应用)."""

    name = "zhiwen_flow.integrations.django"
    label = "zhiwen_flow"
    verbose_name = "治庸问责流程"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the checks (启动)."""
        register_checks()
