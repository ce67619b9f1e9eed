"""Gitee's OAuth 2 addresses; SOCIAL_PROVIDERS may name another host (`{"gitee": {"URL": …}}`)."""

from typing import Any

from allauth.socialaccount import app_settings
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.views import OAuth2Adapter, OAuth2CallbackView, OAuth2LoginView
from django.http import HttpRequest


class GiteeAdapter(OAuth2Adapter):
    """Code for token, token for person and addresses."""

    provider_id = "gitee"

    @property
    def base(self) -> str:
        return str(app_settings.PROVIDERS.get("gitee", {}).get("URL", "https://gitee.com")).rstrip("/")

    @property
    def access_token_url(self) -> str:
        return f"{self.base}/oauth/token"

    @property
    def authorize_url(self) -> str:
        return f"{self.base}/oauth/authorize"

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **options: Any) -> SocialLogin:
        with get_adapter().get_requests_session() as session:
            headers = {"Authorization": f"token {token.token}"}
            answer = session.get(f"{self.base}/api/v5/user", headers=headers)
            answer.raise_for_status()
            person = answer.json()
            emails = session.get(f"{self.base}/api/v5/emails", headers=headers)
            person["emails"] = emails.json() if emails.ok else []
        return self.get_provider().sociallogin_from_response(request, person)


oauth2_login = OAuth2LoginView.adapter_view(GiteeAdapter)
oauth2_callback = OAuth2CallbackView.adapter_view(GiteeAdapter)
