"""
The Django app (Django 应用): settings, checks, tables, a flow on Django's own connection, a read-only admin, commands.

Put ``"zhiwen_flow.integrations.django"`` into `INSTALLED_APPS`; needs the extra ``django``.
"""
