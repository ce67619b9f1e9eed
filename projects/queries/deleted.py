"""Deleted repositories that can still be restored."""

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.queries import writable_namespaces
from core.actors import Actor
from core.errors import NotFound
from projects import rules
from projects.models import Repository


def deleted_repositories(actor: Actor) -> QuerySet[Repository]:
    """Of the names the actor may create under, latest deletion first."""
    names = writable_namespaces(actor).values("pk")
    rows = Repository.objects.exclude(deleted_at=None).filter(namespace__in=names)
    return rows.select_related("namespace", "namespace__user", "namespace__organization").order_by("-deleted_at")


def deleted_repository(actor: Actor, pk: int) -> Repository:
    """One of them. Raises NotFound."""
    rows = Repository.objects.exclude(deleted_at=None).select_related("namespace", "namespace__user", "namespace__organization")
    found = rows.filter(pk=pk).first()
    if found is None or not rules.can_restore(actor, found):
        raise NotFound(_("There is nothing to restore."))
    return found


def overdue_deletions() -> QuerySet[Repository]:
    """Whose days of undo are over: the sweep purges them. A mirror that left the catalogue has 30, as every act of curation."""
    now = timezone.now()
    mirrors = Q(mirror__is_public_mirror=True)
    over = (Q(deleted_at__lte=now - timedelta(days=7)) & ~mirrors) | (Q(deleted_at__lte=now - timedelta(days=30)) & mirrors)
    return Repository.objects.filter(over).order_by("pk")
