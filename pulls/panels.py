"""What this app puts into named places."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from core.actors import Actor
from core.documents import DocumentKind, document_kinds
from issues.models import Thread
from issues.places import HappeningKind, happening_kinds, query_conditions
from projects.models import Repository
from projects.places import FrontBox, HeadFigure, PushDoor, Tab, front_boxes, head_figures, proposals, push_doors, push_guests, tabs
from pulls import events, places, rules  # noqa: F401 - registers rows about people, and the facts
from pulls.commands.proposing import PREFIX, look_at_proposal, propose
from pulls.queries import documents
from pulls.queries.guests import head_refs_of_guest
from pulls.queries.proposing import fresh_branches

push_doors.add(PushDoor(PREFIX, rules.can_open, look_at_proposal, propose))
push_guests.add(head_refs_of_guest)
head_figures.add(HeadFigure("open_pulls", "SELECT open_pulls FROM issues_counter WHERE repository_id = %(id)s"))
head_figures.add(HeadFigure("pulls_off", "SELECT 1 FROM pulls_mergesettings WHERE repository_id = %(id)s AND NOT pulls_enabled"))


def _page_to_propose(actor: Actor, repository: Repository) -> str:
    return f"{repository.get_absolute_url()}/pulls/new" if actor.person is not None and rules.can_open(actor, repository) else ""


document_kinds.add(
    DocumentKind(
        "pulls", _("Pull requests"), "git-pull-request", documents.PULLS.documents, documents.PULLS.ids, documents.PULLS.access,
        documents.PULLS.readable, documents.FOLLOWS,
    ),
    order=25,
)  # fmt: skip
front_boxes.add(FrontBox("fresh branches", "pulls/_fresh.html", fresh_branches))
proposals.add(_page_to_propose)


def _has_pulls(actor: Actor, repository: Repository, figures: dict[str, int]) -> bool:
    """Open ones stay in sight after they were switched off."""
    return not figures.get("pulls_off") or bool(figures.get("open_pulls"))


tabs.add(
    Tab("pulls", _("Pull requests"), "git-pull-request", "/pulls", lambda _actor, _repository: True, count="open_pulls", shown=_has_pulls),
    order=30,
)
query_conditions.add(("draft", Q(kind=Thread.Kind.PULL, pull__is_draft=True, state=Thread.State.OPEN)))
for _kind in (
    "pushed", "review_requested", "retargeted", "drafted", "readied", "dismissed", "head_deleted", "base_deleted", "auto_merge_set",
    "auto_merge_failed", "auto_merge_cancelled",
):  # fmt: skip
    happening_kinds.add(HappeningKind(_kind, "pulls/_happened.html"))
happening_kinds.add(HappeningKind("reviewed", "pulls/_reviewed.html"))
happening_kinds.add(HappeningKind("line_commented", "pulls/_reviewed.html"))
