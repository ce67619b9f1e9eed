"""The root, what the site is, and what a client may still ask."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from core.budget import NETWORK_PER_MINUTE
from core.errors import NotFound
from githubapi.api.base import SUBSET, GitHubView

UNLIMITED = 100_000  # what is said to people who are signed in: nothing is counted
VERSION = "3.14.0"  # of GitHub Enterprise Server, whose paths and shapes these are


class RootApi(GitHubView):
    """`/api/v3`."""

    def get(self, request: Request) -> Response:
        """Where things are."""
        at = self.at(request)
        repository = at.api("repos") + "/{owner}/{repo}"
        return Response(
            {
                "current_user_url": at.api("user"), "current_user_repositories_url": at.api("user", "repos") + "{?page,per_page,sort}",
                "emails_url": at.api("user", "emails"), "keys_url": at.api("user", "keys"), "organization_url": at.api("orgs") + "/{org}",
                "organization_repositories_url": at.api("orgs") + "/{org}/repos{?type,page,per_page,sort}", "repository_url": repository,
                "rate_limit_url": at.api("rate_limit"), "starred_url": at.api("user", "starred") + "{/owner}{/repo}",
                "user_url": at.api("users") + "/{user}", "user_organizations_url": at.api("user", "orgs"),
                "user_repositories_url": at.api("users") + "/{user}/repos{?type,page,per_page,sort}",
            }
        )  # fmt: skip


class MetaApi(GitHubView):
    """`/meta`."""

    def get(self, request: Request) -> Response:
        """That this is no GitHub, and how one clones."""
        port = settings.SSH_PORT
        host = settings.SSH_HOST if port == 22 else f"{settings.SSH_HOST}:{port}"
        return Response({"verifiable_password_authentication": False, "installed_version": VERSION, "domains": {"ssh": [host]}})


class VersionsApi(GitHubView):
    """`/versions`."""

    def get(self, request: Request) -> Response:
        """The one that is spoken here."""
        return Response([SUBSET])


class RateLimitApi(GitHubView):
    """`/rate_limit`."""

    def get(self, request: Request) -> Response:
        """Strangers share a budget for expensive answers; people who are signed in are not counted."""
        stranger = self.actor(request).is_anonymous
        limit = getattr(settings, "ANONYMOUS_NETWORK_BUDGET", NETWORK_PER_MINUTE) if stranger else UNLIMITED
        window: dict[str, Any] = {"limit": limit, "used": 0, "remaining": limit, "reset": int(time.time()) // 60 * 60 + 60}
        return Response(
            {"resources": {"core": window, "search": window, "graphql": {**window, "limit": 0, "remaining": 0}}, "rate": window}
        )


class UnknownApi(GitHubView):
    """Anything else below `/api/v3`."""

    def get(self, request: Request, rest: str = "") -> HttpResponse:
        """Not here."""
        raise NotFound("Not Found")

    post = put = patch = delete = get
