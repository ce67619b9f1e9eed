"""Reviews: comments on lines, sent at once or kept for a verdict; people are asked; verdicts are sent and taken back."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

import gitstore
from accounts.models import Team, User
from core import encodings, events
from core.actors import Actor
from core.errors import Conflict, Invalid
from issues import commands as talk
from issues.commands.referring import refer
from issues.events import PersonMentioned
from issues.models import Reason, Reference
from issues.queries.naming import Names, names_of, people_who_read
from pulls import rules
from pulls.commands.opening import locked_pull
from pulls.events import ConversationResolved, LineCommented, ReviewDismissed, ReviewRequested, ReviewSubmitted
from pulls.logic.names import path_key
from pulls.models import LineComment, LineThread, Pull, Review, ReviewRequest, Version, ViewedFile
from pulls.queries.judging import changed_paths, ownership
from pulls.queries.pulls import require_reviewers

RANGE_MAX = 200  # lines of one conversation
BEFORE = 3  # lines kept before them
LINE_SHOWN = 500  # characters kept of each
REQUESTS_MAX = 30
OID = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
FILE_MAX = 4 * 1024**2  # bytes of a file whose lines can be spoken of
VERDICTS = (Review.State.COMMENT, Review.State.APPROVED, Review.State.CHANGES)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines `start_line`…`line` of a changed file (line 0: the whole file), as they are at commit `oid` of a version."""

    version: Version
    path: str
    side: str
    start_line: int
    line: int
    oid: str
    context: list[list[Any]]


def lines_at(pull: Pull, *, path: str, side: str, line: int, start_line: int = 0, oid: str = "") -> Lines:
    """Lines that can be spoken of, of the version whose head is `oid` ("": the newest). Reads Git, no rights. Raises Invalid."""
    version = version_of(pull, oid)
    start_line = min(start_line or line, line)
    commit = version.head_oid if side == LineThread.Side.NEW else version.merge_base
    return Lines(version, path, side, start_line, line, commit, _context(pull, version, commit, path, side, start_line, line))


def comment_on_lines(
    actor: Actor, pull: Pull, *, path: str, side: str, line: int, start_line: int = 0, oid: str = "", body: str, pending: bool = False
) -> LineComment:
    """Begin a conversation about lines `start_line`…`line` of a changed file (line 0: the whole file) of the version whose head is `oid`.

    `pending`: kept for the actor's review. Raises NotFound or Forbidden (rules.can_review), Invalid, LimitReached. Publishes LineCommented,
    PersonMentioned, unless pending.
    """
    rules.can_review(actor, pull).require()
    body = talk.clean_body(body, required=True)
    lines = lines_at(pull, path=path, side=side, line=line, start_line=start_line, oid=oid)
    talk.throttle(actor, "comment", minute=30, day=1000)
    names = Names() if pending else names_of(actor, pull.repository, body)
    with transaction.atomic():
        row = locked_pull(pull)
        rules.can_review(actor, row).require()
        review = _pending(actor, row, lines.version) if pending else None
        thread = _begun(row, lines)
        if review is None:
            talk.record(row.thread, actor.person, "line_commented", line_thread=thread.pk)
        return _say(actor, row, thread, review, body, names)


def _begun(pull: Pull, lines: Lines) -> LineThread:
    return LineThread.objects.create(
        pull=pull, version=lines.version, path=lines.path, side=lines.side, start_line=lines.start_line, line=lines.line, oid=lines.oid,
        context=lines.context,
    )  # fmt: skip


def review_at_once(
    actor: Actor, pull: Pull, *, said: Sequence[tuple[Lines | LineThread, str]], verdict: str = "", body: str = "", oid: str = ""
) -> Review:
    """A review with its comments on lines and answers, all of it or nothing; without a verdict it stays the actor's own until it is sent.

    What the actor kept before is sent with it. Raises and publishes as `comment_on_lines` and `submit_review`.
    """
    rules.can_review(actor, pull).require()
    texts = [talk.clean_body(text, required=True) for _place, text in said]
    version = version_of(pull, oid)
    for _text in texts:
        talk.throttle(actor, "comment", minute=30, day=1000)
    with transaction.atomic():
        row = locked_pull(pull)
        review = _pending(actor, row, version)
        for (place, _text), text in zip(said, texts, strict=True):
            _say(actor, row, place if isinstance(place, LineThread) else _begun(row, place), review, text, Names())
        return submit_review(actor, pull, verdict=verdict, body=body, oid=oid) if verdict else review


def reply(actor: Actor, thread: LineThread, *, body: str, pending: bool = False) -> LineComment:
    """Answer in a conversation. Raises NotFound or Forbidden (rules.can_review), Invalid, LimitReached. Publishes as `comment_on_lines`."""
    pull = thread.pull
    rules.can_review(actor, pull).require()
    body = talk.clean_body(body, required=True)
    talk.throttle(actor, "comment", minute=30, day=1000)
    names = Names() if pending else names_of(actor, pull.repository, body)
    with transaction.atomic():
        row = locked_pull(pull)
        review = _pending(actor, row, version_of(row, row.head_oid)) if pending else None
        return _say(actor, row, thread, review, body, names)


def _say(actor: Actor, pull: Pull, thread: LineThread, review: Review | None, body: str, names: Names) -> LineComment:
    comment = LineComment.objects.create(thread=thread, review=review, author=actor.person, body=body)
    if review is None:
        talk.touch(pull.thread)
        if actor.person is not None:
            talk.take_part(pull.thread, [actor.person.pk], Reason.COMMENTED)
        note_names(actor, pull, f"line:{comment.pk}", names)
        events.publish(LineCommented(**_of(actor, pull), comment_id=comment.pk, line_thread_id=thread.pk))
    return comment


def version_of(pull: Pull, oid: str) -> Version:
    """The version whose head is `oid`, the newest for "". Raises Invalid."""
    rows = pull.versions.order_by("-number")
    found = (rows.filter(head_oid=oid) if oid else rows).first()
    if found is None:
        raise Invalid(_("There is no such version of this pull request."), field="oid")
    return found


def _context(pull: Pull, version: Version, commit: str, path: str, side: str, start: int, line: int) -> list[list[Any]]:
    """The lines and some before them. Raises Invalid: no changed file, no such lines, too many."""
    if side not in LineThread.Side.values:
        raise Invalid(_("Choose a line."), field="line")
    try:
        path.encode()
    except UnicodeEncodeError as error:
        raise Invalid(_("The name of this file is no text; speak of it in a comment instead."), field="path") from error
    if path not in changed_paths(pull, version):
        raise Invalid(_("This file is not changed here."), field="path")
    if line == 0:
        return []
    entry = gitstore.entry_at(pull.repository.path, commit, path) if commit else None
    if entry is None or entry.kind not in ("blob", "executable", "symlink"):
        raise Invalid(_("There is no such line."), field="line")
    lines = _lines(pull, entry.oid)
    if not 1 <= start <= line <= len(lines):
        raise Invalid(_("There is no such line."), field="line")
    if line - start >= RANGE_MAX:
        raise Invalid(_("At most %d lines at once.") % RANGE_MAX, field="line")
    return [[number, lines[number - 1][:LINE_SHOWN]] for number in range(max(1, start - BEFORE), line + 1)]


def _lines(pull: Pull, blob: str) -> list[str]:
    found = gitstore.blob(pull.repository.path, blob, limit=FILE_MAX)
    if found.truncated or encodings.is_binary(found.data):
        raise Invalid(_("This file has no lines."), field="line")
    lines = encodings.decode(found.data).text.replace("\0", "�").split("\n")
    return lines[:-1] if lines and not lines[-1] else lines


def _pending(actor: Actor, pull: Pull, version: Version) -> Review:
    """The actor's review that is being written."""
    found = Review.objects.filter(pull=pull, author=actor.person, state=Review.State.PENDING).first()
    return found or Review.objects.create(pull=pull, author=actor.person, version=version, oid=version.head_oid)


def submit_review(actor: Actor, pull: Pull, *, verdict: str, body: str = "", oid: str = "") -> Review:
    """Send what the actor kept, with a verdict about the version whose head is `oid` (the newest for "").

    Raises NotFound or Forbidden (rules.can_review; rules.can_judge for approved and changes), Invalid (nothing said), Conflict (an approval of
    an older version than the newest). Publishes ReviewSubmitted, PersonMentioned.
    """
    (rules.can_review if verdict == Review.State.COMMENT else rules.can_judge)(actor, pull).require()
    if verdict not in VERDICTS:
        raise Invalid(_("Choose a verdict."), field="verdict")
    body = talk.clean_body(body)
    version = version_of(pull, oid)
    if verdict == Review.State.APPROVED and version.head_oid != pull.head_oid:
        raise Conflict(_("There is a newer version; look at it before you approve."), field="verdict", code="moved")
    talk.throttle(actor, "review", minute=20, day=500)
    with transaction.atomic():
        row = locked_pull(pull)
        if verdict == Review.State.APPROVED and row.head_oid != version.head_oid:
            raise Conflict(_("There is a newer version; look at it before you approve."), field="verdict", code="moved")
        review = _pending(actor, row, version)
        said = list(review.comments.select_related("thread"))
        if not body and not said and verdict != Review.State.APPROVED:
            raise Invalid(_("Write something first."), field="body")
        _send(actor, row, review, version, verdict, body)
        for key, text in [(f"review:{review.pk}", body), *((f"line:{comment.pk}", comment.body) for comment in said)]:
            note_names(actor, row, key, names_of(actor, row.repository, text))
        talk.record(row.thread, actor.person, "reviewed", review=review.pk, verdict=verdict)
        talk.touch(row.thread)
        events.publish(ReviewSubmitted(**_of(actor, row), review_id=review.pk, state=verdict))
    return review


def _send(actor: Actor, pull: Pull, review: Review, version: Version, verdict: str, body: str) -> None:
    """The row leaves pending; comments get the moment of sending; the request for it is answered."""
    now = timezone.now()
    Review.objects.filter(pk=review.pk).update(state=verdict, body=body, version=version, oid=version.head_oid, submitted_at=now)
    review.state, review.body, review.version, review.oid, review.submitted_at = verdict, body, version, version.head_oid, now
    LineComment.objects.filter(review=review).update(created_at=now)
    if actor.person is not None:
        talk.take_part(pull.thread, [actor.person.pk], Reason.COMMENTED)
        ReviewRequest.objects.filter(pull=pull, user=actor.person).delete()
        ReviewRequest.objects.filter(pull=pull, team__members=actor.person).delete()


def discard_review(actor: Actor, pull: Pull) -> None:
    """Throw away what the actor kept and did not send."""
    if actor.person is None:
        return
    with transaction.atomic():
        locked_pull(pull)
        LineComment.objects.filter(review__pull=pull, review__author=actor.person, review__state=Review.State.PENDING).delete()
        Review.objects.filter(pull=pull, author=actor.person, state=Review.State.PENDING).delete()
        LineThread.objects.filter(pull=pull, comments=None).delete()


def dismiss_review(actor: Actor, review: Review, *, reason: str) -> Review:
    """A verdict does not count any more. Raises NotFound or Forbidden (rules.can_dismiss), Invalid (no reason). Publishes ReviewDismissed."""
    pull = review.pull
    rules.can_dismiss(actor, pull).require()
    reason = " ".join(reason.replace("\0", "").split())[:500]
    if not reason:
        raise Invalid(_("Say why."), field="reason")
    with transaction.atomic():
        row = locked_pull(pull)
        if not Review.objects.filter(pk=review.pk, dismissed_at=None, submitted_at__isnull=False).update(
            dismissed_at=timezone.now(), dismissed_by=actor.person, dismissed_reason=reason
        ):
            raise Conflict(_("This review is dismissed already."), code="dismissed")
        review.refresh_from_db()
        login = review.author.username if review.author else ""
        talk.record(row.thread, actor.person, "dismissed", person=login, reason=reason)
        events.publish(ReviewDismissed(**_of(actor, row), review_id=review.pk))
    return review


def edit_line_comment(actor: Actor, comment: LineComment, *, body: str) -> LineComment:
    """Other words. Raises NotFound or Forbidden (the author, or a maintainer), Invalid."""
    rules.can_change_comment(actor, comment).require()
    body = talk.clean_body(body, required=True)
    with transaction.atomic():
        LineComment.objects.filter(pk=comment.pk).update(body=body, edited_at=timezone.now())
    comment.body, comment.edited_at = body, timezone.now()
    return comment


def delete_line_comment(actor: Actor, comment: LineComment) -> None:
    """Remove it, and its conversation if it was the only one. Raises NotFound or Forbidden (the author, or a maintainer)."""
    rules.can_change_comment(actor, comment).require()
    with transaction.atomic():
        LineComment.objects.filter(pk=comment.pk).delete()
        LineThread.objects.filter(pk=comment.thread_id, comments=None).delete()


def resolve_conversation(actor: Actor, thread: LineThread, *, resolved: bool = True) -> LineThread:
    """Mark as settled, or take it up again. Raises NotFound or Forbidden (rules.can_resolve). Publishes ConversationResolved."""
    pull = thread.pull
    rules.can_resolve(actor, pull).require()
    with transaction.atomic():
        row = locked_pull(pull)
        now, by = (timezone.now(), actor.person) if resolved else (None, None)
        if LineThread.objects.filter(pk=thread.pk, resolved_at__isnull=resolved).update(resolved_at=now, resolved_by=by):
            events.publish(ConversationResolved(**_of(actor, row), line_thread_id=thread.pk, resolved=resolved))
        thread.resolved_at, thread.resolved_by = now, by
    return thread


def request_review(
    actor: Actor, pull: Pull, *, people: Iterable[User] = (), teams: Iterable[Team] = (), as_owner: bool = False
) -> list[ReviewRequest]:
    """Ask for a look, again if somebody had one already; who is asked already is left out.

    Raises NotFound or Forbidden (rules.can_ask_for_review), Invalid (the author; somebody who may not read it; too many), Conflict (closed).
    Publishes ReviewRequested for each.
    """
    rules.can_ask_for_review(actor, pull).require()
    if not pull.is_open:
        raise Conflict(_("This pull request is closed."), code="closed")
    wanted, groups = list(people), list(teams)
    if any(person.pk == pull.thread.author_id for person in wanted):
        raise Invalid(_("The author does not review their own pull request."), field="reviewers")
    require_reviewers(pull.repository, wanted, groups)
    made = []
    with transaction.atomic():
        row = locked_pull(pull)
        asked: set[tuple[int | None, int | None]] = {(one.user_id, one.team_id) for one in row.review_requests.all()}
        fresh: list[tuple[User | None, Team | None]] = [(person, None) for person in wanted if (person.pk, None) not in asked]
        fresh += [(None, team) for team in groups if (None, team.pk) not in asked]
        if len(asked) + len(fresh) > REQUESTS_MAX:
            raise Invalid(_("At most %d can be asked.") % REQUESTS_MAX, field="reviewers")
        for person, team in fresh:
            made.append(_ask(actor, row, person, team, as_owner))
        if made:
            talk.touch(row.thread)
    return made


def _ask(actor: Actor, pull: Pull, person: User | None, team: Team | None, as_owner: bool) -> ReviewRequest:
    request = ReviewRequest.objects.create(pull=pull, user=person, team=team, requested_by=actor.person, as_owner=as_owner)
    members = [person.pk] if person is not None else list(team.members.values_list("pk", flat=True)[:200]) if team is not None else []
    talk.take_part(pull.thread, members, Reason.REVIEW)
    name = person.username if person is not None else f"{pull.repository.namespace.slug}/{team.slug}" if team is not None else ""
    talk.record(pull.thread, actor.person, "review_requested", person=name, owner=as_owner)
    events.publish(
        ReviewRequested(**_of(actor, pull), user_id=person.pk if person else None, team_id=team.pk if team else None)
    )  # fmt: skip
    return request


def withdraw_request(actor: Actor, request: ReviewRequest) -> None:
    """Do not ask any more. Raises NotFound or Forbidden (rules.can_ask_for_review)."""
    rules.can_ask_for_review(actor, request.pull).require()
    with transaction.atomic():
        row = locked_pull(request.pull)
        if ReviewRequest.objects.filter(pk=request.pk).delete()[0]:
            talk.touch(row.thread)


def request_owners(actor: Actor, pull: Pull) -> list[ReviewRequest]:
    """Ask the code owners of what is changed: people who may read it and have not answered, and teams. The site does it; drafts wait."""
    if not pull.is_open or pull.is_draft:
        return []
    groups = ownership(pull)
    ids = {pk for group in groups for pk in group.people} - {pull.thread.author_id}
    ids -= set(pull.reviews.exclude(state=Review.State.PENDING).values_list("author_id", flat=True))
    people = list(User.objects.filter(pk__in=ids, is_active=True).order_by("pk"))
    readers = people_who_read(pull.repository, people)
    teams = Team.objects.filter(pk__in={pk for group in groups for pk in group.teams}).select_related("organization").order_by("pk")
    room = REQUESTS_MAX - pull.review_requests.count()
    wanted = [person for person in people if person.pk in readers][:room]
    return request_review(actor, pull, people=wanted, teams=list(teams)[: max(0, room - len(wanted))], as_owner=True)


def mark_viewed(actor: Actor, pull: Pull, *, path: str, blob: str, viewed: bool) -> None:
    """Remember that the person has looked at a file with this content, or has not. Raises NotFound, Forbidden (nobody signed in)."""
    rules.can_mark(actor, pull).require()
    if actor.person is None:
        return
    if viewed and not OID.fullmatch(blob):
        raise Invalid(_("There is no such file."), field="blob")
    key = path_key(path)
    with transaction.atomic():
        if viewed:
            ViewedFile.objects.update_or_create(
                pull=pull, user=actor.person, path_key=key, defaults={"blob_oid": blob, "at": timezone.now()}
            )
        else:
            ViewedFile.objects.filter(pull=pull, user=actor.person, path_key=key).delete()


def note_names(actor: Actor, pull: Pull, key: str, names: Names) -> None:
    """References and mentions of a text of the pull request that is neither its body nor a comment of its talk. Publishes PersonMentioned."""
    thread = pull.thread
    sample = Reference(key=key, source_repository=pull.repository, source=thread, by=actor.person)
    refer(sample, names.threads - {thread.pk}, frozenset())
    by_id = actor.person.pk if actor.person else None
    people, teams = names.people - {by_id}, names.teams - {by_id}
    talk.take_part(thread, teams, Reason.TEAM, mentioned=True)
    talk.take_part(thread, people, Reason.MENTIONED, mentioned=True)
    if called := sorted(people | teams):
        events.publish(PersonMentioned(thread_id=thread.pk, repository_id=pull.repository_id, by_id=by_id, user_ids=called))


def _of(actor: Actor, pull: Pull) -> dict[str, Any]:
    by_id = actor.person.pk if actor.person else None
    return {"pull_id": pull.pk, "thread_id": pull.thread_id, "repository_id": pull.repository_id, "by_id": by_id}
