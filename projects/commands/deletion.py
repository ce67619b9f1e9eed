"""Deleting with seven days of undo, restoring, purging."""

import shutil
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.commands.names import require_name
from core import events
from core.actors import Actor
from core.errors import Conflict
from core.rules import HIDE
from projects import rules
from projects.commands.creation import name_taken, require_free_address, take_address
from projects.commands.pools import may_have_fed
from projects.commands.settings import require_confirmation
from projects.events import RepositoryDeleted, RepositoryPurged, RepositoryRestored
from projects.models import Repository

UNDO = timedelta(days=7)


def delete_repository(actor: Actor, repository: Repository, *, confirmation: str) -> None:
    """Hide it at once, everywhere; it can be restored for seven days, and its name is free now.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (typed confirmation), Conflict (deleted meanwhile).
    Publishes RepositoryDeleted.
    """
    rules.can_administer(actor, repository).require()
    require_confirmation(repository, confirmation)
    now = timezone.now()
    with transaction.atomic():
        changed = Repository.objects.filter(pk=repository.pk, deleted_at=None).update(deleted_at=now, deleted_name=repository.name)
        if not changed:
            raise Conflict(_("It is deleted already."), code="deleted")
        events.publish(RepositoryDeleted(repository_id=repository.pk, by_id=actor.person.pk if actor.person else None))
    repository.deleted_at, repository.deleted_name = now, repository.name


def restore_repository(actor: Actor, repository: Repository, *, name: str = "") -> Repository:
    """Undo a deletion, under another `name` if the old one was taken meanwhile.

    Raises NotFound (rules.can_restore, or purged), Invalid (name), Conflict (taken). Publishes RepositoryRestored.
    """
    rules.can_restore(actor, repository).require()
    name = name or repository.deleted_name
    require_name(name, kind="project", field="name")
    require_free_address(repository.namespace, name, kind=repository.kind)
    try:
        with transaction.atomic():
            restored = (
                Repository.objects.filter(pk=repository.pk)
                .exclude(deleted_at=None)
                .update(deleted_at=None, deleted_name="", name=name, updated_at=timezone.now())
            )
            if not restored:
                raise Conflict(_("It is not deleted any more."), code="deleted")
            take_address(repository.namespace, name)
            events.publish(RepositoryRestored(repository_id=repository.pk, by_id=actor.person.pk if actor.person else None))
    except IntegrityError as error:
        raise name_taken(repository.namespace, name) from error
    repository.deleted_at, repository.deleted_name, repository.name = None, "", name
    return repository


def purge_repository(actor: Actor, repository: Repository) -> None:
    """Remove a deleted repository for good: first the row, then the folder. Forks lose nothing; their parent becomes its parent.

    A subscriber moves the pool it may have fed to a new generation, without what it alone reached.
    Does nothing unless it is deleted. The system calls it after seven days, staff may earlier. Raises NotFound (not staff).
    Publishes RepositoryPurged.
    """
    if not actor.is_staff:
        HIDE.require()
    path = repository.path
    with transaction.atomic():
        row = Repository.objects.select_for_update().filter(pk=repository.pk).exclude(deleted_at=None).first()
        if row is None:
            return
        borrowed = gitstore.pool_of(path)
        pool = borrowed.name.removesuffix(".git") if borrowed is not None and may_have_fed(row) else ""
        Repository.objects.filter(forked_from=row).update(forked_from=row.forked_from_id)
        pk = row.pk
        row.delete()
        events.publish(RepositoryPurged(repository_id=pk, pool=pool))
    shutil.rmtree(path, ignore_errors=True)
