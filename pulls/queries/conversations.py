"""Conversations on lines, as their readers see them: what is not sent yet is seen by who wrote it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from django.db.models import Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from core.actors import Actor
from core.errors import NotFound
from issues.queries.rendering import rendered
from pulls import rules
from pulls.logic.suggestions import parts
from pulls.models import LineComment, LineThread, Pull
from pulls.queries.places import Spot, spots


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a comment: HTML, or a suggestion as lines of (sign, text)."""

    html: str = ""
    lines: tuple[tuple[str, str], ...] = ()
    is_suggestion: bool = False


@dataclass(slots=True)
class Said:
    """A comment with its pieces and what the reader may do with it."""

    comment: LineComment
    pieces: list[Piece]
    is_pending: bool
    may_change: bool
    may_apply: bool
    may_batch: bool = False  # there are others to commit together with it


@dataclass(slots=True)
class Conversation:
    """A conversation where it stands now."""

    thread: LineThread
    spot: Spot
    said: list[Said] = field(default_factory=list)
    may_resolve: bool = False
    may_reply: bool = False

    @property
    def snippet(self) -> list[tuple[int, str, bool]]:
        """(number, text, spoken of) of the lines as they were."""
        lines = self.thread.context[-12:]
        return [(number, text, number >= self.thread.start_line) for number, text in lines]


def shown_comments(actor: Actor) -> QuerySet[LineComment]:
    """What the actor may see."""
    sent = Q(review=None) | Q(review__submitted_at__isnull=False)
    own = Q(author=actor.person) if actor.person is not None else Q(pk__in=[])
    return LineComment.objects.filter(sent | own).select_related("author", "author__namespace", "review").order_by("created_at", "pk")


def conversations(actor: Actor, pull: Pull, *, of_review: int | None = None, paths: Iterable[str] | None = None) -> list[Conversation]:
    """All with at least one comment the actor may see, by path and line. At most six queries whatever their number."""
    rows = pull.line_threads.select_related("resolved_by", "version").prefetch_related(Prefetch("comments", shown_comments(actor), "shown"))
    if paths is not None:
        rows = rows.filter(path__in=list(paths))
    threads = [thread for thread in rows.order_by("path", "line", "pk") if thread.shown]
    places = spots(pull, threads)
    resolves, replies, applies = (bool(rule(actor, pull)) for rule in (rules.can_resolve, rules.can_review, rules.can_apply))
    found = [Conversation(thread, places[thread.pk], may_resolve=resolves, may_reply=replies) for thread in threads]
    _fill(actor, pull, found, applies)
    ready = [said for one in found for said in one.said if said.may_apply]
    for said in ready:
        said.may_batch = len(ready) > 1
    return found


def _fill(actor: Actor, pull: Pull, found: list[Conversation], applies: bool) -> None:
    """Comments with their HTML; all texts are rendered together."""
    cut = [(each, comment, parts(comment.body)) for each in found for comment in each.thread.shown]  # type: ignore[attr-defined]  # prefetched to it above
    htmls = iter(rendered(actor, pull.repository, [one.text for _each, _comment, pieces in cut for one in pieces if not one.is_suggestion]))
    writes = rules.can_write(actor, pull)
    for each, comment, pieces in cut:
        comment.thread = each.thread
        each.thread.pull = pull
        spoken = [text for number, text in each.thread.context if number >= each.thread.start_line]
        made = [Piece(lines=_changed(spoken, one.text), is_suggestion=True) if one.is_suggestion else Piece(next(htmls)) for one in pieces]
        pending = comment.review is not None and comment.review.submitted_at is None
        own = actor.person is not None and comment.author_id == actor.person.pk
        may_apply = (
            applies and not each.spot.is_outdated and not pending and not comment.applied_oid and each.thread.side == LineThread.Side.NEW
        )
        each.said.append(
            Said(comment, made, pending, own or (writes and not pending), may_apply and any(one.is_suggestion for one in pieces))
        )


def _changed(old: list[str], text: str) -> tuple[tuple[str, str], ...]:
    """Lines of a suggestion against the lines it replaces: ("-" | "+" | " ", text)."""
    new = text.split("\n") if text else []
    lines: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            lines += [(" ", line) for line in old[a:b]]
        else:
            lines += [("-", line) for line in old[a:b]] + [("+", line) for line in new[c:d]]
    return tuple(lines)


def line_thread(actor: Actor, pull: Pull, pk: int) -> LineThread:
    """A conversation of which the actor sees something. Raises NotFound."""
    rows = pull.line_threads.filter(pk=pk, comments__in=shown_comments(actor).filter(thread__pull=pull).order_by()).distinct()
    found = rows.select_related("version").first() if 0 < pk < 2**62 else None
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    found.pull = pull
    return found


def line_comment(actor: Actor, pull: Pull, pk: int) -> LineComment:
    """A comment the actor may see. Raises NotFound."""
    rows = shown_comments(actor).filter(pk=pk, thread__pull=pull).select_related("thread", "author", "review")
    found = rows.first() if 0 < pk < 2**62 else None
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    found.thread.pull = pull
    return found
