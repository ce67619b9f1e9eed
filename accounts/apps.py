"""Registers the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and organisations."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Connect allauth's receivers (the one exception to "no signals", see adapters.py) and fill the named places."""
        from accounts import adapters, panels  # noqa: F401
