"""What Gitee tells of a person (Gitee API v5, `GET /api/v5/user`)."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.providers.base import ProviderAccount
from allauth.socialaccount.providers.oauth2.provider import OAuth2Provider

from accounts.providers.gitee.views import GiteeAdapter


class GiteeAccount(ProviderAccount):
    """A connected Gitee account."""


class GiteeProvider(OAuth2Provider):
    """Sign-in through Gitee."""

    id = "gitee"
    name = "Gitee"
    account_class = GiteeAccount
    oauth2_adapter_class = GiteeAdapter

    def get_default_scope(self) -> list[str]:
        return ["user_info", "emails"]

    def extract_uid(self, data: dict[str, Any]) -> str:
        return str(data["id"])

    def extract_common_fields(self, data: dict[str, Any]) -> dict[str, Any]:
        return {"username": data.get("login") or "", "email": data.get("email") or ""}

    def extract_email_addresses(self, data: dict[str, Any]) -> list[EmailAddress]:
        """Only addresses that Gitee calls confirmed count as verified."""
        return [
            EmailAddress(email=row["email"], verified=row.get("state") == "confirmed", primary="primary" in row.get("scope", []))
            for row in data.get("emails", [])
            if row.get("email")
        ]

    def extract_extra_data(self, data: dict[str, Any]) -> dict[str, Any]:
        """Kept with the account: no addresses."""
        return {name: data[name] for name in ("id", "login", "name") if name in data}


provider_classes = [GiteeProvider]
