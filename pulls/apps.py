"""Registers the app."""

from django.apps import AppConfig


class PullsConfig(AppConfig):
    """Pull requests."""

    name = "pulls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the named places and follow the events."""
        from pulls import panels, subscribers  # noqa: F401
