"""The host's own admin (宿主自己的管理后台), beside the read-only one of the flow."""

from django.contrib import admin

from letters.models import Clerk, Letter

admin.site.site_header = admin.site.site_title = "办公系统管理"


@admin.register(Letter)
class LetterAdmin(admin.ModelAdmin):
    """Letters (信访件)."""

    list_display = ("number", "title", "registered_at", "steps")
    readonly_fields = ("steps",)


@admin.register(Clerk)
class ClerkAdmin(admin.ModelAdmin):
    """Clerks (经办人)."""

    list_display = ("person", "user", "post")
