"""What is pushed to the head becomes a version; approvals of older ones may go."""

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

import gitstore
from core import events
from core.actors import Actor
from issues import commands as talk
from issues.models import Thread
from projects.models import Repository
from pulls import rules
from pulls.commands.objects import bring_objects, keep_versions
from pulls.commands.opening import Ends, locked_pull, measured, set_pull
from pulls.events import PullSynchronized, ReviewDismissed
from pulls.models import Pull, Review, Version


def add_version(actor: Actor, pull: Pull, *, source: Repository, head_oid: str) -> Version | None:
    """`head_oid`, which `source` holds, is the newest version from now on; None if it is already, or the pull request is closed.

    Raises Unavailable. Publishes PullSynchronized, and ReviewDismissed where the branch's rule takes stale approvals back.
    """
    if not pull.is_open or pull.head_oid == head_oid:
        return None
    bring_objects(pull.repository, source, head_oid)
    path = pull.repository.path
    base_oid = gitstore.ref_oid(path, f"refs/heads/{pull.base_branch}") or pull.base_oid
    ends = Ends(base_oid, head_oid, gitstore.merge_base(path, base_oid, head_oid))
    counted = measured(pull.repository, ends)
    old = pull.head_oid
    forced, came = not gitstore.is_ancestor(path, old, head_oid), gitstore.count(path, head_oid, base=old)
    with transaction.atomic():
        row = locked_pull(pull)
        if row.head_oid != old or row.thread.state != Thread.State.OPEN:
            return None  # another push was faster; its event comes by
        number = (row.versions.aggregate(last=Max("number"))["last"] or 0) + 1
        version = Version.objects.create(
            pull=row, number=number, head_oid=head_oid, base_oid=base_oid, merge_base=ends.merge_base, commits=counted["commits"],
            pushed_by=actor.person, is_forced=forced,
        )  # fmt: skip
        set_pull(row, head_oid=head_oid, base_oid=base_oid, merge_base=ends.merge_base, **counted)
        talk.record(row.thread, actor.person, "pushed", version=number, old=old, new=head_oid, forced=forced, commits=came)
        talk.touch(row.thread)
        events.publish(
            PullSynchronized(
                pull_id=row.pk, thread_id=row.thread_id, repository_id=row.repository_id, by_id=actor.person.pk if actor.person else None,
                version=number, old=old, new=head_oid, forced=forced,
            )
        )  # fmt: skip
        _dismiss_stale(row)
    for name in ("head_oid", "base_oid", "merge_base", "commits", "files", "additions", "deletions"):
        setattr(pull, name, getattr(row, name))
    keep_versions(row)
    return version


def _dismiss_stale(pull: Pull) -> None:
    """Approvals of older versions do not count any more, where the rule of the branch says so."""
    protection = rules.protection_of(pull.repository, pull.base_branch)
    if protection is None or not protection.dismiss_stale:
        return
    stale = Review.objects.filter(pull=pull, state=Review.State.APPROVED, dismissed_at=None).exclude(oid=pull.head_oid)
    for review in stale.select_for_update(of=("self",), no_key=True).order_by("pk"):
        Review.objects.filter(pk=review.pk).update(dismissed_at=timezone.now(), dismissed_by=None)
        events.publish(
            ReviewDismissed(pull_id=pull.pk, thread_id=pull.thread_id, repository_id=pull.repository_id, by_id=None, review_id=review.pk)
        )
