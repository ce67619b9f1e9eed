"""Repositories as other packages need them: to choose from, or as a reason not to delete an account."""

from django.utils.translation import gettext as _

from accounts.models import User
from core.actors import Actor
from projects import rules
from projects.models import Repository

CHOICES_MAX = 500


def repository_choices(actor: Actor) -> list[tuple[int, str]]:
    """What a token of the actor can be limited to: repositories of theirs, of their organisations and those shared with them, by name."""
    if actor.person is None:
        return []
    person = actor.person
    rows = (
        Repository.objects.filter(rules.readable_by(actor), rules.belongs_to(person))
        .select_related("namespace")
        .order_by("namespace__slug", "name")
    )
    return [(row.pk, str(row)) for row in rows.distinct()[:CHOICES_MAX]]


def reason_to_keep_account(person: User) -> str:
    """A sentence while the person still has repositories, "" when nothing is in the way."""
    rows = Repository.objects.filter(namespace=person.namespace)
    count = rows.filter(deleted_at=None).count()
    if count:
        return _("Delete or transfer your repositories first; there are %d.") % count
    return _("Deleted repositories can still be restored. Close the account when their seven days are over.") if rows.exists() else ""
