"""People, keys and tokens."""

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import commands, queries
from accounts.api import shapes
from accounts.models import User
from accounts.places import repository_choices
from accounts.queries import security
from core.actors import Actor, Scope
from core.apiviews import ApiView
from core.errors import Forbidden, Invalid, NotFound
from core.schema import PAGED, operation, page_of
from core.sudo import needs_proof

KEY = {"key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0zXaWnQXqvZ6Q1mXK8E9v4mP3sT7b2cY5dR1fG6hLk ada@laptop", "title": "Laptop"}


class CurrentUserApi(ApiView):
    """`/user`."""

    def shown(self, request: Request, person: User) -> dict[str, Any]:
        """JSON values of oneself."""
        return shapes.current_user_out(person, sorted(scope.value for scope in self.actor(request).scopes))

    @operation("get_current_user", answer=shapes.CurrentUserOut, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Your own account

        Also what the token may do (`scopes`).
        """
        return Response(self.shown(request, self.signed_in(request)))

    @operation(
        "update_current_user",
        body=shapes.CurrentUserIn,
        answer=shapes.CurrentUserOut,
        scope=Scope.ADMIN,
        also=[412],
        example={"bio": "Hello"},
    )
    def patch(self, request: Request) -> Response:
        """Change your profile"""
        person = self.signed_in(request, Scope.ADMIN)
        self.require_match(request, self.shown(request, person))
        return Response(self.shown(request, commands.change_profile(self.actor(request), **self.validated(request, shapes.CurrentUserIn))))


class UserApi(ApiView):
    """`/users/{login}`."""

    @operation("get_user", answer=shapes.UserOut)
    def get(self, request: Request, login: str) -> Response:
        """A person"""
        person = queries.person(login)
        if person.state != "active" or not person.is_active:
            raise NotFound(_("There is nobody of this name."))
        return Response(shapes.user_out(person))


class CredentialBase(ApiView):
    """Keys and tokens: an admin token, or a session that proved itself lately."""

    def owner(self, request: Request) -> User:
        """Whose keys they are. Raises Forbidden."""
        person: User = self.signed_in(request, Scope.ADMIN)
        if self.actor(request).via == "session" and needs_proof(request._request):  # type: ignore[arg-type]
            raise Forbidden(_("Confirm first that it is you: open the page of access tokens in your settings."), code="sudo")
        return person


class KeysApi(CredentialBase):
    """`/user/keys`."""

    @operation("list_ssh_keys", answer=page_of(shapes.KeyOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Your SSH keys"""
        return self.rows(request, security.ssh_keys(self.signed_in(request)), by="-created_at", show=shapes.key_out)

    @operation("create_ssh_key", body=shapes.KeyIn, answer=shapes.KeyOut, status=201, scope=Scope.ADMIN, example=KEY)
    def post(self, request: Request) -> Response:
        """Add an SSH key"""
        self.owner(request)
        return Response(shapes.key_out(commands.add_ssh_key(self.actor(request), **self.validated(request, shapes.KeyIn))), status=201)


class KeyApi(CredentialBase):
    """`/user/keys/{pk}`."""

    @operation("get_ssh_key", answer=shapes.KeyOut, scope=Scope.READ)
    def get(self, request: Request, pk: int) -> Response:
        """One of your SSH keys"""
        found = security.ssh_keys(self.signed_in(request)).filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound(_("There is no such key."))
        return Response(shapes.key_out(found))

    @operation("delete_ssh_key", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, pk: int) -> Response:
        """Remove an SSH key

        It stops working at once.
        """
        self.owner(request)
        commands.remove_ssh_key(self.actor(request), min(pk, 2**62))
        return Response(status=204)


class SigningKeysApi(CredentialBase):
    """`/user/signing-keys`."""

    @operation("list_signing_keys", answer=page_of(shapes.KeyOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Your signing keys"""
        return self.rows(request, security.signing_keys(self.signed_in(request)), by="-created_at", show=shapes.key_out)

    @operation("create_signing_key", body=shapes.KeyIn, answer=shapes.KeyOut, status=201, scope=Scope.ADMIN, example=KEY)
    def post(self, request: Request) -> Response:
        """Add a signing key

        An SSH key, or an armoured public GPG key. Commits signed with it show as verified.
        """
        self.owner(request)
        return Response(shapes.key_out(commands.add_signing_key(self.actor(request), **self.validated(request, shapes.KeyIn))), status=201)


class SigningKeyApi(CredentialBase):
    """`/user/signing-keys/{pk}`."""

    @operation("get_signing_key", answer=shapes.KeyOut, scope=Scope.READ)
    def get(self, request: Request, pk: int) -> Response:
        """One of your signing keys"""
        found = security.signing_keys(self.signed_in(request)).filter(pk=min(pk, 2**62)).first()
        if found is None:
            raise NotFound(_("There is no such key."))
        return Response(shapes.key_out(found))

    @operation("delete_signing_key", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, pk: int) -> Response:
        """Remove a signing key"""
        self.owner(request)
        commands.remove_signing_key(self.actor(request), min(pk, 2**62))
        return Response(status=204)


def _named(actor: Actor, names: list[str]) -> list[int]:
    """Ids of repositories that a token of the actor can be limited to. Raises Invalid."""
    known = {label.lower(): pk for source in repository_choices for pk, label in source(actor)}
    for name in names:
        if name.lower() not in known:
            raise Invalid(_("You do not work in a repository “%s”.") % name, field="repositories")
    return [known[name.lower()] for name in names]


class TokensApi(CredentialBase):
    """`/user/tokens`."""

    @operation("list_tokens", answer=page_of(shapes.TokenOut), query=PAGED, scope=Scope.READ)
    def get(self, request: Request) -> Response:
        """Your access tokens

        Without their texts, which are stored nowhere.
        """
        return self.rows(request, security.tokens(self.signed_in(request)), by="-created_at", show=shapes.token_out)

    @operation(
        "create_token", body=shapes.TokenIn, answer=shapes.NewTokenOut, status=201, scope=Scope.ADMIN,
        example={"name": "CI", "scope": "write", "repositories": ["ada/demo"], "expires_at": "2030-01-01T00:00:00Z"},
    )  # fmt: skip
    def post(self, request: Request) -> Response:
        """Make an access token

        `token` in the answer is its text; it is shown this once.
        """
        person = self.owner(request)
        given = self.validated(request, shapes.TokenIn)
        names = given["repositories"]
        limit = None if names is None else _named(self.actor(request), names)
        made, text = commands.create_token(
            self.actor(request), person, name=given["name"], scope=Scope(given["scope"]), expires_at=given["expires_at"], repositories=limit
        )
        return Response({**shapes.token_out(made), "token": text}, status=201)


class TokenApi(CredentialBase):
    """`/user/tokens/{token}`."""

    @operation("get_token", answer=shapes.TokenOut, scope=Scope.READ)
    def get(self, request: Request, token: str) -> Response:
        """One of your access tokens"""
        found = security.tokens(self.signed_in(request)).filter(name=token).first()
        if found is None:
            raise NotFound(_("There is no token of this name."))
        return Response(shapes.token_out(found))

    @operation("revoke_token", status=204, scope=Scope.ADMIN)
    def delete(self, request: Request, token: str) -> Response:
        """Revoke an access token

        It stops working at once.
        """
        commands.revoke_token(self.actor(request), self.owner(request), name=token)
        return Response(status=204)
