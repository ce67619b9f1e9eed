"""People, organisations, keys, tokens."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import commands, queries, rules
from accounts.models import Organization, SSHKey, Token, User
from accounts.queries import security
from core.actors import Actor, Scope
from core.apiviews import ApiView
from core.errors import Forbidden, NotFound


class UserOut(serializers.Serializer[Any]):
    """A person as others see them; `email` only of oneself."""

    login = serializers.CharField()
    username = serializers.CharField()
    name = serializers.CharField()
    bio = serializers.CharField()
    affiliation = serializers.CharField()
    location = serializers.CharField()
    website = serializers.CharField()
    avatar_url = serializers.CharField()
    joined = serializers.DateTimeField()
    email = serializers.CharField(required=False)


def user_out(person: User, *, own: bool = False) -> dict[str, Any]:
    """JSON values of a person."""
    shown = {
        "login": person.username, "username": person.username, "name": person.shown_name, "bio": person.bio, "affiliation": person.affiliation,
        "location": person.location, "website": person.website, "avatar_url": person.avatar_url, "joined": person.date_joined.isoformat(),
    }  # fmt: skip
    return {**shown, "email": person.email} if own else shown


class OrganizationOut(serializers.Serializer[Any]):
    """An organisation."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    website = serializers.CharField()
    location = serializers.CharField()
    avatar_url = serializers.CharField()
    created = serializers.DateTimeField()


def organization_out(organization: Organization) -> dict[str, Any]:
    """JSON values of an organisation."""
    return {
        "slug": organization.slug, "name": organization.shown_name, "description": organization.description, "website": organization.website,
        "location": organization.location, "avatar_url": organization.avatar_url, "created": organization.created_at.isoformat(),
    }  # fmt: skip


class OrganizationIn(serializers.Serializer[Any]):
    """Found an organisation."""

    slug = serializers.CharField(max_length=39)
    display_name = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)
    description = serializers.CharField(max_length=1000, required=False, default="", allow_blank=True)


class MemberOut(serializers.Serializer[Any]):
    """A member with a role."""

    login = serializers.CharField()
    role = serializers.CharField()
    public = serializers.BooleanField()


class RoleIn(serializers.Serializer[Any]):
    """A role."""

    role = serializers.ChoiceField(choices=["owner", "maintainer", "developer", "reader"])


class KeyIn(serializers.Serializer[Any]):
    """A public key."""

    key = serializers.CharField(max_length=20000)
    title = serializers.CharField(max_length=80, required=False, default="", allow_blank=True)


class KeyOut(serializers.Serializer[Any]):
    """A stored key."""

    id = serializers.IntegerField()
    title = serializers.CharField()
    fingerprint = serializers.CharField()
    key = serializers.CharField()
    created = serializers.DateTimeField()


def key_out(key: SSHKey) -> dict[str, Any]:
    """JSON values of a key."""
    return {"id": key.pk, "title": key.title, "fingerprint": key.fingerprint, "key": key.public_key, "created": key.created_at.isoformat()}


class TokenIn(serializers.Serializer[Any]):
    """A new token."""

    name = serializers.CharField(max_length=80)
    scope = serializers.ChoiceField(choices=[scope.value for scope in Scope])
    expires_at = serializers.DateTimeField(required=False, allow_null=True, default=None)


class TokenOut(serializers.Serializer[Any]):
    """A token; its text stands only in the answer that made it."""

    name = serializers.CharField()
    hint = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    expires_at = serializers.DateTimeField(allow_null=True)
    used_at = serializers.DateTimeField(allow_null=True)
    token = serializers.CharField(required=False)


def token_out(token: Token) -> dict[str, Any]:
    """JSON values of a token."""
    return {
        "name": token.name, "hint": token.hint, "scopes": token.scopes,
        "expires_at": token.expires_at.isoformat() if token.expires_at else None, "used_at": token.used_at.isoformat() if token.used_at else None,
    }  # fmt: skip


def oneself(actor: Actor, *, scope: Scope = Scope.READ) -> User:
    """The person who asks. Raises Forbidden."""
    if actor.person is None:
        raise Forbidden("Sign in first.", code="sign_in")
    if not actor.may(scope):
        raise Forbidden(f"This token lacks the scope “{scope.value}”.", code="scope")
    return actor.person


class CurrentUserApi(ApiView):
    """`/user`."""

    @extend_schema(responses=UserOut)
    def get(self, request: Request) -> Response:
        """Oneself."""
        return Response(user_out(oneself(self.actor(request)), own=True))


class UserApi(ApiView):
    """`/users/{login}`."""

    @extend_schema(responses=UserOut)
    def get(self, request: Request, login: str) -> Any:
        """One person."""
        person = queries.person(login)
        if person.state != "active":
            raise NotFound("There is nobody of this name.")
        return self.conditional(request, user_out(person))


class OrganizationsApi(ApiView):
    """`/organizations`."""

    @extend_schema(responses=OrganizationOut(many=True))
    def get(self, request: Request) -> Response:
        """One's own organisations."""
        oneself(self.actor(request))
        return Response([organization_out(row) for row in queries.organizations_of(self.actor(request))])

    @extend_schema(request=OrganizationIn, responses={201: OrganizationOut})
    def post(self, request: Request) -> Response:
        """Found one."""
        given = self.validated(request, OrganizationIn)
        made = commands.create_organization(
            self.actor(request), given["slug"], display_name=given["display_name"], description=given["description"]
        )
        return Response(organization_out(made), status=201)


class OrganizationApi(ApiView):
    """`/organizations/{slug}`."""

    @extend_schema(responses=OrganizationOut)
    def get(self, request: Request, slug: str) -> Any:
        """One organisation."""
        return self.conditional(request, organization_out(queries.organization(slug)))


class MembersApi(ApiView):
    """`/organizations/{slug}/members`."""

    @extend_schema(responses=MemberOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Members the caller may see, at most 500."""
        rows = queries.memberships(self.actor(request), queries.organization(slug))[:500]
        return Response([{"login": row.user.username, "role": row.role, "public": row.is_public} for row in rows])


class MemberApi(ApiView):
    """`/organizations/{slug}/members/{login}`."""

    @extend_schema(request=RoleIn, responses=MemberOut)
    def put(self, request: Request, slug: str, login: str) -> Response:
        """Add a member or change the role."""
        organization = queries.organization(slug)
        rules.can_administer_organization(self.actor(request), organization).require()
        given = self.validated(request, RoleIn)
        row = commands.set_member(self.actor(request), organization, queries.person(login), role=given["role"])
        return Response({"login": row.user.username, "role": row.role, "public": row.is_public})

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, login: str) -> Response:
        """Remove a member, or leave."""
        commands.remove_member(self.actor(request), queries.organization(slug), queries.person(login))
        return Response(status=204)


class KeysApi(ApiView):
    """`/user/keys`."""

    @extend_schema(responses=KeyOut(many=True))
    def get(self, request: Request) -> Response:
        """One's SSH keys."""
        return Response([key_out(key) for key in security.ssh_keys(oneself(self.actor(request)))])

    @extend_schema(request=KeyIn, responses={201: KeyOut})
    def post(self, request: Request) -> Response:
        """Add a key."""
        oneself(self.actor(request), scope=Scope.ADMIN)
        return Response(key_out(commands.add_ssh_key(self.actor(request), **self.validated(request, KeyIn))), status=201)


class KeyApi(ApiView):
    """`/user/keys/{pk}`."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a key."""
        oneself(self.actor(request), scope=Scope.ADMIN)
        commands.remove_ssh_key(self.actor(request), min(pk, 2**62))
        return Response(status=204)


class TokensApi(ApiView):
    """`/user/tokens`."""

    @extend_schema(responses=TokenOut(many=True))
    def get(self, request: Request) -> Response:
        """One's tokens, without their texts."""
        return Response([token_out(row) for row in security.tokens(oneself(self.actor(request)))])

    @extend_schema(request=TokenIn, responses={201: TokenOut})
    def post(self, request: Request) -> Response:
        """Make a token; `token` is its text."""
        person = oneself(self.actor(request), scope=Scope.ADMIN)
        given = self.validated(request, TokenIn)
        made, text = commands.create_token(
            self.actor(request), person, name=given["name"], scope=Scope(given["scope"]), expires_at=given["expires_at"]
        )
        return Response({**token_out(made), "token": text}, status=201)


class TokenApi(ApiView):
    """`/user/tokens/{name}`."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, name: str) -> Response:
        """Revoke a token."""
        commands.revoke_token(self.actor(request), oneself(self.actor(request), scope=Scope.ADMIN), name=name)
        return Response(status=204)
