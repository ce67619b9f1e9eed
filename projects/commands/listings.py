"""Last commits of directories that nobody asked for yet, computed by the worker where the history is long."""

import hashlib
from urllib.parse import quote, unquote

import structlog
from django.core.cache import cache
from django.db import transaction

import gitstore
from core import events
from core.actors import Actor
from core.models import Delivery
from core.rules import HIDE
from projects import rules
from projects.events import ListingRequested
from projects.logic import is_long_history
from projects.models import Repository

log = structlog.get_logger(__name__)
SECONDS = 100  # of one computation; a lease of the outbox is 120
WAITING = 20  # requests in the queue of the whole site; pages beyond that ask again when they are next looked at
_SUBSCRIBER = "projects.subscribers.index.build_requested_listing"


def request_listing(actor: Actor, repository: Repository, *, oid: str, folder: str) -> bool:
    """Have the worker compute the last commits of `folder` at the commit; True if the request was written.

    Asked again within two minutes, or while many wait, nothing is written. Raises NotFound. Publishes ListingRequested.
    """
    rules.can_read(actor, repository).require()
    if not is_long_history(repository.commits):  # threads beside the pages do it at once
        return False
    name = hashlib.blake2b(f"{repository.pk} {oid} {folder}".encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
    if not cache.add(f"listing:{name}", 1, SECONDS + 20):
        return False
    if Delivery.objects.filter(subscriber=_SUBSCRIBER, done_at=None, failed_at=None).count() >= WAITING:
        cache.delete(f"listing:{name}")
        return False
    with transaction.atomic():
        events.publish(ListingRequested(repository_id=repository.pk, oid=oid, folder=quote(folder.encode("utf-8", "surrogateescape"))))
    return True


def build_listing(actor: Actor, repository_id: int, *, oid: str, folder: str) -> None:
    """Compute and keep what was requested; `folder` is percent-encoded. Safe to repeat: what is known is not computed again."""
    if not actor.is_system:
        HIDE.require()
    repository = Repository.objects.filter(pk=repository_id, deleted_at=None).first()
    if repository is None or not repository.path.is_dir():
        return
    try:
        gitstore.build_last_commits(repository.path, oid, unquote(folder, errors="surrogateescape"), seconds=SECONDS)
    except gitstore.GitError as error:
        log.info("last_commits_skipped", repository=repository.pk, error=str(error))
