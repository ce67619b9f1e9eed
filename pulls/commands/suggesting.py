"""Suggestions become a commit on the head branch: one, or several at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

import gitstore
from core import encodings
from core.actors import Actor
from core.errors import Conflict, Invalid
from projects.commands.identity import signature_of
from projects.commands.refs import apply_updates
from pulls import rules
from pulls.commands.objects import bring_objects
from pulls.commands.reviewing import resolve_conversation
from pulls.commands.versions import add_version
from pulls.logic.suggestions import NoMatch, replaced, suggested
from pulls.models import LineComment, LineThread, Pull
from pulls.queries.places import BLOB_MAX, spots

AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class _Change:
    """Lines `start`…`line` of a file of the head become `text`."""

    start: int
    line: int
    text: str


def apply_suggestions(actor: Actor, pull: Pull, comments: Sequence[LineComment], *, message: str = "") -> str:
    """Commit the suggestions of `comments` onto the head branch in one commit and settle their conversations; returns its oid.

    Whoever suggested is named as co-author. Raises NotFound or Forbidden (rules.can_apply; a policy of the head), Invalid (no suggestion),
    Conflict (the lines changed meanwhile, two suggestions touch the same lines, somebody pushed). Publishes RefsUpdated, PullSynchronized,
    ConversationResolved.
    """
    rules.can_apply(actor, pull).require()
    head = pull.head_repository
    if head is None:
        raise Conflict(_("The branch of this pull request is gone."), code="no_branch")
    ref = f"refs/heads/{pull.head_branch}"
    tip = gitstore.ref_oid(head.path, ref)
    if tip != pull.head_oid:
        raise Conflict(_("Someone pushed meanwhile. Reload the page and try again."), code="moved")
    puts = [_edit(pull, path, changes) for path, changes in _by_path(pull, comments).items()]
    signature = signature_of(actor)
    text = _message(actor, comments, message)
    commit = gitstore.write_commit(
        head.path, parent=tip, edits=_edits(head.path, puts), message=text, author=signature, committer=signature
    )
    apply_updates(actor, head, [(ref, tip, commit)])
    bring_objects(pull.repository, head, commit)
    with transaction.atomic():
        LineComment.objects.filter(pk__in=[comment.pk for comment in comments]).update(applied_oid=commit)
    add_version(actor, pull, source=head, head_oid=commit)
    for thread in {comment.thread_id: comment.thread for comment in comments}.values():
        if rules.can_resolve(actor, pull):
            resolve_conversation(actor, thread)
    return commit


def _by_path(pull: Pull, comments: Sequence[LineComment]) -> dict[str, list[_Change]]:
    """Changes of each file, from the last line to the first. Raises Invalid, Conflict."""
    if not comments or len(comments) > AT_ONCE:
        raise Invalid(_("Choose from 1 to %d suggestions.") % AT_ONCE, field="suggestion")
    places = spots(pull, [comment.thread for comment in comments])
    found: dict[str, list[_Change]] = {}
    for comment in comments:
        thread, spot, text = comment.thread, places[comment.thread_id], suggested(comment.body)
        sent = comment.review is None or comment.review.submitted_at is not None
        if text is None or thread.pull_id != pull.pk or thread.side != LineThread.Side.NEW or not thread.line or not sent:
            raise Invalid(_("There is no suggestion in this comment."), field="suggestion")
        if comment.applied_oid:
            raise Conflict(_("This suggestion was committed already."), code="applied")
        if spot.is_outdated:
            raise Conflict(_("The lines of “%s” that this suggestion is for have changed since.") % thread.path, code="outdated")
        found.setdefault(thread.path, []).append(_Change(spot.start, spot.line, text))
    for path, changes in found.items():
        changes.sort(key=lambda change: -change.start)
        if any(upper.line >= lower.start for lower, upper in pairwise(changes)):
            raise Conflict(_("Two suggestions for “%s” touch the same lines; commit them one after the other.") % path, code="overlap")
    return found


def _edit(pull: Pull, path: str, changes: list[_Change]) -> gitstore.Put:
    """The file's new content, in its encoding and with its line ends. Raises Conflict."""
    entry = gitstore.entry_at(pull.repository.path, pull.head_oid, path)
    if entry is None or entry.kind not in ("blob", "executable"):
        raise Conflict(_("The file “%s” is gone.") % path, code="outdated")
    blob = gitstore.blob(pull.repository.path, entry.oid, limit=BLOB_MAX)
    decoded = encodings.decode(blob.data) if not blob.truncated and not encodings.is_binary(blob.data) else None
    if decoded is None or decoded.lossy:
        raise Conflict(_("“%s” cannot be edited here.") % path, code="binary")
    content = decoded.text
    for change in changes:
        lines = content.split("\n")
        try:
            content = replaced(content, change.start, change.line, change.text, lines[change.start - 1 : change.line])
        except NoMatch as error:
            raise Conflict(_("The lines of “%s” that this suggestion is for have changed since.") % path, code="outdated") from error
    try:
        return gitstore.Put(path, encodings.encode(content, decoded), entry.mode)
    except UnicodeEncodeError as error:
        raise Conflict(_("The suggestion holds characters that “%s” cannot hold.") % path, code="encoding") from error


def _edits(path: Path, puts: list[gitstore.Put]) -> list[gitstore.Edit]:
    return [gitstore.Edit(put.path, gitstore.write_blob(path, put.content), put.mode) for put in puts]


def _message(actor: Actor, comments: Sequence[LineComment], message: str) -> str:
    """What the commit says, with those who suggested it."""
    text = message.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()
    text = text or (_("Apply a suggestion from the review") if len(comments) == 1 else _("Apply suggestions from the review"))
    people = {comment.author.pk: comment.author for comment in comments if comment.author is not None}
    others = [person for pk, person in sorted(people.items()) if actor.person is None or pk != actor.person.pk]
    trailers = [
        f"Co-authored-by: {signature.name} <{signature.email}>" for signature in (signature_of(Actor(person=one)) for one in others)
    ]
    return "\n\n".join([text, "\n".join(trailers)]).strip() + "\n"
