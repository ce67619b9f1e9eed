"""A repository changes: what it says about itself, who may read it, where it lives."""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.commands.names import require_name
from accounts.models import Namespace
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid
from projects import rules
from projects.commands.creation import DESCRIPTION_MAX, name_taken, require_free_address, require_visibility, take_address
from projects.events import DefaultBranchChanged, RepositoryChanged, RepositoryRenamed, VisibilityChanged
from projects.models import FormerAddress, Repository, TeamAccess, Visibility

TOPIC = re.compile(r"[a-z0-9\u4e00-\u9fff](?:[a-z0-9\u4e00-\u9fff-]{0,33}[a-z0-9\u4e00-\u9fff])?")
TOPICS_MAX = 20
PATTERNS_MAX = 50
VISIBILITY_ORDER = (Visibility.PRIVATE, Visibility.INTERNAL, Visibility.PUBLIC)


def clean_topics(topics: Iterable[str]) -> list[str]:
    """Lower case, no doubles, in the given order. Raises Invalid (form, more than 20)."""
    cleaned = list(dict.fromkeys(topic.strip().lower() for topic in topics if topic.strip()))
    for topic in cleaned:
        if not TOPIC.fullmatch(topic):
            raise Invalid(_("“%s” is not a topic: use letters, digits, Chinese characters and “-”, at most 35.") % topic, field="topics")
    if len(cleaned) > TOPICS_MAX:
        raise Invalid(_("At most %d topics.") % TOPICS_MAX, field="topics")
    return cleaned


def require_website(website: str) -> None:
    """Raise Invalid unless it is "" or an address of the web."""
    if website and urlsplit(website).scheme not in ("http", "https"):
        raise Invalid(_("A website begins with https:// or http://."), field="website")


def change_repository(actor: Actor, repository: Repository, *, description: str, website: str, topics: Iterable[str]) -> Repository:
    """Write what the front page says. Raises NotFound or Forbidden (rules.can_maintain), Invalid (website, topics). Publishes RepositoryChanged."""
    rules.can_maintain(actor, repository).require()
    cleaned = clean_topics(topics)
    require_website(website)
    repository.description = " ".join(description.split())[:DESCRIPTION_MAX]
    repository.website, repository.topics, repository.updated_at = website, cleaned, timezone.now()
    with transaction.atomic():
        repository.save(update_fields=["description", "website", "topics", "updated_at"])
        events.publish(RepositoryChanged(repository_id=repository.pk))
    return repository


def change_push_rules(
    actor: Actor, repository: Repository, *, forbidden_paths: Iterable[str], check_emails: bool, max_blob_bytes: int | None
) -> Repository:
    """What every push is checked against. `max_blob_bytes` None: the site's limit.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (patterns, size).
    """
    rules.can_administer(actor, repository).require()
    patterns = list(dict.fromkeys(pattern.strip() for pattern in forbidden_paths if pattern.strip()))
    if len(patterns) > PATTERNS_MAX or any(len(pattern) > 200 for pattern in patterns):
        raise Invalid(_("At most %d patterns of 200 characters.") % PATTERNS_MAX, field="forbidden_paths")
    if max_blob_bytes is not None and max_blob_bytes < 1:
        raise Invalid(_("Give a size above zero, or none."), field="max_blob_mib")
    repository.forbidden_paths, repository.check_emails, repository.max_blob_bytes = patterns, check_emails, max_blob_bytes
    repository.save(update_fields=["forbidden_paths", "check_emails", "max_blob_bytes"])
    return repository


def set_default_branch(actor: Actor, repository: Repository, *, branch: str) -> Repository:
    """Choose the branch the front page shows and clones check out.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (no such branch). Publishes DefaultBranchChanged.
    """
    rules.can_administer(actor, repository).require()
    if branch == repository.default_branch:
        return repository
    oid = require_branch(repository, branch)
    gitstore.set_head(repository.path, branch)
    return write_default_branch(repository, branch, oid)


def require_branch(repository: Repository, branch: str) -> str:
    """The commit of a branch that may become the default one. Raises Invalid."""
    oid = gitstore.ref_oid(repository.path, f"refs/heads/{branch}")
    if not oid:
        raise Invalid(_("There is no branch “%s”.") % branch, field="default_branch")
    return oid


def write_default_branch(repository: Repository, branch: str, oid: str) -> Repository:
    """The rows of `set_default_branch`, once HEAD names it."""
    old = repository.default_branch
    with transaction.atomic():
        Repository.objects.filter(pk=repository.pk).update(default_branch=branch, head_oid=oid, updated_at=timezone.now())
        events.publish(DefaultBranchChanged(repository_id=repository.pk, old=old, new=branch))
    repository.default_branch, repository.head_oid = branch, oid
    return repository


def require_visibility_like_parent(repository: Repository, visibility: str) -> None:
    """A fork is never more visible than what it was forked from. Raises Conflict."""
    parent = repository.forked_from
    if parent is None:
        return
    if opens(parent, visibility):
        raise Conflict(
            _("A fork cannot be more visible than the repository it was forked from. Detach it first."),
            field="visibility",
            code="fork_visibility",
        )


def set_visibility(actor: Actor, repository: Repository, *, visibility: str) -> Repository:
    """Change who may read. The repository leaves the shared pool of its network with its objects; its forks stay as visible as they are.

    To fewer readers: the row changes first, so nobody new reads from here on, and a subscriber leaves the pool. To more readers: it leaves
    the pool first, since that pool may hold what only others may read.
    Raises NotFound or Forbidden (rules.can_administer), Invalid, Conflict (more visible than its parent). Publishes VisibilityChanged.
    """
    rules.can_administer(actor, repository).require()
    require_visibility(visibility)
    if visibility == repository.visibility:
        return repository
    require_visibility_like_parent(repository, visibility)
    if opens(repository, visibility):
        gitstore.leave_pool(repository.path)
    return write_visibility(repository, visibility)


def opens(repository: Repository, visibility: str) -> bool:
    """True if more people could read it."""
    return VISIBILITY_ORDER.index(Visibility(visibility)) > VISIBILITY_ORDER.index(Visibility(repository.visibility))


def write_visibility(repository: Repository, visibility: str) -> Repository:
    """The rows of `set_visibility`, once the pool is left where it must be."""
    old = repository.visibility
    with transaction.atomic():
        Repository.objects.filter(pk=repository.pk).update(visibility=visibility, pool_id=None, updated_at=timezone.now())
        events.publish(VisibilityChanged(repository_id=repository.pk, old=old, new=visibility))
    repository.visibility, repository.pool_id = visibility, None
    return repository


def rename_repository(actor: Actor, repository: Repository, *, name: str) -> Repository:
    """Give it a new name; the old one leads here until it is reused.

    Raises NotFound or Forbidden (rules.can_administer), Invalid (name), Conflict (taken). Publishes RepositoryRenamed.
    """
    rules.can_administer(actor, repository).require()
    require_name(name, kind="project", field="name")
    return move_repository(repository, repository.namespace, name, field="name")


def transfer_repository(actor: Actor, repository: Repository, *, to: Namespace, confirmation: str) -> Repository:
    """Move it under another name. Access of the old organisation's teams ends; collaborators stay.

    Raises NotFound or Forbidden (rules.can_administer, rules.can_create_in), Invalid (typed confirmation, the same place), Conflict
    (taken).
    Publishes RepositoryRenamed.
    """
    rules.can_administer(actor, repository).require()
    rules.can_create_in(actor, to).require()
    require_confirmation(repository, confirmation)
    if to.pk == repository.namespace_id:
        raise Invalid(_("It is there already."), field="namespace")
    return move_repository(repository, to, repository.name, field="namespace")


def require_confirmation(repository: Repository, confirmation: str) -> None:
    """Raise Invalid unless the full name was typed."""
    if confirmation.strip() != str(repository):
        raise Invalid(_("Type “%s” to confirm.") % repository, field="confirmation", code="confirmation")


def move_repository(repository: Repository, namespace: Namespace, name: str, *, field: str) -> Repository:
    """New address, old one kept as former; for commands that asked their rules. Nothing moves on disk."""
    if (namespace.pk, name) == (repository.namespace_id, repository.name):
        return repository
    old_namespace, old_name, old = repository.namespace, repository.name, str(repository)
    same_address = namespace.pk == old_namespace.pk and name.lower() == old_name.lower()
    if not same_address:
        require_free_address(namespace, name, kind=repository.kind, field=field)
    try:
        with transaction.atomic():
            moved = Repository.objects.filter(pk=repository.pk, namespace=old_namespace, name=old_name, deleted_at=None).update(
                namespace=namespace, name=name, updated_at=timezone.now()
            )
            if not moved:
                raise Conflict(_("Someone else changed the address meanwhile."), code="moved")
            take_address(namespace, name)
            if not same_address:
                take_address(old_namespace, old_name)
                FormerAddress.objects.create(namespace=old_namespace, name=old_name, repository=repository)
            if namespace.pk != old_namespace.pk:
                TeamAccess.objects.filter(repository=repository).delete()
            repository.namespace, repository.name = namespace, name
            events.publish(RepositoryRenamed(repository_id=repository.pk, old=old, new=str(repository)))
    except IntegrityError as error:
        repository.namespace, repository.name = old_namespace, old_name
        raise name_taken(namespace, name, field=field) from error
    return repository


def set_archived(actor: Actor, repository: Repository, *, archived: bool) -> Repository:
    """Archived: readable, nothing can be pushed or edited. Raises NotFound or Forbidden (rules.can_administer). Publishes RepositoryChanged."""
    rules.can_administer(actor, repository).require()
    repository.is_archived, repository.updated_at = archived, timezone.now()
    with transaction.atomic():
        repository.save(update_fields=["is_archived", "updated_at"])
        events.publish(RepositoryChanged(repository_id=repository.pk))
    return repository
