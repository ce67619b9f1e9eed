"""Registers the app."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """Search. Comes last of our apps, when all others have registered their documents."""

    name = "search"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Follow the events that registered kinds name; lend the segmentation of texts."""
        from search import panels, subscribers  # noqa: F401
