"""The app (应用)."""

from django.apps import AppConfig


class LettersConfig(AppConfig):
    """Letters and complaints (信访件)."""

    name = "letters"
    verbose_name = "信访件"
