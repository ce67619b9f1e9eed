"""Deploy keys and collaborators."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries as people
from core.actors import Actor, Scope
from core.errors import NotFound
from githubapi.api.base import RepositoryView, signed_in
from githubapi.api.shapes import people as persons
from githubapi.api.shapes import repositories as shapes
from githubapi.api.shapes.common import At, moment
from projects import commands, rules
from projects.models import DeployKey, Repository

ACCESS = {"pull": "read", "triage": "read", "push": "write", "maintain": "maintain", "admin": "admin"}
PERMISSIONS = {"": "none", "read": "read", "write": "write", "maintain": "write", "admin": "admin"}


class KeyIn(serializers.Serializer[Any]):
    """A public key for one repository."""

    key = serializers.CharField(max_length=20000)
    title = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    read_only = serializers.BooleanField(required=False, default=False)  # type: ignore[assignment] # DRF takes declared fields away


class CollaboratorIn(serializers.Serializer[Any]):
    """What they may do."""

    permission = serializers.ChoiceField(choices=[*ACCESS, "read", "write"], required=False, default="push")


def key_out(row: Repository, one: DeployKey, at: At) -> dict[str, Any]:
    """A deploy key."""
    key = one.key
    return {
        "id": one.pk, "key": key.public_key, "url": f"{shapes.base(row, at)}/keys/{one.pk}", "title": key.title, "verified": True,
        "created_at": moment(key.created_at), "read_only": not one.can_write, "added_by": None, "last_used": moment(key.used_at), "enabled": True,
    }  # fmt: skip


class AdministeredView(RepositoryView):
    """For the repository's administrators."""

    def administered(self, request: Request, owner: str, repo: str) -> Repository:
        """Raises NotFound, Forbidden."""
        row = self.repository(request, owner, repo)
        rules.can_administer(self.actor(request), row).require()
        return row


class KeysApi(AdministeredView):
    """`…/keys`."""

    @signed_in(Scope.ADMIN)
    def get(self, request: Request, owner: str, repo: str) -> Response:
        """All of them."""
        row = self.administered(request, owner, repo)
        return self.listed(request, row.deploy_keys.select_related("key").order_by("pk"), lambda one: key_out(row, one, self.at(request)))

    @signed_in(Scope.ADMIN)
    def post(self, request: Request, owner: str, repo: str) -> Response:
        """Another one."""
        row = self.administered(request, owner, repo)
        given = self.given(request, KeyIn)
        made = commands.add_deploy_key(self.actor(request), row, title=given["title"], key=given["key"], can_write=not given["read_only"])
        return Response(key_out(row, made, self.at(request)), status=201)


class KeyApi(AdministeredView):
    """`…/keys/{id}`."""

    @signed_in(Scope.ADMIN)
    def get(self, request: Request, owner: str, repo: str, pk: int) -> Response:
        """A deploy key."""
        row = self.administered(request, owner, repo)
        found = row.deploy_keys.select_related("key").filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound("Not Found")
        return Response(key_out(row, found, self.at(request)))

    @signed_in(Scope.ADMIN)
    def delete(self, request: Request, owner: str, repo: str, pk: int) -> HttpResponse:
        """Take it away."""
        commands.remove_deploy_key(self.actor(request), self.administered(request, owner, repo), key=min(pk, 2**62))
        return HttpResponse(status=204)


class CollaboratorsApi(AdministeredView):
    """`…/collaborators`: those with access to this one repository."""

    @signed_in(Scope.ADMIN)
    def get(self, request: Request, owner: str, repo: str) -> Response:
        """All of them."""
        row, at = self.administered(request, owner, repo), self.at(request)
        rows = row.collaborators.select_related("user__namespace").order_by("pk")

        def show(one: Any) -> dict[str, Any]:
            held = shapes.LEVELS.get(one.access, shapes.ALL)
            return {
                **(persons.person(one.user, at) or {}), "permissions": {name: name in held for name in reversed(shapes.ALL)},
                "role_name": one.access,
            }  # fmt: skip

        return self.listed(request, rows, show)


class CollaboratorApi(AdministeredView):
    """`…/collaborators/{login}`."""

    @signed_in(Scope.ADMIN)
    def get(self, request: Request, owner: str, repo: str, login: str) -> HttpResponse:
        """204 for one."""
        row = self.administered(request, owner, repo)
        if not row.collaborators.filter(user=people.person(login)).exists():
            raise NotFound("Not Found")
        return HttpResponse(status=204)

    @signed_in(Scope.ADMIN)
    def put(self, request: Request, owner: str, repo: str, login: str) -> HttpResponse:
        """Let them in, at once and without an invitation."""
        row = self.administered(request, owner, repo)
        permission = self.given(request, CollaboratorIn)["permission"]
        commands.set_collaborator(self.actor(request), row, people.person(login), access=ACCESS.get(permission, permission))
        return HttpResponse(status=204)

    @signed_in(Scope.ADMIN)
    def delete(self, request: Request, owner: str, repo: str, login: str) -> HttpResponse:
        """Let them in no more."""
        commands.remove_collaborator(self.actor(request), self.administered(request, owner, repo), people.person(login))
        return HttpResponse(status=204)


class PermissionApi(AdministeredView):
    """`…/collaborators/{login}/permission`."""

    @signed_in(Scope.READ)
    def get(self, request: Request, owner: str, repo: str, login: str) -> Response:
        """What a person may do here: for oneself, and for administrators."""
        row, person = self.repository(request, owner, repo), people.person(login)
        if person != self.actor(request).person:
            rules.can_administer(self.actor(request), row).require()
        held = rules.access(Actor(person=person), row)
        shown = persons.person(person, self.at(request))
        return Response({"permission": PERMISSIONS[held], "role_name": held or "none", "user": shown})
