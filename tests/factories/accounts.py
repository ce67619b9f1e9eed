"""The least valid people and organisations, made through the commands where one exists."""

import time
from itertools import count

from accounts import commands
from accounts.models import Membership, Namespace, Organization, User
from core.actors import SYSTEM, Actor, Scope

_number = count(1)


def person(login: str = "", *, is_admin: bool = False) -> User:
    """A signed-up person with a confirmed address and the password `correct horse 7`."""
    login = login or f"person{next(_number)}"
    return commands.create_user(SYSTEM, login, email=f"{login}@example.org", password="correct horse 7", is_admin=is_admin)


def organization(slug: str = "", *, owner: User | None = None) -> Organization:
    """An organisation with one owner."""
    slug = slug or f"org{next(_number)}"
    made = Organization.objects.create(namespace=Namespace.objects.create(slug=slug, kind="organization"))
    if owner is not None:
        Membership.objects.create(organization=made, user=owner, role="owner")
    return made


def actor(user: User | None) -> Actor:
    """A signed-in session of that person."""
    return Actor(person=user) if user else Actor(scopes=frozenset({Scope.READ}))


def token(user: User, scope: str = "admin", **options) -> str:
    """The text of a new access token."""
    return commands.create_token(SYSTEM, user, name=f"t{next(_number)}", scope=Scope(scope), **options)[1]


def sign_in(client, user: User) -> None:
    """A session that signed in just now with the password (so sudo mode holds)."""
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time(), "username": user.username}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
