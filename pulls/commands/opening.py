"""Pull requests are opened, changed, closed and opened again."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

import gitstore
from accounts.models import User
from core import events
from core.actors import Actor
from core.errors import Conflict, Invalid, NotFound
from issues import commands as talk
from issues.commands.numbers import hold_numbers
from issues.models import Thread
from issues.queries.naming import names_of
from projects import rules as hosting
from projects.models import Repository
from pulls import rules
from pulls.commands.objects import bring_objects, keep_versions
from pulls.events import PullChanged, PullClosed, PullOpened, PullReopened
from pulls.models import Pull, Version


class AlreadyOpen(Conflict):
    """There is an open pull request for these branches: `pull`."""

    def __init__(self, pull: Pull) -> None:
        super().__init__(
            _("There is an open pull request for these branches already: #%d.") % pull.number, field="head", code="open_already"
        )
        self.pull = pull


@dataclass(frozen=True, slots=True)
class Ends:
    """The two tips and what they share."""

    base_oid: str
    head_oid: str
    merge_base: str


def open_pull(
    actor: Actor,
    repository: Repository,
    *,
    head: Repository,
    head_branch: str,
    base_branch: str,
    title: str,
    body: str = "",
    is_draft: bool = False,
    maintainers_may_push: bool = True,
) -> Pull:
    """Propose the commits of `head_branch` of `head` (the repository, or one of its fork network) for `base_branch`.

    The base holds the commits before the row is written. Raises NotFound or Forbidden (rules.can_open; the head may not be read; a fork needs
    write access), Invalid (branches, title, text, nothing new), AlreadyOpen, LimitReached, Unavailable. Publishes PullOpened, PersonMentioned.
    """
    rules.can_open(actor, repository).require()
    _require_head(actor, repository, head)
    title, body = talk.clean_title(title), talk.clean_body(body)
    ends = ends_of(repository, head, head_branch, base_branch)
    talk.throttle(actor, "open-pull", minute=20, day=300)
    bring_objects(repository, head, ends.head_oid)
    values = {
        "head_repository": head, "head_branch": head_branch, "base_branch": base_branch, "is_draft": is_draft,
        "maintainers_may_push": maintainers_may_push and head.pk != repository.pk,
    }  # fmt: skip
    pull = start_pull(actor, repository, ends, title=title, body=body, author=actor.person, **values)
    keep_versions(pull)
    return pull


def start_pull(actor: Actor, repository: Repository, ends: Ends, *, title: str, body: str, author: User | None, **values: Any) -> Pull:
    """The rows of a new pull request, its first version among them; the base holds its objects already, words are clean.

    Raises AlreadyOpen. Publishes PullOpened and PersonMentioned.
    """
    names = names_of(actor, repository, body)
    counted = measured(repository, ends)
    by_id = actor.person.pk if actor.person else None
    with transaction.atomic():
        number = talk.allocate_number(repository)  # holds the counter: of two at once one waits here
        pull = Pull(
            repository=repository, base_oid=ends.base_oid, head_oid=ends.head_oid, merge_base=ends.merge_base, **counted, **values
        )  # fmt: skip
        _require_only(pull)
        pull.thread = talk.start_thread(repository, number, Thread.Kind.PULL, title=title, body=body, author=author)
        pull.save()
        Version.objects.create(
            pull=pull, number=1, head_oid=ends.head_oid, base_oid=ends.base_oid, merge_base=ends.merge_base, commits=pull.commits,
            pushed_by=actor.person,
        )  # fmt: skip
        talk.note_names(actor, pull.thread, names)
        events.publish(PullOpened(pull_id=pull.pk, thread_id=pull.thread.pk, repository_id=repository.pk, by_id=by_id))
    return pull


def _require_head(actor: Actor, repository: Repository, head: Repository) -> None:
    """Raises NotFound for what is not of the fork network or may not be read, Forbidden for somebody else's fork."""
    hosting.can_read(actor, head).require()
    if head.pk == repository.pk:
        return
    if head.network_id != repository.network_id:
        raise NotFound(_("There is no such fork."))
    hosting.can_push(actor, head).require()


def ends_of(repository: Repository, head: Repository, head_branch: str, base_branch: str) -> Ends:
    """Both tips; the fork's objects are read where they are. Raises Invalid: no such branch, the same one, nothing new, no common history."""
    base_oid = gitstore.ref_oid(repository.path, f"refs/heads/{base_branch}") if base_branch else ""
    head_oid = gitstore.ref_oid(head.path, f"refs/heads/{head_branch}") if head_branch else ""
    if not base_oid:
        raise Invalid(_("There is no branch “%s” here.") % base_branch, field="base")
    if not head_oid:
        raise Invalid(_("There is no branch “%s” in %s.") % (head_branch, head), field="head")
    if head.pk == repository.pk and head_branch == base_branch:
        raise Invalid(_("A branch cannot be merged into itself."), field="head")
    return tips(repository, head, base_oid, head_oid)


def tips(repository: Repository, head: Repository, base_oid: str, head_oid: str) -> Ends:
    """The common ancestor of two commits. Raises Invalid: nothing new, no common history."""
    store = None if head.pk == repository.pk else head.path
    found = gitstore.merge_base(repository.path, base_oid, head_oid, store=store)
    if not found:
        raise Invalid(_("The two branches share no history."), field="head", code="unrelated")
    if found == head_oid:
        raise Invalid(_("There is nothing to merge: the base branch has all of these commits."), field="head", code="nothing_new")
    return Ends(base_oid, head_oid, found)


def measured(repository: Repository, ends: Ends) -> dict[str, Any]:
    """Commits, files and lines of the change; lines None where counting takes too long."""
    commits = gitstore.count(repository.path, ends.head_oid, base=ends.merge_base)
    diff = gitstore.diff(repository.path, ends.merge_base, ends.head_oid, limit=0)
    return {"commits": commits, "files": diff.total, "additions": diff.additions, "deletions": diff.deletions}


def _require_only(pull: Pull) -> None:
    """Raises AlreadyOpen if the same branches, or the same topic of the same author, have an open pull request. Under the counter's lock."""
    rows = Pull.objects.filter(
        repository=pull.repository, base_branch=pull.base_branch, head_repository=pull.head_repository, head_branch=pull.head_branch,
        thread__state=Thread.State.OPEN,
    )  # fmt: skip
    if pull.head_branch and (found := rows.exclude(pk=pull.pk).select_related("thread").first()) is not None:
        found.repository = pull.repository
        raise AlreadyOpen(found)


def locked_pull(pull: Pull) -> Pull:
    """The pull request with its thread as they are now, held until the transaction ends; repository and author are those in memory."""
    thread = talk.locked_thread(pull.thread)
    row = (
        Pull.objects.select_for_update(of=("self",), no_key=True).select_related("head_repository__namespace", "merged_by").get(pk=pull.pk)
    )
    row.thread, row.repository = thread, pull.repository
    return row


def edit_pull(actor: Actor, pull: Pull, *, title: str | None = None, body: str | None = None, version: int | None = None) -> Pull:
    """Title and text; see `issues.commands.edit_thread`. Publishes ThreadChanged."""
    rules.can_edit(actor, pull).require()
    pull.thread = talk.edit_thread(actor, pull.thread, title=title, body=body, version=version)
    return pull


def retarget_pull(actor: Actor, pull: Pull, *, base_branch: str) -> Pull:
    """Another base branch; approvals stay. Raises NotFound or Forbidden (rules.can_edit), Invalid, Conflict (closed), AlreadyOpen."""
    rules.can_edit(actor, pull).require()
    if not pull.is_open:
        raise Conflict(_("This pull request is closed."), code="closed")
    if base_branch == pull.base_branch:
        return pull
    base_oid = gitstore.ref_oid(pull.repository.path, f"refs/heads/{base_branch}") if base_branch else ""
    if not base_oid:
        raise Invalid(_("There is no branch “%s” here.") % base_branch, field="base")
    if pull.head_repository_id == pull.repository_id and base_branch == pull.head_branch:
        raise Invalid(_("A branch cannot be merged into itself."), field="base")
    ends = tips(pull.repository, pull.repository, base_oid, pull.head_oid)
    counted = measured(pull.repository, ends)
    with transaction.atomic():
        row = locked_pull(pull)
        hold_numbers(row.repository)
        old, row.base_branch = row.base_branch, base_branch
        _require_only(row)
        set_pull(row, base_branch=base_branch, base_oid=ends.base_oid, merge_base=ends.merge_base, **counted)
        talk.record(row.thread, actor.person, "retargeted", old=old, new=base_branch)
        talk.touch(row.thread)
        publish_change(actor, row, "retargeted")
    return row


def set_draft(actor: Actor, pull: Pull, *, is_draft: bool) -> Pull:
    """Not ready, or ready for review. Raises NotFound or Forbidden (rules.can_edit), Conflict (closed). Publishes PullChanged."""
    rules.can_edit(actor, pull).require()
    if not pull.is_open:
        raise Conflict(_("This pull request is closed."), code="closed")
    with transaction.atomic():
        row = locked_pull(pull)
        if row.is_draft != is_draft:
            set_pull(row, is_draft=is_draft)
            talk.record(row.thread, actor.person, "drafted" if is_draft else "readied")
            talk.touch(row.thread)
            publish_change(actor, row, "drafted" if is_draft else "ready")
    return row


def let_maintainers_push(actor: Actor, pull: Pull, *, allowed: bool) -> Pull:
    """Whether those with write access to the base may push to the head branch of a fork. Raises NotFound or Forbidden (the author alone)."""
    rules.can_let_push(actor, pull).require()
    with transaction.atomic():
        row = locked_pull(pull)
        set_pull(row, maintainers_may_push=allowed and row.head_repository_id != row.repository_id)
    return row


def close_pull(actor: Actor, pull: Pull) -> Pull:
    """Close without a merge; once closed it stays as it is. Raises NotFound or Forbidden (rules.can_edit). Publishes PullClosed."""
    rules.can_edit(actor, pull).require()
    with transaction.atomic():
        row = locked_pull(pull)
        if talk.change_state(row.thread, Thread.State.CLOSED, actor.person):
            set_pull(row, auto_merge_by=None, auto_merge_method="")
            events.publish(PullClosed(**_of(actor, row)))
    return row


def reopen_pull(actor: Actor, pull: Pull) -> Pull:
    """Open again, at the present tip of its branch if that is still there.

    Raises NotFound or Forbidden (rules.can_edit), Conflict (merged; the branches are gone or have another one), AlreadyOpen. Publishes
    PullReopened.
    """
    rules.can_edit(actor, pull).require()
    if pull.is_merged:
        raise Conflict(_("It is merged already."), code="merged")
    if not gitstore.ref_oid(pull.repository.path, f"refs/heads/{pull.base_branch}"):
        raise Conflict(_("The branch “%s” is gone; choose another base first.") % pull.base_branch, code="no_base")
    with transaction.atomic():
        row = locked_pull(pull)
        if talk.change_state(row.thread, Thread.State.OPEN, actor.person, reason=Thread.StateReason.REOPENED):
            _require_only(row)  # the counter is held now, so nobody opens another one meanwhile
            events.publish(PullReopened(**_of(actor, row)))
    return row


def set_pull(pull: Pull, **values: Any) -> None:
    """Write fields of the row, in the database and in memory."""
    Pull.objects.filter(pk=pull.pk).update(**values)
    for name, value in values.items():
        setattr(pull, name, value)


def publish_change(actor: Actor, pull: Pull, what: str) -> None:
    """PullChanged."""
    events.publish(PullChanged(**_of(actor, pull), what=what))


def _of(actor: Actor, pull: Pull) -> dict[str, Any]:
    by_id = actor.person.pk if actor.person else None
    return {"pull_id": pull.pk, "thread_id": pull.thread_id, "repository_id": pull.repository_id, "by_id": by_id}
