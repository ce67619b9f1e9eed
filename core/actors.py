"""Who asks. Rules and commands see an `Actor`, never a request."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest

if TYPE_CHECKING:
    from accounts.models import User


class Scope(StrEnum):
    """What a token may do; each includes the ones before it."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


ALL_SCOPES = frozenset(Scope)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a key or the system, with what the credential allows.

    `repositories`: ids a token is limited to, None for no limit. `deploy_key`: id of the deploy key that asks
    (then `person` is None). `ip` is the client's address ("" for the system). `memo` holds answers for one request.
    """

    person: "User | None" = None
    scopes: frozenset[Scope] = ALL_SCOPES
    repositories: frozenset[int] | None = None
    deploy_key: int | None = None
    is_system: bool = False
    ip: str = ""
    user_agent: str = ""
    via: str = "session"  # session | token | ssh | password | system
    memo: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_anonymous(self) -> bool:
        """True when nobody signed in and no key speaks."""
        return self.person is None and self.deploy_key is None and not self.is_system

    @property
    def is_staff(self) -> bool:
        """Site administrator, through a credential that carries the admin scope."""
        if self.is_system:
            return True
        return bool(self.person and self.person.is_staff and Scope.ADMIN in self.scopes)

    def may(self, scope: Scope) -> bool:
        """True if the credential carries `scope`."""
        return self.is_system or scope in self.scopes


SYSTEM = Actor(is_system=True, via="system")
ANONYMOUS = Actor(scopes=frozenset({Scope.READ}))


class ActorRequest(HttpRequest):
    """A request after `accounts.middleware.ActorMiddleware`."""

    actor: Actor
    id: str
    htmx: Any
