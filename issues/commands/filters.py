"""Saved filters of lists."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from core.errors import Conflict, Forbidden, Invalid, LimitReached
from issues import rules
from issues.logic.query import parse
from issues.models import SavedFilter
from projects import rules as projects_rules
from projects.models import Repository

MOST = 30  # of one person in one place, and of one repository
NAME_MAX, QUERY_MAX = 60, 1000


def save_filter(actor: Actor, repository: Repository | None, *, name: str, query: str, shared: bool = False) -> SavedFilter:
    """Keep a query under a name: for oneself, in a repository or across all (None); `shared`: for everybody who reads the repository.

    One of the same name is written over. Raises NotFound, Forbidden (rules.can_triage for shared ones), Invalid (name, query), LimitReached.
    """
    owner = _owner(actor, repository, shared=shared)
    name, query = " ".join(name.split()), str(parse(query))
    if not 0 < len(name) <= NAME_MAX:
        raise Invalid(_("Give a name of at most %d characters.") % NAME_MAX, field="name")
    if not 0 < len(query) <= QUERY_MAX:
        raise Invalid(_("There is no condition to keep.") if not query else _("The query is too long."), field="query")
    rows = SavedFilter.objects.filter(user=owner, repository=repository)
    with transaction.atomic():
        if (held := rows.filter(name__iexact=name).first()) is not None:
            held.query = query
            held.save(update_fields=["query"])
            return held
        if rows.count() >= MOST:
            raise LimitReached(_("There are at most %d filters here. Delete one first.") % MOST, field="name")
        try:
            with transaction.atomic():
                return SavedFilter.objects.create(user=owner, repository=repository, name=name, query=query)
        except IntegrityError as error:
            raise Conflict(_("There is a filter of this name already."), field="name") from error


def _owner(actor: Actor, repository: Repository | None, *, shared: bool) -> User | None:
    """Whose filter it becomes: None for the repository's."""
    if repository is not None:
        (rules.can_triage(actor, repository) if shared else projects_rules.can_read(actor, repository)).require()
    if shared and repository is None:
        raise Invalid(_("Only a filter of a project can be shared."), field="shared")
    if actor.person is None:
        raise Forbidden(_("Sign in first."), code="sign_in")
    return None if shared else actor.person


def delete_filter(actor: Actor, kept: SavedFilter) -> None:
    """Forget a filter. Raises NotFound, Forbidden (another's; rules.can_triage for shared ones)."""
    if kept.user_id is None and kept.repository is not None:
        rules.can_triage(actor, kept.repository).require()
    elif actor.person is None or kept.user_id != actor.person.pk:
        raise Forbidden(_("This filter is somebody else's."))
    kept.delete()
