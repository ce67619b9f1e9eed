"""Removing a repository by order, and putting it back: acts of site administration, audited."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import rules as people_rules
from accounts.commands import note_act
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid
from projects.events import RepositoryChanged
from projects.models import Repository


def take_down_repository(actor: Actor, repository: Repository, *, reason: str) -> Repository:
    """Answer 451 with `reason` to everyone but staff, on pages, API and Git. Raises NotFound (no staff), Invalid, Conflict (done before)."""
    people_rules.can_administer_site(actor).require()
    if not reason.strip():
        raise Invalid(_("Give the reason; everyone sees it."), field="reason")
    with transaction.atomic():
        changed = Repository.objects.filter(pk=repository.pk, taken_down_at=None).update(
            taken_down_at=timezone.now(), taken_down_reason=reason.strip()[:1000]
        )
        if not changed:
            raise Conflict(_("This repository was taken down before."))
        note_act(actor, "take_down_repository", str(repository), reason=reason)
        events.publish(RepositoryChanged(repository_id=repository.pk))
    repository.refresh_from_db()
    return repository


def put_back_repository(actor: Actor, repository: Repository) -> Repository:
    """Lift a take-down. Raises NotFound (no staff), Conflict (it is not taken down)."""
    people_rules.can_administer_site(actor).require()
    with transaction.atomic():
        changed = Repository.objects.filter(pk=repository.pk).exclude(taken_down_at=None).update(taken_down_at=None, taken_down_reason="")
        if not changed:
            raise Conflict(_("This repository is not taken down."))
        note_act(actor, "put_back_repository", str(repository))
        events.publish(RepositoryChanged(repository_id=repository.pk))
    repository.refresh_from_db()
    return repository
