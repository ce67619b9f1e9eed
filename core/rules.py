"""The answer of a rule: yes, no with a reason, or hidden."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from core.actors import Actor, Scope
from core.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class Decision:
    """Truthy when allowed. `reason` is the sentence that page, API and command show."""

    allowed: bool
    reason: str = ""
    hidden: bool = False
    code: str = "forbidden"

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> None:
        """Raise NotFound where even existence is private, Forbidden with the reason where it is not."""
        if self.hidden:
            raise NotFound(_("There is nothing at this address, or you may not see it."))
        if not self.allowed:
            raise Forbidden(self.reason, code=self.code)


ALLOW = Decision(True)
HIDE = Decision(False, hidden=True, code="not_found")


def refuse(reason: str, code: str = "forbidden") -> Decision:
    """No, because `reason` (already in the reader's language)."""
    return Decision(False, reason, code=code)


def needs(actor: Actor, scope: Scope) -> Decision | None:
    """The refusal for an anonymous actor or a credential without `scope`, else None.

    Compare with `is not None`: a refusal is falsy, like every Decision that says no.
    """
    return refuse(_("Sign in first."), "sign_in") if actor.is_anonymous else needs_scope(actor, scope)


def needs_sign_in(actor: Actor) -> Decision | None:
    """The refusal for an anonymous actor, else None."""
    return refuse(_("Sign in first."), "sign_in") if actor.is_anonymous else None


def needs_scope(actor: Actor, scope: Scope) -> Decision | None:
    """The refusal for a token without `scope`, else None."""
    return None if actor.may(scope) else refuse(_("This token lacks the scope “%s”.") % scope.value, "scope")


def needs_whole(actor: Actor) -> Decision | None:
    """The refusal for a token limited to some repositories: what concerns the person or an organization is not its business."""
    return None if actor.repositories is None else refuse(_("This token is limited to some repositories."), "scope")
