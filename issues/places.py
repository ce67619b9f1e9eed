"""Named places of issues, and the rows of this app about people."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpResponse
from django.utils.translation import gettext as _

from accounts.places import PersonalRows, personal_rows
from core.actors import Actor
from core.errors import NotFound
from core.places import Place
from issues.models import Thread


@dataclass(frozen=True)
class HappeningKind:
    """How entries of a higher package are shown in a timeline: `template` gets `entry` (its `happening`, `thread`, `repository`)."""

    kind: str
    template: str


happening_kinds: Place[HappeningKind] = Place("entries of a timeline")


@dataclass(frozen=True)
class ThreadPage:
    """What the shared addresses of talk (`…/comment`, `…/acts`) need of a kind of thread.

    `show(request, repository, thread, **more)` answers its page with `more` in the context and `status` (an integer) as the answer's status;
    `close(actor, thread, reason)` and `reopen(actor, thread)` are its commands.
    """

    kind: str
    show: Callable[..., HttpResponse]
    close: Callable[[Actor, Thread, str], object]
    reopen: Callable[[Actor, Thread], object]


thread_pages: Place[ThreadPage] = Place("pages of threads")


def thread_page(kind: str) -> ThreadPage:
    """The one of a kind. Raises NotFound where a kind has none."""
    found = next((page for page in thread_pages if page.kind == kind), None)
    if found is None:
        raise NotFound(_("There is nothing at this address, or you may not see it."))
    return found


query_conditions: Place[tuple[str, Q]] = Place("words after is: in a query")  # (word of logic.words.IS, condition on Thread)

_THREAD = ("thread__repository__namespace__slug", "thread__repository__name", "thread__number")
_KEEPS = "the talk of the project"
for _rows in (
    PersonalRows(
        "issues.Thread.author", keeps=_KEEPS, section="issues_and_pulls",
        columns=("repository__namespace__slug", "repository__name", "number", "kind", "title", "body", "state", "created_at"),
    ),
    PersonalRows("issues.Thread.closed_by", keeps=_KEEPS, section="issues_closed", columns=("repository__name", "number", "closed_at")),
    PersonalRows("issues.Comment.author", keeps=_KEEPS, section="comments", columns=(*_THREAD, "body", "created_at")),
    PersonalRows("issues.Comment.edited_by", keeps=_KEEPS, section="comments_edited", columns=(*_THREAD, "edited_at")),
    PersonalRows("issues.Comment.hidden_by", keeps=_KEEPS, section="comments_hidden", columns=(*_THREAD, "hidden_reason")),
    PersonalRows("issues.Revision.by", keeps=_KEEPS, section="revisions", columns=(*_THREAD, "field", "text", "at")),
    PersonalRows("issues.Reference.by", keeps=_KEEPS, section="references", columns=("target__repository__name", "target__number", "at")),
    PersonalRows("issues.Happening.by", keeps=_KEEPS, section="issue_acts", columns=(*_THREAD, "kind", "facts", "at")),
    PersonalRows("issues.Reaction.user", section="reactions", columns=(*_THREAD, "kind", "at")),
    PersonalRows("issues.Assignment.user", section="assignments", columns=(*_THREAD, "at")),
    PersonalRows("issues.Participation.user", section="participations", columns=(*_THREAD, "reason", "is_muted", "mentioned_at", "since")),
    PersonalRows("issues.SavedFilter.user", section="saved_filters", columns=("repository__name", "name", "query", "created_at")),
    PersonalRows(
        "issues.Attachment.user", keeps=_KEEPS, section="attachments", columns=("repository__namespace__slug", "repository__name", "name", "size", "created_at")
    ),
    PersonalRows("issues.Dependency.by", keeps=_KEEPS, section="dependencies", columns=("blocked__repository__name", "blocked__number", "at")),
    PersonalRows("issues.Board.created_by", keeps=_KEEPS, section="boards", columns=("name", "created_at")),
):  # fmt: skip
    personal_rows.add(_rows)
