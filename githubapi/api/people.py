"""Oneself, people, organizations."""

from typing import Any

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import commands, queries
from accounts import rules as people_rules
from accounts.models import Namespace, Organization, SSHKey, User
from accounts.queries.security import ssh_keys
from core.actors import Actor, Scope
from core.errors import NotFound
from githubapi.api.base import GitHubView, signed_in
from githubapi.api.shapes import people as shapes
from githubapi.api.shapes.common import At, moment
from projects.queries import repositories


def public_total(actor: Actor, namespace: Namespace) -> int:
    """How many repositories of a name the actor may read."""
    return repositories(actor).filter(namespace=namespace).count()


def namespace_of(person: User) -> Namespace:
    """Raises NotFound for a closed account."""
    if person.namespace is None:
        raise NotFound("Not Found")
    return person.namespace


class ProfileIn(serializers.Serializer[Any]):
    """What can be changed of oneself."""

    name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    bio = serializers.CharField(max_length=500, required=False, allow_blank=True)
    company = serializers.CharField(max_length=120, required=False, allow_blank=True)
    location = serializers.CharField(max_length=80, required=False, allow_blank=True)
    blog = serializers.URLField(max_length=200, required=False, allow_blank=True)


class UserApi(GitHubView):
    """`/user`."""

    def shown(self, request: Request, person: User) -> dict[str, Any]:
        """Oneself."""
        total = public_total(self.actor(request), namespace_of(person))
        shown = shapes.whole_person(person, self.at(request), repositories=total, is_self=True)
        return {**shown, "two_factor_authentication": False, "plan": None}

    @signed_in(Scope.READ)
    def get(self, request: Request) -> Response:
        """Who one is."""
        return Response(self.shown(request, self.signed_in(request)))

    @signed_in(Scope.ADMIN)
    def patch(self, request: Request) -> Response:
        """Change one's profile."""
        self.signed_in(request, Scope.ADMIN)
        words = {"name": "display_name", "company": "affiliation", "blog": "website"}
        given = {words.get(key, key): value for key, value in self.given(request, ProfileIn).items()}
        return Response(self.shown(request, commands.change_profile(self.actor(request), **given)))


class PersonApi(GitHubView):
    """`/users/{login}`: people, and organizations too."""

    def get(self, request: Request, login: str) -> Response:
        """A profile."""
        actor, namespace = self.actor(request), queries.namespace(login)
        total = public_total(actor, namespace)
        if namespace.kind == Namespace.Kind.ORGANIZATION:
            return Response(shapes.organization(namespace.organization, self.at(request), repositories=total))
        if namespace.kind == Namespace.Kind.HOST:
            raise NotFound("Not Found")
        return Response(shapes.whole_person(namespace.user, self.at(request), repositories=total))


class OwnOrganizationsApi(GitHubView):
    """`/user/orgs`."""

    @signed_in(Scope.READ)
    def get(self, request: Request) -> Response:
        """One's organizations."""
        self.signed_in(request)
        rows = queries.organizations_of(self.actor(request)).select_related("namespace").order_by("pk")
        return self.listed(request, rows, lambda row: shapes.organization_short(row, self.at(request)))


class OrganizationsOfApi(GitHubView):
    """`/users/{login}/orgs`."""

    def get(self, request: Request, login: str) -> Response:
        """Organizations where a person is a public member."""
        person = queries.person(login)
        rows = Organization.objects.filter(memberships__user=person, memberships__is_public=True, deleted_at=None)
        return self.listed(
            request, rows.select_related("namespace").order_by("pk"), lambda row: shapes.organization_short(row, self.at(request))
        )


class OrganizationIn(serializers.Serializer[Any]):
    """What can be changed of an organization."""

    name = serializers.CharField(max_length=80, required=False, allow_blank=True)
    description = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    location = serializers.CharField(max_length=80, required=False, allow_blank=True)
    blog = serializers.URLField(max_length=200, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)


class OrganizationApi(GitHubView):
    """`/orgs/{org}`."""

    def shown(self, request: Request, row: Organization) -> Response:
        """Its profile."""
        return Response(shapes.organization(row, self.at(request), repositories=public_total(self.actor(request), row.namespace)))

    def get(self, request: Request, org: str) -> Response:
        """An organization."""
        return self.shown(request, queries.organization(org))

    @signed_in(Scope.ADMIN)
    def patch(self, request: Request, org: str) -> Response:
        """Change its profile."""
        row = queries.organization(org)
        people_rules.can_administer_organization(self.actor(request), row).require()
        words = {"name": "display_name", "blog": "website", "email": "contact_email"}
        present = {key: getattr(row, key) for key in ("display_name", "description", "location", "website", "contact_email")}
        given = {words.get(key, key): value for key, value in self.given(request, OrganizationIn).items()}
        return self.shown(request, commands.change_organization(self.actor(request), row, **{**present, **given}))


class MembersApi(GitHubView):
    """`/orgs/{org}/members`."""

    def get(self, request: Request, org: str) -> Response:
        """Members whom one may see."""
        row, at = queries.organization(org), self.at(request)
        rows = queries.memberships(self.actor(request), row).select_related("user__namespace").order_by("pk")
        return self.listed(request, rows, lambda one: shapes.person(one.user, at) or {})


class MemberApi(GitHubView):
    """`/orgs/{org}/members/{login}`."""

    def get(self, request: Request, org: str, login: str) -> HttpResponse:
        """204 for a member whom one may see."""
        row = queries.organization(org)
        if not queries.memberships(self.actor(request), row).filter(user=queries.person(login)).exists():
            raise NotFound("Not Found")
        return HttpResponse(status=204)


class TeamsApi(GitHubView):
    """`/orgs/{org}/teams`."""

    @signed_in(Scope.READ)
    def get(self, request: Request, org: str) -> Response:
        """Teams of an organization, for its members."""
        row, at, person = queries.organization(org), self.at(request), self.signed_in(request)
        if not queries.is_member(row, person):
            raise NotFound("Not Found")
        rows = queries.teams(row).order_by("pk")
        return self.listed(request, rows, lambda team: _team(team, row, at))


def _team(team: Any, row: Organization, at: At) -> dict[str, Any]:
    base = at.api("orgs", row.slug, "teams", team.slug)
    return {
        "id": team.pk, "node_id": "", "url": base, "html_url": at.page(f"/-/orgs/{row.slug}/teams/{team.slug}"), "name": team.name, "slug": team.slug,
        "description": team.description or None, "privacy": "closed", "permission": "pull", "members_url": base + "/members{/member}",
        "repositories_url": base + "/repos", "parent": None, "members_count": team.members_total,
    }  # fmt: skip


class KeyIn(serializers.Serializer[Any]):
    """A public key."""

    key = serializers.CharField(max_length=20000)
    title = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


def key_out(row: SSHKey, at: At) -> dict[str, Any]:
    """A key of one's own."""
    return {
        "id": row.pk, "key": row.public_key, "url": at.api("user", "keys", row.pk), "title": row.title, "verified": True, "read_only": False,
        "created_at": moment(row.created_at), "last_used": moment(row.used_at),
    }  # fmt: skip


class KeysApi(GitHubView):
    """`/user/keys`."""

    @signed_in(Scope.READ)
    def get(self, request: Request) -> Response:
        """One's keys."""
        rows = ssh_keys(self.signed_in(request)).order_by("pk")
        return self.listed(request, rows, lambda row: key_out(row, self.at(request)))

    @signed_in(Scope.ADMIN)
    def post(self, request: Request) -> Response:
        """Another one."""
        self.signed_in(request, Scope.ADMIN)
        made = commands.add_ssh_key(self.actor(request), **self.given(request, KeyIn))
        return Response(key_out(made, self.at(request)), status=201)


class KeyApi(GitHubView):
    """`/user/keys/{id}`."""

    @signed_in(Scope.READ)
    def get(self, request: Request, pk: int) -> Response:
        """A key of one's own."""
        found = ssh_keys(self.signed_in(request)).filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound("Not Found")
        return Response(key_out(found, self.at(request)))

    @signed_in(Scope.ADMIN)
    def delete(self, request: Request, pk: int) -> HttpResponse:
        """Take it away."""
        self.signed_in(request, Scope.ADMIN)
        commands.remove_ssh_key(self.actor(request), min(pk, 2**62))
        return HttpResponse(status=204)
