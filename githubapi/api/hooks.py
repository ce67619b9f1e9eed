"""Webhooks of a repository, in GitHub's form."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from activity.commands import hooks as commands
from activity.models import Hook
from activity.queries import hooks as reads
from core.actors import Scope
from githubapi.api.base import RepositoryView, signed_in
from githubapi.api.shapes.common import At, moment
from githubapi.api.shapes.repositories import base
from projects.models import Repository


class ConfigIn(serializers.Serializer[Any]):
    """Where it goes."""

    url = serializers.CharField(max_length=1000, required=False)
    secret = serializers.CharField(max_length=200, required=False, allow_blank=True)
    content_type = serializers.CharField(max_length=20, required=False)
    insecure_ssl = serializers.JSONField(required=False)


class HookPatch(serializers.Serializer[Any]):
    """What can be changed of a hook. What is sent is JSON in GitHub's form, whatever `content_type` says."""

    config = ConfigIn(required=False)
    events = serializers.ListField(child=serializers.CharField(max_length=40), required=False, max_length=50)
    active = serializers.BooleanField(required=False)


class HookIn(HookPatch):
    """A new hook."""

    name = serializers.CharField(max_length=20, required=False, default="web")
    config = ConfigIn()


def told(given: dict[str, Any]) -> dict[str, Any]:
    """GitHub's words as those of the commands; `*` is everything, no events are pushes alone."""
    found: dict[str, Any] = {}
    config = given.get("config", {})
    if "url" in config:
        found["address"] = config["url"]
    if config.get("secret"):
        found["secret"] = config["secret"]
    if "events" in given:
        found["events"] = [] if "*" in given["events"] else list(given["events"]) or ["push"]
    if "active" in given:
        found["is_active"] = given["active"]
    return found


def hook_out(row: Repository, one: Hook, at: At) -> dict[str, Any]:
    """A hook; its address as it is shown, its secret never."""
    url = f"{base(row, at)}/hooks/{one.pk}"
    last = {"code": None, "status": "active" if one.failing_since is None else "failed", "message": None}
    return {
        "type": "Repository", "id": one.pk, "name": "web", "active": one.is_active, "events": one.events or ["*"],
        "config": {
            "content_type": "json", "insecure_ssl": "0", "url": one.address_shown, **({"secret": "********"} if one.secret_encrypted else {}),
        },
        "updated_at": moment(one.created_at), "created_at": moment(one.created_at), "url": url, "test_url": f"{url}/pings",
        "ping_url": f"{url}/pings", "deliveries_url": f"{url}/deliveries", "last_response": last,
    }  # fmt: skip


class HooksApi(RepositoryView):
    """`…/hooks`."""

    @signed_in(Scope.ADMIN)
    def get(self, request: Request, owner: str, repo: str) -> Response:
        """All of them."""
        row, at = self.repository(request, owner, repo), self.at(request)
        return self.listed(request, reads.hooks(self.actor(request), row), lambda one: hook_out(row, one, at))

    @signed_in(Scope.ADMIN)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Another one."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        reads.hooks(actor, row)  # whoever may not is told so before anything is said about the body
        given = {"address": "", "events": ["push"], **told(self.given(request, HookIn))}
        return Response(hook_out(row, commands.add_hook(actor, row, format="github", **given), self.at(request)), status=201)


class HookApi(RepositoryView):
    """`…/hooks/{id}`."""

    @signed_in(Scope.ADMIN)
    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """A hook."""
        row = self.repository(request, owner, repo)
        return Response(hook_out(row, reads.hook(self.actor(request), row, min(pk, 2**62)), self.at(request)))

    @signed_in(Scope.ADMIN)
    def patch(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """Change it."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        found = reads.hook(actor, row, min(pk, 2**62))
        changed = commands.change_hook(actor, found, **told(self.given(request, HookPatch)))
        return Response(hook_out(row, changed, self.at(request)))

    @signed_in(Scope.ADMIN)
    def delete(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponse:
        """Tell it no more."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        commands.remove_hook(actor, reads.hook(actor, row, min(pk, 2**62)))
        return HttpResponse(status=204)


class PingApi(RepositoryView):
    """`…/hooks/{id}/pings`."""

    @signed_in(Scope.ADMIN)
    def post(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponse:
        """Send a ping."""
        row, actor = self.repository(request, owner, repo), self.actor(request)
        commands.test_hook(actor, reads.hook(actor, row, min(pk, 2**62)))
        return HttpResponse(status=204)
