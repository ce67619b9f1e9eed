"""Messages of pushed commits, read for what they name and close."""

from collections.abc import Sequence

from django.db import transaction

import gitstore
from accounts.models import User
from core.actors import SYSTEM, Actor
from issues import rules
from issues.commands.referring import refer_by_commit
from issues.commands.states import close_issue
from issues.models import Thread
from issues.queries.naming import names_of
from projects import rules as projects_rules
from projects.models import Repository

COMMITS_MAX = 200  # of one push that are read; an import of a history closes nothing


def read_pushed_messages(repository_id: int, updates: Sequence[Sequence[str]], by_id: int | None) -> None:
    """New commits of the default branch of a repository that is no mirror; safe to repeat: a commit names a thread once.

    A closing word counts when its reference is new, and where whoever pushed may close the issue; a deploy key closes those of its own
    repository. Publishes IssueClosed.
    """
    repository = (
        Repository.objects.filter(pk=repository_id, deleted_at=None).select_related("namespace", "mirror", "thread_counter").first()
    )
    if repository is None or projects_rules.is_mirror(repository):
        return
    moved = [
        (old, new) for ref, old, new in updates if ref == f"refs/heads/{repository.default_branch}" and gitstore.ZERO not in (old, new)
    ]
    person = User.objects.filter(pk=by_id, is_active=True).first() if by_id is not None else None
    actor = Actor(person=person) if person is not None else SYSTEM
    for old, new in moved:
        for commit in reversed(_between(repository, old, new)):
            _read(actor, repository, commit)


def _between(repository: Repository, old: str, new: str) -> list[gitstore.Commit]:
    try:
        return gitstore.between(repository.path, old, new, limit=COMMITS_MAX)
    except gitstore.GitError:  # pushed away meanwhile
        return []


def _read(actor: Actor, repository: Repository, commit: gitstore.Commit) -> None:
    names = names_of(actor, repository, commit.message)
    if not names.threads:
        return
    with transaction.atomic():
        made = refer_by_commit(repository, commit.oid, commit.subject, actor.person, names)
    for row in made:
        if row.closes:
            _close(actor, repository, row.target_id, commit.oid)


def _close(actor: Actor, repository: Repository, target: int, oid: str) -> None:
    thread = Thread.objects.select_related("repository__namespace", "repository__mirror", "repository__thread_counter").get(pk=target)
    at_home = thread.repository_id == repository.pk
    if thread.is_issue and (at_home or not actor.is_system) and rules.can_change_state(actor, thread):
        close_issue(actor, thread, oid=oid)
