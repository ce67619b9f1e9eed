"""Registers the app."""

from django.apps import AppConfig


class ActivityConfig(AppConfig):
    """Webhooks, notifications, feeds. Stands above all whose events it tells of."""

    name = "activity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Follow the events; fill the named places."""
        from activity import panels, subscribers  # noqa: F401
