"""Registers the app."""

from django.apps import AppConfig


class PullsConfig(AppConfig):
    """Pull requests."""

    name = "pulls"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Fill the named places, follow the events, add to the demo."""
        from pulls import panels, subscribers  # noqa: F401
        from pulls.management import demo  # noqa: F401
